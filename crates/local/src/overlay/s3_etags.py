"""The encryption of buckets, and the ETags of objects that S3 encrypts with a KMS key: no digest of their bytes."""

import contextvars
import secrets
from xml.sax.saxutils import escape

from ministack.services import s3
from ministack.services.cloudformation import provisioners

# Within one write: the ETag that the emulator has made, and the one that takes its place.
renamed = contextvars.ContextVar("scrubjay_etag", default=None)


def record_object_version(original):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html: "Objects created by the PUT Object, POST Object,
    or Copy operation, or through the AWS Management Console, and are encrypted by SSE-C or SSE-KMS, have ETags that are
    not an MD5 digest of their object data." Equal bytes have different ETags then. One of several parts ends with their
    number all the same."""

    def patched(bucket, key, prior, stored, data):
        names = renamed.get()
        sse = stored.get("preserved_headers", {}).get("x-amz-server-side-encryption")
        if names is not None and sse == "aws:kms":
            old = stored["etag"].strip('"')
            new = "-".join([secrets.token_hex(16), *old.split("-")[1:]])
            stored["etag"] = f'"{new}"'
            names[old] = new
        return original(bucket, key, prior, stored, data)

    return patched


def fire_event(original):
    def patched(*args, etag="", **kwargs):
        old = etag.strip('"')
        return original(*args, etag=(renamed.get() or {}).get(old, old), **kwargs)

    return patched


def write(original):
    """A write answers with the object's ETag, in a header or in XML."""

    def patched(*args, **kwargs):
        names = {}
        token = renamed.set(names)
        try:
            status, headers, body = original(*args, **kwargs)
        finally:
            renamed.reset(token)
        for old, new in names.items():
            headers = {name: value.replace(old, new) for name, value in headers.items()}
            body = body.replace(old.encode(), new.encode())
        return status, headers, body

    return patched


def complete(original):
    """The answer to a repeated CompleteMultipartUpload is kept by the emulator: it has the ETag too."""

    def patched(bucket, key, body, query, *args, **kwargs):
        answer = original(bucket, key, body, query, *args, **kwargs)
        kept = s3._completed_multipart_uploads.get(s3._qp(query, "uploadId"))
        if kept is not None:
            kept["response"] = answer
        return answer

    return patched


def encrypted(original):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html: a template's
    BucketEncryption is the bucket's default."""

    def patched(identifier, *properties):
        answer = original(identifier, *properties)
        bucket = answer[0] if isinstance(answer, tuple) else answer
        wanted = next((p for p in reversed(properties) if isinstance(p, dict)), {}).get("BucketEncryption") or {}
        for rule in wanted.get("ServerSideEncryptionConfiguration", []):
            default = rule.get("ServerSideEncryptionByDefault") or {}
            names = ("SSEAlgorithm", "KMSMasterKeyID")
            fields = "".join(f"<{name}>{escape(default[name])}</{name}>" for name in names if name in default)
            s3._bucket_encryption[bucket] = (
                f'<ServerSideEncryptionConfiguration xmlns="{s3.S3_NS}"><Rule><ApplyServerSideEncryptionByDefault>{fields}'
                "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
            )
        return answer

    return patched


def install():
    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    for action in ("create", "update"):
        if action in handlers:
            handlers[action] = encrypted(handlers[action])
    s3._record_object_version = record_object_version(s3._record_object_version)
    s3._fire_s3_event_async = fire_event(s3._fire_s3_event_async)
    s3._put_object = write(s3._put_object)
    s3._post_object = write(s3._post_object)
    s3._copy_object = write(s3._copy_object)
    s3._complete_multipart_upload = complete(write(s3._complete_multipart_upload))
