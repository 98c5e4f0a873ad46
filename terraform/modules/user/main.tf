resource "aws_iam_user" "this" {
  # checkov:skip=CKV_AWS_273:the company asked for two IAM users; no access key and no password by default
  name = var.name
  # Access keys and a console password that were made by hand are deleted with the user.
  force_destroy = true
}

resource "aws_iam_policy" "this" {
  name        = var.name
  description = "What ${var.name} may do, and nothing else."
  policy      = var.policy
}

resource "aws_iam_user_policy_attachment" "this" {
  # checkov:skip=CKV_AWS_40:one user, one policy, by requirement; a group of one would only hide it
  user       = aws_iam_user.this.name
  policy_arn = aws_iam_policy.this.arn
}

# The secret half leaves IAM encrypted to the receiver's PGP key: neither the state, nor a plan, nor Secrets Manager, nor
# whoever runs Terraform ever holds it in clear.
resource "aws_iam_access_key" "this" {
  for_each = var.pgp_key == "" ? {} : { pgp = var.pgp_key }

  user    = aws_iam_user.this.name
  pgp_key = each.value
}

resource "aws_secretsmanager_secret" "access_key" {
  # checkov:skip=CKV_AWS_149:what lies in it is PGP ciphertext already
  # checkov:skip=CKV2_AWS_57:rotation needs the receiver's PGP key; README.md says how to roll the key over
  for_each = aws_iam_access_key.this

  name                    = "${replace(var.name, "-user-", "/user-")}/access-key"
  description             = "Access key of ${var.name}; the secret half is encrypted to its owner's PGP key."
  recovery_window_in_days = 7
}

resource "aws_secretsmanager_secret_version" "access_key" {
  for_each = aws_iam_access_key.this

  secret_id = aws_secretsmanager_secret.access_key[each.key].id
  secret_string = jsonencode({
    access_key_id               = each.value.id
    secret_access_key_encrypted = each.value.encrypted_secret
  })
}
