variable "name" {
  description = "The bucket's name, unique in the partition."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket name has 3 to 63 lower-case letters, digits and hyphens (no dots: they break TLS on the bucket's host name)."
  }
}

variable "key_arn" {
  description = "ARN of the KMS key. Empty for SSE-S3, which the log bucket needs: S3 delivers no access logs to a bucket under a customer's key."
  type        = string
  nullable    = false

  validation {
    condition     = var.key_arn == "" || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/", var.key_arn))
    error_message = "key_arn is the ARN of a KMS key (not of an alias), or empty."
  }
}

variable "policy_documents" {
  description = "Rendered files of policies/: their statements, joined, are the bucket's policy."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.policy_documents) > 0 && alltrue([for d in var.policy_documents : can(jsondecode(d).Statement)])
    error_message = "At least one policy document, each JSON with a Statement list."
  }
}

variable "versioned" {
  description = "Whether overwritten and deleted objects stay as old versions."
  type        = bool
  default     = true
  nullable    = false
}

variable "force_destroy" {
  description = "Whether `terraform destroy` empties the bucket first. Only for environments whose photographs nobody will miss."
  type        = bool
  default     = false
  nullable    = false
}

variable "abort_multipart_days" {
  description = "Days after which an upload in parts that was never finished is dropped."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.abort_multipart_days >= 1
    error_message = "At least one day."
  }
}

variable "expire_days" {
  description = "Days after which objects expire. 0: never."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.expire_days >= 0 && floor(var.expire_days) == var.expire_days
    error_message = "A whole number of days, 0 for never."
  }
}

variable "noncurrent_days" {
  description = "Days after which old versions expire. 0: never."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.noncurrent_days >= 0 && floor(var.noncurrent_days) == var.noncurrent_days
    error_message = "A whole number of days, 0 for never."
  }
}

variable "expire_tagged" {
  description = "Objects with this tag expire after so many days."
  type = list(object({
    key   = string
    value = string
    days  = number
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for rule in var.expire_tagged : rule.days >= 1])
    error_message = "At least one day; leave the rule out for never."
  }
}
