output "boundary_arn" {
  description = "ARN of the permissions boundary of the application's roles."
  value       = aws_iam_policy.boundary.arn
}

output "gallery_boundary_arn" {
  description = "ARN of the permissions boundary of the gallery's roles."
  value       = aws_iam_policy.gallery_boundary.arn
}

output "role_arn" {
  description = "ARN of the role that deploys the application."
  value       = aws_iam_role.this.arn
}
