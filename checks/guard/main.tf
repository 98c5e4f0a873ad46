# The real guard over a stand-in that needs no provider: its id becomes unknown when it is replaced, as a bucket's ARN does.
variable "enabled" {
  description = "As in modules/guard."
  type        = bool
  nullable    = false
}

variable "name" {
  description = "Another name replaces the stand-in, as with a bucket."
  type        = string
  nullable    = false
}

resource "terraform_data" "bucket" {
  triggers_replace = var.name
}

module "guard" {
  source = "../../modules/guard"

  enabled = var.enabled
  keep    = { bucket = terraform_data.bucket.id }
}
