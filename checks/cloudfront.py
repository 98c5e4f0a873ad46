"""Try the policies for CloudFront on an emulated one: `cloudfront.py ENDPOINT RENDERED`.

A bucket with the rendered policy of bucket B, two distributions with origin access control, of which the policy names one. The
emulated CloudFront asks the bucket's policy; the key's is asked by tests/tests/policies_access.rs.
"""

import json
import sys
import urllib.error
import urllib.request

import boto3

endpoint, rendered = sys.argv[1:]
keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
s3 = boto3.client("s3", endpoint_url=endpoint, **keys)
cloudfront = boto3.client("cloudfront", endpoint_url=endpoint, **keys)
bucket = "photos-out"
s3.create_bucket(Bucket=bucket)
s3.put_object(Bucket=bucket, Key="photo.jpg", Body=b"clean")
control = cloudfront.create_origin_access_control(OriginAccessControlConfig={
    "Name": "photos", "SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3",
})["OriginAccessControl"]["Id"]


def distribution(reference):
    config = {
        "CallerReference": reference, "Comment": reference, "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [{
            "Id": "b", "DomainName": f"{bucket}.s3.us-east-1.amazonaws.com", "OriginAccessControlId": control,
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "b", "ViewerProtocolPolicy": "allow-all", "MinTTL": 0,
            "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
        },
    }
    return cloudfront.create_distribution(DistributionConfig=config)["Distribution"]


def status(made, key="photo.jpg"):
    host = made["DomainName"]
    request = urllib.request.Request(f"{endpoint}/{key}", headers={"Host": host, "X-Forwarded-Proto": "https"})
    try:
        return urllib.request.urlopen(request, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code


named, other = distribution("named"), distribution("other")
statements = json.load(open(rendered))["bucket-cloudfront.json"]["Statement"]
for statement in statements:
    statement["Resource"] = f"arn:aws:s3:::{bucket}/*"
    statement["Condition"]["StringEquals"]["aws:SourceArn"] = [named["ARN"]]
s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
rows = [
    ("the named distribution reads", status(named), 200),
    ("another distribution does not", status(other), 403),
    ("the named one does not see what is missing", status(named, "none.jpg"), 403),
]
s3.delete_bucket_policy(Bucket=bucket)
rows.append(("nobody without the policy", status(named), 403))
wrong = [f"{what}: {said}, not {wanted}" for what, said, wanted in rows if said != wanted]
if wrong:
    sys.exit("cloudfront: " + "; ".join(wrong))
print(f"cloudfront: {len(rows)} answers as the policy gives them")
