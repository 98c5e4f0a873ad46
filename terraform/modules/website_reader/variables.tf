variable "name" {
  description = "Name of the role and of the instance profile."
  type        = string
  nullable    = false
}

variable "policy" {
  description = "What it may read: a rendered file of policies/."
  type        = string
  nullable    = false
}

variable "trust_policy" {
  description = "Who may take the role on: policies/trust-website-reader.json.tftpl, rendered."
  type        = string
  nullable    = false
}
