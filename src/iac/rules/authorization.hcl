# Authorization / Access Control.

locals {
  # Conditions that leave only some of those whom a principal "*" names.
  narrow = "(?i)^(aws:(Source(Arn|Account|Owner|OrgID|OrgPaths|Vpc|Vpce)|Vpce(Account|OrgID|OrgPaths)|Principal(Arn|Account|OrgID|OrgPaths)|userid)|kms:CallerAccount)$"
  # Values that narrow nothing.
  whoever = "^(\\*|arn:aws[a-z-]*:(iam|sts)::\\*.*)$"
  # Directories of the system and sockets of container engines; not what many mount for time and certificates.
  host_path = "^(?!/etc/(localtime|timezone|ssl|pki|letsencrypt)(/|$)|/dev/(rtc|ptp|null|shm))((/home)?/?$|/(bin|boot|dev|etc|lib|lib64|proc|root|run|sbin|srv|sys|usr|var)(/|$)|.*(docker|containerd|crio)\\.sock)"
  # Basic roles, and those of administrators.
  large_role = "(?i)^roles/(owner|editor)$|admin$"
}

rule "FB-AUTHZ-001" {
  title    = "A health data store is open to everyone"
  control  = "authorization"
  severity = "critical"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Grant roles to named groups and service accounts."
  peers    = []

  on "google_healthcare_dataset_iam_member" "google_healthcare_fhir_store_iam_member" "google_healthcare_dicom_store_iam_member" "google_healthcare_hl7_v2_store_iam_member" "google_healthcare_consent_store_iam_member" "google_healthcare_dataset_iam_binding" "google_healthcare_fhir_store_iam_binding" "google_healthcare_dicom_store_iam_binding" "google_healthcare_hl7_v2_store_iam_binding" "google_healthcare_consent_store_iam_binding" {
    fail = any([for m in join_lists(self.member, self.members) : one_of(m, "allUsers", "allAuthenticatedUsers")])
    at   = ["member", "members"]
  }
  on "google_healthcare_dataset_iam_policy" "google_healthcare_fhir_store_iam_policy" "google_healthcare_dicom_store_iam_policy" "google_healthcare_hl7_v2_store_iam_policy" "google_healthcare_consent_store_iam_policy" {
    fail = any([for b in join_lists(json(self.policy_data).bindings, [for d in linked_to(self, "data.google_iam_policy") : d.binding]...) : any([for m in list(b.members) : one_of(m, "allUsers", "allAuthenticatedUsers")])])
    at   = "policy_data"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store_iam_member" "x" {
        fhir_store_id = "s"
        role = "roles/healthcare.fhirResourceReader"
        member = "allUsers"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset_iam_binding" "x" {
        dataset_id = "d"
        role = "roles/healthcare.datasetViewer"
        members = ["user:a@example.org", "allAuthenticatedUsers"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store_iam_member" "x" {
        fhir_store_id = "s"
        role          = "roles/healthcare.fhirResourceReader"
        member        = "group:clinic@example.org"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_dataset_iam_binding" "x" {
        dataset_id = "d"
        role = "roles/healthcare.datasetViewer"
        members = ["group:clinic@example.org"]
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      data "google_iam_policy" "p" {
        binding {
          role    = "roles/healthcare.fhirResourceReader"
          members = ["allUsers"]
        }
      }
      resource "google_healthcare_fhir_store_iam_policy" "x" {
        fhir_store_id = "s"
        policy_data   = data.google_iam_policy.p.policy_data
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      data "google_iam_policy" "p" {
        binding {
          role    = "roles/healthcare.fhirResourceReader"
          members = ["group:nurses@example.org"]
        }
      }
      resource "google_healthcare_fhir_store_iam_policy" "x" {
        fhir_store_id = "s"
        policy_data   = data.google_iam_policy.p.policy_data
      }
    EOT
  }
}

rule "FB-AUTHZ-002" {
  title    = "A basic or administrator role is granted on a health data store"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "HIPAA 164.308(a)(4)", "GDPR 32"]
  advice   = "Grant fhirResourceReader or fhirResourceEditor only."
  peers    = []

  on "google_healthcare_dataset_iam_member" "google_healthcare_fhir_store_iam_member" "google_healthcare_dicom_store_iam_member" "google_healthcare_hl7_v2_store_iam_member" "google_healthcare_consent_store_iam_member" "google_healthcare_dataset_iam_binding" "google_healthcare_fhir_store_iam_binding" "google_healthcare_dicom_store_iam_binding" "google_healthcare_hl7_v2_store_iam_binding" "google_healthcare_consent_store_iam_binding" {
    fail = one_of(self.role, "roles/owner", "roles/editor", "roles/healthcare.datasetAdmin", "roles/healthcare.fhirStoreAdmin", "roles/healthcare.dicomStoreAdmin") && (regex_match("^roles/(owner|editor)$", self.role) || any([for m in join_lists(self.member, self.members) : startswith(m, "user:") || startswith(m, "group:")]))
    at   = "role"
  }
  on "google_healthcare_dataset_iam_policy" "google_healthcare_fhir_store_iam_policy" "google_healthcare_dicom_store_iam_policy" "google_healthcare_hl7_v2_store_iam_policy" "google_healthcare_consent_store_iam_policy" {
    fail = any([for b in join_lists(json(self.policy_data).bindings, [for d in linked_to(self, "data.google_iam_policy") : d.binding]...) : regex_match("^roles/(owner|editor)$", b.role) || regex_match("^roles/healthcare\\..*Admin$", b.role) && any([for m in list(b.members) : startswith(m, "user:") || startswith(m, "group:")])])
    at   = "policy_data"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store_iam_member" "x" {
        fhir_store_id = "s"
        role = "roles/editor"
        member = "serviceAccount:a@p.iam.gserviceaccount.com"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store_iam_binding" "x" {
        fhir_store_id = "s"
        role = "roles/healthcare.fhirStoreAdmin"
        members = ["user:a@example.org"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store_iam_member" "x" {
        fhir_store_id = "s"
        role = "roles/healthcare.fhirResourceEditor"
        member = "serviceAccount:a@p.iam.gserviceaccount.com"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store_iam_binding" "x" {
        fhir_store_id = "s"
        role = "roles/healthcare.fhirResourceReader"
        members = ["group:clinic@example.org"]
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      data "google_iam_policy" "p" {
        binding {
          role    = "roles/editor"
          members = ["group:nurses@example.org"]
        }
      }
      resource "google_healthcare_fhir_store_iam_policy" "x" {
        fhir_store_id = "s"
        policy_data   = data.google_iam_policy.p.policy_data
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      data "google_iam_policy" "p" {
        binding {
          role    = "roles/healthcare.fhirResourceReader"
          members = ["group:nurses@example.org"]
        }
      }
      resource "google_healthcare_fhir_store_iam_policy" "x" {
        fhir_store_id = "s"
        policy_data   = data.google_iam_policy.p.policy_data
      }
    EOT
  }
}

rule "FB-AUTHZ-003" {
  title    = "Single people have standing access to an Azure FHIR service"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Assign the least data role to a group, at the service's scope."
  peers    = []

  on "azurerm_healthcare_fhir_service" "azurerm_healthcare_service" {
    fail = present(self.access_policy_object_ids)
    at   = "access_policy_object_ids"
  }
  on "azurerm_role_assignment" {
    when = startswith(self.role_definition_name, "FHIR") || length(resources("azurerm_healthcare_*")) > 0
    fail = one_of(self.role_definition_name, "FHIR Data Contributor", "FHIR Data Importer", "Owner") && (length(linked_to(self, "data.azurerm_subscription")) > 0 || regex_match("^/subscriptions/[^/]+$", self.scope))
    at   = "scope"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        access_policy_object_ids = ["6f1a2b3c-0000-0000-0000-000000000000"]
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_role_assignment" "x" {
        scope = "/subscriptions/00000000-0000-0000-0000-000000000000"
        role_definition_name = "FHIR Data Contributor"
        principal_id = "p"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_role_assignment" "x" {
        scope = azurerm_healthcare_fhir_service.f.id
        role_definition_name = "FHIR Data Reader"
        principal_id = "p"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      data "azurerm_subscription" "all" {}
      resource "azurerm_role_assignment" "x" {
        scope                = data.azurerm_subscription.all.id
        role_definition_name = "FHIR Data Contributor"
        principal_id         = "p"
      }
    EOT
  }
}

rule "FB-AUTHZ-004" {
  title    = "Fine-grained authorization of a HealthLake store is off although SMART is chosen"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Set FineGrainedAuthorizationEnabled."
  peers    = []

  on "AWS::HealthLake::FHIRDatastore" {
    when = startswith(self.IdentityProviderConfiguration.AuthorizationStrategy, "SMART")
    fail = self.IdentityProviderConfiguration.FineGrainedAuthorizationEnabled != true
    at   = ["IdentityProviderConfiguration.FineGrainedAuthorizationEnabled", "IdentityProviderConfiguration"]
    fix  = { "IdentityProviderConfiguration.FineGrainedAuthorizationEnabled" = true }
  }
  on "awscc_healthlake_fhir_datastore" {
    when = startswith(self.identity_provider_configuration.authorization_strategy, "SMART")
    fail = self.identity_provider_configuration.fine_grained_authorization_enabled != true
    at   = ["identity_provider_configuration.fine_grained_authorization_enabled", "identity_provider_configuration"]
  }

  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::HealthLake::FHIRDatastore
          Properties:
            DatastoreTypeVersion: R4
            IdentityProviderConfiguration:
              AuthorizationStrategy: SMART_ON_FHIR
              FineGrainedAuthorizationEnabled: false
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "awscc_healthlake_fhir_datastore" "x" {
        datastore_type_version = "R4"
        identity_provider_configuration = {
          authorization_strategy = "SMART_ON_FHIR"
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
            IdentityProviderConfiguration:
              AuthorizationStrategy: SMART_ON_FHIR
              FineGrainedAuthorizationEnabled: true
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "awscc_healthlake_fhir_datastore" "x" {
        datastore_type_version = "R4"
        identity_provider_configuration = {
          authorization_strategy             = "SMART_ON_FHIR"
          fine_grained_authorization_enabled = true
        }
      }
    EOT
  }
}

rule "FB-AUTHZ-005" {
  title    = "A policy grants every action on health data services"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "HIPAA 164.308(a)(4)", "GDPR 32"]
  advice   = "List the actions and bind them to one store."
  peers    = []

  on "statement" {
    fail = self.effect == "Allow" && any([for a in list(self.actions) : regex_match("(?i)^healthlake:\\*$", a)])
    at   = ["Action", "actions"]
  }
  on "aws_iam_role_policy_attachment" "aws_iam_user_policy_attachment" "aws_iam_group_policy_attachment" "aws_iam_policy_attachment" {
    fail = endswith(self.policy_arn, "policy/AmazonHealthLakeFullAccess")
    at   = "policy_arn"
  }
  on "azurerm_role_definition" {
    when = any([for p in list(self.permissions) : any([for a in join_lists(p.actions, p.data_actions) : regex_match("(?i)HealthcareApis", a)])])
    fail = any([for p in list(self.permissions) : any([for a in join_lists(p.actions, p.data_actions) : regex_match("(?i)^(Microsoft\\.HealthcareApis/(.*/)?\\*|\\*)$", a)])])
    at   = "permissions"
  }
  on "google_project_iam_custom_role" "google_organization_iam_custom_role" {
    fail = any([for p in list(self.permissions) : regex_match("^healthcare\\..*\\.(delete|setIamPolicy)$", p)]) && any([for p in list(self.permissions) : endswith(p, "setIamPolicy")])
    at   = "permissions"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_policy" "x" {
        policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "healthlake:*", Resource = "*" }] })
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_role_policy_attachment" "x" {
        role = "r"
        policy_arn = "arn:aws:iam::aws:policy/AmazonHealthLakeFullAccess"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_iam_policy" "x" {
        policy = jsonencode({ Statement = [{ Effect = "Allow", Action = ["healthlake:ReadResource", "healthlake:SearchWithGet"], Resource = "arn:aws:healthlake:eu-west-1:111122223333:datastore/fhir/a" }] })
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_iam_role_policy_attachment" "x" {
        role = "r"
        policy_arn = "arn:aws:iam::aws:policy/AmazonHealthLakeReadOnlyAccess"
      }
    EOT
  }
}

rule "FB-AUTHZ-006" {
  title    = "The access checker of a FHIR gateway is off"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Set ACCESS_CHECKER to list or patient."
  peers    = []

  on "fhir_server" {
    when = self.product == "fhir-gateway"
    fail = absent(key(self.env, "ACCESS_CHECKER")) || one_of(key(self.env, "ACCESS_CHECKER"), "permissive", "test", "none")
    at   = ["env", "environment"]
  }

  example "fail" "compose" {
    text = <<-EOT
      services:
        gateway:
          image: us-docker.pkg.dev/fhir-proxy-build/stable/fhir-gateway:0.3
          environment:
            TOKEN_ISSUER: https://idp.example.org
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        gateway:
          image: us-docker.pkg.dev/fhir-proxy-build/stable/fhir-gateway:0.3
          environment:
            TOKEN_ISSUER: https://idp.example.org
            ACCESS_CHECKER: permissive
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        gateway:
          image: us-docker.pkg.dev/fhir-proxy-build/stable/fhir-gateway:0.3
          environment:
            TOKEN_ISSUER: https://idp.example.org
            ACCESS_CHECKER: patient
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        gateway:
          image: us-docker.pkg.dev/fhir-proxy-build/stable/fhir-gateway:0.3
          environment:
            TOKEN_ISSUER: https://idp.example.org
            ACCESS_CHECKER: list
    EOT
  }
}

rule "FB-AUTHZ-007" {
  title    = "Consents are kept, but a FHIR store does not enforce them"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 7", "GDPR 32"]
  advice   = "Set consent_config.access_enforced."
  peers    = []

  on "google_healthcare_fhir_store" {
    when = present(self.consent_config) || length(resources("google_healthcare_consent_store")) > 0
    fail = self.consent_config.access_enforced != true
    at   = ["consent_config.access_enforced", "consent_config"]
    fix  = { "consent_config.access_enforced" = true }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        consent_config {
          version = "V1"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
      }
      resource "google_healthcare_consent_store" "x" {
        name = "c"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        consent_config {
          version         = "V1"
          access_enforced = true
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
}

rule "FB-AUTHZ-008" {
  title    = "A policy allows every action on every resource"
  control  = "authorization"
  severity = "critical"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Name the actions and the resources that are needed."
  peers    = ["CKV_AWS_1", "CKV_AWS_62", "CKV_AWS_63", "CKV_AWS_49", "cloudFormation/aws/iam_policies_with_full_privileges", "cloudFormation/aws/iam_policy_grants_full_permissions", "AWS-0057", "AWS-0345"]

  on "statement" {
    when = self.kind == "identity" || self.kind == "trust"
    fail = allows(self, "*") && any([for r in list(self.resources) : r == "*"])
    at   = ["Action", "actions"]
  }
  on "AWS::IAM::Role" "AWS::IAM::User" "AWS::IAM::Group" {
    fail = any([for p in list(self.ManagedPolicyArns) : endswith(p, "policy/AdministratorAccess")])
    at   = "ManagedPolicyArns"
  }
  on "aws_iam_role" {
    fail = any([for p in list(self.managed_policy_arns) : endswith(p, "policy/AdministratorAccess")])
    at   = "managed_policy_arns"
  }
  on "aws_iam_role_policy_attachment" "aws_iam_user_policy_attachment" "aws_iam_group_policy_attachment" "aws_iam_policy_attachment" {
    fail = endswith(self.policy_arn, "policy/AdministratorAccess")
    at   = "policy_arn"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_policy" "x" {
        policy = jsonencode({
          Version = "2012-10-17"
          Statement = [
            { Effect = "Allow", Action = "*", Resource = "*" }
          ]
        })
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::IAM::Policy
          Properties:
            PolicyName: p
            PolicyDocument:
              Statement:
                - Effect: Allow
                  Action: ["*"]
                  Resource: "*"
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_iam_policy" "x" {
        policy = jsonencode({
          Version = "2012-10-17"
          Statement = [
            { Effect = "Allow", Action = "s3:GetObject", Resource = "*" }
          ]
        })
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::IAM::Policy
          Properties:
            PolicyName: p
            PolicyDocument:
              Statement:
                - Effect: Allow
                  Action: ["s3:GetObject"]
                  Resource: arn:aws:s3:::records/*
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::IAM::Role
          Properties:
            ManagedPolicyArns:
              - !Sub arn:$${AWS::Partition}:iam::aws:policy/AdministratorAccess
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_role_policy" "x" {
        role   = "r"
        policy = jsonencode({ Statement = { Effect = "Allow", Action = "*:*", Resource = "*" } })
      }
    EOT
  }
}

rule "FB-AUTHZ-009" {
  title    = "A role can be assumed by anyone, or from another account without a second condition"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Name the principals; ask for an external id or MFA."
  peers    = ["CKV_AWS_60", "CKV_AWS_61", "terraform/aws/iam_role_allows_all_principals_to_assume", "terraform/aws/iam_policy_grants_assumerole_permission_across_all_services", "terraform/aws/cross_account_iam_assume_role_policy_without_external_id_or_mfa"]

  on "statement" {
    when    = self.kind == "trust" || any([for a in list(self.actions) : regex_match("(?i)^sts:AssumeRole$", a)]) && self.kind == "resource"
    fail    = self.effect == "Allow" && any([for p in list(self.principals) : p == "*"]) && absent(self.condition)
    at      = ["Principal", "principals"]
    message = "everyone may assume the role"
  }
  on "statement" {
    when    = self.kind == "trust"
    fail    = self.effect == "Allow" && any([for p in list(self.principals) : regex_match("^(arn:aws[a-z-]*:iam::([0-9]{12}:)?root|[0-9]{12})$", p)]) && !any([for c in list(values(self.condition)) : any([for k, v in c : regex_match("(?i)^(sts:ExternalId|aws:MultiFactorAuthPresent|aws:PrincipalOrgID|aws:PrincipalArn)$", k) && present(v) && !one_of(v, "false")])])
    at      = ["Principal", "principals"]
    message = "another account may assume the role without external id or MFA"
  }
  on "statement" {
    when    = self.kind == "identity" && absent(self.condition)
    fail    = self.effect == "Allow" && any([for a in list(self.actions) : regex_match("(?i)^sts:(AssumeRole|\\*)$", a)]) && any([for r in list(self.resources) : r == "*"])
    at      = ["Resource", "Action"]
    message = "the policy may assume every role"
  }
  on "statement" {
    when    = self.kind == "trust"
    fail    = self.effect == "Allow" && any([for p in list(self.principals) : one_of(p, "service:*")])
    at      = ["Principal"]
    message = "every service may assume the role"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_role" "x" {
        name = "r"
        assume_role_policy = jsonencode({
          Statement = [{
            Effect = "Allow"
            Action = "sts:AssumeRole"
            Principal = { AWS = "*" }
          }]
        })
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_role" "x" {
        name = "r"
        assume_role_policy = jsonencode({
          Statement = [{
            Effect = "Allow"
            Action = "sts:AssumeRole"
            Principal = { AWS = "arn:aws:iam::111122223333:root" }
          }]
        })
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::IAM::Role
          Properties:
            AssumeRolePolicyDocument:
              Statement:
                - Effect: Allow
                  Action: sts:AssumeRole
                  Principal: {AWS: "*"}
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_iam_role" "x" {
        name = "r"
        assume_role_policy = jsonencode({
          Statement = [{
            Effect = "Allow"
            Action = "sts:AssumeRole"
            Principal = { Service = "ec2.amazonaws.com" }
          }]
        })
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_iam_role" "x" {
        name = "r"
        assume_role_policy = jsonencode({
          Statement = [{
            Effect = "Allow"
            Action = "sts:AssumeRole"
            Principal = { AWS = "arn:aws:iam::111122223333:root" }
            Condition = { StringEquals = { "sts:ExternalId" = "a1" } }
          }]
        })
      }
    EOT
  }
}

rule "FB-AUTHZ-010" {
  title    = "A policy lets its holder gain more rights"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Remove the action, or bind it to named roles and policies."
  peers    = ["CKV_AWS_286", "CKV_AWS_110", "terraform/aws/iam_role_policy_passrole_allows_all", "terraform/aws/role_with_privilege_escalation_by_actions_iam_CreatePolicyVersion", "AWS-0342"]

  on "statement" {
    let {
      grow = ["iam:PassRole", "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile", "iam:AttachUserPolicy", "iam:AttachGroupPolicy", "iam:AttachRolePolicy", "iam:PutUserPolicy", "iam:PutGroupPolicy", "iam:PutRolePolicy", "iam:AddUserToGroup", "iam:UpdateAssumeRolePolicy", "lambda:UpdateFunctionCode", "glue:UpdateDevEndpoint"]
    }
    when = self.kind == "identity" && !contains(self.actions, "*")
    fail = allows(self, grow) && any([for r in list(self.resources) : r == "*"])
    at   = ["Action", "actions"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_policy" "x" {
        policy = jsonencode({
          Version = "2012-10-17"
          Statement = [
            { Effect = "Allow", Action = ["iam:PassRole"], Resource = "*" }
          ]
        })
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_role_policy" "x" {
        role = "r"
        policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "iam:CreatePolicyVersion", Resource = "*" }] })
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_iam_policy" "x" {
        policy = jsonencode({
          Version = "2012-10-17"
          Statement = [
            { Effect = "Allow", Action = ["iam:PassRole"], Resource = "arn:aws:iam::111122223333:role/task" }
          ]
        })
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_iam_role_policy" "x" {
        role = "r"
        policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "iam:GetRole", Resource = "*" }] })
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      data "aws_iam_policy_document" "x" {
        statement {
          actions   = ["iam:Attach*"]
          resources = ["*"]
        }
      }
    EOT
  }
}

rule "FB-AUTHZ-011" {
  title    = "A policy is attached to a user"
  control  = "authorization"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(2)(i)", "GDPR 32"]
  advice   = "Attach policies to groups or roles."
  peers    = ["CKV_AWS_40", "cloudFormation/aws/iam_policies_attached_to_user", "AWS-0143"]

  on "aws_iam_user_policy" "aws_iam_user_policy_attachment" {
    fail = true
    at   = ["user"]
  }
  on "aws_iam_policy_attachment" {
    fail = present(self.users)
    at   = "users"
  }
  on "AWS::IAM::Policy" "AWS::IAM::ManagedPolicy" {
    fail = present(self.Users)
    at   = "Users"
  }
  on "AWS::IAM::User" {
    fail = present(self.Policies) || present(self.ManagedPolicyArns)
    at   = ["Policies", "ManagedPolicyArns"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_user_policy" "x" {
        user = "u"
        policy = "{}"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::IAM::Policy
          Properties:
            PolicyName: p
            Users: [u]
            PolicyDocument:
              Statement: []
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_iam_group_policy" "x" {
        group = "g"
        policy = "{}"
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::IAM::Policy
          Properties:
            PolicyName: p
            Groups: [g]
            PolicyDocument:
              Statement: []
    EOT
  }
}

rule "FB-AUTHZ-012" {
  title    = "A bucket can be read or written by everyone"
  control  = "authorization"
  severity = "critical"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Make it private."
  peers    = ["CKV_AWS_20", "CKV_AWS_57", "CKV_AWS_70", "CKV_GCP_28", "CKV_AZURE_34", "terraform/aws/s3_bucket_acl_allows_read_or_write_to_all_users", "terraform/aws/s3_bucket_access_to_any_principal", "terraform/gcp/cloud_storage_anonymous_or_publicly_accessible", "terraform/gcp/cloud_storage_bucket_is_publicly_accessible", "cloudFormation/aws/s3_bucket_acl_allows_read_or_write_to_all_users", "AWS-0092", "GCP-0001", "AZU-0007"]

  on "object_store" {
    fail    = one_of(self.acl, "public-read", "public-read-write", "authenticated-read", "website", "PublicRead", "PublicReadWrite")
    at      = ["acl", "AccessControl"]
    message = "the ACL of the bucket is public"
  }
  on "aws_s3_bucket_acl" {
    fail = any([for g in list(self.access_control_policy.grant) : regex_match("global/(AllUsers|AuthenticatedUsers)$", g.grantee.uri)]) || (length(linked_to(self, "aws_s3_bucket")) == 0 && one_of(self.acl, "public-read", "public-read-write", "authenticated-read"))
    at   = ["access_control_policy.grant", "acl"]
  }
  on "aws_s3_bucket" {
    fail = any([for g in list(self.grant) : regex_match("global/(AllUsers|AuthenticatedUsers)$", g.uri)])
    at   = "grant"
  }
  on "aws_s3_bucket_policy" "aws_s3_bucket" "AWS::S3::BucketPolicy" "module" {
    fail    = [for s in statements(either(self.policy, self.PolicyDocument)) : s if s.effect == "Allow" && any([for p in list(s.principals) : p == "*"]) && !any([for c in list(values(s.condition)) : any([for k, v in c : regex_match(local.narrow, k) && !(known(v) && regex_match(local.whoever, v))])])]
    at      = ["policy", "PolicyDocument"]
    message = "the policy lets everyone in"
  }
  on "google_storage_bucket_iam_member" "google_storage_bucket_iam_binding" "google_storage_bucket_access_control" "google_storage_default_object_access_control" "google_storage_bucket_acl" {
    fail = any([for m in join_lists(self.member, self.members, self.entity, self.role_entity) : regex_match("allUsers|allAuthenticatedUsers", m)])
    at   = ["member", "members", "entity", "role_entity"]
  }
  on "google_storage_bucket_acl" "google_storage_default_object_acl" {
    fail = one_of(self.predefined_acl, "publicRead", "publicReadWrite")
    at   = "predefined_acl"
  }
  on "azurerm_storage_container" {
    fail = one_of(self.container_access_type, "blob", "container")
    at   = "container_access_type"
    fix  = { container_access_type = "private" }
  }
  on "Microsoft.Storage/storageAccounts/blobServices/containers" {
    fail = one_of(self.properties.publicAccess, "Blob", "Container")
    at   = "properties.publicAccess"
  }
  on "module" {
    # the registry's module is an object_store
    when = strcontains(self.source, "s3-bucket") && self.source != "terraform-aws-modules/s3-bucket/aws"
    fail = one_of(self.acl, "public-read", "public-read-write", "authenticated-read", "website")
    at   = "acl"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "records"
        acl = "public-read"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_storage_bucket_iam_member" "x" {
        bucket = "records"
        role = "roles/storage.objectViewer"
        member = "allUsers"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::S3::Bucket
          Properties:
            AccessControl: PublicReadWrite
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "records"
        acl = "private"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_storage_bucket_iam_member" "x" {
        bucket = "records"
        role = "roles/storage.objectViewer"
        member = "group:clinic@example.org"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_container" "x" {
        name                  = "c"
        container_access_type = "private"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_container" "x" {
        name                  = "uploads"
        container_access_type = "blob"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_container" "x" {
        name                  = "uploads"
        container_access_type = "private"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket_policy" "x" {
        bucket = "b"
        policy = jsonencode({ Statement = [{
          Effect = "Allow", Principal = "*", Action = "s3:GetObject", Resource = "*"
          Condition = { ArnLike = { "aws:PrincipalArn" = "arn:aws:iam::*" } }
        }] })
      }
    EOT
  }
}

rule "FB-AUTHZ-013" {
  title    = "Public access to a bucket is not blocked"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Set all four settings of the public access block."
  peers    = ["CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "CKV2_AWS_6", "terraform/aws/s3_bucket_without_ignore_public_acl", "terraform/aws/s3_bucket_without_restriction_of_public_bucket", "AWS-0086", "AWS-0087", "AWS-0091", "AWS-0093", "AWS-0094"]

  # Each is false when absent (provider aws 5, 2025-01).
  on "aws_s3_bucket_public_access_block" "aws_s3_account_public_access_block" {
    fail    = self.block_public_acls != true || self.block_public_policy != true || self.ignore_public_acls != true || self.restrict_public_buckets != true
    at      = ["restrict_public_buckets", "ignore_public_acls"]
    message = "a setting of the public access block is off"
  }
  on "AWS::S3::Bucket" {
    let {
      b = self.PublicAccessBlockConfiguration
    }
    when = present(b)
    fail = b.BlockPublicAcls != true || b.BlockPublicPolicy != true || b.IgnorePublicAcls != true || b.RestrictPublicBuckets != true
    at   = "PublicAccessBlockConfiguration"
  }
  on "AWS::S3::Bucket" {
    when    = self.PublicAccessBlockConfiguration.IgnorePublicAcls != true
    fail    = one_of(self.AccessControl, "AuthenticatedRead")
    at      = "AccessControl"
    message = "the ACL lets every account of AWS read, and nothing blocks it"
  }
  # The module blocks public access by itself from version 4.
  on "module" {
    let {
      old = regex_match("^[~>=<! ]*[0-3]\\.", self.version)
    }
    when = strcontains(self.source, "s3-bucket")
    fail = self.block_public_acls == false || self.block_public_policy == false || self.ignore_public_acls == false || self.restrict_public_buckets == false || old && self.ignore_public_acls != true && self.restrict_public_buckets != true
    at   = ["restrict_public_buckets", "ignore_public_acls"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "b"
      }
      resource "aws_s3_bucket_public_access_block" "x" {
        bucket = aws_s3_bucket.x.id
        block_public_acls       = true
        block_public_policy     = true
        ignore_public_acls      = false
        restrict_public_buckets = true
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::S3::Bucket
          Properties:
            PublicAccessBlockConfiguration:
              BlockPublicAcls: true
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "x" {
        bucket = "b"
      }
      resource "aws_s3_bucket_public_access_block" "x" {
        bucket = aws_s3_bucket.x.id
        block_public_acls       = true
        block_public_policy     = true
        ignore_public_acls      = true
        restrict_public_buckets = true
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::S3::Bucket
          Properties:
            PublicAccessBlockConfiguration:
              BlockPublicAcls: true
              BlockPublicPolicy: true
              IgnorePublicAcls: true
              RestrictPublicBuckets: true
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::S3::Bucket
          Properties:
            AccessControl: AuthenticatedRead
    EOT
  }
}

rule "FB-AUTHZ-014" {
  title    = "A storage account can be reached from any network"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Set the default action to Deny."
  peers    = ["CKV_AZURE_35", "CKV_AZURE_59", "CKV_AZURE_190", "terraform/azure/default_azure_storage_account_network_access_is_too_permissive", "azureResourceManager/storage_account_allows_network_default_access", "AZU-0012"]

  on "azurerm_storage_account" {
    fail = one_of(self.network_rules.default_action, "Allow")
    at   = "network_rules.default_action"
    fix  = { "network_rules.default_action" = "Deny" }
  }
  on "azurerm_storage_account" {
    fail    = self.allow_nested_items_to_be_public == true || self.allow_blob_public_access == true
    at      = ["allow_nested_items_to_be_public", "allow_blob_public_access"]
    message = "containers may be made public"
  }
  on "azurerm_storage_account" {
    fail    = self.public_network_access_enabled != false && absent(self.network_rules) && length(linked_from(self, "azurerm_storage_account_network_rules")) == 0
    message = "no network rule limits access"
  }
  on "azurerm_storage_account_network_rules" {
    fail = one_of(self.default_action, "Allow")
    at   = "default_action"
    fix  = { default_action = "Deny" }
  }
  on "Microsoft.Storage/storageAccounts" {
    fail = one_of(self.properties.networkAcls.defaultAction, "Allow") || (absent(self.properties.networkAcls) && !one_of(self.properties.publicNetworkAccess, "Disabled"))
    at   = ["properties.networkAcls.defaultAction", "properties"]
  }
  on "Microsoft.Storage/storageAccounts" {
    fail    = self.properties.allowBlobPublicAccess == true
    at      = "properties.allowBlobPublicAccess"
    message = "containers may be made public"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name = "s"
        network_rules {
          default_action = "Allow"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account_network_rules" "x" {
        storage_account_id = "s"
        default_action = "Allow"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name = "s"
        network_rules {
          default_action = "Deny"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account_network_rules" "x" {
        storage_account_id = "s"
        default_action     = "Deny"
      }
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "w/f",
          "properties": { "allowBlobPublicAccess": true, "networkAcls": { "defaultAction": "Deny" } }
        }]
      }
    EOT
  }
  example "pass" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "w/f",
          "properties": { "allowBlobPublicAccess": false, "networkAcls": { "defaultAction": "Deny" } }
        }]
      }
    EOT
  }
}

rule "FB-AUTHZ-015" {
  title    = "Everyone may use a key"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Name the administrators and users of the key."
  peers    = ["CKV_AWS_33", "CKV_GCP_112", "CKV2_GCP_6", "terraform/aws/kms_key_with_full_permissions", "terraform/gcp/kms_crypto_key_publicly_accessible", "cloudFormation/aws/kms_key_with_full_permissions"]

  on "statement" {
    when = one_of(self._type, "aws_kms_key", "aws_kms_key_policy", "AWS::KMS::Key") || one_of(self.resource._type, "aws_kms_key", "aws_kms_key_policy", "AWS::KMS::Key")
    fail = self.effect == "Allow" && any([for p in list(self.principals) : p == "*"]) && !any([for c in list(values(self.condition)) : any([for k, v in c : regex_match(local.narrow, k) && !(known(v) && regex_match(local.whoever, v))])]) && any([for a in list(self.actions) : regex_match("(?i)^(kms:\\*|\\*|kms:Decrypt|kms:PutKeyPolicy)$", a)])
    at   = ["policy", "KeyPolicy"]
  }
  on "google_kms_crypto_key_iam_member" "google_kms_crypto_key_iam_binding" "google_kms_key_ring_iam_member" "google_kms_key_ring_iam_binding" {
    fail = any([for m in join_lists(self.member, self.members) : one_of(m, "allUsers", "allAuthenticatedUsers")])
    at   = ["member", "members"]
  }
  on "aws_kms_key" {
    fail    = absent(self.policy) && length(linked_from(self, "aws_kms_key_policy")) == 0
    at      = "policy"
    message = "the key has no policy of its own: every IAM policy of the account decides who may use it"
  }
  on "AWS::KMS::Key" {
    fail    = absent(self.KeyPolicy)
    at      = "KeyPolicy"
    message = "the key has no policy of its own: every IAM policy of the account decides who may use it"
  }
  on "google_kms_crypto_key_iam_policy" "google_kms_key_ring_iam_policy" {
    fail = any([for b in join_lists(json(self.policy_data).bindings, [for d in linked_to(self, "data.google_iam_policy") : d.binding]...) : any([for m in join_lists(b.members, b.member) : one_of(m, "allUsers", "allAuthenticatedUsers")])])
    at   = "policy_data"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_kms_key" "x" {
        policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = { AWS = "*" }, Action = "kms:*", Resource = "*" }] })
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_kms_crypto_key_iam_member" "x" {
        crypto_key_id = "k"
        role = "roles/cloudkms.cryptoKeyDecrypter"
        member = "allUsers"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_kms_key" "x" {
        policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::111122223333:role/admin" }, Action = "kms:*", Resource = "*" }] })
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_kms_crypto_key_iam_member" "x" {
        crypto_key_id = "k"
        role = "roles/cloudkms.cryptoKeyDecrypter"
        member = "serviceAccount:a@p.iam.gserviceaccount.com"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_kms_key_ring_iam_policy" "x" {
        key_ring_id = "k"
        policy_data = jsonencode({ bindings = [{ role = "roles/cloudkms.viewer", members = ["allUsers"] }] })
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      data "google_iam_policy" "p" {
        binding {
          role    = "roles/cloudkms.viewer"
          members = ["group:a@example.org"]
        }
      }
      resource "google_kms_key_ring_iam_policy" "x" {
        key_ring_id = "k"
        policy_data = data.google_iam_policy.p.policy_data
      }
      resource "aws_kms_key" "x" {
        policy = jsonencode({ Statement = [{
          Effect = "Allow", Principal = "*", Action = "kms:*", Resource = "*"
          Condition = { StringEquals = { "kms:CallerAccount" = "111122223333" } }
        }] })
      }
    EOT
  }
}

rule "FB-AUTHZ-016" {
  title    = "Everyone may use a queue or topic"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Name the senders, or ask for a source ARN."
  peers    = ["CKV_AWS_168", "CKV_AWS_169", "CKV_GCP_99", "AWS-0097"]

  on "statement" {
    when = regex_match("(?i)(aws_sns|aws_sqs|AWS::SNS|AWS::SQS)", self._type, self.resource._type)
    fail = self.effect == "Allow" && any([for p in list(self.principals) : p == "*"]) && !any([for c in list(values(self.condition)) : any([for k, v in c : regex_match(local.narrow, k) && !(known(v) && regex_match(local.whoever, v))])])
    at   = ["policy", "PolicyDocument"]
  }
  on "statement" {
    when    = regex_match("(?i)(aws_sqs|AWS::SQS)", self._type, self.resource._type)
    fail    = self.effect == "Allow" && contains(self.actions, "*")
    at      = ["policy", "PolicyDocument"]
    message = "the policy allows every action, also to change itself"
  }
  on "google_pubsub_topic_iam_policy" "google_pubsub_subscription_iam_policy" {
    fail = any([for b in join_lists(json(self.policy_data).bindings, [for d in linked_to(self, "data.google_iam_policy") : d.binding]...) : any([for m in list(b.members) : one_of(m, "allUsers", "allAuthenticatedUsers")])])
    at   = "policy_data"
  }
  on "google_pubsub_topic_iam_member" "google_pubsub_topic_iam_binding" "google_pubsub_subscription_iam_member" "google_pubsub_subscription_iam_binding" {
    fail = any([for m in join_lists(self.member, self.members) : one_of(m, "allUsers", "allAuthenticatedUsers")])
    at   = ["member", "members"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_sqs_queue_policy" "x" {
        queue_url = "q"
        policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = "*", Action = "sqs:SendMessage", Resource = "*" }] })
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_pubsub_topic_iam_member" "x" {
        topic = "t"
        role = "roles/pubsub.subscriber"
        member = "allUsers"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_sqs_queue_policy" "x" {
        queue_url = "q"
        policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = "*", Action = "sqs:SendMessage", Resource = "*", Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:sns:eu-west-1:111122223333:t" } } }] })
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_pubsub_topic_iam_member" "x" {
        topic = "t"
        role = "roles/pubsub.subscriber"
        member = "serviceAccount:a@p.iam.gserviceaccount.com"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_sqs_queue_policy" "x" {
        queue_url = "q"
        policy = jsonencode({
          Statement = [{
            Effect = "Allow", Principal = { AWS = ["*"] }, Action = "sqs:SendMessage", Resource = "*"
            Condition = { IpAddress = { "aws:SourceIp" = "198.51.100.0/24" } }
          }]
        })
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      data "aws_iam_policy_document" "x" {
        statement {
          actions   = ["sns:Publish"]
          resources = ["*"]
          principals {
            type        = "AWS"
            identifiers = ["*"]
          }
          condition {
            test     = "StringEquals"
            variable = "AWS:SourceAccount"
            values   = ["111122223333"]
          }
        }
      }
      resource "aws_sns_topic_policy" "x" {
        arn    = "t"
        policy = data.aws_iam_policy_document.x.json
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        P:
          Type: AWS::SQS::QueuePolicy
          Properties:
            Queues: [q]
            PolicyDocument:
              Statement:
                Effect: Allow
                Principal:
                  AWS: "111122223333"
                Action: "*"
                Resource: "*"
    EOT
  }
}

rule "FB-AUTHZ-017" {
  title    = "A permission to call a function is too wide"
  control  = "authorization"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Name action, principal and source_arn."
  peers    = ["CKV_AWS_364", "CKV_AWS_301", "terraform/aws/lambda_permission_principal_is_wildcard", "terraform/aws/lambda_permission_misconfigured", "AWS-0067"]

  on "aws_lambda_permission" {
    fail    = self.principal == "*"
    at      = "principal"
    message = "everyone may call the function"
  }
  on "aws_lambda_permission" {
    when    = known(self.action)
    fail    = !one_of(self.action, "lambda:InvokeFunction", "lambda:InvokeFunctionUrl")
    at      = "action"
    message = "more than calls are permitted"
  }
  on "aws_lambda_permission" {
    when    = endswith(self.principal, ".amazonaws.com")
    fail    = absent(self.source_arn) && absent(self.source_account) && absent(self.principal_org_id)
    at      = "principal"
    message = "any customer of the service may call the function"
  }
  on "AWS::Lambda::Permission" {
    fail = self.Principal == "*" || known(self.Action) && !one_of(self.Action, "lambda:InvokeFunction", "lambda:InvokeFunctionUrl")
    at   = ["Principal", "Action"]
  }
  on "AWS::Lambda::Permission" {
    when    = endswith(self.Principal, ".amazonaws.com")
    fail    = absent(self.SourceArn) && absent(self.SourceAccount) && absent(self.PrincipalOrgID)
    at      = "Principal"
    message = "any customer of the service may call the function"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_lambda_permission" "x" {
        function_name = "f"
        action = "lambda:InvokeFunction"
        principal = "*"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_lambda_permission" "x" {
        function_name = "f"
        action = "lambda:DeleteFunction"
        principal = "events.amazonaws.com"
        source_arn = "arn:aws:events:eu-west-1:111122223333:rule/r"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_lambda_permission" "x" {
        function_name = "f"
        action = "lambda:InvokeFunction"
        principal = "events.amazonaws.com"
        source_arn = "arn:aws:events:eu-west-1:111122223333:rule/r"
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::Lambda::Permission
          Properties:
            FunctionName: f
            Action: lambda:InvokeFunction
            Principal: events.amazonaws.com
            SourceArn: !GetAtt Rule.Arn
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::Lambda::Permission
          Properties:
            FunctionName: f
            Action: lambda:InvokeFunction
            Principal: events.amazonaws.com
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::Lambda::Permission
          Properties:
            FunctionName: f
            Action: lambda:GetFunction
            Principal: "111122223333"
    EOT
  }
}

rule "FB-AUTHZ-018" {
  title    = "A Kubernetes role grants everything by a wildcard"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Name groups, resources and verbs."
  peers    = ["CKV_K8S_49", "k8s/rbac_wildcard_in_rule", "KSV-0044", "KSV-0045", "KSV-0046"]

  on "statement" {
    when = self.kind == "rbac"
    fail = contains(self.actions, "*") || contains(self.resources, "*") || contains(self.groups, "*")
    at   = ["verbs", "resources", "apiGroups"]
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata:
        name: r
      rules:
        - {apiGroups: [""], resources: ["*"], verbs: ["get"]}
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata:
        name: r
      rules:
        - {apiGroups: [""], resources: ["pods"], verbs: ["*"]}
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata:
        name: r
      rules:
        - {apiGroups: [""], resources: ["pods"], verbs: ["get", "list"]}
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata:
        name: r
      rules:
        - {apiGroups: ["apps"], resources: ["deployments"], verbs: ["get"]}
    EOT
  }
}

rule "FB-AUTHZ-019" {
  title    = "A Kubernetes role reads all secrets"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Name the secrets with resourceNames."
  peers    = ["CKV2_K8S_5", "k8s/rbac_roles_with_read_secrets_permissions", "KSV-0041", "KSV-0113"]

  on "statement" {
    when = self.kind == "rbac"
    fail = any([for r in list(self.resources) : one_of(r, "secrets", "*")]) && any([for g in list(self.groups) : one_of(g, "", "core", "*")]) && any([for v in list(self.actions) : one_of(v, "get", "list", "watch", "*")]) && absent(self.names)
    at   = ["resources"]
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata:
        name: r
      rules:
        - {apiGroups: [""], resources: ["secrets"], verbs: ["get"]}
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata:
        name: r
      rules:
        - {apiGroups: [""], resources: ["pods", "secrets"], verbs: ["list", "watch"]}
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata:
        name: r
      rules:
        - {apiGroups: [""], resources: ["secrets"], resourceNames: ["fhir-tls"], verbs: ["get"]}
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata:
        name: r
      rules:
        - {apiGroups: [""], resources: ["secrets"], verbs: ["create"]}
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "kubernetes_cluster_role" "x" {
        metadata {
          name = "r"
        }
        rule {
          api_groups = [""]
          resources  = ["*"]
          verbs      = ["list"]
        }
      }
    EOT
  }
}

rule "FB-AUTHZ-020" {
  title    = "A workload is administrator of the cluster"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Bind a role of its own."
  peers    = ["KSV-0111"]

  on "ClusterRoleBinding" "RoleBinding" {
    when = one_of(self.roleRef.name, "cluster-admin", "admin") && !one_of(self.roleRef.kind, "Role") && !startswith(self.metadata.name, "system:")
    fail = any([for s in list(self.subjects) : s.kind == "ServiceAccount" || one_of(s.name, "system:authenticated", "system:unauthenticated", "system:anonymous", "system:serviceaccounts") || startswith(s.name, "system:serviceaccounts:")])
    at   = ["subjects", "roleRef.name"]
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata:
        name: b
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: ClusterRole
        name: cluster-admin
      subjects:
        - {kind: ServiceAccount, name: default, namespace: fhir}
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata:
        name: b
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: ClusterRole
        name: cluster-admin
      subjects:
        - {kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata:
        name: b
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: ClusterRole
        name: cluster-admin
      subjects:
        - {kind: Group, name: operators, apiGroup: rbac.authorization.k8s.io}
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata:
        name: b
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: ClusterRole
        name: fhir-reader
      subjects:
        - {kind: ServiceAccount, name: fhir, namespace: fhir}
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "kubernetes_cluster_role_binding" "x" {
        metadata {
          name = "b"
        }
        role_ref {
          api_group = "rbac.authorization.k8s.io"
          kind      = "ClusterRole"
          name      = "cluster-admin"
        }
        subject {
          kind      = "ServiceAccount"
          name      = "app"
          namespace = "fhir"
        }
      }
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: RoleBinding
      metadata:
        name: b
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: Role
        name: admin
      subjects:
        - kind: ServiceAccount
          name: app
          namespace: fhir
    EOT
  }
}

rule "FB-AUTHZ-021" {
  title    = "A Kubernetes role lets its holder act as others or enter containers"
  control  = "authorization"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Remove exec, attach, impersonate, escalate, bind."
  peers    = ["CKV_K8S_157", "CKV_K8S_158", "k8s/rbac_roles_with_exec_permission", "k8s/rbac_roles_with_attach_permission", "k8s/rbac_roles_with_impersonate_permission", "KSV-0053", "KSV-0043"]

  on "statement" {
    when    = self.kind == "rbac"
    fail    = any([for r in list(self.resources) : one_of(r, "pods/exec", "pods/attach", "pods/*", "pods/portforward")]) && any([for v in list(self.actions) : one_of(v, "create", "get", "*")])
    at      = "resources"
    message = "the role may enter containers"
  }
  on "statement" {
    when    = self.kind == "rbac"
    fail    = any([for v in list(self.actions) : one_of(v, "impersonate", "escalate", "bind")]) || contains(self.actions, "*") && any([for r in list(self.resources) : one_of(r, "roles", "clusterroles", "rolebindings", "clusterrolebindings")])
    at      = "verbs"
    message = "the role may act as others"
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata:
        name: r
      rules:
        - {apiGroups: [""], resources: ["pods/exec"], verbs: ["create"]}
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata:
        name: r
      rules:
        - {apiGroups: [""], resources: ["users", "groups"], verbs: ["impersonate"]}
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata:
        name: r
      rules:
        - {apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get"]}
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata:
        name: r
      rules:
        - {apiGroups: [""], resources: ["users"], verbs: ["get"]}
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata:
        name: r
      rules:
        - apiGroups: [rbac.authorization.k8s.io]
          resources: [roles]
          verbs: ["*"]
    EOT
  }
}

rule "FB-AUTHZ-022" {
  title    = "A pod holds a token of the cluster's API"
  control  = "authorization"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Set automountServiceAccountToken to false and use a service account of its own."
  peers    = ["CKV_K8S_38", "CKV_K8S_41", "KSV-0036"]

  on "container" {
    when    = self.platform == "kubernetes" && present(self.spec)
    fail    = self.mounts_token
    at      = ["automountServiceAccountToken", "image"]
    message = "the pod of ${self.name} holds a token of the cluster's API"
  }
  on "ServiceAccount" {
    when    = self.metadata.name == "default"
    fail    = self.automountServiceAccountToken != false
    at      = ["automountServiceAccountToken", "metadata.name"]
    message = "the default service account gives its token to every pod"
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: fhir
        namespace: fhir
      spec:
        containers:
          - name: fhir
            image: hapiproject/hapi:v7.4.0
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: fhir
        namespace: fhir
      spec:
        serviceAccountName: fhir
        automountServiceAccountToken: true
        containers:
          - name: fhir
            image: hapiproject/hapi:v7.4.0
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: fhir
        namespace: fhir
      spec:
        serviceAccountName: fhir
        automountServiceAccountToken: false
        containers:
          - name: fhir
            image: hapiproject/hapi:v7.4.0
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ServiceAccount
      metadata:
        name: fhir
      automountServiceAccountToken: false
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: fhir
        namespace: fhir
      spec:
        serviceAccountName: fhir
        containers:
          - name: fhir
            image: hapiproject/hapi:v7.4.0
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "kubernetes_cron_job_v1" "x" {
        metadata {
          name = "c"
        }
        spec {
          schedule = "0 1 * * *"
          job_template {
            metadata {}
            spec {
              template {
                metadata {}
                spec {
                  container {
                    name  = "c"
                    image = "registry.example.org/c:1"
                  }
                }
              }
            }
          }
        }
      }
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ServiceAccount
      metadata:
        name: fhir
        namespace: fhir
      automountServiceAccountToken: false
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: fhir
        namespace: fhir
        labels: {app: fhir}
      spec:
        serviceAccountName: fhir
        automountServiceAccountToken: true
        containers:
          - name: fhir
            image: hapiproject/hapi:v7.4.0
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ServiceAccount
      metadata:
        name: other
        namespace: fhir
      automountServiceAccountToken: false
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: fhir
        namespace: fhir
        labels: {app: fhir}
      spec:
        containers:
          - name: fhir
            image: hapiproject/hapi:v7.4.0
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ServiceAccount
      metadata:
        name: quiet
      automountServiceAccountToken: false
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: s
      spec:
        template:
          spec:
            serviceAccountName: quiet
            containers:
              - name: c
                image: registry.example.org/c:1
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ServiceAccount
      metadata:
        name: default
        namespace: fhir
      automountServiceAccountToken: false
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: fhir
        namespace: fhir
        labels: {app: fhir}
      spec:
        containers:
          - name: fhir
            image: hapiproject/hapi:v7.4.0
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
    at      = ["securityContext.privileged", "privileged", "Privileged"]
    message = "container ${self.name} is privileged"
  }
  on "PodSecurityPolicy" {
    fail    = self.spec.privileged == true
    at      = "spec.privileged"
    message = "the policy admits privileged containers"
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
        a:
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
            securityContext:
              privileged: false
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        a:
          image: a:1
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: policy/v1beta1
      kind: PodSecurityPolicy
      metadata:
        name: p
      spec:
        privileged: true
        hostNetwork: true
        runAsUser:
          rule: RunAsAny
    EOT
  }
}

rule "FB-AUTHZ-024" {
  title    = "A container runs as root"
  control  = "authorization"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Run as a user of its own."
  peers    = ["CKV_K8S_23", "CKV_K8S_40", "CKV_DOCKER_3", "CKV_DOCKER_8", "k8s/containers_running_as_root", "KSV-0012", "DS-0002"]

  on "container" {
    # In a user namespace of its own, root is a stranger to the host.
    when    = self.platform == "kubernetes" && self.spec.hostUsers != false
    fail    = self.platform == "kubernetes" && (self.user == 0 || self.non_root == false || (absent(self.user) && self.non_root != true)) && !(self.user > 0)
    at      = ["securityContext.runAsUser", "securityContext.runAsNonRoot", "securityContext"]
    message = "container ${self.name} may run as root"
  }
  on "container" {
    when    = self.platform != "kubernetes"
    fail    = regex_match("^(root|0)(:.*)?$", self.user)
    at      = ["user"]
    message = "${self.name} runs as root"
  }
  on "stage" {
    when    = self.final == true && !one_of(self.from.image, "scratch")
    fail    = absent(self.user) && !regex_match("(?i)nonroot|unprivileged|rootless|distroless.*nonroot", self.from.image)
    at      = "from"
    message = "the image runs as root: there is no USER"
  }
  on "PodSecurityPolicy" {
    fail    = !one_of(self.spec.runAsUser.rule, "MustRunAsNonRoot") && !(self.spec.runAsUser.rule == "MustRunAs" && all([for r in list(self.spec.runAsUser.ranges) : r.min > 0]))
    at      = ["spec.runAsUser.rule", "spec"]
    message = "the policy admits containers that run as root"
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
              runAsUser: 0
    EOT
  }
  example "fail" "dockerfile" {
    text = <<-EOT
      FROM debian:12
      CMD ["app"]
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
              runAsUser: 10001
              runAsNonRoot: true
    EOT
  }
  example "pass" "dockerfile" {
    text = <<-EOT
      FROM debian:12
      USER 10001
      CMD ["app"]
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: policy/v1beta1
      kind: PodSecurityPolicy
      metadata:
        name: p
      spec:
        privileged: true
        hostNetwork: true
        runAsUser:
          rule: RunAsAny
    EOT
  }
}

rule "FB-AUTHZ-025" {
  title    = "A process of a container may gain privileges"
  control  = "authorization"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Set allowPrivilegeEscalation to false, or no-new-privileges."
  peers    = ["CKV_K8S_20", "CKV_K8S_5", "dockerCompose/no_new_privileges_not_set", "KSV-0001"]

  # Allowed when absent.
  on "container" {
    when    = self.platform == "kubernetes"
    fail    = self.escalation != false
    at      = ["securityContext.allowPrivilegeEscalation", "securityContext"]
    message = "container ${self.name} may gain privileges"
  }
  on "container" {
    when    = self.platform == "compose"
    fail    = self.escalation == true
    at      = ["security_opt"]
    message = "${self.name} may gain privileges: no-new-privileges is not set"
  }
  on "PodSecurityPolicy" {
    fail    = self.spec.allowPrivilegeEscalation != false
    at      = ["spec.allowPrivilegeEscalation", "spec"]
    message = "the policy admits processes that gain privileges"
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
  example "fail" "compose" {
    text = <<-EOT
      services:
        a:
          image: a:1
          security_opt:
            - no-new-privileges:false
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
              allowPrivilegeEscalation: false
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        a:
          image: a:1
          security_opt:
            - no-new-privileges:true
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: policy/v1beta1
      kind: PodSecurityPolicy
      metadata:
        name: p
      spec:
        privileged: true
        hostNetwork: true
        runAsUser:
          rule: RunAsAny
    EOT
  }
}

rule "FB-AUTHZ-026" {
  title    = "A container shares namespaces or files of its host"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Remove host namespaces, host paths and sockets."
  peers    = ["CKV_K8S_27", "CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19", "k8s/shared_host_ipc_namespace", "KSV-0006", "KSV-0008", "KSV-0009", "KSV-0010"]

  on "container" {
    fail    = self.host_ipc == true || self.host_pid == true || self.host_network == true
    at      = ["hostIPC", "hostPID", "hostNetwork", "ipc", "pid", "network_mode"]
    message = "${self.name} shares a namespace of the host"
  }
  on "container" {
    when    = self.platform != "kubernetes"
    fail    = [for m in list(self.mounts) : m if any([for s in list(m.source) : regex_match(local.host_path, s)])]
    at      = ["source", "volumeMounts", "volumes"]
    message = "a path of the host is mounted"
  }
  # Daemons of the cluster itself cannot do without.
  on "Pod" "Deployment" "StatefulSet" "DaemonSet" "ReplicaSet" "ReplicationController" "DeploymentConfig" "Job" "CronJob" "Revision" "Configuration" "Service" {
    let {
      pod = either(self.spec.jobTemplate.spec.template.spec, self.spec.template.spec, self.spec)
    }
    when    = self.metadata.namespace != "kube-system"
    fail    = [for v in list(pod.volumes) : v if regex_match(local.host_path, v.hostPath.path)]
    at      = ["hostPath.path", "hostPath", "name"]
    message = "a path of the host is a volume of the pod"
  }
  on "PersistentVolume" {
    when    = self.metadata.namespace != "kube-system"
    fail    = regex_match(local.host_path, self.spec.hostPath.path)
    at      = "spec.hostPath.path"
    message = "a path of the host is a volume"
  }
  on "PodSecurityPolicy" {
    fail    = self.spec.hostIPC == true || self.spec.hostPID == true || self.spec.hostNetwork == true
    at      = ["spec.hostIPC", "spec.hostPID", "spec.hostNetwork"]
    message = "the policy admits pods in namespaces of the host"
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: p
      spec:
        hostIPC: true
        containers:
          - name: c
            image: a:1
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        a:
          image: a:1
          volumes:
            - /var/run/docker.sock:/var/run/docker.sock
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: p
      spec:
        hostIPC: false
        containers:
          - name: c
            image: a:1
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        a:
          image: a:1
          volumes:
            - data:/data
      volumes:
        data: {}
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: policy/v1beta1
      kind: PodSecurityPolicy
      metadata:
        name: p
      spec:
        privileged: true
        hostNetwork: true
        runAsUser:
          rule: RunAsAny
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "kubernetes_pod" "x" {
        metadata {
          name = "p"
        }
        spec {
          container {
            name  = "c"
            image = "i:1"
            volume_mount {
              name       = "v"
              mount_path = "/log"
            }
          }
          volume {
            name = "v"
            host_path {
              path = "/var/log"
            }
          }
        }
      }
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        web:
          image: web:1
          volumes:
            - /var/lib/other:/data
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        web:
          image: web:1
          volumes:
            - ./conf:/etc/web:ro
            - data:/var/lib/web
      volumes:
        data: {}
    EOT
  }
}

rule "FB-AUTHZ-027" {
  title    = "No network policy protects a FHIR server"
  control  = "authorization"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Deny by default, then allow the callers."
  peers    = ["CKV2_K8S_6", "KSV-0038", "KUBE-0001"]

  on "fhir_server" {
    when = self.platform == "kubernetes" && present(self.container.spec)
    let { namespace = self.container.resource.metadata.namespace }
    fail = !any([for n in resources("network_policy") : contains(n.types, "Ingress") && (absent(n.namespace) || absent(namespace) || n.namespace == namespace) && (absent(n.selector) || selects(n.selector, self.container.labels))])
    at   = "image"
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: fhir
        namespace: fhir
        labels:
          app: fhir
      spec:
        containers:
          - name: fhir
            image: hapiproject/hapi:v7.4.0
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: fhir
        namespace: fhir
        labels:
          app: fhir
      spec:
        containers:
          - name: fhir
            image: hapiproject/hapi:v7.4.0
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: n
        namespace: fhir
      spec:
        podSelector: {matchLabels: {app: other}}
        policyTypes: [Ingress]
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: fhir
        namespace: fhir
        labels:
          app: fhir
      spec:
        containers:
          - name: fhir
            image: hapiproject/hapi:v7.4.0
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: n
        namespace: fhir
      spec:
        podSelector: {}
        policyTypes: [Ingress]
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: fhir
        namespace: fhir
        labels:
          app: fhir
      spec:
        containers:
          - name: fhir
            image: hapiproject/hapi:v7.4.0
      ---
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: n
        namespace: fhir
      spec:
        podSelector: {matchLabels: {app: fhir}}
        policyTypes: [Ingress]
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: n
        namespace: fhir
      spec:
        podSelector:
          matchLabels: {app: fhir}
        policyTypes: [Egress]
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: fhir
        namespace: fhir
        labels: {app: fhir}
      spec:
        containers:
          - name: fhir
            image: hapiproject/hapi:v7.4.0
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: n
        namespace: other
      spec:
        podSelector:
          matchLabels: {app: fhir}
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: fhir
        namespace: fhir
        labels: {app: fhir}
      spec:
        containers:
          - name: fhir
            image: hapiproject/hapi:v7.4.0
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: n
        namespace: fhir
      spec:
        podSelector:
          matchLabels: {app: fhir}
        egress: []
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: fhir
        namespace: fhir
        labels: {app: fhir}
      spec:
        containers:
          - name: fhir
            image: hapiproject/hapi:v7.4.0
    EOT
  }
}

rule "FB-AUTHZ-028" {
  title    = "The control plane of a cluster is reachable from the Internet"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Use a private endpoint, or name the networks."
  peers    = ["CKV_AWS_38", "CKV_AWS_39", "CKV_AZURE_6", "CKV_AZURE_115", "CKV_GCP_20", "CKV_GCP_25", "terraform/aws/eks_cluster_has_public_access", "terraform/gcp/private_cluster_disabled", "AWS-0040", "AWS-0041", "AZU-0041", "GCP-0053", "GCP-0061"]

  # Public, from everywhere, when absent (provider aws 5, 2025-01).
  on "aws_eks_cluster" {
    let {
      v = self.vpc_config
    }
    fail = v.endpoint_public_access != false && (absent(v.public_access_cidrs) || is_public_cidr(v.public_access_cidrs))
    at   = ["vpc_config.public_access_cidrs", "vpc_config.endpoint_public_access", "vpc_config"]
  }
  on "AWS::EKS::Cluster" {
    fail = self.ResourcesVpcConfig.EndpointPublicAccess != false && (absent(self.ResourcesVpcConfig.PublicAccessCidrs) || is_public_cidr(self.ResourcesVpcConfig.PublicAccessCidrs))
    at   = ["ResourcesVpcConfig.PublicAccessCidrs", "ResourcesVpcConfig"]
  }
  on "google_container_cluster" {
    when = absent(self.master_authorized_networks_config.cidr_blocks) || is_public_cidr([for c in list(self.master_authorized_networks_config.cidr_blocks) : c.cidr_block])
    fail = self.private_cluster_config.enable_private_endpoint != true || self.private_cluster_config.enable_private_nodes != true
    at   = ["private_cluster_config.enable_private_endpoint", "private_cluster_config", "master_authorized_networks_config"]
  }
  on "Microsoft.ContainerService/managedClusters" {
    let {
      access = self.properties.apiServerAccessProfile
      ranges = either(access.authorizedIPRanges, self.properties.apiServerAuthorizedIPRanges)
    }
    fail = access.enablePrivateCluster != true && (absent(ranges) || is_public_cidr(ranges))
    at   = ["properties.apiServerAccessProfile", "properties"]
  }
  on "azurerm_kubernetes_cluster" {
    fail = self.private_cluster_enabled != true && absent(either(self.api_server_access_profile.authorized_ip_ranges, self.api_server_authorized_ip_ranges))
    at   = ["api_server_access_profile", "private_cluster_enabled"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_eks_cluster" "x" {
        name = "c"
        vpc_config {
          subnet_ids             = ["a", "b"]
          endpoint_public_access = true
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_container_cluster" "x" {
        name = "c"
        location = "europe-west1"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_eks_cluster" "x" {
        name = "c"
        vpc_config {
          subnet_ids              = ["a", "b"]
          endpoint_private_access = true
          endpoint_public_access  = false
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_container_cluster" "x" {
        name = "c"
        private_cluster_config {
          enable_private_endpoint = true
          enable_private_nodes    = true
        }
      }
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.ContainerService/managedClusters", "apiVersion": "2023-08-01", "name": "k",
          "properties": { "apiServerAccessProfile": { "authorizedIPRanges": [] } }
        }]
      }
    EOT
  }
  example "pass" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.ContainerService/managedClusters", "apiVersion": "2023-08-01", "name": "k",
          "properties": { "apiServerAccessProfile": { "enablePrivateCluster": true } }
        }]
      }
    EOT
  }
}

rule "FB-AUTHZ-029" {
  title    = "Role-based access control of a cluster is off"
  control  = "authorization"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Enable RBAC; switch legacy ABAC off."
  peers    = ["CKV_AZURE_5", "CKV_GCP_7", "terraform/azure/aks_rbac_disabled", "terraform/gcp/gke_legacy_authorization_enabled", "AZU-0042", "GCP-0062"]

  on "azurerm_kubernetes_cluster" {
    fail = self.role_based_access_control_enabled == false || self.role_based_access_control.enabled == false
    at   = ["role_based_access_control_enabled", "role_based_access_control.enabled"]
    fix  = { role_based_access_control_enabled = true }
  }
  on "google_container_cluster" {
    fail = self.enable_legacy_abac == true
    at   = "enable_legacy_abac"
    fix  = { enable_legacy_abac = false }
  }
  # The API leaves it off when nothing is said (2025-01).
  on "Microsoft.ContainerService/managedClusters" {
    fail = self.properties.enableRBAC != true
    at   = ["properties.enableRBAC", "properties"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_kubernetes_cluster" "x" {
        name = "c"
        role_based_access_control_enabled = false
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_container_cluster" "x" {
        name = "c"
        enable_legacy_abac = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_kubernetes_cluster" "x" {
        name                              = "c"
        role_based_access_control_enabled = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_container_cluster" "x" {
        name               = "c"
        enable_legacy_abac = false
      }
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.ContainerService/managedClusters", "apiVersion": "2023-08-01", "name": "k",
          "properties": { "enableRBAC": false }
        }]
      }
    EOT
  }
}

rule "FB-AUTHZ-030" {
  title    = "Any web page may call the API from a browser"
  control  = "authorization"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "List the origins."
  peers    = ["CKV2_AWS_75", "CKV_AZURE_57", "terraform/aws/s3_bucket_with_unsecured_cors_rule"]

  on "azurerm_healthcare_fhir_service" "azurerm_healthcare_dicom_service" {
    fail = contains(self.cors.allowed_origins, "*")
    at   = ["cors.allowed_origins"]
  }
  on "azurerm_healthcare_service" {
    fail = contains(self.cors_configuration.allowed_origins, "*")
    at   = "cors_configuration.allowed_origins"
  }
  on "aws_apigatewayv2_api" {
    fail = contains(self.cors_configuration.allow_origins, "*")
    at   = "cors_configuration.allow_origins"
  }
  on "aws_s3_bucket" "aws_s3_bucket_cors_configuration" {
    fail = [for r in list(self.cors_rule) : r if contains(r.allowed_origins, "*")]
    at   = "allowed_origins"
  }
  on "AWS::S3::Bucket" {
    fail = [for r in list(self.CorsConfiguration.CorsRules) : r if contains(r.AllowedOrigins, "*")]
    at   = "AllowedOrigins"
  }
  on "AWS::ApiGatewayV2::Api" {
    fail = contains(self.CorsConfiguration.AllowOrigins, "*")
    at   = "CorsConfiguration.AllowOrigins"
  }
  on "aws_lambda_function_url" {
    fail = contains(self.cors.allow_origins, "*")
    at   = "cors.allow_origins"
  }
  on "AWS::Lambda::Url" {
    fail = contains(self.Cors.AllowOrigins, "*")
    at   = "Cors.AllowOrigins"
  }
  on "azurerm_app_service" "azurerm_linux_web_app" "azurerm_windows_web_app" "azurerm_function_app" "azurerm_linux_function_app" "azurerm_windows_function_app" {
    fail = contains(self.site_config.cors.allowed_origins, "*")
    at   = "site_config.cors.allowed_origins"
  }
  on "Microsoft.Web/sites" "Microsoft.Web/sites/slots" {
    fail = contains(self.properties.siteConfig.cors.allowedOrigins, "*")
    at   = "properties.siteConfig.cors.allowedOrigins"
  }
  on "Microsoft.HealthcareApis/workspaces/fhirservices" "Microsoft.HealthcareApis/workspaces/dicomservices" "Microsoft.HealthcareApis/services" {
    fail = contains(self.properties.corsConfiguration.origins, "*")
    at   = "properties.corsConfiguration.origins"
  }
  on "module" {
    when = strcontains(self.source, "s3-bucket")
    fail = [for r in list(self.cors_rule) : r if contains(r.allowed_origins, "*")]
    at   = "allowed_origins"
  }
  on "fhir_server" {
    fail    = any([for v in join_lists(key(self.env, "FhirServer__Cors__Origins__*", "FhirServer__Cors__Origins", "HAPI_FHIR_CORS_ALLOWED_ORIGIN*", "hapi.fhir.cors.allowed_origin*", "MEDPLUM_ALLOWED_ORIGINS", "CORS_ALLOWED_ORIGINS")) : v == "*"])
    at      = ["env", "environment"]
    message = "the FHIR server allows every origin"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        cors {
          allowed_origins = ["*"]
        }
      }
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: mcr.microsoft.com/healthcareapis/r4-fhir-server:4.0
          environment:
            FhirServer__Cors__Origins__0: "*"
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        cors {
          allowed_origins = ["https://app.example.org"]
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_apigatewayv2_api" "x" {
        name = "a"
        protocol_type = "HTTP"
        cors_configuration {
          allow_origins = ["https://app.example.org"]
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
            CorsConfiguration:
              CorsRules:
                - AllowedMethods: [GET]
                  AllowedOrigins: ["*"]
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_web_app" "x" {
        site_config {
          cors {
            allowed_origins = ["*"]
          }
        }
      }
    EOT
  }
}

rule "FB-AUTHZ-031" {
  title    = "A service account is the default one, or has a basic role"
  control  = "authorization"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Use a service account of its own with the least role."
  peers    = ["CKV_GCP_41", "CKV_GCP_42", "CKV_GCP_30", "CKV_GCP_117", "terraform/gcp/using_default_service_account", "GCP-0007", "GCP-0044"]

  on "google_project_iam_member" "google_project_iam_binding" "google_folder_iam_member" "google_folder_iam_binding" "google_organization_iam_member" "google_organization_iam_binding" {
    fail    = regex_match(local.large_role, self.role) && any([for m in join_lists(self.member, self.members) : startswith(m, "serviceAccount:")])
    at      = "role"
    message = "a service account has a basic or an administrator's role"
  }
  on "data.google_iam_policy" {
    fail    = [for b in list(self.binding) : b if regex_match(local.large_role, b.role) && any([for m in list(b.members) : startswith(m, "serviceAccount:")])]
    at      = "role"
    message = "a service account has a basic or an administrator's role"
  }
  on "google_project_iam_member" "google_project_iam_binding" "google_folder_iam_member" "google_folder_iam_binding" "google_organization_iam_member" "google_organization_iam_binding" {
    fail    = one_of(self.role, "roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountUser")
    at      = "role"
    message = "the role is for all service accounts, and so for those with large roles"
  }
  on "google_compute_instance" "google_compute_instance_template" {
    when    = self._type == "google_compute_instance"
    fail    = absent(self.service_account) || absent(self.service_account.email)
    at      = ["service_account"]
    message = "the instance uses the default service account"
  }
  on "google_compute_instance" "google_compute_instance_template" "google_compute_instance_from_template" {
    fail    = regex_match("-compute@developer\\.gserviceaccount\\.com$", self.service_account.email)
    at      = "service_account.email"
    message = "the instance uses the default service account"
  }
  on "google_container_node_pool" "google_container_cluster" {
    fail    = present(self.node_config) && absent(self.node_config.service_account)
    at      = "node_config"
    message = "the nodes use the default service account"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_compute_instance" "x" {
        name = "i"
        machine_type = "e2-medium"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_project_iam_member" "x" {
        project = "p"
        role = "roles/editor"
        member = "serviceAccount:a@p.iam.gserviceaccount.com"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_compute_instance" "x" {
        name = "i"
        service_account {
          email  = "fhir@p.iam.gserviceaccount.com"
          scopes = ["cloud-platform"]
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_project_iam_member" "x" {
        project = "p"
        role = "roles/healthcare.fhirResourceReader"
        member = "serviceAccount:a@p.iam.gserviceaccount.com"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      data "google_iam_policy" "x" {
        binding {
          role    = "roles/compute.admin"
          members = ["serviceAccount:fhir@p.iam.gserviceaccount.com"]
        }
      }
    EOT
  }
}
