# Renders the files of policies/. One map has the values of all placeholders; for a bucket's policy, `bucket` is added to it.
locals {
  policies = "${path.module}/../../policies"

  # All values except the key's ARN. The key's own policy is rendered with these, since it must not depend on the key.
  names_for_policies = merge(local.names, {
    partition  = data.aws_partition.current.partition
    region     = data.aws_region.current.region
    account_id = data.aws_caller_identity.current.account_id
    env        = var.env

    destination_reader_arns = jsonencode(concat(
      ["${local.iam_arn}:role/${local.prefix}-derive", "${local.iam_arn}:role/${local.prefix}-analyse-machine"],
      ["${local.iam_arn}:role/${local.prefix}-api", "${local.iam_arn}:role/${local.prefix}-direct-get"],
      ["${local.iam_arn}:user/${local.prefix}-user-b", "${local.iam_arn}:role/${local.prefix}-website-reader"],
      var.additional_reader_arns,
    ))
    reader_distribution_arns = jsonencode(var.reader_distribution_arns)
  })

  policy_variables = merge(local.names_for_policies, {
    key_arn               = module.key.arn
    application_role_arns = jsonencode(local.application_role_arns)
    gallery_role_arns     = jsonencode(local.gallery_role_arns)
    deployer_trusted_arns = jsonencode(var.deployer_trusted_arns)

    # The address range binds every principal but these: the application, the servers, the deployer and whom a variable exempts.
    allowed_cidrs = jsonencode(var.allowed_cidrs)
    address_range_exempt_arns = jsonencode(concat(
      local.application_role_arns,
      local.gallery_role_arns,
      ["${local.iam_arn}:role/${local.prefix}-website-reader", "${local.iam_arn}:role/${local.prefix}-deployer"],
      var.address_range_exempt_arns,
    ))

    reader_object_arns = jsonencode([
      for prefix in length(var.reader_prefixes) > 0 ? var.reader_prefixes : [""] :
      "arn:${data.aws_partition.current.partition}:s3:::${local.names.destination_bucket}/${prefix}*"
    ])
    reader_prefixes = jsonencode([for prefix in var.reader_prefixes : "${prefix}*"])
  })

  # CloudFront reads photos, and S3 writes inventories, as an AWS service in its own name. Policies therefore need separate
  # statements for them, which are left out if the feature is off.
  cloudfront = length(var.reader_distribution_arns) > 0
  inventory  = var.inventory != "off"
  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = flatten([
      for name in concat(["key"], local.cloudfront ? ["key-cloudfront"] : [], local.inventory ? ["key-inventory"] : []) :
      jsondecode(templatefile("${local.policies}/${name}.json.tftpl", local.names_for_policies)).Statement
    ])
  })

  reader_documents = [
    "reader-objects",
    length(var.reader_prefixes) > 0 ? "reader-list-prefixes" : "reader-list-all",
  ]
  reader_policy = jsonencode({
    Version = "2012-10-17"
    Statement = flatten([
      for name in local.reader_documents :
      jsondecode(templatefile("${local.policies}/${name}.json.tftpl", local.policy_variables)).Statement
    ])
  })

  # Besides what users may do with photographs, they may change their own password.
  user_documents = {
    a = ["user-source", "user-password"]
    b = concat(local.reader_documents, ["user-password"])
  }
  user_policies = {
    for user, names in local.user_documents : user => jsonencode({
      Version = "2012-10-17"
      Statement = flatten([
        for name in names : jsondecode(templatefile(
          "${local.policies}/${name}.json.tftpl",
          merge(local.policy_variables, { user = "${local.prefix}-user-${user}" }),
        )).Statement
      ])
    })
  }

  # The files of policies/ that make up each bucket's policy.
  address_range = length(var.allowed_cidrs) > 0 ? ["bucket-address-range"] : []
  bucket_policy_files = {
    source_bucket  = concat(["bucket-secure-transport", "bucket-own-key", "bucket-source"], local.address_range)
    staging_bucket = ["bucket-secure-transport", "bucket-own-key", "bucket-staging"]
    destination_bucket = concat(
      ["bucket-secure-transport", "bucket-own-key", "bucket-destination"],
      local.address_range,
      local.cloudfront ? ["bucket-cloudfront"] : [],
    )
    derivatives_bucket = ["bucket-secure-transport", "bucket-own-key", "bucket-derivatives"]
    reports_bucket = concat(
      ["bucket-secure-transport", "bucket-own-key"],
      local.inventory ? ["bucket-inventory"] : [],
    )
    artifact_bucket    = ["bucket-secure-transport", "bucket-own-key"]
    access_logs_bucket = ["bucket-secure-transport", "bucket-access-logs"]
  }
  bucket_policies = {
    for bucket, files in local.bucket_policy_files : bucket => [
      for file in files :
      templatefile("${local.policies}/${file}.json.tftpl", merge(local.policy_variables, { bucket = local.names[bucket] }))
    ]
  }
}
