variable "prefix" {
  description = "`scrubjay-<env>`."
  type        = string
  nullable    = false
}

variable "boundary_policy" {
  description = "policies/boundary.json.tftpl, rendered."
  type        = string
  nullable    = false

  validation {
    condition     = length(jsonencode(jsondecode(var.boundary_policy))) <= 6144
    error_message = "IAM takes managed policies of at most 6,144 characters, white space not counted."
  }
}

variable "gallery_boundary_policy" {
  description = "policies/boundary-gallery.json.tftpl, rendered."
  type        = string
  nullable    = false

  validation {
    condition     = length(jsonencode(jsondecode(var.gallery_boundary_policy))) <= 6144
    error_message = "IAM takes managed policies of at most 6,144 characters, white space not counted."
  }
}

variable "deployer_policy" {
  description = "policies/deployer.json.tftpl, rendered."
  type        = string
  nullable    = false

  validation {
    condition     = length(jsonencode(jsondecode(var.deployer_policy))) <= 10240
    error_message = "IAM takes inline role policies of at most 10,240 characters, white space not counted."
  }
}

variable "gallery_deployer_policy" {
  description = "policies/deployer-gallery.json.tftpl, rendered."
  type        = string
  nullable    = false

  validation {
    condition     = length(jsonencode(jsondecode(var.gallery_deployer_policy))) <= 6144
    error_message = "IAM takes managed policies of at most 6,144 characters, white space not counted."
  }
}

variable "trust_policy" {
  description = "Who may take the role on: policies/trust-deployer.json.tftpl, rendered."
  type        = string
  nullable    = false
}
