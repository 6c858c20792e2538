# Attachments.

rule "FB-ATTACH-001" {
  title    = "A bucket that takes uploads is not scanned for malware"
  control  = "attachments"
  severity = "high"
  cites    = ["HIPAA 164.308(a)(5)(ii)(B)"]
  advice   = "Attach a malware protection plan."
  peers    = []

  on "aws_s3_bucket" {
    when = regex_match("(?i)attachment|document|dicom|upload|import|binary|intake", self.bucket, self._name)
    fail = length(linked_from(self, "aws_guardduty_malware_protection_plan")) == 0
  }
  on "google_storage_bucket" {
    when = regex_match("(?i)attachment|document|dicom|upload|import|binary|intake", self.name, self._name)
    fail = length(linked_from(self, "google_eventarc_trigger", "google_storage_notification", "google_cloudfunctions2_function")) == 0
  }
  on "azurerm_storage_account" {
    when = regex_match("(?i)attachment|document|dicom|upload|import|binary|intake", self.name, self._name)
    fail = !any([for d in linked_from(self, "azurerm_security_center_storage_defender") : d.malware_scanning_on_upload_enabled == true]) && !any([for p in resources("azurerm_security_center_subscription_pricing") : p.resource_type == "StorageAccounts" && p.tier == "Standard" && any([for e in list(p.extension) : e.name == "OnUploadMalwareScanning"])])
  }
  on "AWS::S3::Bucket" {
    when = regex_match("(?i)attachment|document|dicom|upload|import|binary|intake", self.BucketName, self._name)
    fail = length(linked_from(self, "AWS::GuardDuty::MalwareProtectionPlan")) == 0
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "patient-documents"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name = "dicomuploads"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "patient-documents"
      }
      resource "aws_guardduty_malware_protection_plan" "x" {
        role = "r"
        protected_resource {
          s3_bucket {
            bucket_name = aws_s3_bucket.x.id
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "website"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "uploads" {
        name                     = "uploads"
        resource_group_name      = "g"
        location                 = "westeurope"
        account_tier             = "Standard"
        account_replication_type = "GRS"
      }
      resource "azurerm_security_center_storage_defender" "uploads" {
        storage_account_id                 = azurerm_storage_account.uploads.id
        malware_scanning_on_upload_enabled = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "uploads" {
        name                     = "uploads"
        resource_group_name      = "g"
        location                 = "westeurope"
        account_tier             = "Standard"
        account_replication_type = "GRS"
      }
      resource "azurerm_security_center_storage_defender" "uploads" {
        storage_account_id                 = azurerm_storage_account.uploads.id
        malware_scanning_on_upload_enabled = true
      }
    EOT
  }
}

rule "FB-ATTACH-002" {
  title    = "GuardDuty is off"
  control  = "attachments"
  severity = "medium"
  cites    = ["HIPAA 164.308(a)(5)(ii)(B)"]
  advice   = "Enable the detector."
  peers    = ["CKV_AWS_238", "CKV2_AWS_3", "terraform/aws/guardduty_detector_disabled", "cloudFormation/aws/guardduty_detector_disabled"]

  on "aws_guardduty_detector" {
    fail = self.enable == false
    at   = "enable"
    fix  = { enable = true }
  }
  on "AWS::GuardDuty::Detector" {
    fail = self.Enable != true
    at   = "Enable"
    fix  = { Enable = true }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_guardduty_detector" "x" {
        enable = false
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::GuardDuty::Detector
          Properties:
            Enable: false
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_guardduty_detector" "x" {
        enable = true
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::GuardDuty::Detector
          Properties:
            Enable: true
    EOT
  }
}

rule "FB-ATTACH-003" {
  title    = "Microsoft Defender is off for a kind of resource"
  control  = "attachments"
  severity = "medium"
  cites    = ["HIPAA 164.308(a)(5)(ii)(B)"]
  advice   = "Choose the tier Standard."
  peers    = ["CKV_AZURE_84", "CKV_AZURE_19", "CKV_AZURE_55", "terraform/azure/security_center_pricing_tier_is_not_standard", "azureResourceManager/standard_price_not_selected", "AZU-0045"]

  on "azurerm_security_center_subscription_pricing" {
    fail = !one_of(self.tier, "Standard")
    at   = "tier"
    fix  = { tier = "Standard" }
  }
  on "Microsoft.Security/pricings" {
    fail = !one_of(self.properties.pricingTier, "Standard")
    at   = ["properties.pricingTier", "properties"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_security_center_subscription_pricing" "x" {
        tier = "Free"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_security_center_subscription_pricing" "x" {
        tier = "Free"
        resource_type = "StorageAccounts"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_security_center_subscription_pricing" "x" {
        tier = "Standard"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_security_center_subscription_pricing" "x" {
        tier          = "Standard"
        resource_type = "StorageAccounts"
      }
    EOT
  }
}

rule "FB-ATTACH-004" {
  title    = "Container images are not scanned when they are pushed"
  control  = "attachments"
  severity = "medium"
  cites    = ["HIPAA 164.308(a)(5)(ii)(B)"]
  advice   = "Scan on push."
  peers    = ["CKV_AWS_163", "CKV_AZURE_163", "CKV2_GCP_11", "cloudFormation/aws/unscanned_ecr_image", "AWS-0030"]

  on "aws_ecr_repository" {
    when = length(resources("aws_ecr_registry_scanning_configuration")) == 0
    fail = self.image_scanning_configuration.scan_on_push != true
    at   = ["image_scanning_configuration.scan_on_push", "image_scanning_configuration"]
    fix  = { "image_scanning_configuration.scan_on_push" = true }
  }
  on "AWS::ECR::Repository" {
    fail = self.ImageScanningConfiguration.ScanOnPush != true
    at   = ["ImageScanningConfiguration.ScanOnPush", "ImageScanningConfiguration"]
    fix  = { "ImageScanningConfiguration.ScanOnPush" = true }
  }
  on "google_artifact_registry_repository" {
    fail = one_of(self.vulnerability_scanning_config.enablement_config, "DISABLED")
    at   = "vulnerability_scanning_config.enablement_config"
    fix  = { "vulnerability_scanning_config.enablement_config" = "INHERITED" }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_ecr_repository" "x" {
        name = "r"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ECR::Repository
          Properties:
            RepositoryName: r
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_ecr_repository" "x" {
        name = "r"
        image_scanning_configuration {
          scan_on_push = true
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ECR::Repository
          Properties:
            ImageScanningConfiguration:
              ScanOnPush: true
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_artifact_registry_repository" "x" {
        repository_id = "r"
        format        = "DOCKER"
        vulnerability_scanning_config {
          enablement_config = "DISABLED"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_artifact_registry_repository" "x" {
        repository_id = "r"
        format        = "DOCKER"
        vulnerability_scanning_config {
          enablement_config = "INHERITED"
        }
      }
    EOT
  }
}

rule "FB-ATTACH-005" {
  title    = "A Windows host has no anti-malware extension"
  control  = "attachments"
  severity = "medium"
  cites    = ["HIPAA 164.308(a)(5)(ii)(B)"]
  advice   = "Install IaaSAntimalware."
  peers    = ["CKV2_AZURE_10"]

  on "azurerm_virtual_machine" {
    when = present(self.os_profile_windows_config)
    fail = !any([for e in linked_from(self, "azurerm_virtual_machine_extension") : one_of(e.type, "IaaSAntimalware", "MDE.Windows")])
  }
  on "Microsoft.Compute/virtualMachines" {
    when = present(self.properties.osProfile.windowsConfiguration)
    fail = !any([for e in linked_from(self, "Microsoft.Compute/virtualMachines/extensions") : one_of(e.properties.type, "IaaSAntimalware", "MDE.Windows")])
  }
  on "azurerm_windows_virtual_machine" {
    fail = !any([for e in linked_from(self, "azurerm_virtual_machine_extension") : one_of(e.type, "IaaSAntimalware", "MDE.Windows")])
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_windows_virtual_machine" "x" {
        name = "w"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_windows_virtual_machine" "x" {
        name = "w"
      }
      resource "azurerm_virtual_machine_extension" "x" {
        virtual_machine_id = azurerm_windows_virtual_machine.x.id
        type = "CustomScriptExtension"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_windows_virtual_machine" "x" {
        name = "w"
      }
      resource "azurerm_virtual_machine_extension" "x" {
        virtual_machine_id = azurerm_windows_virtual_machine.x.id
        type = "IaaSAntimalware"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_virtual_machine" "x" {
        name = "l"
      }
    EOT
  }
}

rule "FB-ATTACH-006" {
  title    = "The size of uploads is not limited at the edge"
  control  = "attachments"
  severity = "medium"
  cites    = ["HIPAA 164.308(a)(5)(ii)(B)"]
  advice   = "Set a bound, for example 20 MB."
  peers    = []

  on "Ingress" {
    fail = any([for k, v in self.metadata.annotations : regex_match("/(proxy-body-size|client-max-body-size)$", k) && one_of(v, "0", "0m", "-1")])
    at   = "metadata.annotations"
  }
  on "azurerm_web_application_firewall_policy" {
    fail = self.policy_settings.file_upload_limit_in_mb > 100
    at   = "policy_settings.file_upload_limit_in_mb"
    fix  = { "policy_settings.file_upload_limit_in_mb" = 20 }
  }
  on "ConfigMap" {
    fail = [for k, v in self.data : k if regex_match("^(proxy-body-size|client-max-body-size)$", k) && one_of(v, "0", "0m", "-1") || regex_match("client_max_body_size\\s+0[kKmMgG]?\\s*;", v)]
    at   = "data"
  }
  # The common rules of Amazon hold one for bodies.
  on "aws_wafv2_web_acl" {
    fail    = !any([for r in list(self.rule) : present(r.statement.size_constraint_statement) || one_of(r.statement.managed_rule_group_statement.name, "AWSManagedRulesCommonRuleSet") || present(r.statement.rule_group_reference_statement)])
    at      = "rule"
    message = "no rule limits the size of requests"
  }
  on "AWS::WAFv2::WebACL" {
    fail    = !any([for r in list(self.Rules) : present(r.Statement.SizeConstraintStatement) || one_of(r.Statement.ManagedRuleGroupStatement.Name, "AWSManagedRulesCommonRuleSet") || present(r.Statement.RuleGroupReferenceStatement)])
    at      = "Rules"
    message = "no rule limits the size of requests"
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: fhir
        annotations:
          nginx.ingress.kubernetes.io/proxy-body-size: "0"
      spec:
        rules: []
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_web_application_firewall_policy" "x" {
        name = "p"
        policy_settings {
          file_upload_limit_in_mb = 750
        }
      }
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: fhir
        annotations:
          nginx.ingress.kubernetes.io/proxy-body-size: "20m"
      spec:
        rules: []
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_web_application_firewall_policy" "x" {
        name = "p"
        policy_settings {
          file_upload_limit_in_mb = 20
        }
      }
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: ingress-nginx-controller
      data:
        proxy-body-size: "0"
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: ingress-nginx-controller
      data:
        proxy-body-size: "20m"
    EOT
  }
}

rule "FB-ATTACH-007" {
  title    = "A web application firewall does not look into bodies"
  control  = "attachments"
  severity = "medium"
  cites    = ["HIPAA 164.308(a)(5)(ii)(B)"]
  advice   = "Inspect bodies; let those that are too large match."
  peers    = []

  on "azurerm_web_application_firewall_policy" "azurerm_frontdoor_firewall_policy" {
    fail = self.policy_settings.request_body_check == false
    at   = "policy_settings.request_body_check"
    fix  = { "policy_settings.request_body_check" = true }
  }
  on "azurerm_application_gateway" {
    fail = self.waf_configuration.request_body_check == false
    at   = "waf_configuration.request_body_check"
  }
  on "aws_wafv2_web_acl" {
    fail = [for r in list(self.rule) : r if any([for f in join_lists(r.statement.size_constraint_statement, r.statement.xss_match_statement, r.statement.sqli_match_statement, r.statement.byte_match_statement) : one_of(f.field_to_match.body.oversize_handling, "CONTINUE")])]
    at   = ["statement"]
  }
  on "AWS::WAFv2::WebACL" {
    fail = [for r in list(self.Rules) : r if any([for f in join_lists(r.Statement.SizeConstraintStatement, r.Statement.XssMatchStatement, r.Statement.SqliMatchStatement, r.Statement.ByteMatchStatement) : one_of(f.FieldToMatch.Body.OversizeHandling, "CONTINUE")])]
    at   = "Statement"
  }
  on "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies" {
    fail = self.properties.policySettings.requestBodyCheck == false
    at   = "properties.policySettings.requestBodyCheck"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_web_application_firewall_policy" "x" {
        name = "p"
        policy_settings {
          request_body_check = false
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_wafv2_web_acl" "x" {
        name = "w"
        scope = "REGIONAL"
        rule {
          name     = "x"
          priority = 1
          statement {
            xss_match_statement {
              field_to_match {
                body {
                  oversize_handling = "CONTINUE"
                }
              }
            }
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_web_application_firewall_policy" "x" {
        name = "p"
        policy_settings {
          request_body_check = true
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_wafv2_web_acl" "x" {
        name = "w"
        scope = "REGIONAL"
        rule {
          name     = "x"
          priority = 1
          statement {
            xss_match_statement {
              field_to_match {
                body {
                  oversize_handling = "MATCH"
                }
              }
            }
          }
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Acl:
          Type: AWS::WAFv2::WebACL
          Properties:
            Scope: REGIONAL
            DefaultAction:
              Allow: {}
            Rules:
              - Name: sql
                Priority: 1
                Action:
                  Block: {}
                Statement:
                  SqliMatchStatement:
                    FieldToMatch:
                      Body:
                        OversizeHandling: CONTINUE
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Acl:
          Type: AWS::WAFv2::WebACL
          Properties:
            Scope: REGIONAL
            DefaultAction:
              Allow: {}
            Rules:
              - Name: sql
                Priority: 1
                Action:
                  Block: {}
                Statement:
                  SqliMatchStatement:
                    FieldToMatch:
                      Body:
                        OversizeHandling: MATCH
    EOT
  }
}

rule "FB-ATTACH-008" {
  title    = "The staging store of bulk data is protected less than the FHIR store"
  control  = "attachments"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Apply the baseline of the store to its staging account."
  peers    = []

  on "azurerm_storage_account" {
    when = any([for f in resources("azurerm_healthcare_fhir_service") : f.configuration_export_storage_account_name == self.name]) || length(linked_from(self, "azurerm_healthcare_fhir_service")) > 0
    fail = self.allow_nested_items_to_be_public == true || self.https_traffic_only_enabled == false || self.enable_https_traffic_only == false || one_of(self.min_tls_version, "TLS1_0", "TLS1_1")
    at   = ["allow_nested_items_to_be_public", "https_traffic_only_enabled", "min_tls_version"]
  }
  on "object_store" {
    when = self.provider == "aws" && length(resources("awscc_healthlake_fhir_datastore", "AWS::HealthLake::FHIRDatastore")) > 0 && regex_match("(?i)import|export|stag|bulk", self.name, self._name)
    fail = one_of(self.acl, "public-read", "public-read-write") || (present(self.public_block) && self.public_block.policy == false)
    at   = ["acl"]
  }
  on "azurerm_storage_account" {
    when    = any([for f in resources("azurerm_healthcare_fhir_service") : f.configuration_export_storage_account_name == self.name]) || length(linked_from(self, "azurerm_healthcare_fhir_service")) > 0
    fail    = self.blob_properties.versioning_enabled != true
    at      = ["blob_properties.versioning_enabled", "blob_properties"]
    message = "the staging store keeps no versions"
  }
  on "object_store" {
    when    = self.provider == "aws" && length(resources("awscc_healthlake_fhir_datastore", "AWS::HealthLake::FHIRDatastore")) > 0 && regex_match("(?i)import|export|stag|bulk", self.name, self._name)
    fail    = self.versioning != true || absent(self.encryption)
    message = "the staging store keeps no versions or is not asked to be encrypted"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "e" {
        name = "exports"
        allow_nested_items_to_be_public = true
      }
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        configuration_export_storage_account_name = azurerm_storage_account.e.name
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "fhir-import"
        acl = "public-read"
      }
      resource "awscc_healthlake_fhir_datastore" "x" {
        datastore_type_version = "R4"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "e" {
        name = "exports"
        min_tls_version = "TLS1_2"
        blob_properties {
          versioning_enabled = true
        }
      }
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        configuration_export_storage_account_name = azurerm_storage_account.e.name
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "fhir-import"
        acl = "private"
      }
      resource "aws_s3_bucket_versioning" "x" {
        bucket = aws_s3_bucket.x.id
        versioning_configuration {
          status = "Enabled"
        }
      }
      resource "aws_s3_bucket_server_side_encryption_configuration" "x" {
        bucket = aws_s3_bucket.x.id
        rule {
          apply_server_side_encryption_by_default {
            sse_algorithm = "aws:kms"
          }
        }
      }
      resource "awscc_healthlake_fhir_datastore" "x" {
        datastore_type_version = "R4"
      }
    EOT
  }
}

rule "FB-ATTACH-009" {
  title    = "The file system of a container can be written"
  control  = "attachments"
  severity = "medium"
  cites    = ["HIPAA 164.308(a)(5)(ii)(B)"]
  advice   = "Mount the root read-only."
  peers    = ["CKV_K8S_22", "CKV_AWS_336", "k8s/root_container_not_mounted_as_read_only", "KSV-0014"]

  on "container" {
    when    = self.platform == "kubernetes"
    fail    = self.read_only != true
    at      = ["securityContext.readOnlyRootFilesystem", "securityContext"]
    message = "container ${self.name} can write its root file system"
  }
  on "container" {
    when    = self.platform == "compose" || self.platform == "ecs"
    fail    = self.read_only != true
    at      = ["read_only", "readonlyRootFilesystem"]
    message = "${self.name} can write its root file system"
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
              readOnlyRootFilesystem: false
    EOT
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
              runAsNonRoot: true
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
              readOnlyRootFilesystem: true
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        a:
          image: a:1
          read_only: true
    EOT
  }
}

rule "FB-ATTACH-010" {
  title    = "Content is served without nosniff"
  control  = "attachments"
  severity = "low"
  cites    = ["HIPAA 164.308(a)(5)(ii)(B)"]
  advice   = "Add content_type_options and a sandboxing content security policy."
  peers    = ["CKV2_AWS_32", "CKV_AWS_259"]

  on "aws_cloudfront_response_headers_policy" {
    fail = absent(self.security_headers_config.content_type_options)
    at   = ["security_headers_config.content_type_options", "security_headers_config"]
  }
  on "AWS::CloudFront::ResponseHeadersPolicy" {
    fail = absent(self.ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentTypeOptions)
    at   = ["ResponseHeadersPolicyConfig.SecurityHeadersConfig", "ResponseHeadersPolicyConfig"]
  }
  on "aws_cloudfront_distribution" {
    fail    = absent(self.default_cache_behavior.response_headers_policy_id)
    at      = "default_cache_behavior"
    message = "the distribution has no policy of response headers"
  }
  on "AWS::CloudFront::Distribution" {
    fail    = absent(self.DistributionConfig.DefaultCacheBehavior.ResponseHeadersPolicyId)
    at      = ["DistributionConfig.DefaultCacheBehavior", "DistributionConfig"]
    message = "the distribution has no policy of response headers"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_response_headers_policy" "x" {
        name = "p"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_response_headers_policy" "x" {
        name = "p"
        security_headers_config {
          frame_options {
            frame_option = "DENY"
            override     = true
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_response_headers_policy" "x" {
        name = "p"
        security_headers_config {
          content_type_options {
            override = true
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_distribution" "x" {
        enabled = true
        default_cache_behavior {
          response_headers_policy_id = "67f7725c-6f97-4210-82d7-5512b31e9d03"
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Cdn:
          Type: AWS::CloudFront::Distribution
          Properties:
            DistributionConfig:
              Enabled: true
              DefaultCacheBehavior:
                TargetOriginId: o
                ViewerProtocolPolicy: https-only
                Compress: true
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Cdn:
          Type: AWS::CloudFront::Distribution
          Properties:
            DistributionConfig:
              Enabled: true
              DefaultCacheBehavior:
                TargetOriginId: o
                ViewerProtocolPolicy: https-only
                ResponseHeadersPolicyId: 67f7725c-6f97-4210-82d7-5512b31e9d03
    EOT
  }
}

rule "FB-ATTACH-011" {
  title    = "Any web page may write to a bucket from a browser"
  control  = "attachments"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "List the origins."
  peers    = ["terraform/aws/s3_bucket_with_unsecured_cors_rule"]

  on "aws_s3_bucket" "aws_s3_bucket_cors_configuration" {
    fail = [for r in list(self.cors_rule) : r if (contains(r.allowed_origins, "*") || contains(r.allowed_headers, "*")) && any([for m in list(r.allowed_methods) : one_of(m, "PUT", "POST", "DELETE", "*")])]
    at   = ["allowed_origins", "allowed_headers"]
  }
  on "google_storage_bucket" {
    fail = [for r in list(self.cors) : r if contains(r.origin, "*") && any([for m in list(r.method) : one_of(m, "PUT", "POST", "DELETE", "*")])]
    at   = "origin"
  }
  on "azurerm_storage_account" {
    fail = [for r in list(self.blob_properties.cors_rule) : r if contains(r.allowed_origins, "*") && any([for m in list(r.allowed_methods) : one_of(m, "PUT", "POST", "DELETE", "MERGE")])]
    at   = "allowed_origins"
  }
  on "AWS::S3::Bucket" {
    fail = [for r in list(self.CorsConfiguration.CorsRules) : r if (contains(r.AllowedOrigins, "*") || contains(r.AllowedHeaders, "*")) && any([for m in list(r.AllowedMethods) : one_of(m, "PUT", "POST", "DELETE", "*")])]
    at   = ["AllowedOrigins", "AllowedHeaders"]
  }
  on "Microsoft.Storage/storageAccounts/blobServices" {
    fail = [for r in list(self.properties.cors.corsRules) : r if contains(r.allowedOrigins, "*") && any([for m in list(r.allowedMethods) : one_of(m, "PUT", "POST", "DELETE", "MERGE")])]
    at   = "allowedOrigins"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "b"
        cors_rule {
          allowed_headers = ["*"]
          allowed_methods = ["PUT", "POST"]
          allowed_origins = ["*"]
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_storage_bucket" "x" {
        name = "b"
        cors {
          origin = ["*"]
          method = ["POST"]
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "b"
        cors_rule {
          allowed_headers = ["content-type"]
          allowed_methods = ["PUT"]
          allowed_origins = ["https://app.example.org"]
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_storage_bucket" "x" {
        name = "b"
        cors {
          origin = ["https://app.example.org"]
          method = ["POST"]
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Uploads:
          Type: AWS::S3::Bucket
          Properties:
            CorsConfiguration:
              CorsRules:
                - AllowedMethods: [PUT]
                  AllowedOrigins: ["*"]
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Uploads:
          Type: AWS::S3::Bucket
          Properties:
            CorsConfiguration:
              CorsRules:
                - AllowedMethods: [PUT]
                  AllowedOrigins: ["https://portal.example.org"]
    EOT
  }
}

rule "FB-ATTACH-012" {
  title    = "Nothing happens when an object is uploaded: there is no quarantine"
  control  = "attachments"
  severity = "low"
  cites    = ["HIPAA 164.308(a)(5)(ii)(B)"]
  advice   = "Trigger a scan by a notification."
  peers    = ["CKV2_AWS_62"]

  on "aws_s3_bucket" {
    when = regex_match("(?i)attachment|document|dicom|upload|import|binary|intake", self.bucket, self._name)
    fail = length(linked_from(self, "aws_s3_bucket_notification", "aws_guardduty_malware_protection_plan")) == 0
  }
  on "google_storage_bucket" {
    when = regex_match("(?i)attachment|document|dicom|upload|import|binary|intake", self.name, self._name)
    fail = length(linked_from(self, "google_storage_notification", "google_eventarc_trigger", "google_cloudfunctions2_function", "google_cloudfunctions_function")) == 0
  }
  on "AWS::S3::Bucket" {
    when = regex_match("(?i)attachment|document|dicom|upload|import|binary|intake", self.BucketName, self._name)
    fail = absent(self.NotificationConfiguration) && length(linked_from(self, "AWS::GuardDuty::MalwareProtectionPlan")) == 0
  }
  on "azurerm_storage_account" {
    when = regex_match("(?i)attachment|document|dicom|upload|import|binary|intake", self.name, self._name)
    fail = length(linked_from(self, "azurerm_eventgrid_system_topic", "azurerm_eventgrid_event_subscription", "azurerm_security_center_storage_defender")) == 0
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "uploads"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_storage_bucket" "x" {
        name = "documents"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "uploads"
      }
      resource "aws_s3_bucket_notification" "x" {
        bucket = aws_s3_bucket.x.id
        lambda_function {
          lambda_function_arn = "f"
          events              = ["s3:ObjectCreated:*"]
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_storage_bucket" "x" {
        name = "documents"
      }
      resource "google_storage_notification" "x" {
        bucket = google_storage_bucket.x.name
        topic = "t"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Uploads:
          Type: AWS::S3::Bucket
          Properties:
            BucketName: uploads
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Uploads:
          Type: AWS::S3::Bucket
          Properties:
            NotificationConfiguration:
              EventBridgeConfiguration:
                EventBridgeEnabled: true
    EOT
  }
}
