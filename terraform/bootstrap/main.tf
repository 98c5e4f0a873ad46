provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      application = "scrubjay"
      managed-by  = "terraform/bootstrap"
    }
  }
}

data "aws_partition" "current" {}

resource "random_id" "suffix" {
  byte_length = 4
}

locals {
  bucket   = "scrubjay-terraform-${random_id.suffix.hex}"
  policies = "${path.module}/../policies"
  variables = {
    partition  = data.aws_partition.current.partition
    account_id = var.account_id
    bucket     = local.bucket
  }
}

module "key" {
  source = "../modules/key"

  alias       = "scrubjay-terraform"
  description = "Terraform state of scrubjay's environments"
  policy      = templatefile("${local.policies}/key-state.json.tftpl", local.variables)
}

# The state of every environment, and of this folder. Locked by S3 itself: a `.tflock` object beside each state, written
# with If-None-Match, so that no table is needed.
module "state_bucket" {
  source = "../modules/bucket"

  name    = local.bucket
  key_arn = module.key.arn
  policy_documents = [
    templatefile("${local.policies}/bucket-secure-transport.json.tftpl", local.variables),
    templatefile("${local.policies}/bucket-own-key.json.tftpl", merge(local.variables, { key_arn = module.key.arn })),
  ]
  noncurrent_days = 365
}

module "guard" {
  source = "../modules/guard"

  enabled = true
  keep = {
    state_bucket = module.state_bucket.arn
    key          = module.key.arn
  }
}
