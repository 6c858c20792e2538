# Authentication.

rule "FB-AUTHN-001" {
  title    = "An Azure FHIR service trusts no issuer, or one over HTTP"
  control  = "authentication"
  severity = "critical"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Set authority and audience, with https."
  peers    = []

  on "azurerm_healthcare_fhir_service" {
    fail = absent(self.authentication.authority) || absent(self.authentication.audience) || startswith(lower(self.authentication.authority), "http:") || startswith(lower(self.authentication.audience), "http:")
    at   = ["authentication.authority", "authentication"]
  }
  on "azurerm_healthcare_service" {
    fail = absent(self.authentication_configuration.authority) || absent(self.authentication_configuration.audience) || startswith(lower(self.authentication_configuration.authority), "http:")
    at   = ["authentication_configuration.authority", "authentication_configuration"]
  }
  on "Microsoft.HealthcareApis/workspaces/fhirservices" "Microsoft.HealthcareApis/services" {
    fail = absent(self.properties.authenticationConfiguration.authority) || absent(self.properties.authenticationConfiguration.audience) || startswith(lower(self.properties.authenticationConfiguration.authority), "http:") || startswith(lower(self.properties.authenticationConfiguration.audience), "http:")
    at   = ["properties.authenticationConfiguration", "properties"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        authentication {
          authority = "http://login.example.org/t"
          audience  = "https://f.fhir.azurehealthcareapis.com"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        authentication {
          authority = "https://login.microsoftonline.com/t"
          audience  = "https://f.fhir.azurehealthcareapis.com"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_service" "x" {
        name = "s"
        authentication_configuration {
          authority = "https://login.microsoftonline.com/t"
          audience  = "https://s.azurehealthcareapis.com"
        }
      }
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.HealthcareApis/workspaces/fhirservices", "apiVersion": "2023-01-01", "name": "w/f",
          "properties": { "authenticationConfiguration": { "authority": "http://idp.example.org", "audience": "https://fhir.example.org" } }
        }]
      }
    EOT
  }
  example "pass" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.HealthcareApis/workspaces/fhirservices", "apiVersion": "2023-01-01", "name": "w/f",
          "properties": { "authenticationConfiguration": { "authority": "https://idp.example.org", "audience": "https://fhir.example.org" } }
        }]
      }
    EOT
  }
}

rule "FB-AUTHN-002" {
  title    = "An Azure FHIR service uses the deprecated SMART proxy"
  control  = "authentication"
  severity = "medium"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Configure SMART on FHIR with an identity provider."
  peers    = []

  on "azurerm_healthcare_fhir_service" {
    fail = self.authentication.smart_proxy_enabled == true
    at   = "authentication.smart_proxy_enabled"
    fix  = { "authentication.smart_proxy_enabled" = false }
  }
  on "azurerm_healthcare_service" {
    fail = self.authentication_configuration.smart_proxy_enabled == true
    at   = "authentication_configuration.smart_proxy_enabled"
    fix  = { "authentication_configuration.smart_proxy_enabled" = false }
  }
  on "Microsoft.HealthcareApis/workspaces/fhirservices" "Microsoft.HealthcareApis/services" {
    fail = self.properties.authenticationConfiguration.smartProxyEnabled == true && absent(self.properties.authenticationConfiguration.smartIdentityProviders)
    at   = "properties.authenticationConfiguration.smartProxyEnabled"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        authentication {
          authority           = "https://login.microsoftonline.com/t"
          audience            = "https://f"
          smart_proxy_enabled = true
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_service" "x" {
        name = "f"
        authentication_configuration {
          smart_proxy_enabled = true
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        authentication {
          authority           = "https://login.microsoftonline.com/t"
          audience            = "https://f"
          smart_proxy_enabled = false
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_service" "x" {
        name = "f"
        authentication_configuration {
          smart_proxy_enabled = false
        }
      }
    EOT
  }
}

rule "FB-AUTHN-003" {
  title    = "A HealthLake store does not use SMART on FHIR"
  control  = "authentication"
  severity = "high"
  cites    = ["HIPAA 164.312(d)", "HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Set AuthorizationStrategy SMART_ON_FHIR and an IdpLambdaArn."
  peers    = []

  # AWS_AUTH when absent (2025-01).
  on "AWS::HealthLake::FHIRDatastore" {
    fail = self.IdentityProviderConfiguration.AuthorizationStrategy != "SMART_ON_FHIR"
    at   = ["IdentityProviderConfiguration.AuthorizationStrategy", "IdentityProviderConfiguration"]
    fix  = { "IdentityProviderConfiguration.AuthorizationStrategy" = "SMART_ON_FHIR" }
  }
  on "awscc_healthlake_fhir_datastore" {
    fail = self.identity_provider_configuration.authorization_strategy != "SMART_ON_FHIR"
    at   = ["identity_provider_configuration.authorization_strategy", "identity_provider_configuration"]
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
        identity_provider_configuration = {
          authorization_strategy = "SMART_ON_FHIR_V1"
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
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "awscc_healthlake_fhir_datastore" "x" {
        datastore_type_version = "R4"
        identity_provider_configuration = {
          authorization_strategy = "SMART_ON_FHIR"
        }
      }
    EOT
  }
}

rule "FB-AUTHN-004" {
  title    = "The SMART metadata of a HealthLake store is incomplete"
  control  = "authentication"
  severity = "high"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Give token_endpoint, scopes and PKCE S256, with https endpoints."
  peers    = []

  on "AWS::HealthLake::FHIRDatastore" "awscc_healthlake_fhir_datastore" {
    let {
      raw = either(self.IdentityProviderConfiguration.Metadata, self.identity_provider_configuration.metadata)
      m = json(raw)
    }
    when = present(raw)
    fail = absent(m.token_endpoint) || absent(m.scopes_supported) || !contains(m.code_challenge_methods_supported, "S256") || any([for k in ["issuer", "token_endpoint", "authorization_endpoint", "jwks_uri"] : startswith(lower(m[k]), "http:")])
    at   = ["IdentityProviderConfiguration.Metadata", "identity_provider_configuration.metadata"]
  }

  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::HealthLake::FHIRDatastore
          Properties:
            IdentityProviderConfiguration:
              AuthorizationStrategy: SMART_ON_FHIR
              Metadata: '{"issuer":"https://idp.example.org","token_endpoint":"https://idp.example.org/token","authorization_endpoint":"https://idp.example.org/authorize","scopes_supported":["launch/patient"],"code_challenge_methods_supported":["plain"]}'
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::HealthLake::FHIRDatastore
          Properties:
            IdentityProviderConfiguration:
              AuthorizationStrategy: SMART_ON_FHIR
              Metadata: '{"issuer":"https://idp.example.org","token_endpoint":"http://idp.example.org/token","authorization_endpoint":"https://idp.example.org/authorize","scopes_supported":["launch/patient"],"code_challenge_methods_supported":["S256"]}'
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::HealthLake::FHIRDatastore
          Properties:
            IdentityProviderConfiguration:
              AuthorizationStrategy: SMART_ON_FHIR
              Metadata: '{"issuer":"https://idp.example.org","token_endpoint":"https://idp.example.org/token","authorization_endpoint":"https://idp.example.org/authorize","scopes_supported":["launch/patient"],"code_challenge_methods_supported":["S256"]}'
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::HealthLake::FHIRDatastore
          Properties:
            DatastoreTypeVersion: R4
    EOT
  }
}

rule "FB-AUTHN-005" {
  title    = "A FHIR server runs without authentication"
  control  = "authentication"
  severity = "critical"
  cites    = ["HIPAA 164.312(d)", "HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Switch security on and name the issuer; publish no port without an authenticating proxy."
  peers    = []

  on "fhir_server" {
    when    = self.product == "microsoft"
    fail    = one_of(key(self.env, "FhirServer__Security__Enabled"), "false") || one_of(key(self.env, "FhirServer__Security__Authorization__Enabled"), "false")
    at      = ["env", "environment"]
    message = "the FHIR server starts with security off"
  }
  on "fhir_server" {
    when    = self.product == "blaze" && self.platform == "compose"
    fail    = absent(key(self.env, "OPENID_PROVIDER_URL")) && any([for p in list(self.ports) : present(p.host) && !startswith(p.address, "127.")])
    at      = ["ports", "image"]
    message = "Blaze is published without OPENID_PROVIDER_URL: everyone is let in"
  }
  on "fhir_server" {
    when    = self.product == "fhir-gateway"
    fail    = one_of(key(self.env, "RUN_MODE"), "DEV") || startswith(lower(key(self.env, "TOKEN_ISSUER")), "http:")
    at      = ["env", "environment"]
    message = "the gateway runs in development mode, or trusts an issuer over HTTP"
  }
  on "fhir_server" {
    when    = self.product == "hapi" && self.platform == "compose"
    fail    = any([for p in list(self.ports) : present(p.host) && !startswith(p.address, "127.")])
    at      = ["ports", "image"]
    message = "HAPI has no authentication of its own, and its port is published"
  }
  # A gateway beside it in the pod, or in front as the service's only target, would ask for a token.
  on "fhir_server" {
    when    = one_of(self.product, "hapi", "blaze") && self.platform == "kubernetes" && absent(key(self.env, "OPENID_PROVIDER_URL"))
    fail    = [for s in resources("Service") : s if one_of(s.spec.type, "LoadBalancer", "NodePort") && present(s.spec.selector) && selects(s.spec.selector, self.container.labels)] != [] && !any([for c in list(self.container.spec.containers) : regex_match("oauth2-proxy|gatekeeper|fhir-gateway|pomerium|keycloak-proxy|authelia", c.image)])
    at      = ["ports", "image"]
    message = "the server has no authentication of its own, and a service shows it outside the cluster"
  }

  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: mcr.microsoft.com/healthcareapis/r4-fhir-server:4.0.1
          environment:
            FhirServer__Security__Enabled: "false"
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: samply/blaze:0.30
          ports: ["8080:8080"]
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: hapiproject/hapi:v7.4.0
          ports: ["8080:8080"]
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: mcr.microsoft.com/healthcareapis/r4-fhir-server:4.0.1
          environment:
            FhirServer__Security__Enabled: "true"
            FhirServer__Security__Authentication__Authority: https://login.example.org
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: samply/blaze:0.30
          ports: ["8080:8080"]
          environment:
            OPENID_PROVIDER_URL: https://idp.example.org
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: hapi
      spec:
        template:
          metadata:
            labels: {app: hapi}
          spec:
            containers:
              - name: hapi
                image: hapiproject/hapi:v7.4.0
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: hapi
      spec:
        type: LoadBalancer
        selector: {app: hapi}
        ports:
          - port: 443
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: hapi
      spec:
        template:
          metadata:
            labels: {app: hapi}
          spec:
            containers:
              - name: hapi
                image: hapiproject/hapi:v7.4.0
              - name: proxy
                image: quay.io/oauth2-proxy/oauth2-proxy:v7.6.0
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: hapi
      spec:
        type: LoadBalancer
        selector: {app: hapi}
        ports:
          - port: 443
    EOT
  }
}

rule "FB-AUTHN-006" {
  title    = "Tokens are accepted from an issuer whatever their audience"
  control  = "authentication"
  severity = "medium"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Set issuer and audience."
  peers    = []

  on "fhir_server" {
    when    = self.product == "blaze"
    fail    = present(key(self.env, "OPENID_PROVIDER_ISSUER", "OPENID_PROVIDER_URL")) && absent(key(self.env, "OPENID_AUDIENCE", "OPENID_CLIENT_ID"))
    at      = ["env", "environment"]
    message = "no audience is set"
  }
  on "fhir_server" {
    when    = self.product == "microsoft"
    fail    = present(key(self.env, "FhirServer__Security__Authentication__Authority")) && absent(key(self.env, "FhirServer__Security__Authentication__Audience"))
    at      = ["env", "environment"]
    message = "no audience is set"
  }
  on "container" {
    fail    = present(key(self.env, "OAUTH2_PROXY_OIDC_ISSUER_URL")) && one_of(key(self.env, "OAUTH2_PROXY_INSECURE_OIDC_SKIP_ISSUER_VERIFICATION", "OAUTH2_PROXY_SKIP_JWT_BEARER_TOKENS_AUDIENCE"), "true")
    at      = ["env", "environment"]
    message = "the proxy skips a check of the token"
  }

  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: samply/blaze:0.30
          environment:
            OPENID_PROVIDER_URL: https://idp.example.org
    EOT
  }
  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: mcr.microsoft.com/healthcareapis/r4-fhir-server:4.0.1
          environment:
            FhirServer__Security__Authentication__Authority: https://login.example.org
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: samply/blaze:0.30
          environment:
            OPENID_PROVIDER_URL: https://idp.example.org
            OPENID_AUDIENCE: fhir
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: mcr.microsoft.com/healthcareapis/r4-fhir-server:4.0.1
          environment:
            FhirServer__Security__Authentication__Authority: https://login.example.org
            FhirServer__Security__Authentication__Audience: https://fhir.example.org
    EOT
  }
}

rule "FB-AUTHN-007" {
  title    = "A method of an API needs no authorization"
  control  = "authentication"
  severity = "high"
  cites    = ["HIPAA 164.312(d)", "HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Set an authorizer, or IAM authorization."
  peers    = ["CKV_AWS_59", "CKV2_AWS_70", "CKV_AWS_309", "terraform/aws/api_gateway_without_configured_authorizer", "AWS-0004"]

  on "aws_api_gateway_method" {
    when = self.http_method != "OPTIONS"
    fail = one_of(self.authorization, "NONE") && self.api_key_required != true
    at   = "authorization"
  }
  on "aws_apigatewayv2_route" {
    when = !startswith(self.route_key, "OPTIONS") && self.api_key_required != true
    fail = absent(self.authorization_type) || one_of(self.authorization_type, "NONE")
    at   = "authorization_type"
  }
  on "aws_api_gateway_rest_api" "aws_apigatewayv2_api" {
    when    = absent(self.body) && absent(self.target) && length(linked_from(self, "aws_api_gateway_method", "aws_apigatewayv2_route")) == 0
    fail    = length(linked_from(self, "aws_api_gateway_authorizer", "aws_apigatewayv2_authorizer")) == 0
    message = "the API has no authorizer"
  }
  on "AWS::ApiGateway::Method" {
    when = self.HttpMethod != "OPTIONS" && self.ApiKeyRequired != true
    fail = one_of(self.AuthorizationType, "NONE") || absent(self.AuthorizationType)
    at   = "AuthorizationType"
  }
  on "AWS::ApiGatewayV2::Route" {
    when = !startswith(self.RouteKey, "OPTIONS") && self.ApiKeyRequired != true
    fail = one_of(self.AuthorizationType, "NONE") || absent(self.AuthorizationType)
    at   = "AuthorizationType"
  }
  on "AWS::ApiGateway::RestApi" "AWS::ApiGatewayV2::Api" {
    when    = absent(either(self.Body, self.BodyS3Location, self.Target)) && length(linked_from(self, "AWS::ApiGateway::Method", "AWS::ApiGatewayV2::Route")) == 0
    fail    = length(linked_from(self, "AWS::ApiGateway::Authorizer", "AWS::ApiGatewayV2::Authorizer")) == 0
    message = "the API has no authorizer"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_method" "x" {
        http_method = "GET"
        authorization = "NONE"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ApiGateway::Method
          Properties:
            HttpMethod: GET
            AuthorizationType: NONE
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_method" "x" {
        http_method = "GET"
        authorization = "CUSTOM"
        authorizer_id = "a"
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ApiGateway::Method
          Properties:
            HttpMethod: GET
            AuthorizationType: AWS_IAM
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ApiGatewayV2::Api
          Properties:
            Name: fhir
            ProtocolType: HTTP
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ApiGateway::RestApi
          Properties:
            Name: fhir
        A:
          Type: AWS::ApiGateway::Authorizer
          Properties:
            Name: jwt
            Type: COGNITO_USER_POOLS
            RestApiId: !Ref X
    EOT
  }
}

rule "FB-AUTHN-008" {
  title    = "The URL of a function needs no authentication"
  control  = "authentication"
  severity = "high"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Set authorization_type to AWS_IAM."
  peers    = ["CKV_AWS_258"]

  on "aws_lambda_function_url" {
    fail = one_of(self.authorization_type, "NONE")
    at   = "authorization_type"
    fix  = { authorization_type = "AWS_IAM" }
  }
  on "AWS::Lambda::Url" {
    fail = one_of(self.AuthType, "NONE")
    at   = "AuthType"
    fix  = { AuthType = "AWS_IAM" }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_lambda_function_url" "x" {
        function_name = "f"
        authorization_type = "NONE"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::Lambda::Url
          Properties:
            TargetFunctionArn: f
            AuthType: NONE
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_lambda_function_url" "x" {
        function_name      = "f"
        authorization_type = "AWS_IAM"
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::Lambda::Url
          Properties:
            TargetFunctionArn: f
            AuthType: AWS_IAM
    EOT
  }
}

rule "FB-AUTHN-009" {
  title    = "A user pool does not ask for a second factor"
  control  = "authentication"
  severity = "medium"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Set MFA to ON."
  peers    = ["terraform/aws/cognito_userpool_without_mfa", "cloudFormation/aws/cognito_userpool_without_mfa"]

  on "aws_cognito_user_pool" {
    fail = !one_of(self.mfa_configuration, "ON", "OPTIONAL") || (absent(self.sms_configuration) && absent(self.software_token_mfa_configuration) && absent(self.email_mfa_configuration))
    at   = ["mfa_configuration"]
  }
  on "aws_cognito_user_pool" {
    fail    = self.password_policy.minimum_length < 8 || self.password_policy.require_numbers == false && self.password_policy.require_symbols == false
    at      = ["password_policy.minimum_length", "password_policy"]
    message = "passwords may be short, or of letters only"
  }
  on "AWS::Cognito::UserPool" {
    let {
      p = self.Policies.PasswordPolicy
    }
    fail    = p.MinimumLength < 8 || p.RequireNumbers == false && p.RequireSymbols == false
    at      = ["Policies.PasswordPolicy.MinimumLength", "Policies.PasswordPolicy"]
    message = "passwords may be short, or of letters only"
  }
  # OFF when absent.
  on "AWS::Cognito::UserPool" {
    fail = !one_of(self.MfaConfiguration, "ON", "OPTIONAL")
    at   = "MfaConfiguration"
    fix  = { MfaConfiguration = "ON" }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cognito_user_pool" "x" {
        name = "p"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::Cognito::UserPool
          Properties:
            UserPoolName: p
            MfaConfiguration: "OFF"
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cognito_user_pool" "x" {
        name = "p"
        mfa_configuration = "ON"
        software_token_mfa_configuration {
          enabled = true
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::Cognito::UserPool
          Properties:
            UserPoolName: p
            MfaConfiguration: "ON"
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cognito_user_pool" "x" {
        name              = "u"
        mfa_configuration = "ON"
        software_token_mfa_configuration {
          enabled = true
        }
        password_policy {
          minimum_length = 6
        }
      }
    EOT
  }
}

rule "FB-AUTHN-010" {
  title    = "A client of a user pool uses a flow that leaks tokens"
  control  = "authentication"
  severity = "high"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Use the code flow with PKCE and https callbacks."
  peers    = []

  on "aws_cognito_user_pool_client" {
    fail    = contains(self.allowed_oauth_flows, "implicit")
    at      = "allowed_oauth_flows"
    message = "the implicit flow is allowed"
  }
  on "aws_cognito_user_pool_client" {
    fail    = any([for u in list(self.callback_urls) : startswith(lower(u), "http://") && !startswith(lower(u), "http://localhost")])
    at      = "callback_urls"
    message = "a callback is not https"
  }
  on "AWS::Cognito::UserPoolClient" {
    fail    = any([for u in list(self.CallbackURLs) : startswith(lower(u), "http://") && !startswith(lower(u), "http://localhost")])
    at      = "CallbackURLs"
    message = "a callback is not https"
  }
  on "AWS::Cognito::UserPoolClient" {
    fail    = contains(self.AllowedOAuthFlows, "implicit")
    at      = "AllowedOAuthFlows"
    message = "the implicit flow is allowed"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cognito_user_pool_client" "x" {
        name = "c"
        allowed_oauth_flows = ["implicit"]
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cognito_user_pool_client" "x" {
        name = "c"
        allowed_oauth_flows = ["code"]
        callback_urls = ["http://app.example.org/cb"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cognito_user_pool_client" "x" {
        name = "c"
        allowed_oauth_flows = ["code"]
        callback_urls = ["https://app.example.org/cb"]
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::Cognito::UserPoolClient
          Properties:
            UserPoolId: p
            AllowedOAuthFlows: [code]
    EOT
  }
}

rule "FB-AUTHN-011" {
  title    = "An identity pool lets guests in"
  control  = "authentication"
  severity = "high"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Set allow_unauthenticated_identities to false."
  peers    = ["CKV_AWS_366"]

  on "aws_cognito_identity_pool" {
    fail = self.allow_unauthenticated_identities == true
    at   = "allow_unauthenticated_identities"
    fix  = { allow_unauthenticated_identities = false }
  }
  on "AWS::Cognito::IdentityPool" {
    fail = self.AllowUnauthenticatedIdentities == true
    at   = "AllowUnauthenticatedIdentities"
    fix  = { AllowUnauthenticatedIdentities = false }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cognito_identity_pool" "x" {
        identity_pool_name = "p"
        allow_unauthenticated_identities = true
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::Cognito::IdentityPool
          Properties:
            AllowUnauthenticatedIdentities: true
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cognito_identity_pool" "x" {
        identity_pool_name               = "p"
        allow_unauthenticated_identities = false
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::Cognito::IdentityPool
          Properties:
            AllowUnauthenticatedIdentities: false
    EOT
  }
}

rule "FB-AUTHN-012" {
  title    = "The platform authentication of a web or function app is off"
  control  = "authentication"
  severity = "medium"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Enable auth_settings_v2 (or auth_settings)."
  peers    = ["CKV_AZURE_13", "CKV_AZURE_56", "terraform/azure/app_service_authentication_disabled", "terraform/azure/function_app_authentication_disabled", "azureResourceManager/app_service_authentication_not_set", "AZU-0003"]

  on "azurerm_app_service" "azurerm_linux_web_app" "azurerm_windows_web_app" "azurerm_function_app" "azurerm_linux_function_app" "azurerm_windows_function_app" "azurerm_app_service_slot" "azurerm_function_app_slot" "azurerm_linux_web_app_slot" "azurerm_windows_web_app_slot" "azurerm_linux_function_app_slot" "azurerm_windows_function_app_slot" {
    fail = self.auth_settings.enabled != true && self.auth_settings_v2.auth_enabled != true
    at   = ["auth_settings.enabled", "auth_settings_v2.auth_enabled"]
  }
  on "Microsoft.Web/sites" "Microsoft.Web/sites/slots" {
    fail = length([for c in join_lists(linked_from(self, "Microsoft.Web/sites/config"), self.resources) : c if (c.properties.enabled == true || c.properties.siteAuthEnabled == true || c.properties.platform.enabled == true) && regex_match("(?i)authsettings", either(c.name, c._name))]) == 0 && self.properties.siteConfig.siteAuthEnabled != true && length([for c in resources("Microsoft.Web/sites/config") : c if (c.properties.enabled == true || c.properties.siteAuthEnabled == true || c.properties.platform.enabled == true)]) == 0
    at   = "properties"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_app_service" "x" {
        name = "a"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_function_app" "x" {
        name = "f"
        auth_settings {
          enabled = false
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_app_service" "x" {
        name = "a"
        auth_settings {
          enabled = true
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_web_app" "x" {
        name = "a"
        auth_settings_v2 {
          auth_enabled = true
          login {
          }
        }
      }
    EOT
  }
}

rule "FB-AUTHN-013" {
  title    = "A service has no managed identity"
  control  = "authentication"
  severity = "medium"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Give it a system-assigned or user-assigned identity."
  peers    = ["CKV_AZURE_71", "CKV_AZURE_16", "terraform/azure/function_app_managed_identity_disabled", "AZU-0002"]

  on "azurerm_app_service" "azurerm_linux_web_app" "azurerm_windows_web_app" "azurerm_function_app" "azurerm_linux_function_app" "azurerm_windows_function_app" "azurerm_healthcare_fhir_service" "azurerm_container_group" "azurerm_api_management" {
    fail = absent(self.identity)
    at   = "identity"
  }
  on "Microsoft.Web/sites" "Microsoft.Web/sites/slots" "Microsoft.HealthcareApis/workspaces/fhirservices" "Microsoft.ContainerInstance/containerGroups" {
    fail = absent(self.identity.type) || one_of(self.identity.type, "None")
    at   = ["identity.type", "identity"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_function_app" "x" {
        name = "f"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_function_app" "x" {
        name = "f"
        identity {
          type = "SystemAssigned"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_fhir_service" "x" {
        name = "f"
        identity {
          type = "SystemAssigned"
        }
      }
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.Web/sites", "apiVersion": "2022-09-01", "name": "w",
          "identity": { "type": "None" }, "properties": {}
        }]
      }
    EOT
  }
}

rule "FB-AUTHN-014" {
  title    = "Everyone may call a service in front of health data"
  control  = "authentication"
  severity = "critical"
  cites    = ["HIPAA 164.312(d)", "HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Grant the invoker role to named principals."
  peers    = ["CKV_GCP_102", "CKV_GCP_107"]

  on "google_cloud_run_service_iam_member" "google_cloud_run_service_iam_binding" "google_cloud_run_v2_service_iam_member" "google_cloud_run_v2_service_iam_binding" "google_cloudfunctions_function_iam_member" "google_cloudfunctions_function_iam_binding" "google_cloudfunctions2_function_iam_member" "google_cloudfunctions2_function_iam_binding" {
    fail = any([for m in join_lists(self.member, self.members) : one_of(m, "allUsers", "allAuthenticatedUsers")])
    at   = ["member", "members"]
  }
  on "google_cloud_run_service_iam_policy" "google_cloud_run_v2_service_iam_policy" "google_cloudfunctions_function_iam_policy" "google_cloudfunctions2_function_iam_policy" {
    fail = any([for b in join_lists(json(self.policy_data).bindings, [for d in linked_to(self, "data.google_iam_policy") : d.binding]...) : any([for m in list(b.members) : one_of(m, "allUsers", "allAuthenticatedUsers")])])
    at   = "policy_data"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_cloud_run_service_iam_member" "x" {
        service = "s"
        role = "roles/run.invoker"
        member = "allUsers"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_cloudfunctions_function_iam_binding" "x" {
        cloud_function = "f"
        role = "roles/cloudfunctions.invoker"
        members = ["allAuthenticatedUsers"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_cloud_run_service_iam_member" "x" {
        service = "s"
        role = "roles/run.invoker"
        member = "serviceAccount:gateway@p.iam.gserviceaccount.com"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_cloudfunctions_function_iam_binding" "x" {
        cloud_function = "f"
        role = "roles/cloudfunctions.invoker"
        members = ["group:clinic@example.org"]
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      data "google_iam_policy" "open" {
        binding {
          role    = "roles/run.invoker"
          members = ["allUsers"]
        }
      }
      resource "google_cloud_run_service_iam_policy" "x" {
        service     = "fhir"
        policy_data = data.google_iam_policy.open.policy_data
      }
    EOT
  }
}

rule "FB-AUTHN-015" {
  title    = "A database does not authenticate with IAM"
  control  = "authentication"
  severity = "medium"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Enable IAM database authentication."
  peers    = ["CKV_AWS_161", "CKV_AWS_162", "terraform/aws/iam_database_auth_not_enabled", "AWS-0176"]

  # False when absent; other engines cannot.
  on "aws_db_instance" "aws_rds_cluster" "aws_neptune_cluster" {
    when = regex_match("^(?i)(mysql|postgres)", self.engine) || self._type != "aws_db_instance" || regex_match("^mariadb", self.engine) && regex_match("^(10\\.([6-9]|[1-9][0-9])|1[1-9])", self.engine_version)
    fail = self.iam_database_authentication_enabled != true
    at   = "iam_database_authentication_enabled"
    fix  = { iam_database_authentication_enabled = true }
  }
  # In Aurora the cluster says it.
  on "AWS::RDS::DBInstance" "AWS::RDS::DBCluster" {
    when = regex_match("^(?i)(mysql|postgres)", self.Engine) || startswith(self.Engine, "aurora") && self._type == "AWS::RDS::DBCluster" || regex_match("^(?i)mariadb", self.Engine) && regex_match("^(10\\.([6-9]|[1-9][0-9])|1[1-9])", self.EngineVersion)
    fail = self.EnableIAMDatabaseAuthentication != true
    at   = "EnableIAMDatabaseAuthentication"
    fix  = { EnableIAMDatabaseAuthentication = true }
  }
  on "AWS::Neptune::DBCluster" {
    fail = self.IamAuthEnabled != true
    at   = "IamAuthEnabled"
  }
  on "google_sql_database_instance" {
    when = startswith(self.database_version, "POSTGRES") && present(self.settings.database_flags)
    fail = !any([for f in list(self.settings.database_flags) : regex_match("^cloudsql[._]iam_authentication$", f.name) && one_of(f.value, "on")])
    at   = "settings.database_flags"
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
            Engine: mysql
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_db_instance" "x" {
        engine                              = "postgres"
        iam_database_authentication_enabled = true
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::RDS::DBInstance
          Properties:
            Engine: mysql
            EnableIAMDatabaseAuthentication: true
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::Neptune::DBCluster
          Properties:
            StorageEncrypted: true
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::RDS::DBInstance
          Properties:
            Engine: aurora-postgresql
            DBInstanceClass: db.r6g.large
    EOT
  }
}

rule "FB-AUTHN-016" {
  title    = "The password policy is weak"
  control  = "authentication"
  severity = "high"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Ask for 14 characters of four kinds, and let no password be used again."
  peers    = ["CKV_AWS_10", "CKV_AWS_9", "CKV_AWS_13", "terraform/aws/password_without_reuse_prevention", "AWS-0063", "AWS-0062", "AWS-0056"]

  on "aws_iam_account_password_policy" {
    fail    = absent(self.password_reuse_prevention) || self.password_reuse_prevention < 24
    at      = "password_reuse_prevention"
    message = "passwords may be used again"
    fix     = { password_reuse_prevention = 24 }
  }
  on "aws_iam_account_password_policy" {
    fail    = absent(self.minimum_password_length) || self.minimum_password_length < 14
    at      = "minimum_password_length"
    message = "passwords may be short"
    fix     = { minimum_password_length = 14 }
  }
  on "aws_iam_account_password_policy" {
    fail    = self.require_lowercase_characters == false || self.require_uppercase_characters == false || self.require_numbers == false || self.require_symbols == false
    at      = ["require_symbols", "require_numbers"]
    message = "passwords may be of one kind of characters"
  }
  # 20 characters when absent (provider aws 5, 2025-01).
  on "aws_iam_user_login_profile" {
    fail    = self.password_length < 14
    at      = "password_length"
    message = "the first password is short"
  }
  on "AWS::IAM::User" {
    when    = present(self.LoginProfile.Password)
    fail    = length(self.LoginProfile.Password) < 14
    at      = "LoginProfile.Password"
    message = "the first password is short"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_account_password_policy" "x" {
        minimum_password_length = 14
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_account_password_policy" "x" {
        minimum_password_length = 8
        password_reuse_prevention = 24
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_iam_account_password_policy" "x" {
        minimum_password_length   = 14
        password_reuse_prevention = 24
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_iam_account_password_policy" "x" {
        minimum_password_length   = 16
        password_reuse_prevention = 24
        require_symbols           = true
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_iam_user_login_profile" "x" {
        user                    = "u"
        password_length         = 10
        password_reset_required = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_iam_user_login_profile" "x" {
        user                    = "u"
        password_reset_required = true
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::IAM::User
          Properties:
            LoginProfile:
              Password: short
    EOT
  }
}

rule "FB-AUTHN-017" {
  title    = "Instance metadata is given without a session token"
  control  = "authentication"
  severity = "high"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Set http_tokens to required."
  peers    = ["CKV_AWS_79", "AWS-0028", "AWS-0130"]

  # Optional when absent (provider aws 5, 2025-01).
  on "aws_instance" "aws_launch_template" "aws_launch_configuration" {
    fail = !one_of(self.metadata_options.http_tokens, "required") && !one_of(self.metadata_options.http_endpoint, "disabled")
    at   = ["metadata_options.http_tokens", "metadata_options"]
    fix  = { "metadata_options.http_tokens" = "required" }
  }
  on "AWS::AutoScaling::LaunchConfiguration" {
    fail = !one_of(self.MetadataOptions.HttpTokens, "required") && !one_of(self.MetadataOptions.HttpEndpoint, "disabled")
    at   = ["MetadataOptions.HttpTokens", "MetadataOptions"]
  }
  on "AWS::EC2::LaunchTemplate" {
    fail = !one_of(self.LaunchTemplateData.MetadataOptions.HttpTokens, "required") && !one_of(self.LaunchTemplateData.MetadataOptions.HttpEndpoint, "disabled")
    at   = ["LaunchTemplateData.MetadataOptions.HttpTokens", "LaunchTemplateData"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        instance_type = "t3.micro"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::EC2::LaunchTemplate
          Properties:
            LaunchTemplateData:
              ImageId: a
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        ami = "a"
        metadata_options {
          http_tokens = "required"
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::EC2::LaunchTemplate
          Properties:
            LaunchTemplateData:
              MetadataOptions:
                HttpTokens: required
    EOT
  }
}

rule "FB-AUTHN-018" {
  title    = "A virtual machine accepts passwords"
  control  = "authentication"
  severity = "high"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Use SSH keys and disable password authentication."
  peers    = ["CKV_AZURE_1", "CKV_AZURE_49", "CKV_AZURE_149", "CKV_AZURE_178", "terraform/azure/azure_instance_using_basic_authentication", "azureResourceManager/azure_instance_using_basic_authentication", "AZU-0039"]

  # True when absent (azurerm 4, 2025-01).
  on "azurerm_linux_virtual_machine" "azurerm_linux_virtual_machine_scale_set" {
    fail = self.disable_password_authentication == false
    at   = "disable_password_authentication"
    fix  = { disable_password_authentication = true }
  }
  on "azurerm_virtual_machine" "azurerm_virtual_machine_scale_set" {
    fail = self.os_profile_linux_config.disable_password_authentication == false
    at   = "os_profile_linux_config.disable_password_authentication"
  }
  on "Microsoft.Compute/virtualMachines" "Microsoft.Compute/virtualMachineScaleSets" {
    let {
      p = either(self.properties.osProfile, self.properties.virtualMachineProfile.osProfile)
      image = either(self.properties.storageProfile.imageReference, self.properties.virtualMachineProfile.storageProfile.imageReference)
    }
    fail = present(p) && p.linuxConfiguration.disablePasswordAuthentication != true && absent(p.windowsConfiguration) && !regex_match("(?i)windows", image.publisher, image.offer)
    at   = ["properties.osProfile.linuxConfiguration.disablePasswordAuthentication", "properties.osProfile.linuxConfiguration", "properties.osProfile"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_virtual_machine" "x" {
        name = "v"
        disable_password_authentication = false
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_virtual_machine" "x" {
        name = "v"
        os_profile_linux_config {
          disable_password_authentication = false
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_virtual_machine" "x" {
        name                            = "v"
        disable_password_authentication = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_virtual_machine" "x" {
        name = "v"
        os_profile_linux_config {
          disable_password_authentication = true
        }
      }
    EOT
  }
}

rule "FB-AUTHN-019" {
  title    = "A credential is written in the code"
  control  = "authentication"
  severity = "critical"
  conceal  = true
  cites    = ["HIPAA 164.312(a)(2)(iv)", "HIPAA 164.312(d)", "GDPR 32"]
  advice   = "Keep it in a secret manager and refer to it."
  peers    = ["CKV_AWS_41", "CKV_AWS_45", "CKV_AWS_46", "CKV_AZURE_45", "terraform/aws/user_data_contains_encoded_private_key", "AWS-0029", "AWS-0036", "DS-0031", "KSV-0109"]

  on "container" {
    fail    = [for k, v in self.env : k if is_secret_like(k, v)]
    at      = ["env", "environment"]
    message = "the environment holds a credential"
  }
  # User data, environments of functions, passwords: wherever the cloud takes it.
  on "aws_*" "azurerm_*" "google_*" "AWS::*" "Alexa::*" "Microsoft.*" "module" "provider" {
    # A text that names a parameter was meant as a reference.
    fail    = [for s in secrets(self) : s if !contains([for p in resources("parameter") : p._name], s)]
    at      = []
    message = "a credential is written here"
  }
  # Also in what is base64 or gzip.
  on "host" {
    when    = length(secrets(self.owner)) == 0
    fail    = is_secret_like(self.script) || any([for c in list(self.commands) : any([for w in list(c) : strcontains(w, "=") && is_secret_like(split("=", w)[0], substr(w, length(split("=", w)[0]) + 1, -1))])])
    at      = ["user_data", "user_data_base64", "UserData", "custom_data"]
    message = "a script holds a credential"
  }
  on "variable" {
    fail    = is_secret_like(self._name, self.default)
    at      = "default"
    message = "the default of the variable is a credential"
  }
  on "parameter" {
    let {
      usual = either(self.Default, self.default)
    }
    when    = known(usual)
    fail    = is_secret_like(self.NoEcho == true || self.secure == true ? "password" : self._name, usual)
    at      = ["Default", "default"]
    message = "the default of the parameter is a credential"
  }
  on "ConfigMap" {
    fail    = [for k, v in self.data : k if is_secret_like(k, v) || any([for l in lines(v) : strcontains(l, "=") && is_secret_like(trimspace(split("=", l)[0]), trimspace(substr(l, length(split("=", l)[0]) + 1, -1)))])]
    at      = "data"
    message = "a ConfigMap holds a credential"
  }
  on "stage" {
    fail    = [for i in list(self.instructions) : i if one_of(i.instruction, "ENV", "ARG") && any([for w in list(i.arguments) : is_secret_like(split("=", w)[0], join("=", slice(split("=", w), 1, length(split("=", w)))))])]
    at      = "text"
    message = "the image holds a credential"
  }

  example "fail" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: app:1
          environment:
            DB_PASSWORD: Sommer2024!x9
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      provider "aws" {
        access_key = "AKIAIOSFODNN7EXAMPLE"
        secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
      }
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        fhir:
          image: app:1
          environment:
            DB_PASSWORD_FILE: /run/secrets/db
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_db_instance" "x" {
        engine = "postgres"
        password = var.password
      }
      variable "password" {
        type      = string
        sensitive = true
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Parameters:
        Key:
          Type: String
          NoEcho: true
          Default: correct-horse-battery
      Resources:
        F:
          Type: AWS::Lambda::Function
          Properties:
            Environment:
              Variables:
                ID: AKIAABCDEFGHIJKLMNOP
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Parameters:
        DbPassword:
          Type: String
          NoEcho: true
      Resources:
        D:
          Type: AWS::RDS::DBInstance
          Properties:
            MasterUserPassword: !Ref DbPassword
        E:
          Type: AWS::DMS::Endpoint
          Properties:
            Password: "{{resolve:secretsmanager:dms:SecretString:password}}"
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "parameters": { "admin": { "type": "secureString", "defaultValue": "correct-horse-battery" } },
        "resources": []
      }
    EOT
  }
  example "pass" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "parameters": { "admin": { "type": "secureString", "defaultValue": "[newGuid()]" } },
        "resources": []
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      variable "db_password" {
        default = "correct-horse-battery"
      }
      resource "google_compute_instance" "x" {
        metadata = {
          startup-script = "export KEY=AKIAABCDEFGHIJKLMNOP"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      variable "db_password" {
        sensitive = true
      }
      resource "azurerm_mssql_server" "x" {
        administrator_login_password = var.db_password
      }
      resource "aws_cognito_user_pool_client" "x" {
        token_validity_units {
          access_token = "minutes"
        }
        tags = { secret = "yes" }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        user_data_base64 = base64encode("#!/bin/sh\nexport DB_PASSWORD=hunter22\n/opt/fhir")
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_instance" "x" {
        user_data = "#!/bin/sh\nexport DB_PASSWORD=$(aws ssm get-parameter --name db)\nexport DB_PASSWORD_FILE=/run/p\n/opt/fhir"
      }
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: c
      data:
        app.properties: |
          url = jdbc:postgresql://db/fhir
          spring.datasource.password = hunter22
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Parameters:
        DbPassword:
          Type: String
      Resources:
        D:
          Type: AWS::RDS::DBInstance
          Properties:
            MasterUserPassword: DbPassword
    EOT
  }
}

rule "FB-AUTHN-020" {
  title    = "An API server or kubelet lets strangers in"
  control  = "authentication"
  severity = "medium"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Set anonymous-auth to false and use OIDC."
  peers    = ["CKV_K8S_68", "CKV_K8S_138", "CKV_K8S_70", "k8s/anonymous_auth_is_not_set_to_false", "KCV-0001", "KCV-0002", "KCV-0079"]

  on "container" {
    when    = contains(self.command, "kube-apiserver") || contains(self.command, "kubelet")
    fail    = !any([for w in list(self.command) : w == "--anonymous-auth=false"])
    at      = ["command", "args"]
    message = "--anonymous-auth=false is not set"
  }
  on "container" {
    fail    = any([for w in list(self.command) : regex_match("^--(token-auth-file|basic-auth-file)=", w)])
    at      = ["command", "args"]
    message = "static credentials are accepted"
  }
  on "KubeletConfiguration" {
    fail = self.authentication.anonymous.enabled == true
    at   = "authentication.anonymous.enabled"
    fix  = { "authentication.anonymous.enabled" = false }
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Pod
      metadata:
        name: p
      spec:
        containers:
          - name: a
            image: registry.k8s.io/kube-apiserver:v1.31.0
            command: ["kube-apiserver", "--anonymous-auth=true"]
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: kubelet.config.k8s.io/v1beta1
      kind: KubeletConfiguration
      authentication:
        anonymous:
          enabled: true
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
          - name: a
            image: registry.k8s.io/kube-apiserver:v1.31.0
            command: ["kube-apiserver", "--anonymous-auth=false"]
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: kubelet.config.k8s.io/v1beta1
      kind: KubeletConfiguration
      authentication:
        anonymous:
          enabled: false
    EOT
  }
}

rule "FB-AUTHN-021" {
  title    = "A secret never expires and is never rotated"
  control  = "authentication"
  severity = "medium"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Rotate every 90 days, or set an expiry."
  peers    = ["CKV2_AWS_57", "CKV_AZURE_41", "azureResourceManager/secret_without_expiration_date", "AZU-0017"]

  on "aws_secretsmanager_secret" {
    when = length(linked_from(self, "aws_secretsmanager_secret_version")) > 0 || present(self.name)
    fail = length(linked_from(self, "aws_secretsmanager_secret_rotation")) == 0 && absent(self.rotation_rules)
  }
  on "AWS::SecretsManager::Secret" {
    fail = length(linked_from(self, "AWS::SecretsManager::RotationSchedule")) == 0
  }
  on "azurerm_key_vault_secret" {
    fail = absent(self.expiration_date)
    at   = "expiration_date"
  }
  on "Microsoft.KeyVault/vaults/secrets" {
    fail = absent(self.properties.attributes.exp)
    at   = ["properties.attributes", "properties"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault_secret" "x" {
        name = "s"
        key_vault_id = "v"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_secretsmanager_secret" "x" {
        name = "s"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_key_vault_secret" "x" {
        name            = "s"
        expiration_date = "2027-01-01T00:00:00Z"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_secretsmanager_secret" "x" {
        name = "s"
      }
      resource "aws_secretsmanager_secret_rotation" "x" {
        secret_id = aws_secretsmanager_secret.x.id
        rotation_rules {
          automatically_after_days = 90
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::SecretsManager::Secret
          Properties:
            Name: db
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::SecretsManager::Secret
          Properties:
            Name: db
        R:
          Type: AWS::SecretsManager::RotationSchedule
          Properties:
            SecretId: !Ref X
            RotationRules:
              AutomaticallyAfterDays: 30
    EOT
  }
}

rule "FB-AUTHN-022" {
  title    = "A cluster accepts passwords, client certificates or local accounts"
  control  = "authentication"
  severity = "medium"
  cites    = ["HIPAA 164.312(d)"]
  advice   = "Disable them; use the identity provider."
  peers    = ["CKV_GCP_13", "CKV_AZURE_141", "GCP-0064"]

  on "google_container_cluster" {
    fail = present(self.master_auth.username) || present(self.master_auth.password) || self.master_auth.client_certificate_config.issue_client_certificate == true
    at   = ["master_auth.client_certificate_config.issue_client_certificate", "master_auth.username", "master_auth"]
  }
  on "Microsoft.ContainerService/managedClusters" {
    fail = self.properties.disableLocalAccounts != true
    at   = ["properties.disableLocalAccounts", "properties"]
  }
  # False when absent (azurerm 4, 2025-01).
  on "azurerm_kubernetes_cluster" {
    fail = self.local_account_disabled != true
    at   = "local_account_disabled"
    fix  = { local_account_disabled = true }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_container_cluster" "x" {
        name = "c"
        master_auth {
          client_certificate_config {
            issue_client_certificate = true
          }
        }
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
        master_auth {
          client_certificate_config {
            issue_client_certificate = false
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_kubernetes_cluster" "x" {
        name                   = "c"
        local_account_disabled = true
      }
    EOT
  }
}
