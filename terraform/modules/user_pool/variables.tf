variable "name" {
  description = "Name of the user pool."
  type        = string
  nullable    = false
}

variable "domain" {
  description = "First part of the address of the sign-in pages, unique in the region."
  type        = string
  nullable    = false
}

variable "groups" {
  description = "Groups and what each is for. The gallery's API takes its scopes from them."
  type        = map(string)
  nullable    = false
}

variable "mfa" {
  description = "OFF, OPTIONAL or ON: whether users may, or must, confirm a sign-in by an authenticator app."
  type        = string
  default     = "OPTIONAL"
  nullable    = false

  validation {
    condition     = contains(["OFF", "OPTIONAL", "ON"], var.mfa)
    error_message = "OFF, OPTIONAL or ON."
  }
}

variable "deletion_protection" {
  description = "Whether Cognito itself refuses to delete the pool."
  type        = bool
  nullable    = false
}
