output "backend_hcl" {
  description = "The settings of the backend, with which every other folder is initialised: `terraform output -raw backend_hcl > ../backend.hcl`."
  value       = <<-EOT
    bucket     = "${module.state_bucket.name}"
    region     = "${var.region}"
    kms_key_id = "${module.key.arn}"
  EOT
}
