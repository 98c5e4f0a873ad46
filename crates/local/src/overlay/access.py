"""IAM: what a request says about itself, where policies ask for it."""

from ministack.core import iam_actions, iam_evaluator
from ministack.services import iam


def condition_key(original):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn:
    of a role's session, aws:PrincipalArn is the role."""

    def patched(key, context):
        if key.lower() == "aws:principalarn" and context.principal_type == "AssumedRole":
            name = iam_evaluator._role_name_from_assumed_arn(context.principal_arn)
            role = iam._roles.get_scoped(context.principal_account, None, name)
            if role:
                return role["Arn"]
        return original(key, context)

    return patched


def object_context(original):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html: a write's conditions can be
    asked for."""

    def patched(action, query, path, headers):
        context = original(action, query, path, headers)
        if action == "s3:PutObject":
            for name in ("if-match", "if-none-match"):
                if headers.get(name):
                    context[f"s3:{name}"] = headers[name]
        return context

    return patched


def install():
    iam_evaluator._resolve_condition_key = condition_key(iam_evaluator._resolve_condition_key)
    iam_actions._s3_object_context = object_context(iam_actions._s3_object_context)
