# Time Keeping.

rule "FB-TIME-001" {
  title    = "Time synchronisation is switched off"
  control  = "time-keeping"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)", "HIPAA 164.312(c)(2)", "GDPR 32"]
  advice   = "Keep chrony or timesyncd on, with the provider's time source."
  peers    = []

  on "host" {
    fail = self.ntp.enabled == false || any([for k, v in self.services : regex_match("^(chrony|chronyd|ntp|ntpd|ntpsec|systemd-timesyncd)(\\.service)?$", k) && (v.enabled == false || v.running == false) && !any([for j, w in self.services : j != k && regex_match("^(chrony|chronyd|ntp|ntpd|ntpsec|systemd-timesyncd)(\\.service)?$", j) && (w.enabled == true || w.running == true)])])
    at   = ["user_data", "script"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #!/bin/bash
          systemctl disable --now chronyd
        EOF
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #cloud-config
          ntp:
            enabled: false
        EOF
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #!/bin/bash
          systemctl enable --now chronyd
        EOF
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #cloud-config
          ntp:
            enabled: true
            servers: [169.254.169.123]
        EOF
      }
    EOT
  }
}

rule "FB-TIME-002" {
  title    = "The time configuration of a machine leaves the provider's clock out"
  control  = "time-keeping"
  severity = "low"
  cites    = ["HIPAA 164.312(b)", "GDPR 32"]
  advice   = "Name the link-local clock, and one more."
  peers    = []

  on "host" {
    when = self.ntp.configured == true && self.partial != true
    fail = !any([for s in list(self.ntp.servers) : regex_match("^(169\\.254\\.169\\.123|fd00:ec2::123|metadata\\.google\\.internal|time\\.google\\.com|169\\.254\\.169\\.254|/dev/ptp|PHC.*)", s.address)]) && absent(self.ntp.directives.refclock)
    at   = ["user_data", "script"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #cloud-config
          write_files:
            - path: /etc/chrony/chrony.conf
              content: |
                server ntp1.example.org
                server ntp2.example.org
        EOF
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #cloud-config
          ntp:
            enabled: true
            servers: [ntp.example.org]
        EOF
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #cloud-config
          write_files:
            - path: /etc/chrony/chrony.conf
              content: |
                server 169.254.169.123 prefer iburst
                server ntp2.example.org
        EOF
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #cloud-config
          ntp:
            enabled: true
            servers: [169.254.169.123]
        EOF
      }
    EOT
  }
}

rule "FB-TIME-003" {
  title    = "DHCP options give machines a public time source, or none"
  control  = "time-keeping"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)", "GDPR 32"]
  advice   = "Name the provider's time source, or one inside the network."
  peers    = []

  on "aws_vpc_dhcp_options" {
    fail = absent(self.ntp_servers) || any([for s in list(self.ntp_servers) : regex_match("^[0-9.]+$", s) && !regex_match("^(10\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|169\\.254\\.)", s)])
    at   = "ntp_servers"
  }
  on "AWS::EC2::DHCPOptions" {
    fail = absent(self.NtpServers) || any([for s in list(self.NtpServers) : regex_match("^[0-9.]+$", s) && !regex_match("^(10\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|169\\.254\\.)", s)])
    at   = "NtpServers"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_vpc_dhcp_options" "x" {
        domain_name = "example.internal"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::EC2::DHCPOptions
          Properties:
            NtpServers: ["129.6.15.28"]
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_vpc_dhcp_options" "x" {
        domain_name = "example.internal"
        ntp_servers = ["169.254.169.123"]
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::EC2::DHCPOptions
          Properties:
            NtpServers: ["10.0.0.5"]
    EOT
  }
}

rule "FB-TIME-004" {
  title    = "Firewall rules cut a machine off from its time source"
  control  = "time-keeping"
  severity = "high"
  cites    = ["HIPAA 164.312(b)", "GDPR 32"]
  advice   = "Open udp/123 to the named source only."
  peers    = []

  # The link-local clock of AWS passes security groups.
  on "aws_security_group" {
    when = present(self.egress) && length(linked_from(self, "aws_vpc_security_group_egress_rule", "aws_security_group_rule")) == 0 && any([for i in linked_from(self, "aws_instance", "aws_launch_template") : regex_match("chrony|ntp", either(i.user_data, i.user_data_base64)) && !regex_match("169\\.254\\.169\\.123", either(i.user_data, i.user_data_base64))])
    fail = !any([for e in list(self.egress) : one_of(e.protocol, "-1", "all", "udp") && (one_of(e.protocol, "-1", "all") || port_open(port_ranges(e.from_port, e.to_port), 123))])
    at   = "egress"
  }
  on "network_policy" {
    when = self.resource._type == "NetworkPolicy" && contains(self.types, "Egress") && any([for c in resources("container") : regex_match("chrony|ntp", c.image) && selects(self.selector, c.labels)])
    fail = !any([for e in self.egress : absent(e.ports) || any([for p in list(e.ports) : p.protocol == "UDP" && (absent(p.port) || port_open(port_ranges(p.port, either(p.endPort, p.port)), 123, 4460))])])
    at   = "spec.egress"
  }
  # Rules of Azure and Google may deny; one that allows time must stand beside them.
  on "firewall_rule" {
    when = self.direction == "out" && self.action == "deny" && !one_of(self.protocol, "tcp", "6", "icmp") && port_open(self.ports, 123) && is_public_cidr(self.cidrs) && any([for h in resources("host") : any([for s in list(h.ntp.servers) : !regex_match("^(169\\.254\\.|metadata\\.google)", s.address)])])
    fail = !any([for r in resources("firewall_rule") : r.direction == "out" && r.action == "allow" && !one_of(r.protocol, "tcp", "6", "icmp") && port_open(r.ports, 123, 4460)])
    at   = ["destination_ranges", "destination_port_range"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_security_group" "x" {
        name = "s"
        egress {
          from_port   = 443
          to_port     = 443
          protocol    = "tcp"
          cidr_blocks = ["10.0.0.0/8"]
        }
      }
      resource "aws_instance" "x" {
        ami = "a"
        vpc_security_group_ids = [aws_security_group.x.id]
        user_data = "#!/bin/bash\necho server 10.0.0.5 > /etc/chrony.conf"
      }
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: time
      spec:
        podSelector:
          matchLabels: {app: chrony}
        policyTypes: [Egress]
        egress:
          - ports:
              - protocol: TCP
                port: 443
      ---
      apiVersion: apps/v1
      kind: DaemonSet
      metadata:
        name: chrony
      spec:
        selector:
          matchLabels: {app: chrony}
        template:
          metadata:
            labels: {app: chrony}
          spec:
            containers:
              - name: chrony
                image: chrony:1
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_security_group" "x" {
        name = "s"
        egress {
          from_port   = 443
          to_port     = 443
          protocol    = "tcp"
          cidr_blocks = ["10.0.0.0/8"]
        }
        egress {
          from_port   = 123
          to_port     = 123
          protocol    = "udp"
          cidr_blocks = ["10.0.0.5/32"]
        }
      }
      resource "aws_instance" "x" {
        ami = "a"
        vpc_security_group_ids = [aws_security_group.x.id]
        user_data = "#!/bin/bash\necho server 10.0.0.5 > /etc/chrony.conf"
      }
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: time
      spec:
        podSelector:
          matchLabels: {app: chrony}
        policyTypes: [Egress]
        egress:
          - ports:
              - protocol: UDP
                port: 123
      ---
      apiVersion: apps/v1
      kind: DaemonSet
      metadata:
        name: chrony
      spec:
        selector:
          matchLabels: {app: chrony}
        template:
          metadata:
            labels: {app: chrony}
          spec:
            containers:
              - name: chrony
                image: chrony:1
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: time
      spec:
        podSelector:
          matchLabels: {app: chrony}
        egress:
          - ports:
              - {protocol: TCP, port: 443}
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: chrony
        labels: {app: chrony}
      spec:
        containers:
          - name: chrony
            image: chrony:1
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: time
      spec:
        podSelector:
          matchLabels: {app: chrony}
        egress:
          - ports:
              - {port: 123}
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: chrony
        labels: {app: chrony}
      spec:
        containers:
          - name: chrony
            image: chrony:1
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: time
      spec:
        podSelector:
          matchLabels: {app: chrony}
        egress:
          - ports:
              - {protocol: UDP, port: 100, endPort: 200}
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: chrony
        labels: {app: chrony}
      spec:
        containers:
          - name: chrony
            image: chrony:1
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_compute_instance" "x" {
        metadata = {
          startup-script = "printf 'server ntp.example.org nts\\n' > /etc/chrony/chrony.conf"
        }
      }
      resource "google_compute_firewall" "deny" {
        name      = "deny"
        network   = "n"
        direction = "EGRESS"
        deny {
          protocol = "all"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_compute_instance" "x" {
        metadata = {
          startup-script = "printf 'server ntp.example.org nts\\n' > /etc/chrony/chrony.conf"
        }
      }
      resource "google_compute_firewall" "deny" {
        name      = "deny"
        network   = "n"
        direction = "EGRESS"
        deny {
          protocol = "all"
        }
      }
      resource "google_compute_firewall" "time" {
        name      = "time"
        network   = "n"
        direction = "EGRESS"
        allow {
          protocol = "udp"
          ports    = ["123", "4460"]
        }
      }
    EOT
  }
}

rule "FB-TIME-005" {
  title    = "Time is taken from a public pool without authentication"
  control  = "time-keeping"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Use NTS, keys, or the provider's clock."
  peers    = []

  on "host" {
    when = self.ntp.configured == true
    fail = any([for l in join_lists(self.ntp.directives.pool, self.ntp.directives.server) : regex_match("pool\\.ntp\\.org\\b|^time\\.(windows|apple|nist|cloudflare)\\.", l) && !regex_match("\\b(nts|key)\\b", l)])
    at   = ["user_data", "script"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #cloud-config
          write_files:
            - path: /etc/chrony/chrony.conf
              content: |
                pool 2.debian.pool.ntp.org iburst
                minsources 2
                makestep 1.0 3
        EOF
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #cloud-config
          write_files:
            - path: /etc/chrony/chrony.conf
              content: |
                server 0.pool.ntp.org
        EOF
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #cloud-config
          write_files:
            - path: /etc/chrony/chrony.conf
              content: |
                server time.cloudflare.com iburst nts
        EOF
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #cloud-config
          write_files:
            - path: /etc/chrony/chrony.conf
              content: |
                server 169.254.169.123 prefer
        EOF
      }
    EOT
  }
}

rule "FB-TIME-006" {
  title    = "One bad source can move the clock of a machine"
  control  = "time-keeping"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Set minsources, makestep and maxchange."
  peers    = []

  on "host" {
    when = present(join_lists(self.ntp.directives.server, self.ntp.directives.pool)) && any([for p in keys(self.files) : regex_match("chrony", p)]) && self.partial != true
    fail = absent(self.ntp.directives.makestep) || absent(self.ntp.directives.minsources) && absent(self.ntp.directives.maxchange)
    at   = ["user_data", "script"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #cloud-config
          write_files:
            - path: /etc/chrony/chrony.conf
              content: |
                server 169.254.169.123
        EOF
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #cloud-config
          write_files:
            - path: /etc/chrony/chrony.conf
              content: |
                server 169.254.169.123
                makestep 1.0 3
        EOF
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #cloud-config
          write_files:
            - path: /etc/chrony/chrony.conf
              content: |
                server 169.254.169.123
                makestep 1.0 3
                minsources 1
                maxchange 1 1 1
        EOF
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #cloud-config
          write_files:
            - path: /etc/chrony/chrony.conf
              content: |
                server 169.254.169.123
                server 10.0.0.5
                minsources 2
                makestep 1.0 3
        EOF
      }
    EOT
  }
}

rule "FB-TIME-007" {
  title    = "A container may set the clock, or gains capabilities that it could do so with"
  control  = "time-keeping"
  severity = "high"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Drop all capabilities; leave SYS_TIME to the time daemon."
  peers    = ["CKV_K8S_24", "CKV_K8S_25", "k8s/containers_with_added_capabilities", "dockerCompose/container_capabilities_unrestricted", "KSV-0022"]

  on "container" {
    when    = self.platform != "compose"
    fail    = present(self.cap_add) && !all([for c in list(self.cap_add) : one_of(c, "NET_BIND_SERVICE")])
    at      = ["securityContext.capabilities.add", "cap_add", "linuxParameters.capabilities.add"]
    message = "${self.name} adds capabilities"
  }
  on "container" {
    when    = self.platform == "compose"
    fail    = present(self.cap_add) && !all([for c in list(self.cap_add) : one_of(c, "NET_BIND_SERVICE")])
    at      = "cap_add"
    message = "${self.name} adds capabilities"
  }
  on "container" {
    when    = self.platform == "compose"
    fail    = absent(self.cap_drop)
    at      = "cap_drop"
    message = "${self.name} keeps all capabilities of the engine's default set"
  }
  on "container" {
    fail    = [for m in list(self.mounts) : m if any([for s in list(m.source) : regex_match("^(/etc/localtime|/dev/rtc[0-9]*|/dev/ptp[0-9]*)$", s)]) && !one_of(m.read_only, "true")]
    at      = ["source", "volumes", "volumeMounts"]
    message = "a clock device or the time zone is mounted read-write"
  }
  on "PodSecurityPolicy" {
    fail    = [for c in join_lists(self.spec.allowedCapabilities, self.spec.defaultAddCapabilities) : c if !one_of(c, "NET_BIND_SERVICE")]
    at      = ["spec.allowedCapabilities", "spec.defaultAddCapabilities"]
    message = "the policy lets containers add capabilities"
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: p
      spec:
        containers:
          - name: c
            image: a:1
            securityContext:
              capabilities:
                add: [SYS_TIME]
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        a:
          image: a:1
          cap_drop: [ALL]
          cap_add: [SYS_TIME]
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: p
      spec:
        containers:
          - name: c
            image: a:1
            securityContext:
              capabilities:
                drop: [ALL]
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        a:
          image: a:1
          cap_drop: [ALL]
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: policy/v1beta1
      kind: PodSecurityPolicy
      metadata:
        name: p
      spec:
        allowedCapabilities: ["*"]
    EOT
  }
}

rule "FB-TIME-008" {
  title    = "A FHIR server does not log in UTC"
  control  = "time-keeping"
  severity = "low"
  cites    = ["HIPAA 164.312(b)", "GDPR 32"]
  advice   = "Leave TZ at UTC."
  peers    = []

  on "fhir_server" {
    fail = present(key(self.env, "TZ")) && !one_of(key(self.env, "TZ"), "UTC", "Etc/UTC", "GMT", "Z", "UTC0")
    at   = ["env", "environment"]
  }
  on "google_healthcare_dataset" {
    fail = present(self.time_zone) && !one_of(self.time_zone, "UTC", "Etc/UTC")
    at   = "time_zone"
    fix  = { time_zone = "UTC" }
  }

  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: samply/blaze:0.30
          environment:
            TZ: Europe/Berlin
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset" "x" {
        name = "d"
        time_zone = "America/New_York"
      }
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: samply/blaze:0.30
          environment:
            TZ: UTC
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset" "x" {
        name      = "d"
        time_zone = "UTC"
      }
    EOT
  }
}

rule "FB-TIME-009" {
  title    = "A database does not keep time in UTC"
  control  = "time-keeping"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)", "GDPR 32"]
  advice   = "Set UTC."
  peers    = []

  on "aws_db_parameter_group" "aws_rds_cluster_parameter_group" {
    fail = [for p in list(self.parameter) : p if one_of(p.name, "timezone", "time_zone", "log_timezone") && !one_of(p.value, "UTC", "Etc/UTC", "+00:00", "GMT")]
    at   = "value"
    fix  = { value = "UTC" }
  }
  on "azurerm_postgresql_configuration" "azurerm_postgresql_flexible_server_configuration" "azurerm_mysql_configuration" "azurerm_mysql_flexible_server_configuration" {
    fail = one_of(self.name, "timezone", "time_zone", "log_timezone") && !one_of(self.value, "UTC", "Etc/UTC", "+00:00", "GMT", "SYSTEM")
    at   = "value"
    fix  = { value = "UTC" }
  }
  on "google_sql_database_instance" {
    fail = [for f in list(self.settings.database_flags) : f if one_of(f.name, "timezone", "default_time_zone", "log_timezone") && !one_of(f.value, "UTC", "Etc/UTC", "+00:00", "GMT")]
    at   = "value"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_db_parameter_group" "x" {
        family = "postgres15"
        parameter {
          name  = "timezone"
          value = "Europe/Berlin"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_flexible_server_configuration" "x" {
        name  = "log_timezone"
        value = "America/New_York"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_db_parameter_group" "x" {
        family = "postgres15"
        parameter {
          name  = "timezone"
          value = "UTC"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_flexible_server_configuration" "x" {
        name  = "log_timezone"
        value = "UTC"
      }
    EOT
  }
}

rule "FB-TIME-010" {
  title    = "Tokens are accepted long after they expire"
  control  = "time-keeping"
  severity = "low"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Tolerate 60 seconds at most."
  peers    = []

  on "container" {
    fail = any([for k, v in self.env : regex_match("(?i)clock_?-?skew|leeway|clock_?tolerance", k) && days("${v}s") * 86400 > 300])
    at   = ["env", "environment"]
  }

  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: app:1
          environment:
            JWT_CLOCK_SKEW: "3600"
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: app:1
          environment:
            OIDC_LEEWAY: "900"
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: app:1
          environment:
            JWT_CLOCK_SKEW: "60"
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: app:1
          environment:
            OIDC_LEEWAY: "30"
    EOT
  }
}

rule "FB-TIME-011" {
  title    = "The image of a node loses its time daemon"
  control  = "time-keeping"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)", "GDPR 32"]
  advice   = "Leave the vendor's daemon."
  peers    = []

  on "host" {
    fail = any([for k, v in self.packages : regex_match("^(chrony|ntp|ntpsec|systemd-timesyncd)$", k) && v == "absent"]) && !any([for k, v in self.packages : regex_match("^(chrony|ntp|ntpsec|systemd-timesyncd)$", k) && v == "present"])
    at   = ["user_data", "script"]
  }
  on "container" {
    fail = any([for w in list(self.command) : regex_match("(apt-get|yum|dnf|apk|rpm)\\s.*(remove|purge|erase|del)\\s.*(chrony|ntp)", w)])
    at   = ["command", "args"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #!/bin/bash
          yum remove -y chrony
        EOF
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #!/bin/bash
          apt-get purge -y chrony
        EOF
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #!/bin/bash
          apt-get install -y chrony
        EOF
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = <<-EOF
          #!/bin/bash
          apt-get remove -y ntp
          apt-get install -y chrony
        EOF
      }
    EOT
  }
}

rule "FB-TIME-012" {
  title    = "A Windows host joins no time hierarchy"
  control  = "time-keeping"
  severity = "low"
  cites    = ["HIPAA 164.312(b)", "GDPR 32"]
  advice   = "Use NT5DS or NTP."
  peers    = []

  on "host" {
    when = self.windows == true
    fail = regex_match("(?i)w32time\\\\Parameters.*Type.*NoSync|syncfromflags:NO\\b|(stop|set)-service\\s.*w32time.*(disabled|stopped)|stop-service\\s+w32time", self.script)
    at   = ["script", "custom_data", "user_data"]
  }
  on "ansible_task" {
    fail = self.action == "win_regedit" && regex_match("(?i)w32time", self.arguments.path) && one_of(self.arguments.data, "NoSync")
    at   = "arguments"
  }

  example "fail" "ansible" {
    text = <<-EOT
      - hosts: win
        tasks:
          - name: time
            ansible.windows.win_regedit:
              path: HKLM:\SYSTEM\CurrentControlSet\Services\W32Time\Parameters
              name: Type
              data: NoSync
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = "<powershell>\nStop-Service w32time\n</powershell>"
      }
    EOT
  }
  example "pass" "ansible" {
    text = <<-EOT
      - hosts: win
        tasks:
          - name: time
            ansible.windows.win_regedit:
              path: HKLM:\SYSTEM\CurrentControlSet\Services\W32Time\Parameters
              name: Type
              data: NTP
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        user_data = "<powershell>\nStart-Service w32time\n</powershell>"
      }
    EOT
  }
}

rule "FB-TIME-013" {
  title    = "A certificate is valid for longer than a wrong clock would show"
  control  = "time-keeping"
  severity = "medium"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "At most 397 days, renewed automatically."
  peers    = []

  on "tls_self_signed_cert" "tls_locally_signed_cert" {
    when = self.is_ca_certificate != true
    fail = self.validity_period_hours > 9552
    at   = "validity_period_hours"
    fix  = { validity_period_hours = 8760 }
  }
  on "Certificate" {
    when = startswith(self.apiVersion, "cert-manager.io/") && self.spec.isCA != true
    fail = days(self.spec.duration) > 398
    at   = "spec.duration"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "tls_self_signed_cert" "x" {
        private_key_pem = "k"
        validity_period_hours = 87600
        allowed_uses = ["server_auth"]
      }
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata:
        name: c
      spec:
        duration: 87600h
        secretName: s
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "tls_self_signed_cert" "x" {
        private_key_pem       = "k"
        validity_period_hours = 8760
        allowed_uses          = ["server_auth"]
      }
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata:
        name: c
      spec:
        duration: 2160h
        secretName: s
    EOT
  }
}

rule "FB-TIME-014" {
  title    = "The audit store keeps no time of its own: who writes a log may rewrite it"
  control  = "time-keeping"
  severity = "low"
  cites    = ["HIPAA 164.312(c)(2)", "GDPR 32"]
  advice   = "Lock objects, with the store's timestamps."
  peers    = ["CKV_AWS_143"]

  on "object_store" {
    when = self.provider == "aws" && (length(linked_from(self, "aws_cloudtrail", "AWS::CloudTrail::Trail")) > 0 || regex_match("(?i)audit", self.name, self._name))
    fail = self.object_lock != true && self.versioning != true
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "fhir-audit"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::S3::Bucket
          Properties:
            BucketName: fhir-audit
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "fhir-audit"
        object_lock_enabled = true
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::S3::Bucket
          Properties:
            BucketName: fhir-audit
            ObjectLockEnabled: true
    EOT
  }
}
