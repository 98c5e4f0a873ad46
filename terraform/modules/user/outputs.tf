output "name" {
  description = "The user's name."
  value       = aws_iam_user.this.name
}

output "arn" {
  description = "The user's ARN."
  value       = aws_iam_user.this.arn
}

output "access_key_secret_arn" {
  description = "Where the access key waits in Secrets Manager; empty when there is none."
  value       = join("", [for secret in aws_secretsmanager_secret.access_key : secret.arn])
}
