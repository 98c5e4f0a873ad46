# prevent_destroy takes a literal only (Terraform 1.11 answers "Variables not allowed"), and one module serves dev and
# prod. So the promise hangs on this: destroying or replacing anything in var.keep means destroying or replacing the
# guard, which Terraform then refuses, for the whole plan. Switching `enabled` off is refused as well, as long as the guard
# stands: README.md says how to take it down.
resource "terraform_data" "this" {
  for_each = var.enabled ? { prevent_destroy = true } : {}

  # The ARN of something that is about to be replaced is unknown, so the guard would have to be replaced too.
  triggers_replace = var.keep

  lifecycle {
    prevent_destroy = true
  }
}
