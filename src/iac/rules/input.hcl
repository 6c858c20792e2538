# Input Validation.

rule "FB-INPUT-001" {
  title    = "A FHIR store does not validate against profiles"
  control  = "input-validation"
  severity = "high"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Switch validation on and name the implementation guides."
  peers    = []

  on "google_healthcare_fhir_store" {
    let {
      v = self.validation_config
    }
    fail = v.disable_profile_validation == true || v.disable_required_field_validation == true || v.disable_reference_type_validation == true || v.disable_fhirpath_validation == true
    at   = ["validation_config.disable_profile_validation", "validation_config"]
  }
  on "fhir_server" {
    when = self.product == "microsoft"
    fail = any([for k, v in self.env : key({ (k) = v }, "FhirServer:CoreFeatures:ProfileValidationOnCreate", "FhirServer:CoreFeatures:ProfileValidationOnUpdate") != null && one_of(v, "false")])
    at   = ["env", "environment", "app_settings"]
  }
  # Off when absent (HAPI starter 7, Firely Server 5, 2025-01).
  on "fhir_server" {
    when = self.product == "hapi"
    fail = !one_of(key(self.env, "hapi.fhir.validation.requests_enabled"), "true") && !one_of(key(self.env, "hapi.fhir.enable_repository_validating_interceptor"), "true")
    at   = ["env", "environment", "image"]
  }
  on "fhir_server" {
    when = self.product == "firely"
    fail = !one_of(key(self.env, "VONK_Validation:Level", "Validation:Level"), "Core", "Full")
    at   = ["env", "environment", "image"]
  }
  on "fhir_server" {
    when = self.product == "aidbox"
    fail = any([for k, v in self.env : key({ (k) = v }, "BOX_FHIR_SCHEMA_VALIDATION", "AIDBOX_FHIR_SCHEMA_VALIDATION") != null && one_of(v, "false")])
    at   = ["env", "environment"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        validation_config {
          disable_profile_validation = true
        }
      }
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:v7.4.0
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        validation_config {
          disable_profile_validation = false
        }
      }
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:v7.4.0
          environment:
            hapi.fhir.validation.requests_enabled: "true"
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: firely/server:5.8.0
          environment:
            VONK_Validation__Level: "Off"
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: firely/server:5.8.0
          environment:
            VONK_Validation__Level: "Full"
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:v7.2.0
          command: --hapi.fhir.validation.requests_enabled=false
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:v7.2.0
          command: --hapi.fhir.validation.requests_enabled=true
    EOT
  }
}

rule "FB-INPUT-002" {
  title    = "Referential integrity is not enforced"
  control  = "input-validation"
  severity = "high"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Switch it on."
  peers    = []

  on "google_healthcare_fhir_store" {
    fail = self.disable_referential_integrity == true
    at   = "disable_referential_integrity"
    fix  = { disable_referential_integrity = false }
  }
  on "fhir_server" {
    fail = any([for k, v in self.env : key({ (k) = v }, "hapi.fhir.enforce_referential_integrity_on_write", "hapi.fhir.enforce_referential_integrity_on_delete", "ENFORCE_REFERENTIAL_INTEGRITY") != null && one_of(v, "false")])
    at   = ["env", "environment"]
  }
  on "fhir_server" {
    when = self.product == "aidbox"
    fail = any([for k, v in self.env : key({ (k) = v }, "BOX_FHIR_VALIDATION_SKIP_REFERENCE") != null && one_of(v, "true")])
    at   = ["env", "environment"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        disable_referential_integrity = true
      }
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: samply/blaze:0.30
          environment:
            ENFORCE_REFERENTIAL_INTEGRITY: "false"
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name                          = "s"
        disable_referential_integrity = false
      }
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: samply/blaze:0.30
          environment:
            ENFORCE_REFERENTIAL_INTEGRITY: "true"
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
            env:
              - name: SPRING_APPLICATION_JSON
                value: '{"hapi": {"fhir": {"enforce_referential_integrity_on_delete": false}}}'
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
            env:
              - name: SPRING_APPLICATION_JSON
                value: '{"hapi": {"fhir": {"enforce_referential_integrity_on_delete": true}}}'
    EOT
  }
}

rule "FB-INPUT-003" {
  title    = "Unknown search parameters are ignored, and so too much is disclosed"
  control  = "input-validation"
  severity = "medium"
  cites    = ["HIPAA 164.502(b)"]
  advice   = "Handle searches strictly."
  peers    = []

  # Lenient when absent (2025-01).
  on "google_healthcare_fhir_store" {
    fail = self.default_search_handling_strict != true
    at   = "default_search_handling_strict"
    fix  = { default_search_handling_strict = true }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        default_search_handling_strict = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name                           = "s"
        default_search_handling_strict = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "t"
        version = "R4"
        default_search_handling_strict = true
      }
    EOT
  }
}

rule "FB-INPUT-004" {
  title    = "A new store speaks an old FHIR version"
  control  = "input-validation"
  severity = "low"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Use R4."
  peers    = []

  on "google_healthcare_fhir_store" {
    fail = one_of(self.version, "DSTU2", "STU3")
    at   = "version"
    fix  = { version = "R4" }
  }
  on "google_healthcare_fhir_store" {
    fail = one_of(self.complex_data_type_reference_parsing, "DISABLED")
    at   = "complex_data_type_reference_parsing"
    fix  = { complex_data_type_reference_parsing = "ENABLED" }
  }
  on "azurerm_healthcare_fhir_service" "azurerm_healthcare_service" {
    fail = one_of(self.kind, "fhir-Stu3", "fhir")
    at   = "kind"
    fix  = { kind = "fhir-R4" }
  }
  # "fhir", which is STU3, when absent (azurerm 4, 2025-01).
  on "azurerm_healthcare_service" {
    fail = absent(self.kind)
  }
  on "Microsoft.HealthcareApis/workspaces/fhirservices" "Microsoft.HealthcareApis/services" {
    fail = one_of(self.kind, "fhir-Stu3", "fhir")
    at   = "kind"
  }
  on "fhir_server" {
    fail    = any([for k, v in self.env : key({ (k) = v }, "hapi.fhir.fhir_version") != null && one_of(v, "DSTU2", "DSTU3")]) || regex_match("healthcareapis/stu3-fhir-server", self.image)
    at      = ["env", "environment", "image"]
    message = "the server speaks an old FHIR version"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        version = "STU3"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        kind = "fhir-Stu3"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name    = "s"
        version = "R4"
        complex_data_type_reference_parsing = "ENABLED"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        kind = "fhir-R4"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name                                = "s"
        version                             = "R4"
        complex_data_type_reference_parsing = "DISABLED"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name                                = "s"
        version                             = "R4"
        complex_data_type_reference_parsing = "ENABLED"
      }
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:v7.2.0
          environment:
            hapi.fhir.fhir_version: DSTU3
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:v7.2.0
          environment:
            hapi.fhir.fhir_version: R4
    EOT
  }
}

rule "FB-INPUT-005" {
  title    = "An HL7 v2 store takes messages twice or unparsed"
  control  = "input-validation"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Reject duplicates, and parse."
  peers    = []

  on "google_healthcare_hl7_v2_store" {
    fail = self.reject_duplicate_message != true
    at   = "reject_duplicate_message"
    fix  = { reject_duplicate_message = true }
  }
  on "google_healthcare_hl7_v2_store" {
    fail = self.parser_config.allow_null_header == true
    at   = "parser_config.allow_null_header"
    fix  = { "parser_config.allow_null_header" = false }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_hl7_v2_store" "x" {
        name = "h"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_hl7_v2_store" "x" {
        name = "h"
        reject_duplicate_message = true
        parser_config {
          allow_null_header = true
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_hl7_v2_store" "x" {
        name                     = "h"
        reject_duplicate_message = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_hl7_v2_store" "x" {
        name = "h"
        reject_duplicate_message = true
        parser_config {
          allow_null_header = false
        }
      }
    EOT
  }
}

rule "FB-INPUT-006" {
  title    = "A FHIR server allows dangerous writes"
  control  = "input-validation"
  severity = "high"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Switch multiple and cascading deletes and external references off."
  peers    = []

  on "fhir_server" {
    fail = any([for k, v in self.env : one_of(v, "true") && key({ (k) = v }, "hapi.fhir.allow_multiple_delete", "hapi.fhir.allow_cascading_deletes", "hapi.fhir.allow_external_references", "allow_multiple_delete", "allow_cascading_deletes", "allow_external_references") != null])
    at   = ["env", "environment"]
  }

  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:v7.4.0
          environment:
            hapi.fhir.allow_multiple_delete: "true"
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: samply/blaze:0.30
          environment:
            ALLOW_MULTIPLE_DELETE: "true"
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:v7.4.0
          environment:
            hapi.fhir.allow_multiple_delete: "false"
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: samply/blaze:0.30
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_container_group" "fhir" {
        name                = "fhir"
        location            = "westeurope"
        resource_group_name = "g"
        os_type             = "Linux"
        container {
          name   = "hapi"
          image  = "hapiproject/hapi:v7.2.0"
          cpu    = 1
          memory = 4
          environment_variables = {
            "hapi.fhir.allow_multiple_delete" = "true"
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_container_group" "fhir" {
        name                = "fhir"
        location            = "westeurope"
        resource_group_name = "g"
        os_type             = "Linux"
        container {
          name   = "hapi"
          image  = "hapiproject/hapi:v7.2.0"
          cpu    = 1
          memory = 4
          environment_variables = {
            "hapi.fhir.allow_multiple_delete" = "false"
          }
        }
      }
    EOT
  }
}

rule "FB-INPUT-007" {
  title    = "An edge that faces the Internet has no web application firewall"
  control  = "input-validation"
  severity = "high"
  cites    = ["HIPAA 164.312(c)(1)", "HIPAA 164.308(a)(5)(ii)(B)", "GDPR 32"]
  advice   = "Associate a web ACL."
  peers    = ["CKV2_AWS_28", "CKV2_AWS_29", "CKV_AWS_68", "CKV_AZURE_120", "CKV_AZURE_121", "terraform/aws/alb_is_not_integrated_with_waf", "terraform/aws/api_gateway_without_waf", "terraform/azure/waf_is_disabled_for_azure_application_gateway", "terraform/azure/azure_front_door_waf_disabled", "cloudFormation/aws/cloudfront_without_waf", "cloudFormation/aws/api_gateway_without_waf", "AWS-0011"]

  on "aws_lb" "aws_alb" {
    when = self.internal != true && (absent(self.load_balancer_type) || self.load_balancer_type == "application")
    fail = length(linked(self, "aws_wafv2_web_acl_association", "aws_wafregional_web_acl_association")) == 0
  }
  on "aws_api_gateway_stage" {
    when = !any([for a in linked_to(self, "aws_api_gateway_rest_api") : contains(a.endpoint_configuration.types, "PRIVATE")])
    fail = length(linked(self, "aws_wafv2_web_acl_association", "aws_wafregional_web_acl_association")) == 0
  }
  on "aws_cloudfront_distribution" {
    when = self.enabled != false
    fail = absent(self.web_acl_id)
    at   = "web_acl_id"
  }
  on "AWS::CloudFront::Distribution" {
    when = self.DistributionConfig.Enabled != false
    fail = absent(self.DistributionConfig.WebACLId)
    at   = "DistributionConfig"
  }
  on "AWS::ApiGateway::Stage" {
    when = !any([for a in linked_to(self, "AWS::ApiGateway::RestApi") : contains(a.EndpointConfiguration.Types, "PRIVATE")])
    fail = length(linked(self, "AWS::WAFv2::WebACLAssociation", "AWS::WAFRegional::WebACLAssociation")) == 0 && !any([for a in resources("AWS::WAFv2::WebACLAssociation", "AWS::WAFRegional::WebACLAssociation") : endswith(a.ResourceArn, "/stages/${self.StageName}")])
  }
  on "AWS::ElasticLoadBalancingV2::LoadBalancer" {
    when = self.Scheme != "internal" && !one_of(self.Type, "network", "gateway")
    fail = length(linked(self, "AWS::WAFv2::WebACLAssociation", "AWS::WAFRegional::WebACLAssociation")) == 0
  }
  on "azurerm_application_gateway" {
    fail = self.waf_configuration.enabled != true && absent(self.firewall_policy_id)
    at   = ["waf_configuration.enabled", "waf_configuration"]
  }
  on "azurerm_frontdoor" {
    fail = [for e in list(self.frontend_endpoint) : e if absent(e.web_application_firewall_policy_link_id)]
    at   = "web_application_firewall_policy_link_id"
  }
  on "google_compute_backend_service" {
    when = one_of(self.load_balancing_scheme, "EXTERNAL", "EXTERNAL_MANAGED") || absent(self.load_balancing_scheme)
    fail = absent(self.security_policy)
    at   = "security_policy"
  }
  # A classic load balancer cannot have one.
  on "aws_elb" {
    when    = self.internal != true && any([for l in list(self.listener) : one_of(l.lb_protocol, "http", "https")])
    fail    = length(linked(self, "aws_wafregional_web_acl_association")) == 0
    message = "a classic load balancer cannot be put behind a web application firewall"
  }
  on "AWS::ElasticLoadBalancing::LoadBalancer" {
    when = self.Scheme != "internal" && any([for l in list(self.Listeners) : one_of(l.Protocol, "http", "https")])
    fail = length(linked(self, "AWS::WAFRegional::WebACLAssociation")) == 0
  }
  on "Microsoft.Network/applicationGateways" {
    fail = self.properties.webApplicationFirewallConfiguration.enabled != true && absent(self.properties.firewallPolicy)
    at   = ["properties.webApplicationFirewallConfiguration.enabled", "properties"]
  }
  on "Microsoft.Network/frontDoors" {
    fail = [for e in list(self.properties.frontendEndpoints) : e if absent(e.properties.webApplicationFirewallPolicyLink)]
    at   = "properties"
  }
  on "google_compute_region_backend_service" {
    when = self.load_balancing_scheme == "EXTERNAL_MANAGED"
    fail = absent(self.security_policy)
    at   = "security_policy"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_lb" "x" {
        name = "l"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_distribution" "x" {
        enabled = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_lb" "x" {
        name = "l"
      }
      resource "aws_wafv2_web_acl_association" "x" {
        resource_arn = aws_lb.x.arn
        web_acl_arn = "w"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_distribution" "x" {
        enabled = true
        web_acl_id = "w"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_frontdoor" "x" {
        name = "f"
        frontend_endpoint {
          name                                    = "e"
          web_application_firewall_policy_link_id = "p"
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Edge:
          Type: AWS::ElasticLoadBalancing::LoadBalancer
          Properties:
            Listeners:
              - InstancePort: "8080"
                LoadBalancerPort: "443"
                Protocol: HTTPS
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Inner:
          Type: AWS::ElasticLoadBalancing::LoadBalancer
          Properties:
            Scheme: internal
            Listeners:
              - InstancePort: "8080"
                LoadBalancerPort: "443"
                Protocol: HTTPS
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_rest_api" "fhir" {
        name = "fhir"
        endpoint_configuration {
          types = ["REGIONAL"]
        }
      }
      resource "aws_api_gateway_stage" "prod" {
        rest_api_id   = aws_api_gateway_rest_api.fhir.id
        deployment_id = "d"
        stage_name    = "prod"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_rest_api" "fhir" {
        name = "fhir"
        endpoint_configuration {
          types = ["PRIVATE"]
        }
      }
      resource "aws_api_gateway_stage" "prod" {
        rest_api_id   = aws_api_gateway_rest_api.fhir.id
        deployment_id = "d"
        stage_name    = "prod"
      }
    EOT
  }
}

rule "FB-INPUT-008" {
  title    = "A web application firewall only watches"
  control  = "input-validation"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Block."
  peers    = ["CKV_AZURE_122", "CKV_AZURE_123", "CKV_AWS_175", "cloudFormation/aws/webacl_allow_defaultaction"]

  on "aws_wafv2_web_acl" {
    fail = present(self.default_action.allow) && absent(self.rule) || keys(self.default_action) == ["allow"] && absent(self.rule)
    at   = "default_action"
  }
  on "aws_waf_web_acl" "aws_wafregional_web_acl" {
    fail = self.default_action.type == "ALLOW" && absent(self.rules) && absent(self.rule)
    at   = "default_action"
  }
  on "AWS::WAF::WebACL" "AWS::WAFRegional::WebACL" {
    fail = self.DefaultAction.Type == "ALLOW"
    at   = ["DefaultAction.Type", "DefaultAction"]
  }
  on "AWS::WAFv2::WebACL" {
    fail = self.DefaultAction.Allow != null && absent(self.Rules)
    at   = "DefaultAction"
  }
  on "azurerm_web_application_firewall_policy" "azurerm_cdn_frontdoor_firewall_policy" "azurerm_frontdoor_firewall_policy" {
    fail = one_of(either(self.policy_settings.mode, self.mode), "Detection") || self.policy_settings.enabled == false
    at   = ["policy_settings.mode", "mode", "policy_settings.enabled"]
    fix  = { "policy_settings.mode" = "Prevention" }
  }
  on "azurerm_application_gateway" {
    fail = one_of(self.waf_configuration.firewall_mode, "Detection")
    at   = "waf_configuration.firewall_mode"
    fix  = { "waf_configuration.firewall_mode" = "Prevention" }
  }
  on "aws_wafv2_web_acl" {
    fail    = [for r in list(self.rule) : r if present(r.statement.managed_rule_group_statement) && r.override_action.count != null]
    at      = "override_action"
    message = "a group of rules only counts"
  }
  on "aws_wafv2_web_acl" {
    when    = present(self.rule)
    fail    = !any([for r in list(self.rule) : present(r.statement.rule_group_reference_statement) || present(r.statement.sqli_match_statement) || regex_match("SQLi|KnownBadInputs|OWASP|Core", r.statement.managed_rule_group_statement.name) || any([for s in join_lists(r.statement.or_statement.statement, r.statement.and_statement.statement) : present(s.sqli_match_statement)])])
    at      = "rule"
    message = "no rule looks for injected SQL or known bad input"
  }
  on "AWS::WAFv2::WebACL" {
    fail    = [for r in list(self.Rules) : r if present(r.Statement.ManagedRuleGroupStatement) && r.OverrideAction.Count != null]
    at      = "OverrideAction"
    message = "a group of rules only counts"
  }
  on "azurerm_cdn_frontdoor_firewall_policy" "azurerm_frontdoor_firewall_policy" {
    fail    = self.enabled == false
    at      = "enabled"
    message = "the policy is off"
  }
  on "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies" "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies" {
    fail = one_of(self.properties.policySettings.mode, "Detection") || one_of(either(self.properties.policySettings.state, self.properties.policySettings.enabledState), "Disabled")
    at   = ["properties.policySettings.mode", "properties.policySettings"]
  }
  on "Microsoft.Network/applicationGateways" {
    fail = one_of(self.properties.webApplicationFirewallConfiguration.firewallMode, "Detection")
    at   = "properties.webApplicationFirewallConfiguration.firewallMode"
  }
  on "google_compute_security_policy" {
    when    = present(self.rule)
    fail    = !any([for r in join_lists(self.rule, linked_from(self, "google_compute_security_policy_rule")) : r.action != "allow" && r.preview != true])
    at      = "rule"
    message = "no rule refuses anything"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_web_application_firewall_policy" "x" {
        name = "p"
        policy_settings {
          mode = "Detection"
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::WAF::WebACL
          Properties:
            Name: w
            MetricName: w
            DefaultAction:
              Type: ALLOW
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_web_application_firewall_policy" "x" {
        name = "p"
        policy_settings {
          mode = "Prevention"
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::WAF::WebACL
          Properties:
            Name: w
            MetricName: w
            DefaultAction:
              Type: BLOCK
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_application_gateway" "x" {
        name = "g"
        waf_configuration {
          enabled       = true
          firewall_mode = "Prevention"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_application_gateway" "x" {
        name = "g"
        waf_configuration {
          enabled       = true
          firewall_mode = "Detection"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_application_gateway" "x" {
        name = "g"
        waf_configuration {
          enabled       = true
          firewall_mode = "Prevention"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_wafv2_web_acl" "x" {
        name  = "w"
        scope = "REGIONAL"
        default_action {
          allow {}
        }
        rule {
          name     = "sql"
          priority = 1
          override_action {
            count {}
          }
          statement {
            managed_rule_group_statement {
              name        = "AWSManagedRulesSQLiRuleSet"
              vendor_name = "AWS"
            }
          }
          visibility_config {
            cloudwatch_metrics_enabled = true
            metric_name                = "m"
            sampled_requests_enabled   = false
          }
        }
        visibility_config {
          cloudwatch_metrics_enabled = true
          metric_name                = "m"
          sampled_requests_enabled   = false
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_wafv2_web_acl" "x" {
        name  = "w"
        scope = "REGIONAL"
        default_action {
          allow {}
        }
        rule {
          name     = "sql"
          priority = 1
          override_action {
            none {}
          }
          statement {
            managed_rule_group_statement {
              name        = "AWSManagedRulesSQLiRuleSet"
              vendor_name = "AWS"
            }
          }
          visibility_config {
            cloudwatch_metrics_enabled = true
            metric_name                = "m"
            sampled_requests_enabled   = false
          }
        }
        visibility_config {
          cloudwatch_metrics_enabled = true
          metric_name                = "m"
          sampled_requests_enabled   = false
        }
      }
    EOT
  }
}

rule "FB-INPUT-009" {
  title    = "A web application firewall has no rule against Log4Shell"
  control  = "input-validation"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Add the known-bad-inputs rules."
  peers    = ["CKV_AWS_192", "CKV_GCP_73", "CKV_AZURE_133"]

  on "aws_wafv2_web_acl" {
    fail = !any([for r in list(self.rule) : one_of(r.statement.managed_rule_group_statement.name, "AWSManagedRulesKnownBadInputsRuleSet") && r.override_action.count == null && !any([for o in join_lists(r.statement.managed_rule_group_statement.rule_action_override, r.statement.managed_rule_group_statement.excluded_rule) : regex_match("Log4J", o.name) && (o.action_to_use == null || o.action_to_use.count != null)])])
    at   = "rule"
  }
  on "google_compute_security_policy" {
    when = !one_of(self.type, "CLOUD_ARMOR_EDGE", "CLOUD_ARMOR_NETWORK")
    fail = !any([for r in join_lists(self.rule, linked_from(self, "google_compute_security_policy_rule")) : regex_match("cve-canary|log4j|known-bad", r.match.expr.expression) && r.action != "allow" && r.preview != true])
    at   = "rule"
  }
  on "azurerm_web_application_firewall_policy" {
    fail = any([for s in list(self.managed_rules.managed_rule_set) : one_of(s.type, "OWASP") && regex_match("^(2|3\\.0)", s.version)])
    at   = "managed_rules.managed_rule_set"
  }
  on "AWS::WAFv2::WebACL" {
    fail = !any([for r in list(self.Rules) : one_of(r.Statement.ManagedRuleGroupStatement.Name, "AWSManagedRulesKnownBadInputsRuleSet") && r.OverrideAction.Count == null && !any([for o in join_lists(r.Statement.ManagedRuleGroupStatement.RuleActionOverrides, r.Statement.ManagedRuleGroupStatement.ExcludedRules) : regex_match("Log4J", o.Name) && (o.ActionToUse == null || o.ActionToUse.Count != null)])])
    at   = "Rules"
  }
  # Rule 944240 of the default set.
  on "azurerm_frontdoor_firewall_policy" "azurerm_cdn_frontdoor_firewall_policy" {
    let {
      sets = [for m in list(self.managed_rule) : m if regex_match("DefaultRuleSet", m.type)]
    }
    fail = length(sets) == 0 || any([for m in sets : any([for o in list(m.override) : any([for r in list(o.rule) : one_of(r.rule_id, "944240") && (r.enabled != true || one_of(r.action, "Allow", "Log"))])])])
    at   = "managed_rule"
  }
  on "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies" {
    let {
      sets = [for m in list(self.properties.managedRules.managedRuleSets) : m if regex_match("DefaultRuleSet", m.ruleSetType)]
    }
    fail = length(sets) == 0 || any([for m in sets : any([for g in list(m.ruleGroupOverrides) : any([for r in list(g.rules) : one_of(r.ruleId, "944240") && (!one_of(r.enabledState, "Enabled") || one_of(r.action, "Allow", "Log"))])])])
    at   = ["properties.managedRules", "properties"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_wafv2_web_acl" "x" {
        name = "w"
        rule {
          name     = "r"
          priority = 1
          statement {
            managed_rule_group_statement {
              name        = "AWSManagedRulesCommonRuleSet"
              vendor_name = "AWS"
            }
          }
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_compute_security_policy" "x" {
        name = "p"
        rule {
          action   = "allow"
          priority = 2147483647
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_wafv2_web_acl" "x" {
        name = "w"
        rule {
          name     = "r"
          priority = 1
          statement {
            managed_rule_group_statement {
              name        = "AWSManagedRulesKnownBadInputsRuleSet"
              vendor_name = "AWS"
            }
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_compute_security_policy" "x" {
        name = "p"
        rule {
          action   = "deny(403)"
          priority = 1
          match {
            expr {
              expression = "evaluatePreconfiguredExpr('cve-canary')"
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
              - Name: bad
                Priority: 1
                OverrideAction:
                  None: {}
                Statement:
                  ManagedRuleGroupStatement:
                    VendorName: AWS
                    Name: AWSManagedRulesAmazonIpReputationList
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
              - Name: bad
                Priority: 1
                OverrideAction:
                  None: {}
                Statement:
                  ManagedRuleGroupStatement:
                    VendorName: AWS
                    Name: AWSManagedRulesKnownBadInputsRuleSet
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_compute_security_policy" "x" {
        name = "p"
      }
      resource "google_compute_security_policy_rule" "log4j" {
        security_policy = google_compute_security_policy.x.name
        priority        = 1
        action          = "allow"
        match {
          expr {
            expression = "evaluatePreconfiguredWaf('cve-canary')"
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_compute_security_policy" "x" {
        name = "p"
      }
      resource "google_compute_security_policy_rule" "log4j" {
        security_policy = google_compute_security_policy.x.name
        priority        = 1
        action          = "deny(403)"
        match {
          expr {
            expression = "evaluatePreconfiguredWaf('cve-canary')"
          }
        }
      }
    EOT
  }
}

rule "FB-INPUT-010" {
  title    = "An API does not validate requests"
  control  = "input-validation"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Add a request validator for body and parameters."
  peers    = ["CKV2_AWS_53"]

  on "aws_api_gateway_method" {
    when = !one_of(self.http_method, "OPTIONS")
    fail = absent(self.request_validator_id)
    at   = "request_validator_id"
  }
  on "AWS::ApiGateway::Method" {
    when = !one_of(self.HttpMethod, "OPTIONS")
    fail = absent(self.RequestValidatorId)
    at   = "RequestValidatorId"
  }
  on "aws_api_gateway_request_validator" {
    fail = self.validate_request_body != true && self.validate_request_parameters != true
    at   = ["validate_request_body", "validate_request_parameters"]
    fix  = { validate_request_body = true }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_method" "x" {
        http_method = "POST"
        authorization = "AWS_IAM"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_request_validator" "x" {
        name = "v"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_method" "x" {
        http_method = "POST"
        authorization = "AWS_IAM"
        request_validator_id = "v"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_request_validator" "x" {
        name                  = "v"
        validate_request_body = true
      }
    EOT
  }
}

rule "FB-INPUT-011" {
  title    = "Requests to an API are not limited in rate"
  control  = "input-validation"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Add a usage plan or a rate-based rule."
  peers    = ["terraform/aws/api_gateway_stage_without_api_gateway_usage_plan_associated", "terraform/aws/api_gateway_deployment_without_api_gateway_usage_plan_associated", "cloudFormation/aws/api_gateway_stage_without_api_gateway_usage_plan_associated"]

  on "aws_api_gateway_stage" "aws_api_gateway_deployment" {
    fail = length(linked_from(self, "aws_api_gateway_usage_plan")) == 0 && !any([for p in resources("aws_api_gateway_usage_plan") : any([for s in list(p.api_stages) : present(s.stage) && (s.stage == self.stage_name || s.api_id == self.rest_api_id)])])
  }
  on "AWS::ApiGateway::Stage" "AWS::ApiGateway::Deployment" {
    fail = length(linked_from(self, "AWS::ApiGateway::UsagePlan")) == 0 && !any([for p in resources("AWS::ApiGateway::UsagePlan") : any([for s in list(p.ApiStages) : s.Stage == self.StageName])])
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_stage" "x" {
        stage_name = "prod"
        rest_api_id = "a"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ApiGateway::Stage
          Properties:
            StageName: prod
            RestApiId: a
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_stage" "x" {
        stage_name = "prod"
        rest_api_id = "a"
      }
      resource "aws_api_gateway_usage_plan" "x" {
        name = "u"
        api_stages {
          api_id = "a"
          stage  = aws_api_gateway_stage.x.stage_name
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ApiGateway::Stage
          Properties:
            StageName: prod
            RestApiId: a
        Plan:
          Type: AWS::ApiGateway::UsagePlan
          Properties:
            ApiStages:
              - ApiId: a
                Stage: !Ref X
    EOT
  }
}

rule "FB-INPUT-012" {
  title    = "A load balancer passes malformed headers on"
  control  = "input-validation"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Drop invalid headers; use a defensive desync mode."
  peers    = ["CKV_AWS_131", "CKV_AWS_328", "terraform/aws/alb_not_dropping_invalid_headers", "AWS-0052"]

  # False when absent (provider aws 5, 2025-01).
  on "aws_lb" "aws_alb" {
    when = absent(self.load_balancer_type) || self.load_balancer_type == "application"
    fail = self.drop_invalid_header_fields != true
    at   = "drop_invalid_header_fields"
    fix  = { drop_invalid_header_fields = true }
  }
  on "aws_lb" "aws_alb" "aws_elb" {
    fail = one_of(self.desync_mitigation_mode, "monitor")
    at   = "desync_mitigation_mode"
    fix  = { desync_mitigation_mode = "defensive" }
  }
  on "AWS::ElasticLoadBalancingV2::LoadBalancer" {
    let {
      given = { for a in list(self.LoadBalancerAttributes) : a.Key => a.Value }
    }
    when = !one_of(self.Type, "network", "gateway")
    fail = given["routing.http.drop_invalid_header_fields.enabled"] != true || one_of(given["routing.http.desync_mitigation_mode"], "monitor")
    at   = "LoadBalancerAttributes"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_lb" "x" {
        name = "l"
        load_balancer_type = "application"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_elb" "x" {
        name = "l"
        desync_mitigation_mode = "monitor"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_lb" "x" {
        name                       = "l"
        drop_invalid_header_fields = true
        desync_mitigation_mode     = "defensive"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_lb" "x" {
        name = "l"
        load_balancer_type = "network"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Edge:
          Type: AWS::ElasticLoadBalancingV2::LoadBalancer
          Properties:
            Scheme: internet-facing
            LoadBalancerAttributes:
              - Key: routing.http.drop_invalid_header_fields.enabled
                Value: "false"
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Edge:
          Type: AWS::ElasticLoadBalancingV2::LoadBalancer
          Properties:
            Scheme: internet-facing
            LoadBalancerAttributes:
              - Key: routing.http.drop_invalid_header_fields.enabled
                Value: "true"
    EOT
  }
}

rule "FB-INPUT-013" {
  title    = "An Ingress carries configuration code"
  control  = "input-validation"
  severity = "high"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Remove snippet annotations; allow none in the controller."
  peers    = ["CKV_K8S_152", "CKV_K8S_153", "CKV_K8S_154", "KCV-0093"]

  on "Ingress" {
    fail = [for k, v in self.metadata.annotations : k if regex_match("-snippet$", k)]
    at   = "metadata.annotations"
  }
  on "ConfigMap" {
    fail = one_of(self.data["allow-snippet-annotations"], "true")
    at   = "data.allow-snippet-annotations"
    fix  = { "data.allow-snippet-annotations" = "false" }
  }
  # Values that end up in nginx.conf as they are (CVE-2025-1097, CVE-2025-1098, CVE-2025-24514).
  on "Ingress" {
    fail    = [for k, v in self.metadata.annotations : k if regex_match("/(auth-(url|signin|tls-match-cn|snippet)|mirror-(target|host)|permanent-redirect|rewrite-target)$", k) && regex_match("[;{}#|\\n\"]", trimspace(v))]
    at      = "metadata.annotations"
    message = "an annotation breaks out of its directive"
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: i
        annotations:
          nginx.ingress.kubernetes.io/configuration-snippet: "more_set_headers X;"
      spec:
        rules: []
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: ingress-nginx-controller
      data:
        allow-snippet-annotations: "true"
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: i
        annotations:
          nginx.ingress.kubernetes.io/ssl-redirect: "true"
      spec:
        rules: []
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: ingress-nginx-controller
      data:
        allow-snippet-annotations: "false"
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: fhir
        namespace: fhir
        annotations:
          nginx.ingress.kubernetes.io/auth-url: "https://login.example.org/auth#;\\nssl_engine evil"
      spec:
        ingressClassName: nginx
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: fhir
        namespace: fhir
        annotations:
          nginx.ingress.kubernetes.io/auth-url: "https://login.example.org/auth"
      spec:
        ingressClassName: nginx
    EOT
  }
}

rule "FB-INPUT-014" {
  title    = "A container may take all memory and processor time of its host"
  control  = "input-validation"
  severity = "medium"
  cites    = ["HIPAA 164.308(a)(7)(ii)(A)"]
  advice   = "Set limits."
  peers    = ["CKV_K8S_11", "CKV_K8S_12", "k8s/memory_limits_not_defined", "dockerCompose/memory_not_limited", "dockerCompose/cpus_not_limited", "KSV-0011", "KSV-0018"]

  on "container" {
    when    = one_of(self.platform, "kubernetes", "compose", "ecs")
    fail    = absent(self.memory_limit)
    at      = ["resources.limits", "resources", "deploy.resources.limits"]
    message = "${self.name} has no memory limit"
  }
  on "container" {
    when    = self.platform == "compose"
    fail    = absent(self.cpu_limit)
    at      = ["resources.limits", "resources", "deploy.resources.limits"]
    message = "${self.name} has no processor limit"
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
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        a:
          image: a:1
          mem_limit: 512m
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
            resources:
              limits:
                cpu: "1"
                memory: 512Mi
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        a:
          image: a:1
          mem_limit: 512m
          cpus: 1
    EOT
  }
}

rule "FB-INPUT-015" {
  title    = "A container that parses strangers' data is not confined"
  control  = "input-validation"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Use RuntimeDefault seccomp, and drop all capabilities."
  peers    = ["CKV_K8S_31", "CKV_K8S_37", "CKV_K8S_28", "k8s/seccomp_profile_is_not_configured", "k8s/no_drop_capabilities_for_containers", "k8s/net_raw_capabilities_not_being_dropped", "dockerCompose/security_opt_not_set", "dockerCompose/default_seccomp_profile_disabled", "KSV-0030", "KSV-0104", "KSV-0003"]

  on "container" {
    when    = self.platform == "kubernetes"
    fail    = !one_of(self.seccomp, "RuntimeDefault", "Localhost") && !any([for c in list(self.cap_drop) : one_of(c, "ALL", "NET_RAW")]) && !any([for k, v in self.annotations : regex_match("^(container\\.)?seccomp\\.security", k) && one_of(v, "runtime/default", "docker/default") || regex_match("^container\\.apparmor\\.security[^/]*/${self.name}$", k) && !one_of(v, "unconfined")])
    at      = ["securityContext.seccompProfile.type", "securityContext.capabilities.drop", "securityContext.capabilities", "securityContext"]
    message = "container ${self.name} has neither a seccomp profile nor dropped capabilities"
  }
  on "container" {
    when    = self.platform == "compose"
    fail    = any([for o in list(self.security_opt) : regex_match("seccomp[:=]unconfined$", o)])
    at      = "security_opt"
    message = "${self.name} runs without seccomp"
  }
  on "container" {
    when    = self.platform == "compose"
    fail    = absent(self.security_opt)
    at      = "security_opt"
    message = "${self.name} sets no security_opt"
  }
  on "container" {
    when    = self.platform == "kubernetes"
    fail    = one_of(self.seccomp, "Unconfined") || one_of(self.definition.securityContext.procMount, "Unmasked") || any([for k, v in self.annotations : regex_match("^container\\.apparmor\\.security", k) && one_of(v, "unconfined")])
    at      = ["securityContext.procMount", "securityContext.seccompProfile.type", "securityContext"]
    message = "container ${self.name} is let out of its confinement"
  }
  on "PodSecurityPolicy" {
    fail    = [for t in list(self.spec.allowedProcMountTypes) : t if t == "Unmasked"]
    at      = "spec.allowedProcMountTypes"
    message = "the policy lets pods see all of /proc"
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
            - seccomp:unconfined
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
              seccompProfile:
                type: RuntimeDefault
              capabilities:
                drop: [ALL]
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
      apiVersion: v1
      kind: Pod
      metadata:
        name: p
      spec:
        containers:
          - name: fhir
            image: example.org/fhir:1
            securityContext:
              seccompProfile:
                type: Unconfined
              capabilities:
                drop: [ALL]
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
          - name: fhir
            image: example.org/fhir:1
            securityContext:
              seccompProfile:
                type: RuntimeDefault
              capabilities:
                drop: [ALL]
    EOT
  }
}

rule "FB-INPUT-016" {
  title    = "A variable takes any value"
  control  = "input-validation"
  severity = "low"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Give it a type."
  peers    = ["terraform/general/variable_without_type"]

  # A type is no value, so it is unknown where it is written.
  on "variable" {
    fail = known(self.type) && absent(self.type)
    at   = "type"
  }
  on "parameter" {
    when = self.Type == "String" && self.NoEcho != true
    fail = absent(self.AllowedPattern) && absent(self.AllowedValues)
    at   = "Type"
  }

  example "fail" "terraform" {
    text = <<-EOT
      variable "region" {
        default = "eu-central-1"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      variable "zone" {
        description = "zone"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      variable "region" {
        type    = string
        default = "eu-central-1"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      variable "zones" {
        type = list(string)
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Parameters:
        StoreName:
          Type: String
          Description: any
      Resources:
        Store:
          Type: AWS::HealthLake::FHIRDatastore
          Properties:
            DatastoreName: !Ref StoreName
            DatastoreTypeVersion: R4
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Parameters:
        StoreName:
          Type: String
          AllowedPattern: "[a-z-]{1,64}"
      Resources:
        Store:
          Type: AWS::HealthLake::FHIRDatastore
          Properties:
            DatastoreName: !Ref StoreName
            DatastoreTypeVersion: R4
    EOT
  }
}

rule "FB-INPUT-017" {
  title    = "A database lets statements read files or other databases"
  control  = "input-validation"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Switch local_infile and cross-database chaining off."
  peers    = ["CKV_GCP_50", "CKV_GCP_58", "GCP-0026", "GCP-0019"]

  on "google_sql_database_instance" {
    fail = [for f in list(self.settings.database_flags) : f if one_of(f.name, "local_infile", "cross db ownership chaining", "contained database authentication") && one_of(f.value, "on")]
    at   = "value"
    fix  = { value = "off" }
  }
  on "aws_db_parameter_group" "aws_rds_cluster_parameter_group" {
    fail = [for p in list(self.parameter) : p if p.name == "local_infile" && one_of(p.value, "1", "on")]
    at   = "value"
    fix  = { value = "0" }
  }
  on "AWS::RDS::DBParameterGroup" "AWS::RDS::DBClusterParameterGroup" {
    fail = one_of(self.Parameters.local_infile, "1", "on")
    at   = "Parameters.local_infile"
  }
  on "azurerm_mysql_configuration" "azurerm_mysql_flexible_server_configuration" {
    when = self.name == "local_infile"
    fail = one_of(self.value, "on", "1")
    at   = "value"
    fix  = { value = "OFF" }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_sql_database_instance" "x" {
        database_version = "MYSQL_8_0"
        settings {
          tier = "db-f1-micro"
          database_flags {
            name  = "local_infile"
            value = "on"
          }
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_sql_database_instance" "x" {
        database_version = "SQLSERVER_2019_STANDARD"
        settings {
          tier = "db-f1-micro"
          database_flags {
            name  = "cross db ownership chaining"
            value = "on"
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_sql_database_instance" "x" {
        database_version = "MYSQL_8_0"
        settings {
          tier = "db-f1-micro"
          database_flags {
            name  = "local_infile"
            value = "off"
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_db_parameter_group" "x" {
        family = "mysql8.0"
        parameter {
          name  = "local_infile"
          value = "0"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_db_parameter_group" "x" {
        family = "mysql8.0"
        parameter {
          name  = "local_infile"
          value = "1"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_db_parameter_group" "x" {
        family = "mysql8.0"
        parameter {
          name  = "local_infile"
          value = "0"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_mysql_flexible_server_configuration" "x" {
        name                = "local_infile"
        resource_group_name = "g"
        server_name         = "s"
        value               = "ON"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_mysql_flexible_server_configuration" "x" {
        name                = "local_infile"
        resource_group_name = "g"
        server_name         = "s"
        value               = "OFF"
      }
    EOT
  }
}

rule "FB-INPUT-018" {
  title    = "A workload may reach the metadata address of its host"
  control  = "input-validation"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Set hop limit 1; deny 169.254.169.254."
  peers    = ["CKV_AWS_341", "CKV_GCP_69"]

  on "aws_instance" "aws_launch_template" "aws_launch_configuration" {
    fail = self.metadata_options.http_put_response_hop_limit > 1
    at   = "metadata_options.http_put_response_hop_limit"
    fix  = { "metadata_options.http_put_response_hop_limit" = 1 }
  }
  on "google_container_node_pool" "google_container_cluster" {
    fail = one_of(either(self.node_config.workload_metadata_config.mode, self.node_config.workload_metadata_config.node_metadata), "GCE_METADATA", "EXPOSE", "UNSPECIFIED")
    at   = ["node_config.workload_metadata_config.mode", "node_config.workload_metadata_config"]
  }
  on "network_policy" {
    when    = contains(self.types, "Egress")
    fail    = any([for e in self.egress : any([for t in list(e.to) : is_public_cidr(t.ipBlock.cidr) && !any([for x in list(t.ipBlock.except) : regex_match("^169\\.254\\.", x)])])])
    at      = "spec.egress"
    message = "egress to everywhere does not except 169.254.169.254"
  }
  on "AWS::EC2::LaunchTemplate" {
    fail = self.LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit > 1
    at   = "LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_launch_template" "x" {
        metadata_options {
          http_put_response_hop_limit = 2
        }
      }
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: n
      spec:
        podSelector: {}
        egress:
          - to:
              - ipBlock:
                  cidr: 0.0.0.0/0
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_launch_template" "x" {
        metadata_options {
          http_put_response_hop_limit = 1
        }
      }
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: n
      spec:
        podSelector: {}
        egress:
          - to:
              - ipBlock:
                  cidr: 0.0.0.0/0
                  except: [169.254.169.254/32]
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: n
      spec:
        podSelector: {}
        policyTypes: [Ingress]
        egress:
          - to:
              - ipBlock:
                  cidr: 0.0.0.0/0
    EOT
  }
}
