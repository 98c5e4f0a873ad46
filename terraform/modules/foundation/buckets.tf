# Bucket A: the originals that users upload, with all their metadata.
module "source_bucket" {
  source = "../bucket"

  name             = local.names.source_bucket
  key_arn          = module.key.arn
  policy_documents = local.bucket_policies.source_bucket
  force_destroy    = !var.protected
  noncurrent_days  = var.source_noncurrent_days
  expire_tagged = var.rejected_days == 0 ? [] : [{
    key   = "scrubjay:status"
    value = "REJECTED"
    days  = var.rejected_days
  }]
}

# Before a page posts to the bucket, the browser asks the bucket whether the page's origin may do so (CORS).
resource "aws_s3_bucket_cors_configuration" "source" {
  count = length(var.pages_origins) > 0 ? 1 : 0

  bucket = module.source_bucket.name

  cors_rule {
    allowed_origins = var.pages_origins
    allowed_methods = ["POST"]
    allowed_headers = ["*"]
    max_age_seconds = 3600
  }
}

resource "aws_s3_bucket_notification" "source" {
  bucket      = module.source_bucket.name
  eventbridge = true
}

# S3's inventory of bucket A, for a backfill when listing the bucket takes too long. It has keys and no contents.
resource "aws_s3_bucket_inventory" "source" {
  count = var.inventory == "off" ? 0 : 1

  bucket                   = module.source_bucket.name
  name                     = "photos"
  included_object_versions = "Current"
  optional_fields          = ["Size", "LastModifiedDate", "ETag"]

  schedule {
    frequency = title(var.inventory)
  }

  destination {
    bucket {
      format     = "CSV"
      bucket_arn = "arn:${data.aws_partition.current.partition}:s3:::${module.reports_bucket.name}"
      account_id = data.aws_caller_identity.current.account_id
      prefix     = "inventory"

      encryption {
        sse_kms {
          key_id = module.key.arn
        }
      }
    }
  }
}

# Staging bucket: clean files on their way from Strip to Publish. It is not versioned, so that expired files are gone for good.
module "staging_bucket" {
  # checkov:skip=CKV_AWS_21:what expires here after a day has to be gone, not to become an old version
  source = "../bucket"

  name                 = local.names.staging_bucket
  key_arn              = module.key.arn
  policy_documents     = local.bucket_policies.staging_bucket
  versioned            = false
  force_destroy        = !var.protected
  expire_days          = 1
  abort_multipart_days = 1
}

# Bucket B: the clean photos that the website shows.
module "destination_bucket" {
  source = "../bucket"

  name             = local.names.destination_bucket
  key_arn          = module.key.arn
  policy_documents = local.bucket_policies.destination_bucket
  force_destroy    = !var.protected
  noncurrent_days  = var.destination_noncurrent_days
}

# Bucket B's events tell the gallery when to make derivatives of a photo and when to remove them.
resource "aws_s3_bucket_notification" "destination" {
  bucket      = module.destination_bucket.name
  eventbridge = true
}

# Derivatives bucket: smaller copies of the photos in bucket B. It is not versioned, because derivatives can be made again and
# removed ones have to be gone for good.
module "derivatives_bucket" {
  # checkov:skip=CKV_AWS_21:what is taken back has to be gone, not to become an old version; everything here can be made again
  source = "../bucket"

  name                 = local.names.derivatives_bucket
  key_arn              = module.key.arn
  policy_documents     = local.bucket_policies.derivatives_bucket
  versioned            = false
  force_destroy        = !var.protected
  abort_multipart_days = 1
}

# What `scrubjay report` and audits leave for people to read.
module "reports_bucket" {
  source = "../bucket"

  name             = local.names.reports_bucket
  key_arn          = module.key.arn
  policy_documents = local.bucket_policies.reports_bucket
  force_destroy    = !var.protected
  expire_days      = var.reports_days
  noncurrent_days  = 30
}

# What `sam deploy` uploads.
module "artifact_bucket" {
  source = "../bucket"

  name             = local.names.artifact_bucket
  key_arn          = module.key.arn
  policy_documents = local.bucket_policies.artifact_bucket
  force_destroy    = !var.protected
  noncurrent_days  = 90
}

# Access logs of the other buckets. The bucket has SSE-S3, because S3 delivers no logs to a bucket under a customer's key.
module "access_logs_bucket" {
  # checkov:skip=CKV_AWS_145:S3 delivers no access logs to a bucket under a customer's key
  # checkov:skip=CKV_AWS_19:it is encrypted, with SSE-S3; the check does not follow an empty key_arn
  source = "../bucket"

  name             = local.names.access_logs_bucket
  key_arn          = ""
  policy_documents = local.bucket_policies.access_logs_bucket
  force_destroy    = !var.protected
  expire_days      = var.access_logs_days
  noncurrent_days  = 7
}

resource "aws_s3_bucket_logging" "this" {
  for_each = {
    source      = module.source_bucket.name
    staging     = module.staging_bucket.name
    destination = module.destination_bucket.name
    derivatives = module.derivatives_bucket.name
    reports     = module.reports_bucket.name
    artifact    = module.artifact_bucket.name
  }

  bucket        = each.value
  target_bucket = module.access_logs_bucket.name
  target_prefix = "${each.key}/"

  target_object_key_format {
    partitioned_prefix {
      partition_date_source = "EventTime"
    }
  }
}
