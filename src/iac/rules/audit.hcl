# Audit.

rule "FB-AUDIT-007" {
  title    = "A trail does not sign its log files"
  control  = "audit"
  severity = "high"
  cites    = ["HIPAA 164.312(c)(2)", "HIPAA 164.312(b)"]
  advice   = "Set enable_log_file_validation, so that a changed or deleted log file shows."
  peers    = ["CKV_AWS_36", "AWS-0016"]

  on "aws_cloudtrail" {
    fail = self.enable_log_file_validation != true
    at   = "enable_log_file_validation"
    fix  = { enable_log_file_validation = true }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "t" {
        name           = "t"
        s3_bucket_name = "logs"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "t" {
        name                       = "t"
        s3_bucket_name             = "logs"
        enable_log_file_validation = true
      }
    EOT
  }
}
