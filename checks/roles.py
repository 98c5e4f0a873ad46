"""The policies of templates' roles as documents on standard output: `roles.py EXPANDED...`, a name to each document.

References become values of the right shape: parliament asks whether an ARN fits an action, not whose it is.
"""

import json
import re
import sys

REGION, ACCOUNT = "eu-central-1", "111122223333"
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::NoValue": ""}
PARAMETERS = {"Env": "dev", "KeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-4000-8000-000000000000"}
ARNS = {
    "AWS::Lambda::Function": "lambda:{where}:function:{name}",
    "AWS::StepFunctions::StateMachine": "states:{where}:stateMachine:{name}",
    "AWS::SQS::Queue": "sqs:{where}:{name}",
    "AWS::SNS::Topic": "sns:{where}:{name}",
    "AWS::DynamoDB::Table": "dynamodb:{where}:table/{name}",
    "AWS::Events::Rule": "events:{where}:rule/{name}",
    "AWS::Logs::LogGroup": "logs:{where}:log-group:{name}:*",
}

resources = {}


def reference(name):
    if name in PSEUDO:
        return PSEUDO[name]
    if name in PARAMETERS:
        return PARAMETERS[name]
    if name in resources:
        return arn(name)
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()  # a parameter: SourceBucket -> source-bucket


def arn(name):
    pattern = ARNS.get(resources[name]["Type"])
    if pattern is None:
        sys.exit(f"roles.py: no ARN is known for {name} of {resources[name]['Type']}")
    return "arn:aws:" + pattern.format(where=f"{REGION}:{ACCOUNT}", name=f"scrubjay-dev-{name.lower()}")


def resolve(value):
    if isinstance(value, list):
        return [resolve(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        function, argument = next(iter(value.items()))
        if function == "Ref":
            return reference(argument)
        if function == "Fn::GetAtt":
            name = argument.split(".")[0] if isinstance(argument, str) else argument[0]
            return arn(name)
        if function == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda match: reference(match[1].split(".")[0]), argument)
        if function == "Fn::If":
            return resolve(argument[1])
    return {name: resolve(field) for name, field in value.items()}


documents = {}
for path in sys.argv[1:]:
    resources = json.load(open(path))["Resources"]
    for logical, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"].get("Policies", []):
                documents[f"role-{logical}-{policy['PolicyName']} of {path}"] = resolve(policy["PolicyDocument"])
print(json.dumps(documents))
