data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

module "key" {
  source = "../key"

  alias                = local.prefix
  description          = "${local.prefix}: photographs and the audit table"
  policy               = local.key_policy
  deletion_window_days = var.protected ? 30 : 7
}

module "audit_table" {
  source = "../audit_table"

  name                = local.audit_table
  key_arn             = module.key.arn
  deletion_protection = var.protected
}

module "catalogue_table" {
  source = "../catalogue_table"

  name                = local.names.catalogue_table
  key_arn             = module.key.arn
  deletion_protection = var.protected
}

module "user_pool" {
  source = "../user_pool"

  name                = local.prefix
  domain              = var.sign_in_domain != "" ? var.sign_in_domain : local.bucket_prefix
  mfa                 = var.sign_in_mfa
  deletion_protection = var.protected
  groups = {
    viewers   = "See published photos."
    uploaders = "Upload photos, and change and delete their own."
    operators = "See failures and replay them, change and delete every photo."
  }
}

module "user_a" {
  source = "../user"

  name    = "${local.prefix}-user-a"
  policy  = local.user_policies.a
  pgp_key = var.user_a_pgp_key
}

module "user_b" {
  source = "../user"

  name    = "${local.prefix}-user-b"
  policy  = local.user_policies.b
  pgp_key = var.user_b_pgp_key
}

module "website_reader" {
  source = "../website_reader"

  name         = "${local.prefix}-website-reader"
  policy       = local.reader_policy
  trust_policy = templatefile("${local.policies}/trust-website-reader.json.tftpl", local.policy_variables)
}

# Policies to attach to roles that are made elsewhere: of containers or functions that show photographs, and of operators.
resource "aws_iam_policy" "reader" {
  name        = "${local.prefix}-reader"
  description = "Reads bucket B. The key serves only roles that the variable additional_reader_arns names."
  policy      = local.reader_policy
}

resource "aws_iam_policy" "operator" {
  name        = "${local.prefix}-operator"
  description = "Reads the audit table, redrives, stops and starts; no access to any photograph."
  policy      = templatefile("${local.policies}/operator.json.tftpl", local.policy_variables)
}

module "deployer" {
  source = "../deployer"

  prefix                  = local.prefix
  boundary_policy         = templatefile("${local.policies}/boundary.json.tftpl", local.policy_variables)
  gallery_boundary_policy = templatefile("${local.policies}/boundary-gallery.json.tftpl", local.policy_variables)
  deployer_policy         = templatefile("${local.policies}/deployer.json.tftpl", local.policy_variables)
  gallery_deployer_policy = templatefile("${local.policies}/deployer-gallery.json.tftpl", local.policy_variables)
  trust_policy            = templatefile("${local.policies}/trust-deployer.json.tftpl", local.policy_variables)
}

# Guards everything that cannot be made again.
module "guard" {
  source = "../guard"

  enabled = var.protected
  keep = {
    source_bucket      = module.source_bucket.arn
    destination_bucket = module.destination_bucket.arn
    reports_bucket     = module.reports_bucket.arn
    audit_table        = module.audit_table.arn
    catalogue_table    = module.catalogue_table.arn
    user_pool          = module.user_pool.arn
    key                = module.key.arn
  }
}
