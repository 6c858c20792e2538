# Labels.

locals {
  # A name or label that says that health data is there.
  health = "(?i:fhir|patient|health|dicom|hl7|medical|clinical|(^|[^a-z])e?phi([^a-z]|$))|PHI|[a-z]Phi"
}

rule "FB-LABEL-001" {
  title    = "A store of patient data carries no data classification"
  control  = "labels"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 30", "GDPR 32"]
  advice   = "Tag it; let the provider add the tag to everything."
  peers    = []

  on "fhir_store" {
    fail    = tag(self.resource, "*classification*", "phi", "*sensitiv*", "data*class*", "confidentiality") == null
    message = "the FHIR store has no data classification"
  }
  on "aws_db_instance" "aws_rds_cluster" "aws_s3_bucket" "aws_dynamodb_table" "aws_efs_file_system" "aws_docdb_cluster" "azurerm_storage_account" "azurerm_mssql_database" "azurerm_postgresql_flexible_server" "azurerm_mysql_flexible_server" "azurerm_cosmosdb_account" "google_sql_database_instance" "google_storage_bucket" "google_bigquery_dataset" "AWS::S3::Bucket" "AWS::RDS::DBInstance" "AWS::RDS::DBCluster" "AWS::DynamoDB::Table" "Microsoft.Storage/storageAccounts" {
    when = regex_match(local.health, either(self.bucket, self.name, self.identifier, self.cluster_identifier, self.dataset_id, self.BucketName, self.TableName, self.DBInstanceIdentifier), self._name)
    fail = tag(self, "*classification*", "phi", "*sensitiv*", "data*class*", "confidentiality") == null
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        version = "R4"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "patient-records"
        tags = {
          Name = "records"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        version = "R4"
        labels = {
          data-classification = "phi"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "patient-records"
        tags = {
          DataClassification = "PHI"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      provider "aws" {
        region = "eu-central-1"
        default_tags {
          tags = { Owner = "phi" }
        }
      }
      resource "aws_s3_bucket" "records" {
        bucket = "patient-records"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      provider "aws" {
        region = "eu-central-1"
        default_tags {
          tags = { DataClassification = "phi" }
        }
      }
      resource "aws_s3_bucket" "records" {
        bucket = "patient-records"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "pictures" {
        bucket = "graphics"
      }
    EOT
  }
}

rule "FB-LABEL-002" {
  title    = "A health data service has no labels"
  control  = "labels"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Add environment and classification."
  peers    = []

  on "google_healthcare_fhir_store" "google_healthcare_dicom_store" "google_healthcare_hl7_v2_store" "google_healthcare_consent_store" {
    fail = length(tags(self)) == 0 && absent(self.effective_labels)
    at   = "labels"
  }
  on "azurerm_healthcare_workspace" "azurerm_healthcare_fhir_service" "azurerm_healthcare_dicom_service" "azurerm_healthcare_service" "awscc_healthlake_fhir_datastore" {
    fail = length(tags(self)) == 0
    at   = "tags"
  }
  on "Microsoft.HealthcareApis/services" "Microsoft.HealthcareApis/workspaces" "Microsoft.HealthcareApis/workspaces/fhirservices" "Microsoft.HealthcareApis/workspaces/dicomservices" {
    fail = absent(self.tags)
    at   = "tags"
  }
  on "AWS::HealthLake::FHIRDatastore" {
    fail = absent(self.Tags)
    at   = "Tags"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        version = "R4"
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
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        version = "R4"
        labels = {
          environment = "prod"
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
            Tags:
              - Key: environment
                Value: prod
    EOT
  }
}

rule "FB-LABEL-003" {
  title    = "What is labelled public receives data of a FHIR store"
  control  = "labels"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Mend the label, or cut the connection."
  peers    = []

  on "google_bigquery_dataset" "google_storage_bucket" "google_pubsub_topic" {
    when = length(linked_from(self, "google_healthcare_fhir_store", "google_healthcare_dicom_store")) > 0
    fail = regex_match("(?i)^(public|non-?phi|none|open)$", tag(self, "*classification*", "phi", "*sensitiv*", "data*class*", "confidentiality"))
    at   = "labels"
  }
  on "azurerm_storage_account" {
    when = length(linked_from(self, "azurerm_healthcare_fhir_service")) > 0
    fail = regex_match("(?i)^(public|non-?phi|none|open)$", tag(self, "*classification*", "phi", "*sensitiv*", "data*class*", "confidentiality"))
    at   = "tags"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_pubsub_topic" "x" {
        name = "t"
        labels = {
          data-classification = "public"
        }
      }
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        notification_configs {
          pubsub_topic = google_pubsub_topic.x.id
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name = "e"
        tags = {
          classification = "non-phi"
        }
      }
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        configuration_export_storage_account_name = azurerm_storage_account.x.name
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_pubsub_topic" "x" {
        name = "t"
        labels = {
          data-classification = "phi"
        }
      }
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        notification_configs {
          pubsub_topic = google_pubsub_topic.x.id
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_pubsub_topic" "x" {
        name = "t"
        labels = {
          data-classification = "public"
        }
      }
    EOT
  }
}

rule "FB-LABEL-004" {
  title    = "The environment label contradicts the data of a store"
  control  = "labels"
  severity = "high"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Separate accounts for test and production."
  peers    = []

  on "AWS::HealthLake::FHIRDatastore" {
    fail    = self.PreloadDataConfig.PreloadDataType == "SYNTHEA" && (regex_match("(?i)^prod", tag(self, "env*", "stage")) || regex_match("(?i)(^|[-_ ])prod", self.DatastoreName))
    at      = "PreloadDataConfig"
    message = "a production store is preloaded with synthetic patients"
  }
  on "awscc_healthlake_fhir_datastore" {
    fail = self.preload_data_config.preload_data_type == "SYNTHEA" && (regex_match("(?i)^prod", tag(self, "env*", "stage")) || regex_match("(?i)(^|[-_ ])prod", self.datastore_name))
    at   = "preload_data_config"
  }
  on "google_healthcare_fhir_store" {
    fail    = regex_match("(?i)^(dev|test|staging)", tag(self, "env*", "stage")) && regex_match("(?i)prod", self.dataset)
    at      = ["labels", "dataset"]
    message = "a test store lies in a production dataset"
  }

  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::HealthLake::FHIRDatastore
          Properties:
            DatastoreTypeVersion: R4
            PreloadDataConfig:
              PreloadDataType: SYNTHEA
            Tags:
              - Key: environment
                Value: production
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        dataset = "projects/p/locations/eu/datasets/production"
        labels = {
          env = "dev"
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
            PreloadDataConfig:
              PreloadDataType: SYNTHEA
            Tags:
              - Key: environment
                Value: test
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        dataset = "projects/p/locations/eu/datasets/production"
        labels = {
          env = "prod"
        }
      }
    EOT
  }
}

rule "FB-LABEL-005" {
  title    = "A tag or label identifies a patient"
  control  = "labels"
  severity = "medium"
  cites    = ["HIPAA 164.502(b)"]
  advice   = "Use opaque ids."
  peers    = []

  on "aws_*" "awscc_*" "azurerm_*" "google_*" "AWS::*" "Microsoft.*" "service" {
    fail    = [for k, v in tags(self) : k if is_phi_like(k, v)]
    at      = ["tags", "labels"]
    message = "a tag identifies a patient"
  }
  on "Deployment" "StatefulSet" "DaemonSet" "Pod" "Service" "ConfigMap" "Secret" "Job" "CronJob" "Namespace" "Ingress" "PersistentVolumeClaim" {
    fail    = [for k, v in tags(self) : k if is_phi_like(k, v)]
    at      = ["metadata.labels", "metadata.annotations"]
    message = "a label identifies a patient"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "b"
        tags = {
          mrn = "MRN-4711234"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_storage_bucket" "x" {
        name = "b"
        labels = {
          patient_ssn = "123-45-6789"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "b"
        tags = {
          owner = "cardiology"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_storage_bucket" "x" {
        name = "b"
        labels = {
          tenant = "t-81c"
        }
      }
    EOT
  }
}

rule "FB-LABEL-006" {
  title    = "Access depends on a tag that its holder may set"
  control  = "labels"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Deny changes of that tag to the same role."
  peers    = []

  on "statement" {
    when = self.kind == "identity"
    fail = self.effect == "Allow" && any([for c in list(values(self.condition)) : any([for k in keys(c) : regex_match("(?i)^(aws:ResourceTag|aws:PrincipalTag)/", k)])]) && any([for a in list(self.actions) : regex_match("(?i):(TagResource|TagRole|TagUser|PutObjectTagging|CreateTags|\\*)$|^\\*$", a)])
    at   = ["Action", "Condition"]
  }
  # The tag is asked for in one statement, the leave to set it is in another.
  on "aws_iam_policy" "aws_iam_role_policy" "data.aws_iam_policy_document" "AWS::IAM::Policy" "AWS::IAM::ManagedPolicy" {
    let {
      all    = [for s in statements(self._type == "data.aws_iam_policy_document" ? self : either(self.policy, self.PolicyDocument)) : s if s.effect == "Allow"]
      tagged = [for s in all : s if any([for c in list(values(s.condition)) : any([for k in keys(c) : regex_match("(?i)^(aws:(ResourceTag|PrincipalTag)|[a-z0-9]+:ResourceTag)/", k)])])]
      free   = [for s in all : s if any([for a in list(s.actions) : regex_match("(?i):(TagResource|TagRole|TagUser|PutObjectTagging|CreateTags|AddTagsTo[a-z]+)$", a)]) && !any([for c in list(values(s.condition)) : any([for k in keys(c) : regex_match("(?i)^aws:TagKeys$", k)])])]
    }
    fail    = length(tagged) > 0 && length(free) > 0
    at      = "policy"
    message = "one statement asks for a tag that another lets its holder set"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_policy" "x" {
        policy = jsonencode({ Statement = [{ Effect = "Allow", Action = ["s3:GetObject", "s3:PutObjectTagging"], Resource = "*", Condition = { StringEquals = { "aws:ResourceTag/class" = "phi" } } }] })
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_policy" "x" {
        policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "ec2:*", Resource = "*", Condition = { StringEquals = { "aws:PrincipalTag/team" = "cardio" } } }] })
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_iam_policy" "x" {
        policy = jsonencode({ Statement = [{ Effect = "Allow", Action = ["s3:GetObject"], Resource = "*", Condition = { StringEquals = { "aws:ResourceTag/class" = "phi" } } }] })
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_iam_policy" "x" {
        policy = jsonencode({ Statement = [{ Effect = "Allow", Action = ["s3:PutObjectTagging"], Resource = "*" }] })
      }
    EOT
  }
}

rule "FB-LABEL-007" {
  title    = "Nothing looks for unlabelled patient data"
  control  = "labels"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 30", "GDPR 32"]
  advice   = "Enable Macie, Sensitive Data Protection or Purview."
  peers    = []

  on "aws_s3_bucket" {
    when = regex_match(local.health, self.bucket, self._name)
    fail = length(resources("aws_macie2_account")) == 0
  }
  on "aws_macie2_account" {
    fail = one_of(self.status, "PAUSED")
    at   = "status"
    fix  = { status = "ENABLED" }
  }
  on "google_storage_bucket" "google_bigquery_dataset" {
    when = regex_match(local.health, either(self.name, self.dataset_id), self._name)
    fail = length(resources("google_data_loss_prevention_job_trigger", "google_data_loss_prevention_discovery_config")) == 0
  }
  on "AWS::S3::Bucket" {
    when = regex_match(local.health, self.BucketName, self._name)
    fail = length(resources("AWS::Macie::Session")) == 0
  }
  on "AWS::Macie::Session" {
    fail = one_of(self.Status, "PAUSED")
    at   = "Status"
  }
  on "azurerm_storage_account" {
    when = regex_match(local.health, self.name, self._name)
    fail = length(resources("azurerm_purview_account")) == 0
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "patient-records"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_macie2_account" "x" {
        status = "PAUSED"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "patient-records"
      }
      resource "aws_macie2_account" "x" {
        finding_publishing_frequency = "FIFTEEN_MINUTES"
        status = "ENABLED"
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
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Discovery:
          Type: AWS::Macie::Session
          Properties:
            Status: PAUSED
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Discovery:
          Type: AWS::Macie::Session
          Properties:
            Status: ENABLED
    EOT
  }
}

rule "FB-LABEL-008" {
  title    = "A namespace has no Pod Security level"
  control  = "labels"
  severity = "low"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Label it pod-security.kubernetes.io/enforce: restricted."
  peers    = []

  on "Namespace" {
    when = !startswith(self.metadata.name, "kube-")
    fail = !one_of(self.metadata.labels["pod-security.kubernetes.io/enforce"], "restricted", "baseline")
    at   = ["metadata.labels", "metadata"]
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Namespace
      metadata:
        name: fhir
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Namespace
      metadata:
        name: fhir
        labels:
          pod-security.kubernetes.io/enforce: privileged
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Namespace
      metadata:
        name: fhir
        labels:
          pod-security.kubernetes.io/enforce: restricted
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Namespace
      metadata:
        name: fhir
        labels:
          pod-security.kubernetes.io/enforce: baseline
    EOT
  }
}

rule "FB-LABEL-009" {
  title    = "A label is not valid, or a workload is in the default namespace"
  control  = "labels"
  severity = "low"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Mend the label; use a namespace of its own."
  peers    = ["CKV_K8S_21", "k8s/metadata_label_is_invalid", "KSV-0110"]

  on "Pod" "Deployment" "StatefulSet" "DaemonSet" "ReplicaSet" "Job" "CronJob" "Service" "ConfigMap" "Secret" "Ingress" "ServiceAccount" "PersistentVolumeClaim" "Namespace" {
    fail    = [for k, v in self.metadata.labels : k if !regex_match("^(([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?)$", "${v}")]
    at      = "metadata.labels"
    message = "the value of a label is not valid"
  }
  on "Pod" "Deployment" "StatefulSet" "DaemonSet" "ReplicaSet" "ReplicationController" "Job" "CronJob" "Configuration" "Revision" "Service" "ServiceAccount" "Role" "RoleBinding" "Ingress" "ConfigMap" "Secret" {
    when    = !(self._type == "ServiceAccount" && self.metadata.name == "default") && !(self._type == "Service" && self.metadata.name == "kubernetes")
    fail    = self.metadata.namespace == "default"
    at      = "metadata.namespace"
    message = "the workload is in the default namespace"
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: p
        labels:
          app: g**dy.l+bel
      spec:
        containers: []
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: p
        namespace: default
      spec:
        containers: []
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: p
        labels:
          app: fhir
      spec:
        containers: []
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: p
        namespace: fhir
      spec:
        containers: []
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "kubernetes_deployment" "x" {
        metadata {
          name      = "fhir"
          namespace = "default"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "kubernetes_deployment" "x" {
        metadata {
          name      = "fhir"
          namespace = "fhir"
        }
      }
    EOT
  }
}

rule "FB-LABEL-010" {
  title    = "Snapshots of a database lose its labels"
  control  = "labels"
  severity = "low"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Set copy_tags_to_snapshot."
  peers    = ["CKV_AWS_313", "CKV2_AWS_60"]

  on "aws_db_instance" "aws_rds_cluster" {
    when = self.engine != "neptune" && self.engine != "docdb"
    fail = self.copy_tags_to_snapshot != true
    at   = "copy_tags_to_snapshot"
    fix  = { copy_tags_to_snapshot = true }
  }
  on "AWS::RDS::DBInstance" "AWS::RDS::DBCluster" {
    when = absent(self.DBClusterIdentifier)
    fail = self.CopyTagsToSnapshot != true
    at   = "CopyTagsToSnapshot"
    fix  = { CopyTagsToSnapshot = true }
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
        engine                = "postgres"
        copy_tags_to_snapshot = true
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
            CopyTagsToSnapshot: true
    EOT
  }
}

rule "FB-LABEL-011" {
  title    = "Classification labels are written, and nothing reads them"
  control  = "labels"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Bind a policy to the label."
  peers    = []

  on "project" {
    fail = length([for r in resources("google_healthcare_dataset", "google_healthcare_fhir_store") : r if tag(r, "*classification*", "phi") != null]) > 0 && length(resources("google_org_policy_policy", "google_organization_policy", "google_project_organization_policy", "google_tags_tag_binding", "google_access_context_manager_service_perimeter")) == 0
  }
  on "project" {
    fail = length([for r in resources("azurerm_healthcare_workspace", "azurerm_healthcare_fhir_service") : r if tag(r, "*classification*", "phi") != null]) > 0 && length(resources("azurerm_policy_assignment", "azurerm_resource_group_policy_assignment", "azurerm_subscription_policy_assignment", "azurerm_resource_policy_assignment")) == 0
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        labels = {
          data-classification = "phi"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_workspace" "x" {
        name = "w"
        tags = {
          classification = "phi"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        labels = {
          data-classification = "phi"
        }
      }
      resource "google_access_context_manager_service_perimeter" "x" {
        name = "p"
        title = "p"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_workspace" "x" {
        name = "w"
        tags = {
          classification = "phi"
        }
      }
      resource "azurerm_resource_group_policy_assignment" "x" {
        name = "p"
        resource_group_id = "g"
        policy_definition_id = "d"
      }
    EOT
  }
}

rule "FB-LABEL-012" {
  title    = "A cluster has no labels"
  control  = "labels"
  severity = "low"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Set resource_labels."
  peers    = ["CKV_GCP_21", "GCP-0051"]

  on "google_container_cluster" {
    fail = absent(self.resource_labels)
    at   = "resource_labels"
  }
  on "aws_eks_cluster" "azurerm_kubernetes_cluster" {
    fail = length(tags(self)) == 0
    at   = "tags"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_container_cluster" "x" {
        name = "c"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_kubernetes_cluster" "x" {
        name = "c"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_container_cluster" "x" {
        name = "c"
        resource_labels = {
          environment = "prod"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_eks_cluster" "x" {
        name = "c"
        tags = {
          environment = "prod"
        }
      }
    EOT
  }
}
