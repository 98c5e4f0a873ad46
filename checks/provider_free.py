"""A copy of terraform/ that plans without a provider: `provider_free.py FROM TO`.

Resources and data sources of providers are taken out and what was read from them is replaced by constants of the right
shape. What stays is everything that Terraform itself evaluates: variables with their types and validations, locals,
templates, the wiring of modules, outputs, and the guard. So `terraform plan` finds what a schema cannot: a wrong type, a
function's wrong argument, a placeholder without a value, a validation that refuses what it should take.
"""

import pathlib
import re
import sys

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/00000000-0000-4000-8000-000000000000"
CONSTANTS = [
    (r"data\.aws_caller_identity\.current\.account_id", f'"{ACCOUNT}"'),
    (r"data\.aws_partition\.current\.partition", '"aws"'),
    (r"data\.aws_region\.current\.region", '"eu-central-1"'),
    (r"random_id\.bucket_suffix\.hex", '"scrubjay-${var.env}-00000000"'),
    (r"random_id\.suffix\.hex", '"00000000"'),
    (r"aws_kms_key\.this\.arn", f'"{KEY}"'),
    (r"aws_s3_bucket\.this\.id", "var.name"),
    (r"\bin aws_\w+\.\w+", "in {}"),
    (r"\baws_\w+\.\w+\.(\w+)", r'"\1"'),
]
# Blocks of providers, at the start of a line, to the brace that closes them there.
BLOCKS = re.compile(r'^(?:resource "(?!terraform_data")|data |provider )[^\n]*\{(?:\}|\n.*?^\})$', re.S | re.M)
NESTED = re.compile(r"^  (?:required_providers|backend \"s3\") \{\n.*?^  \}$", re.S | re.M)

source, target = map(pathlib.Path, sys.argv[1:])
for file in source.rglob("*"):
    if file.suffix not in (".tf", ".tftpl"):
        continue
    text = file.read_text()
    if file.suffix == ".tf":
        text = NESTED.sub("", BLOCKS.sub("", text))
        for pattern, constant in CONSTANTS:
            text = re.sub(pattern, lambda match, constant=constant: match.expand(constant), text)
    copy = target / file.relative_to(source)
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(text)
