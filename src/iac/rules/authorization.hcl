# Authorization / Access Control.

rule "FB-AUTHZ-008" {
  title    = "A policy allows every action on every resource"
  control  = "authorization"
  severity = "critical"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Name the actions and the resources that are needed."
  peers    = ["CKV_AWS_1", "CKV_AWS_62", "CKV_AWS_63"]

  on "statement" {
    when = self.kind == "identity"
    fail = allows(self, "*") && contains(self.resources, "*")
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_policy" "p" {
        policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_iam_policy" "p" {
        policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }] })
      }
    EOT
  }
}

rule "FB-AUTHZ-023" {
  title    = "A container is privileged"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Remove `privileged`; add the one capability that is needed."
  peers    = ["CKV_K8S_16", "CKV_K8S_2", "CKV_AWS_334", "KSV-0017"]

  on "container" {
    fail    = self.privileged == true
    at      = ["securityContext.privileged", "privileged"]
    message = "container ${self.name} is privileged"
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
              privileged: true
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        web:
          image: a:1
          privileged: true
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
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        web:
          image: a:1
    EOT
  }
}
