variable "env" {
  description = "The environment's name: part of every name and of every parameter's path."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.env))
    error_message = "2 to 12 lower-case letters and digits, a letter first: bucket names are built from it and end at 63."
  }
}

variable "protected" {
  description = "Whether what is in here must survive: prevent_destroy and the table's deletion protection when true; buckets that `terraform destroy` may empty when false."
  type        = bool
  nullable    = false
}

variable "bucket_names" {
  description = "Names to use instead of `scrubjay-<env>-<random>-<role>`. A bucket cannot be renamed: a change here makes a new one (refused when protected)."
  type = object({
    source      = optional(string, "")
    staging     = optional(string, "")
    destination = optional(string, "")
    derivatives = optional(string, "")
    reports     = optional(string, "")
    artifact    = optional(string, "")
    access_logs = optional(string, "")
  })
  default  = {}
  nullable = false
}

variable "pages_origins" {
  description = "Addresses of the gallery's pages, such as https://photos.example.com, from which browsers upload into bucket A. Empty: from none."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.pages_origins : can(regex("^https://[^/*]+$", origin))])
    error_message = "Each is https:// and a host name, without a path and without wildcards."
  }
}

variable "sign_in_domain" {
  description = "First part of the address of the sign-in pages, unique in the region. Empty: `scrubjay-<env>-<random>`."
  type        = string
  default     = ""
  nullable    = false
}

variable "sign_in_mfa" {
  description = "OFF, OPTIONAL or ON: whether users of the gallery may, or must, confirm a sign-in by an authenticator app."
  type        = string
  default     = "OPTIONAL"
  nullable    = false
}

variable "source_noncurrent_days" {
  description = "Days that an overwritten or deleted original stays restorable in bucket A. 0: for ever."
  type        = number
  default     = 30
  nullable    = false
}

variable "destination_noncurrent_days" {
  description = "Days that a replaced or withdrawn photograph stays restorable in bucket B. 0: for ever."
  type        = number
  default     = 30
  nullable    = false
}

variable "rejected_days" {
  description = "Days after which an upload in bucket A that the pipeline has refused, and so tagged `scrubjay:status=REJECTED`, expires. 0: never."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.rejected_days >= 0
    error_message = "0 for never, or a number of days."
  }
}

variable "reports_days" {
  description = "Days that reports are kept. 0: for ever."
  type        = number
  default     = 365
  nullable    = false
}

variable "access_logs_days" {
  description = "Days that access logs are kept."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.access_logs_days >= 1
    error_message = "At least one day: the logs name the people who asked for what."
  }
}

variable "allowed_cidrs" {
  description = "Public address ranges from which people may reach objects in buckets A and B. Empty: from anywhere. The application's roles, AWS services, website-reader and the deployer are not bound by it."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.allowed_cidrs : can(cidrhost(cidr, 0))])
    error_message = "Each is a range in CIDR notation, such as 198.51.100.0/24 or 2001:db8::/32."
  }

  validation {
    condition     = alltrue([for cidr in var.allowed_cidrs : !can(regex("^(10|127|192\\.168|172\\.(1[6-9]|2[0-9]|3[01]))\\.", cidr))])
    error_message = "S3 sees public addresses: a private range would match nobody and lock everyone out."
  }
}

variable "address_range_exempt_arns" {
  description = "Further roles or users that allowed_cidrs does not bind, such as an operator's break-glass role."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.address_range_exempt_arns : can(regex("^arn:[^:]+:iam::[0-9]{12}:(role|user)/", arn))])
    error_message = "ARNs of IAM roles or users."
  }
}

variable "reader_prefixes" {
  description = "Key prefixes of bucket B that user B and website-reader may list and read, such as `shop/`. Empty: all of it."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for prefix in var.reader_prefixes : prefix != "" && !can(regex("[*?]", prefix))])
    error_message = "A prefix is not empty and holds neither * nor ?."
  }
}

variable "additional_reader_arns" {
  description = "Further roles or users of this account that read bucket B, such as the role of a container task. The key serves them; attach the policy of the output reader_policy_arn to each. Where allowed_cidrs is set, a machine belongs into address_range_exempt_arns too."
  type        = list(string)
  default     = []
  nullable    = false

  # One by one: a wildcard here would let the key decrypt for whoever can make a role of a fitting name.
  validation {
    condition     = alltrue([for arn in var.additional_reader_arns : can(regex("^arn:[^:*?]+:iam::[0-9]{12}:(role|user)/[^*?]+$", arn))])
    error_message = "ARNs of IAM roles or users, without wildcards. A role's session is admitted by the ARN of its role."
  }
}

variable "reader_distribution_arns" {
  description = "CloudFront distributions that show bucket B through an origin access control. Each may read objects and have them decrypted, and nothing else."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.reader_distribution_arns : can(regex("^arn:[^:*?]+:cloudfront::[0-9]{12}:distribution/[A-Z0-9]+$", arn))])
    error_message = "ARNs of CloudFront distributions, such as arn:aws:cloudfront::111122223333:distribution/EDFDVBD6EXAMPLE."
  }
}

variable "inventory" {
  description = "How often S3 lists bucket A into the reports bucket, for `scrubjay backfill --inventory`: off, daily or weekly."
  type        = string
  default     = "off"
  nullable    = false

  validation {
    condition     = contains(["off", "daily", "weekly"], var.inventory)
    error_message = "inventory is off, daily or weekly."
  }
}

variable "restored_audit_table" {
  description = "Name of the audit table after a restore: `scrubjay-<env>-audit-restored-<suffix>`. Empty: the table that Terraform made. docs/restore.md has the steps."
  type        = string
  default     = ""
  nullable    = false

  # Key policy and boundary admit no other name.
  validation {
    condition     = var.restored_audit_table == "" || can(regex("^scrubjay-${var.env}-audit-restored-[a-zA-Z0-9._-]+$", var.restored_audit_table))
    error_message = "A restored table is called scrubjay-<env>-audit-restored-<suffix>: the key serves no other."
  }
}

variable "user_a_pgp_key" {
  description = "To make an access key for user A: its owner's public PGP key (base64) or keybase:<name>. Empty: none."
  type        = string
  default     = ""
  nullable    = false
}

variable "user_b_pgp_key" {
  description = "To make an access key for user B: its owner's public PGP key (base64) or keybase:<name>. Empty: none."
  type        = string
  default     = ""
  nullable    = false
}

variable "deployer_trusted_arns" {
  description = "Who in this account may take the deployer's role on: IAM roles or users, `*` and `?` allowed in the name (SSO roles end in a random suffix)."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.deployer_trusted_arns) > 0 && alltrue([for arn in var.deployer_trusted_arns : can(regex("^arn:[^:*?]+:iam::[0-9]{12}:(role|user)/[^*?]", arn))])
    error_message = "At least one ARN of an IAM role or user, its name begun before any wildcard."
  }
}
