resource "aws_iam_role" "this" {
  name               = var.name
  description        = "For servers that show the cleaned photographs."
  assume_role_policy = var.trust_policy
}

resource "aws_iam_role_policy" "this" {
  name   = "read-destination"
  role   = aws_iam_role.this.id
  policy = var.policy
}

resource "aws_iam_instance_profile" "this" {
  name = var.name
  role = aws_iam_role.this.name
}
