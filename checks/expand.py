"""Expand the SAM template to plain CloudFormation on standard output: `expand.py TEMPLATE`.

Local paths become S3 URIs, as `sam package` would make them, after a look whether the files are there.
"""

import json
import os
import pathlib
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform


class NoManagedPolicies:
    """Stands in for the call to IAM that looks managed policies up by name."""

    def load(self):
        return {}


os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
path = pathlib.Path(sys.argv[1])
template = yaml_parse(path.read_text())
for name, resource in template["Resources"].items():
    properties = resource.get("Properties", {})
    for key in ("CodeUri", "DefinitionUri", "ContentUri"):
        local = properties.get(key)
        if isinstance(local, str) and not local.startswith("s3://"):
            if not (path.parent / local).exists():
                sys.exit(f"{name}: {key}: no such file: {local}")
            properties[key] = f"s3://artifacts/{local.strip('/')}"
print(json.dumps(transform(template, {}, NoManagedPolicies()), indent=1, default=str))
