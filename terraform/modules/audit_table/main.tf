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

  # What is in which state, newest last: the reconciler's and the operator's question.
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

  # The same image under several keys.
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
