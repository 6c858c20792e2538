# Communications Security.

rule "FB-COMM-001" {
  title    = "A load balancer speaks HTTP and does not redirect to HTTPS"
  control  = "communications"
  severity = "critical"
  cites    = ["HIPAA 164.312(e)(1)", "HIPAA 164.312(e)(2)(ii)", "GDPR 32"]
  advice   = "Listen with HTTPS; let the listener of port 80 answer with a 301 redirect."
  peers    = ["CKV_AWS_2", "CKV_AWS_378", "AWS-0054"]

  on "listener" {
    when    = self._type != "Gateway" && self.internal != true
    fail    = self.protocol == "HTTP" && !self.redirects
    at      = "protocol"
    message = "${self._address} speaks HTTP on port ${self.port == null ? "80" : self.port} and does not redirect"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_lb_listener" "front" {
        load_balancer_arn = "arn:aws:elasticloadbalancing:x"
        port              = 80
        protocol          = "HTTP"
        default_action {
          type = "forward"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_lb_listener" "front" {
        load_balancer_arn = "arn:aws:elasticloadbalancing:x"
        port              = 80
        protocol          = "HTTP"
        default_action {
          type = "redirect"
          redirect {
            port        = "443"
            protocol    = "HTTPS"
            status_code = "HTTP_301"
          }
        }
      }
    EOT
  }
}

rule "FB-COMM-028" {
  title    = "A firewall opens ports of administration or data to the world"
  control  = "communications"
  severity = "critical"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Name the networks that need the port, or go through a bastion."
  peers    = ["CKV_AWS_24", "CKV_AWS_25", "CKV_AZURE_9", "CKV_GCP_2"]

  let {
    sensitive = [22, 23, 135, 445, 1433, 1521, 3306, 3389, 5432, 5984, 6379, 9042, 9200, 11211, 27017]
  }

  on "firewall_rule" {
    when    = self.direction == "in" && self.action == "allow" && !one_of(self.protocol, "udp", "icmp", "17", "1")
    fail    = is_public_cidr(self.cidrs) && port_open(self.ports, sensitive)
    message = "${self._address} lets anyone connect to ports of administration or data"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_security_group" "g" {
        ingress {
          from_port   = 20
          to_port     = 30
          protocol    = "tcp"
          cidr_blocks = ["0.0.0.0/0"]
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_security_group" "g" {
        ingress {
          from_port   = 443
          to_port     = 443
          protocol    = "tcp"
          cidr_blocks = ["0.0.0.0/0"]
        }
      }
    EOT
  }
}
