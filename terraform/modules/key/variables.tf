variable "alias" {
  description = "The alias, without `alias/`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9/_-]+$", var.alias)) && !startswith(var.alias, "aws/") && !startswith(var.alias, "alias/")
    error_message = "Letters, digits, / _ -; not below aws/, and without the prefix alias/."
  }
}

variable "description" {
  description = "What the key is for, as the console shows it."
  type        = string
  nullable    = false
}

variable "policy" {
  description = "The key policy: policies/key.json.tftpl, rendered."
  type        = string
  nullable    = false

  validation {
    condition     = can(jsondecode(var.policy).Statement)
    error_message = "A JSON policy document."
  }
}

variable "deletion_window_days" {
  description = "Days between the order to delete the key and its end, in which it can be called back."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30
    error_message = "KMS allows 7 to 30 days."
  }
}
