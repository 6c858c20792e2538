# Digital Signatures.

locals {
  # PEM, and the same in Base64.
  private_key = "-----BEGIN [A-Z ]*PRIVATE KEY|LS0tLS1CRUdJTiB[A-Za-z0-9+/]*(UFJJVkFURSBLRV|BSSVZBVEUgS0VZ|QUklWQVRFIEtFW)"
}

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
  on "Microsoft.KeyVault/vaults/keys" {
    let {
      p = self.properties
    }
    when = contains(p.keyOps, "sign") || absent(p.keyOps)
    fail = startswith(p.kty, "RSA") && (absent(p.keySize) || p.keySize < 3072) || one_of(p.curveName, "P-256K")
    at   = ["properties.keySize", "properties.curveName", "properties"]
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
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [{
          "type": "Microsoft.KeyVault/vaults/keys", "apiVersion": "2023-01-01", "name": "v/sign", "location": "westeurope",
          "properties": { "kty": "RSA-HSM", "keySize": 2048, "keyOps": ["sign", "verify"], "attributes": { "exp": 1900000000 } }
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
          "type": "Microsoft.KeyVault/vaults/keys", "apiVersion": "2023-01-01", "name": "v/sign", "location": "westeurope",
          "properties": { "kty": "RSA-HSM", "keySize": 4096, "keyOps": ["sign", "verify"], "attributes": { "exp": 1900000000 } }
        }]
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
  on "Microsoft.KeyVault/vaults/keys" {
    when = contains(self.properties.keyOps, "sign")
    fail = !endswith(self.properties.kty, "-HSM")
    at   = ["properties.kty", "properties"]
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
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [{
          "type": "Microsoft.KeyVault/vaults/keys", "apiVersion": "2023-01-01", "name": "v/sign", "location": "westeurope",
          "properties": { "kty": "RSA", "keySize": 4096, "keyOps": ["sign", "verify"], "attributes": { "exp": 1900000000 } }
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
          "type": "Microsoft.KeyVault/vaults/keys", "apiVersion": "2023-01-01", "name": "v/sign", "location": "westeurope",
          "properties": { "kty": "RSA-HSM", "keySize": 4096, "keyOps": ["sign", "verify"], "attributes": { "exp": 1900000000 } }
        }]
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
  on "azurerm_key_vault_key" {
    fail    = absent(self.rotation_policy)
    message = "the key has no rotation policy"
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
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault_key" "x" {
        name         = "k"
        key_vault_id = "v"
        key_type     = "RSA-HSM"
        key_size     = 4096
        key_opts     = ["sign", "verify"]
        expiration_date = "2030-01-01T00:00:00Z"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault_key" "x" {
        name         = "k"
        key_vault_id = "v"
        key_type     = "RSA-HSM"
        key_size     = 4096
        key_opts     = ["sign", "verify"]
        rotation_policy {
          expire_after = "P90D"
          automatic {
            time_before_expiry = "P30D"
          }
        }
      }
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
    fail = self.deletion_window_in_days < 10
    at   = "deletion_window_in_days"
    fix  = { deletion_window_in_days = 30 }
  }
  on "AWS::KMS::Key" {
    when = present(self.PendingWindowInDays)
    fail = self.PendingWindowInDays < 10
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
  on "azurerm_key_vault_managed_hardware_security_module" {
    fail = self.purge_protection_enabled != true
    at   = "purge_protection_enabled"
  }
  on "azurerm_key_vault" {
    fail    = self.soft_delete_enabled == false
    at      = "soft_delete_enabled"
    message = "keys of the vault are gone once deleted"
  }
  on "Microsoft.KeyVault/vaults" {
    fail    = self.properties.enableSoftDelete == false
    at      = "properties.enableSoftDelete"
    message = "keys of the vault are gone once deleted"
  }
  # 30 days when absent (2024-02).
  on "google_kms_crypto_key" {
    fail    = days(self.destroy_scheduled_duration) < 10
    at      = "destroy_scheduled_duration"
    message = "the key is destroyed ${days(self.destroy_scheduled_duration)} days after it was asked for"
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
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_kms_crypto_key" "x" {
        name                       = "k"
        key_ring                   = "r"
        destroy_scheduled_duration = "86400s"
        lifecycle {
          prevent_destroy = true
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_kms_crypto_key" "x" {
        name                       = "k"
        key_ring                   = "r"
        destroy_scheduled_duration = "2592000s"
        lifecycle {
          prevent_destroy = true
        }
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
    fail = regex_match(local.private_key, either(self.user_data, self.user_data_base64, self.custom_data, self.metadata_startup_script))
    at   = ["user_data_base64", "user_data", "custom_data"]
  }
  on "AWS::EC2::Instance" "AWS::EC2::LaunchTemplate" "AWS::AutoScaling::LaunchConfiguration" {
    let {
      data = either(self.UserData, self.LaunchTemplateData.UserData)
    }
    fail = regex_match(local.private_key, data)
    at   = ["UserData", "LaunchTemplateData.UserData"]
  }
  on "ConfigMap" "Secret" {
    fail = [for k, v in env(self.data, self.stringData) : k if regex_match(local.private_key, v)]
    at   = ["data", "stringData"]
  }
  on "config" "secret" {
    when = self._language == "compose"
    fail = regex_match(local.private_key, self.content)
    at   = "content"
  }
  on "aws_iam_server_certificate" "aws_acm_certificate" "google_compute_ssl_certificate" "google_compute_region_ssl_certificate" "aws_secretsmanager_secret_version" "aws_ssm_parameter" "google_secret_manager_secret_version" "azurerm_key_vault_secret" {
    fail = regex_match(local.private_key, self.private_key, self.secret_string, self.value, self.secret_data)
    at   = ["private_key", "secret_string", "value", "secret_data"]
  }
  on "container" {
    fail = [for k, v in self.env : k if regex_match(local.private_key, v)]
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
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Host:
          Type: AWS::EC2::Instance
          Properties:
            ImageId: ami-1
            UserData: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo=
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Host:
          Type: AWS::EC2::Instance
          Properties:
            ImageId: ami-1
            UserData: IyEvYmluL3NoCmVjaG8gaGVsbG8K
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Secret
      metadata:
        name: jwks
      stringData:
        key.pem: |
          -----BEGIN EC PRIVATE KEY-----
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Secret
      metadata:
        name: jwks
      stringData:
        key.pem: |
          "see the vault"
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
  on "azurerm_storage_blob" {
    when = regex_match("(?i)jwks.*\\.json$|openid-configuration|smart-configuration", self.name)
    fail = !any([for a in resources("azurerm_storage_account") : a.name == self.storage_account_name && a.blob_properties.versioning_enabled == true])
    at   = ["name", "storage_account_name"]
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
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "keys" {
        name = "keys"
        blob_properties {
          versioning_enabled = false
        }
      }
      resource "azurerm_storage_blob" "jwks" {
        name                   = "jwks.json"
        storage_account_name   = azurerm_storage_account.keys.name
        storage_container_name = "public"
        type                   = "Block"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "keys" {
        name = "keys"
        blob_properties {
          versioning_enabled = true
        }
      }
      resource "azurerm_storage_blob" "jwks" {
        name                   = "jwks.json"
        storage_account_name   = azurerm_storage_account.keys.name
        storage_container_name = "public"
        type                   = "Block"
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
    fail = self.trust_policy.enabled != true && self.trust_policy_enabled != true
    at   = ["trust_policy_enabled", "trust_policy.enabled"]
  }
  on "aws_lambda_function" {
    when = !one_of(self.package_type, "Image")
    fail = absent(self.code_signing_config_arn)
    at   = "code_signing_config_arn"
  }
  on "aws_lambda_code_signing_config" {
    fail = one_of(self.policies.untrusted_artifact_on_deployment, "Warn") || absent(self.policies)
    at   = "policies.untrusted_artifact_on_deployment"
    fix  = { "policies.untrusted_artifact_on_deployment" = "Enforce" }
  }
  on "google_container_cluster" {
    fail = self.enable_binary_authorization != true && (absent(self.binary_authorization.evaluation_mode) && self.binary_authorization.enabled != true || one_of(self.binary_authorization.evaluation_mode, "DISABLED"))
    at   = ["binary_authorization.evaluation_mode", "enable_binary_authorization"]
  }
  on "AWS::Lambda::Function" {
    when = !one_of(self.PackageType, "Image")
    fail = absent(self.CodeSigningConfigArn)
  }
  on "AWS::Lambda::CodeSigningConfig" {
    fail = !one_of(self.CodeSigningPolicies.UntrustedArtifactOnDeployment, "Enforce")
    at   = ["CodeSigningPolicies.UntrustedArtifactOnDeployment", "CodeSigningPolicies"]
  }
  # Kyverno and the policy controller of Sigstore, when they only watch.
  on "ClusterPolicy" "Policy" {
    when    = startswith(self.apiVersion, "kyverno.io/")
    fail    = [for r in list(self.spec.rules) : r if present(r.verifyImages) && !one_of(either(first(r.verifyImages).failureAction, self.spec.validationFailureAction), "Enforce")]
    at      = "verifyImages"
    message = "images without a signature are let in"
  }
  on "ClusterImagePolicy" {
    fail = one_of(self.spec.mode, "warn")
    at   = "spec.mode"
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
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: kyverno.io/v1
      kind: ClusterPolicy
      metadata:
        name: signed
      spec:
        validationFailureAction: Audit
        rules:
          - name: signed
            verifyImages:
              - imageReferences: ["registry.example.org/*"]
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: kyverno.io/v1
      kind: ClusterPolicy
      metadata:
        name: signed
      spec:
        validationFailureAction: Enforce
        rules:
          - name: signed
            verifyImages:
              - imageReferences: ["registry.example.org/*"]
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
    when    = absent(self.container.definition.build)
    fail    = image(self.image).digest == ""
    at      = "image"
    message = "the image of the FHIR server can change under its tag"
  }
  # Elsewhere a tag that says a version is taken for one; none, and "latest", mean another image every day.
  on "container" {
    when    = !one_of(self.platform, "dockerfile", "lambda") && present(self.image) && absent(self.definition.build)
    fail    = image(self.image).digest == "" && one_of(image(self.image).tag, "", "latest")
    at      = "image"
    message = "the image has no version"
  }
  on "stage" {
    let {
      earlier = [for s in resources("stage") : s._name if s._file == self._file]
    }
    when    = self.from.image != "scratch" && !contains(earlier, self.from.image)
    fail    = image(self.from.image).digest == "" && one_of(image(self.from.image).tag, "", "latest")
    at      = "from.image"
    message = "the stage is built on an image without a version"
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
  example "fail" "dockerfile" {
    text = <<-EOT
      FROM docker.io/library/alpine AS base
      RUN apk add --no-cache curl
      FROM base
      USER 10001
    EOT
  }
  example "pass" "dockerfile" {
    text = <<-EOT
      FROM docker.io/library/alpine:3.20 AS base
      RUN apk add --no-cache curl
      FROM base
      USER 10001
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: batch/v1
      kind: CronJob
      metadata:
        name: export
      spec:
        jobTemplate:
          spec:
            template:
              spec:
                containers:
                  - name: export
                    image: registry.example.org/export:latest
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: batch/v1
      kind: CronJob
      metadata:
        name: export
      spec:
        jobTemplate:
          spec:
            template:
              spec:
                containers:
                  - name: export
                    image: registry.example.org/export:1.4.2
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
    when    = regex_match("^([a-z0-9.-]+/)?[A-Za-z0-9_-]+/[A-Za-z0-9_-]+/[a-z0-9]+(//.*)?$", self.source) && !startswith(self.source, "git")
    fail    = absent(self.version)
    at      = "source"
    message = "the module of the registry has no version"
  }
  on "stage" {
    fail    = [for i in list(self.instructions) : i if i.instruction == "RUN" && any([for c in list(i.commands) : any([for w in c : one_of(w, "--nogpgcheck", "--allow-unauthenticated", "--allow-untrusted", "--no-gpg-checks", "--force-yes", "--nosignature") || regex_match("AllowInsecureRepositories=true|AllowUnauthenticated=true|\\[trusted=yes\\]|^gpgcheck=0", w)])])]
    at      = "text"
    message = "packages are installed without their signature"
  }
  on "ansible_task" {
    fail = one_of(either(self.arguments.disable_gpg_check, self.arguments.allow_unauthenticated), "yes", "true")
    at   = ["arguments.disable_gpg_check", "arguments.allow_unauthenticated"]
  }
  # Packages of these tools bear no signature: only a version, or a file that holds it, says what they are.
  on "stage" {
    let {
      pip  = "^(?:sudo )?(?:-H )?(?:python[0-9.]* -m )?pip[0-9.]* install\\b"
      npm  = "^(?:sudo )?(?:npm (?:install|i|add)|yarn (?:global )?add|pnpm (?:add|install))\\b"
      gem  = "^(?:sudo )?gem install\\b"
      with = "/ (-r|-c|-t|-i|-f|-e|-w|--requirement|--constraint|--target|--prefix|--registry|--index-url|--extra-index-url|--find-links|--trusted-host|--proxy|--timeout|--retries|--cache-dir|--root|--platform|--workspace|--install-dir|--bindir) [^ ]+/"
    }
    fail = [for i in list(self.instructions) : i if i.instruction == "RUN" && any([for c in [for w in list(i.commands) : replace(join(" ", w), with, "")] :
            regex_match("${pip}.* [A-Za-z][A-Za-z0-9_-]*(\\[[a-z,]+\\])?( |$)", c) || regex_match("${npm}.* (@[a-z0-9._-]+/)?[a-z0-9][a-z0-9_-]*( |$)", c) || regex_match("${gem}.* [A-Za-z][A-Za-z0-9_-]*( |$)", c) && !regex_match(" (-v|--version) ", c)])]
    at      = "text"
    message = "a package is installed without a version"
  }
  on "ansible_task" {
    fail    = regex_match("(^|\\.)(yum_repository|dnf_repository)$", self.module) && one_of(self.arguments.gpgcheck, "no", "false")
    at      = "arguments.gpgcheck"
    message = "packages of the repository are not verified"
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
  example "fail" "dockerfile" {
    text = <<-EOT
      FROM docker.io/library/python:3.12
      RUN pip install --no-cache-dir -r requirements.txt && pip install gunicorn
    EOT
  }
  example "pass" "dockerfile" {
    text = <<-EOT
      FROM docker.io/library/python:3.12
      RUN pip install --no-cache-dir -r requirements.txt && pip install gunicorn==22.0.0
    EOT
  }
  example "fail" "dockerfile" {
    text = <<-EOT
      FROM docker.io/library/node:22
      RUN npm ci && npm install --global @medplum/cli
    EOT
  }
  example "pass" "dockerfile" {
    text = <<-EOT
      FROM docker.io/library/node:22
      RUN npm ci && npm install --global @medplum/cli@3.2.1
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
    when = absent(self.vpc) && length(linked_from(self, "aws_route53_zone_association")) == 0
    fail = length(linked_from(self, "aws_route53_hosted_zone_dnssec", "aws_route53_key_signing_key")) == 0
  }
  on "AWS::Route53::HostedZone" {
    when = absent(self.VPCs)
    fail = length(linked_from(self, "AWS::Route53::DNSSEC")) == 0
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
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Zone:
          Type: AWS::Route53::HostedZone
          Properties:
            Name: fhir.example.org
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Zone:
          Type: AWS::Route53::HostedZone
          Properties:
            Name: fhir.example.org
        Signing:
          Type: AWS::Route53::DNSSEC
          Properties:
            HostedZoneId: !Ref Zone
    EOT
  }
}
