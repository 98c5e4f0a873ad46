resource "aws_s3_bucket" "this" {
  # checkov:skip=CKV_AWS_18:the caller sets aws_s3_bucket_logging; a log bucket cannot log to itself
  # checkov:skip=CKV_AWS_144:one region by design; a second copy of private originals is a second place to leak from
  # checkov:skip=CKV2_AWS_62:EventBridge notifications are set on bucket A only; nothing listens to the others
  bucket        = var.name
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = var.versioned ? "Enabled" : "Disabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = var.key_arn != ""

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.key_arn == "" ? "AES256" : "aws:kms"
      kms_master_key_id = var.key_arn == "" ? null : var.key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  # checkov:skip=CKV_AWS_300:the first rule below does just that; the check loses it beside dynamic rules
  # Versioning comes first, because S3 refuses rules for old versions before it is on.
  depends_on = [aws_s3_bucket_versioning.this]

  bucket = aws_s3_bucket.this.id

  rule {
    id     = "abort-incomplete-multipart-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = var.abort_multipart_days
    }
  }

  dynamic "rule" {
    for_each = var.expire_days > 0 ? [var.expire_days] : []

    content {
      id     = "expire"
      status = "Enabled"

      filter {}

      expiration {
        days = rule.value
      }
    }
  }

  dynamic "rule" {
    for_each = var.noncurrent_days > 0 ? [var.noncurrent_days] : []

    content {
      id     = "expire-old-versions"
      status = "Enabled"

      filter {}

      noncurrent_version_expiration {
        noncurrent_days = rule.value
      }
    }
  }

  # Removes delete markers behind which no older version is left; they only slow listings down.
  dynamic "rule" {
    for_each = var.versioned && var.expire_days == 0 ? ["delete-markers"] : []

    content {
      id     = "remove-lone-delete-markers"
      status = "Enabled"

      filter {}

      expiration {
        expired_object_delete_marker = true
      }
    }
  }

  dynamic "rule" {
    for_each = var.expire_tagged

    content {
      id     = "expire-${lower(rule.value.value)}"
      status = "Enabled"

      filter {
        tag {
          key   = rule.value.key
          value = rule.value.value
        }
      }

      expiration {
        days = rule.value.days
      }
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  # The public access block comes first, so that S3 itself refuses a policy that would open the bucket to the public.
  depends_on = [aws_s3_bucket_public_access_block.this]

  bucket = aws_s3_bucket.this.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = flatten([for document in var.policy_documents : jsondecode(document).Statement])
  })
}
