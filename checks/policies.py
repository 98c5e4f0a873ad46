"""Lint policies with parliament: `policies.py POLICIES.json` (name to document, in one object): Terraform's rendered files, or the
roles of a template, whose names begin with `role-`.

What parliament gets wrong, or cannot know, is listed here with its reason. An entry that no longer matches anything is an
error too, so that the list cannot outlive its reasons.
"""

import fnmatch
import json
import sys

import parliament

ALLOWED = [
    # file, parliament's issue, part of its detail, why
    ("trust-*", "MALFORMED", "neither Resource nor NotResource", "a trust policy has no Resource"),
    ("key*", "RESOURCE_STAR", "kms:", "in a key policy, * is the key itself"),
    ("*", "UNKNOWN_CONDITION_FOR_ACTION", "aws:ViaAWSService", "a global key, newer than parliament's list"),
    ("*bucket*", "MISMATCHED_TYPE", "s3:TlsVersion", "parliament takes whole numbers only"),
    ("*bucket*", "UNKNOWN_CONDITION_FOR_ACTION", "s3:TlsVersion", "s3:* has actions that know no TLS version; Deny then does not match"),
    ("boundary*", "RESOURCE_MISMATCH", "states:ListExecutions", "takes state machines too, beside map runs"),
    ("boundary*", "RESOURCE_MISMATCH", "states:DescribeExecution", "takes standard executions too, beside express ones"),
    ("operator*", "RESOURCE_MISMATCH", "states:ListExecutions", "takes state machines too, beside map runs"),
    ("operator*", "RESOURCE_MISMATCH", "states:DescribeExecution", "takes standard executions too, beside express ones"),
    ("operator*", "RESOURCE_STAR", "logs:GetQueryResults", "names a query, which is no resource; parliament's list is older"),
    ("role-*", "RESOURCE_MISMATCH", "states:DescribeExecution", "takes standard executions too, beside express ones"),
    ("deployer-gallery*", "UNKNOWN_ACTION", "apigateway:TagResource", "newer than parliament's list"),
    ("deployer-gallery*", "RESOURCE_STAR", "cloudfront:", "many of CloudFront's actions name no resource"),
    ("deployer*", "INVALID_ARN", "Account expected", "AWS's own SAM transform stands in the account `aws`"),
    ("deployer*", "MISMATCHED_TYPE_BUT_USABLE", "StringEquals", "iam:PermissionsBoundary, the way the IAM guide compares it"),
]


def findings(name, document):
    """Findings of one policy as (issue, detail) pairs."""
    policy = parliament.analyze_policy_string(json.dumps(document), filepath=name)
    for finding in policy.findings:
        finding = parliament.enhance_finding(finding)
        if finding.severity != "MUTE":
            yield finding.issue, f"{finding.title}: {finding.detail}"


def main(path):
    used, bad, count = set(), 0, 0
    documents = json.load(open(path))
    of_a_template = all(name.startswith("role-") for name in documents)
    allowed = [rule for rule in ALLOWED if rule[0].startswith("role-") == of_a_template]
    for name, document in sorted(documents.items()):
        count += 1
        for issue, detail in findings(name, document):
            rules = [r for r in allowed if fnmatch.fnmatch(name, r[0]) and r[1] == issue and r[2] in detail]
            used.update(rules[:1])
            if not rules:
                bad += 1
                print(f"{name}: {issue}: {detail}")
    for rule in allowed:
        if rule not in used:
            bad += 1
            print(f"checks/policies.py: no longer needed: {rule}")
    print(f"parliament: {count} policies, {bad} findings")
    return 1 if bad or not count else 0


sys.exit(main(sys.argv[1]))
