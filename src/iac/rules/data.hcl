# Data Management Policies.

locals {
  # A name or label that says that health data is there.
  health = "(?i:fhir|patient|health|dicom|hl7|medical|clinical|(^|[^a-z])e?phi([^a-z]|$))|PHI|[a-z]Phi"
}

rule "FB-DATA-001" {
  title    = "A HealthLake store is not encrypted with a key of one's own"
  control  = "data-management"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 32"]
  advice   = "Set SseConfiguration with CmkType CUSTOMER_MANAGED_KMS_KEY and a key."
  peers    = []

  # AWS_OWNED_KMS_KEY when absent (2025-01).
  on "AWS::HealthLake::FHIRDatastore" {
    fail = self.SseConfiguration.KmsEncryptionConfig.CmkType != "CUSTOMER_MANAGED_KMS_KEY"
    at   = ["SseConfiguration.KmsEncryptionConfig.CmkType", "SseConfiguration"]
    fix  = { "SseConfiguration.KmsEncryptionConfig.CmkType" = "CUSTOMER_MANAGED_KMS_KEY" }
  }
  on "awscc_healthlake_fhir_datastore" "aws_healthlake_fhir_datastore" {
    fail = self.sse_configuration.kms_encryption_config.cmk_type != "CUSTOMER_MANAGED_KMS_KEY"
    at   = ["sse_configuration.kms_encryption_config.cmk_type", "sse_configuration"]
  }

  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::HealthLake::FHIRDatastore
          Properties:
            DatastoreTypeVersion: R4
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "awscc_healthlake_fhir_datastore" "x" {
        datastore_type_version = "R4"
        sse_configuration = {
          kms_encryption_config = {
            cmk_type = "AWS_OWNED_KMS_KEY"
          }
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::HealthLake::FHIRDatastore
          Properties:
            DatastoreTypeVersion: R4
            SseConfiguration:
              KmsEncryptionConfig:
                CmkType: CUSTOMER_MANAGED_KMS_KEY
                KmsKeyId: alias/fhir
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "awscc_healthlake_fhir_datastore" "x" {
        datastore_type_version = "R4"
        sse_configuration = {
          kms_encryption_config = {
            cmk_type   = "CUSTOMER_MANAGED_KMS_KEY"
            kms_key_id = "alias/fhir"
          }
        }
      }
    EOT
  }
}

rule "FB-DATA-002" {
  title    = "An Azure health service is not encrypted with a key of one's own"
  control  = "data-management"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 32"]
  advice   = "Name a customer-managed key of a key vault."
  peers    = []

  on "azurerm_healthcare_dicom_service" {
    fail = absent(self.encryption_key_url)
    at   = "encryption_key_url"
  }
  on "azurerm_healthcare_service" {
    fail = absent(self.cosmosdb_key_vault_key_versionless_id)
    at   = "cosmosdb_key_vault_key_versionless_id"
  }
  on "Microsoft.HealthcareApis/services" {
    fail = absent(self.properties.cosmosDbConfiguration.keyVaultKeyUri)
    at   = ["properties.cosmosDbConfiguration", "properties"]
  }
  on "Microsoft.HealthcareApis/workspaces/fhirservices" "Microsoft.HealthcareApis/workspaces/dicomservices" {
    fail = absent(self.properties.encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl)
    at   = ["properties.encryption", "properties"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_service" "x" {
        name = "s"
        location = "westeurope"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_dicom_service" "x" {
        name = "d"
        location = "westeurope"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_service" "x" {
        name                                  = "s"
        cosmosdb_key_vault_key_versionless_id = "https://v.vault.azure.net/keys/k"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_dicom_service" "x" {
        name               = "d"
        encryption_key_url = "https://v.vault.azure.net/keys/k"
      }
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [{
          "type": "Microsoft.HealthcareApis/services", "apiVersion": "2021-11-01", "name": "fhir", "location": "westeurope",
          "kind": "fhir-R4",
          "properties": { "cosmosDbConfiguration": { "offerThroughput": 1000 } }
        }]
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azapi_resource" "fhir" {
        type     = "Microsoft.HealthcareApis/workspaces/fhirServices@2023-11-01"
        name     = "fhir"
        location = "westeurope"
        body = {
          kind       = "fhir-R4"
          properties = {}
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azapi_resource" "fhir" {
        type     = "Microsoft.HealthcareApis/workspaces/fhirServices@2023-11-01"
        name     = "fhir"
        location = "westeurope"
        body = {
          kind       = "fhir-R4"
          properties = { encryption = { customerManagedKeyEncryption = { keyEncryptionKeyUrl = "https://v.vault.azure.net/keys/fhir" } } }
        }
      }
    EOT
  }
}

rule "FB-DATA-003" {
  title    = "A Google healthcare dataset is not encrypted with a key of one's own"
  control  = "data-management"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 32"]
  advice   = "Set encryption_spec.kms_key_name."
  peers    = []

  on "google_healthcare_dataset" {
    fail = absent(self.encryption_spec.kms_key_name)
    at   = ["encryption_spec.kms_key_name", "encryption_spec"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset" "x" {
        name = "d"
        location = "europe-west1"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset" "x" {
        name = "d"
        location = "europe-west1"
        encryption_spec {
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset" "x" {
        name     = "d"
        location = "europe-west1"
        encryption_spec {
          kms_key_name = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset" "x" {
        name     = "d"
        location = "europe-west1"
        encryption_spec {
          kms_key_name = google_kms_crypto_key.k.id
        }
      }
      resource "google_kms_crypto_key" "k" {
        name = "k"
        key_ring = "r"
      }
    EOT
  }
}

rule "FB-DATA-004" {
  title    = "A FHIR store keeps no history"
  control  = "data-management"
  severity = "high"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Keep versions of resources."
  peers    = []

  on "google_healthcare_fhir_store" {
    fail = self.disable_resource_versioning == true
    at   = "disable_resource_versioning"
    fix  = { disable_resource_versioning = false }
  }
  on "Microsoft.HealthcareApis/workspaces/fhirservices" {
    let {
      policy = self.properties.resourceVersionPolicyConfiguration
    }
    fail = one_of(policy.default, "no-version") || any([for type, kept in policy.resourceTypeOverrides : one_of(kept, "no-version")])
    at   = ["properties.resourceVersionPolicyConfiguration.resourceTypeOverrides", "properties.resourceVersionPolicyConfiguration.default"]
  }
  on "fhir_server" {
    fail    = any([for name, kept in self.env : glob_match("FhirServer__CoreFeatures__Versioning__*", replace(name, ":", "__")) && one_of(kept, "no-version")])
    message = "the server keeps no versions"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        version = "R4"
        disable_resource_versioning = true
      }
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: mcr.microsoft.com/healthcareapis/r4-fhir-server:latest
          environment:
            FhirServer__CoreFeatures__Versioning__Default: no-version
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name                        = "s"
        version                     = "R4"
        disable_resource_versioning = false
      }
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: mcr.microsoft.com/healthcareapis/r4-fhir-server:4.0.1
          environment:
            FhirServer__CoreFeatures__Versioning__Default: versioned
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [{
          "type": "Microsoft.HealthcareApis/workspaces/fhirservices", "apiVersion": "2023-11-01", "name": "w/fhir", "location": "westeurope",
          "kind": "fhir-R4",
          "properties": { "resourceVersionPolicyConfiguration": { "default": "versioned", "resourceTypeOverrides": { "Observation": "no-version" } } }
        }]
      }
    EOT
  }
}

rule "FB-DATA-005" {
  title    = "The history of a FHIR store can be rewritten"
  control  = "data-management"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Switch import, modification and deletion of history off."
  peers    = []

  on "google_healthcare_fhir_store" {
    fail    = self.enable_history_import == true
    at      = "enable_history_import"
    message = "history can be imported"
    fix     = { enable_history_import = false }
  }
  on "google_healthcare_fhir_store" {
    fail    = self.enable_history_modifications == true
    at      = "enable_history_modifications"
    message = "history can be changed"
    fix     = { enable_history_modifications = false }
  }
  on "fhir_server" {
    fail    = any([for k, v in self.env : one_of(v, "true") && key({ (k) = v }, "ENABLE_INTERACTION_DELETE_HISTORY", "hapi.fhir.expunge_enabled", "hapi.fhir.delete_expunge_enabled") != null])
    message = "history can be deleted"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        version = "R4"
        enable_history_import = true
      }
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        blaze:
          image: samply/blaze:0.30
          environment:
            ENABLE_INTERACTION_DELETE_HISTORY: "true"
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name                         = "s"
        version                      = "R4"
        enable_history_import        = false
        enable_history_modifications = false
      }
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        blaze:
          image: samply/blaze:0.30
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name                         = "s"
        enable_history_modifications = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name                         = "s"
        enable_history_modifications = false
      }
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
            image: hapiproject/hapi:v7.2.0
            envFrom:
              - secretRef:
                  name: database
            args: ["--hapi.fhir.delete_expunge_enabled=true"]
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
            image: hapiproject/hapi:v7.2.0
            envFrom:
              - secretRef:
                  name: database
            args: ["--hapi.fhir.delete_expunge_enabled=false"]
    EOT
  }
}

rule "FB-DATA-006" {
  title    = "A plan or stack update can destroy a health data store"
  control  = "data-management"
  severity = "high"
  cites    = ["HIPAA 164.312(c)(1)", "HIPAA 164.308(a)(7)(ii)(A)", "GDPR 32"]
  advice   = "Set prevent_destroy, DeletionPolicy and UpdateReplacePolicy: Retain."
  peers    = []

  on "google_healthcare_dataset" "google_healthcare_fhir_store" "google_healthcare_dicom_store" "azurerm_healthcare_fhir_service" "azurerm_healthcare_dicom_service" "azurerm_healthcare_workspace" "azurerm_healthcare_service" "awscc_healthlake_fhir_datastore" {
    when = self._language != "plan"
    fail = self.lifecycle.prevent_destroy != true
    at   = ["lifecycle.prevent_destroy", "lifecycle"]
  }
  on "google_healthcare_dataset" "google_healthcare_fhir_store" "google_healthcare_dicom_store" "google_healthcare_hl7_v2_store" "azurerm_healthcare_fhir_service" "azurerm_healthcare_dicom_service" "azurerm_healthcare_workspace" "azurerm_healthcare_service" "awscc_healthlake_fhir_datastore" {
    when    = self._language == "plan"
    fail    = contains(self._change.actions, "delete")
    message = contains(self._change.actions, "create") ? "this apply replaces the store, with all that is in it" : "this apply destroys the store"
  }
  on "AWS::HealthLake::FHIRDatastore" {
    fail = !one_of(self.DeletionPolicy, "Retain") || !one_of(self.UpdateReplacePolicy, "Retain")
    at   = ["DeletionPolicy", "UpdateReplacePolicy"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset" "x" {
        name = "d"
        location = "europe-west1"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::HealthLake::FHIRDatastore
          Properties:
            DatastoreTypeVersion: R4
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset" "x" {
        name     = "d"
        location = "europe-west1"
        lifecycle {
          prevent_destroy = true
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::HealthLake::FHIRDatastore
          DeletionPolicy: Retain
          UpdateReplacePolicy: Retain
          Properties:
            DatastoreTypeVersion: R4
    EOT
  }
  example "fail" "plan" {
    text = <<-EOT
      {"format_version": "1.2", "terraform_version": "1.9.0",
       "planned_values": {"root_module": {"resources": [
         {"address": "google_healthcare_fhir_store.s", "mode": "managed", "type": "google_healthcare_fhir_store", "name": "s",
          "values": {"name": "s", "version": "R4"}}]}},
       "resource_changes": [
         {"address": "google_healthcare_fhir_store.s", "mode": "managed", "type": "google_healthcare_fhir_store", "name": "s",
          "change": {"actions": ["delete", "create"], "before": {"version": "STU3"}, "after": {"name": "s", "version": "R4"},
                     "after_unknown": {}, "replace_paths": [["version"]]}}]}
    EOT
  }
  example "pass" "plan" {
    text = <<-EOT
      {"format_version": "1.2", "terraform_version": "1.9.0",
       "planned_values": {"root_module": {"resources": [
         {"address": "google_healthcare_fhir_store.s", "mode": "managed", "type": "google_healthcare_fhir_store", "name": "s",
          "values": {"name": "s", "version": "R4"}}]}},
       "resource_changes": [
         {"address": "google_healthcare_fhir_store.s", "mode": "managed", "type": "google_healthcare_fhir_store", "name": "s",
          "change": {"actions": ["update"], "before": {"version": "STU3"}, "after": {"name": "s", "version": "R4"},
                     "after_unknown": {}, "replace_paths": [["version"]]}}]}
    EOT
  }
}

rule "FB-DATA-007" {
  title    = "Azure API for FHIR is retired"
  control  = "data-management"
  severity = "high"
  cites    = ["HIPAA 164.308(a)(7)(ii)(A)"]
  advice   = "Move to azurerm_healthcare_workspace with azurerm_healthcare_fhir_service."
  peers    = []

  on "azurerm_healthcare_service" "Microsoft.HealthcareApis/services" {
    fail    = true
    message = "the service was to retire on 2026-09-30; new deployments stopped on 2025-04-01"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_service" "x" {
        name = "s"
        location = "westeurope"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_service" "x" {
        name = "t"
        location = "northeurope"
        kind = "fhir-R4"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "s"
        location = "westeurope"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_workspace" "x" {
        name = "s"
        location = "westeurope"
      }
    EOT
  }
}

rule "FB-DATA-008" {
  title    = "No provider ships this type: nothing is deployed"
  control  = "data-management"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 32"]
  advice   = "Use awscc_healthlake_fhir_datastore, or AWS::HealthLake::FHIRDatastore."
  peers    = []

  on "aws_healthlake_fhir_datastore" "aws_healthlake_datastore" "azurerm_healthcare_fhir_store" "google_healthcare_store" {
    fail = true
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_healthlake_fhir_datastore" "x" {
        datastore_type_version = "R4"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_healthlake_datastore" "x" {
        datastore_name = "s"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "awscc_healthlake_fhir_datastore" "x" {
        datastore_type_version = "R4"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        version = "R4"
      }
    EOT
  }
}

rule "FB-DATA-009" {
  title    = "FHIR data flows into a store that is protected less"
  control  = "data-management"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 5", "GDPR 32"]
  advice   = "Protect the sink with a key of your own, as the store."
  peers    = []

  on "google_bigquery_dataset" {
    when    = length(linked_from(self, "google_healthcare_fhir_store")) > 0 && any([for d in resources("google_healthcare_dataset") : present(d.encryption_spec.kms_key_name)])
    fail    = absent(self.default_encryption_configuration.kms_key_name)
    at      = ["default_encryption_configuration"]
    message = "the FHIR store has a key of its own, the BigQuery dataset it streams to has none"
  }
  on "google_bigquery_dataset" {
    when    = length(linked_from(self, "google_healthcare_fhir_store")) > 0
    fail    = any([for a in list(self.access) : one_of(a.special_group, "allAuthenticatedUsers", "allUsers") || one_of(a.iam_member, "allUsers", "allAuthenticatedUsers")])
    at      = "access"
    message = "the dataset that the FHIR store streams to is public"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset" "d" {
        name     = "d"
        location = "eu"
        encryption_spec {
          kms_key_name = "k"
        }
      }
      resource "google_bigquery_dataset" "b" {
        dataset_id = "b"
      }
      resource "google_healthcare_fhir_store" "s" {
        name    = "s"
        dataset = google_healthcare_dataset.d.id
        stream_configs {
          bigquery_destination {
            dataset_uri = "bq://p.$${google_bigquery_dataset.b.dataset_id}"
          }
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_bigquery_dataset" "b" {
        dataset_id = "b"
        access {
          role          = "READER"
          special_group = "allAuthenticatedUsers"
        }
      }
      resource "google_healthcare_fhir_store" "s" {
        name = "s"
        stream_configs {
          bigquery_destination {
            dataset_uri = "bq://p.$${google_bigquery_dataset.b.dataset_id}"
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset" "d" {
        name     = "d"
        location = "eu"
        encryption_spec {
          kms_key_name = "k"
        }
      }
      resource "google_bigquery_dataset" "b" {
        dataset_id = "b"
        default_encryption_configuration {
          kms_key_name = "k"
        }
      }
      resource "google_healthcare_fhir_store" "s" {
        name    = "s"
        dataset = google_healthcare_dataset.d.id
        stream_configs {
          bigquery_destination {
            dataset_uri = "bq://p.$${google_bigquery_dataset.b.dataset_id}"
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_bigquery_dataset" "x" {
        dataset_id = "b"
      }
    EOT
  }
}

rule "FB-DATA-010" {
  title    = "Change notifications carry whole resources"
  control  = "data-management"
  severity = "medium"
  cites    = ["HIPAA 164.502(b)"]
  advice   = "Send references only; let receivers read with their own token."
  peers    = ["CKV_GCP_83"]

  on "google_healthcare_fhir_store" {
    fail    = [for n in list(self.notification_configs) : n if n.send_full_resource == true]
    at      = "send_full_resource"
    message = "notifications carry the whole resource"
    fix     = { "notification_configs.send_full_resource" = false }
  }
  on "google_healthcare_fhir_store" {
    fail    = [for n in list(self.notification_configs) : n if n.send_previous_resource_on_delete == true]
    at      = "send_previous_resource_on_delete"
    message = "notifications carry the deleted resource"
  }
  on "google_pubsub_topic" {
    when    = length(linked_from(self, "google_healthcare_*")) > 0
    fail    = absent(self.kms_key_name)
    at      = "kms_key_name"
    message = "the topic of the notifications is not encrypted with a key of one's own"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        notification_configs {
          pubsub_topic       = "t"
          send_full_resource = true
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        notification_configs {
          pubsub_topic                     = "t"
          send_previous_resource_on_delete = true
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        notification_configs {
          pubsub_topic       = "t"
          send_full_resource = false
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_pubsub_topic" "changes" {
        name = "changes"
      }
      resource "google_healthcare_fhir_store" "x" {
        name    = "s"
        dataset = "d"
        version = "R4"
        notification_configs {
          pubsub_topic = google_pubsub_topic.changes.id
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_pubsub_topic" "changes" {
        name         = "changes"
        kms_key_name = "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k"
      }
      resource "google_healthcare_fhir_store" "x" {
        name    = "s"
        dataset = "d"
        version = "R4"
        notification_configs {
          pubsub_topic       = google_pubsub_topic.changes.id
          send_full_resource = false
        }
      }
    EOT
  }
}

rule "FB-DATA-011" {
  title    = "A bucket is not encrypted with a key of one's own"
  control  = "data-management"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 32"]
  advice   = "Encrypt with aws:kms and a customer-managed key."
  peers    = ["CKV_AWS_19", "CKV_AWS_145", "CKV2_AZURE_1", "cloudFormation/aws/s3_bucket_without_server_side_encryption", "AWS-0088", "AWS-0132", "AZU-0060", "GCP-0066"]

  # Amazon encrypts new buckets with AES256 since 2023-01, Google and Azure always have with keys of
  # their own: what is asked for is a key of the customer's account.
  on "object_store" {
    fail = self.provider == "aws" ? !one_of(self.encryption, "aws:kms", "aws:kms:dsse") && absent(self.kms_key) : absent(self.kms_key)
    at   = ["server_side_encryption_configuration", "BucketEncryption", "encryption.default_kms_key_name", "encryption", "customer_managed_key", "properties.encryption"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "records"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::S3::Bucket
          Properties:
            BucketName: records
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "records"
      }
      resource "aws_s3_bucket_server_side_encryption_configuration" "x" {
        bucket = aws_s3_bucket.x.id
        rule {
          apply_server_side_encryption_by_default {
            sse_algorithm = "aws:kms"
          }
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::S3::Bucket
          Properties:
            BucketName: records
            BucketEncryption:
              ServerSideEncryptionConfiguration:
                - ServerSideEncryptionByDefault:
                    SSEAlgorithm: aws:kms
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name                     = "records"
        resource_group_name      = "g"
        location                 = "westeurope"
        account_tier             = "Standard"
        account_replication_type = "GRS"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "records"
      }
      resource "aws_s3_bucket_server_side_encryption_configuration" "x" {
        bucket = "records"
        rule {
          apply_server_side_encryption_by_default {
            sse_algorithm = "AES256"
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name                     = "records"
        resource_group_name      = "g"
        location                 = "westeurope"
        account_tier             = "Standard"
        account_replication_type = "GRS"
      }
      resource "azurerm_storage_account_customer_managed_key" "x" {
        storage_account_id = azurerm_storage_account.x.id
        key_vault_id       = "v"
        key_name           = "records"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      module "records" {
        source = "terraform-aws-modules/s3-bucket/aws"
        bucket = "records"
        server_side_encryption_configuration = {
          rule = { apply_server_side_encryption_by_default = { sse_algorithm = "aws:kms", kms_master_key_id = "alias/records" } }
        }
      }
    EOT
  }
}

rule "FB-DATA-012" {
  title    = "The storage of a database is not encrypted"
  control  = "data-management"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 32"]
  advice   = "Encrypt the storage, with a key of your own."
  peers    = ["CKV_AWS_16", "CKV_AWS_96", "CKV_AWS_74", "CKV_AWS_44", "terraform/aws/db_instance_storage_not_encrypted", "terraform/aws/rds_storage_not_encrypted", "cloudFormation/aws/rds_storage_not_encrypted", "AWS-0080", "AWS-0079", "AWS-0021", "AWS-0076"]

  # Off when absent (provider aws 5, 2025-01).
  on "aws_db_instance" {
    when = absent(self.replicate_source_db) && absent(self.snapshot_identifier)
    fail = self.storage_encrypted == false || absent(self.storage_encrypted) && absent(self.kms_key_id)
    at   = "storage_encrypted"
    fix  = { storage_encrypted = true }
  }
  # Serverless v1 is always encrypted.
  on "aws_rds_cluster" {
    when = self.engine_mode != "serverless" && absent(self.replication_source_identifier) && absent(self.snapshot_identifier)
    fail = self.storage_encrypted == false || absent(self.storage_encrypted) && absent(self.kms_key_id)
    at   = "storage_encrypted"
    fix  = { storage_encrypted = true }
  }
  on "aws_docdb_cluster" "aws_neptune_cluster" "aws_rds_global_cluster" {
    when = absent(self.snapshot_identifier) && absent(self.source_db_cluster_identifier)
    fail = self.storage_encrypted == false || absent(self.storage_encrypted) && absent(self.kms_key_id)
    at   = "storage_encrypted"
    fix  = { storage_encrypted = true }
  }
  on "aws_redshift_cluster" {
    fail = self.encrypted != true
    at   = "encrypted"
    fix  = { encrypted = true }
  }
  on "AWS::RDS::DBInstance" {
    when = absent(self.DBClusterIdentifier)
    fail = self.StorageEncrypted == false || absent(self.StorageEncrypted) && absent(self.SourceDBInstanceIdentifier)
    at   = "StorageEncrypted"
    fix  = { StorageEncrypted = true }
  }
  on "AWS::RDS::DBCluster" "AWS::DocDB::DBCluster" "AWS::Neptune::DBCluster" "AWS::RDS::GlobalCluster" {
    when = self.EngineMode != "serverless"
    fail = self.StorageEncrypted != true
    at   = "StorageEncrypted"
    fix  = { StorageEncrypted = true }
  }
  on "AWS::Redshift::Cluster" {
    fail = self.Encrypted != true
    at   = "Encrypted"
  }
  on "aws_neptune_cluster_snapshot" "aws_db_cluster_snapshot" {
    fail = self.storage_encrypted == false
    at   = "storage_encrypted"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_db_instance" "x" {
        engine = "postgres"
        storage_encrypted = false
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::RDS::DBInstance
          Properties:
            Engine: postgres
            DBInstanceClass: db.m6g.large
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_db_instance" "x" {
        engine            = "postgres"
        storage_encrypted = true
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::RDS::DBInstance
          Properties:
            Engine: postgres
            StorageEncrypted: true
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_rds_cluster" "x" {
        engine            = "aurora-postgresql"
        storage_encrypted = true
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_rds_cluster" "x" {
        engine            = "aurora-postgresql"
        storage_encrypted = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_rds_cluster" "x" {
        engine            = "aurora-postgresql"
        storage_encrypted = true
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_docdb_cluster" "x" {
        engine            = "docdb"
        storage_encrypted = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_docdb_cluster" "x" {
        engine            = "docdb"
        storage_encrypted = true
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_redshift_cluster" "x" {
        cluster_identifier = "w"
        encrypted          = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_redshift_cluster" "x" {
        cluster_identifier = "w"
        encrypted          = true
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        D:
          Type: AWS::RDS::DBCluster
          Properties:
            Engine: aurora-postgresql
            StorageEncrypted: false
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        D:
          Type: AWS::RDS::DBCluster
          Properties:
            Engine: aurora-postgresql
            StorageEncrypted: true
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      module "db" {
        source  = "terraform-aws-modules/rds/aws"
        version = "~> 6.0"
        engine  = "postgres"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      module "db" {
        source            = "terraform-aws-modules/rds-aurora/aws"
        engine            = "aurora-postgresql"
        storage_encrypted = false
      }
    EOT
  }
}

rule "FB-DATA-013" {
  title    = "A disk or file system is not encrypted"
  control  = "data-management"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 32"]
  advice   = "Encrypt every disk; name a key of your own."
  peers    = ["CKV_AWS_3", "CKV_AWS_42", "CKV_AWS_8", "CKV_AZURE_2", "CKV_GCP_37", "terraform/aws/ebs_volume_encryption_disabled", "terraform/aws/efs_not_encrypted", "terraform/aws/launch_configuration_is_not_encrypted", "terraform/azure/encryption_on_managed_disk_disabled", "terraform/gcp/disk_encryption_disabled", "azureResourceManager/azure_managed_disk_without_encryption", "cloudFormation/aws/ebs_volume_encryption_disabled", "cloudFormation/aws/efs_not_encrypted", "AWS-0026", "AWS-0037", "AWS-0131", "AZU-0038", "GCP-0033"]

  on "aws_ebs_volume" {
    fail = self.encrypted != true
    at   = "encrypted"
    fix  = { encrypted = true }
  }
  on "aws_ebs_snapshot_copy" {
    fail = self.encrypted != true
    at   = "encrypted"
  }
  on "aws_efs_file_system" {
    fail = self.encrypted != true
    at   = "encrypted"
    fix  = { encrypted = true }
  }
  on "aws_instance" "aws_launch_configuration" {
    fail    = [for d in join_lists(self.root_block_device, self.ebs_block_device) : d if d.encrypted != true && absent(d.no_device) && absent(d.snapshot_id)]
    at      = "encrypted"
    message = "a block device is not encrypted"
    fix     = { encrypted = true }
  }
  on "module" {
    when    = strcontains(self.source, "autoscaling")
    fail    = [for d in join_lists(self.root_block_device, self.ebs_block_device) : d if d.encrypted != true && absent(d.snapshot_id)]
    at      = "encrypted"
    message = "a block device is not encrypted"
  }
  on "aws_launch_template" {
    fail    = [for d in list(self.block_device_mappings) : d if present(d.ebs) && d.ebs.encrypted != true]
    at      = ["ebs.encrypted", "ebs"]
    message = "a block device is not encrypted"
  }
  on "AWS::EC2::Volume" {
    fail = self.Encrypted != true
    at   = "Encrypted"
    fix  = { Encrypted = true }
  }
  on "AWS::EFS::FileSystem" {
    fail = self.Encrypted != true
    at   = "Encrypted"
    fix  = { Encrypted = true }
  }
  on "azurerm_managed_disk" {
    fail = self.encryption_settings.enabled == false || (absent(self.encryption_settings) && absent(self.disk_encryption_set_id))
    at   = ["encryption_settings.enabled", "encryption_settings"]
  }
  on "Microsoft.Compute/disks" {
    fail = either(self.properties.encryptionSettingsCollection.enabled, self.properties.encryption.type) == null || self.properties.encryptionSettingsCollection.enabled == false
    at   = ["properties.encryptionSettingsCollection.enabled", "properties"]
  }
  on "google_compute_disk" {
    fail    = absent(self.disk_encryption_key.kms_key_self_link) && absent(self.disk_encryption_key.raw_key) && absent(self.disk_encryption_key.rsa_encrypted_key)
    at      = ["disk_encryption_key", "disk_encryption_key.raw_key"]
    message = "the disk has no key of one's own"
  }
  on "google_compute_instance" {
    fail    = [for d in join_lists(self.boot_disk, self.attached_disk) : d if absent(d.kms_key_self_link) && absent(d.disk_encryption_key_raw)]
    message = "a disk has no key of one's own"
  }
  on "aws_ami" {
    fail    = [for d in list(self.ebs_block_device) : d if d.encrypted == false || d.encrypted == null && absent(d.snapshot_id)]
    at      = "encrypted"
    message = "a block device of the image is not encrypted"
  }
  on "aws_ami_copy" {
    fail = self.encrypted != true
    at   = "encrypted"
    fix  = { encrypted = true }
  }
  on "aws_ebs_encryption_by_default" {
    fail = self.enabled == false
    at   = "enabled"
    fix  = { enabled = true }
  }
  on "aws_workspaces_workspace" {
    fail = self.root_volume_encryption_enabled != true || self.user_volume_encryption_enabled != true
    at   = ["root_volume_encryption_enabled", "user_volume_encryption_enabled"]
  }
  on "AWS::WorkSpaces::Workspace" {
    fail = self.UserVolumeEncryptionEnabled != true || self.RootVolumeEncryptionEnabled == false
    at   = ["UserVolumeEncryptionEnabled", "RootVolumeEncryptionEnabled"]
  }
  on "AWS::EC2::Instance" "AWS::AutoScaling::LaunchConfiguration" "AWS::EC2::LaunchTemplate" {
    fail    = [for d in join_lists(self.BlockDeviceMappings, self.LaunchTemplateData.BlockDeviceMappings) : d if present(d.Ebs) && d.Ebs.Encrypted != true && absent(d.Ebs.SnapshotId)]
    at      = ["Ebs.Encrypted", "Ebs"]
    message = "a block device is not encrypted"
  }
  on "StorageClass" {
    when = one_of(self.provisioner, "ebs.csi.aws.com", "kubernetes.io/aws-ebs")
    fail = self.parameters.encrypted != true
    at   = ["parameters.encrypted", "parameters"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_ebs_volume" "x" {
        availability_zone = "eu-west-1a"
        size = 40
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::EFS::FileSystem
          Properties:
            Encrypted: false
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_ebs_volume" "x" {
        availability_zone = "eu-west-1a"
        size              = 40
        encrypted         = true
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::EFS::FileSystem
          Properties:
            Encrypted: true
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_efs_file_system" "x" {
        encrypted = true
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::EC2::Volume
          Properties:
            Size: 20
            AvailabilityZone: eu-west-1a
            Encrypted: true
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_efs_file_system" "x" {
        creation_token = "f"
        encrypted      = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_efs_file_system" "x" {
        creation_token = "f"
        encrypted      = true
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "ami-1"
        root_block_device {
          encrypted = false
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "ami-1"
        root_block_device {
          encrypted = true
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        V:
          Type: AWS::EC2::Volume
          Properties:
            AvailabilityZone: eu-central-1a
            Size: 20
            Encrypted: false
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        V:
          Type: AWS::EC2::Volume
          Properties:
            AvailabilityZone: eu-central-1a
            Size: 20
            Encrypted: true
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: storage.k8s.io/v1
      kind: StorageClass
      metadata:
        name: records
      provisioner: ebs.csi.aws.com
      parameters:
        type: gp3
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Host:
          Type: AWS::EC2::Instance
          Properties:
            BlockDeviceMappings:
              - DeviceName: /dev/sdf
                Ebs:
                  VolumeSize: 100
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_ami" "x" {
        name             = "fhir"
        root_device_name = "/dev/xvda"
        ebs_block_device {
          device_name = "/dev/xvda"
          snapshot_id = "snap-1"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_ami_copy" "x" {
        name              = "copy"
        source_ami_id     = "ami-1"
        source_ami_region = "eu-west-1"
        encrypted         = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_ami_copy" "x" {
        name              = "copy"
        source_ami_id     = "ami-1"
        source_ami_region = "eu-west-1"
        encrypted         = true
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_ebs_encryption_by_default" "x" {
        enabled = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_ebs_encryption_by_default" "x" {
        enabled = true
      }
    EOT
  }
}

rule "FB-DATA-014" {
  title    = "A cache, queue, topic or stream is not encrypted at rest"
  control  = "data-management"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 32"]
  advice   = "Encrypt it, with a key of your own."
  peers    = ["CKV_AWS_27", "CKV_AWS_26", "CKV_AWS_43", "CKV_AWS_119", "CKV_AWS_29", "CKV_AWS_5", "terraform/aws/sqs_with_sse_disabled", "terraform/aws/sns_topic_not_encrypted", "terraform/aws/elasticache_replication_group_not_encrypted_at_rest", "AWS-0096", "AWS-0095", "AWS-0064", "AWS-0025", "AWS-0045", "AWS-0048"]

  on "aws_elasticache_replication_group" {
    fail = self.at_rest_encryption_enabled != true
    at   = "at_rest_encryption_enabled"
    fix  = { at_rest_encryption_enabled = true }
  }
  on "aws_sns_topic" {
    fail = absent(self.kms_master_key_id)
    at   = "kms_master_key_id"
  }
  on "aws_sqs_queue" {
    fail = absent(self.kms_master_key_id) && self.sqs_managed_sse_enabled != true
    at   = ["sqs_managed_sse_enabled", "kms_master_key_id"]
  }
  on "aws_kinesis_stream" {
    fail = self.encryption_type == null || self.encryption_type == "NONE"
    at   = "encryption_type"
  }
  on "aws_kinesis_firehose_delivery_stream" {
    when = absent(self.kinesis_source_configuration)
    fail = self.server_side_encryption.enabled != true
    at   = ["server_side_encryption.enabled"]
  }
  on "aws_msk_cluster" {
    fail = absent(self.encryption_info.encryption_at_rest_kms_key_arn)
    at   = "encryption_info"
  }
  on "AWS::SNS::Topic" {
    fail = absent(self.KmsMasterKeyId)
    at   = "KmsMasterKeyId"
  }
  on "AWS::SQS::Queue" {
    fail = absent(self.KmsMasterKeyId) && self.SqsManagedSseEnabled == false
    at   = ["KmsMasterKeyId", "SqsManagedSseEnabled"]
  }
  on "AWS::ElastiCache::ReplicationGroup" {
    fail = self.AtRestEncryptionEnabled != true
    at   = "AtRestEncryptionEnabled"
    fix  = { AtRestEncryptionEnabled = true }
  }
  on "AWS::Kinesis::Stream" {
    fail = absent(self.StreamEncryption)
    at   = "StreamEncryption"
  }
  on "AWS::KinesisFirehose::DeliveryStream" {
    when = absent(self.KinesisStreamSourceConfiguration)
    fail = absent(self.DeliveryStreamEncryptionConfigurationInput)
    at   = "DeliveryStreamEncryptionConfigurationInput"
  }
  on "AWS::MSK::Cluster" {
    fail = absent(self.EncryptionInfo.EncryptionAtRest.DataVolumeKMSKeyId)
    at   = ["EncryptionInfo.EncryptionAtRest", "EncryptionInfo"]
  }
  # Tables and brokers are encrypted with a key of Amazon's own when nothing is said.
  on "aws_dynamodb_table" {
    fail = self.server_side_encryption.enabled != true
    at   = ["server_side_encryption.enabled", "server_side_encryption"]
    fix  = { "server_side_encryption.enabled" = true }
  }
  on "AWS::DynamoDB::Table" "AWS::DynamoDB::GlobalTable" {
    fail = self.SSESpecification.SSEEnabled != true
    at   = ["SSESpecification.SSEEnabled", "SSESpecification"]
    fix  = { "SSESpecification.SSEEnabled" = true }
  }
  on "aws_dax_cluster" {
    fail = self.server_side_encryption.enabled != true
    at   = ["server_side_encryption.enabled", "server_side_encryption"]
    fix  = { "server_side_encryption.enabled" = true }
  }
  on "AWS::DAX::Cluster" {
    fail = self.SSESpecification.SSEEnabled != true
    at   = ["SSESpecification.SSEEnabled", "SSESpecification"]
  }
  on "aws_elasticsearch_domain" "aws_opensearch_domain" {
    fail = self.encrypt_at_rest.enabled != true
    at   = ["encrypt_at_rest.enabled", "encrypt_at_rest"]
    fix  = { "encrypt_at_rest.enabled" = true }
  }
  on "AWS::Elasticsearch::Domain" "AWS::OpenSearchService::Domain" {
    fail = self.EncryptionAtRestOptions.Enabled != true
    at   = ["EncryptionAtRestOptions.Enabled", "EncryptionAtRestOptions"]
    fix  = { "EncryptionAtRestOptions.Enabled" = true }
  }
  on "aws_mq_broker" {
    fail = self.encryption_options == null
  }
  on "AWS::AmazonMQ::Broker" {
    fail = self.EncryptionOptions == null
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_elasticache_replication_group" "x" {
        replication_group_id = "r"
        description = "r"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_sns_topic" "x" {
        name = "t"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::SNS::Topic
          Properties:
            TopicName: t
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_elasticache_replication_group" "x" {
        replication_group_id       = "r"
        at_rest_encryption_enabled = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_sqs_queue" "x" {
        name                    = "q"
        sqs_managed_sse_enabled = true
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ElastiCache::ReplicationGroup
          Properties:
            ReplicationGroupDescription: r
            AtRestEncryptionEnabled: true
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        C:
          Type: AWS::ElastiCache::ReplicationGroup
          Properties:
            ReplicationGroupDescription: sessions
            AtRestEncryptionEnabled: false
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        C:
          Type: AWS::ElastiCache::ReplicationGroup
          Properties:
            ReplicationGroupDescription: sessions
            AtRestEncryptionEnabled: true
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_dynamodb_table" "x" {
        name     = "t"
        hash_key = "id"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Search:
          Type: AWS::OpenSearchService::Domain
          Properties:
            DomainName: records
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      module "table" {
        source                         = "terraform-aws-modules/dynamodb-table/aws"
        name                           = "t"
        hash_key                       = "id"
        server_side_encryption_enabled = true
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Table:
          Type: AWS::DynamoDB::Table
          Properties:
            TableName: t
            SSESpecification:
              SSEEnabled: true
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_dax_cluster" "x" {
        cluster_name = "c"
        server_side_encryption {
          enabled = false
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_dax_cluster" "x" {
        cluster_name = "c"
        server_side_encryption {
          enabled = true
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_opensearch_domain" "x" {
        domain_name = "d"
        encrypt_at_rest {
          enabled = false
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_opensearch_domain" "x" {
        domain_name = "d"
        encrypt_at_rest {
          enabled = true
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_dynamodb_table" "x" {
        name     = "t"
        hash_key = "id"
        server_side_encryption {
          enabled = false
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_dynamodb_table" "x" {
        name     = "t"
        hash_key = "id"
        server_side_encryption {
          enabled = true
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Table:
          Type: AWS::DynamoDB::Table
          Properties:
            TableName: t
            SSESpecification:
              SSEEnabled: false
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Table:
          Type: AWS::DynamoDB::Table
          Properties:
            TableName: t
            SSESpecification:
              SSEEnabled: true
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Search:
          Type: AWS::OpenSearchService::Domain
          Properties:
            DomainName: records
            EncryptionAtRestOptions:
              Enabled: false
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Search:
          Type: AWS::OpenSearchService::Domain
          Properties:
            DomainName: records
            EncryptionAtRestOptions:
              Enabled: true
    EOT
  }
}

rule "FB-DATA-015" {
  title    = "A secret is not encrypted with a key of one's own"
  control  = "data-management"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 32"]
  advice   = "Name a customer-managed KMS key."
  peers    = ["CKV_AWS_149", "terraform/aws/secretsmanager_secret_without_kms", "AWS-0098"]

  # Without it the account's shared key is used (2025-01).
  on "aws_secretsmanager_secret" {
    fail = absent(self.kms_key_id) || regex_match("(^|/)aws/", self.kms_key_id) || any([for k in linked_to(self, "data.aws_kms_key", "data.aws_kms_alias") : regex_match("^alias/aws/", either(k.key_id, k.name))])
    at   = "kms_key_id"
  }
  on "AWS::SecretsManager::Secret" {
    fail = absent(self.KmsKeyId) || regex_match("(^|/)aws/", self.KmsKeyId)
    at   = "KmsKeyId"
  }
  on "aws_ssm_parameter" {
    when = self.type == "SecureString"
    fail = absent(self.key_id)
    at   = "key_id"
  }
  on "google_secret_manager_secret" {
    fail = absent(self.replication.auto.customer_managed_encryption) && !any([for r in list(self.replication.user_managed.replicas) : present(r.customer_managed_encryption)])
    at   = "replication"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_secretsmanager_secret" "x" {
        name = "s"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::SecretsManager::Secret
          Properties:
            Name: s
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_secretsmanager_secret" "x" {
        name       = "s"
        kms_key_id = "alias/secrets"
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::SecretsManager::Secret
          Properties:
            Name: s
            KmsKeyId: alias/secrets
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      data "aws_kms_key" "shared" {
        key_id = "alias/aws/secretsmanager"
      }
      resource "aws_secretsmanager_secret" "x" {
        name       = "db"
        kms_key_id = data.aws_kms_key.shared.arn
      }
    EOT
  }
}

rule "FB-DATA-016" {
  title    = "Secrets of a Kubernetes cluster are stored in clear"
  control  = "data-management"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 32"]
  advice   = "Configure envelope encryption of secrets with KMS."
  peers    = ["CKV_AWS_58", "CKV_K8S_104", "terraform/aws/eks_cluster_encryption_disabled", "k8s/encryption_provider_config_is_not_defined", "AWS-0039", "KCV-0030"]

  on "aws_eks_cluster" {
    fail = absent(self.encryption_config) || !any([for e in list(self.encryption_config) : contains(e.resources, "secrets")])
    at   = ["encryption_config.resources", "encryption_config"]
  }
  on "AWS::EKS::Cluster" {
    fail = !any([for e in list(self.EncryptionConfig) : contains(e.Resources, "secrets")])
    at   = "EncryptionConfig"
  }
  on "google_container_cluster" {
    when = present(self.database_encryption)
    fail = self.database_encryption.state != "ENCRYPTED"
    at   = ["database_encryption.state", "database_encryption"]
  }
  on "container" {
    when    = contains(self.command, "kube-apiserver")
    fail    = !any([for w in list(self.command) : startswith(w, "--encryption-provider-config")])
    at      = ["command", "args"]
    message = "--encryption-provider-config is not set"
  }
  on "EncryptionConfiguration" {
    fail = length([for r in list(self.resources) : r if contains(r.resources, "secrets") && keys(first(r.providers)) != ["identity"]]) == 0
    at   = "resources"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_eks_cluster" "x" {
        name = "c"
      }
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
          - name: api
            image: registry.k8s.io/kube-apiserver:v1.31.0
            command: ["kube-apiserver"]
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_eks_cluster" "x" {
        name = "c"
        encryption_config {
          resources = ["secrets"]
          provider {
            key_arn = aws_kms_key.k.arn
          }
        }
      }
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
          - name: api
            image: registry.k8s.io/kube-apiserver:v1.31.0
            command: ["kube-apiserver", "--encryption-provider-config=/etc/enc.yaml"]
    EOT
  }
}

rule "FB-DATA-017" {
  title    = "Old versions of objects are not kept"
  control  = "data-management"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Enable versioning."
  peers    = ["CKV_AWS_21", "CKV_GCP_78", "terraform/aws/s3_bucket_without_versioning", "AWS-0090", "GCP-0078"]

  on "aws_s3_bucket" {
    let {
      versions = linked_from(self, "aws_s3_bucket_versioning")
    }
    fail = !one_of(either(first(versions).versioning_configuration.status, self.versioning.enabled, self.versioning.status), "Enabled", "true")
    at   = ["versioning.enabled", "versioning"]
  }
  on "AWS::S3::Bucket" {
    fail = self.VersioningConfiguration.Status != "Enabled"
    at   = ["VersioningConfiguration.Status", "VersioningConfiguration"]
    fix  = { "VersioningConfiguration.Status" = "Enabled" }
  }
  on "google_storage_bucket" {
    when = absent(self.retention_policy)
    fail = self.versioning.enabled != true
    at   = ["versioning.enabled", "versioning"]
  }
  on "azurerm_storage_account" {
    fail = self.blob_properties.versioning_enabled == false
    at   = "blob_properties.versioning_enabled"
    fix  = { "blob_properties.versioning_enabled" = true }
  }
  on "Microsoft.Storage/storageAccounts/blobServices" {
    fail = self.properties.isVersioningEnabled == false
    at   = "properties.isVersioningEnabled"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "records"
        versioning {
          enabled = false
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::S3::Bucket
          Properties:
            BucketName: records
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "records"
      }
      resource "aws_s3_bucket_versioning" "x" {
        bucket = aws_s3_bucket.x.id
        versioning_configuration {
          status = "Enabled"
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::S3::Bucket
          Properties:
            VersioningConfiguration:
              Status: Enabled
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name = "s"
        blob_properties {
          versioning_enabled = true
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name = "s"
        blob_properties {
          versioning_enabled = false
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name = "s"
        blob_properties {
          versioning_enabled = true
        }
      }
    EOT
  }
}

rule "FB-DATA-018" {
  title    = "Old versions can be deleted without a second factor"
  control  = "data-management"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Enable MFA delete, or lock objects."
  peers    = ["CKV2_AZURE_38", "terraform/aws/s3_bucket_without_enabled_mfa_delete", "AWS-0170", "AZU-0056"]

  # Only versioned buckets have it; Amazon refuses it beside lifecycle rules.
  on "aws_s3_bucket" {
    let {
      versions = linked_from(self, "aws_s3_bucket_versioning")
      locks = linked_from(self, "aws_s3_bucket_object_lock_configuration")
    }
    when = (present(self.versioning) || length(versions) > 0) && absent(self.lifecycle_rule) && length(linked_from(self, "aws_s3_bucket_lifecycle_configuration")) == 0
    fail = (!one_of(either(first(versions).versioning_configuration.mfa_delete, self.versioning.mfa_delete, first(versions).mfa), "Enabled", "true") || one_of(either(first(versions).versioning_configuration.status, self.versioning.enabled), "Disabled", "false")) && length(locks) == 0
    at   = ["versioning.mfa_delete", "versioning"]
  }
  # Deleted blobs are gone at once without it (provider azurerm 4, 2025-01).
  on "azurerm_storage_account" {
    when    = self.account_kind != "FileStorage"
    fail    = self.blob_properties.delete_retention_policy == null || self.blob_properties.delete_retention_policy.days < 7
    at      = "blob_properties"
    message = "deleted blobs are not kept"
  }
  on "google_storage_bucket" {
    fail    = self.soft_delete_policy.retention_duration_seconds == 0
    at      = "soft_delete_policy.retention_duration_seconds"
    message = "deleted objects are not kept"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "records"
        versioning {
          enabled    = true
          mfa_delete = false
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "records"
        versioning {
          enabled = true
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "records"
        versioning {
          enabled    = true
          mfa_delete = true
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "records"
      }
      resource "aws_s3_bucket_versioning" "x" {
        bucket = aws_s3_bucket.x.id
        mfa    = "arn:aws:iam::111122223333:mfa/root 123456"
        versioning_configuration {
          status     = "Enabled"
          mfa_delete = "Enabled"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name                     = "records"
        resource_group_name      = "g"
        location                 = "westeurope"
        account_tier             = "Standard"
        account_replication_type = "GRS"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name                     = "records"
        resource_group_name      = "g"
        location                 = "westeurope"
        account_tier             = "Standard"
        account_replication_type = "GRS"
        blob_properties {
          delete_retention_policy {
            days = 30
          }
        }
      }
    EOT
  }
}

rule "FB-DATA-019" {
  title    = "A database is not backed up"
  control  = "data-management"
  severity = "high"
  cites    = ["HIPAA 164.308(a)(7)(ii)(A)"]
  advice   = "Keep backups for seven days at least."
  peers    = ["CKV_AWS_133", "CKV_GCP_14", "terraform/aws/rds_with_backup_disabled", "terraform/gcp/sql_db_instance_backup_disabled", "cloudFormation/aws/rds_with_backup_disabled", "AWS-0077", "GCP-0024"]

  # 0 when absent (provider aws 5, 2025-01).
  on "aws_db_instance" {
    when = absent(self.replicate_source_db)
    fail = absent(self.backup_retention_period) || self.backup_retention_period < 5
    at   = "backup_retention_period"
    fix  = { backup_retention_period = 7 }
  }
  # 1 when absent; less than five days don't last over a long weekend.
  on "aws_rds_cluster" "aws_docdb_cluster" "aws_neptune_cluster" {
    fail = absent(self.backup_retention_period) || self.backup_retention_period < 5
    at   = "backup_retention_period"
    fix  = { backup_retention_period = 7 }
  }
  # 1 when absent.
  on "AWS::RDS::DBInstance" "AWS::RDS::DBCluster" "AWS::DocDB::DBCluster" "AWS::Neptune::DBCluster" {
    when = absent(self.DBClusterIdentifier) || self._type != "AWS::RDS::DBInstance"
    fail = self.BackupRetentionPeriod == null ? absent(self.SourceDBInstanceIdentifier) : self.BackupRetentionPeriod < 5
    at   = "BackupRetentionPeriod"
    fix  = { BackupRetentionPeriod = 7 }
  }
  on "google_sql_database_instance" {
    when = self.instance_type != "READ_REPLICA_INSTANCE" && absent(self.master_instance_name)
    fail = self.settings.backup_configuration.enabled != true
    at   = ["settings.backup_configuration.enabled", "settings.backup_configuration", "settings"]
  }
  on "aws_elasticache_replication_group" "aws_elasticache_cluster" {
    fail = self.snapshot_retention_limit == 0
    at   = "snapshot_retention_limit"
  }
  on "aws_redshift_cluster" {
    fail = self.automated_snapshot_retention_period == 0
    at   = "automated_snapshot_retention_period"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_db_instance" "x" {
        engine = "postgres"
        backup_retention_period = 0
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::RDS::DBInstance
          Properties:
            Engine: postgres
            BackupRetentionPeriod: 0
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_db_instance" "x" {
        engine                  = "postgres"
        backup_retention_period = 7
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::RDS::DBInstance
          Properties:
            Engine: postgres
            BackupRetentionPeriod: 7
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_sql_database_instance" "x" {
        database_version = "POSTGRES_15"
        settings {
          tier = "db-f1-micro"
          backup_configuration {
            enabled = true
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_rds_cluster" "x" {
        engine = "aurora-postgresql"
        backup_retention_period = 7
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_rds_cluster" "x" {
        engine                  = "aurora-postgresql"
        backup_retention_period = 0
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_rds_cluster" "x" {
        engine                  = "aurora-postgresql"
        backup_retention_period = 14
      }
    EOT
  }
}

rule "FB-DATA-020" {
  title    = "A table cannot be restored to a point in time"
  control  = "data-management"
  severity = "medium"
  cites    = ["HIPAA 164.308(a)(7)(ii)(A)"]
  advice   = "Enable point-in-time recovery."
  peers    = ["CKV_AWS_28", "terraform/aws/dynamodb_table_point_in_time_recovery_disabled", "AWS-0024"]

  on "aws_dynamodb_table" {
    fail = self.point_in_time_recovery.enabled != true
    at   = ["point_in_time_recovery.enabled", "point_in_time_recovery"]
    fix  = { "point_in_time_recovery.enabled" = true }
  }
  on "AWS::DynamoDB::Table" {
    fail = self.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled != true
    at   = ["PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", "PointInTimeRecoverySpecification"]
    fix  = { "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled" = true }
  }
  on "google_sql_database_instance" {
    fail = self.settings.backup_configuration.point_in_time_recovery_enabled == false
    at   = "settings.backup_configuration.point_in_time_recovery_enabled"
  }
  on "AWS::DynamoDB::GlobalTable" {
    fail = [for r in list(self.Replicas) : r if r.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled != true]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_dynamodb_table" "x" {
        name = "t"
        hash_key = "id"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::DynamoDB::Table
          Properties:
            TableName: t
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_dynamodb_table" "x" {
        name = "t"
        point_in_time_recovery {
          enabled = true
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::DynamoDB::Table
          Properties:
            TableName: t
            PointInTimeRecoverySpecification:
              PointInTimeRecoveryEnabled: true
    EOT
  }
}

rule "FB-DATA-021" {
  title    = "A store of patient data can be deleted by mistake"
  control  = "data-management"
  severity = "medium"
  cites    = ["HIPAA 164.308(a)(7)(ii)(A)"]
  advice   = "Set deletion protection, or prevent_destroy / DeletionPolicy: Retain."
  peers    = ["CKV_AWS_293", "CKV_AWS_139", "cloudFormation/aws/rds_db_instance_with_deletion_protection_disabled", "AWS-0177", "AWS-0343"]

  on "aws_db_instance" "aws_rds_cluster" "aws_docdb_cluster" "aws_neptune_cluster" {
    fail = self.deletion_protection != true && self.lifecycle.prevent_destroy != true
    at   = "deletion_protection"
    fix  = { deletion_protection = true }
  }
  on "aws_dynamodb_table" {
    when = regex_match("(?i)phi|fhir|patient|record", self.name, self._name)
    fail = self.deletion_protection_enabled != true && self.lifecycle.prevent_destroy != true
    at   = "deletion_protection_enabled"
  }
  on "google_sql_database_instance" {
    fail = self.deletion_protection == false
    at   = "deletion_protection"
    fix  = { deletion_protection = true }
  }
  on "AWS::RDS::DBInstance" "AWS::RDS::DBCluster" "AWS::DocDB::DBCluster" "AWS::Neptune::DBCluster" {
    fail = self.DeletionProtection != true
    at   = "DeletionProtection"
    fix  = { DeletionProtection = true }
  }
  on "google_healthcare_fhir_store" "google_healthcare_dataset" {
    fail = self.lifecycle.prevent_destroy == false
    at   = "lifecycle.prevent_destroy"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_db_instance" "x" {
        engine = "postgres"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::RDS::DBInstance
          Properties:
            Engine: postgres
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_db_instance" "x" {
        engine              = "postgres"
        deletion_protection = true
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::RDS::DBInstance
          Properties:
            Engine: postgres
            DeletionProtection: true
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_sql_database_instance" "x" {
        deletion_protection = true
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_sql_database_instance" "x" {
        name                = "patients"
        database_version    = "POSTGRES_15"
        deletion_protection = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_sql_database_instance" "x" {
        name                = "patients"
        database_version    = "POSTGRES_15"
        deletion_protection = true
      }
    EOT
  }
}

rule "FB-DATA-022" {
  title    = "Backups or stores are kept in one region only"
  control  = "data-management"
  severity = "medium"
  cites    = ["HIPAA 164.308(a)(7)(ii)(A)"]
  advice   = "Use geo-redundant backups or replicas."
  peers    = ["CKV_AZURE_94", "CKV_AZURE_102", "terraform/azure/geo_redundancy_is_disabled", "terraform/azure/mariadb_server_georedundant_backup_disabled", "AZU-0058"]

  on "azurerm_postgresql_server" "azurerm_mysql_server" "azurerm_mariadb_server" "azurerm_postgresql_flexible_server" "azurerm_mysql_flexible_server" {
    fail = self.geo_redundant_backup_enabled != true
    at   = "geo_redundant_backup_enabled"
    fix  = { geo_redundant_backup_enabled = true }
  }
  on "Microsoft.DBforPostgreSQL/servers" "Microsoft.DBforMySQL/servers" "Microsoft.DBforMariaDB/servers" {
    fail = !one_of(self.properties.storageProfile.geoRedundantBackup, "Enabled")
    at   = ["properties.storageProfile.geoRedundantBackup", "properties.storageProfile", "properties"]
  }
  on "Microsoft.DBforPostgreSQL/flexibleServers" "Microsoft.DBforMySQL/flexibleServers" {
    fail = !one_of(self.properties.backup.geoRedundantBackup, "Enabled")
    at   = ["properties.backup.geoRedundantBackup", "properties.backup", "properties"]
  }
  on "azurerm_storage_account" {
    fail = one_of(self.account_replication_type, "LRS", "ZRS")
    at   = "account_replication_type"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_server" "x" {
        name = "s"
        geo_redundant_backup_enabled = false
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_mariadb_server" "x" {
        name = "s"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_server" "x" {
        name                         = "s"
        geo_redundant_backup_enabled = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_mysql_server" "x" {
        name                         = "s"
        geo_redundant_backup_enabled = true
      }
    EOT
  }
}

rule "FB-DATA-023" {
  title    = "Health data leaves the region it belongs to"
  control  = "data-management"
  severity = "high"
  cites    = ["GDPR 44"]
  advice   = "Keep stores, replicas and sinks in the regions you declare."
  peers    = []

  on "google_healthcare_dataset" {
    fail    = one_of(self.location, "us", "us-central1", "us-east1", "us-east4", "us-west1", "us-west2") && any([for r in resources("google_storage_bucket", "google_bigquery_dataset", "google_sql_database_instance") : startswith(lower(either(r.location, r.region)), "eu")])
    at      = "location"
    message = "the dataset is in the United States, other stores of the project in Europe"
  }
  on "google_bigquery_dataset" "google_storage_bucket" {
    fail    = any([for s in resources("google_healthcare_dataset") : startswith(lower(s.location), "eu")]) && !startswith(lower(self.location), "eu") && present(self.location)
    at      = "location"
    message = "the healthcare dataset is in Europe, this store is not"
  }

  # Regions that the user declares (`regions` of firebreak-scan.hcl).
  on "google_healthcare_dataset" "google_storage_bucket" "google_bigquery_dataset" "google_sql_database_instance" "azurerm_healthcare_*" "azurerm_storage_account" "azurerm_postgresql_flexible_server" "azurerm_mssql_server" "Microsoft.HealthcareApis/*" "Microsoft.Storage/storageAccounts" {
    let {
      place = either(self.location, self.region)
    }
    when    = present(config.regions)
    fail    = present(place) && !any([for r in list(config.regions) : glob_match(r, place)])
    at      = ["location", "region"]
    message = "${place} is not among the regions that are declared"
  }
  on "provider" {
    when    = present(config.regions) && one_of(self._name, "aws", "awscc", "google", "google-beta")
    fail    = present(self.region) && !any([for r in list(config.regions) : glob_match(r, self.region)])
    at      = "region"
    message = "${self.region} is not among the regions that are declared"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset" "x" {
        name = "d"
        location = "europe-west1"
      }
      resource "google_bigquery_dataset" "x" {
        dataset_id = "b"
        location = "US"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset" "x" {
        name = "d"
        location = "europe-west1"
      }
      resource "google_storage_bucket" "x" {
        name = "b"
        location = "us-central1"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset" "x" {
        name = "d"
        location = "europe-west1"
      }
      resource "google_bigquery_dataset" "x" {
        dataset_id = "b"
        location = "EU"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset" "x" {
        name = "d"
        location = "us-central1"
      }
    EOT
  }
}

rule "FB-DATA-024" {
  title    = "Nothing says when health data is disposed of"
  control  = "data-management"
  severity = "medium"
  cites    = ["HIPAA 164.310(d)(2)", "GDPR 5", "GDPR 17"]
  advice   = "Add a lifecycle or retention rule; give consents a time to live."
  peers    = ["CKV2_AWS_61"]

  on "aws_s3_bucket" {
    when = regex_match(local.health, self.bucket, self._name, tag(self, "*classification*", "*sensitivity*"))
    fail = absent(self.lifecycle_rule) && length(linked_from(self, "aws_s3_bucket_lifecycle_configuration")) == 0
  }
  on "google_storage_bucket" {
    when = regex_match(local.health, self.name, self._name, tag(self, "*classification*", "*sensitivity*"))
    fail = absent(self.lifecycle_rule) && absent(self.retention_policy)
  }
  on "azurerm_storage_account" {
    when = regex_match(local.health, self.name, self._name, tag(self, "*classification*", "*sensitivity*"))
    fail = length(linked_from(self, "azurerm_storage_management_policy")) == 0
  }
  on "google_bigquery_dataset" {
    when = regex_match(local.health, self.dataset_id, self._name, tag(self, "*classification*", "*sensitivity*"))
    fail = absent(self.default_table_expiration_ms) && absent(self.default_partition_expiration_ms)
  }
  on "google_healthcare_consent_store" {
    fail = absent(self.default_consent_ttl)
    at   = "default_consent_ttl"
  }
  on "AWS::S3::Bucket" {
    when = regex_match(local.health, self.BucketName, self._name, tag(self, "*classification*", "*sensitivity*"))
    fail = absent(self.LifecycleConfiguration)
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "fhir-exports"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_consent_store" "x" {
        name = "c"
        dataset = "d"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "fhir-exports"
      }
      resource "aws_s3_bucket_lifecycle_configuration" "x" {
        bucket = aws_s3_bucket.x.id
        rule {
          id     = "old"
          status = "Enabled"
          expiration {
            days = 30
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_consent_store" "x" {
        name                = "c"
        dataset             = "d"
        default_consent_ttl = "90000s"
      }
    EOT
  }
}

rule "FB-DATA-025" {
  title    = "A secret lies in a variable's default or in an unprotected state"
  control  = "data-management"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 32"]
  advice   = "Leave secrets without default; keep state encrypted and locked."
  peers    = ["AZU-0037"]

  on "variable" {
    fail    = is_secret_like(self._name, self.default) && self.default != ""
    at      = "default"
    message = "the default of the variable is a secret"
  }
  on "terraform" {
    when    = self.backend._label == "s3"
    fail    = self.backend.encrypt != true && present([for k in keys(first(list(self.backend))) : k if k != "_label"])
    at      = ["backend.encrypt", "backend"]
    message = "the state in S3 is not asked to be encrypted"
  }

  example "fail" "terraform" {
    text = <<-EOT
      variable "db_password" {
        type    = string
        default = "Sommer2024!x9"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      variable "api_key" {
        type    = string
        default = "AKIAIOSFODNN7EXAMPLE"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      variable "db_password" {
        type      = string
        sensitive = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      variable "db_password_secret_id" {
        type    = string
        default = ""
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      terraform {
        backend "s3" {
          bucket  = "state"
          key     = "fhir"
          encrypt = false
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      terraform {
        backend "s3" {
          bucket  = "state"
          key     = "fhir"
          encrypt = true
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      terraform {
        # the rest is given to terraform init
        backend "s3" {}
      }
    EOT
  }
}
