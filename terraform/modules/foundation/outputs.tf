output "source_bucket" {
  description = "Bucket A."
  value       = module.source_bucket.name
}

output "staging_bucket" {
  description = "The bucket between Strip and Publish."
  value       = module.staging_bucket.name
}

output "destination_bucket" {
  description = "Bucket B."
  value       = module.destination_bucket.name
}

output "derivatives_bucket" {
  description = "Smaller copies of what bucket B holds."
  value       = module.derivatives_bucket.name
}

output "reports_bucket" {
  description = "Reports."
  value       = module.reports_bucket.name
}

output "artifact_bucket" {
  description = "Where `sam deploy` uploads to."
  value       = module.artifact_bucket.name
}

output "audit_table" {
  description = "The audit table."
  value       = module.audit_table.name
}

output "catalogue_table" {
  description = "The gallery's catalogue."
  value       = module.catalogue_table.name
}

output "user_pool" {
  description = "The gallery's users."
  value       = module.user_pool.id
}

output "key_arn" {
  description = "The KMS key."
  value       = module.key.arn
}

output "permissions_boundary_arn" {
  description = "The boundary of every role that template.yaml makes."
  value       = module.deployer.boundary_arn
}

output "gallery_boundary_arn" {
  description = "The boundary of every role that gallery/template.yaml makes."
  value       = module.deployer.gallery_boundary_arn
}

output "deployer_role_arn" {
  description = "The role to deploy the application with."
  value       = module.deployer.role_arn
}

output "reader_policy_arn" {
  description = "The policy to attach to a role that additional_reader_arns names."
  value       = aws_iam_policy.reader.arn
}

output "operator_policy_arn" {
  description = "The policy to attach to whoever operates the pipeline and runs the smoke test."
  value       = aws_iam_policy.operator.arn
}

output "website_reader_instance_profile" {
  description = "The instance profile of servers that show photographs."
  value       = module.website_reader.instance_profile_name
}

output "users" {
  description = "The two users, their buckets in the console, and where their access keys wait (empty: no key)."
  value = {
    a = {
      name              = module.user_a.name
      console           = "https://console.aws.amazon.com/s3/buckets/${module.source_bucket.name}"
      access_key_secret = module.user_a.access_key_secret_arn
    }
    b = {
      name              = module.user_b.name
      console           = "https://console.aws.amazon.com/s3/buckets/${module.destination_bucket.name}${length(var.reader_prefixes) > 0 ? "?prefix=${var.reader_prefixes[0]}" : ""}"
      access_key_secret = module.user_b.access_key_secret_arn
    }
  }
}

output "protected" {
  description = "Names of the resources that make Terraform refuse `terraform destroy`; empty if nothing is guarded."
  value       = module.guard.kept
}
