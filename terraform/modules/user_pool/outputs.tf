output "id" {
  description = "The user pool's id."
  value       = aws_cognito_user_pool.this.id
}

output "arn" {
  description = "The user pool's ARN."
  value       = aws_cognito_user_pool.this.arn
}

output "domain" {
  description = "First part of the address of the sign-in pages."
  value       = aws_cognito_user_pool_domain.this.domain
}
