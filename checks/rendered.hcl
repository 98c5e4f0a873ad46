# Added to the provider-free copy of modules/foundation: every policy as this environment gets it.
output "policies" {
  description = "File name to document."
  value = merge(
    {
      for file in fileset(local.policies, "*.json.tftpl") : trimsuffix(file, ".tftpl") =>
      jsondecode(templatefile("${local.policies}/${file}", merge(local.policy_variables, { bucket = local.names.source_bucket, user = "${local.prefix}-user-a" })))
    },
    { for bucket, documents in local.bucket_policies : "${bucket}.json" => {
      Version = "2012-10-17", Statement = flatten([for document in documents : jsondecode(document).Statement])
    } },
    { "key.json" = jsondecode(local.key_policy), "reader.json" = jsondecode(local.reader_policy) },
    { for user, document in local.user_policies : "user-${user}.json" => jsondecode(document) },
  )
}
