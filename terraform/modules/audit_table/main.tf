resource "aws_dynamodb_table" "this" {
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "object"
  range_key                   = "entry"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "object"
    type = "S"
  }

  attribute {
    name = "entry"
    type = "S"
  }

  attribute {
    name = "statusDay"
    type = "S"
  }

  attribute {
    name = "updatedAt"
    type = "S"
  }

  attribute {
    name = "sourceSha256"
    type = "S"
  }

  # Finds the items with a given status, newest last. Reconcile and operators query it.
  global_secondary_index {
    name            = "by-status"
    projection_type = "ALL"

    key_schema {
      attribute_name = "statusDay"
      key_type       = "HASH"
    }

    key_schema {
      attribute_name = "updatedAt"
      key_type       = "RANGE"
    }
  }

  # Finds uploads of the same file under several keys, by its SHA-256.
  global_secondary_index {
    name            = "by-content"
    projection_type = "ALL"

    key_schema {
      attribute_name = "sourceSha256"
      key_type       = "HASH"
    }

    key_schema {
      attribute_name = "object"
      key_type       = "RANGE"
    }
  }

  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.key_arn
  }
}
