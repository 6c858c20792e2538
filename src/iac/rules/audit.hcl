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
    settings = linked_from(self, "azurerm_monitor_diagnostic_setting", "Microsoft.Insights/diagnosticSettings", "Microsoft.HealthcareApis/*")
    kept     = [for s in settings : s if any([for l in join_lists(s.enabled_log, s.log, s.logs, s.properties.logs) : one_of(either(l.category, l.category_group, l.categoryGroup), "AuditLogs", "audit", "allLogs") && l.enabled != false])]
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
  example "pass" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [
          { "type": "Microsoft.HealthcareApis/workspaces/fhirservices", "apiVersion": "2023-11-01", "name": "w/fhir",
            "location": "westeurope", "kind": "fhir-R4", "properties": {} },
          { "type": "Microsoft.Insights/diagnosticSettings", "apiVersion": "2021-05-01-preview", "name": "audit",
            "scope": "[resourceId('Microsoft.HealthcareApis/workspaces/fhirservices', 'w', 'fhir')]",
            "properties": { "workspaceId": "l", "logs": [{ "category": "AuditLogs", "enabled": true }] } }
        ]
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
    quiet  = ["OFF", "ERROR", "NONE", "FATAL", "CRITICAL"]
    levels = ["LOG_LEVEL", "HFS_LOG_LEVEL", "logging.level.root", "logging.level.ca.uhn.fhir*", "Logging:LogLevel:Default", "Serilog:MinimumLevel", "Serilog:MinimumLevel:Default", "MEDPLUM_LOG_LEVEL"]
  }

  on "fhir_server" {
    fail    = any([for k, v in self.env : one_of(v, quiet) && key({ (k) = true }, levels...) == true])
    message = "the log level of the FHIR server hides who did what"
  }
  on "fhir_server" {
    fail    = any([for k, v in self.env : one_of(v, "false", "0", "no", "off") && key({ (k) = true }, "*AUDIT*ENABLED*", "*ENABLE*AUDIT*", "*LOG_AUDIT_EVENTS", "*AUDIT*LOG*") == true && !regex_match("(?i)signature|verbose", k)])
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
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: hapi
      data:
        application.yaml: |
          logging:
            level:
              root: "OFF"
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: hapi
      spec:
        containers:
          - name: hapi
            image: hapiproject/hapi:v7.2.0
            volumeMounts:
              - name: settings
                mountPath: /app/config
        volumes:
          - name: settings
            configMap:
              name: hapi
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: hapi
      data:
        application.yaml: |
          logging:
            level:
              root: info
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: hapi
      spec:
        containers:
          - name: hapi
            image: hapiproject/hapi:v7.2.0
            volumeMounts:
              - name: settings
                mountPath: /app/config
        volumes:
          - name: settings
            configMap:
              name: hapi
    EOT
  }
}

rule "FB-AUDIT-006" {
  title    = "A trail does not record, or leaves out regions or global events"
  control  = "audit"
  severity = "high"
  cites    = ["HIPAA 164.312(b)"]
  advice   = "Record always, in all regions, with the events of global services."
  peers    = ["CKV_AWS_67", "CKV_AWS_251", "terraform/aws/cloudtrail_logging_disabled", "AWS-0014"]

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
    fail    = self.IsMultiRegionTrail != true
    at      = "IsMultiRegionTrail"
    message = "the trail records one region only"
    fix     = { IsMultiRegionTrail = true }
  }
  on "aws_cloudtrail" {
    fail    = self.include_global_service_events == false && self.is_multi_region_trail == true
    at      = "include_global_service_events"
    message = "the trail leaves out the events of global services"
    fix     = { include_global_service_events = true }
  }
  on "AWS::CloudTrail::Trail" {
    fail    = self.IncludeGlobalServiceEvents == false && self.IsMultiRegionTrail == true
    at      = "IncludeGlobalServiceEvents"
    message = "the trail leaves out the events of global services"
    fix     = { IncludeGlobalServiceEvents = true }
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
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "x" {
        name                  = "t"
        enable_logging        = true
        include_global_service_events = true
        is_multi_region_trail = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "x" {
        name                  = "t"
        enable_logging        = true
        include_global_service_events = true
        is_multi_region_trail = true
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        T:
          Type: AWS::CloudTrail::Trail
          Properties:
            S3BucketName: logs
            IsMultiRegionTrail: true
            IncludeGlobalServiceEvents: true
            IsLogging: false
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        T:
          Type: AWS::CloudTrail::Trail
          Properties:
            S3BucketName: logs
            IsMultiRegionTrail: true
            IncludeGlobalServiceEvents: true
            IsLogging: true
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "t" {
        name                          = "t"
        s3_bucket_name                = "logs"
        is_multi_region_trail         = true
        include_global_service_events = false
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        T:
          Type: AWS::CloudTrail::Trail
          Properties:
            S3BucketName: logs
            IsLogging: true
            IsMultiRegionTrail: true
            IncludeGlobalServiceEvents: false
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        T:
          Type: AWS::CloudTrail::Trail
          Properties:
            S3BucketName: logs
            IsLogging: true
            IsMultiRegionTrail: true
            IncludeGlobalServiceEvents: true
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
  peers    = ["CKV2_AWS_10", "cloudFormation/aws/cloudtrail_not_integrated_with_cloudwatch", "AWS-0162"]

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
  peers    = ["terraform/aws/s3_bucket_object_level_cloudtrail_logging_disabled", "AWS-0171", "AWS-0172"]

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

rule "FB-AUDIT-010" {
  title    = "Accesses to a bucket leave no log"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)"]
  advice   = "Send the access log to a bucket of its own."
  peers    = ["CKV_AWS_18", "CKV_GCP_62", "AWS-0089", "GCP-0077"]

  let {
    # A bucket that takes logs need not log itself.
    takes_logs = length(where("object_store", "log_target", self.name)) > 0 || regex_match("(?i)log", self.name, self._name) || one_of(self.acl, "log-delivery-write")
  }

  on "object_store" {
    when = self.provider != "azure"
    fail = !takes_logs && absent(self.log_target)
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "data" {
        bucket = "records"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Data:
          Type: AWS::S3::Bucket
          Properties:
            BucketName: records
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "data" {
        bucket = "records"
      }
      resource "aws_s3_bucket_logging" "data" {
        bucket        = aws_s3_bucket.data.id
        target_bucket = "access-logs"
        target_prefix = "records/"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_storage_bucket" "data" {
        name     = "records"
        location = "EU"
        logging {
          log_bucket = "access-logs"
        }
      }
    EOT
  }
}

rule "FB-AUDIT-011" {
  title    = "The bucket of the audit log is public, or its content can be deleted"
  control  = "audit"
  severity = "high"
  cites    = ["HIPAA 164.312(c)(1)", "HIPAA 164.312(b)"]
  advice   = "Keep audit logs in a private bucket with object lock or a locked retention policy."
  peers    = ["CKV_AWS_143", "CKV2_GCP_4", "terraform/aws/cloudtrail_log_files_s3_bucket_is_publicly_accessible", "AWS-0161"]

  let {
    public = ["public-read", "public-read-write", "website", "authenticated-read", "PublicRead", "PublicReadWrite", "AuthenticatedRead"]
  }

  on "object_store" {
    when    = length(linked_from(self, "aws_cloudtrail", "AWS::CloudTrail::Trail")) > 0
    fail    = one_of(self.acl, public) || any([for s in list(self.statements) : is_for_anyone(s)])
    at      = ["acl", "AccessControl", "policy"]
    message = "the bucket of the trail is public"
  }
  # A call of the bucket module of the registry is a bucket.
  on "module" {
    when    = strcontains(self.source, "s3-bucket") && length(resources("aws_cloudtrail", "module")) > 0
    fail    = one_of(self.acl, public)
    at      = "acl"
    message = "the bucket is public"
  }
  on "google_storage_bucket" {
    when    = length(linked_from(self, "google_logging_project_sink", "google_logging_folder_sink", "google_logging_organization_sink")) > 0
    fail    = self.retention_policy.is_locked != true
    at      = ["retention_policy.is_locked", "retention_policy"]
    message = "the bucket of a log sink has no locked retention policy"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "t" {
        name           = "t"
        s3_bucket_name = aws_s3_bucket.logs.id
      }
      resource "aws_s3_bucket" "logs" {
        bucket = "logs"
        acl    = "public-read"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_storage_bucket" "logs" {
        name     = "logs"
        location = "EU"
      }
      resource "google_logging_project_sink" "audit" {
        name        = "audit"
        destination = "storage.googleapis.com/$${google_storage_bucket.logs.name}"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "t" {
        name           = "t"
        s3_bucket_name = aws_s3_bucket.logs.id
      }
      resource "aws_s3_bucket" "logs" {
        bucket = "logs"
      }
      resource "aws_s3_bucket_acl" "logs" {
        bucket = aws_s3_bucket.logs.id
        acl    = "private"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_storage_bucket" "logs" {
        name     = "logs"
        location = "EU"
        retention_policy {
          is_locked        = true
          retention_period = 189388800
        }
      }
      resource "google_logging_project_sink" "audit" {
        name        = "audit"
        destination = "storage.googleapis.com/$${google_storage_bucket.logs.name}"
      }
    EOT
  }
}

rule "FB-AUDIT-012" {
  title    = "Audit logs are kept for less than six years"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.316(b)(2)"]
  advice   = "Keep logs that show access to health data for 2192 days, or export them to an archive."
  peers    = ["CKV_AWS_66", "CKV_AWS_338"]

  let {
    audit = regex_match("(?i)audit|cloudtrail|fhir|phi|access", self.name, self._name)
  }

  # Absent or 0 is for ever on AWS, 30 days on Google and Azure (2025-01).
  on "log_sink" {
    when    = audit
    fail    = self.retention_days > 0 && self.retention_days < 2192
    at      = ["retention_in_days", "retention_days", "RetentionInDays"]
    message = "the log is kept for ${self.retention_days} days"
  }
  # The activity log of a subscription: 0 is for ever, and more than a year cannot be said.
  on "azurerm_monitor_log_profile" {
    fail    = self.retention_policy.enabled != true || self.retention_policy.days == null || self.retention_policy.days > 0 && self.retention_policy.days < 365
    at      = ["retention_policy.days", "retention_policy.enabled", "retention_policy"]
    message = "the activity log is kept for less than a year"
  }
  on "Microsoft.Insights/logProfiles" {
    let {
      policy = self.properties.retentionPolicy
    }
    fail    = policy.enabled != true || policy.days == null || policy.days > 0 && policy.days < 365
    at      = ["properties.retentionPolicy.days", "properties.retentionPolicy", "properties"]
    message = "the activity log is kept for less than a year"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudwatch_log_group" "audit" {
        name              = "/fhir/audit"
        retention_in_days = 90
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Audit:
          Type: AWS::Logs::LogGroup
          Properties:
            LogGroupName: /fhir/audit
            RetentionInDays: 365
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudwatch_log_group" "audit" {
        name              = "/fhir/audit"
        retention_in_days = 2192
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Audit:
          Type: AWS::Logs::LogGroup
          Properties:
            LogGroupName: /fhir/audit
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_monitor_log_profile" "x" {
        name       = "default"
        categories = ["Write"]
        locations  = ["global"]
        retention_policy {
          enabled = true
          days    = 30
        }
      }
    EOT
  }
  example "pass" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [{
          "type": "microsoft.insights/logprofiles", "apiVersion": "2016-03-01", "name": "default", "location": "global",
          "properties": { "locations": ["global"], "categories": ["Write"], "retentionPolicy": { "enabled": true, "days": 0 } }
        }]
      }
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [{
          "type": "microsoft.insights/logprofiles", "apiVersion": "2023-01-01", "name": "default", "location": "westeurope",
          "properties": { "locations": ["global"], "categories": ["Write"], "retentionPolicy": { "enabled": true, "days": 30 } }
        }]
      }
    EOT
  }
}

rule "FB-AUDIT-013" {
  title    = "A log group is not encrypted with a key of one's own"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 32"]
  advice   = "Name a customer-managed KMS key."
  peers    = ["CKV_AWS_158", "terraform/aws/cloudwatch_log_group_not_encrypted", "AWS-0017"]

  on "aws_cloudwatch_log_group" {
    fail = absent(self.kms_key_id)
    at   = "kms_key_id"
  }
  on "AWS::Logs::LogGroup" {
    fail = absent(self.KmsKeyId)
    at   = "KmsKeyId"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudwatch_log_group" "g" {
        name = "g"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Group:
          Type: AWS::Logs::LogGroup
          Properties:
            LogGroupName: g
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudwatch_log_group" "g" {
        name       = "g"
        kms_key_id = aws_kms_key.k.arn
      }
      resource "aws_kms_key" "k" {}
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Key:
          Type: AWS::KMS::Key
        Group:
          Type: AWS::Logs::LogGroup
          Properties:
            LogGroupName: g
            KmsKeyId: !GetAtt Key.Arn
    EOT
  }
}

rule "FB-AUDIT-014" {
  title    = "A trail is not encrypted with KMS"
  control  = "audit"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 32"]
  advice   = "Name a customer-managed KMS key."
  peers    = ["CKV_AWS_35", "terraform/aws/cloudtrail_log_files_not_encrypted_with_kms", "AWS-0015"]

  on "aws_cloudtrail" {
    fail = absent(self.kms_key_id)
    at   = "kms_key_id"
  }
  on "AWS::CloudTrail::Trail" {
    fail = absent(self.KMSKeyId)
    at   = "KMSKeyId"
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
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudtrail" "t" {
        name           = "t"
        s3_bucket_name = "logs"
        kms_key_id     = "arn:aws:kms:eu-west-1:111122223333:key/abcd1234-a123-456a-a12b-a123b4cd56ef"
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Parameters:
        Key:
          Type: String
          Default: alias/audit
      Resources:
        Trail:
          Type: AWS::CloudTrail::Trail
          Properties:
            IsLogging: true
            S3BucketName: logs
            KMSKeyId: !Ref Key
    EOT
  }
}

rule "FB-AUDIT-015" {
  title    = "A stage of an API writes no access log"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)"]
  advice   = "Write an access log with the request id and the subject of the token."
  peers    = ["CKV_AWS_76", "CKV_AWS_95", "CKV2_AWS_4", "terraform/aws/api_gateway_access_logging_disabled", "AWS-0001"]

  let {
    levels = [for s in linked_from(self, "aws_api_gateway_method_settings") : s if one_of(s.settings.logging_level, "INFO", "ERROR")]
  }

  on "aws_api_gateway_stage" "aws_apigatewayv2_stage" {
    fail    = absent(self.access_log_settings)
    at      = "access_log_settings"
    message = "the stage has no access log"
  }
  on "aws_api_gateway_stage" {
    when    = length(linked_from(self, "aws_api_gateway_method_settings")) > 0
    fail    = length(levels) == 0
    message = "execution logging of the stage is off"
  }
  on "aws_apigatewayv2_stage" {
    when    = present(self.default_route_settings.logging_level)
    fail    = one_of(self.default_route_settings.logging_level, "OFF")
    at      = "default_route_settings.logging_level"
    message = "execution logging of the stage is off"
  }
  on "AWS::ApiGateway::Stage" {
    fail    = absent(self.AccessLogSetting)
    at      = "AccessLogSetting"
    message = "the stage has no access log"
  }
  on "AWS::ApiGatewayV2::Stage" {
    fail    = absent(self.AccessLogSettings)
    at      = "AccessLogSettings"
    message = "the stage has no access log"
  }
  on "AWS::ApiGateway::Stage" {
    when    = present(self.MethodSettings)
    fail    = !any([for s in list(self.MethodSettings) : present(s.LoggingLevel) && !one_of(s.LoggingLevel, "OFF")])
    at      = "MethodSettings"
    message = "execution logging of the stage is off"
  }
  on "AWS::ApiGatewayV2::Stage" {
    when    = present(self.DefaultRouteSettings.LoggingLevel)
    fail    = one_of(self.DefaultRouteSettings.LoggingLevel, "OFF")
    at      = "DefaultRouteSettings.LoggingLevel"
    message = "execution logging of the stage is off"
  }
  # A deployment that names a stage makes it.
  on "AWS::ApiGateway::Deployment" {
    when    = present(self.StageName) && present(self.StageDescription)
    fail    = absent(self.StageDescription.AccessLogSetting)
    at      = "StageDescription"
    message = "the stage that the deployment makes has no access log"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_stage" "s" {
        stage_name    = "prod"
        rest_api_id   = "a"
        deployment_id = "d"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Stage:
          Type: AWS::ApiGateway::Stage
          Properties:
            RestApiId: a
            StageName: prod
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_stage" "s" {
        stage_name    = "prod"
        rest_api_id   = "a"
        deployment_id = "d"
        access_log_settings {
          destination_arn = "arn:aws:logs:eu-west-1:111122223333:log-group:api"
          format          = "$context.requestId $context.authorizer.claims.sub"
        }
      }
      resource "aws_api_gateway_method_settings" "all" {
        rest_api_id = "a"
        stage_name  = aws_api_gateway_stage.s.stage_name
        method_path = "*/*"
        settings {
          logging_level = "INFO"
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Stage:
          Type: AWS::ApiGatewayV2::Stage
          Properties:
            ApiId: a
            StageName: prod
            AccessLogSettings:
              DestinationArn: arn:aws:logs:eu-west-1:111122223333:log-group:api
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Prod:
          Type: AWS::ApiGateway::Stage
          Properties:
            RestApiId: !Ref Api
            StageName: prod
            AccessLogSetting:
              DestinationArn: arn:aws:logs:eu-central-1:111122223333:log-group:api
            MethodSettings:
              - HttpMethod: "*"
                ResourcePath: /*
                MetricsEnabled: true
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Prod:
          Type: AWS::ApiGateway::Stage
          Properties:
            RestApiId: !Ref Api
            StageName: prod
            AccessLogSetting:
              DestinationArn: arn:aws:logs:eu-central-1:111122223333:log-group:api
            MethodSettings:
              - HttpMethod: "*"
                ResourcePath: /*
                LoggingLevel: ERROR
    EOT
  }
}

rule "FB-AUDIT-016" {
  title    = "A load balancer or CDN writes no access log"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)"]
  advice   = "Switch the access log on and name its bucket."
  peers    = ["CKV_AWS_91", "CKV_AWS_92", "CKV_AWS_86", "terraform/aws/cloudfront_logging_disabled", "cloudFormation/aws/elb_v2_alb_access_log_disabled", "cloudFormation/aws/cloudfront_logging_disabled", "AWS-0010"]

  let {
    attributes = list(self.LoadBalancerAttributes)
    logging    = first([for a in attributes : a.Value if a.Key == "access_logs.s3.enabled"])
  }

  # Off when absent (2025-01); for a classic balancer the block alone switches it on.
  on "aws_lb" "aws_alb" {
    fail = self.access_logs.enabled != true
    at   = ["access_logs.enabled", "access_logs"]
    fix  = { "access_logs.enabled" = true }
  }
  on "aws_elb" {
    fail = absent(self.access_logs) || self.access_logs.enabled == false
    at   = ["access_logs.enabled", "access_logs"]
  }
  # The newer way: a delivery of CloudWatch takes the log from the distribution.
  on "aws_cloudfront_distribution" {
    fail = absent(self.logging_config) && length(linked_from(self, "aws_cloudwatch_log_delivery_source")) == 0
    at   = "logging_config"
  }
  on "AWS::ElasticLoadBalancingV2::LoadBalancer" {
    fail = logging != true
    at   = "LoadBalancerAttributes"
  }
  on "AWS::ElasticLoadBalancing::LoadBalancer" {
    fail = self.AccessLoggingPolicy.Enabled != true
    at   = ["AccessLoggingPolicy.Enabled", "AccessLoggingPolicy"]
  }
  # The bucket is named by its domain.
  on "AWS::CloudFront::Distribution" {
    when = self.DistributionConfig.Enabled != false && length(linked_from(self, "AWS::Logs::DeliverySource")) == 0
    fail = absent(self.DistributionConfig.Logging) || known(self.DistributionConfig.Logging.Bucket) && !regex_match("\\.s3([.-][a-z0-9-]+)?\\.amazonaws\\.com", self.DistributionConfig.Logging.Bucket)
    at   = ["DistributionConfig.Logging.Bucket", "DistributionConfig.Logging", "DistributionConfig"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_lb" "l" {
        name = "l"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Balancer:
          Type: AWS::ElasticLoadBalancingV2::LoadBalancer
          Properties:
            Name: l
            LoadBalancerAttributes:
              - Key: access_logs.s3.enabled
                Value: "false"
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_lb" "l" {
        name = "l"
        access_logs {
          bucket  = "logs"
          enabled = true
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Balancer:
          Type: AWS::ElasticLoadBalancingV2::LoadBalancer
          Properties:
            Name: l
            LoadBalancerAttributes:
              - Key: access_logs.s3.enabled
                Value: "true"
              - Key: access_logs.s3.bucket
                Value: logs
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_distribution" "cdn" {
        enabled = true
      }
      resource "aws_cloudwatch_log_delivery_source" "cdn" {
        name         = "cdn"
        log_type     = "ACCESS_LOGS"
        resource_arn = aws_cloudfront_distribution.cdn.arn
      }
    EOT
  }
}

rule "FB-AUDIT-017" {
  title    = "Flows of a network are not logged"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)"]
  advice   = "Add a flow log for the network."
  peers    = ["CKV2_AWS_11", "CKV_GCP_26", "CKV_AZURE_12", "terraform/aws/vpc_flowlogs_disabled", "cloudFormation/aws/vpc_flowlogs_disabled", "AWS-0178", "GCP-0029", "GCP-0076", "AZU-0049"]

  on "aws_vpc" {
    fail = length(linked_from(self, "aws_flow_log")) == 0
  }
  on "aws_flow_log" {
    fail    = absent(self.vpc_id) && absent(self.subnet_id) && absent(self.eni_id) && absent(self.transit_gateway_id) && absent(self.transit_gateway_attachment_id)
    message = "the flow log watches nothing"
  }
  on "module" {
    when    = strcontains(self.source, "terraform-aws-modules/vpc")
    fail    = self.enable_flow_log != true
    at      = "enable_flow_log"
    message = "the module makes a network without flow log"
  }
  on "AWS::EC2::VPC" {
    fail = length(linked_from(self, "AWS::EC2::FlowLog")) == 0 && !any([for l in resources("AWS::EC2::FlowLog") : l.ResourceId == self._name])
  }
  on "google_compute_subnetwork" {
    when = !one_of(self.purpose, "INTERNAL_HTTPS_LOAD_BALANCER", "REGIONAL_MANAGED_PROXY", "GLOBAL_MANAGED_PROXY")
    fail = absent(self.log_config)
    at   = "log_config"
  }
  on "azurerm_network_watcher_flow_log" {
    fail = self.enabled != true
    at   = "enabled"
    fix  = { enabled = true }
  }
  # 0 is for ever.
  on "azurerm_network_watcher_flow_log" {
    when    = present(self.retention_policy)
    fail    = self.retention_policy.enabled != true || self.retention_policy.days > 0 && self.retention_policy.days < 90
    at      = ["retention_policy.days", "retention_policy"]
    message = "the flow log is kept for less than 90 days"
  }
  on "Microsoft.Network/networkWatchers/flowLogs" {
    fail = self.properties.enabled != true
    at   = ["properties.enabled", "properties"]
  }
  on "Microsoft.Network/networkWatchers/flowLogs" {
    let {
      policy = self.properties.retentionPolicy
    }
    fail    = policy.enabled != true || policy.days == null || policy.days > 0 && policy.days < 90
    at      = ["properties.retentionPolicy.days", "properties.retentionPolicy", "properties"]
    message = "the flow log is kept for less than 90 days"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_vpc" "v" {
        cidr_block = "10.0.0.0/16"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Net:
          Type: AWS::EC2::VPC
          Properties:
            CidrBlock: 10.0.0.0/16
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_vpc" "v" {
        cidr_block = "10.0.0.0/16"
      }
      resource "aws_flow_log" "f" {
        vpc_id          = aws_vpc.v.id
        traffic_type    = "ALL"
        log_destination = "arn:aws:s3:::flows"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_network_watcher_flow_log" "f" {
        network_watcher_name = "w"
        resource_group_name  = "g"
        name                 = "f"
        enabled              = true
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_network_watcher_flow_log" "x" {
        name    = "f"
        enabled = false
        retention_policy {
          enabled = true
          days    = 400
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_network_watcher_flow_log" "x" {
        name    = "f"
        enabled = true
        retention_policy {
          enabled = true
          days    = 400
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_network_watcher_flow_log" "x" {
        network_watcher_name = "w"
        resource_group_name  = "g"
        name                 = "f"
        storage_account_id   = "s"
        enabled              = true
        retention_policy {
          enabled = true
          days    = 30
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_network_watcher_flow_log" "x" {
        network_watcher_name = "w"
        resource_group_name  = "g"
        name                 = "f"
        storage_account_id   = "s"
        enabled              = true
        retention_policy {
          enabled = true
          days    = 0
        }
      }
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [{
          "type": "Microsoft.Network/networkWatchers/FlowLogs", "apiVersion": "2023-01-01", "name": "w/f", "location": "westeurope",
          "properties": { "targetResourceId": "n", "storageId": "s", "enabled": true, "retentionPolicy": { "enabled": true, "days": 7 } }
        }]
      }
    EOT
  }
  example "pass" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [{
          "type": "Microsoft.Network/networkWatchers/FlowLogs", "apiVersion": "2023-01-01", "name": "w/f", "location": "westeurope",
          "properties": { "targetResourceId": "n", "storageId": "s", "enabled": true, "retentionPolicy": { "enabled": true, "days": 180 } }
        }]
      }
    EOT
  }
}

rule "FB-AUDIT-018" {
  title    = "A database keeps no audit log, or does not export it"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)"]
  advice   = "Switch auditing on and export the logs."
  peers    = ["CKV_AWS_129", "CKV_AZURE_23", "CKV_GCP_52", "CKV_GCP_110", "terraform/azure/postgresql_log_connections_not_set", "azureResourceManager/sql_server_database_without_auditing", "AZU-0027", "AZU-0019", "GCP-0016"]

  let {
    flags    = { for f in list(self.settings.database_flags) : f.name => f.value }
    audits   = linked_from(self, "Microsoft.Sql/servers/auditingSettings", "Microsoft.Sql/servers/databases/auditingSettings", "Microsoft.Sql/servers/extendedAuditingSettings")
  }

  on "aws_db_instance" "aws_rds_cluster" {
    fail = absent(self.enabled_cloudwatch_logs_exports)
    at   = "enabled_cloudwatch_logs_exports"
  }
  on "AWS::RDS::DBInstance" "AWS::RDS::DBCluster" {
    when = absent(self.DBClusterIdentifier)
    fail = absent(self.EnableCloudwatchLogsExports)
    at   = "EnableCloudwatchLogsExports"
  }
  on "azurerm_mssql_server" "azurerm_sql_server" {
    let {
      databases = linked_from(self, "azurerm_mssql_database", "azurerm_sql_database")
      policies  = ["azurerm_mssql_server_extended_auditing_policy", "azurerm_mssql_database_extended_auditing_policy"]
      audited   = [for d in databases : d if present(d.extended_auditing_policy) || length(linked_from(d, policies...)) > 0]
    }
    fail = absent(self.extended_auditing_policy) && length(linked_from(self, policies...)) == 0 && (length(databases) == 0 || length(audited) < length(databases))
  }
  on "azurerm_postgresql_configuration" "azurerm_postgresql_flexible_server_configuration" {
    when    = one_of(self.name, "log_connections", "log_disconnections", "log_checkpoints", "log_duration", "log_retention", "connection_throttling", "connection_throttle.enable")
    fail    = one_of(self.value, "off", "false", "0")
    at      = "value"
    message = "the parameter that logs connections is off"
    fix     = { value = "on" }
  }
  on "Microsoft.DBforPostgreSQL/servers/configurations" "Microsoft.DBforPostgreSQL/flexibleServers/configurations" {
    when = regex_match("(?i)log_connections|log_disconnections|log_checkpoints|log_duration|connection_throttling|connection_throttle.enable", self.name, self._name)
    fail = !one_of(either(self.value, self.properties.value), "on", "true", "1")
    at   = ["properties.value", "value"]
  }
  on "google_sql_database_instance" {
    when    = startswith(self.database_version, "POSTGRES")
    fail    = !one_of(flags["log_connections"], "on") || !one_of(flags["log_disconnections"], "on")
    at      = "settings.database_flags"
    message = "connections are not logged"
  }
  on "Microsoft.Sql/servers/databases" "Microsoft.Sql/servers" {
    when = self._type == "Microsoft.Sql/servers/databases" || length(resources("Microsoft.Sql/servers/databases")) == 0
    fail = length(resources("Microsoft.Sql/servers/auditingSettings", "Microsoft.Sql/servers/databases/auditingSettings", "Microsoft.Sql/servers/extendedAuditingSettings", "Microsoft.Sql/servers/databases/extendedAuditingSettings")) == 0
  }
  on "Microsoft.Sql/servers/auditingSettings" "Microsoft.Sql/servers/databases/auditingSettings" "Microsoft.Sql/servers/extendedAuditingSettings" "Microsoft.Sql/servers/databases/extendedAuditingSettings" {
    fail = !one_of(either(self.properties.state, self.state), "Enabled")
    at   = ["properties.state", "state"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_db_instance" "d" {
        engine         = "postgres"
        instance_class = "db.m6g.large"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_configuration" "c" {
        name                = "log_connections"
        resource_group_name = "g"
        server_name         = "s"
        value               = "off"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_db_instance" "d" {
        engine                          = "postgres"
        instance_class                  = "db.m6g.large"
        enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_configuration" "c" {
        name                = "log_connections"
        resource_group_name = "g"
        server_name         = "s"
        value               = "on"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_mssql_server" "s" {
        name                = "s"
        resource_group_name = "g"
        location            = "westeurope"
        version             = "12.0"
      }
      resource "azurerm_mssql_database" "d" {
        name      = "d"
        server_id = azurerm_mssql_server.s.id
      }
      resource "azurerm_mssql_database_extended_auditing_policy" "d" {
        database_id       = azurerm_mssql_database.d.id
        storage_endpoint  = "https://logs.blob.core.windows.net"
        retention_in_days = 365
      }
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [{
          "type": "Microsoft.DBforPostgreSQL/servers/configurations", "apiVersion": "2023-01-01", "name": "s/log_connections", "location": "westeurope",
          "properties": { "source": "user-override" }
        }]
      }
    EOT
  }
  example "pass" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [{
          "type": "Microsoft.DBforPostgreSQL/servers/configurations", "apiVersion": "2023-01-01", "name": "s/log_connections", "location": "westeurope",
          "properties": { "value": "on" }
        }]
      }
    EOT
  }
}

rule "FB-AUDIT-019" {
  title    = "The audit log of a database is kept for less than 90 days"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.316(b)(2)"]
  advice   = "Keep it for 90 days at least, and archive it for six years."
  peers    = ["CKV_AZURE_24", "terraform/azure/small_msql_server_audit_retention", "azureResourceManager/sql_server_database_with_low_retention_days", "AZU-0025"]

  # 0 is for ever; absent is 0 in the provider (azurerm 4, 2025-01).
  on "azurerm_mssql_server_extended_auditing_policy" "azurerm_mssql_database_extended_auditing_policy" {
    fail = self.retention_in_days > 0 && self.retention_in_days <= 90
    at   = "retention_in_days"
  }
  on "azurerm_sql_database" "azurerm_sql_server" "azurerm_mssql_server" "azurerm_mssql_database" {
    when = present(self.extended_auditing_policy)
    fail = self.extended_auditing_policy.retention_in_days > 0 && self.extended_auditing_policy.retention_in_days <= 90 || self.extended_auditing_policy.retention_in_days == null
    at   = ["extended_auditing_policy.retention_in_days", "extended_auditing_policy"]
  }
  on "Microsoft.Sql/servers/auditingSettings" "Microsoft.Sql/servers/databases/auditingSettings" "Microsoft.Sql/servers/extendedAuditingSettings" "Microsoft.Sql/servers/databases/extendedAuditingSettings" {
    when = one_of(self.properties.state, "Enabled") || self.properties.state == null
    fail = self.properties.retentionDays == null || (self.properties.retentionDays > 0 && self.properties.retentionDays <= 90)
    at   = ["properties.retentionDays", "properties"]
  }
  # The server itself keeps seven days at most.
  on "azurerm_postgresql_configuration" {
    when    = self.name == "log_retention_days"
    fail    = self.value < 4
    at      = "value"
    message = "the server keeps its log for ${self.value} days"
    fix     = { value = "7" }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_mssql_server_extended_auditing_policy" "p" {
        server_id         = "s"
        retention_in_days = 6
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_mssql_database_extended_auditing_policy" "p" {
        database_id       = "d"
        retention_in_days = 30
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_mssql_server_extended_auditing_policy" "p" {
        server_id         = "s"
        retention_in_days = 120
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_mssql_server_extended_auditing_policy" "p" {
        server_id         = "s"
        retention_in_days = 0
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_configuration" "x" {
        name                = "log_retention_days"
        resource_group_name = "g"
        server_name         = "s"
        value               = "2"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_configuration" "x" {
        name                = "log_retention_days"
        resource_group_name = "g"
        server_name         = "s"
        value               = "7"
      }
    EOT
  }
}

rule "FB-AUDIT-020" {
  title    = "The control plane of a Kubernetes cluster writes no audit log"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)"]
  advice   = "Keep the logs of api, audit and authenticator, and of the scheduler and controller manager."
  peers    = ["CKV_AWS_37", "CKV_AZURE_4", "CKV_GCP_1", "terraform/aws/missing_cluster_log_types", "terraform/gcp/stackdriver_logging_disabled", "AWS-0038", "AZU-0040", "GCP-0060"]

  let {
    types  = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    cf     = [for t in list(self.Logging.ClusterLogging.EnabledTypes) : t.Type]
    agents = either(self.oms_agent, self.addon_profile.oms_agent)
  }

  on "aws_eks_cluster" {
    fail    = length([for t in types : t if !contains(self.enabled_cluster_log_types, t)]) > 0
    at      = "enabled_cluster_log_types"
    message = "logs of the control plane are missing"
    fix     = { enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"] }
  }
  on "AWS::EKS::Cluster" {
    fail = length([for t in types : t if !contains(cf, t)]) > 0
    at   = ["Logging.ClusterLogging.EnabledTypes", "Logging"]
  }
  # "logging.googleapis.com/kubernetes" when absent (provider google 6, 2025-01).
  on "google_container_cluster" {
    fail = self.logging_service != null && self.logging_service != "logging.googleapis.com/kubernetes"
    at   = "logging_service"
    fix  = { logging_service = "logging.googleapis.com/kubernetes" }
  }
  on "azurerm_kubernetes_cluster" {
    fail = absent(agents) || agents.enabled == false
    at   = ["oms_agent", "addon_profile.oms_agent.enabled"]
  }
  on "google_container_cluster" {
    fail    = present(self.logging_config) && !contains(self.logging_config.enable_components, "SYSTEM_COMPONENTS")
    at      = ["logging_config.enable_components", "logging_config"]
    message = "the cluster writes no logs"
  }
  on "Microsoft.ContainerService/managedClusters" {
    fail = self.properties.addonProfiles.omsagent.enabled != true && self.properties.addonProfiles.omsAgent.enabled != true
    at   = ["properties.addonProfiles.omsagent.enabled", "properties.addonProfiles.omsAgent.enabled", "properties.addonProfiles", "properties"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_eks_cluster" "c" {
        name                      = "c"
        enabled_cluster_log_types = ["api", "audit"]
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_container_cluster" "c" {
        name            = "c"
        logging_service = "none"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_eks_cluster" "c" {
        name                      = "c"
        enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_container_cluster" "c" {
        name            = "c"
        logging_service = "logging.googleapis.com/kubernetes"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_container_cluster" "x" {
        name = "c"
        logging_config {
          enable_components = []
        }
      }
    EOT
  }
  example "pass" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [{
          "type": "Microsoft.ContainerService/managedClusters", "apiVersion": "2024-05-01", "name": "c", "location": "westeurope",
          "properties": { "addonProfiles": { "omsagent": { "enabled": true } } }
        }]
      }
    EOT
  }
}

rule "FB-AUDIT-021" {
  title    = "A Kubernetes API server writes no audit log"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)"]
  advice   = "Start it with --audit-log-path and --audit-policy-file."
  peers    = ["CKV_K8S_91", "CKV_K8S_92", "k8s/audit_log_path_not_set", "KCV-0019", "KCV-0020"]

  on "container" {
    when    = contains(self.command, "kube-apiserver")
    fail    = !any([for w in list(self.command) : regex_match("^--audit-(log|webhook)-", w)])
    at      = ["command", "args"]
    message = "--audit-log-path is not set"
  }
  # What the CIS Benchmark for Kubernetes (1.2.17 to 1.2.19) asks for at least: days, files, megabytes.
  on "container" {
    let {
      least = { maxage = 30, maxbackup = 10, maxsize = 100 }
      given = { for w in list(self.command) : regex_find("^--audit-log-(max[a-z]+)=", w)[0] => regex_find("=(\\d+)$", w)[0] if regex_match("^--audit-log-max(age|backup|size)=\\d+$", w) }
    }
    when    = contains(self.command, "kube-apiserver")
    fail    = [for name, value in given : name if tonumber(value) < least[name]]
    at      = ["command", "args"]
    message = "the API server keeps too little of its audit log (--audit-log-${it})"
  }
  on "Policy" {
    when    = startswith(self.apiVersion, "audit.k8s.io/")
    fail    = length([for r in list(self.rules) : r if !one_of(r.level, "None")]) == 0
    at      = "rules"
    message = "the audit policy records nothing"
  }
  # What no rule matches is not recorded.
  on "Policy" {
    let {
      rules = [for r in list(self.rules) : r if !one_of(r.level, "None")]
      wide  = any([for r in rules : absent(r.resources) && absent(r.nonResourceURLs) || any([for g in list(r.resources) : absent(g.resources) || contains(g.resources, "*")])])
      named = join_lists([for r in rules : join_lists([for g in list(r.resources) : g.resources]...)]...)
    }
    when    = startswith(self.apiVersion, "audit.k8s.io/") && present(rules)
    fail    = !wide && length([for k in ["secrets", "configmaps", "tokenreviews", "pods", "deployments", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy"] : k if !contains(named, k)]) > 0
    at      = "rules"
    message = "the audit policy leaves out secrets, workloads or sessions in containers"
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: kube-apiserver
      spec:
        containers:
          - name: kube-apiserver
            image: registry.k8s.io/kube-apiserver:v1.31.0
            command: ["kube-apiserver", "--audit-policy-file=/etc/kubernetes/audit.yaml"]
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: audit.k8s.io/v1
      kind: Policy
      rules:
        - level: None
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: kube-apiserver
      spec:
        containers:
          - name: kube-apiserver
            image: registry.k8s.io/kube-apiserver:v1.31.0
            command: ["kube-apiserver", "--audit-log-path=/var/log/audit.log"]
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: audit.k8s.io/v1
      kind: Policy
      rules:
        - level: Metadata
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: audit.k8s.io/v1
      kind: Policy
      rules:
        - level: Metadata
          resources:
            - group: ""
              resources: ["secrets", "configmaps"]
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: kube-apiserver
        namespace: kube-system
      spec:
        containers:
          - name: kube-apiserver
            image: registry.k8s.io/kube-apiserver:v1.31.0
            command:
              - kube-apiserver
              - --audit-log-path=/var/log/audit.log
              - --audit-log-maxage=7
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: audit.k8s.io/v1
      kind: Policy
      rules:
        - level: None
          users: ["system:kube-proxy"]
        - level: RequestResponse
          resources:
            - group: ""
              resources: ["secrets"]
        - level: Metadata
    EOT
  }
}

rule "FB-AUDIT-022" {
  title    = "Nobody is alarmed when access is refused, or when policies and keys change"
  control  = "audit"
  severity = "low"
  cites    = ["HIPAA 164.308(a)(1)(ii)(D)"]
  advice   = "Add metric filters with alarms."
  peers    = ["terraform/aws/cloudwatch_unauthorized_access_defined_alarm_missing", "terraform/aws/cloudwatch_iam_policy_changes_alarm_missing", "terraform/aws/cloudwatch_disabling_or_scheduled_deletion_of_customer_created_cmk_alarm_missing", "AWS-0147", "AWS-0149", "AWS-0150", "AWS-0153"]

  let {
    # What shows that an event is meant, and what a whole filter for it names and looks like.  An alarm
    # about `sign_in` alone says nothing of refusals and changes.
    events = [
      { meant = "UnauthorizedOperation|AccessDenied", names = [], form = "UnauthorizedOperation\\W*\\)\\s*\\|\\|.*AccessDenied\\*" },
      { meant = "userIdentity\\.type", names = [], form = "^(?!.*\\|\\|)(?=.*type\\s*=\\W*Root)(?=.*invokedBy\\s+NOT\\s+EXISTS).*eventType\\s*!=\\W*AwsServiceEvent" },
      { meant = "(Delete|Put|Attach|Detach)(Group|Role|User)Policy", names = ["DeleteGroupPolicy", "DeleteRolePolicy", "DetachGroupPolicy"] },
      { meant = "DisableKey|ScheduleKeyDeletion", names = ["DisableKey", "ScheduleKeyDeletion"], form = "kms\\.amazonaws\\.com\\W*\\)\\s*&&" },
      { meant = "s3\\.amazonaws|BucketPolicy", names = ["PutBucketAcl", "PutBucketPolicy", "DeleteBucketPolicy"], form = "s3\\.amazonaws\\.com\\W*\\)\\s*&&" },
      { meant = "(Create|Update|Delete)Trail|StopLogging", names = ["UpdateTrail", "DeleteTrail", "StopLogging"] },
      { meant = "ConfigurationRecorder|DeliveryChannel", names = ["StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel", "PutConfigurationRecorder"], form = "config\\.amazonaws\\.com\\W*\\)\\s*&&" },
      { meant = "organizations\\.amazonaws", names = ["AcceptHandshake", "AttachPolicy", "CreateAccount", "DeleteOrganization", "LeaveOrganization"], form = "organizations\\.amazonaws\\.com\\W*\\)\\s*&&" },
      { meant = "NetworkAcl", names = ["CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry", "ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation"] },
      { meant = "SecurityGroup", names = ["AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "CreateSecurityGroup", "DeleteSecurityGroup"] },
      { meant = "RouteTable|(Create|Delete|Replace)Route\\b", names = ["CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation", "DeleteRouteTable", "DeleteRoute", "DisassociateRouteTable"] },
      { meant = "(Customer|Internet)Gateway", names = ["CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway", "CreateInternetGateway", "DeleteInternetGateway", "DetachInternetGateway"] },
      { meant = "(Create|Delete)Vpc\\b|VpcPeering", names = ["CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection", "CreateVpcPeeringConnection", "DeleteVpcPeeringConnection"] },
      { meant = "Failed authentication", names = [], form = "eventName\\s*=\\W*ConsoleLogin\\W*&&.*errorMessage\\s*=\\W*Failed authentication" },
      { meant = "MFAUsed", names = [], form = "eventName\\s*=\\W*ConsoleLogin\\W*&&.*MFAUsed\\s*!=\\W*Yes", sign_in = true },
    ]
    filters = [for f in resources("aws_cloudwatch_log_metric_filter", "AWS::Logs::MetricFilter") :
               { object = f, pattern = either(f.pattern, f.FilterPattern), metric = either(f.metric_transformation.name, first(f.MetricTransformations).MetricName) }]
    metrics = [for m in [for a in resources("aws_cloudwatch_metric_alarm", "AWS::CloudWatch::Alarm") : either(a.metric_name, a.MetricName)] : m if known(m)]
    # Filters whose metric an alarm watches.
    watched = [for f in filters : f if contains(metrics, f.metric) || any([for a in linked_from(f.object, "aws_cloudwatch_metric_alarm", "AWS::CloudWatch::Alarm") : !known(either(a.metric_name, a.MetricName))])]
    served  = [for e in events : e if any([for f in watched : all([for n in e.names : regex_match("\\b${n}\\b", f.pattern)]) && (e.form == null || regex_match(e.form, f.pattern))])]
  }

  on "project" {
    when    = length(filters) > 0
    fail    = any([for e in events : any([for f in filters : regex_match(e.meant, f.pattern)]) && !contains([for s in served : s.meant], e.meant)])
    message = "a filter leaves events out, or no alarm watches it"
  }
  on "project" {
    when = length(resources("aws_cloudwatch_log_metric_filter", "aws_cloudwatch_metric_alarm", "AWS::Logs::MetricFilter")) > 0
    fail = length([for s in served : s if s.sign_in != true]) == 0
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudwatch_log_metric_filter" "x" {
        name = "f"
        log_group_name = "trail"
        pattern = "{ ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") }"
        metric_transformation {
          name      = "M"
          namespace = "N"
          value     = "1"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudwatch_log_metric_filter" "x" {
        name = "f"
        log_group_name = "trail"
        pattern = "{ $.eventName = ConsoleLogin }"
        metric_transformation {
          name      = "M"
          namespace = "N"
          value     = "1"
        }
      }
      resource "aws_cloudwatch_metric_alarm" "x" {
        alarm_name = "a"
        metric_name = "M"
        namespace = "N"
        alarm_actions = ["arn:aws:sns:eu-west-1:111122223333:t"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudwatch_log_metric_filter" "x" {
        name = "f"
        log_group_name = "trail"
        pattern = "{ ($.eventSource = kms.amazonaws.com) && (($.eventName = DisableKey) || ($.eventName = ScheduleKeyDeletion)) || ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") || ($.eventName = DeleteGroupPolicy) || ($.eventName = DeleteRolePolicy) || ($.eventName = DetachGroupPolicy) }"
        metric_transformation {
          name      = "M"
          namespace = "N"
          value     = "1"
        }
      }
      resource "aws_cloudwatch_metric_alarm" "x" {
        alarm_name = "a"
        metric_name = "M"
        namespace = "N"
        alarm_actions = ["arn:aws:sns:eu-west-1:111122223333:t"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "b"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Filter:
          Type: AWS::Logs::MetricFilter
          Properties:
            LogGroupName: trail
            FilterPattern: '{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) }'
            MetricTransformations:
              - MetricName: trail
                MetricNamespace: CIS
                MetricValue: "1"
        Alarm:
          Type: AWS::CloudWatch::Alarm
          Properties:
            MetricName: trail
            Namespace: CIS
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Filter:
          Type: AWS::Logs::MetricFilter
          Properties:
            LogGroupName: trail
            FilterPattern: '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }'
            MetricTransformations:
              - MetricName: root
                MetricNamespace: CIS
                MetricValue: "1"
        Alarm:
          Type: AWS::CloudWatch::Alarm
          Properties:
            MetricName: root
            Namespace: CIS
    EOT
  }
}

rule "FB-AUDIT-023" {
  title    = "A web application firewall writes no log"
  control  = "audit"
  severity = "medium"
  cites    = ["HIPAA 164.312(b)", "GDPR 32"]
  advice   = "Add a logging configuration that redacts the authorization header."
  peers    = ["CKV2_AWS_31", "CKV_AWS_176"]

  on "aws_wafv2_web_acl" {
    fail = length(linked_from(self, "aws_wafv2_web_acl_logging_configuration")) == 0
  }
  on "aws_waf_web_acl" "aws_wafregional_web_acl" {
    fail = absent(self.logging_configuration)
    at   = "logging_configuration"
  }
  on "AWS::WAFv2::WebACL" {
    fail = length(linked_from(self, "AWS::WAFv2::LoggingConfiguration")) == 0
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_wafv2_web_acl" "x" {
        name = "w"
        scope = "REGIONAL"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::WAFv2::WebACL
          Properties:
            Scope: REGIONAL
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_wafv2_web_acl" "x" {
        name = "w"
        scope = "REGIONAL"
      }
      resource "aws_wafv2_web_acl_logging_configuration" "x" {
        resource_arn = aws_wafv2_web_acl.x.arn
        log_destination_configs = ["l"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_waf_web_acl" "x" {
        name = "w"
        logging_configuration {
          log_destination = "l"
        }
      }
    EOT
  }
}

rule "FB-AUDIT-024" {
  title    = "A copy of patient data for analysis is not audited"
  control  = "audit"
  severity = "low"
  cites    = ["HIPAA 164.312(b)", "GDPR 32"]
  advice   = "Switch audit logs on."
  peers    = ["CKV_AWS_71", "CKV_AWS_85", "CKV_AWS_101", "CKV_AWS_80", "terraform/aws/docdb_logging_disabled", "terraform/aws/neptune_logging_disabled", "AWS-0020", "AWS-0074", "AWS-0075", "AWS-0070"]

  on "aws_docdb_cluster" {
    fail = !contains(self.enabled_cloudwatch_logs_exports, "audit") || !contains(self.enabled_cloudwatch_logs_exports, "profiler")
    at   = "enabled_cloudwatch_logs_exports"
    fix  = { enabled_cloudwatch_logs_exports = ["audit", "profiler"] }
  }
  on "aws_neptune_cluster" {
    fail = !contains(either(self.enable_cloudwatch_logs_exports, self.enabled_cloudwatch_logs_exports), "audit")
    at   = "enable_cloudwatch_logs_exports"
    fix  = { enable_cloudwatch_logs_exports = ["audit"] }
  }
  on "aws_redshift_cluster" {
    fail = self.logging.enable != true && length(linked_from(self, "aws_redshift_logging")) == 0
    at   = ["logging.enable", "logging"]
  }
  on "aws_msk_cluster" {
    let {
      logs = self.logging_info.broker_logs
    }
    fail = logs.cloudwatch_logs.enabled != true && logs.firehose.enabled != true && logs.s3.enabled != true
    at   = ["logging_info.broker_logs", "logging_info"]
  }
  # RabbitMQ has no audit log.
  on "aws_mq_broker" {
    fail = one_of(self.engine_type, "RabbitMQ") ? self.logs.general != true : self.logs.audit != true
    at   = ["logs.audit", "logs"]
  }
  on "AWS::Redshift::Cluster" {
    fail = absent(self.LoggingProperties)
    at   = "LoggingProperties"
  }
  on "AWS::Neptune::DBCluster" "AWS::DocDB::DBCluster" {
    fail = !contains(self.EnableCloudwatchLogsExports, "audit") || self._type == "AWS::DocDB::DBCluster" && !contains(self.EnableCloudwatchLogsExports, "profiler")
    at   = "EnableCloudwatchLogsExports"
  }
  on "AWS::MSK::Cluster" {
    let {
      logs = self.LoggingInfo.BrokerLogs
    }
    fail = logs.CloudWatchLogs.Enabled != true && logs.Firehose.Enabled != true && logs.S3.Enabled != true
    at   = ["LoggingInfo.BrokerLogs", "LoggingInfo"]
  }
  on "AWS::AmazonMQ::Broker" {
    fail = one_of(self.EngineType, "RabbitMQ") ? self.Logs.General != true : self.Logs.Audit != true
    at   = ["Logs.Audit", "Logs"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_docdb_cluster" "x" {
        cluster_identifier = "d"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_neptune_cluster" "x" {
        cluster_identifier = "n"
        enable_cloudwatch_logs_exports = []
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_docdb_cluster" "x" {
        cluster_identifier              = "d"
        enabled_cloudwatch_logs_exports = ["audit", "profiler"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_neptune_cluster" "x" {
        cluster_identifier             = "n"
        enable_cloudwatch_logs_exports = ["audit"]
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Stream:
          Type: AWS::MSK::Cluster
          Properties:
            ClusterName: events
            LoggingInfo:
              BrokerLogs:
                CloudWatchLogs:
                  Enabled: false
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Queue:
          Type: AWS::AmazonMQ::Broker
          Properties:
            BrokerName: hl7
            EngineType: RABBITMQ
            Logs:
              General: true
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_mq_broker" "x" {
        broker_name = "hl7"
        engine_type = "ActiveMQ"
        logs {
          general = true
        }
      }
    EOT
  }
}
