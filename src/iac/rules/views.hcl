# Views: one set of names for what many languages write differently.  docs/scan-rules.md
# lists the fields.

# What the API server of Kubernetes fills in where a manifest is silent (1.31, 2024-08; for years before it, too).
locals {
  kubernetes = {
    automountServiceAccountToken = true
    serviceAccountName           = "default"
    protocol                     = "TCP"
    hostNetwork                  = false
    hostPID                      = false
    hostIPC                      = false
    privileged                   = false
    allowPrivilegeEscalation     = true
    readOnlyRootFilesystem       = false
  }
}

# ---- container: one row for each container of a workload ----

view "container" {
  # A pod, or what makes pods from a template.  Knative has both in kinds of its own, one of them called Service.
  from "Pod" "Deployment" "StatefulSet" "DaemonSet" "ReplicaSet" "ReplicationController" "DeploymentConfig" "Job" "CronJob" "Revision" "Configuration" "ContainerSource" "Service" {
    let {
      template = either(self.spec.jobTemplate.spec.template, self.spec.template, self)
      pod      = template.spec
      account  = either(pod.serviceAccountName, pod.serviceAccount, local.kubernetes.serviceAccountName)
    }
    when         = self._type != "Service" || startswith(self.apiVersion, "serving.knative.dev/")
    each         = join_lists(pod.containers, pod.initContainers, pod.ephemeralContainers)
    name         = it.name
    image        = it.image
    env          = env(it.envFrom, it.env)
    ports        = [for p in list(it.ports) : { container = p.containerPort, host = either(p.hostPort, pod.hostNetwork ? p.containerPort : null), protocol = either(p.protocol, local.kubernetes.protocol) }]
    user         = either(it.securityContext.runAsUser, pod.securityContext.runAsUser)
    non_root     = it.securityContext.runAsNonRoot == null ? pod.securityContext.runAsNonRoot : it.securityContext.runAsNonRoot
    privileged   = either(it.securityContext.privileged, local.kubernetes.privileged)
    escalation   = either(it.securityContext.allowPrivilegeEscalation, local.kubernetes.allowPrivilegeEscalation)
    read_only    = either(it.securityContext.readOnlyRootFilesystem, local.kubernetes.readOnlyRootFilesystem)
    cap_add      = list(it.securityContext.capabilities.add)
    cap_drop     = list(it.securityContext.capabilities.drop)
    seccomp      = either(it.securityContext.seccompProfile.type, pod.securityContext.seccompProfile.type)
    mounts       = [for m in list(it.volumeMounts) : { source = [for v in list(pod.volumes) : v.hostPath.path if v.name == m.name && v.hostPath != null], target = m.mountPath, read_only = m.readOnly }]
    memory_limit = it.resources.limits.memory
    cpu_limit    = it.resources.limits.cpu
    command      = join_lists(it.command, it.args)
    host_network = either(pod.hostNetwork, local.kubernetes.hostNetwork)
    host_pid     = either(pod.hostPID, local.kubernetes.hostPID)
    host_ipc     = either(pod.hostIPC, local.kubernetes.hostIPC)
    labels       = template.metadata.labels
    annotations  = either(template.metadata.annotations, self.metadata.annotations)
    files        = join_lists([for v in list(pod.volumes) : [for m in where("ConfigMap", "metadata.name", either(v.configMap.name, first([for s in list(v.projected.sources) : s.configMap.name if present(s.configMap.name)]))) : m.data]]...)
    # a file of settings that is not among those that are scanned
    unread       = any([for v in list(pod.volumes) : present(v.configMap.name) && length(where("ConfigMap", "metadata.name", v.configMap.name)) == 0])
    spec         = pod
    definition   = it
    platform     = "kubernetes"
    # Always for a tag that moves.
    pull_policy     = either(it.imagePullPolicy, absent(image(it.image).digest) && one_of(image(it.image).tag, "", "latest") ? "Always" : "IfNotPresent")
    service_account = account
    # What the pod says wins over what its account says.
    mounts_token = either(pod.automountServiceAccountToken, first([for a in where("ServiceAccount", "metadata.name", account) : a.automountServiceAccountToken if absent(a.metadata.namespace) || absent(self.metadata.namespace) || a.metadata.namespace == self.metadata.namespace]), local.kubernetes.automountServiceAccountToken)
  }

  from "service" {
    name         = self._name
    image        = self.image
    env          = self.environment
    ports        = [for p in list(self.ports) : { container = p.target, host = p.published, address = p.host_ip }]
    user         = self.user
    privileged   = self.privileged
    escalation   = !any([for o in list(self.security_opt) : regex_match("^no-new-privileges([:=]true)?$", o)])
    read_only    = self.read_only
    cap_add      = list(self.cap_add)
    cap_drop     = list(self.cap_drop)
    seccomp      = first([for o in list(self.security_opt) : replace(replace(o, "seccomp:", ""), "seccomp=", "") if startswith(o, "seccomp")])
    security_opt = list(self.security_opt)
    mounts       = list(self.volumes)
    memory_limit = either(self.mem_limit, self.deploy.resources.limits.memory)
    cpu_limit    = either(self.cpus, self.deploy.resources.limits.cpus, self.cpu_quota, self.cpu_shares)
    command      = join_lists(self.entrypoint, self.command)
    host_network = self.network_mode == "host"
    host_pid     = self.pid == "host"
    host_ipc     = self.ipc == "host"
    files        = [for c in list(self.configs) : { (either(c.target, c.source)) = first([for r in linked_to(self, "config") : r.content if r._name == c.source]) } if present(c.source)]
    unread       = any([for m in list(self.volumes) : regex_match("(?i)(config|application|appsettings)[^/]*(\\.(ya?ml|json|properties))?/?$", m.target)]) || any([for f in self.files : absent(first(values(f)))])
    labels       = self.labels
    definition   = self
    platform     = "compose"
  }

  from "stage" {
    when       = self.final == true
    name       = self._name
    image      = self.from.image
    env        = self.env
    ports      = [for p in list(self.exposed) : { container = p }]
    user       = self.user
    command    = join_lists(self.entrypoint.arguments, self.cmd.arguments)
    labels     = self.labels
    definition = self
    platform   = "dockerfile"
  }

  from "aws_ecs_task_definition" {
    each         = list(json(self.container_definitions))
    name         = it.name
    image        = it.image
    env          = env(it.environmentFiles == null ? null : [{ configMapRef = { name = "a file in S3" } }], [for s in list(it.secrets) : { name = s.name, value = { secret = s.valueFrom } }], it.environment)
    ports        = [for p in list(it.portMappings) : { container = p.containerPort, host = p.hostPort }]
    user         = it.user
    privileged   = it.privileged
    read_only    = it.readonlyRootFilesystem
    cap_add      = list(it.linuxParameters.capabilities.add)
    cap_drop     = list(it.linuxParameters.capabilities.drop)
    memory_limit = either(it.memory, self.memory)
    cpu_limit    = either(it.cpu, self.cpu)
    command      = join_lists(it.entryPoint, it.command)
    host_network = self.network_mode == "host"
    host_pid     = self.pid_mode == "host"
    host_ipc     = self.ipc_mode == "host"
    definition   = it
    platform     = "ecs"
  }

  from "AWS::ECS::TaskDefinition" {
    each         = list(self.ContainerDefinitions)
    name         = it.Name
    image        = it.Image
    env          = env(it.EnvironmentFiles == null ? null : [{ configMapRef = { name = "a file in S3" } }], [for s in list(it.Secrets) : { name = s.Name, value = { secret = s.ValueFrom } }], it.Environment)
    ports        = [for p in list(it.PortMappings) : { container = p.ContainerPort, host = p.HostPort }]
    user         = it.User
    privileged   = it.Privileged
    read_only    = it.ReadonlyRootFilesystem
    cap_add      = list(it.LinuxParameters.Capabilities.Add)
    cap_drop     = list(it.LinuxParameters.Capabilities.Drop)
    memory_limit = either(it.Memory, self.Memory)
    cpu_limit    = either(it.Cpu, self.Cpu)
    command      = join_lists(it.EntryPoint, it.Command)
    host_network = self.NetworkMode == "host"
    host_pid     = self.PidMode == "host"
    host_ipc     = self.IpcMode == "host"
    definition   = it
    platform     = "ecs"
  }

  from "aws_batch_job_definition" {
    each       = list(json(self.container_properties))
    name       = self.name
    image      = it.image
    env        = env(it.environment)
    user       = it.user
    privileged = it.privileged
    read_only  = it.readonlyRootFilesystem
    command    = list(it.command)
    definition = it
    platform   = "batch"
  }
  from "AWS::Batch::JobDefinition" {
    each       = list(self.ContainerProperties)
    name       = self._name
    image      = it.Image
    env        = env(it.Environment)
    user       = it.User
    privileged = it.Privileged
    read_only  = it.ReadonlyRootFilesystem
    command    = list(it.Command)
    definition = it
    platform   = "batch"
  }
  from "google_cloud_run_service" {
    each         = list(self.template.spec.containers)
    name         = it.name
    image        = it.image
    env          = env(it.env)
    ports        = [for p in list(it.ports) : { container = p.container_port }]
    memory_limit = it.resources.limits.memory
    cpu_limit    = it.resources.limits.cpu
    command      = join_lists(it.command, it.args)
    definition   = it
    platform     = "cloudrun"
  }

  from "google_cloud_run_v2_service" {
    each         = list(self.template.containers)
    name         = it.name
    image        = it.image
    env          = env(it.env)
    ports        = [for p in list(it.ports) : { container = p.container_port }]
    memory_limit = it.resources.limits.memory
    cpu_limit    = it.resources.limits.cpu
    command      = join_lists(it.command, it.args)
    definition   = it
    platform     = "cloudrun"
  }
}

# ---- object_store: a bucket with everything that is split off it ----

view "object_store" {
  from "aws_s3_bucket" {
    let {
      access    = linked_from(self, "aws_s3_bucket_public_access_block")
      crypt     = linked_from(self, "aws_s3_bucket_server_side_encryption_configuration")
      versions  = linked_from(self, "aws_s3_bucket_versioning")
      logs      = linked_from(self, "aws_s3_bucket_logging")
      locks     = linked_from(self, "aws_s3_bucket_object_lock_configuration")
      cycles    = linked_from(self, "aws_s3_bucket_lifecycle_configuration")
      policies  = linked_from(self, "aws_s3_bucket_policy")
      acls      = linked_from(self, "aws_s3_bucket_acl")
      crypt_by  = either(first(crypt).rule.apply_server_side_encryption_by_default, self.server_side_encryption_configuration.rule.apply_server_side_encryption_by_default)
    }
    provider         = "aws"
    name             = self.bucket
    acl              = either(first(acls).acl, self.acl)
    public_block     = first(access) == null ? null : { acls = first(access).block_public_acls == true, policy = first(access).block_public_policy == true, ignore = first(access).ignore_public_acls == true, restrict = first(access).restrict_public_buckets == true }
    encryption       = crypt_by.sse_algorithm
    kms_key          = crypt_by.kms_master_key_id
    versioning       = one_of(either(first(versions).versioning_configuration.status, self.versioning.enabled, self.versioning.status), "Enabled", "true")
    mfa_delete       = one_of(either(first(versions).versioning_configuration.mfa_delete, self.versioning.mfa_delete), "Enabled", "true")
    log_target       = either(first(logs).target_bucket, self.logging.target_bucket)
    object_lock      = length(locks) > 0 || self.object_lock_enabled == true || self.object_lock_configuration.object_lock_enabled == "Enabled"
    lifecycle        = length(cycles) > 0 || present(self.lifecycle_rule)
    statements       = statements(self.policy, first(policies).policy)
    labels           = tags(self)
  }

  from "AWS::S3::Bucket" {
    let {
      block    = self.PublicAccessBlockConfiguration
      crypt    = first(self.BucketEncryption.ServerSideEncryptionConfiguration).ServerSideEncryptionByDefault
      policies = linked_from(self, "AWS::S3::BucketPolicy")
    }
    provider     = "aws"
    name         = self.BucketName
    acl          = self.AccessControl
    public_block = block == null ? null : { acls = block.BlockPublicAcls == true, policy = block.BlockPublicPolicy == true, ignore = block.IgnorePublicAcls == true, restrict = block.RestrictPublicBuckets == true }
    encryption   = crypt.SSEAlgorithm
    kms_key      = crypt.KMSMasterKeyID
    versioning   = self.VersioningConfiguration.Status == "Enabled"
    log_target   = either(self.LoggingConfiguration.DestinationBucketName, self.LoggingConfiguration)
    object_lock  = self.ObjectLockEnabled == true
    lifecycle    = present(self.LifecycleConfiguration)
    statements   = join_lists([for p in policies : statements(p.PolicyDocument)]...)
    labels       = tags(self)
  }

  from "google_storage_bucket" {
    provider     = "google"
    name         = self.name
    public_block = self.public_access_prevention == "enforced" ? { acls = true, policy = true, ignore = true, restrict = true } : null
    encryption   = "AES256"
    kms_key      = self.encryption.default_kms_key_name
    versioning   = self.versioning.enabled == true
    log_target   = either(self.logging.log_bucket, self.logging)
    object_lock  = self.retention_policy.is_locked == true
    lifecycle    = present(self.lifecycle_rule)
    uniform      = self.uniform_bucket_level_access == true
    members      = join_lists([for b in linked_from(self, "google_storage_bucket_iam_member", "google_storage_bucket_iam_binding") : either(b.member, b.members)]...)
    labels       = tags(self)
  }

  from "azurerm_storage_account" {
    provider     = "azure"
    name         = self.name
    public_block = self.allow_nested_items_to_be_public == false || self.allow_blob_public_access == false ? { acls = true, policy = true, ignore = true, restrict = true } : null
    encryption   = "AES256"
    kms_key      = either(first(linked_from(self, "azurerm_storage_account_customer_managed_key")).key_name, self.customer_managed_key.key_vault_key_id)
    versioning   = self.blob_properties.versioning_enabled == true
    https_only   = either(self.https_traffic_only_enabled, self.enable_https_traffic_only)
    min_tls      = min_tls(self.min_tls_version)
    labels       = tags(self)
  }

  from "Microsoft.Storage/storageAccounts" {
    provider     = "azure"
    name         = self.name
    public_block = self.properties.allowBlobPublicAccess == false ? { acls = true, policy = true, ignore = true, restrict = true } : null
    encryption   = "AES256"
    kms_key      = self.properties.encryption.keyvaultproperties.keyname
    https_only   = self.properties.supportsHttpsTrafficOnly
    min_tls      = min_tls(self.properties.minimumTlsVersion)
    labels       = tags(self)
  }
}

# ---- firewall_rule: who may connect to which ports; one row for each rule ----

view "firewall_rule" {
  from "aws_security_group" "aws_default_security_group" {
    each        = join_lists(self.ingress)
    direction   = "in"
    action      = "allow"
    protocol    = it.protocol
    ports       = it.protocol == "-1" || it.protocol == "all" ? port_ranges("*") : port_ranges(it.from_port, it.to_port)
    cidrs       = join_lists(it.cidr_blocks, it.ipv6_cidr_blocks)
    description = it.description
  }
  from "aws_security_group" "aws_default_security_group" {
    each        = join_lists(self.egress)
    direction   = "out"
    action      = "allow"
    protocol    = it.protocol
    ports       = it.protocol == "-1" || it.protocol == "all" ? port_ranges("*") : port_ranges(it.from_port, it.to_port)
    cidrs       = join_lists(it.cidr_blocks, it.ipv6_cidr_blocks)
    description = it.description
  }
  from "aws_security_group_rule" {
    direction   = self.type == "egress" ? "out" : "in"
    action      = "allow"
    protocol    = self.protocol
    ports       = self.protocol == "-1" || self.protocol == "all" ? port_ranges("*") : port_ranges(self.from_port, self.to_port)
    cidrs       = join_lists(self.cidr_blocks, self.ipv6_cidr_blocks)
    description = self.description
  }
  from "aws_vpc_security_group_ingress_rule" {
    direction   = "in"
    action      = "allow"
    protocol    = self.ip_protocol
    ports       = self.ip_protocol == "-1" ? port_ranges("*") : port_ranges(self.from_port, self.to_port)
    cidrs       = join_lists(self.cidr_ipv4, self.cidr_ipv6)
    description = self.description
  }
  from "aws_vpc_security_group_egress_rule" {
    direction   = "out"
    action      = "allow"
    protocol    = self.ip_protocol
    ports       = self.ip_protocol == "-1" ? port_ranges("*") : port_ranges(self.from_port, self.to_port)
    cidrs       = join_lists(self.cidr_ipv4, self.cidr_ipv6)
    description = self.description
  }
  from "module" {
    when        = regex_match("^(registry\\.terraform\\.io/)?terraform-aws-modules/security-group/aws", self.source)
    each        = join_lists(self.ingress, self.ingress_with_cidr_blocks)
    direction   = "in"
    action      = "allow"
    protocol    = it.protocol
    ports       = it.protocol == "-1" ? port_ranges("*") : port_ranges(it.from_port, it.to_port)
    cidrs       = join_lists(self.ingress_cidr_blocks, it.ipv6_cidr_blocks, [for c in list(it.cidr_blocks) : split(",", c)]...)
    description = it.description
  }
  from "aws_network_acl_rule" {
    direction = self.egress == true ? "out" : "in"
    action    = lower(self.rule_action)
    protocol  = self.protocol
    ports     = one_of(self.protocol, "-1", "all") ? port_ranges("*") : port_ranges(self.from_port, self.to_port)
    cidrs     = join_lists(self.cidr_block, self.ipv6_cidr_block)
  }
  from "aws_network_acl" "aws_default_network_acl" {
    each      = join_lists([for r in list(self.ingress) : { rule = r, way = "in" }], [for r in list(self.egress) : { rule = r, way = "out" }])
    direction = it.way
    action    = lower(either(it.rule.action, it.rule.rule_action))
    protocol  = it.rule.protocol
    ports     = one_of(it.rule.protocol, "-1", "all") ? port_ranges("*") : port_ranges(it.rule.from_port, it.rule.to_port)
    cidrs     = join_lists(it.rule.cidr_block, it.rule.ipv6_cidr_block)
  }
  # EC2 looks at the length alone: "10.0.0.1/0" is everyone.
  from "AWS::EC2::SecurityGroup" {
    each        = join_lists([for r in list(self.SecurityGroupIngress) : { rule = r, way = "in" }], [for r in list(self.SecurityGroupEgress) : { rule = r, way = "out" }])
    direction   = it.way
    action      = "allow"
    protocol    = it.rule.IpProtocol
    ports       = one_of(it.rule.IpProtocol, "-1", "all") ? port_ranges("*") : port_ranges(it.rule.FromPort, it.rule.ToPort)
    cidrs       = [for c in join_lists(it.rule.CidrIp, it.rule.CidrIpv6) : endswith(c, "/0") ? "0.0.0.0/0" : c]
    description = it.rule.Description
  }
  from "AWS::EC2::SecurityGroupIngress" "AWS::EC2::SecurityGroupEgress" {
    direction   = self._type == "AWS::EC2::SecurityGroupEgress" ? "out" : "in"
    action      = "allow"
    protocol    = self.IpProtocol
    ports       = one_of(self.IpProtocol, "-1", "all") ? port_ranges("*") : port_ranges(self.FromPort, self.ToPort)
    cidrs       = [for c in join_lists(self.CidrIp, self.CidrIpv6) : endswith(c, "/0") ? "0.0.0.0/0" : c]
    description = self.Description
  }
  from "AWS::EC2::NetworkAclEntry" {
    direction = self.Egress == true ? "out" : "in"
    action    = lower(self.RuleAction)
    protocol  = self.Protocol
    ports     = one_of(self.Protocol, "-1", "all") ? port_ranges("*") : port_ranges(self.PortRange.From, self.PortRange.To)
    cidrs     = [for c in join_lists(self.CidrBlock, self.Ipv6CidrBlock) : endswith(c, "/0") ? "0.0.0.0/0" : c]
  }
  from "azurerm_network_security_rule" {
    direction   = one_of(self.direction, "Outbound") ? "out" : "in"
    action      = lower(self.access)
    protocol    = self.protocol
    ports       = port_ranges(join_lists(self.destination_port_range, self.destination_port_ranges))
    cidrs       = direction_cidrs
    description = self.description
    let {
      given           = one_of(self.direction, "Outbound") ? join_lists(self.destination_address_prefix, self.destination_address_prefixes) : join_lists(self.source_address_prefix, self.source_address_prefixes)
      # Azure looks at the length alone: "1.1.1.1/0" is everyone.
      direction_cidrs = [for c in given : endswith(c, "/0") ? "0.0.0.0/0" : c]
    }
  }
  from "azurerm_network_security_group" {
    each        = list(self.security_rule)
    direction   = one_of(it.direction, "Outbound") ? "out" : "in"
    action      = lower(it.access)
    protocol    = it.protocol
    ports       = port_ranges(join_lists(it.destination_port_range, it.destination_port_ranges))
    cidrs       = [for c in (one_of(it.direction, "Outbound") ? join_lists(it.destination_address_prefix, it.destination_address_prefixes) : join_lists(it.source_address_prefix, it.source_address_prefixes)) : endswith(c, "/0") ? "0.0.0.0/0" : c]
    description = it.description
  }
  from "Microsoft.Network/networkSecurityGroups" "Microsoft.Network/networkSecurityGroups/securityRules" {
    each        = self._type == "Microsoft.Network/networkSecurityGroups" ? list(self.properties.securityRules) : [self]
    direction   = one_of(it.properties.direction, "Outbound") ? "out" : "in"
    action      = lower(it.properties.access)
    protocol    = it.properties.protocol
    ports       = port_ranges(join_lists(it.properties.destinationPortRange, it.properties.destinationPortRanges))
    cidrs       = [for c in (one_of(it.properties.direction, "Outbound") ? join_lists(it.properties.destinationAddressPrefix, it.properties.destinationAddressPrefixes) : join_lists(it.properties.sourceAddressPrefix, it.properties.sourceAddressPrefixes)) : endswith(c, "/0") ? "0.0.0.0/0" : c]
    description = it.properties.description
  }
  from "google_compute_firewall" {
    when        = self.disabled != true
    each        = join_lists([for a in list(self.allow) : { block = a, action = "allow" }], [for d in list(self.deny) : { block = d, action = "deny" }])
    direction   = self.direction == "EGRESS" ? "out" : "in"
    action      = it.action
    protocol    = it.block.protocol
    ports       = absent(it.block.ports) ? port_ranges("*") : port_ranges(it.block.ports)
    cidrs       = self.direction == "EGRESS" ? (self.destination_ranges == null ? ["0.0.0.0/0"] : list(self.destination_ranges)) : (self.source_ranges == null && absent(self.source_tags) && absent(self.source_service_accounts) ? ["0.0.0.0/0"] : list(self.source_ranges))
    description = self.description
  }
}

# ---- statement: each statement of each policy ----

view "statement" {
  from "aws_iam_policy" "aws_iam_role_policy" "aws_iam_user_policy" "aws_iam_group_policy" "aws_ssoadmin_permission_set_inline_policy" {
    each           = statements(either(self.policy, self.inline_policy))
    kind           = "identity"
    effect         = it.effect
    actions        = it.actions
    not_actions    = it.not_actions
    resources      = it.resources
    not_resources  = it.not_resources
    principals     = it.principals
    not_principals = it.not_principals
    condition      = it.condition
    sid            = it.sid
  }
  from "aws_iam_role" {
    each           = statements(self.assume_role_policy)
    kind           = "trust"
    effect         = it.effect
    actions        = it.actions
    not_actions    = it.not_actions
    resources      = it.resources
    not_resources  = it.not_resources
    principals     = it.principals
    not_principals = it.not_principals
    condition      = it.condition
    sid            = it.sid
  }
  from "aws_iam_role" {
    each           = join_lists([for p in list(self.inline_policy) : statements(p.policy)]...)
    kind           = "identity"
    effect         = it.effect
    actions        = it.actions
    not_actions    = it.not_actions
    resources      = it.resources
    not_resources  = it.not_resources
    principals     = it.principals
    not_principals = it.not_principals
    condition      = it.condition
    sid            = it.sid
  }
  from "data.aws_iam_policy_document" {
    each           = statements(self)
    kind           = any([for s in list(self.statement) : present(s.principals)]) ? "resource" : "identity"
    effect         = it.effect
    actions        = it.actions
    not_actions    = it.not_actions
    resources      = it.resources
    not_resources  = it.not_resources
    principals     = it.principals
    not_principals = it.not_principals
    condition      = it.condition
    sid            = it.sid
  }
  from "aws_s3_bucket_policy" "aws_sns_topic_policy" "aws_sqs_queue_policy" "aws_kms_key" "aws_sqs_queue" "aws_sns_topic" "aws_ecr_repository_policy" "aws_secretsmanager_secret_policy" "aws_s3_bucket" "aws_elasticsearch_domain_policy" "aws_efs_file_system_policy" "aws_vpc_endpoint" "aws_kms_key_policy" "aws_glacier_vault" {
    each           = statements(either(self.policy, self.access_policies, self.access_policy))
    kind           = "resource"
    effect         = it.effect
    actions        = it.actions
    not_actions    = it.not_actions
    resources      = it.resources
    not_resources  = it.not_resources
    principals     = it.principals
    not_principals = it.not_principals
    condition      = it.condition
    sid            = it.sid
  }
  from "AWS::IAM::Policy" "AWS::IAM::ManagedPolicy" {
    each           = statements(self.PolicyDocument)
    kind           = "identity"
    effect         = it.effect
    actions        = it.actions
    not_actions    = it.not_actions
    resources      = it.resources
    not_resources  = it.not_resources
    principals     = it.principals
    not_principals = it.not_principals
    condition      = it.condition
    sid            = it.sid
  }
  from "AWS::IAM::Role" "AWS::IAM::User" "AWS::IAM::Group" {
    each           = join_lists([for p in list(self.Policies) : statements(p.PolicyDocument)]...)
    kind           = "identity"
    effect         = it.effect
    actions        = it.actions
    not_actions    = it.not_actions
    resources      = it.resources
    not_resources  = it.not_resources
    principals     = it.principals
    not_principals = it.not_principals
    condition      = it.condition
    sid            = it.sid
  }
  from "AWS::IAM::Role" {
    each           = statements(self.AssumeRolePolicyDocument)
    kind           = "trust"
    effect         = it.effect
    actions        = it.actions
    not_actions    = it.not_actions
    resources      = it.resources
    not_resources  = it.not_resources
    principals     = it.principals
    not_principals = it.not_principals
    condition      = it.condition
    sid            = it.sid
  }
  from "AWS::S3::BucketPolicy" "AWS::SQS::QueuePolicy" "AWS::SNS::TopicPolicy" {
    each           = statements(self.PolicyDocument)
    kind           = "resource"
    effect         = it.effect
    actions        = it.actions
    not_actions    = it.not_actions
    resources      = it.resources
    not_resources  = it.not_resources
    principals     = it.principals
    not_principals = it.not_principals
    condition      = it.condition
    sid            = it.sid
  }
  from "AWS::KMS::Key" {
    each           = statements(self.KeyPolicy)
    kind           = "resource"
    effect         = it.effect
    actions        = it.actions
    not_actions    = it.not_actions
    resources      = it.resources
    not_resources  = it.not_resources
    principals     = it.principals
    not_principals = it.not_principals
    condition      = it.condition
    sid            = it.sid
  }
  from "Role" "ClusterRole" {
    each      = list(self.rules)
    kind      = "rbac"
    effect    = "Allow"
    actions   = list(it.verbs)
    resources = list(it.resources)
    groups    = list(it.apiGroups)
    names     = list(it.resourceNames)
    urls      = list(it.nonResourceURLs)
  }
}

# ---- database: relational and document stores, caches, warehouses, search ----

view "database" {
  from "aws_db_instance" "aws_rds_cluster" "aws_docdb_cluster" "aws_neptune_cluster" "aws_rds_global_cluster" {
    kind                = "relational"
    provider            = "aws"
    engine              = self.engine
    encrypted           = self.storage_encrypted
    kms_key             = self.kms_key_id
    public              = self.publicly_accessible
    backup_days         = self.backup_retention_period
    deletion_protection = self.deletion_protection
    iam_auth            = self.iam_database_authentication_enabled
    log_exports         = list(self.enabled_cloudwatch_logs_exports)
    copy_of             = either(self.replicate_source_db, self.snapshot_identifier, self.replication_source_identifier)
    labels              = tags(self)
  }
  from "AWS::RDS::DBInstance" "AWS::RDS::DBCluster" "AWS::DocDB::DBCluster" "AWS::Neptune::DBCluster" {
    kind                = "relational"
    provider            = "aws"
    engine              = self.Engine
    encrypted           = self.StorageEncrypted
    kms_key             = self.KmsKeyId
    public              = self.PubliclyAccessible
    backup_days         = self.BackupRetentionPeriod
    deletion_protection = self.DeletionProtection
    iam_auth            = either(self.EnableIAMDatabaseAuthentication, self.IamAuthEnabled)
    log_exports         = list(self.EnableCloudwatchLogsExports)
    copy_of             = either(self.SourceDBInstanceIdentifier, self.DBSnapshotIdentifier, self.SnapshotIdentifier, self.SourceDBClusterIdentifier)
    labels              = tags(self)
  }
  from "google_sql_database_instance" {
    let {
      ip = self.settings.ip_configuration
    }
    kind                = "relational"
    provider            = "google"
    engine              = self.database_version
    encrypted           = true
    kms_key             = self.encryption_key_name
    public              = is_public_cidr([for n in list(ip.authorized_networks) : n.value])
    public_address      = ip.ipv4_enabled
    tls_required        = ip.ssl_mode == null ? ip.require_ssl : one_of(ip.ssl_mode, "ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED")
    backup              = self.settings.backup_configuration.enabled
    backup_days         = self.settings.backup_configuration.backup_retention_settings.retained_backups
    deletion_protection = self.deletion_protection
    flags               = { for f in list(self.settings.database_flags) : f.name => f.value }
    copy_of             = self.master_instance_name
    labels              = tags(self)
  }
  from "azurerm_postgresql_server" "azurerm_mysql_server" "azurerm_mariadb_server" "azurerm_postgresql_flexible_server" "azurerm_mysql_flexible_server" "azurerm_mssql_server" "azurerm_sql_server" {
    kind         = "relational"
    provider     = "azure"
    engine       = self._type
    encrypted    = true
    public       = self.public_network_access_enabled
    tls_required = self.ssl_enforcement_enabled
    min_tls      = min_tls(either(self.ssl_minimal_tls_version_enforced, self.minimum_tls_version))
    backup_days  = self.backup_retention_days
    geo_backup   = self.geo_redundant_backup_enabled
    labels       = tags(self)
  }
  from "aws_dynamodb_table" {
    kind                = "table"
    provider            = "aws"
    engine              = "dynamodb"
    encrypted           = true
    kms_key             = self.server_side_encryption.enabled == true ? either(self.server_side_encryption.kms_key_arn, "aws/dynamodb") : null
    point_in_time       = self.point_in_time_recovery.enabled
    deletion_protection = self.deletion_protection_enabled
    labels              = tags(self)
  }
  from "aws_elasticache_replication_group" {
    kind        = "cache"
    provider    = "aws"
    engine      = either(self.engine, "redis")
    encrypted   = self.at_rest_encryption_enabled
    kms_key     = self.kms_key_id
    tls_required = self.transit_encryption_enabled
    backup_days = self.snapshot_retention_limit
    labels      = tags(self)
  }
  from "aws_elasticsearch_domain" "aws_opensearch_domain" {
    kind         = "search"
    provider     = "aws"
    engine       = "opensearch"
    encrypted    = self.encrypt_at_rest.enabled
    kms_key      = self.encrypt_at_rest.kms_key_id
    tls_required = self.domain_endpoint_options.enforce_https
    min_tls      = min_tls(self.domain_endpoint_options.tls_security_policy)
    node_to_node = self.node_to_node_encryption.enabled
    labels       = tags(self)
  }
  from "aws_redshift_cluster" {
    kind        = "warehouse"
    provider    = "aws"
    engine      = "redshift"
    encrypted   = self.encrypted
    kms_key     = self.kms_key_id
    public      = self.publicly_accessible
    backup_days = self.automated_snapshot_retention_period
    labels      = tags(self)
  }
}

# ---- listener: where clients connect ----

view "listener" {
  from "aws_lb_listener" "aws_alb_listener" {
    let {
      action = first([for a in list(self.default_action) : a if a.type == "redirect"])
    }
    # HTTP when absent (application load balancers).
    protocol    = self.protocol == null && self.port != null ? "HTTP" : upper(self.protocol)
    port        = self.port
    policy      = self.ssl_policy
    min_tls     = min_tls(self.ssl_policy)
    certificate = self.certificate_arn
    redirects   = action != null && one_of(action.redirect.protocol, "HTTPS")
    internal    = first(linked_to(self, "aws_lb", "aws_alb")).internal
  }
  from "AWS::ElasticLoadBalancingV2::Listener" {
    let {
      action = first([for a in list(self.DefaultActions) : a if a.Type == "redirect"])
    }
    protocol    = upper(self.Protocol)
    port        = self.Port
    policy      = self.SslPolicy
    min_tls     = min_tls(self.SslPolicy)
    certificate = first(self.Certificates).CertificateArn
    redirects   = action != null && one_of(action.RedirectConfig.Protocol, "HTTPS")
  }
  from "aws_elb" {
    each        = list(self.listener)
    protocol    = upper(it.lb_protocol)
    port        = it.lb_port
    certificate = it.ssl_certificate_id
    redirects   = false
    internal    = self.internal
  }
  from "AWS::ElasticLoadBalancing::LoadBalancer" {
    each        = list(self.Listeners)
    protocol    = upper(it.Protocol)
    port        = it.LoadBalancerPort
    certificate = it.SSLCertificateId
    redirects   = false
    internal    = self.Scheme == "internal"
  }
  from "google_compute_global_forwarding_rule" "google_compute_forwarding_rule" {
    protocol = length(linked_to(self, "google_compute_target_http_proxy", "google_compute_region_target_http_proxy")) > 0 ? "HTTP" : "HTTPS"
    when     = present(self.target)
    port     = self.port_range
    redirects = any([for p in linked_to(self, "google_compute_target_http_proxy") : any([for m in linked_to(p, "google_compute_url_map") : m.default_url_redirect.https_redirect == true])])
  }
  from "azurerm_application_gateway" {
    each      = list(self.http_listener)
    protocol  = upper(it.protocol)
    policy    = either(self.ssl_policy.policy_name, self.ssl_policy.min_protocol_version)
    min_tls   = min_tls(either(self.ssl_policy.policy_name, self.ssl_policy.min_protocol_version))
    redirects = any([for r in list(self.request_routing_rule) : r.http_listener_name == it.name && present(r.redirect_configuration_name)])
  }
  from "Gateway" {
    when      = startswith(self.apiVersion, "gateway.networking.k8s.io/")
    each      = list(self.spec.listeners)
    protocol  = upper(it.protocol)
    port      = it.port
    redirects = any([for r in resources("HTTPRoute") : any([for x in list(r.spec.rules) : any([for f in list(x.filters) : f.requestRedirect.scheme == "https"])])])
  }
}

# ---- log_sink: where logs are kept ----

view "log_sink" {
  from "aws_cloudwatch_log_group" {
    provider       = "aws"
    name           = self.name
    retention_days = self.retention_in_days == 0 ? null : self.retention_in_days
    kms_key        = self.kms_key_id
  }
  from "AWS::Logs::LogGroup" {
    provider       = "aws"
    name           = self.LogGroupName
    retention_days = self.RetentionInDays
    kms_key        = self.KmsKeyId
  }
  from "azurerm_log_analytics_workspace" {
    provider       = "azure"
    name           = self.name
    retention_days = self.retention_in_days == null ? 30 : self.retention_in_days
  }
  from "google_logging_project_bucket_config" {
    provider       = "google"
    name           = self.bucket_id
    retention_days = self.retention_days == null ? 30 : self.retention_days
    kms_key        = self.cmek_settings.kms_key_name
    locked         = self.locked
  }
}

# ---- key: keys that encrypt or sign ----

view "key" {
  from "aws_kms_key" {
    provider     = "aws"
    spec         = either(self.customer_master_key_spec, self.key_spec, "SYMMETRIC_DEFAULT")
    usage        = either(self.key_usage, "ENCRYPT_DECRYPT")
    rotates      = self.enable_key_rotation
    delete_days  = self.deletion_window_in_days == null ? 30 : self.deletion_window_in_days
    statements   = statements(self.policy)
    protection   = "HSM"
  }
  from "AWS::KMS::Key" {
    provider     = "aws"
    spec         = either(self.KeySpec, "SYMMETRIC_DEFAULT")
    usage        = either(self.KeyUsage, "ENCRYPT_DECRYPT")
    rotates      = self.EnableKeyRotation
    delete_days  = self.PendingWindowInDays == null ? 30 : self.PendingWindowInDays
    statements   = statements(self.KeyPolicy)
    protection   = "HSM"
  }
  from "google_kms_crypto_key" {
    provider      = "google"
    spec          = self.version_template.algorithm
    usage         = either(self.purpose, "ENCRYPT_DECRYPT")
    rotates       = present(self.rotation_period)
    rotation_days = days(self.rotation_period)
    protection    = self.version_template.protection_level
    delete_days   = days(self.destroy_scheduled_duration)
  }
  from "azurerm_key_vault_key" {
    provider   = "azure"
    spec       = self.key_type
    size       = self.key_size
    curve      = self.curve
    usage      = self.key_opts
    rotates    = present(self.rotation_policy)
    protection = endswith(self.key_type, "-HSM") ? "HSM" : "SOFTWARE"
    expires    = self.expiration_date
  }
}

# ---- fhir_store: managed FHIR services, and containers that run a FHIR server ----

view "fhir_store" {
  from "google_healthcare_fhir_store" {
    product               = "google"
    version               = self.version
    referential_integrity = self.disable_referential_integrity != true
    history               = self.disable_resource_versioning != true
    update_create         = self.enable_update_create
    strict_search         = self.default_search_handling_strict == true
    validation            = self.validation_config
    exports               = join_lists(self.stream_configs)
    notifications         = either(self.notification_configs, self.notification_config)
    labels                = tags(self)
  }
  from "azurerm_healthcare_fhir_service" {
    product   = "azure"
    version   = self.kind
    authority = self.authentication.authority
    audience  = self.authentication.audience
    smart     = self.authentication.smart_proxy_enabled
    cors      = list(self.cors.allowed_origins)
    exports   = list(self.configuration_export_storage_account_name)
    labels    = tags(self)
  }
  from "azurerm_healthcare_service" {
    product   = "azure-retired"
    version   = self.kind
    authority = self.authentication_configuration.authority
    audience  = self.authentication_configuration.audience
    smart     = self.authentication_configuration.smart_proxy_enabled
    cors      = list(self.cors_configuration.allowed_origins)
    public    = self.public_network_access_enabled
    kms_key   = self.cosmosdb_key_vault_key_versionless_id
    labels    = tags(self)
  }
  from "Microsoft.HealthcareApis/workspaces/fhirservices" "Microsoft.HealthcareApis/services" {
    product   = self._type == "Microsoft.HealthcareApis/services" ? "azure-retired" : "azure"
    version   = self.kind
    authority = self.properties.authenticationConfiguration.authority
    audience  = self.properties.authenticationConfiguration.audience
    smart     = self.properties.authenticationConfiguration.smartProxyEnabled
    cors      = list(self.properties.corsConfiguration.origins)
    public    = self.properties.publicNetworkAccess
    exports   = list(self.properties.exportConfiguration.storageAccountName)
    labels    = tags(self)
  }
  from "AWS::HealthLake::FHIRDatastore" {
    product       = "healthlake"
    version       = self.DatastoreTypeVersion
    authorization = self.IdentityProviderConfiguration.AuthorizationStrategy
    fine_grained  = self.IdentityProviderConfiguration.FineGrainedAuthorizationEnabled
    metadata      = json(self.IdentityProviderConfiguration.Metadata)
    kms_key       = self.SseConfiguration.KmsEncryptionConfig.KmsKeyId
    kms_type      = self.SseConfiguration.KmsEncryptionConfig.CmkType
    labels        = tags(self)
  }
  from "awscc_healthlake_fhir_datastore" "aws_healthlake_fhir_datastore" {
    product       = "healthlake"
    version       = self.datastore_type_version
    authorization = self.identity_provider_configuration.authorization_strategy
    fine_grained  = self.identity_provider_configuration.fine_grained_authorization_enabled
    metadata      = json(self.identity_provider_configuration.metadata)
    kms_key       = self.sse_configuration.kms_encryption_config.kms_key_id
    kms_type      = self.sse_configuration.kms_encryption_config.cmk_type
    labels        = tags(self)
  }
}

# ---- network_policy: what is let to and from pods ----

view "network_policy" {
  # Without policyTypes: what comes in, and what goes out when there are rules for that.
  from "NetworkPolicy" {
    types     = either(self.spec.policyTypes, absent(self.spec.egress) ? ["Ingress"] : ["Ingress", "Egress"])
    selector  = self.spec.podSelector
    namespace = self.metadata.namespace
    egress    = list(self.spec.egress)
  }
  from "CiliumNetworkPolicy" {
    types     = join_lists(self.spec.ingress != null || self.spec.ingressDeny != null ? "Ingress" : [], self.spec.egress != null || self.spec.egressDeny != null ? "Egress" : [])
    selector  = self.spec.endpointSelector
    namespace = self.metadata.namespace
  }
}

# ---- app: containers of services of Azure and jobs of Google, of which less is written ----

view "app" {
  from "azurerm_linux_web_app" "azurerm_linux_web_app_slot" "azurerm_app_service" "azurerm_linux_function_app" {
    let {
      stack = self.site_config.application_stack
    }
    name     = self.name
    image    = either(stack.docker_image_name, stack.docker_image == null ? null : "${stack.docker_image}:${stack.docker_image_tag}", trimprefix(self.site_config.linux_fx_version, "DOCKER|"))
    env      = env(self.app_settings)
    command  = split(" ", self.site_config.app_command_line)
    platform = "azure"
  }
  from "azurerm_container_group" {
    each     = join_lists(self.container, self.init_container)
    name     = it.name
    image    = it.image
    env      = env(it.environment_variables, it.secure_environment_variables)
    ports    = [for p in list(it.ports) : { container = p.port }]
    command  = list(it.commands)
    platform = "azure"
  }
  from "azurerm_container_app" "azurerm_container_app_job" {
    each     = join_lists(self.template.container, self.template.init_container)
    name     = it.name
    image    = it.image
    env      = env(it.env)
    command  = join_lists(it.command, it.args)
    platform = "azure"
  }
  from "Microsoft.ContainerInstance/containerGroups" {
    each     = list(self.properties.containers)
    name     = it.name
    image    = it.properties.image
    env      = env(it.properties.environmentVariables)
    ports    = [for p in list(it.properties.ports) : { container = p.port }]
    command  = list(it.properties.command)
    platform = "azure"
  }
  from "Microsoft.App/containerApps" {
    each     = list(self.properties.template.containers)
    name     = it.name
    image    = it.image
    env      = env(it.env)
    command  = join_lists(it.command, it.args)
    platform = "azure"
  }
  from "Microsoft.Web/sites" {
    name     = self.name
    image    = trimprefix(self.properties.siteConfig.linuxFxVersion, "DOCKER|")
    env      = env(self.properties.siteConfig.appSettings)
    command  = split(" ", self.properties.siteConfig.appCommandLine)
    platform = "azure"
  }
  from "google_cloud_run_v2_job" {
    each     = list(self.template.template.containers)
    name     = it.name
    image    = it.image
    env      = env(it.env)
    command  = join_lists(it.command, it.args)
    platform = "cloudrun"
  }
  from "AWS::AppRunner::Service" {
    name     = self.ServiceName
    image    = self.SourceConfiguration.ImageRepository.ImageIdentifier
    env      = env(self.SourceConfiguration.ImageRepository.ImageConfiguration.RuntimeEnvironmentVariables)
    command  = split(" ", self.SourceConfiguration.ImageRepository.ImageConfiguration.StartCommand)
    platform = "apprunner"
  }
  from "aws_apprunner_service" {
    let {
      source = self.source_configuration.image_repository
    }
    name     = self.service_name
    image    = source.image_identifier
    env      = env(source.image_configuration.runtime_environment_variables)
    command  = split(" ", source.image_configuration.start_command)
    platform = "apprunner"
  }
}

# ---- fhir_server: containers whose image is a FHIR server or its gateway ----

view "fhir_server" {
  from "container" "app" {
    when = image_is(self.image, "hapiproject/hapi", "hapi-fhir-jpaserver-starter", "hapi-fhir-jpaserver", "cqf-ruler", "samply/blaze", "healthcareapis/r4-fhir-server", "healthcareapis/r5-fhir-server", "healthcareapis/stu3-fhir-server", "healthcareapis/r4b-fhir-server", "medplum/medplum-server", "bigbuild/fhir-gateway", "fhir-proxy-build/stable", "fhir-gateway", "firely/server", "firely/vonk", "firebreak", "ibmcom/ibm-fhir-server", "linuxforhealth/fhir-server", "aidbox/aidboxone", "healthsamurai/aidboxone", "heliossoftware/hfs")
    product  = image_is(self.image, "hapiproject/hapi", "hapi-fhir-jpaserver-starter", "hapi-fhir-jpaserver", "cqf-ruler") ? "hapi" : image_is(self.image, "samply/blaze") ? "blaze" : regex_match("healthcareapis/", self.image) ? "microsoft" : image_is(self.image, "medplum/medplum-server") ? "medplum" : regex_match("fhir-(gateway|proxy)", self.image) ? "fhir-gateway" : regex_match("firely/", self.image) ? "firely" : image_is(self.image, "firebreak") ? "firebreak" : regex_match("aidbox", self.image) ? "aidbox" : image_is(self.image, "heliossoftware/hfs") ? "helios" : "linuxforhealth"
    image    = self.image
    env      = settings(self.env, self.command, self.files, self.unread == true || present(key(self.env, "SPRING_CONFIG_*")))
    ports    = self.ports
    command  = self.command
    platform = self.platform
    container = self
  }
}

# ---- host: what a machine is told: user data, cloud-init, tasks of Ansible, time configuration ----

view "host" {
  from "host_facts" {
    script       = self.script
    commands     = self.commands
    files        = self.files
    services     = self.services
    packages     = self.packages
    timezone     = self.timezone
    cloud_config = self.cloud_config
    ntp          = self.ntp
    nginx        = self.nginx
    windows      = self.windows
    partial      = self.partial
    owner        = first(linked_to(self, "aws_*", "azurerm_*", "google_*", "AWS::*", "Microsoft.*", "ConfigMap", "ansible_play"))
  }
}
