# Firebreak on one AWS instance behind a TLS load balancer, in private subnets.

terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.80"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      data-classification = "phi"
      owner               = var.owner
      application         = "firebreak"
    }
  }
}

variable "region" {
  description = "where patient data may be kept"
  type        = string
  default     = "eu-central-1"
}

variable "owner" {
  description = "who answers for the data"
  type        = string
  default     = "health-it"
}

variable "vpc_id" {
  description = "the network"
  type        = string
}

variable "private_subnets" {
  description = "subnets without a route from the Internet"
  type        = list(string)
}

variable "client_cidr" {
  description = "the network of the callers"
  type        = string
  default     = "10.0.0.0/8"
}

variable "certificate_arn" {
  description = "certificate of the load balancer"
  type        = string
}

variable "image_id" {
  description = "a Debian 12 image with firebreak installed"
  type        = string
}

variable "key_administrator" {
  description = "role that administers the key"
  type        = string
  default     = "security-officer"
}

variable "log_bucket" {
  description = "bucket that takes the load balancer's access log"
  type        = string
}

resource "aws_kms_key" "data" {
  description             = "volumes and logs of Firebreak"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
}

data "aws_caller_identity" "here" {}

data "aws_iam_policy_document" "key" {
  statement {
    sid       = "Administration"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.here.account_id}:role/${var.key_administrator}"]
    }
  }
}

resource "aws_security_group" "balancer" {
  name        = "firebreak-balancer"
  description = "callers of the FHIR API"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "callers" {
  description       = "TLS from the callers' network"
  security_group_id = aws_security_group.balancer.id
  cidr_ipv4         = var.client_cidr
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "to_server" {
  description                  = "TLS to the server"
  security_group_id            = aws_security_group.balancer.id
  referenced_security_group_id = aws_security_group.server.id
  ip_protocol                  = "tcp"
  from_port                    = 8443
  to_port                      = 8443
}

resource "aws_security_group" "server" {
  name        = "firebreak-server"
  description = "the FHIR server"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "from_balancer" {
  description                  = "TLS from the load balancer"
  security_group_id            = aws_security_group.server.id
  referenced_security_group_id = aws_security_group.balancer.id
  ip_protocol                  = "tcp"
  from_port                    = 8443
  to_port                      = 8443
}

resource "aws_vpc_security_group_egress_rule" "time" {
  description       = "the provider's time source"
  security_group_id = aws_security_group.server.id
  cidr_ipv4         = "169.254.169.123/32"
  ip_protocol       = "udp"
  from_port         = 123
  to_port           = 123
}

resource "aws_instance" "server" {
  ami                         = var.image_id
  instance_type               = "m6i.large"
  subnet_id                   = var.private_subnets[0]
  vpc_security_group_ids      = [aws_security_group.server.id]
  associate_public_ip_address = false
  disable_api_termination     = true
  ebs_optimized               = true
  monitoring                  = true
  iam_instance_profile        = aws_iam_instance_profile.server.name

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    encrypted   = true
    kms_key_id  = aws_kms_key.data.arn
    volume_type = "gp3"
  }

  user_data = <<-EOT
    #cloud-config
    ntp:
      enabled: true
      ntp_client: chrony
      servers: [169.254.169.123]
    write_files:
      - path: /etc/chrony/conf.d/firebreak.conf
        content: |
          server 169.254.169.123 prefer iburst minpoll 4 maxpoll 4
          minsources 1
          makestep 1.0 3
          maxchange 1 1 1
    runcmd:
      - systemctl enable --now chrony firebreak
  EOT
}

resource "aws_iam_role" "server" {
  name = "firebreak-server"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_instance_profile" "server" {
  name = "firebreak-server"
  role = aws_iam_role.server.name
}

resource "aws_ebs_volume" "data" {
  availability_zone = aws_instance.server.availability_zone
  size              = 200
  type              = "gp3"
  encrypted         = true
  kms_key_id        = aws_kms_key.data.arn
}

resource "aws_volume_attachment" "data" {
  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.data.id
  instance_id = aws_instance.server.id
}

resource "aws_lb" "front" {
  name                       = "firebreak"
  internal                   = true
  load_balancer_type         = "application"
  subnets                    = var.private_subnets
  security_groups            = [aws_security_group.balancer.id]
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "strictest"
  enable_deletion_protection = true

  access_logs {
    bucket  = var.log_bucket
    prefix  = "firebreak"
    enabled = true
  }
}

resource "aws_lb_target_group" "server" {
  name     = "firebreak"
  vpc_id   = var.vpc_id
  port     = 8443
  protocol = "HTTPS"

  health_check {
    path     = "/fhir/metadata"
    protocol = "HTTPS"
  }
}

resource "aws_lb_target_group_attachment" "server" {
  target_group_arn = aws_lb_target_group.server.arn
  target_id        = aws_instance.server.id
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.front.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.server.arn
  }
}
