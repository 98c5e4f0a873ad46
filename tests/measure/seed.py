"""The same job the way it is often begun: Python, boto3 and the package `exif`, one function from bucket to bucket.

It stands beside ours in tests/measure/lambda.py. The loop below is what Lambda's Python runtime does: import, then poll.
"""

import json
import os
import urllib.request

import boto3
from exif import Image

s3 = boto3.client("s3")
api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


def handle(event):
    detail = event["detail"]
    source = s3.get_object(Bucket=detail["bucket"]["name"], Key=detail["object"]["key"])["Body"].read()
    image = Image(source)
    image.delete_all()
    s3.put_object(Bucket=os.environ["DESTINATION_BUCKET"], Key=detail["object"]["key"], Body=image.get_file())


while True:
    with urllib.request.urlopen(f"{api}/next") as answer:
        request, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
    handle(event)
    urllib.request.urlopen(urllib.request.Request(f"{api}/{request}/response", b"null", method="POST")).close()
