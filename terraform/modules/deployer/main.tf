# A ceiling for every role that template.yaml makes: whatever the template says, a role can do no more than this.
resource "aws_iam_policy" "boundary" {
  name        = "${var.prefix}-boundary"
  description = "The most that a role of the scrubjay application can ever do."
  policy      = var.boundary_policy
}

# The same for gallery/template.yaml: its roles can never read or list bucket A.
resource "aws_iam_policy" "gallery_boundary" {
  name        = "${var.prefix}-boundary-gallery"
  description = "The most that a role of the scrubjay gallery can ever do."
  policy      = var.gallery_boundary_policy
}

resource "aws_iam_role" "this" {
  name               = "${var.prefix}-deployer"
  description        = "Deploys template.yaml; cannot widen its own rights or touch the foundation."
  assume_role_policy = var.trust_policy
}

# This policy is inline, because a managed policy holds at most 6,144 characters. The list of all actions that CloudFormation needs
# is longer.
resource "aws_iam_role_policy" "this" {
  name   = "deploy"
  role   = aws_iam_role.this.id
  policy = var.deployer_policy
}

# The further permissions that deploying the gallery needs. They are a managed policy, because all inline policies of a role share
# one size limit.
resource "aws_iam_policy" "gallery" {
  name        = "${var.prefix}-deployer-gallery"
  description = "Deploys gallery/template.yaml, beside template.yaml."
  policy      = var.gallery_deployer_policy
}

resource "aws_iam_role_policy_attachment" "gallery" {
  role       = aws_iam_role.this.name
  policy_arn = aws_iam_policy.gallery.arn
}
