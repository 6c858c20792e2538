# Communications Security.

locals {
  # Versions and suites of a classic load balancer, by the names that its policies give them.
  weak_tls = "^Protocol-(SSLv[23]|TLSv1(\\.1)?)$|(?i)(^|[-_])(RC[24]|(3)?DES|CBC3|IDEA|SEED|NULL|EXP(ORT)?[0-9]*|ADH|anon|KRB5|MD5)([-_]|$)"
}

rule "FB-COMM-001" {
  title    = "A load balancer speaks HTTP and does not redirect to HTTPS"
  control  = "communications"
  severity = "critical"
  cites    = ["HIPAA 164.312(e)(1)", "HIPAA 164.312(e)(2)(ii)", "GDPR 32"]
  advice   = "Listen with HTTPS; let the listener of port 80 answer with a 301 redirect."
  peers    = ["CKV_AWS_2", "CKV_AWS_378", "AWS-0054"]

  on "listener" {
    fail    = self.protocol == "HTTP" && !self.redirects
    at      = ["protocol", "lb_protocol", "Protocol", "port"]
    message = "the listener speaks ${self.protocol}"
  }
  on "google_compute_global_forwarding_rule" "google_compute_forwarding_rule" {
    fail = length(linked_to(self, "google_compute_target_http_proxy", "google_compute_region_target_http_proxy")) > 0 && !any([for p in linked_to(self, "google_compute_target_http_proxy", "google_compute_region_target_http_proxy") : any([for m in linked_to(p, "google_compute_url_map", "google_compute_region_url_map") : m.default_url_redirect.https_redirect == true])])
    at   = "target"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_lb_listener" "x" {
        load_balancer_arn = "l"
        port = 80
        protocol = "HTTP"
        default_action {
          type             = "forward"
          target_group_arn = "t"
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ElasticLoadBalancingV2::Listener
          Properties:
            Port: 80
            Protocol: HTTP
            LoadBalancerArn: l
            DefaultActions:
              - Type: forward
                TargetGroupArn: t
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_lb_listener" "x" {
        load_balancer_arn = "l"
        port = 80
        protocol = "HTTP"
        default_action {
          type = "redirect"
          redirect {
            port        = "443"
            protocol    = "HTTPS"
            status_code = "HTTP_301"
          }
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ElasticLoadBalancingV2::Listener
          Properties:
            Port: 443
            Protocol: HTTPS
            LoadBalancerArn: l
            DefaultActions:
              - Type: forward
                TargetGroupArn: t
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_lb" "inside" {
        internal = true
      }
      resource "aws_lb_listener" "x" {
        load_balancer_arn = aws_lb.inside.arn
        port              = 80
        default_action {
          type = "redirect"
          redirect {
            port        = "8080"
            status_code = "HTTP_301"
          }
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ElasticLoadBalancing::LoadBalancer
          Properties:
            Listeners:
              - LoadBalancerPort: "80"
                InstancePort: "8080"
                Protocol: HTTP
    EOT
  }
}

rule "FB-COMM-002" {
  title    = "A TLS policy allows versions below 1.2 or weak ciphers"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Choose a policy with TLS 1.2 at least and only AEAD suites with forward secrecy."
  peers    = ["CKV_AWS_103", "CKV_GCP_4", "CKV_AZURE_218", "CKV2_AWS_74", "terraform/aws/elb_using_insecure_protocols", "terraform/aws/elb_using_weak_ciphers", "terraform/gcp/google_compute_ssl_policy_weak_cipher_in_use", "AWS-0047", "GCP-0039"]

  on "listener" {
    when = one_of(self.protocol, "HTTPS", "TLS", "SSL")
    fail = min_tls(self.policy) < 1.2
    at   = ["ssl_policy", "SslPolicy", "policy"]
  }
  # ELBSecurityPolicy-2016-08, which begins at TLS 1.0, when absent (provider aws 5, 2025-01).
  on "aws_lb_listener" "aws_alb_listener" {
    when    = one_of(self.protocol, "HTTPS", "TLS")
    fail    = absent(self.ssl_policy)
    at      = ["ssl_policy", "protocol"]
    message = "the policy that stands when none is named allows TLS 1.0"
  }
  on "AWS::ElasticLoadBalancingV2::Listener" {
    when    = one_of(self.Protocol, "HTTPS", "TLS")
    fail    = absent(self.SslPolicy)
    at      = ["SslPolicy", "Protocol"]
    message = "the policy that stands when none is named allows TLS 1.0"
  }
  on "aws_load_balancer_policy" {
    fail    = [for a in list(self.policy_attribute) : a if regex_match(local.weak_tls, a.name) && !one_of(a.value, "false")]
    at      = "name"
    message = "a weak protocol or cipher is on"
  }
  on "aws_load_balancer_policy" {
    fail    = [for a in list(self.policy_attribute) : a if a.name == "Reference-Security-Policy" && min_tls(a.value) < 1.1]
    at      = "value"
    message = "the named policy allows TLS 1.0"
  }
  on "AWS::ElasticLoadBalancing::LoadBalancer" {
    fail    = join_lists([for p in list(self.Policies) : [for a in list(p.Attributes) : a if regex_match(local.weak_tls, a.Name) && !one_of(a.Value, "false") || a.Name == "Reference-Security-Policy" && min_tls(a.Value) < 1.1]]...)
    at      = "Name"
    message = "a weak protocol or cipher is on"
  }
  # TLS_1_0 when absent (provider google 6, 2025-01).
  on "google_compute_ssl_policy" {
    fail    = !(min_tls(self.min_tls_version) >= 1.2)
    at      = "min_tls_version"
    message = "the policy allows TLS below 1.2"
    fix     = { min_tls_version = "TLS_1_2" }
  }
  on "google_compute_ssl_policy" {
    fail    = self.profile == "CUSTOM" && any([for f in list(self.custom_features) : regex_match("_CBC_|3DES|TLS_RSA_", f)])
    at      = "custom_features"
    message = "weak cipher suites are among the features"
  }
  on "azurerm_application_gateway" {
    fail = [for p in list(self.ssl_policy) : p if min_tls(either(p.min_protocol_version, p.policy_name)) < 1.2 || any([for s in list(p.cipher_suites) : regex_match(local.weak_tls, replace(s, "_", "-"))]) || present(p.disabled_protocols) && !(contains(p.disabled_protocols, "TLSv1_0") && contains(p.disabled_protocols, "TLSv1_1"))]
    at   = ["min_protocol_version", "policy_name", "cipher_suites", "disabled_protocols"]
  }
  on "Microsoft.Network/applicationGateways" {
    let {
      p = self.properties.sslPolicy
    }
    fail = min_tls(either(p.minProtocolVersion, p.policyName)) < 1.2 || any([for s in list(p.cipherSuites) : regex_match(local.weak_tls, replace(s, "_", "-"))])
    at   = ["properties.sslPolicy.minProtocolVersion", "properties.sslPolicy.policyName", "properties.sslPolicy"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_compute_ssl_policy" "x" {
        name = "p"
        profile = "MODERN"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_lb_listener" "x" {
        port = 443
        protocol = "HTTPS"
        ssl_policy = "ELBSecurityPolicy-2016-08"
        default_action {
          type = "forward"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_load_balancer_policy" "x" {
        load_balancer_name = "l"
        policy_name = "p"
        policy_type_name = "SSLNegotiationPolicyType"
        policy_attribute {
          name  = "Protocol-TLSv1"
          value = "true"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_compute_ssl_policy" "x" {
        name            = "p"
        profile         = "MODERN"
        min_tls_version = "TLS_1_2"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_lb_listener" "x" {
        port = 443
        protocol = "HTTPS"
        ssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"
        default_action {
          type = "forward"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_load_balancer_policy" "x" {
        load_balancer_name = "l"
        policy_name = "p"
        policy_type_name = "SSLNegotiationPolicyType"
        policy_attribute {
          name  = "Protocol-TLSv1.2"
          value = "true"
        }
      }
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.Network/applicationGateways", "apiVersion": "2022-07-01", "name": "g",
          "properties": { "sslPolicy": { "policyType": "Predefined", "policyName": "AppGwSslPolicy20150501" } }
        }]
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_application_gateway" "x" {
        ssl_policy {
          policy_type          = "Custom"
          min_protocol_version = "TLSv1_2"
          cipher_suites        = ["TLS_RSA_WITH_3DES_EDE_CBC_SHA"]
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ElasticLoadBalancingV2::Listener
          Properties:
            Port: 443
            Protocol: HTTPS
            DefaultActions: []
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_compute_ssl_policy" "x" {
        name            = "p"
        profile         = "RESTRICTED"
        min_tls_version = "TLS_1_3"
      }
    EOT
  }
}

rule "FB-COMM-003" {
  title    = "A CDN answers viewers over plain HTTP"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Set redirect-to-https or https-only for every cache behaviour."
  peers    = ["CKV_AWS_34", "cloudFormation/aws/cloudfront_viewer_protocol_policy_allows_http", "AWS-0012"]

  on "aws_cloudfront_distribution" {
    fail = [for b in join_lists(self.default_cache_behavior, self.ordered_cache_behavior, self.cache_behavior) : b if b.viewer_protocol_policy == "allow-all"]
    at   = "viewer_protocol_policy"
    fix  = { viewer_protocol_policy = "redirect-to-https" }
  }
  on "AWS::CloudFront::Distribution" {
    fail = [for b in join_lists(self.DistributionConfig.DefaultCacheBehavior, self.DistributionConfig.CacheBehaviors) : b if b.ViewerProtocolPolicy == "allow-all"]
    at   = "ViewerProtocolPolicy"
  }
  on "azurerm_cdn_frontdoor_route" {
    fail = self.https_redirect_enabled == false && contains(self.supported_protocols, "Http")
    at   = "https_redirect_enabled"
    fix  = { https_redirect_enabled = true }
  }
  # True when absent (azurerm 4, 2025-01).
  on "azurerm_cdn_endpoint" {
    fail = self.is_http_allowed != false
    at   = "is_http_allowed"
    fix  = { is_http_allowed = false }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_distribution" "x" {
        enabled = true
        default_cache_behavior {
          target_origin_id       = "o"
          viewer_protocol_policy = "allow-all"
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::CloudFront::Distribution
          Properties:
            DistributionConfig:
              Enabled: true
              DefaultCacheBehavior:
                TargetOriginId: o
                ViewerProtocolPolicy: allow-all
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_distribution" "x" {
        enabled = true
        default_cache_behavior {
          target_origin_id       = "o"
          viewer_protocol_policy = "redirect-to-https"
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::CloudFront::Distribution
          Properties:
            DistributionConfig:
              Enabled: true
              DefaultCacheBehavior:
                TargetOriginId: o
                ViewerProtocolPolicy: https-only
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_cdn_endpoint" "x" {
        name            = "e"
        is_http_allowed = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_cdn_frontdoor_route" "x" {
        supported_protocols    = ["Http", "Https"]
        https_redirect_enabled = true
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_cdn_frontdoor_route" "x" {
        name                   = "r"
        supported_protocols    = ["Http", "Https"]
        https_redirect_enabled = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_cdn_frontdoor_route" "x" {
        name                   = "r"
        supported_protocols    = ["Http", "Https"]
        https_redirect_enabled = true
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_cdn_endpoint" "x" {
        name            = "e"
        is_http_allowed = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_cdn_endpoint" "x" {
        name            = "e"
        is_http_allowed = false
      }
    EOT
  }
}

rule "FB-COMM-004" {
  title    = "A CDN uses its default certificate or an old TLS version"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Use a certificate of your own and TLSv1.2_2021."
  peers    = ["CKV_AWS_174", "terraform/aws/vulnerable_default_ssl_certificate", "AWS-0013"]

  # Without a certificate of its own a distribution has the default one, and TLS 1.0.
  on "aws_cloudfront_distribution" {
    fail    = absent(self.viewer_certificate) || self.viewer_certificate.cloudfront_default_certificate == true
    at      = ["viewer_certificate.cloudfront_default_certificate", "viewer_certificate"]
    message = "the default certificate is used"
  }
  on "aws_cloudfront_distribution" {
    when    = present(self.viewer_certificate) && self.viewer_certificate.cloudfront_default_certificate != true
    fail    = absent(self.viewer_certificate.minimum_protocol_version) || min_tls(self.viewer_certificate.minimum_protocol_version) < 1.2
    at      = ["viewer_certificate.minimum_protocol_version", "viewer_certificate"]
    message = "TLS below 1.2 is allowed"
  }
  on "AWS::CloudFront::Distribution" {
    let {
      certificate = self.DistributionConfig.ViewerCertificate
      version     = certificate.MinimumProtocolVersion
    }
    fail = absent(certificate) || get(certificate, "CloudFrontDefaultCertificate") == true || absent(version) || min_tls(version) < 1.2
    at   = ["DistributionConfig.ViewerCertificate", "DistributionConfig"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_distribution" "x" {
        enabled = true
        viewer_certificate {
          cloudfront_default_certificate = true
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_distribution" "x" {
        enabled = true
        viewer_certificate {
          acm_certificate_arn      = "arn:aws:acm:us-east-1:111122223333:certificate/a"
          ssl_support_method       = "sni-only"
          minimum_protocol_version = "TLSv1_2016"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_distribution" "x" {
        enabled = true
        viewer_certificate {
          acm_certificate_arn      = "arn:aws:acm:us-east-1:111122223333:certificate/a"
          ssl_support_method       = "sni-only"
          minimum_protocol_version = "TLSv1.2_2021"
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::CloudFront::Distribution
          Properties:
            DistributionConfig:
              Enabled: true
              ViewerCertificate:
                AcmCertificateArn: a
                MinimumProtocolVersion: TLSv1.2_2021
                SslSupportMethod: sni-only
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::CloudFront::Distribution
          Properties:
            DistributionConfig:
              Enabled: true
              ViewerCertificate:
                AcmCertificateArn: a
                SslSupportMethod: sni-only
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_distribution" "x" {
        enabled = true
      }
    EOT
  }
}

rule "FB-COMM-005" {
  title    = "A CDN fetches from its origin over plain HTTP"
  control  = "communications"
  severity = "medium"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Set origin_protocol_policy to https-only."
  peers    = ["CKV2_AWS_72"]

  on "aws_cloudfront_distribution" {
    when = self.enabled != false
    fail = [for o in list(self.origin) : o if present(o.custom_origin_config.origin_protocol_policy) && o.custom_origin_config.origin_protocol_policy != "https-only"]
    at   = "custom_origin_config.origin_protocol_policy"
    fix  = { "custom_origin_config.origin_protocol_policy" = "https-only" }
  }
  on "AWS::CloudFront::Distribution" {
    when = self.DistributionConfig.Enabled != false
    fail = [for o in list(self.DistributionConfig.Origins) : o if present(o.CustomOriginConfig.OriginProtocolPolicy) && o.CustomOriginConfig.OriginProtocolPolicy != "https-only"]
    at   = "CustomOriginConfig.OriginProtocolPolicy"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_distribution" "x" {
        enabled = true
        origin {
          domain_name = "fhir.example.org"
          origin_id   = "o"
          custom_origin_config {
            origin_protocol_policy = "http-only"
          }
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::CloudFront::Distribution
          Properties:
            DistributionConfig:
              Enabled: true
              Origins:
                - Id: o
                  DomainName: fhir.example.org
                  CustomOriginConfig:
                    OriginProtocolPolicy: match-viewer
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_cloudfront_distribution" "x" {
        enabled = true
        origin {
          domain_name = "fhir.example.org"
          origin_id   = "o"
          custom_origin_config {
            origin_protocol_policy = "https-only"
          }
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::CloudFront::Distribution
          Properties:
            DistributionConfig:
              Enabled: true
              Origins:
                - Id: o
                  DomainName: fhir.example.org
                  CustomOriginConfig:
                    OriginProtocolPolicy: https-only
    EOT
  }
}

rule "FB-COMM-006" {
  title    = "A domain of an API allows TLS 1.0"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Set security_policy to TLS_1_2."
  peers    = ["CKV_AWS_206", "AWS-0005"]

  on "aws_api_gateway_domain_name" {
    fail = self.security_policy == "TLS_1_0" || absent(self.security_policy) && (present(self.certificate_arn) || absent(either(self.regional_certificate_arn, self.regional_certificate_name)))
    at   = "security_policy"
    fix  = { security_policy = "TLS_1_2" }
  }
  # TLS_1_0 at the edge when absent; a regional domain begins at 1.2 (2025-01).
  on "AWS::ApiGateway::DomainName" {
    fail = self.SecurityPolicy == "TLS_1_0" || absent(self.SecurityPolicy) && (contains(keys(self), "CertificateArn") || !contains(keys(self), "RegionalCertificateArn"))
    at   = "SecurityPolicy"
    fix  = { SecurityPolicy = "TLS_1_2" }
  }
  on "aws_apigatewayv2_domain_name" {
    fail = self.domain_name_configuration.security_policy == "TLS_1_0"
    at   = "domain_name_configuration.security_policy"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_domain_name" "x" {
        domain_name = "api.example.org"
        security_policy = "TLS_1_0"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ApiGateway::DomainName
          Properties:
            DomainName: api.example.org
            SecurityPolicy: TLS_1_0
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_domain_name" "x" {
        domain_name     = "api.example.org"
        security_policy = "TLS_1_2"
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ApiGateway::DomainName
          Properties:
            DomainName: api.example.org
            SecurityPolicy: TLS_1_2
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ApiGateway::DomainName
          Properties:
            DomainName: fhir.example.org
            CertificateArn: c
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ApiGateway::DomainName
          Properties:
            DomainName: fhir.example.org
            RegionalCertificateArn: c
    EOT
  }
}

rule "FB-COMM-007" {
  title    = "The policy of a bucket accepts requests without TLS"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Deny requests where aws:SecureTransport is false."
  peers    = ["CKV_AWS_379", "terraform/aws/s3_bucket_policy_accepts_http_requests"]

  on "aws_s3_bucket_policy" "aws_s3_bucket" {
    when = present(self.policy)
    fail = length([for s in statements(self.policy) : s if s.effect == "Deny" && one_of(s.condition.Bool["aws:SecureTransport"], "false") && contains(s.principals, "*") || s.effect == "Allow" && one_of(s.condition.Bool["aws:SecureTransport"], "true")]) == 0
    at   = "policy"
  }
  on "AWS::S3::BucketPolicy" {
    fail = length([for s in statements(self.PolicyDocument) : s if s.effect == "Deny" && one_of(s.condition.Bool["aws:SecureTransport"], "false") && contains(s.principals, "*") || s.effect == "Allow" && one_of(s.condition.Bool["aws:SecureTransport"], "true")]) == 0
    at   = "PolicyDocument"
  }
  on "module" {
    when = strcontains(self.source, "s3-bucket") && present(self.policy) && length([for s in statements(self.policy) : s if s.effect == "Deny" && one_of(s.condition.Bool["aws:SecureTransport"], "false") || s.effect == "Allow" && one_of(s.condition.Bool["aws:SecureTransport"], "true")]) == 0
    fail = self.attach_deny_insecure_transport_policy != true
    at   = "policy"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket_policy" "x" {
        bucket = "records"
        policy = jsonencode({
          Version = "2012-10-17"
          Statement = [{
            Effect    = "Deny"
            Principal = "*"
            Action    = "s3:*"
            Resource  = "arn:aws:s3:::records/*"
            Condition = { Bool = { "aws:SecureTransport" = "true" } }
          }]
        })
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::S3::BucketPolicy
          Properties:
            Bucket: records
            PolicyDocument:
              Statement:
                - Effect: Allow
                  Principal: {AWS: "arn:aws:iam::111122223333:root"}
                  Action: s3:GetObject
                  Resource: arn:aws:s3:::records/*
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_s3_bucket_policy" "x" {
        bucket = "records"
        policy = jsonencode({
          Version = "2012-10-17"
          Statement = [{
            Effect    = "Deny"
            Principal = "*"
            Action    = "s3:*"
            Resource  = "arn:aws:s3:::records/*"
            Condition = { Bool = { "aws:SecureTransport" = "false" } }
          }]
        })
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::S3::BucketPolicy
          Properties:
            Bucket: records
            PolicyDocument:
              Statement:
                - Effect: Deny
                  Principal: "*"
                  Action: s3:*
                  Resource: arn:aws:s3:::records/*
                  Condition:
                    Bool:
                      aws:SecureTransport: "false"
    EOT
  }
}

rule "FB-COMM-008" {
  title    = "A database accepts clients without TLS"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(2)(ii)", "GDPR 32"]
  advice   = "Require TLS."
  peers    = ["CKV2_AWS_69", "CKV_GCP_6", "CKV_AZURE_28", "CKV_AZURE_29", "terraform/gcp/sql_db_instance_with_ssl_disabled", "terraform/azure/ssl_enforce_is_disabled", "GCP-0015", "AZU-0020"]

  on "aws_db_parameter_group" "aws_rds_cluster_parameter_group" {
    fail = [for p in list(self.parameter) : p if one_of(p.name, "rds.force_ssl", "require_secure_transport") && one_of(p.value, "0", "off", "false")]
    at   = "value"
  }
  # Clear text is accepted when absent (provider google 6, 2025-01).
  on "google_sql_database_instance" {
    let {
      ip = self.settings.ip_configuration
    }
    fail = !one_of(ip.ssl_mode, "ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED") && ip.require_ssl != true
    at   = ["settings.ip_configuration.require_ssl", "settings.ip_configuration", "settings"]
  }
  on "azurerm_postgresql_server" "azurerm_mysql_server" "azurerm_mariadb_server" {
    fail = self.ssl_enforcement_enabled == false || one_of(self.ssl_enforcement, "Disabled") || (absent(self.ssl_enforcement) && absent(self.ssl_enforcement_enabled))
    at   = ["ssl_enforcement_enabled", "ssl_enforcement"]
    fix  = { ssl_enforcement_enabled = true }
  }
  on "azurerm_postgresql_flexible_server_configuration" "azurerm_mysql_flexible_server_configuration" {
    fail = self.name == "require_secure_transport" && one_of(self.value, "off")
    at   = "value"
    fix  = { value = "on" }
  }
  on "Microsoft.DBforPostgreSQL/servers" "Microsoft.DBforMySQL/servers" "Microsoft.DBforMariaDB/servers" {
    fail = !one_of(self.properties.sslEnforcement, "Enabled")
    at   = ["properties.sslEnforcement", "properties"]
  }
  on "Microsoft.DBforPostgreSQL/flexibleServers/configurations" "Microsoft.DBforMySQL/flexibleServers/configurations" {
    fail = endswith(lower(self.name), "require_secure_transport") && one_of(self.properties.value, "off")
    at   = "properties.value"
  }
  on "AWS::RDS::DBParameterGroup" "AWS::RDS::DBClusterParameterGroup" {
    fail = [for k, v in self.Parameters : k if one_of(k, "rds.force_ssl", "require_secure_transport") && one_of(v, "0", "off", "false")]
    at   = "Parameters"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_server" "x" {
        name = "s"
        ssl_enforcement_enabled = false
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_sql_database_instance" "x" {
        database_version = "POSTGRES_15"
        settings {
          tier = "db-f1-micro"
          ip_configuration {
            ipv4_enabled = true
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_server" "x" {
        name                    = "s"
        ssl_enforcement_enabled = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_sql_database_instance" "x" {
        database_version = "POSTGRES_15"
        settings {
          tier = "db-f1-micro"
          ip_configuration {
            ssl_mode = "ENCRYPTED_ONLY"
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_flexible_server_configuration" "x" {
        name  = "require_secure_transport"
        value = "on"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::RDS::DBParameterGroup
          Properties:
            Family: postgres14
            Parameters:
              rds.force_ssl: 0
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_flexible_server_configuration" "x" {
        name  = "require_secure_transport"
        value = "off"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_flexible_server_configuration" "x" {
        name  = "require_secure_transport"
        value = "on"
      }
    EOT
  }
}

rule "FB-COMM-009" {
  title    = "A database allows TLS below 1.2"
  control  = "communications"
  severity = "medium"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Set the minimal version to TLS 1.2."
  peers    = ["CKV_AZURE_52", "CKV_AZURE_54", "CKV_AZURE_147", "AZU-0026"]

  on "azurerm_postgresql_server" "azurerm_mysql_server" "azurerm_mariadb_server" {
    fail = one_of(self.ssl_minimal_tls_version_enforced, "TLS1_0", "TLS1_1", "TLSEnforcementDisabled")
    at   = "ssl_minimal_tls_version_enforced"
    fix  = { ssl_minimal_tls_version_enforced = "TLS1_2" }
  }
  on "azurerm_mssql_server" {
    fail = one_of(self.minimum_tls_version, "1.0", "1.1", "Disabled")
    at   = "minimum_tls_version"
    fix  = { minimum_tls_version = "1.2" }
  }
  on "Microsoft.Sql/servers" "Microsoft.DBforPostgreSQL/servers" "Microsoft.DBforMySQL/servers" "Microsoft.DBforMariaDB/servers" {
    fail = one_of(self.properties.minimalTlsVersion, "1.0", "1.1", "None", "TLS1_0", "TLS1_1", "TLSEnforcementDisabled")
    at   = "properties.minimalTlsVersion"
  }
  on "azurerm_postgresql_flexible_server_configuration" "azurerm_mysql_flexible_server_configuration" {
    fail = one_of(self.name, "tls_version", "ssl_min_protocol_version") && any([for v in split(",", self.value) : min_tls(trimspace(v)) < 1.2])
    at   = "value"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_mssql_server" "x" {
        name = "s"
        minimum_tls_version = "1.0"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_server" "x" {
        name = "s"
        ssl_minimal_tls_version_enforced = "TLS1_0"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_mssql_server" "x" {
        name                = "s"
        minimum_tls_version = "1.2"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_postgresql_server" "x" {
        name                             = "s"
        ssl_minimal_tls_version_enforced = "TLS1_2"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_mysql_flexible_server_configuration" "x" {
        name  = "tls_version"
        value = "TLSv1.1,TLSv1.2"
      }
    EOT
  }
}

rule "FB-COMM-010" {
  title    = "A cache carries data in clear"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(2)(ii)", "GDPR 32"]
  advice   = "Encrypt in transit."
  peers    = ["CKV_AWS_30", "CKV_AZURE_91", "CKV_GCP_97", "AWS-0051"]

  on "aws_elasticache_replication_group" {
    fail = self.transit_encryption_enabled != true
    at   = "transit_encryption_enabled"
    fix  = { transit_encryption_enabled = true }
  }
  on "AWS::ElastiCache::ReplicationGroup" {
    fail = self.TransitEncryptionEnabled != true
    at   = "TransitEncryptionEnabled"
    fix  = { TransitEncryptionEnabled = true }
  }
  on "azurerm_redis_cache" {
    fail = self.enable_non_ssl_port == true || self.non_ssl_port_enabled == true
    at   = ["non_ssl_port_enabled", "enable_non_ssl_port"]
  }
  on "Microsoft.Cache/redis" {
    fail = self.properties.enableNonSslPort == true
    at   = "properties.enableNonSslPort"
  }
  on "aws_memorydb_cluster" {
    fail = self.tls_enabled == false
    at   = "tls_enabled"
  }
  on "AWS::MemoryDB::Cluster" {
    fail = self.TLSEnabled == false
    at   = "TLSEnabled"
  }
  on "google_redis_instance" {
    fail = self.transit_encryption_mode != "SERVER_AUTHENTICATION"
    at   = "transit_encryption_mode"
    fix  = { transit_encryption_mode = "SERVER_AUTHENTICATION" }
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_elasticache_replication_group" "x" {
        replication_group_id = "r"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_redis_instance" "x" {
        name = "r"
        memory_size_gb = 1
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_elasticache_replication_group" "x" {
        replication_group_id       = "r"
        transit_encryption_enabled = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_redis_instance" "x" {
        name                    = "r"
        transit_encryption_mode = "SERVER_AUTHENTICATION"
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
            TransitEncryptionEnabled: true
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.Cache/redis", "apiVersion": "2023-08-01", "name": "r",
          "properties": { "enableNonSslPort": true }
        }]
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        C:
          Type: AWS::ElastiCache::ReplicationGroup
          Properties:
            ReplicationGroupDescription: sessions
            TransitEncryptionEnabled: false
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        C:
          Type: AWS::ElastiCache::ReplicationGroup
          Properties:
            ReplicationGroupDescription: sessions
            TransitEncryptionEnabled: true
    EOT
  }
}

rule "FB-COMM-011" {
  title    = "A search domain does not enforce HTTPS with TLS 1.2"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Set enforce_https and Policy-Min-TLS-1-2-PFS-2023-10."
  peers    = ["CKV_AWS_83", "CKV_AWS_228", "AWS-0046", "AWS-0126"]

  on "aws_elasticsearch_domain" "aws_opensearch_domain" {
    fail    = self.domain_endpoint_options.enforce_https != true
    at      = ["domain_endpoint_options.enforce_https", "domain_endpoint_options"]
    message = "HTTPS is not enforced"
    fix     = { "domain_endpoint_options.enforce_https" = true }
  }
  on "aws_elasticsearch_domain" "aws_opensearch_domain" {
    fail    = min_tls(self.domain_endpoint_options.tls_security_policy) < 1.2
    at      = "domain_endpoint_options.tls_security_policy"
    message = "TLS below 1.2 is allowed"
  }
  on "AWS::Elasticsearch::Domain" "AWS::OpenSearchService::Domain" {
    fail = self.DomainEndpointOptions.EnforceHTTPS != true || min_tls(self.DomainEndpointOptions.TLSSecurityPolicy) < 1.2
    at   = ["DomainEndpointOptions.EnforceHTTPS", "DomainEndpointOptions"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_opensearch_domain" "x" {
        domain_name = "d"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::OpenSearchService::Domain
          Properties:
            DomainName: d
            DomainEndpointOptions:
              EnforceHTTPS: false
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_opensearch_domain" "x" {
        domain_name = "d"
        domain_endpoint_options {
          enforce_https       = true
          tls_security_policy = "Policy-Min-TLS-1-2-PFS-2023-10"
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::OpenSearchService::Domain
          Properties:
            DomainName: d
            DomainEndpointOptions:
              EnforceHTTPS: true
    EOT
  }
}

rule "FB-COMM-012" {
  title    = "Nodes of a search domain talk in clear"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(2)(ii)", "GDPR 32"]
  advice   = "Enable node-to-node encryption."
  peers    = ["CKV_AWS_6", "terraform/aws/elasticsearch_domain_not_encrypted_node_to_node", "AWS-0043"]

  on "aws_elasticsearch_domain" "aws_opensearch_domain" {
    fail = self.node_to_node_encryption.enabled != true
    at   = ["node_to_node_encryption.enabled", "node_to_node_encryption"]
    fix  = { "node_to_node_encryption.enabled" = true }
  }
  on "AWS::Elasticsearch::Domain" "AWS::OpenSearchService::Domain" {
    fail = self.NodeToNodeEncryptionOptions.Enabled != true
    at   = ["NodeToNodeEncryptionOptions.Enabled", "NodeToNodeEncryptionOptions"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_elasticsearch_domain" "x" {
        domain_name = "d"
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::Elasticsearch::Domain
          Properties:
            DomainName: d
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_elasticsearch_domain" "x" {
        domain_name = "d"
        node_to_node_encryption {
          enabled = true
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::Elasticsearch::Domain
          Properties:
            DomainName: d
            NodeToNodeEncryptionOptions:
              Enabled: true
    EOT
  }
}

rule "FB-COMM-013" {
  title    = "A Kafka cluster accepts or carries plain text"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(2)(ii)", "GDPR 32"]
  advice   = "Set client_broker to TLS and in_cluster to true."
  peers    = ["CKV_AWS_81", "terraform/aws/msk_cluster_encryption_disabled", "cloudFormation/aws/msk_cluster_encryption_disabled", "AWS-0073"]

  # TLS when absent (provider aws 5, 2025-01).
  on "aws_msk_cluster" {
    fail    = present(self.encryption_info.encryption_in_transit.client_broker) && self.encryption_info.encryption_in_transit.client_broker != "TLS"
    at      = "encryption_info.encryption_in_transit.client_broker"
    message = "clients may connect in clear"
    fix     = { "encryption_info.encryption_in_transit.client_broker" = "TLS" }
  }
  on "aws_msk_cluster" {
    fail    = self.encryption_info.encryption_in_transit.in_cluster == false
    at      = "encryption_info.encryption_in_transit.in_cluster"
    message = "brokers talk in clear"
    fix     = { "encryption_info.encryption_in_transit.in_cluster" = true }
  }
  on "aws_msk_cluster" {
    fail    = absent(self.encryption_info)
    message = "no encryption is configured"
  }
  on "AWS::MSK::Cluster" {
    let {
      tr = self.EncryptionInfo.EncryptionInTransit
    }
    fail = absent(self.EncryptionInfo) || (present(tr.ClientBroker) && tr.ClientBroker != "TLS") || tr.InCluster == false
    at   = ["EncryptionInfo.EncryptionInTransit.ClientBroker", "EncryptionInfo"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_msk_cluster" "x" {
        cluster_name = "k"
        encryption_info {
          encryption_in_transit {
            client_broker = "TLS_PLAINTEXT"
          }
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::MSK::Cluster
          Properties:
            ClusterName: k
            EncryptionInfo:
              EncryptionInTransit:
                InCluster: false
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_msk_cluster" "x" {
        cluster_name = "k"
        encryption_info {
          encryption_in_transit {
            client_broker = "TLS"
            in_cluster    = true
          }
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::MSK::Cluster
          Properties:
            ClusterName: k
            EncryptionInfo:
              EncryptionInTransit:
                ClientBroker: TLS
                InCluster: true
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_msk_cluster" "x" {
        cluster_name = "events"
        encryption_info {
          encryption_in_transit {
            client_broker = "TLS"
            in_cluster    = false
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_msk_cluster" "x" {
        cluster_name = "events"
        encryption_info {
          encryption_in_transit {
            client_broker = "TLS"
            in_cluster    = true
          }
        }
      }
    EOT
  }
}

rule "FB-COMM-014" {
  title    = "A storage account accepts plain HTTP"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Allow HTTPS only."
  peers    = ["CKV_AZURE_3", "AZU-0008"]

  # True when absent (azurerm 4, 2025-01).
  on "azurerm_storage_account" {
    fail = self.enable_https_traffic_only == false || self.https_traffic_only_enabled == false
    at   = ["https_traffic_only_enabled", "enable_https_traffic_only"]
    fix  = { https_traffic_only_enabled = true }
  }
  on "Microsoft.Storage/storageAccounts" {
    fail = self.properties.supportsHttpsTrafficOnly == false
    at   = "properties.supportsHttpsTrafficOnly"
  }
  # True when absent, in versions of the API from 2019-04-01 on.
  on "Microsoft.Storage/storageAccounts" {
    when    = regex_match("^201[0-8]-", self.apiVersion)
    fail    = absent(self.properties.supportsHttpsTrafficOnly)
    at      = ["properties", "apiVersion"]
    message = "this version of the API leaves HTTP open when nothing is said"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name = "s"
        https_traffic_only_enabled = false
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name = "s"
        enable_https_traffic_only = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name                       = "s"
        https_traffic_only_enabled = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name = "s"
      }
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.Storage/storageAccounts", "apiVersion": "2018-07-01", "name": "s",
          "properties": {}
        }]
      }
    EOT
  }
  example "pass" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "s",
          "properties": {}
        }]
      }
    EOT
  }
}

rule "FB-COMM-015" {
  title    = "A storage account allows TLS below 1.2"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Set min_tls_version to TLS1_2."
  peers    = ["CKV_AZURE_44", "AZU-0011"]

  # TLS1_2 when absent (azurerm 4, 2025-01).
  on "azurerm_storage_account" {
    fail = one_of(self.min_tls_version, "TLS1_0", "TLS1_1")
    at   = "min_tls_version"
    fix  = { min_tls_version = "TLS1_2" }
  }
  on "Microsoft.Storage/storageAccounts" {
    fail = one_of(self.properties.minimumTlsVersion, "TLS1_0", "TLS1_1")
    at   = "properties.minimumTlsVersion"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name = "s"
        min_tls_version = "TLS1_0"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name = "s"
        min_tls_version = "TLS1_1"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name            = "s"
        min_tls_version = "TLS1_2"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_storage_account" "x" {
        name = "s"
      }
    EOT
  }
}

rule "FB-COMM-016" {
  title    = "A web or function app answers plain HTTP"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Set https_only."
  peers    = ["CKV_AZURE_14", "CKV_AZURE_70", "terraform/azure/web_app_accepting_traffic_other_than_https", "AZU-0004", "AZU-0072"]

  # False when absent (azurerm 4, 2025-01).
  on "azurerm_app_service" "azurerm_linux_web_app" "azurerm_windows_web_app" "azurerm_function_app" "azurerm_linux_function_app" "azurerm_windows_function_app" "azurerm_app_service_slot" "azurerm_function_app_slot" "azurerm_linux_web_app_slot" "azurerm_windows_web_app_slot" "azurerm_linux_function_app_slot" "azurerm_windows_function_app_slot" {
    fail = self.https_only != true
    at   = "https_only"
    fix  = { https_only = true }
  }
  on "Microsoft.Web/sites" "Microsoft.Web/sites/slots" {
    fail = self.properties.httpsOnly != true
    at   = ["properties.httpsOnly", "properties"]
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
        https_only = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_web_app" "x" {
        name       = "a"
        https_only = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_function_app" "x" {
        name       = "f"
        https_only = true
      }
    EOT
  }
}

rule "FB-COMM-017" {
  title    = "A web or function app allows TLS below 1.2"
  control  = "communications"
  severity = "medium"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Set the minimum version to 1.2."
  peers    = ["CKV_AZURE_15", "CKV_AZURE_145", "AZU-0006"]

  on "azurerm_app_service" "azurerm_linux_web_app" "azurerm_windows_web_app" "azurerm_function_app" "azurerm_linux_function_app" "azurerm_windows_function_app" "azurerm_app_service_slot" "azurerm_function_app_slot" "azurerm_linux_web_app_slot" "azurerm_windows_web_app_slot" "azurerm_linux_function_app_slot" "azurerm_windows_function_app_slot" {
    fail = one_of(either(self.site_config.minimum_tls_version, self.site_config.min_tls_version), "1.0", "1.1")
    at   = ["site_config.minimum_tls_version", "site_config.min_tls_version"]
    fix  = { "site_config.minimum_tls_version" = "1.2" }
  }
  on "Microsoft.Web/sites" "Microsoft.Web/sites/slots" {
    fail = one_of(self.properties.siteConfig.minTlsVersion, "1.0", "1.1")
    at   = "properties.siteConfig.minTlsVersion"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_web_app" "x" {
        name = "a"
        site_config {
          minimum_tls_version = "1.0"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_app_service" "x" {
        name = "a"
        site_config {
          min_tls_version = "1.1"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_web_app" "x" {
        name = "a"
        site_config {
          minimum_tls_version = "1.2"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_app_service" "x" {
        name = "a"
      }
    EOT
  }
}

rule "FB-COMM-018" {
  title    = "An app can be deployed over FTP"
  control  = "communications"
  severity = "medium"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Set ftps_state to Disabled."
  peers    = ["CKV_AZURE_78", "terraform/azure/app_service_ftps_enforce_disabled", "AZU-0071"]

  on "azurerm_app_service" "azurerm_linux_web_app" "azurerm_windows_web_app" "azurerm_function_app" "azurerm_linux_function_app" "azurerm_windows_function_app" "azurerm_app_service_slot" "azurerm_function_app_slot" "azurerm_linux_web_app_slot" "azurerm_windows_web_app_slot" "azurerm_linux_function_app_slot" "azurerm_windows_function_app_slot" {
    fail = one_of(self.site_config.ftps_state, "AllAllowed")
    at   = "site_config.ftps_state"
    fix  = { "site_config.ftps_state" = "Disabled" }
  }
  # AllAllowed when absent in these two old types.
  on "azurerm_app_service" "azurerm_function_app" {
    fail    = absent(self.site_config.ftps_state)
    at      = "site_config"
    message = "FTP is allowed when ftps_state is absent"
  }
  on "Microsoft.Web/sites" "Microsoft.Web/sites/slots" {
    fail = one_of(self.properties.siteConfig.ftpsState, "AllAllowed")
    at   = "properties.siteConfig.ftpsState"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_app_service" "x" {
        name = "a"
        site_config {
          ftps_state = "AllAllowed"
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_web_app" "x" {
        name = "a"
        site_config {
          ftps_state = "AllAllowed"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_app_service" "x" {
        name = "a"
        site_config {
          ftps_state = "Disabled"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_web_app" "x" {
        name = "a"
        site_config {
          ftps_state = "FtpsOnly"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_web_app" "x" {
        name = "a"
        site_config {
          ftps_state = "Disabled"
        }
      }
    EOT
  }
}

rule "FB-COMM-019" {
  title    = "Clients need no certificate at the edge of an API"
  control  = "communications"
  severity = "medium"
  cites    = ["HIPAA 164.312(d)", "HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Require client certificates for business partners."
  peers    = ["CKV_AZURE_17", "CKV2_AWS_51", "CKV_AZURE_152", "terraform/azure/azure_app_service_client_certificate_disabled", "terraform/azure/function_app_client_certificates_unrequired", "terraform/aws/api_gateway_without_ssl_certificate", "AZU-0001"]

  on "azurerm_app_service" "azurerm_linux_web_app" "azurerm_windows_web_app" {
    fail = self.client_cert_enabled != true && self.client_certificate_enabled != true
    at   = ["client_cert_enabled", "client_certificate_enabled"]
  }
  on "azurerm_function_app" {
    fail = self.client_cert_mode != "Required"
    at   = "client_cert_mode"
  }
  on "azurerm_linux_function_app" "azurerm_windows_function_app" {
    fail = self.client_certificate_enabled != true || (present(self.client_certificate_mode) && self.client_certificate_mode != "Required")
    at   = ["client_certificate_mode", "client_certificate_enabled"]
  }
  # Only the consumption tier asks for certificates by this.
  on "azurerm_api_management" {
    fail = self.client_certificate_enabled == false || startswith(self.sku_name, "Consumption") && self.client_certificate_enabled != true
    at   = "client_certificate_enabled"
  }
  on "aws_api_gateway_stage" {
    fail = absent(self.client_certificate_id)
    at   = "client_certificate_id"
  }
  on "AWS::ApiGateway::Stage" {
    fail = absent(self.ClientCertificateId)
    at   = "ClientCertificateId"
  }
  # False when absent (2025-01).
  on "Microsoft.Web/sites" "Microsoft.Web/sites/slots" {
    fail = self.properties.clientCertEnabled != true
    at   = ["properties.clientCertEnabled", "properties"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_web_app" "x" {
        name = "a"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_stage" "x" {
        stage_name = "prod"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_linux_web_app" "x" {
        name                       = "a"
        client_certificate_enabled = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_api_gateway_stage" "x" {
        stage_name            = "prod"
        client_certificate_id = "abc123"
      }
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.Web/sites", "apiVersion": "2022-09-01", "name": "w",
          "properties": { "httpsOnly": true }
        }]
      }
    EOT
  }
}

rule "FB-COMM-020" {
  title    = "A task mounts a network file system without encryption in transit"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(2)(ii)", "GDPR 32"]
  advice   = "Enable transit encryption of the volume."
  peers    = ["CKV_AWS_97", "terraform/aws/ecs_task_definition_volume_not_encrypted", "cloudFormation/aws/efs_volume_with_disabled_transit_encryption", "AWS-0035"]

  on "aws_ecs_task_definition" {
    fail = [for v in list(self.volume) : v if present(v.efs_volume_configuration) && v.efs_volume_configuration.transit_encryption != "ENABLED"]
    at   = ["efs_volume_configuration.transit_encryption", "efs_volume_configuration"]
    fix  = { "volume.efs_volume_configuration.transit_encryption" = "ENABLED" }
  }
  on "AWS::ECS::TaskDefinition" {
    fail = [for v in list(get(self, "Volumes")) : v if present(get(v, "EFSVolumeConfiguration")) && get(v, "EFSVolumeConfiguration.TransitEncryption") != "ENABLED"]
    at   = ["EFSVolumeConfiguration.TransitEncryption", "EFSVolumeConfiguration"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_ecs_task_definition" "x" {
        family = "f"
        volume {
          name = "v"
          efs_volume_configuration {
            file_system_id = "fs-1"
          }
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ECS::TaskDefinition
          Properties:
            Family: f
            Volumes:
              - Name: v
                EFSVolumeConfiguration:
                  FilesystemId: fs-1
                  TransitEncryption: DISABLED
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_ecs_task_definition" "x" {
        family = "f"
        volume {
          name = "v"
          efs_volume_configuration {
            file_system_id     = "fs-1"
            transit_encryption = "ENABLED"
          }
        }
      }
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::ECS::TaskDefinition
          Properties:
            Family: f
            Volumes:
              - Name: v
                EFSVolumeConfiguration:
                  FilesystemId: fs-1
                  TransitEncryption: ENABLED
    EOT
  }
}

rule "FB-COMM-021" {
  title    = "An Ingress or Gateway serves a host without TLS"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Add a tls section that covers every host."
  peers    = []

  on "Ingress" {
    fail = absent(self.spec.tls) || any([for r in list(self.spec.rules) : present(r.host) && !any([for t in list(self.spec.tls) : absent(t.hosts) || contains(t.hosts, r.host) || any([for h in list(t.hosts) : startswith(h, "*.") && endswith(r.host, trimprefix(h, "*")) && !strcontains(trimsuffix(r.host, trimprefix(h, "*")), ".")])])])
    at   = ["spec.tls", "spec.rules", "spec"]
  }
  on "Gateway" {
    when    = startswith(self.apiVersion, "gateway.networking.k8s.io/")
    fail    = [for l in list(self.spec.listeners) : l if l.protocol == "HTTP" && !any([for r in resources("HTTPRoute") : any([for x in list(r.spec.rules) : any([for f in list(x.filters) : f.requestRedirect.scheme == "https"])])])]
    at      = "protocol"
    message = "a listener speaks HTTP and nothing redirects"
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: fhir
      spec:
        rules:
          - host: fhir.example.org
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: fhir
                      port:
                        number: 8080
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: fhir
      spec:
        tls:
          - hosts: [other.example.org]
            secretName: fhir-tls
        rules:
          - host: fhir.example.org
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: fhir
                      port:
                        number: 8080
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: fhir
      spec:
        tls:
          - hosts: [fhir.example.org]
            secretName: fhir-tls
        rules:
          - host: fhir.example.org
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: fhir
                      port:
                        number: 8080
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: fhir
      spec:
        tls:
          - hosts: ["*.example.org"]
            secretName: fhir-tls
        rules:
          - host: fhir.example.org
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: fhir
                      port:
                        number: 8080
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: i
      spec:
        tls:
          - hosts: ["*.example.org"]
        rules:
          - host: a.fhir.example.org
    EOT
  }
}

rule "FB-COMM-022" {
  title    = "Annotations of an Ingress switch TLS checks off"
  control  = "communications"
  severity = "medium"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Remove the annotation."
  peers    = ["KCV-0093"]

  on "Ingress" {
    fail    = [for k, v in self.metadata.annotations : k if regex_match("/(force-)?ssl-redirect$|allow-http$", k) && (one_of(v, "false") != endswith(k, "allow-http")) && (!endswith(k, "allow-http") || one_of(v, "true")) || regex_match("/proxy-ssl-verify$", k) && one_of(v, "off", "false")]
    at      = "metadata.annotations"
    message = "an annotation switches TLS off"
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: fhir
        annotations:
          nginx.ingress.kubernetes.io/ssl-redirect: "false"
      spec:
        tls:
          - hosts: [fhir.example.org]
            secretName: fhir-tls
        rules:
          - host: fhir.example.org
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: fhir
                      port:
                        number: 8080
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: fhir
        annotations:
          nginx.ingress.kubernetes.io/proxy-ssl-verify: "off"
      spec:
        tls:
          - hosts: [fhir.example.org]
            secretName: fhir-tls
        rules:
          - host: fhir.example.org
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: fhir
                      port:
                        number: 8080
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: fhir
        annotations:
          nginx.ingress.kubernetes.io/ssl-redirect: "true"
      spec:
        tls:
          - hosts: [fhir.example.org]
            secretName: fhir-tls
        rules:
          - host: fhir.example.org
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: fhir
                      port:
                        number: 8080
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: fhir
      spec:
        tls:
          - hosts: [fhir.example.org]
            secretName: fhir-tls
        rules:
          - host: fhir.example.org
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: fhir
                      port:
                        number: 8080
    EOT
  }
}

rule "FB-COMM-023" {
  title    = "A service is exposed outside the cluster without an internal load balancer"
  control  = "communications"
  severity = "medium"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Use ClusterIP behind a TLS ingress."
  peers    = ["k8s/service_with_external_load_balancer"]

  on "Service" {
    when    = absent(self.apiVersion) || self.apiVersion == "v1"
    fail    = self.spec.type == "LoadBalancer" && !any([for k, v in self.metadata.annotations : regex_match("internal", k) && !one_of(v, "false") || regex_match("(?i)load-balancer-type$", k) && one_of(v, "internal", "Internal")])
    at      = ["spec.type", "metadata"]
    message = "the load balancer is reachable from outside"
  }
  on "Service" {
    when    = self.spec.type == "NodePort"
    fail    = [for p in list(self.spec.ports) : p if one_of(p.port, 80, 8080) || one_of(p.name, "http")]
    at      = ["port"]
    message = "a port in clear is open on every node"
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Service
      metadata:
        name: fhir
      spec:
        type: LoadBalancer
        ports:
          - port: 80
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Service
      metadata:
        name: fhir
      spec:
        type: NodePort
        ports:
          - port: 8080
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Service
      metadata:
        name: fhir
      spec:
        type: ClusterIP
        ports:
          - port: 8080
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: v1
      kind: Service
      metadata:
        name: fhir
        annotations:
          networking.gke.io/load-balancer-type: Internal
      spec:
        type: LoadBalancer
        ports:
          - port: 443
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "kubernetes_service_v1" "x" {
        metadata {
          name = "fhir"
        }
        spec {
          type = "LoadBalancer"
          port {
            port = 80
          }
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "kubernetes_service" "x" {
        metadata {
          name        = "fhir"
          annotations = { "service.beta.kubernetes.io/aws-load-balancer-internal" = "true" }
        }
        spec {
          type = "LoadBalancer"
        }
      }
    EOT
  }
}

rule "FB-COMM-024" {
  title    = "Mutual TLS of the service mesh is off or optional"
  control  = "communications"
  severity = "medium"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Set mode STRICT."
  peers    = []

  on "PeerAuthentication" {
    fail = one_of(self.spec.mtls.mode, "PERMISSIVE", "DISABLE")
    at   = "spec.mtls.mode"
    fix  = { "spec.mtls.mode" = "STRICT" }
  }
  on "PeerAuthentication" {
    fail    = [for port, p in self.spec.portLevelMtls : p if one_of(p.mode, "PERMISSIVE", "DISABLE")]
    at      = ["mode", "spec.portLevelMtls"]
    message = "mutual TLS is off or optional on a port"
  }
  on "DestinationRule" {
    fail    = [for t in join_lists(self.spec.trafficPolicy.portLevelSettings, [for s in list(self.spec.subsets) : s.trafficPolicy], [for s in list(self.spec.subsets) : list(s.trafficPolicy.portLevelSettings)]...) : t if one_of(t.tls.mode, "DISABLE")]
    at      = ["tls.mode", "spec"]
    message = "TLS is off for a port or a subset"
  }
  on "DestinationRule" {
    fail = one_of(self.spec.trafficPolicy.tls.mode, "DISABLE")
    at   = "spec.trafficPolicy.tls.mode"
    fix  = { "spec.trafficPolicy.tls.mode" = "ISTIO_MUTUAL" }
  }

  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: security.istio.io/v1
      kind: PeerAuthentication
      metadata:
        name: p
      spec:
        mtls:
          mode: PERMISSIVE
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata:
        name: d
      spec:
        host: fhir
        trafficPolicy:
          tls:
            mode: DISABLE
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: security.istio.io/v1
      kind: PeerAuthentication
      metadata:
        name: p
      spec:
        mtls:
          mode: STRICT
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata:
        name: d
      spec:
        host: fhir
        trafficPolicy:
          tls:
            mode: ISTIO_MUTUAL
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: security.istio.io/v1
      kind: PeerAuthentication
      metadata:
        name: p
      spec:
        mtls:
          mode: STRICT
        portLevelMtls:
          8080:
            mode: DISABLE
    EOT
  }
  example "fail" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata:
        name: d
      spec:
        host: fhir
        subsets:
          - name: old
            trafficPolicy:
              tls:
                mode: DISABLE
    EOT
  }
  example "pass" "kubernetes" {
    text = <<-EOT
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata:
        name: d
      spec:
        host: fhir
        trafficPolicy:
          portLevelSettings:
            - port:
                number: 8080
              tls:
                mode: ISTIO_MUTUAL
    EOT
  }
}

rule "FB-COMM-025" {
  title    = "Certificates are not verified"
  control  = "communications"
  severity = "medium"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Verify certificates; install the authority's instead."
  peers    = ["CKV2_DOCKER_2", "CKV2_DOCKER_3", "CKV2_DOCKER_5", "CKV2_DOCKER_6"]

  on "stage" {
    fail    = [for i in list(self.instructions) : i if i.instruction == "RUN" && any([for c in list(i.commands) : any([for w in c : one_of(w, "--insecure", "--no-check-certificate", "--trusted-host", "--allow-unauthenticated", "--no-gpg-check")]) || first(c) == "curl" && any([for w in c : regex_match("^-[a-zA-Z]*k[a-zA-Z]*$", w)]) || regex_match("strict-ssl[ =]false|sslVerify[ =]false|NODE_TLS_REJECT_UNAUTHORIZED=0|sslverify=0", join(" ", c))])]
    at      = "text"
    message = "a command does not verify certificates"
  }
  on "container" {
    fail    = [for k, v in self.env : k if one_of(k, "NODE_TLS_REJECT_UNAUTHORIZED", "PYTHONHTTPSVERIFY") && one_of(v, "0") || regex_match("(?i)^(GIT_SSL_NO_VERIFY|.*SKIP_TLS_VERIFY|.*TLS_INSECURE|.*INSECURE_SKIP_VERIFY)$", k) && one_of(v, "1", "true") || regex_match("(?i)sslmode=(disable|allow|prefer)|TrustServerCertificate=(true|yes)|useSSL=false|verifyServerCertificate=false", v)]
    at      = ["env", "environment"]
    message = "the environment switches the verification of certificates off"
  }

  example "fail" "compose" {
    text = <<-EOT
      services:
        app:
          image: app:1
          environment:
            NODE_TLS_REJECT_UNAUTHORIZED: "0"
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
          - name: app
            image: app:1
            env:
              - name: DB
                value: jdbc:postgresql://db/fhir?sslmode=disable
    EOT
  }
  example "fail" "dockerfile" {
    text = <<-EOT
      FROM debian:12
      RUN curl -k https://example.org/x.tgz | tar xz
    EOT
  }
  example "pass" "dockerfile" {
    text = <<-EOT
      FROM debian:12
      RUN curl -fsSL https://example.org/x.tgz -o x.tgz
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        app:
          image: app:1
          environment:
            NODE_EXTRA_CA_CERTS: /etc/ca.pem
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
          - name: app
            image: app:1
            env:
              - name: DB
                value: jdbc:postgresql://db/fhir?sslmode=verify-full
    EOT
  }
}

rule "FB-COMM-026" {
  title    = "A dependency is called over a clear-text scheme"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Use the TLS scheme."
  peers    = ["ansible/config/communication_over_http_in_defaults"]

  on "container" {
    fail    = [for k, v in self.env : k if regex_match("(?i)^(http|ldap|redis|amqp|mqtt|ftp|mllp|smtp)://(?!localhost|127\\.|\\[::1\\])", v)]
    at      = ["env", "environment"]
    message = "the environment names a dependency without TLS"
  }
  on "ansible_task" {
    fail    = regex_match("(?i)^http://(?!localhost|127\\.|\\[::1\\])", self.arguments.url)
    at      = ["arguments.url", "arguments"]
    message = "a task calls a server over HTTP"
  }
  on "ansible_config" {
    fail    = startswith(lower(self.galaxy.server), "http://")
    at      = "galaxy.server"
    message = "a server is called over HTTP"
  }

  example "fail" "compose" {
    text = <<-EOT
      services:
        app:
          image: app:1
          environment:
            FHIR_BASE: http://fhir.example.org/fhir
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
          - name: app
            image: app:1
            env:
              - name: CACHE
                value: redis://cache:6379
    EOT
  }
  example "pass" "compose" {
    text = <<-EOT
      services:
        app:
          image: app:1
          environment:
            FHIR_BASE: https://fhir.example.org/fhir
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
          - name: app
            image: app:1
            env:
              - name: CACHE
                value: rediss://cache:6379
              - name: SIDECAR
                value: http://localhost:15000
    EOT
  }
  example "fail" "ansible" {
    text = <<-EOT
      - hosts: all
        tasks:
          - name: fetch
            ansible.builtin.get_url:
              url: http://packages.example.org/fhir.tgz
              dest: /tmp/fhir.tgz
    EOT
  }
}

rule "FB-COMM-027" {
  title    = "A database, cache or broker is reachable from the Internet"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Keep it in private subnets."
  peers    = ["CKV_AWS_17", "CKV_GCP_11", "CKV_GCP_60", "CKV_AZURE_53", "CKV_AZURE_68", "CKV_AZURE_113", "terraform/azure/mssql_server_public_network_access_enabled", "AWS-0180", "GCP-0017", "AZU-0022"]

  on "aws_db_instance" "aws_rds_cluster_instance" "aws_redshift_cluster" "aws_dms_replication_instance" "aws_neptune_cluster_instance" "aws_mq_broker" {
    fail = self.publicly_accessible == true
    at   = "publicly_accessible"
    fix  = { publicly_accessible = false }
  }
  on "module" {
    when = regex_match("^(registry\\.terraform\\.io/)?terraform-aws-modules/rds-aurora/", self.source)
    fail = self.publicly_accessible == true
    at   = "publicly_accessible"
  }
  on "AWS::RDS::DBInstance" "AWS::Redshift::Cluster" "AWS::AmazonMQ::Broker" {
    fail = self.PubliclyAccessible == true
    at   = "PubliclyAccessible"
    fix  = { PubliclyAccessible = false }
  }
  # True when absent (2025-01).
  on "AWS::DMS::ReplicationInstance" {
    fail = self.PubliclyAccessible != false
    at   = "PubliclyAccessible"
  }
  on "aws_msk_cluster" {
    fail = one_of(self.broker_node_group_info.connectivity_info.public_access.type, "SERVICE_PROVIDED_EIPS")
    at   = "broker_node_group_info.connectivity_info.public_access.type"
  }
  on "AWS::MSK::Cluster" {
    fail = one_of(self.BrokerNodeGroupInfo.ConnectivityInfo.PublicAccess.Type, "SERVICE_PROVIDED_EIPS")
    at   = "BrokerNodeGroupInfo.ConnectivityInfo.PublicAccess.Type"
  }
  on "aws_db_security_group" "aws_redshift_security_group" "aws_elasticache_security_group" {
    fail    = [for r in list(self.ingress) : r if is_public_cidr(r.cidr)]
    at      = "cidr"
    message = "everyone may connect"
  }
  on "AWS::RDS::DBSecurityGroup" "AWS::RDS::DBSecurityGroupIngress" {
    fail    = is_public_cidr(self.CIDRIP, [for r in list(self.DBSecurityGroupIngress) : r.CIDRIP])
    at      = ["DBSecurityGroupIngress", "CIDRIP"]
    message = "everyone may connect"
  }
  on "google_sql_database_instance" {
    fail    = [for n in list(self.settings.ip_configuration.authorized_networks) : n if is_public_cidr(n.value)]
    at      = "value"
    message = "everyone may connect"
  }
  # The instance gets a public address when nothing is said (provider google 6, 2025-01).
  on "google_sql_database_instance" {
    let {
      ip = self.settings.ip_configuration
    }
    when    = present(self.settings) && absent(ip.authorized_networks)
    fail    = ip.ipv4_enabled != false && absent(ip.private_network) || ip.ipv4_enabled == true
    at      = ["settings.ip_configuration.ipv4_enabled", "settings.ip_configuration", "settings"]
    message = "the instance has a public address"
  }
  # True when absent (azurerm 4, 2025-01).  Where firewall rules are written they say who comes in.
  on "azurerm_mssql_server" "azurerm_sql_server" "azurerm_postgresql_server" "azurerm_mysql_server" "azurerm_mariadb_server" "azurerm_search_service" {
    when = present(self.public_network_access_enabled) || length(linked_from(self, "azurerm_mssql_firewall_rule", "azurerm_sql_firewall_rule", "azurerm_postgresql_firewall_rule", "azurerm_mysql_firewall_rule", "azurerm_mariadb_firewall_rule")) == 0
    fail = self.public_network_access_enabled != false
    at   = "public_network_access_enabled"
    fix  = { public_network_access_enabled = false }
  }
  # Where a network is named, it alone reaches the server; so do the ranges of firewall rules of a cache.
  on "azurerm_redis_cache" "azurerm_postgresql_flexible_server" {
    when = absent(self.subnet_id) && absent(self.delegated_subnet_id) && length(linked_from(self, "azurerm_redis_firewall_rule")) == 0
    fail = self.public_network_access_enabled != false
    at   = "public_network_access_enabled"
  }
  on "azurerm_cosmosdb_account" {
    when = absent(self.ip_range_filter) && self.is_virtual_network_filter_enabled != true
    fail = self.public_network_access_enabled != false
    at   = "public_network_access_enabled"
  }
  on "Microsoft.Sql/servers" "Microsoft.DBforPostgreSQL/servers" "Microsoft.DBforMySQL/servers" "Microsoft.DBforMariaDB/servers" "Microsoft.DBforPostgreSQL/flexibleServers" "Microsoft.DBforMySQL/flexibleServers" "Microsoft.Cache/redis" "Microsoft.DocumentDB/databaseAccounts" "Microsoft.Search/searchServices" {
    fail = one_of(either(self.properties.publicNetworkAccess, self.properties.network.publicNetworkAccess), "Enabled")
    at   = ["properties.publicNetworkAccess", "properties.network.publicNetworkAccess"]
  }
  on "azurerm_sql_firewall_rule" "azurerm_mssql_firewall_rule" "azurerm_postgresql_firewall_rule" "azurerm_mysql_firewall_rule" "azurerm_mariadb_firewall_rule" "azurerm_redis_firewall_rule" "azurerm_postgresql_flexible_server_firewall_rule" "azurerm_mysql_flexible_server_firewall_rule" {
    let {
      from = either(self.start_ip_address, self.start_ip)
      to   = either(self.end_ip_address, self.end_ip)
    }
    # 0.0.0.0 alone stands for the services of Azure, except for a cache.
    fail = startswith(from, "0.0.0.0") && (!startswith(to, "0.0.0.0") || self._type == "azurerm_redis_firewall_rule")
    at   = ["end_ip_address", "end_ip"]
  }
  on "Microsoft.Sql/servers/firewallRules" "Microsoft.DBforPostgreSQL/servers/firewallRules" "Microsoft.DBforMySQL/servers/firewallRules" "Microsoft.DBforMariaDB/servers/firewallRules" "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules" "Microsoft.DBforMySQL/flexibleServers/firewallRules" "Microsoft.Cache/redis/firewallRules" {
    fail = startswith(either(self.properties.startIpAddress, self.properties.startIP), "0.0.0.0") && !startswith(either(self.properties.endIpAddress, self.properties.endIP), "0.0.0.0")
    at   = ["properties.endIpAddress", "properties.endIP", "properties"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_db_instance" "x" {
        engine = "postgres"
        publicly_accessible = true
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_mssql_server" "x" {
        name = "s"
        public_network_access_enabled = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_db_instance" "x" {
        engine              = "postgres"
        publicly_accessible = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_mssql_server" "x" {
        name                          = "s"
        public_network_access_enabled = false
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
            PubliclyAccessible: false
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::DMS::ReplicationInstance
          Properties:
            ReplicationInstanceClass: dms.t3.medium
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.Sql/servers/firewallRules", "apiVersion": "2021-11-01", "name": "s/all",
          "properties": { "startIpAddress": "0.0.0.0", "endIpAddress": "255.255.255.255" }
        }]
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_sql_database_instance" "x" {
        database_version = "POSTGRES_16"
        settings {
          tier = "db-f1-micro"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_redis_cache" "x" {
        name      = "r"
        subnet_id = "s"
      }
      resource "aws_neptune_cluster_instance" "x" {
        cluster_identifier = "n"
      }
      resource "google_sql_database_instance" "x" {
        database_version = "POSTGRES_16"
        settings {
          tier = "db-f1-micro"
          ip_configuration {
            ipv4_enabled    = false
            private_network = "n"
          }
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        D:
          Type: AWS::RDS::DBInstance
          Properties:
            Engine: postgres
            PubliclyAccessible: true
    EOT
  }
  example "pass" "cloudformation" {
    text = <<-EOT
      Resources:
        D:
          Type: AWS::RDS::DBInstance
          Properties:
            Engine: postgres
            PubliclyAccessible: false
    EOT
  }
}

rule "FB-COMM-028" {
  title    = "Ports of administration or of data are open to everyone"
  control  = "communications"
  severity = "critical"
  cites    = ["HIPAA 164.312(a)(1)", "GDPR 32"]
  advice   = "Name the networks that may connect."
  peers    = ["CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_260", "CKV_AZURE_9", "CKV_AZURE_10", "CKV_GCP_2", "CKV_GCP_3", "terraform/aws/security_group_with_unrestricted_access_to_ssh", "terraform/aws/remote_desktop_port_open_to_internet", "terraform/gcp/ssh_access_is_not_restricted", "terraform/azure/sensitive_port_is_exposed_to_entire_network", "AWS-0107", "AZU-0047", "AZU-0048", "AZU-0050", "GCP-0027", "GCP-0070", "GCP-0071"]

  # Ports of administration, of databases and of other services that are for the inside.
  let {
    ports = [20, 21, 22, 23, 25, 80, 110, 135, 137, 138, 139, 161, 389, 445, 636, 1433, 1434, 1521, 2375, 2376, 2379, 2383, 3000, 3306, 3389, 5432, 5601, 5672, 5900, 5985, 5986, 6379, 6443, 8000, 8020, 8080, 8140, 8888, 9042, 9090, 9092, 9200, 9300, 11211, 15672, 27017, 27018, 50070]
  }

  on "firewall_rule" {
    let {
      datagrams = [53, 69, 111, 123, 137, 138, 161, 389, 1434, 1900, 11211]
    }
    when = self.direction == "in" && self.action == "allow" && !one_of(self.protocol, "icmp", "icmpv6", "esp", "ah", "1", "58")
    fail = is_public_cidr(self.cidrs) && port_open(self.ports, one_of(self.protocol, "udp", "17") ? datagrams : ports)
    at   = ["destination_port_range", "cidr_blocks", "cidr_ipv4", "source_address_prefix", "source_ranges", "CidrIp", "properties.sourceAddressPrefix", "from_port"]
  }
  # Modules of the registry that are for one service.
  on "module" {
    when = regex_match("security-group/aws//modules/(ssh|rdp|mysql|postgresql|mssql|oracle-db|mongodb|redis|memcached|cassandra|elasticsearch|kafka|docker-swarm|winrm|ldaps|nfs|zookeeper)", self.source)
    fail = is_public_cidr(self.ingress_cidr_blocks, self.ingress_ipv6_cidr_blocks)
    at   = ["ingress_cidr_blocks", "ingress_ipv6_cidr_blocks", "source"]
  }
  on "module" {
    when = strcontains(self.source, "security-group")
    fail = any([for c in join_lists(self.ingress_cidr_blocks) : is_public_cidr(c)]) && any([for r in list(self.ingress_rules) : regex_match("^(ssh|rdp|all|mysql|postgresql|mongodb|redis|elasticsearch|kafka|mssql|memcached|cassandra)", r)])
    at   = ["ingress_cidr_blocks", "ingress_rules"]
  }
  on "module" {
    when = strcontains(self.source, "security-group")
    fail = [for r in list(self.ingress_with_cidr_blocks) : r if is_public_cidr(split(",", r.cidr_blocks)) && port_open(port_ranges(r.from_port, r.to_port), ports)]
    at   = "cidr_blocks"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_security_group" "x" {
        name = "s"
        ingress {
          from_port   = 20
          to_port     = 25
          protocol    = "tcp"
          cidr_blocks = ["0.0.0.0/0"]
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_compute_firewall" "x" {
        name = "f"
        network = "n"
        source_ranges = ["0.0.0.0/0"]
        allow {
          protocol = "tcp"
          ports    = ["3389"]
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        X:
          Type: AWS::EC2::SecurityGroup
          Properties:
            GroupDescription: s
            SecurityGroupIngress:
              - IpProtocol: tcp
                FromPort: 5432
                ToPort: 5432
                CidrIp: 0.0.0.0/0
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_security_group" "x" {
        name = "s"
        ingress {
          from_port   = 22
          to_port     = 22
          protocol    = "tcp"
          cidr_blocks = ["10.1.0.0/16"]
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_compute_firewall" "x" {
        name = "f"
        network = "n"
        source_ranges = ["0.0.0.0/0"]
        allow {
          protocol = "tcp"
          ports    = ["443"]
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        A:
          Type: AWS::EC2::NetworkAclEntry
          Properties:
            NetworkAclId: n
            RuleNumber: 100
            Protocol: 6
            RuleAction: allow
            CidrBlock: 0.0.0.0/0
            PortRange:
              From: 20
              To: 30
    EOT
  }
  example "fail" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2022-01-01", "name": "n",
          "properties": { "securityRules": [{ "name": "ssh", "properties": {
            "access": "Allow", "direction": "Inbound", "protocol": "Tcp",
            "destinationPortRanges": ["20-30"], "sourceAddressPrefix": "Internet" } }] }
        }]
      }
    EOT
  }
  example "pass" "arm" {
    text = <<-EOT
      {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [{
          "type": "Microsoft.Network/networkSecurityGroups/securityRules", "apiVersion": "2022-01-01", "name": "n/ssh",
          "properties": { "access": "Deny", "direction": "Inbound", "protocol": "Tcp",
            "destinationPortRange": "22", "sourceAddressPrefix": "*" }
        }]
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_network_acl" "x" {
        vpc_id = "v"
        ingress {
          rule_no         = 100
          action          = "allow"
          protocol        = "tcp"
          ipv6_cidr_block = "::/0"
          from_port       = 3000
          to_port         = 4000
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      module "m" {
        source              = "terraform-aws-modules/security-group/aws//modules/ssh"
        ingress_cidr_blocks = ["0.0.0.0/0"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_compute_firewall" "x" {
        name          = "f"
        network       = "n"
        disabled      = true
        source_ranges = ["0.0.0.0/0"]
        allow {
          protocol = "tcp"
          ports    = ["22"]
        }
      }
    EOT
  }
}

rule "FB-COMM-029" {
  title    = "Everything may leave a network that holds health data"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Allow only the destinations that are needed."
  peers    = ["CKV_AWS_382", "AWS-0104", "AZU-0051", "GCP-0035", "KUBE-0002"]

  on "firewall_rule" {
    when    = self.direction == "out" && self.action == "allow"
    fail    = is_public_cidr(self.cidrs) && port_open(self.ports, 22) && port_open(self.ports, 25) && port_open(self.ports, 6667)
    at      = ["cidr_blocks", "cidr_ipv4", "destination_ranges"]
    message = "every port to every address is open"
  }
  on "network_policy" {
    fail    = [for e in list(self.egress) : e if absent(e.ports) && (absent(e.to) || any([for t in list(e.to) : is_public_cidr(t.ipBlock.cidr)]))]
    at      = ["to", "egress", "spec.egress"]
    message = "the policy lets everything out"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_security_group" "x" {
        name = "s"
        egress {
          from_port   = 0
          to_port     = 0
          protocol    = "-1"
          cidr_blocks = ["0.0.0.0/0"]
        }
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_compute_firewall" "x" {
        name = "f"
        network = "n"
        direction = "EGRESS"
        destination_ranges = ["0.0.0.0/0"]
        allow {
          protocol = "all"
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_security_group" "x" {
        name = "s"
        egress {
          from_port   = 443
          to_port     = 443
          protocol    = "tcp"
          cidr_blocks = ["0.0.0.0/0"]
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_compute_firewall" "x" {
        name = "f"
        network = "n"
        direction = "EGRESS"
        destination_ranges = ["10.0.0.0/8"]
        allow {
          protocol = "all"
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        A:
          Type: AWS::EC2::SecurityGroupEgress
          Properties:
            GroupId: g
            IpProtocol: "-1"
            CidrIpv6: ::/0
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "kubernetes_network_policy" "x" {
        metadata {
          name = "n"
        }
        spec {
          pod_selector {}
          policy_types = ["Egress"]
          egress {
            to {
              ip_block {
                cidr = "0.0.0.0/0"
              }
            }
          }
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
        policyTypes: [Egress]
        egress:
          - to:
              - ipBlock:
                  cidr: 10.0.0.0/8
            ports:
              - port: 5432
    EOT
  }
}

rule "FB-COMM-030" {
  title    = "An Azure health workspace is reachable from the public network"
  control  = "communications"
  severity = "high"
  cites    = ["HIPAA 164.312(a)(1)", "HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Add a private endpoint and disable public access."
  peers    = []

  on "azurerm_healthcare_workspace" {
    fail = length(linked_from(self, "azurerm_private_endpoint")) == 0
  }
  on "azurerm_healthcare_service" {
    fail = self.public_network_access_enabled != false
    at   = "public_network_access_enabled"
    fix  = { public_network_access_enabled = false }
  }
  on "Microsoft.HealthcareApis/workspaces" "Microsoft.HealthcareApis/workspaces/fhirservices" "Microsoft.HealthcareApis/workspaces/dicomservices" "Microsoft.HealthcareApis/services" {
    fail = one_of(self.properties.publicNetworkAccess, "Enabled")
    at   = "properties.publicNetworkAccess"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_workspace" "x" {
        name = "w"
        location = "westeurope"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_service" "x" {
        name = "s"
        location = "westeurope"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_workspace" "w" {
        name = "w"
        location = "westeurope"
      }
      resource "azurerm_private_endpoint" "x" {
        name = "e"
        private_service_connection {
          name                           = "c"
          private_connection_resource_id = azurerm_healthcare_workspace.w.id
          subresource_names              = ["healthcareworkspace"]
        }
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "azurerm_healthcare_service" "x" {
        name                          = "s"
        public_network_access_enabled = false
      }
    EOT
  }
}

rule "FB-COMM-031" {
  title    = "Health APIs are called over the Internet"
  control  = "communications"
  severity = "medium"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Use a VPC endpoint, Private Google Access or a service perimeter."
  peers    = ["CKV_GCP_74", "terraform/gcp/google_compute_subnetwork_with_private_google_access_disabled", "GCP-0075"]

  # False when absent (provider google 6, 2025-01).
  on "google_compute_subnetwork" {
    when = !one_of(self.purpose, "INTERNAL_HTTPS_LOAD_BALANCER", "REGIONAL_MANAGED_PROXY", "GLOBAL_MANAGED_PROXY")
    fail = self.private_ip_google_access != true
    at   = "private_ip_google_access"
    fix  = { private_ip_google_access = true }
  }
  on "google_access_context_manager_service_perimeter" {
    when    = length(resources("google_healthcare_dataset")) > 0
    fail    = !contains(either(self.status.restricted_services, self.spec.restricted_services), "healthcare.googleapis.com")
    at      = ["status.restricted_services", "status"]
    message = "the perimeter does not hold healthcare.googleapis.com"
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "google_compute_subnetwork" "x" {
        name = "s"
        ip_cidr_range = "10.0.0.0/16"
        network = "n"
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "google_compute_subnetwork" "x" {
        name = "s"
        ip_cidr_range = "10.0.0.0/16"
        network = "n"
        private_ip_google_access = false
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_compute_subnetwork" "x" {
        name                     = "s"
        ip_cidr_range            = "10.0.0.0/16"
        network                  = "n"
        private_ip_google_access = true
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "google_compute_subnetwork" "x" {
        name          = "proxy"
        ip_cidr_range = "10.1.0.0/24"
        network       = "n"
        purpose       = "REGIONAL_MANAGED_PROXY"
      }
    EOT
  }
}

rule "FB-COMM-032" {
  title    = "Files or mail travel in clear"
  control  = "communications"
  severity = "medium"
  cites    = ["HIPAA 164.312(e)(1)", "GDPR 32"]
  advice   = "Use SFTP, AS2 or FTPS, and require TLS for mail."
  peers    = ["CKV_AWS_357", "CKV_AWS_365"]

  on "aws_transfer_server" {
    fail = contains(self.protocols, "FTP")
    at   = "protocols"
  }
  on "AWS::Transfer::Server" {
    fail = contains(self.Protocols, "FTP")
    at   = "Protocols"
  }
  on "AWS::SES::ConfigurationSet" {
    fail = self.DeliveryOptions.TlsPolicy != "REQUIRE"
    at   = ["DeliveryOptions.TlsPolicy", "DeliveryOptions"]
  }
  on "aws_ses_configuration_set" {
    fail = absent(self.delivery_options) || self.delivery_options.tls_policy != "Require"
    at   = ["delivery_options.tls_policy", "delivery_options"]
    fix  = { "delivery_options.tls_policy" = "Require" }
  }
  on "aws_sesv2_configuration_set" {
    fail = self.delivery_options.tls_policy != "REQUIRE"
    at   = ["delivery_options.tls_policy", "delivery_options"]
  }

  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_transfer_server" "x" {
        protocols = ["FTP"]
      }
    EOT
  }
  example "fail" "terraform" {
    text = <<-EOT
      resource "aws_ses_configuration_set" "x" {
        name = "c"
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_transfer_server" "x" {
        protocols = ["SFTP"]
      }
    EOT
  }
  example "pass" "terraform" {
    text = <<-EOT
      resource "aws_ses_configuration_set" "x" {
        name = "c"
        delivery_options {
          tls_policy = "Require"
        }
      }
    EOT
  }
  example "fail" "cloudformation" {
    text = <<-EOT
      Resources:
        A:
          Type: AWS::Transfer::Server
          Properties:
            Protocols: [SFTP, FTP]
    EOT
  }
}
