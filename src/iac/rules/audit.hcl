# Audit.

rule "FB-AUDIT-001" {
  title    = "Reads and writes of health data leave no data-access log"
  control  = "audit"
  severity = "high"
  cites    = ["HIPAA 164.312(b)", "GDPR 30"]
  advice   = "Add google_project_iam_audit_config for healthcare.googleapis.com (or allServices) with DATA_READ and DATA_WRITE and without exempted members."
  peers    = ["CKV2_GCP_5", "GCP-0079"]

  let {
    wide = [for c in resources("google_project_iam_audit_config", "google_folder_iam_audit_config", "google_organization_iam_audit_config") : c
            if one_of(c.service, "allServices", "healthcare.googleapis.com")]
  }

  # Data-access logs are off by default (Google Cloud, 2025-01).
  on "google_healthcare_fhir_store" "google_healthcare_dicom_store" "google_healthcare_hl7_v2_store" {
    fail    = length(wide) == 0
    message = "no audit configuration covers healthcare.googleapis.com"
  }
  on "google_project_iam_audit_config" "google_folder_iam_audit_config" "google_organization_iam_audit_config" {
    when    = one_of(self.service, "allServices", "healthcare.googleapis.com")
    fail    = !contains([for c in list(self.audit_log_config) : c.log_type], "DATA_READ") || !contains([for c in list(self.audit_log_config) : c.log_type], "DATA_WRITE")
    at      = "audit_log_config"
    message = "the audit configuration leaves out reads or writes of data"
  }
  on "google_project_iam_audit_config" "google_folder_iam_audit_config" "google_organization_iam_audit_config" {
    when    = one_of(self.service, "allServices", "healthcare.googleapis.com")
    fail    = [for c in list(self.audit_log_config) : c if present(c.exempted_members)]
    at      = "exempted_members"
    message = "members are exempt from the data-access log"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "s" {
        name    = "s"
        dataset = "d"
        version = "R4"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_project_iam_audit_config" "all" {
        project = "p"
        service = "allServices"
        audit_log_config {
          log_type = "DATA_READ"
        }
        audit_log_config {
          log_type         = "DATA_WRITE"
          exempted_members = ["user:admin@example.org"]
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_project_iam_audit_config" "health" {
        project = "p"
        service = "healthcare.googleapis.com"
        audit_log_config {
          log_type = "ADMIN_READ"
        }
        audit_log_config {
          log_type = "DATA_READ"
        }
        audit_log_config {
          log_type = "DATA_WRITE"
        }
      }
      resource "google_healthcare_fhir_store" "s" {
        name    = "s"
        dataset = "d"
        version = "R4"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_project_iam_audit_config" "other" {
        project = "p"
        service = "storage.googleapis.com"
        audit_log_config {
          log_type = "DATA_READ"
        }
      }
    EOT
  }
}

rule "FB-AUDIT-002" {
  title    = "An Azure health service sends its audit log nowhere"
  control  = "audit"
  severity = "high"
  cites    = ["HIPAA 164.312(b)", "GDPR 30"]
  advice   = "Add a diagnostic setting with the category AuditLogs to a Log Analytics workspace and a storage account."
  peers    = []

  let {
    settings = linked_from(self, "azurerm_monitor_diagnostic_setting", "Microsoft.Insights/diagnosticSettings")
    kept     = [for s in settings : s if any([for l in join_lists(s.enabled_log, s.log, s.logs) : one_of(either(l.category, l.category_group, l.categoryGroup), "AuditLogs", "audit", "allLogs") && l.enabled != false])]
  }

  on "azurerm_healthcare_fhir_service" "azurerm_healthcare_dicom_service" "azurerm_healthcare_service" "azurerm_healthcare_workspace" {
    when    = self._type != "azurerm_healthcare_workspace" || length(linked_from(self, "azurerm_healthcare_fhir_service", "azurerm_healthcare_dicom_service")) == 0
    fail    = length(kept) == 0
    message = "no diagnostic setting keeps the AuditLogs of ${self._address}"
  }
  on "Microsoft.HealthcareApis/services" "Microsoft.HealthcareApis/workspaces/fhirservices" "Microsoft.HealthcareApis/workspaces/dicomservices" {
    fail = length(kept) == 0
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "f" {
        name                = "f"
        resource_group_name = "g"
        location            = "westeurope"
        workspace_id        = azurerm_healthcare_workspace.w.id
        authentication {
          authority = "https://login.microsoftonline.com/t"
          audience  = "https://f.fhir.azurehealthcareapis.com"
        }
      }
      resource "azurerm_healthcare_workspace" "w" {
        name                = "w"
        resource_group_name = "g"
        location            = "westeurope"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_dicom_service" "d" {
        name         = "d"
        workspace_id = "w"
        location     = "westeurope"
      }
      resource "azurerm_monitor_diagnostic_setting" "m" {
        name                       = "m"
        target_resource_id         = azurerm_healthcare_dicom_service.d.id
        log_analytics_workspace_id = "l"
        metric {
          category = "AllMetrics"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "f" {
        name         = "f"
        workspace_id = "w"
        location     = "westeurope"
      }
      resource "azurerm_monitor_diagnostic_setting" "m" {
        name                       = "m"
        target_resource_id         = azurerm_healthcare_fhir_service.f.id
        log_analytics_workspace_id = "l"
        enabled_log {
          category = "AuditLogs"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_service" "s" {
        name     = "s"
        location = "westeurope"
      }
      resource "azurerm_monitor_diagnostic_setting" "m" {
        name                       = "m"
        target_resource_id         = azurerm_healthcare_service.s.id
        log_analytics_workspace_id = "l"
        log {
          category = "AuditLogs"
          enabled  = true
        }
      }
    EOT
  }
}

rule "FB-AUDIT-003" {
  title    = "A HealthLake store stands without a CloudTrail trail"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)"]
  advice   = "Deploy a multi-region trail together with the store."
  peers    = []

  on "AWS::HealthLake::FHIRDatastore" "awscc_healthlake_fhir_datastore" "aws_healthlake_fhir_datastore" {
    fail = length(resources("AWS::CloudTrail::Trail", "aws_cloudtrail", "awscc_cloudtrail_trail", "aws_cloudtrail_event_data_store")) == 0
  }

  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Store:
          Type: AWS::HealthLake::FHIRDatastore
          Properties:
            DatastoreTypeVersion: R4
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "awscc_healthlake_fhir_datastore" "s" {
        datastore_type_version = "R4"
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Store:
          Type: AWS::HealthLake::FHIRDatastore
          Properties:
            DatastoreTypeVersion: R4
        Trail:
          Type: AWS::CloudTrail::Trail
          Properties:
            IsLogging: true
            IsMultiRegionTrail: true
            S3BucketName: logs
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "awscc_healthlake_fhir_datastore" "s" {
        datastore_type_version = "R4"
      }
      resource "aws_cloudtrail" "t" {
        name           = "t"
        s3_bucket_name = "logs"
      }
    EOT
  }
}

rule "FB-AUDIT-004" {
  title    = "Consent decisions of a FHIR store are not logged"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)", "GDPR 7"]
  advice   = "Set consent_config.access_determination_log_config.log_level to VERBOSE (or MINIMUM)."
  peers    = []

  # Without the block nothing is logged (provider google-beta 6, 2025-01).
  on "google_healthcare_fhir_store" {
    when = present(self.consent_config)
    fail = !one_of(self.consent_config.access_determination_log_config.log_level, "VERBOSE", "MINIMUM")
    at   = ["consent_config.access_determination_log_config.log_level", "consent_config"]
    fix  = { "consent_config.access_determination_log_config.log_level" = "VERBOSE" }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "s" {
        name    = "s"
        dataset = "d"
        version = "R4"
        consent_config {
          version         = "V1"
          access_enforced = true
          access_determination_log_config {
            log_level = "DISABLED"
          }
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "s" {
        name    = "s"
        dataset = "d"
        version = "R4"
        consent_config {
          version         = "V1"
          access_enforced = true
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "s" {
        name    = "s"
        dataset = "d"
        version = "R4"
        consent_config {
          version         = "V1"
          access_enforced = true
          access_determination_log_config {
            log_level = "VERBOSE"
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "s" {
        name    = "s"
        dataset = "d"
        version = "R4"
      }
    EOT
  }
}

rule "FB-AUDIT-005" {
  title    = "A FHIR server runs with its log or audit switched off"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)"]
  advice   = "Log at INFO, switch audit events on and ship them to a log store."
  peers    = []

  let {
    level = key(self.env, "LOG_LEVEL", "LOGGING_LEVEL_ROOT", "LOGGING__LOGLEVEL__DEFAULT", "logging.level.root", "LOGGING_LEVEL_CA_UHN_FHIR")
    audit = key(self.env, "*AUDIT*ENABLED*", "*ENABLE*AUDIT*")
  }

  on "fhir_server" {
    fail    = one_of(level, "OFF", "ERROR", "NONE", "FATAL", "CRITICAL")
    message = "the log level of the FHIR server hides who did what"
  }
  on "fhir_server" {
    fail    = one_of(audit, "false", "0", "no", "off")
    message = "audit events of the FHIR server are switched off"
  }
  on "fhir_server" {
    when    = self.product == "fhir-gateway"
    fail    = absent(key(self.env, "AUDIT_EVENT_ACTIONS_CONFIG"))
    message = "the gateway writes no AuditEvents: AUDIT_EVENT_ACTIONS_CONFIG is not set"
  }

  example "fail" "compose" {
    text = <<-EOT
      services:
        blaze:
          image: samply/blaze:0.30
          environment:
            LOG_LEVEL: "error"
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: hapi
      spec:
        containers:
          - name: hapi
            image: hapiproject/hapi:v7.4.0
            env:
              - name: LOGGING_LEVEL_ROOT
                value: "OFF"
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        blaze:
          image: samply/blaze:0.30
          environment:
            LOG_LEVEL: info
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: hapi
      spec:
        containers:
          - name: hapi
            image: hapiproject/hapi:v7.4.0
    EOT
  }
}

rule "FB-AUDIT-006" {
  title    = "A trail does not record, or leaves out regions or global events"
  control  = "audit"
  severity = "high"
  cites    = ["HIPAA 164.312(b)"]
  advice   = "Record always, in all regions, with the events of global services."
  peers    = ["CKV_AWS_67", "CKV_AWS_251", "4bb76f17-3d63-4529-bdca-2b454529d774", "AWS-0014"]

  # enable_logging and include_global_service_events are true when absent (provider aws 5, 2025-01).
  on "aws_cloudtrail" {
    fail    = self.enable_logging == false
    at      = "enable_logging"
    message = "the trail is switched off"
    fix     = { enable_logging = true }
  }
  on "aws_cloudtrail" {
    fail    = self.is_multi_region_trail == false
    at      = "is_multi_region_trail"
    message = "the trail records one region only"
    fix     = { is_multi_region_trail = true }
  }
  on "AWS::CloudTrail::Trail" {
    fail    = self.IsLogging != true
    at      = "IsLogging"
    message = "the trail is switched off"
    fix     = { IsLogging = true }
  }
  on "AWS::CloudTrail::Trail" {
    fail    = self.IsMultiRegionTrail == false
    at      = "IsMultiRegionTrail"
    message = "the trail records one region only"
    fix     = { IsMultiRegionTrail = true }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "t" {
        name           = "t"
        s3_bucket_name = "logs"
        enable_logging = false
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Trail:
          Type: AWS::CloudTrail::Trail
          Properties:
            IsLogging: true
            IsMultiRegionTrail: false
            S3BucketName: logs
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "t" {
        name                  = "t"
        s3_bucket_name        = "logs"
        enable_logging        = true
        is_multi_region_trail = true
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Trail:
          Type: AWS::CloudTrail::Trail
          Properties:
            IsLogging: true
            IsMultiRegionTrail: true
            S3BucketName: logs
    EOT
  }
}

rule "FB-AUDIT-007" {
  title    = "A trail does not sign its log files"
  control  = "audit"
  severity = "high"
  cites    = ["HIPAA 164.312(c)(2)", "HIPAA 164.312(b)"]
  advice   = "Switch log file validation on, so that a changed or deleted log file shows."
  peers    = ["CKV_AWS_36", "AWS-0016"]

  # False when absent (provider aws 5 and CloudFormation, 2025-01).
  on "aws_cloudtrail" {
    fail = self.enable_log_file_validation != true
    at   = "enable_log_file_validation"
    fix  = { enable_log_file_validation = true }
  }
  on "AWS::CloudTrail::Trail" {
    fail = self.EnableLogFileValidation != true
    at   = "EnableLogFileValidation"
    fix  = { EnableLogFileValidation = true }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "t" {
        name           = "t"
        s3_bucket_name = "logs"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Trail:
          Type: AWS::CloudTrail::Trail
          Properties:
            IsLogging: true
            S3BucketName: logs
            EnableLogFileValidation: false
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
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Trail:
          Type: AWS::CloudTrail::Trail
          Properties:
            IsLogging: true
            S3BucketName: logs
            EnableLogFileValidation: true
    EOT
  }
}

rule "FB-AUDIT-008" {
  title    = "A trail is not watched: it sends nothing to CloudWatch"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)", "HIPAA 164.308(a)(1)(ii)(D)"]
  advice   = "Name a log group and a role that may write to it."
  peers    = ["CKV2_AWS_10", "65d07da5-9af5-44df-8983-52d2e6f24c44", "AWS-0162"]

  on "aws_cloudtrail" {
    fail = absent(self.cloud_watch_logs_group_arn) || absent(self.cloud_watch_logs_role_arn)
    at   = ["cloud_watch_logs_group_arn", "cloud_watch_logs_role_arn"]
  }
  on "AWS::CloudTrail::Trail" {
    fail = absent(self.CloudWatchLogsLogGroupArn) || absent(self.CloudWatchLogsRoleArn)
    at   = ["CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "t" {
        name           = "t"
        s3_bucket_name = "logs"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Trail:
          Type: AWS::CloudTrail::Trail
          Properties:
            IsLogging: true
            S3BucketName: logs
            CloudWatchLogsLogGroupArn: arn:aws:logs:eu-west-1:111122223333:log-group:trail:*
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "t" {
        name                       = "t"
        s3_bucket_name             = "logs"
        cloud_watch_logs_group_arn = "$${aws_cloudwatch_log_group.g.arn}:*"
        cloud_watch_logs_role_arn  = aws_iam_role.r.arn
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Trail:
          Type: AWS::CloudTrail::Trail
          Properties:
            IsLogging: true
            S3BucketName: logs
            CloudWatchLogsLogGroupArn: !GetAtt Group.Arn
            CloudWatchLogsRoleArn: !GetAtt Role.Arn
        Group:
          Type: AWS::Logs::LogGroup
        Role:
          Type: AWS::IAM::Role
    EOT
  }
}

rule "FB-AUDIT-009" {
  title    = "Reads and writes of single objects are not recorded"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)"]
  advice   = "Record data events of AWS::S3::Object, reads and writes."
  peers    = ["a8fc2180-b3ac-4c93-bd0d-a55b974e4b07", "AWS-0171", "AWS-0172"]

  let {
    selectors = [for s in join_lists(self.event_selector, self.EventSelectors) : s
                 if any([for d in join_lists(s.data_resource, s.DataResources) : one_of(either(d.type, d.Type), "AWS::S3::Object")])]
  }

  # read_write_type is All when absent; that it is written is asked for, so that a reader sees it.
  on "aws_cloudtrail" {
    when    = length(selectors) > 0
    fail    = [for s in selectors : s if s.read_write_type != "All"]
    at      = "read_write_type"
    message = "the selector of S3 objects does not say that it records reads and writes"
    fix     = { "event_selector.read_write_type" = "All" }
  }
  on "aws_cloudtrail" {
    when    = length(selectors) == 0 && absent(self.advanced_event_selector) && any([for b in linked_to(self, "aws_s3_bucket") : tag(b, "*classification*", "phi", "data*") != null])
    fail    = true
    message = "the trail records no access to objects"
  }
  on "AWS::CloudTrail::Trail" {
    when    = length(selectors) > 0
    fail    = [for s in selectors : s if one_of(s.ReadWriteType, "ReadOnly", "WriteOnly")]
    at      = "ReadWriteType"
    message = "the selector of S3 objects leaves out reads or writes"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "t" {
        name           = "t"
        s3_bucket_name = "logs"
        event_selector {
          read_write_type           = "WriteOnly"
          include_management_events = true
          data_resource {
            type   = "AWS::S3::Object"
            values = ["arn:aws:s3:::"]
          }
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Trail:
          Type: AWS::CloudTrail::Trail
          Properties:
            IsLogging: true
            S3BucketName: logs
            EventSelectors:
              - ReadWriteType: ReadOnly
                DataResources:
                  - Type: AWS::S3::Object
                    Values: ["arn:aws:s3:::"]
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "t" {
        name           = "t"
        s3_bucket_name = "logs"
        event_selector {
          read_write_type = "All"
          data_resource {
            type   = "AWS::S3::Object"
            values = ["arn:aws:s3:::"]
          }
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Trail:
          Type: AWS::CloudTrail::Trail
          Properties:
            IsLogging: true
            S3BucketName: logs
            EventSelectors:
              - ReadWriteType: All
                DataResources:
                  - Type: AWS::S3::Object
                    Values: ["arn:aws:s3:::"]
    EOT
  }
}
