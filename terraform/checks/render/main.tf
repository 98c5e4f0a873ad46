# Every file of policies/, rendered by Terraform itself with example values, for the linters.
locals {
  folder = "${path.module}/../../policies"
  values = {
    partition                 = "aws"
    region                    = "eu-central-1"
    account_id                = "111122223333"
    env                       = "dev"
    source_bucket             = "scrubjay-dev-00000000-source"
    staging_bucket            = "scrubjay-dev-00000000-staging"
    destination_bucket        = "scrubjay-dev-00000000-destination"
    reports_bucket            = "scrubjay-dev-00000000-reports"
    artifact_bucket           = "scrubjay-dev-00000000-artifact"
    access_logs_bucket        = "scrubjay-dev-00000000-access-logs"
    bucket                    = "scrubjay-dev-00000000-source"
    audit_table               = "scrubjay-dev-audit"
    key_arn                   = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
    allowed_cidrs             = jsonencode(["198.51.100.0/24"])
    address_range_exempt_arns = jsonencode(["arn:aws:iam::111122223333:role/scrubjay-dev-strip"])
    application_role_arns     = jsonencode(["arn:aws:iam::111122223333:role/scrubjay-dev-strip"])
    deployer_trusted_arns     = jsonencode(["arn:aws:iam::111122223333:role/developer"])
    reader_object_arns        = jsonencode(["arn:aws:s3:::scrubjay-dev-00000000-destination/*"])
    reader_prefixes           = jsonencode(["shop/*"])
  }
}

output "policies" {
  description = "File name to rendered document."
  value = {
    for file in fileset(local.folder, "*.json.tftpl") :
    trimsuffix(file, ".tftpl") => jsondecode(templatefile("${local.folder}/${file}", local.values))
  }
}
