# The files of policies/, rendered. What a file needs is in one map; files of one bucket get `bucket` on top.
locals {
  policies = "${path.module}/../../policies"

  # Everything but the key's ARN, which the key's own policy must not need.
  names_for_policies = merge(local.names, {
    partition  = data.aws_partition.current.partition
    region     = data.aws_region.current.region
    account_id = data.aws_caller_identity.current.account_id
    env        = var.env
  })

  policy_variables = merge(local.names_for_policies, {
    key_arn               = module.key.arn
    application_role_arns = jsonencode(local.application_role_arns)
    deployer_trusted_arns = jsonencode(var.deployer_trusted_arns)

    # People are whoever is left when the application, the servers, the deployer and the operators are taken away.
    allowed_cidrs = jsonencode(var.allowed_cidrs)
    address_range_exempt_arns = jsonencode(concat(
      local.application_role_arns,
      ["${local.iam_arn}:role/${local.prefix}-website-reader", "${local.iam_arn}:role/${local.prefix}-deployer"],
      var.address_range_exempt_arns,
    ))

    reader_object_arns = jsonencode([
      for prefix in length(var.reader_prefixes) > 0 ? var.reader_prefixes : [""] :
      "arn:${data.aws_partition.current.partition}:s3:::${local.names.destination_bucket}/${prefix}*"
    ])
    reader_prefixes = jsonencode([for prefix in var.reader_prefixes : "${prefix}*"])
  })

  key_policy = templatefile("${local.policies}/key.json.tftpl", local.names_for_policies)

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

  # Which files make up which bucket's policy.
  address_range = length(var.allowed_cidrs) > 0 ? ["bucket-address-range"] : []
  bucket_policy_files = {
    source_bucket      = concat(["bucket-secure-transport", "bucket-own-key", "bucket-source"], local.address_range)
    staging_bucket     = ["bucket-secure-transport", "bucket-own-key", "bucket-staging"]
    destination_bucket = concat(["bucket-secure-transport", "bucket-own-key", "bucket-destination"], local.address_range)
    reports_bucket     = ["bucket-secure-transport", "bucket-own-key"]
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
