# Narrative.

locals {
  # A name or label that says that health data is there.
  health = "(?i:fhir|patient|health|dicom|hl7|medical|clinical|(^|[^a-z])e?phi([^a-z]|$))|PHI|[a-z]Phi"
}

rule "FB-NARR-001" {
  title    = "An API logs whole requests and responses"
  control  = "narrative"
  severity = "high"
  cites    = ["HIPAA 164.502(b)", "HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Switch data trace off."
  peers    = ["CKV_AWS_276"]

  on "aws_api_gateway_method_settings" {
    fail = self.settings.data_trace_enabled == true
    at   = "settings.data_trace_enabled"
    fix  = { "settings.data_trace_enabled" = false }
  }
  on "AWS::ApiGateway::Stage" {
    fail = [for m in list(self.MethodSettings) : m if m.DataTraceEnabled == true]
    at   = "DataTraceEnabled"
  }
  on "aws_apigatewayv2_stage" {
    fail = self.default_route_settings.data_trace_enabled == true
    at   = "default_route_settings.data_trace_enabled"
  }
  on "AWS::ApiGatewayV2::Stage" {
    fail = self.DefaultRouteSettings.DataTraceEnabled == true
    at   = "DefaultRouteSettings.DataTraceEnabled"
    fix  = { "DefaultRouteSettings.DataTraceEnabled" = false }
  }
  on "AWS::ApiGateway::Deployment" {
    fail = self.StageDescription.DataTraceEnabled == true || any([for m in list(self.StageDescription.MethodSettings) : m.DataTraceEnabled == true])
    at   = ["StageDescription.DataTraceEnabled", "StageDescription"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_method_settings" "x" {
        method_path = "*/*"
        settings {
          data_trace_enabled = true
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ApiGateway::Stage
          Properties:
            MethodSettings:
              - HttpMethod: "*"
                ResourcePath: "/*"
                DataTraceEnabled: true
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_method_settings" "x" {
        method_path = "*/*"
        settings {
          data_trace_enabled = false
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
            MethodSettings:
              - HttpMethod: "*"
                ResourcePath: "/*"
                DataTraceEnabled: false
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        Prod:
          Type: AWS::ApiGatewayV2::Stage
          Properties:
            ApiId: a
            StageName: prod
            DefaultRouteSettings:
              DataTraceEnabled: true
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        Prod:
          Type: AWS::ApiGatewayV2::Stage
          Properties:
            ApiId: a
            StageName: prod
            DefaultRouteSettings:
              DataTraceEnabled: false
    EOT
  }
}

rule "FB-NARR-002" {
  title    = "A database logs statements with their values"
  control  = "narrative"
  severity = "high"
  cites    = ["HIPAA 164.502(b)"]
  advice   = "Log schema changes only."
  peers    = ["CKV_GCP_57", "GCP-0021"]

  on "google_sql_database_instance" {
    fail = [for f in list(self.settings.database_flags) : f if f.name == "log_statement" && one_of(f.value, "all", "mod") || f.name == "log_min_duration_statement" && f.value != "-1" || f.name == "general_log" && one_of(f.value, "on", "1")]
    at   = "value"
  }
  on "aws_db_parameter_group" "aws_rds_cluster_parameter_group" {
    fail = [for p in list(self.parameter) : p if p.name == "log_statement" && one_of(p.value, "all", "mod") || p.name == "log_min_duration_statement" && p.value != "-1" || p.name == "general_log" && one_of(p.value, "1", "on")]
    at   = "value"
  }
  on "azurerm_postgresql_configuration" "azurerm_postgresql_flexible_server_configuration" {
    fail = self.name == "log_statement" && one_of(self.value, "all", "mod")
    at   = "value"
    fix  = { value = "ddl" }
  }
  on "AWS::RDS::DBParameterGroup" "AWS::RDS::DBClusterParameterGroup" {
    let {
      p = self.Parameters
    }
    fail = one_of(p.log_statement, "all", "mod") || p.log_min_duration_statement != null && p.log_min_duration_statement != "-1" || one_of(p.general_log, "1", "on")
    at   = ["Parameters.log_statement", "Parameters.log_min_duration_statement", "Parameters.general_log"]
  }
  on "azurerm_mysql_configuration" "azurerm_mysql_flexible_server_configuration" {
    fail = self.name == "general_log" && one_of(self.value, "on", "1")
    at   = "value"
  }
  on "Microsoft.DBforPostgreSQL/servers/configurations" "Microsoft.DBforPostgreSQL/flexibleServers/configurations" {
    when = regex_match("(?i)log_statement$", self.name, self._name)
    fail = one_of(self.properties.value, "all", "mod")
    at   = "properties.value"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_sql_database_instance" "x" {
        database_version = "POSTGRES_15"
        settings {
          tier = "db-f1-micro"
          database_flags {
            name  = "log_statement"
            value = "all"
          }
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_db_parameter_group" "x" {
        family = "postgres15"
        parameter {
          name  = "log_min_duration_statement"
          value = "0"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_sql_database_instance" "x" {
        database_version = "POSTGRES_15"
        settings {
          tier = "db-f1-micro"
          database_flags {
            name  = "log_statement"
            value = "ddl"
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_flexible_server_configuration" "x" {
        name  = "log_statement"
        value = "ddl"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_flexible_server_configuration" "x" {
        name  = "log_statement"
        value = "all"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_flexible_server_configuration" "x" {
        name  = "log_statement"
        value = "none"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        P:
          Type: AWS::RDS::DBParameterGroup
          Properties:
            Description: p
            Family: postgres16
            Parameters:
              log_statement: all
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        P:
          Type: AWS::RDS::DBParameterGroup
          Properties:
            Description: p
            Family: postgres16
            Parameters:
              log_statement: ddl
    EOT
  }
}

rule "FB-NARR-003" {
  title    = "A FHIR server logs in debug mode"
  control  = "narrative"
  severity = "medium"
  cites    = ["HIPAA 164.502(b)"]
  advice   = "Log at INFO."
  peers    = []

  on "fhir_server" {
    fail = any([for k, v in self.env : regex_match("(?i)(^|[._:])(log|logging)([._:]+[a-z]+)*[._:-]*level|minimum_?level", k) && one_of(v, "DEBUG", "TRACE", "ALL", "VERBOSE")]) || any([for k, v in self.env : key({ (k) = v }, "ASPNETCORE_ENVIRONMENT") != null && one_of(v, "Development") || key({ (k) = v }, "DEBUG") != null && one_of(v, "true", "1", "*")])
    at   = ["env", "environment"]
  }

  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: samply/blaze:0.30
          environment:
            LOG_LEVEL: debug
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: mcr.microsoft.com/healthcareapis/r4-fhir-server:4.0.1
          environment:
            ASPNETCORE_ENVIRONMENT: Development
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: samply/blaze:0.30
          environment:
            LOG_LEVEL: info
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: mcr.microsoft.com/healthcareapis/r4-fhir-server:4.0.1
          environment:
            ASPNETCORE_ENVIRONMENT: Production
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: heliossoftware/hfs:0.2.4
          command: ["hfs", "--log-level", "debug"]
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: heliossoftware/hfs:0.2.4
          command: ["hfs", "--log-level", "info"]
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: firely/server:5.8.0
          environment:
            - VONKLOG_Serilog__MinimumLevel__Default=Verbose
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: firely/server:5.8.0
          environment:
            - VONKLOG_Serilog__MinimumLevel__Default=Information
    EOT
  }
}

rule "FB-NARR-004" {
  title    = "Clients choose the ids of resources, which then stand in URLs and logs"
  control  = "narrative"
  severity = "medium"
  cites    = ["HIPAA 164.502(b)"]
  advice   = "Let the server assign ids."
  peers    = []

  on "google_healthcare_fhir_store" {
    fail = self.enable_update_create == true
    at   = "enable_update_create"
    fix  = { enable_update_create = false }
  }
  on "fhir_server" {
    when = self.product == "hapi"
    fail = any([for k, v in self.env : key({ (k) = v }, "hapi.fhir.client_id_strategy") != null && one_of(v, "ANY")])
    at   = ["env", "environment"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        enable_update_create = true
      }
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:v7.4.0
          environment:
            hapi.fhir.client_id_strategy: ANY
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name                 = "s"
        enable_update_create = false
      }
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:v7.4.0
          environment:
            hapi.fhir.client_id_strategy: NOT_ALLOWED
    EOT
  }
}

rule "FB-NARR-005" {
  title    = "A server shows debug pages, stack traces or its tester page"
  control  = "narrative"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Switch them off."
  peers    = ["CKV_AZURE_72"]

  on "azurerm_app_service" "azurerm_app_service_slot" "azurerm_function_app" "azurerm_linux_web_app" "azurerm_linux_web_app_slot" "azurerm_windows_web_app" "azurerm_windows_web_app_slot" "azurerm_linux_function_app" "azurerm_linux_function_app_slot" "azurerm_windows_function_app" "azurerm_windows_function_app_slot" {
    fail = first(list(self.site_config.remote_debugging_enabled)) == true
    at   = "site_config.remote_debugging_enabled"
    fix  = { "site_config.remote_debugging_enabled" = false }
  }
  on "container" {
    fail = any([for k, v in self.env : key({ (k) = v }, "ASPNETCORE_DETAILEDERRORS", "FLASK_DEBUG", "DJANGO_DEBUG") != null && one_of(v, "true", "1") || key({ (k) = v }, "server.error.include-stacktrace") != null && one_of(v, "always")])
    at   = ["env", "environment"]
  }
  on "Microsoft.Web/sites" {
    fail = self.properties.siteConfig.remoteDebuggingEnabled == true || self.properties.siteConfig.detailedErrorLoggingEnabled == true
    at   = ["properties.siteConfig.remoteDebuggingEnabled", "properties.siteConfig"]
  }
  # The tester page and the Swagger page are there for whoever reaches the port.
  on "fhir_server" {
    let {
      open = any([for p in list(self.ports) : present(p.host) && !regex_match("^(127\\.|::1|localhost)", p.address)]) || any([for s in resources("Service") : one_of(s.spec.type, "LoadBalancer", "NodePort") && selects(s.spec.selector, self.container.labels)])
    }
    when    = self.product == "hapi"
    fail    = open && any([for k, v in self.env : one_of(v, "true") && key({ (k) = v }, "hapi.fhir.openapi_enabled") != null || key({ (k) = v }, "hapi.fhir.tester.*") != null])
    at      = ["env", "environment"]
    message = "the tester or Swagger page of the server is shown to everyone"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_web_app" "x" {
        name = "a"
        site_config {
          remote_debugging_enabled = true
        }
      }
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: mcr.microsoft.com/healthcareapis/r4-fhir-server:4.0.1
          environment:
            ASPNETCORE_DETAILEDERRORS: "true"
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_web_app" "x" {
        name = "a"
        site_config {
          remote_debugging_enabled = false
        }
      }
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: mcr.microsoft.com/healthcareapis/r4-fhir-server:4.0.1
          environment:
            ASPNETCORE_DETAILEDERRORS: "false"
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:v7.2.0
          ports:
            - "8080:8080"
          environment:
            hapi.fhir.openapi_enabled: "true"
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:v7.2.0
          ports:
            - "127.0.0.1:8080:8080"
          environment:
            hapi.fhir.openapi_enabled: "true"
    EOT
  }
}

rule "FB-NARR-006" {
  title    = "HTML is served without a content security policy"
  control  = "narrative"
  severity = "medium"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Add CSP with sandbox, and nosniff."
  peers    = ["CKV2_AWS_32"]

  on "aws_cloudfront_response_headers_policy" {
    fail = absent(self.security_headers_config.content_security_policy) || absent(self.security_headers_config.content_type_options)
    at   = ["security_headers_config"]
  }
  on "AWS::CloudFront::ResponseHeadersPolicy" {
    let {
      headers = self.ResponseHeadersPolicyConfig.SecurityHeadersConfig
    }
    fail = absent(headers.ContentSecurityPolicy) || absent(headers.ContentTypeOptions)
    at   = ["ResponseHeadersPolicyConfig.SecurityHeadersConfig", "ResponseHeadersPolicyConfig"]
  }
  on "aws_cloudfront_distribution" {
    fail = absent(self.default_cache_behavior.response_headers_policy_id)
    at   = "default_cache_behavior"
  }
  on "AWS::CloudFront::Distribution" {
    fail = absent(self.DistributionConfig.DefaultCacheBehavior.ResponseHeadersPolicyId)
    at   = ["DistributionConfig.DefaultCacheBehavior", "DistributionConfig"]
  }
  # A server of nginx that is written out and hands HTML on.
  on "ConfigMap" {
    fail = [for k, v in self.data : k if regex_match("(?s)\\bserver\\s*\\{.*\\b(proxy_pass|root)\\s", v) && !regex_match("(?i)add_header\\s+[\"']?Content-Security-Policy", v)]
    at   = "data"
  }
  on "Ingress" {
    fail = [for k, v in self.metadata.annotations : k if regex_match("(configuration|server)-snippet$", k) && regex_match("(?i)(add_header|more_set_headers)", v) && !regex_match("(?i)Content-Security-Policy", v)]
    at   = "metadata.annotations"
  }
  on "fhir_server" {
    when    = self.product == "hapi"
    fail    = any([for k, v in self.env : key({ (k) = v }, "hapi.fhir.narrative_enabled") != null && one_of(v, "true")])
    at      = ["env", "environment"]
    message = "narrative generation is on"
  }

  example "fail" "terraform" {
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
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:v7.4.0
          environment:
            hapi.fhir.narrative_enabled: "true"
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_response_headers_policy" "x" {
        name = "p"
        security_headers_config {
          content_security_policy {
            content_security_policy = "default-src 'none'; sandbox"
            override                = true
          }
          content_type_options {
            override = true
          }
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
            hapi.fhir.narrative_enabled: "false"
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: edge
      data:
        nginx.conf: |
          server {
            listen 8443 ssl;
            server_tokens off;
            location /fhir { proxy_pass http://hapi:8080; }
          }
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: edge
      data:
        nginx.conf: |
          server {
            listen 8443 ssl;
            add_header Content-Security-Policy "default-src 'none'; sandbox" always;
            location /fhir { proxy_pass http://hapi:8080; }
          }
    EOT
  }
}

rule "FB-NARR-007" {
  title    = "A web application firewall has no rules against cross-site scripting"
  control  = "narrative"
  severity = "medium"
  cites    = ["HIPAA 164.312(c)(1)", "GDPR 32"]
  advice   = "Add the common rule set."
  peers    = []

  on "aws_wafv2_web_acl" {
    fail = !any([for r in list(self.rule) : one_of(r.statement.managed_rule_group_statement.name, "AWSManagedRulesCommonRuleSet") || present(r.statement.xss_match_statement) || any([for s in join_lists(r.statement.or_statement.statement, r.statement.and_statement.statement) : present(s.xss_match_statement)])])
    at   = "rule"
  }
  on "AWS::WAFv2::WebACL" {
    fail = !any([for r in list(self.Rules) : one_of(r.Statement.ManagedRuleGroupStatement.Name, "AWSManagedRulesCommonRuleSet") || present(r.Statement.XssMatchStatement) || any([for s in join_lists(r.Statement.OrStatement.Statements, r.Statement.AndStatement.Statements) : present(s.XssMatchStatement)])])
    at   = "Rules"
  }
  on "azurerm_cdn_frontdoor_firewall_policy" "azurerm_frontdoor_firewall_policy" {
    fail = !any([for m in list(self.managed_rule) : regex_match("DefaultRuleSet", m.type)])
    at   = "managed_rule"
  }
  on "azurerm_web_application_firewall_policy" {
    fail = absent(self.managed_rules.managed_rule_set)
    at   = "managed_rules"
  }
  on "google_compute_security_policy" {
    when = !one_of(self.type, "CLOUD_ARMOR_EDGE", "CLOUD_ARMOR_NETWORK")
    fail = !any([for r in join_lists(self.rule, linked_from(self, "google_compute_security_policy_rule")) : regex_match("xss", r.match.expr.expression) && r.preview != true])
    at   = "rule"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_wafv2_web_acl" "x" {
        name = "w"
        scope = "REGIONAL"
        rule {
          name     = "common"
          priority = 1
          statement {
            managed_rule_group_statement {
              name        = "AWSManagedRulesAmazonIpReputationList"
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
        scope = "REGIONAL"
        rule {
          name     = "common"
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
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_compute_security_policy" "x" {
        name = "p"
        rule {
          action   = "deny(403)"
          priority = 1000
          match {
            expr {
              expression = "evaluatePreconfiguredExpr('xss-v33-stable')"
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
              - Name: common
                Priority: 1
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
              - Name: common
                Priority: 1
                Statement:
                  ManagedRuleGroupStatement:
                    VendorName: AWS
                    Name: AWSManagedRulesCommonRuleSet
    EOT
  }
}

rule "FB-NARR-008" {
  title    = "Tools print secrets or patient data"
  control  = "narrative"
  severity = "high"
  cites    = ["HIPAA 164.502(b)"]
  advice   = "Mark it: no_log, NoEcho, sensitive."
  peers    = ["ansible/general/logging_of_sensitive_data"]

  on "ansible_task" {
    fail    = self.no_log != true && any([for k, v in self.arguments : regex_match("(?i)^(password|passwd|secret|token|api_?key|private_key|login_password|url_password)$", k)])
    at      = ["no_log", "arguments"]
    message = "the task prints its secret arguments"
  }
  on "output" {
    fail    = regex_match("(?i)password|secret|token|private_key|api_key|access_key", self._name) && self.sensitive != true && !regex_match("(?i)(_id|_arn|_name|_url)$", self._name)
    at      = "sensitive"
    message = "the output is not sensitive"
    fix     = { sensitive = true }
  }
  on "variable" {
    fail    = regex_match("(?i)(^|_)(password|secret|token|private_key|api_key|access_key)$", self._name) && self.sensitive != true
    at      = "sensitive"
    message = "the variable is not sensitive"
    fix     = { sensitive = true }
  }
  on "parameter" {
    when    = self._language == "cloudformation" && !regex_match("^AWS::", self.Type)
    fail    = regex_match("(?i)(password|secret|token|api_?key|private_?key|passphrase)$", self._name) && self.NoEcho != true
    at      = "NoEcho"
    message = "the parameter is shown"
  }

  example "fail" "ansible" {
    text = <<-EOT
      - hosts: all
        tasks:
          - name: add a user
            ansible.builtin.user:
              name: a
              password: "{{ new_password }}"
            no_log: false
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      output "db_password" {
        value = aws_db_instance.d.password
      }
    EOT
  }
  example "pass" "ansible" {
    text = <<-EOT
      - hosts: all
        tasks:
          - name: add a user
            ansible.builtin.user:
              name: a
              password: "{{ new_password }}"
            no_log: true
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      output "db_password" {
        value     = aws_db_instance.d.password
        sensitive = true
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
  example "fail" "terraform" {
    text = <<-EOT
      variable "api_key" {
        type      = string
        sensitive = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      variable "api_key" {
        type      = string
        sensitive = true
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Parameters:
        DatabasePassword:
          Type: String
          Description: of the store
      Resources:
        Topic:
          Type: AWS::SNS::Topic
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Parameters:
        DatabasePassword:
          Type: String
          NoEcho: true
      Resources:
        Topic:
          Type: AWS::SNS::Topic
    EOT
  }
}

rule "FB-NARR-009" {
  title    = "Patient data lies in an environment or an image"
  control  = "narrative"
  severity = "medium"
  conceal  = true
  cites    = ["HIPAA 164.502(b)", "HIPAA 164.514"]
  advice   = "Mount it at run time; use synthetic data only."
  peers    = []

  on "container" {
    fail    = [for k, v in self.env : k if is_phi_like(k, v)]
    at      = ["env", "environment"]
    message = "the environment identifies a patient"
  }
  on "stage" {
    fail    = [for i in list(self.instructions) : i if one_of(i.instruction, "COPY", "ADD") && any([for w in list(i.arguments) : regex_match("(?i)\\.ndjson$|(bundle|patients?)[^/]*\\.(json|xml|csv)$|\\.dcm$|\\.hl7$", w)])]
    at      = "text"
    message = "the image takes patient data in"
  }
  on "aws_lambda_function" "AWS::Lambda::Function" {
    fail    = [for k, v in env(self.environment.variables, self.Environment.Variables) : k if is_phi_like(k, v)]
    at      = ["environment.variables", "Environment.Variables"]
    message = "the environment identifies a patient"
  }

  example "fail" "dockerfile" {
    text = <<-EOT
      FROM debian:12
      COPY patients.ndjson /data/
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: app:1
          environment:
            PATIENT_SSN: 123-45-6789
    EOT
  }
  example "pass" "dockerfile" {
    text = <<-EOT
      FROM debian:12
      COPY app /usr/bin/app
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: app:1
          environment:
            PATIENT_SOURCE: /run/data
    EOT
  }
}

rule "FB-NARR-010" {
  title    = "Logs with requests leave for somebody else"
  control  = "narrative"
  severity = "high"
  cites    = ["HIPAA 164.502(b)", "GDPR 44"]
  advice   = "Mask search parameters; send to an endpoint under contract."
  peers    = []

  on "aws_kinesis_firehose_delivery_stream" {
    fail = present(self.http_endpoint_configuration) && length(linked_from(self, "aws_cloudwatch_log_subscription_filter")) > 0
    at   = "http_endpoint_configuration"
  }
  on "ConfigMap" {
    fail    = [for k, v in self.data : k if regex_match("(?i)(fluent|otel|collector|vector|filebeat|logstash)", "${k} ${self.metadata.name}") && regex_match("(?i)(datadoghq|newrelic|splunkcloud|logz\\.io|sumologic|honeycomb\\.io|loggly|papertrail|sentry\\.io|logdna|mezmo)", v)]
    at      = "data"
    message = "logs are sent to a third party"
  }
  on "container" {
    when    = length(resources("fhir_server")) > 0
    fail    = any([for k, v in self.env : regex_match("(?i)^(DD_LOGS_ENABLED|DD_LOGS_CONFIG_CONTAINER_COLLECT_ALL)$", k) && one_of(v, "true")])
    at      = ["env", "environment"]
    message = "the logs of every container are sent to a third party"
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: fluent-bit
      data:
        fluent-bit.conf: |
          [OUTPUT]
            Name http
            Host http-intake.logs.datadoghq.com
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_kinesis_firehose_delivery_stream" "x" {
        name = "f"
        destination = "http_endpoint"
        http_endpoint_configuration {
          url = "https://logs.example.com"
        }
      }
      resource "aws_cloudwatch_log_subscription_filter" "x" {
        name = "l"
        log_group_name = "fhir"
        destination_arn = aws_kinesis_firehose_delivery_stream.x.arn
      }
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: fluent-bit
      data:
        fluent-bit.conf: |
          [OUTPUT]
            Name loki
            Host loki.logging.svc
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_kinesis_firehose_delivery_stream" "x" {
        name = "f"
        destination = "extended_s3"
      }
    EOT
  }
}

rule "FB-NARR-011" {
  title    = "Access logs hold the query, and so names and birth dates that were searched"
  control  = "narrative"
  severity = "medium"
  cites    = ["HIPAA 164.502(b)"]
  advice   = "Log the path without the query."
  peers    = []

  on "ConfigMap" {
    fail = [for k, v in self.data : k if regex_match("log_format[^;]*(\\$request\\b|\\$args|\\$query_string|\\$request_uri|\"%r\")", v)]
    at   = "data"
  }
  on "aws_api_gateway_stage" "aws_apigatewayv2_stage" {
    fail = regex_match("\\$context\\.(requestOverride|path\\?|queryString)|querystring", self.access_log_settings.format)
    at   = "access_log_settings.format"
  }
  on "AWS::ApiGateway::Stage" {
    fail = regex_match("querystring|queryString", self.AccessLogSetting.Format)
    at   = "AccessLogSetting.Format"
  }
  on "ConfigMap" {
    fail = [for k, v in self.data : k if regex_match("^log-format-upstream$", k) && regex_match("\\$request\\b|\\$args|\\$query_string|\\$request_uri", v)]
    at   = "data.log-format-upstream"
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: nginx
      data:
        nginx.conf: |
          http {
            log_format main '$remote_addr "$request" $status';
          }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_stage" "x" {
        stage_name = "prod"
        access_log_settings {
          destination_arn = "d"
          format          = "$context.requestId $context.querystring"
        }
      }
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: nginx
      data:
        nginx.conf: |
          http {
            log_format main '$remote_addr $request_method $uri $status';
          }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_stage" "x" {
        stage_name = "prod"
        access_log_settings {
          destination_arn = "d"
          format          = "$context.requestId $context.resourcePath"
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
        log-format-upstream: '$remote_addr "$request" $status'
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: ingress-nginx-controller
      data:
        log-format-upstream: '$remote_addr $uri $status'
    EOT
  }
}

rule "FB-NARR-012" {
  title    = "Identifiers in a log of health data are not masked"
  control  = "narrative"
  severity = "medium"
  cites    = ["HIPAA 164.502(b)"]
  advice   = "Add a data protection policy."
  peers    = []

  on "aws_cloudwatch_log_group" {
    when = regex_match(local.health, self.name, self._name)
    fail = length(linked_from(self, "aws_cloudwatch_log_data_protection_policy")) == 0
  }
  on "AWS::Logs::LogGroup" {
    when = regex_match(local.health, self.LogGroupName, self._name)
    fail = absent(self.DataProtectionPolicy)
    at   = "DataProtectionPolicy"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudwatch_log_group" "x" {
        name = "/fhir/server"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::Logs::LogGroup
          Properties:
            LogGroupName: /fhir/server
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudwatch_log_group" "x" {
        name = "/fhir/server"
      }
      resource "aws_cloudwatch_log_data_protection_policy" "x" {
        log_group_name = aws_cloudwatch_log_group.x.name
        policy_document = "{}"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudwatch_log_group" "x" {
        name = "/website"
      }
    EOT
  }
}

rule "FB-NARR-013" {
  title    = "Analysts get data that is not de-identified"
  control  = "narrative"
  severity = "medium"
  cites    = ["HIPAA 164.514"]
  advice   = "Configure an anonymised export."
  peers    = []

  on "azurerm_healthcare_fhir_service" {
    when = length(resources("azurerm_synapse_workspace", "azurerm_databricks_workspace", "azurerm_data_factory")) > 0
    fail = present(self.configuration_export_storage_account_name) && absent(self.oci_artifact)
    at   = "configuration_export_storage_account_name"
  }
  on "google_healthcare_fhir_store" {
    when = length(resources("google_notebooks_instance", "google_workbench_instance", "google_dataproc_cluster", "google_looker_instance")) > 0
    fail = [for s in list(self.stream_configs) : s if absent(s.deidentified_store_destination) && present(s.bigquery_destination)]
    at   = "bigquery_destination"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        configuration_export_storage_account_name = "e"
      }
      resource "azurerm_databricks_workspace" "x" {
        name = "d"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        stream_configs {
          bigquery_destination {
            dataset_uri = "bq://p.d"
          }
        }
      }
      resource "google_notebooks_instance" "x" {
        name = "n"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        configuration_export_storage_account_name = "e"
        oci_artifact {
          login_server = "r.azurecr.io"
        }
      }
      resource "azurerm_databricks_workspace" "x" {
        name = "d"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_healthcare_fhir_store" "x" {
        name = "s"
        stream_configs {
          bigquery_destination {
            dataset_uri = "bq://p.d"
          }
        }
      }
    EOT
  }
}
