output "role_arn" {
  description = "The role's ARN."
  value       = aws_iam_role.this.arn
}

output "instance_profile_name" {
  description = "Name of the instance profile to start servers with."
  value       = aws_iam_instance_profile.this.name
}
