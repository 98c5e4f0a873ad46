"""A bucket for the state, and what lies in it, on the emulated S3: `state.py ENDPOINT COMMAND [ARGS]`."""

import json
import sys

import boto3

endpoint, command, *args = sys.argv[1:]
s3 = boto3.client(
    "s3", endpoint_url=endpoint, region_name="eu-central-1", aws_access_key_id="test", aws_secret_access_key="test"
)
if command == "make":
    s3.create_bucket(Bucket=args[0], CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket=args[0], VersioningConfiguration={"Status": "Enabled"})
elif command == "list":
    print("\n".join(sorted(o["Key"] for o in s3.list_objects_v2(Bucket=args[0]).get("Contents", []))))
elif command == "lock":
    lock = {"ID": "someone-else", "Operation": "OperationTypeApply", "Who": "somebody@elsewhere", "Path": args[1]}
    s3.put_object(Bucket=args[0], Key=f"{args[1]}.tflock", Body=json.dumps(lock).encode())
elif command == "unlock":
    s3.delete_object(Bucket=args[0], Key=f"{args[1]}.tflock")
else:
    sys.exit(f"no such command: {command}")
