"""Rekognition: requests, answers and errors as AWS has them; what is to be seen on a picture is looked up, not recognised.

Known pictures stand in a table by their SHA-256, which `POST /_scrubjay/rekognition` fills: tests know what they will be told. Of
every other picture nothing is said. The model versions begin with `local-`, so that nobody takes an answer for AWS's."""

import base64
import hashlib
import json

from ministack import app
from ministack.core import router
from ministack.core.responses import error_response_json, json_response
from ministack.services import s3
from ministack.services import stepfunctions as sfn

# https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
BYTES, OBJECT_BYTES, LARGEST = 5 << 20, 15 << 20, 10_000
# By SHA-256 of a picture: {"labels": [...], "moderation": [...], "text": [...]}, or {"error": [code, message, how often]}.
known = {}


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message


def picture(image):
    """The bytes that a request names."""
    if image.get("Bytes"):
        data, most = base64.b64decode(image["Bytes"]), BYTES
    else:
        place = image.get("S3Object") or {}
        status, _, data = s3._get_object(place.get("Bucket", ""), place.get("Name", ""), {}, {})
        most = OBJECT_BYTES
        if status != 200:
            raise Refused(
                "InvalidS3ObjectException",
                "Unable to get object metadata from S3. Check object key, region and/or access permissions.",
            )
    if len(data) > most:
        raise Refused("ImageTooLargeException", "Image size is too large")
    if not data.startswith((b"\xff\xd8", b"\x89PNG\r\n\x1a\n")):
        raise Refused("InvalidImageFormatException", "Request has invalid image format")
    width, height = size(data)
    if max(width, height) > LARGEST:
        raise Refused("ImageTooLargeException", "Image dimensions are too large")
    return data


def size(data):
    """Width and height of a JPEG, by its frame header; (0, 0) when that is not found."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        if 0xC0 <= data[at + 1] <= 0xCF and data[at + 1] not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return 0, 0


def above(found, least, most=None):
    found = [item for item in found if item["Confidence"] >= least]
    return sorted(found, key=lambda item: -item["Confidence"])[:most]


def answer(operation, data):
    """https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectLabels.html,
    https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectModerationLabels.html,
    https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectText.html: shapes and defaults."""
    if "Image" not in data:
        raise Refused("InvalidParameterException", "Request has invalid parameters")
    facts = known.get(hashlib.sha256(picture(data["Image"])).hexdigest(), {})
    error = facts.get("error")
    if error and error[2] > 0:
        error[2] -= 1
        raise Refused(error[0], error[1])
    least = data.get("MinConfidence")
    if operation == "DetectLabels":
        labels = above(facts.get("labels", []), 55 if least is None else least, data.get("MaxLabels"))
        labels = [{"Instances": [], "Parents": [], "Aliases": [], "Categories": [], **label} for label in labels]
        return {"Labels": labels, "LabelModelVersion": "local-table"}
    if operation == "DetectModerationLabels":
        labels = above(facts.get("moderation", []), 50 if least is None else least)
        labels = [{"ParentName": "", "TaxonomyLevel": 1, **label} for label in labels]
        return {"ModerationLabels": labels, "ModerationModelVersion": "local-table", "ContentTypes": []}
    if operation == "DetectText":
        lines = [{"Id": index, "Type": "LINE", **line} for index, line in enumerate(facts.get("text", []))]
        return {"TextDetections": lines, "TextModelVersion": "local-table"}
    raise Refused("UnknownOperationException", operation)


async def handle(method, path, headers, body, query):
    operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    try:
        return json_response(answer(operation, json.loads(body or b"{}")))
    except Refused as refused:
        return error_response_json(refused.code, refused.message, 400)


def learn(body):
    known.update(body)
    return {"known": len(known)}


def install():
    router.SERVICE_PATTERNS["rekognition"] = {"target_prefixes": ["RekognitionService"]}
    app.SERVICE_HANDLERS["rekognition"] = handle
    sfn._AWS_SDK_SERVICE_MAP["rekognition"] = {"target_prefix": "RekognitionService", "protocol": "json"}
