terraform {
  # Bucket, region and key come from ../../backend.hcl, which bootstrap/ writes; what differs per environment is here.
  backend "s3" {
    key          = "envs/dev/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
