resource "random_id" "bucket_suffix" {
  byte_length = 4
  prefix      = "${local.prefix}-"
}

locals {
  prefix = "scrubjay-${var.env}"
  # `scrubjay-<env>-<8 hex digits>`. The digits are random, because a bucket's name must be unique in the whole partition.
  bucket_prefix = random_id.bucket_suffix.hex

  names = {
    source_bucket      = var.bucket_names.source != "" ? var.bucket_names.source : "${local.bucket_prefix}-source"
    staging_bucket     = var.bucket_names.staging != "" ? var.bucket_names.staging : "${local.bucket_prefix}-staging"
    destination_bucket = var.bucket_names.destination != "" ? var.bucket_names.destination : "${local.bucket_prefix}-destination"
    derivatives_bucket = var.bucket_names.derivatives != "" ? var.bucket_names.derivatives : "${local.bucket_prefix}-derivatives"
    reports_bucket     = var.bucket_names.reports != "" ? var.bucket_names.reports : "${local.bucket_prefix}-reports"
    artifact_bucket    = var.bucket_names.artifact != "" ? var.bucket_names.artifact : "${local.bucket_prefix}-artifact"
    access_logs_bucket = var.bucket_names.access_logs != "" ? var.bucket_names.access_logs : "${local.bucket_prefix}-access-logs"
    audit_table        = "${local.prefix}-audit"
    catalogue_table    = "${local.prefix}-catalogue"
  }
  # Policies allow the table names.audit_table and every table whose name is that followed by `-restored-*`.
  audit_table = var.restored_audit_table != "" ? var.restored_audit_table : local.names.audit_table

  # The roles that template.yaml makes, by the names that bucket and key policies expect. A test compares the two lists.
  application_roles = [
    "validate",
    "strip",
    "publish",
    "record",
    "retract",
    "reconcile",
    "report",
    "scheduler",
    "scrub-machine",
    "intake-machine",
    "retract-machine",
    "backfill-machine",
    "events",
  ]
  # The roles that gallery/template.yaml makes. None of them may ever read bucket A.
  gallery_roles = [
    "derive",
    "analyse-machine",
    "gallery-events",
    "api",
    "direct-put",
    "direct-get",
    "direct-audit",
    "direct-texts",
  ]
  iam_arn               = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}"
  application_role_arns = [for role in local.application_roles : "${local.iam_arn}:role/${local.prefix}-${role}"]
  gallery_role_arns     = [for role in local.gallery_roles : "${local.iam_arn}:role/${local.prefix}-${role}"]
}
