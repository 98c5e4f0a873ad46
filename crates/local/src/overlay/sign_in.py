"""Cognito: what a renewed token says."""

from ministack.services import cognito


def token(original):
    """https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html: an access
    token names the user's groups, one that was renewed by a refresh token too."""

    def patched(sub, pool_id, client_id, token_type="access", username="", **more):
        if more.get("groups") is None and more.get("trigger_source") == "TokenGeneration_RefreshTokens":
            user = (cognito._get_pool_unscoped(pool_id) or {}).get("_users", {}).get(username, {})
            more["groups"] = list(user.get("_groups", []))
        return original(sub, pool_id, client_id, token_type, username=username, **more)

    return patched


def install():
    cognito._fake_token = token(cognito._fake_token)
