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

  allowed_cidrs         = var.allowed_cidrs
  deployer_trusted_arns = var.deployer_trusted_arns
}
