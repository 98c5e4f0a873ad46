# The contract with template.yaml, which takes these as SSM parameter types. Nothing else is shared.
locals {
  parameters = {
    "source-bucket"            = module.source_bucket.name
    "staging-bucket"           = module.staging_bucket.name
    "destination-bucket"       = module.destination_bucket.name
    "derivatives-bucket"       = module.derivatives_bucket.name
    "reports-bucket"           = module.reports_bucket.name
    "artifact-bucket"          = module.artifact_bucket.name
    "audit-table"              = module.audit_table.name
    "catalogue-table"          = module.catalogue_table.name
    "user-pool"                = module.user_pool.id
    "user-pool-domain"         = module.user_pool.domain
    "key-arn"                  = module.key.arn
    "permissions-boundary-arn" = module.deployer.boundary_arn
    "gallery-boundary-arn"     = module.deployer.gallery_boundary_arn
  }
}

resource "aws_ssm_parameter" "this" {
  # checkov:skip=CKV2_AWS_34:names and ARNs, not secrets; CloudFormation's SSM parameter types cannot read SecureString
  # checkov:skip=CKV_AWS_337:the same
  for_each = local.parameters

  name        = "/scrubjay/${var.env}/${each.key}"
  description = "Read by template.yaml; written by terraform/."
  type        = "String"
  value       = each.value
}

# `scrubjay gallery key` makes the key pair and writes this parameter, because a private key must not get into Terraform's state.
resource "aws_ssm_parameter" "photos_public_key" {
  # checkov:skip=CKV2_AWS_34:a public key
  # checkov:skip=CKV_AWS_337:the same
  name        = "/scrubjay/${var.env}/photos-public-key"
  description = "Read by gallery/template.yaml; written by `scrubjay gallery key`."
  type        = "String"
  value       = "none"

  lifecycle {
    ignore_changes = [value]
  }
}
