variable "enabled" {
  description = "Whether the guard stands: true in prod, false where an environment may be thrown away."
  type        = bool
  nullable    = false
}

variable "keep" {
  description = "Name to ARN (or id) of what must not be destroyed."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.keep) > 0
    error_message = "Nothing to guard."
  }
}
