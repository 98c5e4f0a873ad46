variable "name" {
  description = "The user's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9-]{1,64}$", var.name))
    error_message = "1 to 64 lower-case letters, digits and hyphens."
  }
}

variable "policy" {
  description = "The user's only policy: a rendered file of policies/."
  type        = string
  nullable    = false

  validation {
    condition     = can(jsondecode(var.policy).Statement)
    error_message = "A JSON policy document."
  }
}

variable "pgp_key" {
  description = "To make an access key: the receiver's public PGP key, base64 without armour, or `keybase:<name>`. Empty: no access key."
  type        = string
  default     = ""
  nullable    = false
}
