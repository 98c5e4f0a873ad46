variable "region" {
  description = "The AWS region of this environment."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "The AWS account of this environment: credentials of any other account are refused."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has twelve digits."
  }
}

variable "allowed_cidrs" {
  description = "See modules/foundation."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "deployer_trusted_arns" {
  description = "See modules/foundation."
  type        = list(string)
  nullable    = false
}

variable "address_range_exempt_arns" {
  description = "See modules/foundation."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "user_a_pgp_key" {
  description = "See modules/foundation."
  type        = string
  default     = ""
  nullable    = false
}

variable "user_b_pgp_key" {
  description = "See modules/foundation."
  type        = string
  default     = ""
  nullable    = false
}

variable "additional_reader_arns" {
  description = "See modules/foundation."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "reader_distribution_arns" {
  description = "See modules/foundation."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "inventory" {
  description = "See modules/foundation."
  type        = string
  default     = "off"
  nullable    = false
}

variable "restored_audit_table" {
  description = "See modules/foundation."
  type        = string
  default     = ""
  nullable    = false
}
