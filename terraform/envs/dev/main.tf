provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      application = "scrubjay"
      environment = "dev"
      managed-by  = "terraform"
    }
  }
}

module "foundation" {
  source = "../../modules/foundation"

  env       = "dev"
  protected = false

  source_noncurrent_days      = 1
  destination_noncurrent_days = 1
  rejected_days               = 7
  reports_days                = 30
  access_logs_days            = 30

  allowed_cidrs             = var.allowed_cidrs
  address_range_exempt_arns = var.address_range_exempt_arns
  deployer_trusted_arns     = var.deployer_trusted_arns
  user_a_pgp_key            = var.user_a_pgp_key
  user_b_pgp_key            = var.user_b_pgp_key
  additional_reader_arns    = var.additional_reader_arns
  reader_distribution_arns  = var.reader_distribution_arns
  inventory                 = var.inventory
  restored_audit_table      = var.restored_audit_table
}
