"""API Gateway: REST APIs with S3 and DynamoDB behind them, without a function; CORS of HTTP APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-aws-proxy.html: the integration's request is built from
the method's by parameters and mapping templates, and is sent in the name of the role in `credentials`. Here it is signed with a
session of that role and goes through the emulator's own front door, so the role's policies are enforced like anybody's.
"""

import base64
import json
import re
import urllib.parse

import airspeed
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from ministack.core import lambda_runtime
from ministack.services import apigateway as http_apis
from ministack.services import apigateway_v1 as apigateway
from ministack.services.cloudformation import provisioners

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
LARGEST = 10 * 1024 * 1024
# The JSON protocols of what is called by `action/<Name>`.
TARGETS = {"dynamodb": ("DynamoDB_20120810", "1.0")}
SERVED = ("dynamodb", "s3")


class Input:
    """$input: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html"""

    def __init__(self, body, parameters):
        self.body, self._parameters = body, parameters

    def path(self, expression):
        node = json.loads(self.body or "null")
        for quoted, name, index in re.findall(r"\['([^']+)'\]|\.?([A-Za-z0-9_\-]+)|\[(\d+)\]", expression.removeprefix("$")):
            try:
                node = node[int(index)] if index else node[quoted or name]
            except (KeyError, IndexError, TypeError):
                return None
        return node

    def json(self, expression):
        return json.dumps(self.path(expression), separators=(",", ":"), ensure_ascii=False)

    def params(self, name=None):
        if name is None:
            return self._parameters
        for where in ("path", "querystring", "header"):
            for known, value in self._parameters[where].items():
                if known == name or (where == "header" and known.lower() == name.lower()):
                    return value
        return ""


class Util:
    """$util, the same page. escapeJavaScript turns an apostrophe into `\\'`, which is no JSON: templates undo that themselves."""

    def escapeJavaScript(self, text):  # noqa: N802
        return json.dumps(str(text), ensure_ascii=False)[1:-1].replace("'", "\\'")

    def parseJson(self, text):  # noqa: N802
        return json.loads(text)

    def urlEncode(self, text):  # noqa: N802
        return urllib.parse.quote_plus(str(text))

    def urlDecode(self, text):  # noqa: N802
        return urllib.parse.unquote_plus(str(text))

    def base64Encode(self, text):  # noqa: N802
        return base64.b64encode(str(text).encode()).decode()

    def base64Decode(self, text):  # noqa: N802
        return base64.b64decode(text).decode()


def render(template, given, context, variables):
    names = {"input": given, "util": Util(), "context": context, "stageVariables": variables}
    return airspeed.Template(template).merge(names)


class Request:
    """A method's request, as parameters and templates see it."""

    def __init__(self, headers, body, query, path_parameters, context):
        single = {name: value[-1] if isinstance(value, list) else value for name, value in (query or {}).items()}
        decoded = {name: urllib.parse.unquote(value) for name, value in (path_parameters or {}).items()}
        self.parameters = {"path": decoded, "querystring": single, "header": dict(headers)}
        self.body, self.context = body or b"", context

    def value(self, expression):
        """https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html"""
        if expression.startswith("'"):
            return expression[1:-1]
        if expression.startswith("context."):
            node = self.context
            for name in expression.removeprefix("context.").split("."):
                node = (node or {}).get(name)
            return node
        found = re.fullmatch(r"method\.request\.(path|querystring|header)\.(.+)", expression)
        if not found:
            return None
        where, name = found.groups()
        parameters = self.parameters[where].items()
        return next((v for k, v in parameters if k == name or (where == "header" and k.lower() == name.lower())), None)


def credentials(role, account, region):
    function = f"arn:aws:lambda:{region}:{account}:function:api-gateway"
    session = lambda_runtime.execution_credentials({"FunctionArn": function, "FunctionName": "api-gateway", "Role": role})
    return Credentials(session["AWS_ACCESS_KEY_ID"], session["AWS_SECRET_ACCESS_KEY"], session["AWS_SESSION_TOKEN"] or None)


async def send(service, region, session, method, path, query, headers, body):
    """Signs a request and hands it to the emulator as it would come over the network."""
    from ministack import app

    url = f"http://{service}.{region}.amazonaws.com{path}"
    if query:
        url += "?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote)
    request = AWSRequest(method=method, url=url, data=body, headers=headers)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(session, service, region).add_auth(request)
    prepared = request.prepare()
    split = urllib.parse.urlsplit(prepared.url)
    sent = [(n.lower().encode(), (v if isinstance(v, str) else v.decode()).encode()) for n, v in prepared.headers.items()]
    if not any(name == b"host" for name, _ in sent):
        sent.append((b"host", split.netloc.encode()))
    scope = {
        "type": "http", "http_version": "1.1", "scheme": "http", "method": method, "path": urllib.parse.unquote(split.path),
        "raw_path": split.path.encode(), "query_string": split.query.encode(), "headers": sent,
        "client": ("127.0.0.1", 0), "server": ("127.0.0.1", 80),
    }
    got = {"status": 500, "headers": {}, "body": b""}

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def collect(message):
        if message["type"] == "http.response.start":
            got["status"] = message["status"]
            got["headers"] = {n.decode().lower(): v.decode("latin-1") for n, v in message.get("headers", [])}
        elif message["type"] == "http.response.body":
            got["body"] += message.get("body", b"")

    await app.app(scope, receive, collect)
    return got["status"], got["headers"], got["body"]


def outgoing_body(integration, request, content_type, binary, variables):
    """The body by mapping template, or as it came: content encodings by
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html"""
    if binary:
        return request.body
    text = request.body.decode("utf-8", "replace")
    templates = {name.split(";")[0].strip().lower(): text for name, text in (integration.get("requestTemplates") or {}).items()}
    if content_type not in templates:
        return request.body
    given = Input(text, request.parameters)
    return render(templates[content_type], given, request.context, variables).encode()


def answer(integration, status, headers, body, request, variables):
    """The integration response that fits the status:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integration-settings-integration-response.html"""
    chosen = apigateway._select_service_integration_response(integration, status)
    if chosen is None:
        return 500, {"Content-Type": "application/json"}, b'{"message": "Internal server error"}'
    out = {"Content-Type": "application/json"}
    for target, expression in (chosen.get("responseParameters") or {}).items():
        name = target.removeprefix("method.response.header.")
        value = expression[1:-1] if expression.startswith("'") else headers.get(expression.rsplit(".", 1)[-1].lower())
        if value is not None:
            out[name] = value
    template = (chosen.get("responseTemplates") or {}).get("application/json")
    if template is not None:
        override = {"header": {}, "status": None}
        context = {**request.context, "responseOverride": override}
        body = render(template, Input(body.decode("utf-8", "replace"), request.parameters), context, variables).encode()
        out.update(override["header"])
        if override["status"]:
            return int(override["status"]), out, body
    return int(chosen.get("statusCode") or status), out, body


def invoke(original):
    async def patched(integration, api_id, stage_name, stage, resource, path, method, headers, body, query, path_parameters, **more):
        target = apigateway._parse_service_integration_uri(integration.get("uri", ""))
        if not target or target[1] not in SERVED:
            return await original(
                integration, api_id, stage_name, stage, resource, path, method, headers, body, query, path_parameters, **more
            )
        if len(body or b"") > LARGEST:
            return 413, {"Content-Type": "application/json"}, b'{"message":"Request Too Long"}'
        region, service, verb, rest = target
        account = more.get("owner_account_id")
        context = {
            "accountId": account, "apiId": api_id, "httpMethod": method, "stage": stage_name, "resourcePath": resource["path"],
            "requestId": apigateway.new_uuid(), "authorizer": more.get("authorizer_context") or {},
            "identity": {**(more.get("caller_identity") or {}), "sourceIp": "127.0.0.1"},
            "requestOverride": {"header": {}, "querystring": {}, "path": {}},
        }
        request = Request(headers, body, query, path_parameters, context)
        variables = stage.get("variables") or {}
        content_type = (apigateway._header_ci(headers, "content-type") or "application/json").split(";")[0].strip().lower()
        binary = apigateway._media_type_matches(content_type, more.get("binary_media_types"))
        out = outgoing_body(integration, request, content_type, binary, variables)
        sent = {"header": {}, "querystring": {}, "path": {}}
        for destination, expression in (integration.get("requestParameters") or {}).items():
            value = request.value(expression)
            if value is not None:
                where, name = destination.removeprefix("integration.request.").split(".", 1)
                sent[where][name] = value
        session = credentials(integration.get("credentials", ""), account, region)
        if verb == "action":
            prefix, version = TARGETS[service]
            sent["header"].update({"X-Amz-Target": f"{prefix}.{rest}", "Content-Type": f"application/x-amz-json-{version}"})
            reply = await send(service, region, session, "POST", "/", {}, sent["header"], out)
        else:
            filled = re.sub(r"\{([^}]+)\}", lambda m: urllib.parse.quote(str(sent["path"].get(m.group(1), "")), safe="/"), rest)
            called = integration.get("httpMethod") or integration.get("integrationHttpMethod") or method
            reply = await send(service, region, session, called, "/" + filled, sent["querystring"], sent["header"], out)
        return answer(integration, *reply, request, variables)

    return patched


def literal(original):
    """https://velocity.apache.org/engine/1.7/user-guide.html#stringliterals: in a string of a template a backslash is a character
    like any other, so that AWS's own idiom `.replaceAll("\\\\'", "'")` is a regular expression for backslash and apostrophe."""

    def patched(self, namespace, loader):
        return original(self, namespace, loader) if re.search("[$#]", self.value) else self.value

    return patched


def method_create(original):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-method.html: a method of a
    template may name a request validator."""

    def patched(logical_id, props, stack_name):
        created = original(logical_id, props, stack_name)
        if props.get("RequestValidatorId"):
            resource = apigateway._resources[props["RestApiId"]][props["ResourceId"]]
            resource["resourceMethods"][props["HttpMethod"]]["requestValidatorId"] = props["RequestValidatorId"]
        return created

    return patched


def validator_create(logical_id, props, stack_name):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-requestvalidator.html"""
    data = {
        "name": props.get("Name", logical_id),
        "validateRequestBody": str(props.get("ValidateRequestBody", False)).lower() == "true",
        "validateRequestParameters": str(props.get("ValidateRequestParameters", False)).lower() == "true",
    }
    status, _, body = apigateway._create_request_validator(props["RestApiId"], data)
    if status >= 400:
        raise ValueError(f"AWS::ApiGateway::RequestValidator: {body!r}")
    identifier = json.loads(body)["id"]
    return identifier, {"RequestValidatorId": identifier}


def http_api_create(original):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigatewayv2-api-cors.html: the CORS
    configuration of an HTTP API in a template; the service itself spells its names in lower camel case."""

    def patched(logical_id, props, stack_name):
        identifier, attributes = original(logical_id, props, stack_name)
        api = http_apis._apis[identifier]
        cors = api.get("corsConfiguration") or {}
        api["corsConfiguration"] = {name[0].lower() + name[1:]: value for name, value in cors.items()}
        return identifier, attributes

    return patched


def install():
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    handlers["create"] = http_api_create(handlers["create"])
    provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RequestValidator"]["create"] = validator_create
    airspeed.StringLiteral.ESCAPED_CHAR = airspeed.InterpolatedStringLiteral.ESCAPED_CHAR = re.compile("(?!)")
    airspeed.InterpolatedStringLiteral.calculate = literal(airspeed.InterpolatedStringLiteral.calculate)
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Method"]
    handlers["create"] = method_create(handlers["create"])
    apigateway._invoke_lambda_custom_v1 = invoke(apigateway._invoke_lambda_custom_v1)
