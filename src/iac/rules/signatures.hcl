# Digital Signatures.

rule "FB-SIGN-001" {
  title    = "A key that signs is weak"
  control  = "digital-signatures"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(2)", "GDPR 32"]
  advice   = "Use EC P-256 or P-384, or RSA with 3072 bits."
  peers    = []

  on "aws_kms_key" {
    let {
      spec = either(self.customer_master_key_spec, self.key_spec)
    }
    when = self.key_usage == "SIGN_VERIFY"
    fail = one_of(spec, "RSA_2048", "ECC_SECG_P256K1")
    at   = ["customer_master_key_spec", "key_spec"]
  }
  on "AWS::KMS::Key" {
    when = self.KeyUsage == "SIGN_VERIFY"
    fail = one_of(self.KeySpec, "RSA_2048", "ECC_SECG_P256K1")
    at   = "KeySpec"
  }
  on "google_kms_crypto_key" {
    fail = regex_match("SHA1|RSA_SIGN_.*_2048|SECP256K1|RSA_SIGN_RAW", self.version_template.algorithm)
    at   = "version_template.algorithm"
  }
  on "azurerm_key_vault_key" {
    when = contains(self.key_opts, "sign") || absent(self.key_opts)
    fail = startswith(self.key_type, "RSA") && self.key_size < 3072 || one_of(self.curve, "P-256K", "SECP256K1")
    at   = ["key_size", "curve"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_kms_key" "x" {
        key_usage = "SIGN_VERIFY"
        customer_master_key_spec = "RSA_2048"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault_key" "x" {
        name = "k"
        key_type = "RSA"
        key_size = 2048
        key_opts = ["sign", "verify"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_kms_key" "x" {
        key_usage = "SIGN_VERIFY"
        customer_master_key_spec = "ECC_NIST_P384"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault_key" "x" {
        name = "k"
        key_type = "EC"
        curve = "P-384"
        key_opts = ["sign", "verify"]
      }
    EOT
  }
}

rule "FB-SIGN-002" {
  title    = "A key that signs is not in a hardware security module"
  control  = "digital-signatures"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(2)", "GDPR 32"]
  advice   = "Choose protection level HSM."
  peers    = ["CKV_AZURE_112"]

  on "google_kms_crypto_key" {
    when = self.purpose == "ASYMMETRIC_SIGN"
    fail = !one_of(self.version_template.protection_level, "HSM", "EXTERNAL", "EXTERNAL_VPC")
    at   = ["version_template.protection_level", "version_template"]
    fix  = { "version_template.protection_level" = "HSM" }
  }
  on "azurerm_key_vault_key" {
    when = contains(self.key_opts, "sign")
    fail = !endswith(self.key_type, "-HSM")
    at   = "key_type"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_kms_crypto_key" "x" {
        name = "k"
        purpose = "ASYMMETRIC_SIGN"
        version_template {
          algorithm        = "EC_SIGN_P384_SHA384"
          protection_level = "SOFTWARE"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault_key" "x" {
        name = "k"
        key_type = "EC"
        key_opts = ["sign"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_kms_crypto_key" "x" {
        name = "k"
        purpose = "ASYMMETRIC_SIGN"
        version_template {
          algorithm        = "EC_SIGN_P384_SHA384"
          protection_level = "HSM"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault_key" "x" {
        name = "k"
        key_type = "EC-HSM"
        key_opts = ["sign"]
      }
    EOT
  }
}

rule "FB-SIGN-003" {
  title    = "Anyone may sign, or one key both signs and encrypts"
  control  = "digital-signatures"
  severity = "high"
  cites    = ["HIPAA 164.312(c)(2)", "HIPAA 164.312(d)", "GDPR 32"]
  advice   = "Split the duties, and name who may sign."
  peers    = []

  on "aws_kms_key" "aws_kms_key_policy" "AWS::KMS::Key" {
    fail    = [for s in statements(either(self.policy, self.KeyPolicy)) : s if s.effect == "Allow" && any([for a in list(s.actions) : regex_match("(?i)^kms:(Sign|\\*)$", a)]) && any([for p in list(s.principals) : p == "*"]) && absent(s.condition)]
    at      = ["policy", "KeyPolicy"]
    message = "everyone may sign"
  }
  on "google_kms_crypto_key_iam_member" "google_kms_crypto_key_iam_binding" {
    when = regex_match("signer", self.role)
    fail = any([for m in join_lists(self.member, self.members) : one_of(m, "allUsers", "allAuthenticatedUsers")])
    at   = ["member", "members"]
  }
  on "azurerm_key_vault_key" {
    fail    = contains(self.key_opts, "sign") && (contains(self.key_opts, "encrypt") || contains(self.key_opts, "decrypt"))
    at      = "key_opts"
    message = "the key both signs and encrypts"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault_key" "x" {
        name = "k"
        key_type = "RSA"
        key_size = 4096
        key_opts = ["sign", "decrypt"]
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_kms_crypto_key_iam_member" "x" {
        crypto_key_id = "k"
        role = "roles/cloudkms.signerVerifier"
        member = "allAuthenticatedUsers"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault_key" "x" {
        name = "k"
        key_type = "RSA"
        key_size = 4096
        key_opts = ["sign", "verify"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_kms_crypto_key_iam_member" "x" {
        crypto_key_id = "k"
        role = "roles/cloudkms.signerVerifier"
        member = "serviceAccount:signer@p.iam.gserviceaccount.com"
      }
    EOT
  }
}

rule "FB-SIGN-004" {
  title    = "A key is never rotated"
  control  = "digital-signatures"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(2)(iv)", "GDPR 32"]
  advice   = "Enable rotation."
  peers    = ["CKV_AWS_7", "CKV_GCP_43", "terraform/aws/cmk_rotation_disabled", "cloudFormation/aws/kms_enable_key_rotation_disabled", "AWS-0065", "GCP-0065"]

  # Asymmetric keys cannot rotate. False when absent (provider aws 5, 2025-01).
  on "aws_kms_key" {
    let {
      spec = either(self.customer_master_key_spec, self.key_spec)
    }
    when = (absent(spec) || spec == "SYMMETRIC_DEFAULT") && !one_of(self.key_usage, "SIGN_VERIFY", "GENERATE_VERIFY_MAC") && self.is_enabled != false
    fail = self.enable_key_rotation != true
    at   = "enable_key_rotation"
    fix  = { enable_key_rotation = true }
  }
  on "AWS::KMS::Key" {
    when = (absent(self.KeySpec) || self.KeySpec == "SYMMETRIC_DEFAULT") && self.Enabled != false
    fail = self.EnableKeyRotation != true
    at   = "EnableKeyRotation"
    fix  = { EnableKeyRotation = true }
  }
  on "google_kms_crypto_key" {
    when = absent(self.purpose) || self.purpose == "ENCRYPT_DECRYPT"
    fail = absent(self.rotation_period) || days(self.rotation_period) > 365
    at   = "rotation_period"
  }
  on "aws_kms_key" {
    when    = startswith(either(self.customer_master_key_spec, self.key_spec), "RSA") || startswith(either(self.customer_master_key_spec, self.key_spec), "ECC")
    fail    = self.enable_key_rotation == true
    at      = "enable_key_rotation"
    message = "an asymmetric key cannot be rotated by the service: it is not"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_kms_key" "x" {
        description = "k"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::KMS::Key
          Properties:
            Description: k
            EnableKeyRotation: false
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_kms_key" "x" {
        description         = "k"
        enable_key_rotation = true
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::KMS::Key
          Properties:
            Description: k
            EnableKeyRotation: true
    EOT
  }
}

rule "FB-SIGN-005" {
  title    = "A key or vault can be destroyed at once"
  control  = "digital-signatures"
  severity = "high"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Use the longest window and purge protection."
  peers    = ["CKV_AZURE_42", "CKV_AZURE_110", "CKV_GCP_82", "AZU-0016"]

  on "aws_kms_key" {
    when = present(self.deletion_window_in_days)
    fail = self.deletion_window_in_days < 14
    at   = "deletion_window_in_days"
    fix  = { deletion_window_in_days = 30 }
  }
  on "AWS::KMS::Key" {
    when = present(self.PendingWindowInDays)
    fail = self.PendingWindowInDays < 14
    at   = "PendingWindowInDays"
  }
  on "azurerm_key_vault" {
    fail = self.purge_protection_enabled != true
    at   = "purge_protection_enabled"
    fix  = { purge_protection_enabled = true }
  }
  on "Microsoft.KeyVault/vaults" {
    fail = self.properties.enablePurgeProtection != true
    at   = ["properties.enablePurgeProtection", "properties"]
  }
  on "google_kms_crypto_key" {
    when = self._language != "plan"
    fail = self.lifecycle.prevent_destroy != true
    at   = ["lifecycle.prevent_destroy"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_kms_key" "x" {
        deletion_window_in_days = 7
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault" "x" {
        name = "v"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_kms_key" "x" {
        deletion_window_in_days = 30
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault" "x" {
        name                     = "v"
        purge_protection_enabled = true
      }
    EOT
  }
}

rule "FB-SIGN-006" {
  title    = "A key has no expiry"
  control  = "digital-signatures"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(2)", "GDPR 32"]
  advice   = "Set expiration_date."
  peers    = ["CKV_AZURE_40", "terraform/azure/key_expiration_not_set", "AZU-0014"]

  on "azurerm_key_vault_key" "azurerm_key_vault_certificate" {
    when = self._type == "azurerm_key_vault_key"
    fail = absent(self.expiration_date) && absent(self.rotation_policy.expire_after)
    at   = "expiration_date"
  }
  on "Microsoft.KeyVault/vaults/keys" {
    fail = absent(self.properties.attributes.exp)
    at   = ["properties.attributes", "properties"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault_key" "x" {
        name = "k"
        key_type = "EC"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault_key" "x" {
        name = "k"
        key_type = "RSA"
        key_size = 4096
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault_key" "x" {
        name = "k"
        key_type = "EC"
        expiration_date = "2027-12-30T20:00:00Z"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault_key" "x" {
        name = "k"
        key_type = "EC"
        rotation_policy {
          expire_after = "P1Y"
        }
      }
    EOT
  }
}

rule "FB-SIGN-007" {
  title    = "A private key lies in the code or in the state"
  control  = "digital-signatures"
  severity = "high"
  conceal  = true
  cites    = ["HIPAA 164.312(c)(2)", "HIPAA 164.312(d)", "GDPR 32"]
  advice   = "Make keys in a KMS or HSM."
  peers    = ["terraform/aws/user_data_contains_encoded_private_key", "KSV-0109", "DS-0031"]

  on "local_file" "local_sensitive_file" {
    fail = length(linked_to(self, "tls_private_key")) > 0
    at   = "content"
  }
  on "aws_instance" "aws_launch_template" "aws_launch_configuration" "google_compute_instance" "azurerm_linux_virtual_machine" "module" {
    when = present(either(self.user_data, self.user_data_base64, self.custom_data, self.metadata_startup_script))
    fail = regex_match("-----BEGIN [A-Z ]*PRIVATE KEY|LS0tLS1CRUdJTiB", either(self.user_data, self.user_data_base64, self.custom_data, self.metadata_startup_script))
    at   = ["user_data_base64", "user_data", "custom_data"]
  }
  on "ConfigMap" {
    fail = [for k, v in self.data : k if regex_match("-----BEGIN [A-Z ]*PRIVATE KEY|LS0tLS1CRUdJTiB", v)]
    at   = "data"
  }
  on "container" {
    fail = [for k, v in self.env : k if regex_match("-----BEGIN [A-Z ]*PRIVATE KEY|LS0tLS1CRUdJTiB", v)]
    at   = ["env", "environment"]
  }
  on "stage" {
    fail    = [for i in list(self.instructions) : i if one_of(i.instruction, "COPY", "ADD") && any([for w in list(i.arguments) : regex_match("(?i)(private|id_rsa|id_ed25519|server|tls).*\\.(key|pem)$|id_rsa$|id_ed25519$", w)])]
    at      = "text"
    message = "the image takes a private key in"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "tls_private_key" "k" {
        algorithm = "RSA"
      }
      resource "local_file" "f" {
        filename = "k.pem"
        content  = tls_private_key.k.private_key_pem
      }
    EOT
  }
  example "fail" "dockerfile" {
    text = <<-EOT
      FROM debian:12
      COPY id_rsa /root/.ssh/id_rsa
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "tls_private_key" "k" {
        algorithm = "RSA"
      }
      resource "local_file" "f" {
        filename = "readme"
        content  = "hello"
      }
    EOT
  }
  example "pass" "dockerfile" {
    text = <<-EOT
      FROM debian:12
      COPY ca.pem /etc/ssl/certs/ca.pem
    EOT
  }
}

rule "FB-SIGN-008" {
  title    = "The published keys of a service lie in a bucket that anyone who writes can change"
  control  = "digital-signatures"
  severity = "medium"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Version and lock the bucket that serves JWKS."
  peers    = []

  on "aws_s3_object" "aws_s3_bucket_object" {
    when = regex_match("(?i)jwks.*\\.json$|openid-configuration|smart-configuration", self.key)
    fail = !any([for b in linked_to(self, "aws_s3_bucket") : b.versioning.enabled == true || any([for v in linked_from(b, "aws_s3_bucket_versioning") : v.versioning_configuration.status == "Enabled"])])
    at   = ["key", "bucket"]
  }
  on "google_storage_bucket_object" {
    when = regex_match("(?i)jwks.*\\.json$|openid-configuration|smart-configuration", self.name)
    fail = !any([for b in linked_to(self, "google_storage_bucket") : b.versioning.enabled == true])
    at   = ["name", "bucket"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "b" {
        bucket = "keys"
      }
      resource "aws_s3_object" "x" {
        bucket = aws_s3_bucket.b.id
        key = "jwks.json"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_storage_bucket_object" "x" {
        bucket = "keys"
        name = ".well-known/jwks.json"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket" "b" {
        bucket = "keys"
      }
      resource "aws_s3_bucket_versioning" "x" {
        bucket = aws_s3_bucket.b.id
        versioning_configuration {
          status = "Enabled"
        }
      }
      resource "aws_s3_object" "x" {
        bucket = aws_s3_bucket.b.id
        key = "jwks.json"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_object" "x" {
        bucket = "site"
        key = "index.html"
      }
    EOT
  }
}

rule "FB-SIGN-009" {
  title    = "Images or code run without a verified signature"
  control  = "digital-signatures"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Verify signatures before admission."
  peers    = ["CKV_GCP_66", "CKV_AZURE_164", "CKV_AWS_272"]

  on "google_binary_authorization_policy" {
    fail = one_of(self.default_admission_rule.evaluation_mode, "ALWAYS_ALLOW") || one_of(self.default_admission_rule.enforcement_mode, "DRYRUN_AUDIT_LOG_ONLY")
    at   = ["default_admission_rule.evaluation_mode", "default_admission_rule"]
  }
  on "azurerm_container_registry" {
    fail = self.trust_policy.enabled == false || self.trust_policy_enabled == false
    at   = ["trust_policy_enabled", "trust_policy.enabled"]
  }
  on "aws_lambda_function" {
    when = !one_of(self.package_type, "Image") && length(resources("aws_lambda_code_signing_config")) > 0
    fail = absent(self.code_signing_config_arn)
    at   = "code_signing_config_arn"
  }
  on "aws_lambda_code_signing_config" {
    fail = one_of(self.policies.untrusted_artifact_on_deployment, "Warn") || absent(self.policies)
    at   = "policies.untrusted_artifact_on_deployment"
    fix  = { "policies.untrusted_artifact_on_deployment" = "Enforce" }
  }
  on "google_container_cluster" {
    fail = self.enable_binary_authorization == false || one_of(self.binary_authorization.evaluation_mode, "DISABLED")
    at   = ["binary_authorization.evaluation_mode", "enable_binary_authorization"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_binary_authorization_policy" "x" {
        default_admission_rule {
          evaluation_mode  = "ALWAYS_ALLOW"
          enforcement_mode = "ENFORCED_BLOCK_AND_AUDIT_LOG"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_lambda_code_signing_config" "x" {
        policies {
          untrusted_artifact_on_deployment = "Warn"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_binary_authorization_policy" "x" {
        default_admission_rule {
          evaluation_mode  = "REQUIRE_ATTESTATION"
          enforcement_mode = "ENFORCED_BLOCK_AND_AUDIT_LOG"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_lambda_code_signing_config" "x" {
        policies {
          untrusted_artifact_on_deployment = "Enforce"
        }
      }
    EOT
  }
}

rule "FB-SIGN-010" {
  title    = "An image is named by a tag, not by its digest"
  control  = "digital-signatures"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Write @sha256:... behind the name."
  peers    = ["CKV_K8S_43", "CKV_K8S_14", "CKV_DOCKER_7", "KSV-0013", "DS-0001"]

  on "fhir_server" {
    fail    = image(self.image).digest == ""
    at      = "image"
    message = "the image of the FHIR server can change under its tag"
  }

  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:latest
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
            image: samply/blaze:0.30
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
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
            image: samply/blaze:0.30@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    EOT
  }
}

rule "FB-SIGN-011" {
  title    = "A module or package is fetched without a pin or without its signature"
  control  = "digital-signatures"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Pin a commit or version, and verify."
  peers    = ["CKV_TF_1", "CKV_TF_2", "CKV2_DOCKER_8", "CKV2_DOCKER_9", "CKV_ANSIBLE_5", "terraform/general/generic_git_module_without_revision"]

  on "module" {
    fail    = regex_match("^git(::|@)|^(github|bitbucket)\\.(com|org)/|\\.git(//|$|\\?)", self.source) && !regex_match("[?&]ref=[^&]+", self.source)
    at      = "source"
    message = "the module has no ref"
  }
  on "module" {
    when    = regex_match("^([a-z0-9.-]+/)?[A-Za-z0-9_-]+/[A-Za-z0-9_-]+/[a-z0-9]+$", self.source) && !startswith(self.source, "git")
    fail    = absent(self.version)
    at      = "source"
    message = "the module of the registry has no version"
  }
  on "stage" {
    fail    = [for i in list(self.instructions) : i if i.instruction == "RUN" && any([for c in list(i.commands) : any([for w in c : one_of(w, "--nogpgcheck", "--allow-unauthenticated", "--allow-untrusted", "--no-gpg-checks", "--force-yes")])])]
    at      = "text"
    message = "packages are installed without their signature"
  }
  on "ansible_task" {
    fail = one_of(either(self.arguments.disable_gpg_check, self.arguments.allow_unauthenticated), "yes", "true")
    at   = ["arguments.disable_gpg_check", "arguments.allow_unauthenticated"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      module "a" {
        source = "git::https://example.org/a.git"
      }
    EOT
  }
  example "fail" "dockerfile" {
    text = <<-EOT
      FROM debian:12
      RUN apt-get install -y --allow-unauthenticated curl
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      module "a" {
        source = "git::https://example.org/a.git?ref=v1.2.0"
      }
    EOT
  }
  example "pass" "dockerfile" {
    text = <<-EOT
      FROM debian:12
      RUN apt-get install -y curl
    EOT
  }
}

rule "FB-SIGN-012" {
  title    = "The zone of the API is not signed with DNSSEC"
  control  = "digital-signatures"
  severity = "low"
  cites    = ["HIPAA 164.312(c)(2)", "GDPR 32"]
  advice   = "Switch DNSSEC on."
  peers    = ["CKV_GCP_16", "CKV2_AWS_38", "terraform/gcp/cloud_dns_without_dnssec", "GCP-0013"]

  on "google_dns_managed_zone" {
    when = !one_of(self.visibility, "private")
    fail = !one_of(self.dnssec_config.state, "on", "transfer")
    at   = ["dnssec_config.state", "dnssec_config"]
    fix  = { "dnssec_config.state" = "on" }
  }
  on "google_dns_managed_zone" {
    fail    = [for k in list(self.dnssec_config.default_key_specs) : k if one_of(k.algorithm, "rsasha1")]
    at      = "algorithm"
    message = "zone keys use SHA-1"
  }
  on "aws_route53_zone" {
    when = absent(self.vpc)
    fail = length(linked_from(self, "aws_route53_hosted_zone_dnssec", "aws_route53_key_signing_key")) == 0
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_dns_managed_zone" "x" {
        name = "z"
        dns_name = "example.org."
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_dns_managed_zone" "x" {
        name = "z"
        dns_name = "example.org."
        dnssec_config {
          state = "off"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_dns_managed_zone" "x" {
        name = "z"
        dns_name = "example.org."
        dnssec_config {
          state = "on"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_dns_managed_zone" "x" {
        name = "z"
        dns_name = "example.internal."
        visibility = "private"
      }
    EOT
  }
}
