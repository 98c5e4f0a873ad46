variable "name" {
  description = "The table's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{3,255}$", var.name))
    error_message = "3 to 255 letters, digits, _ . -"
  }
}

variable "key_arn" {
  description = "ARN of the KMS key that encrypts the table."
  type        = string
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether DynamoDB itself refuses to delete the table."
  type        = bool
  nullable    = false
}
