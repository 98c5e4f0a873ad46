variable "region" {
  description = "The AWS region of the state bucket."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "The AWS account of the state bucket: credentials of any other account are refused."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has twelve digits."
  }
}
