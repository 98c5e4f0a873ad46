"""CloudFront: signed URLs, and the two resources that they need in a template."""

import base64
import json
import time
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from ministack.core.responses import new_uuid
from ministack.services import cloudfront
from ministack.services.cloudformation import provisioners

SIGNING = ("Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm")
# The origin that the viewer has typed, where a front (fronts.py) stands before the distribution.
VIEWERS_ORIGIN = "x-scrubjay-viewers-origin"


def public_key_create(logical_id, props, stack_name):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudfront-publickey.html"""
    config = props["PublicKeyConfig"]
    missing = [name for name in ("CallerReference", "EncodedKey", "Name") if not config.get(name)]
    if missing:
        raise ValueError(f"AWS::CloudFront::PublicKey needs {', '.join(missing)}")
    serialization.load_pem_public_key(config["EncodedKey"].encode())
    identifier = cloudfront._pk_id()
    now = cloudfront._now_iso()
    cloudfront._public_keys[identifier] = {"Id": identifier, "ETag": new_uuid(), "CreatedTime": now, "Config": dict(config)}
    return identifier, {"Id": identifier, "CreatedTime": now}


def public_key_delete(identifier, _props):
    cloudfront._public_keys.pop(identifier, None)


def key_group_create(logical_id, props, stack_name):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudfront-keygroup.html"""
    config = props["KeyGroupConfig"]
    unknown = [key for key in config["Items"] if key not in cloudfront._public_keys]
    if unknown:
        raise ValueError(f"AWS::CloudFront::KeyGroup: no such public key: {', '.join(unknown)}")
    identifier = cloudfront._kg_id()
    now = cloudfront._now_iso()
    cloudfront._key_groups[identifier] = {"Id": identifier, "ETag": new_uuid(), "LastModifiedTime": now, "Config": dict(config)}
    return identifier, {"Id": identifier, "LastModifiedTime": now}


def key_group_delete(identifier, _props):
    cloudfront._key_groups.pop(identifier, None)


def behavior(original):
    """A cache behavior with the key groups that it trusts."""

    def patched(element, path_pattern=None):
        parsed = original(element, path_pattern)
        trusted = cloudfront._find(element, "TrustedKeyGroups")
        groups = [] if trusted is None else [e.text for e in trusted.iter() if cloudfront._local_tag_name(e) == "KeyGroup"]
        parsed["trusted_key_groups"] = groups
        return parsed

    return patched


def refusal(groups, base, query):
    """Why a request is refused, or None. Canned policies alone:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html"""
    signed = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    if "Key-Pair-Id" not in signed:
        return "MissingKey", "Missing Key-Pair-Id query parameter or cookie value"
    rest = "&".join(part for part in query.split("&") if part and part.split("=", 1)[0] not in SIGNING)
    resource = f"{base}?{rest}" if rest else base
    denied = "AccessDenied", "Access denied"
    trusted = {key for group in groups for key in cloudfront._key_groups.get(group, {"Config": {"Items": []}})["Config"]["Items"]}
    expires, signature = signed.get("Expires", ""), signed.get("Signature", "")
    if signed["Key-Pair-Id"] not in trusted or not expires.isdigit() or int(expires) <= time.time():
        return denied
    condition = {"DateLessThan": {"AWS:EpochTime": int(expires)}}
    policy = json.dumps({"Statement": [{"Resource": resource, "Condition": condition}]}, separators=(",", ":"), ensure_ascii=False)
    pem = cloudfront._public_keys[signed["Key-Pair-Id"]]["Config"]["EncodedKey"]
    key = serialization.load_pem_public_key(pem.encode())
    algorithm = hashes.SHA256() if signed.get("Hash-Algorithm") == "SHA256" else hashes.SHA1()
    try:
        given = base64.b64decode(signature.translate(str.maketrans("-_~", "+=/")))
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(given, policy.encode(), ec.ECDSA(algorithm))
        else:
            key.verify(given, policy.encode(), padding.PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError):
        return denied
    return None


def viewer_request(original):
    async def patched(dist, method, path, raw_uri, raw_query_string, headers, *rest, **more):
        found = cloudfront._match_behavior(cloudfront.parse_distribution_dataplane_config(dist), path)
        if found and found["trusted_key_groups"]:
            origin = headers.get(VIEWERS_ORIGIN) or f"https://{headers.get('host', '')}"
            refused = refusal(found["trusted_key_groups"], origin + raw_uri, raw_query_string)
            if refused:
                code, message = refused
                body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
                return 403, {"Content-Type": "text/xml", "X-Cache": "Error from cloudfront"}, body.encode()
        return await original(dist, method, path, raw_uri, raw_query_string, headers, *rest, **more)

    return patched


def install():
    provisioners._RESOURCE_HANDLERS["AWS::CloudFront::PublicKey"] = {"create": public_key_create, "delete": public_key_delete}
    provisioners._RESOURCE_HANDLERS["AWS::CloudFront::KeyGroup"] = {"create": key_group_create, "delete": key_group_delete}
    cloudfront._dataplane_behavior = behavior(cloudfront._dataplane_behavior)
    cloudfront.handle_viewer_request = viewer_request(cloudfront.handle_viewer_request)
