"""Walk docs/deploy.md from top to bottom, and docs/restore.md before its last part, as far as they go without an AWS account:
`walk.py TOOLS`.

Every command of the pages' `sh` blocks is carried out in a copy of the repository, in the page's order, or is named as one where the
walk stops, with the reason. A command that is not known here fails the walk, so the pages cannot grow past it.

What stands in: MiniStack for AWS, with the overlay of crates/local; for Terraform's AWS provider, which cannot be had offline, a copy
without its resources (provider_free.py), so that variables, modules, outputs, backends and states are real and buckets are not; for
what Terraform makes, crates/local/foundation.yaml. `aws` is version 1, the one of PyPI.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

TOOLS = pathlib.Path(sys.argv[1]).resolve()
ROOT = pathlib.Path(__file__).resolve().parent.parent
HOME = TOOLS / "walk"
COPY = HOME / "repository"
DEPLOY, RESTORE = ROOT / "docs/deploy.md", ROOT / "docs/restore.md"
REGION, ACCOUNT = "eu-central-1", "111122223333"

NO_BUILD = "cargo-lambda and zig are not part of the checks; the functions are built and run by the tests of crates/local"
NO_FUNCTIONS = "the deployed functions were not built; the tests run reconcile, and `scrubjay smoke --local`, with built ones"
NO_QUOTAS = "MiniStack has no Service Quotas"
NO_PROVIDER = "the resource is the AWS provider's, which the copy does without"
NO_GUARD = "dev has no guard; prod's is taken down further on"

# The page's commands, by a pattern: `run`, `run` with another text, or where the walk stops and why.
PLAN = [
    (r"cd terraform/(bootstrap|envs/dev|envs/prod)", "run"),
    (r"cp terraform\.tfvars\.example terraform\.tfvars|cp backend\.tf\.example backend\.tf", "run"),
    (r"terraform init", "run"),
    (r"terraform init -migrate-state -backend-config=\.\./backend\.hcl", lambda line: line + " -force-copy"),
    (r"terraform init -backend-config=\.\./\.\./backend\.hcl", "run"),
    (r"terraform (apply|plan -out=tfplan|apply tfplan|destroy)", "run"),
    (r"terraform apply -var region=\S+ -var account_id=\d+", "run"),
    (r"terraform output -raw backend_hcl > \.\./backend\.hcl", lambda line: line + " && state_bucket"),
    (r"terraform state rm '.*'", lambda line: "refused_to_destroy && " + line),
    (r"rm terraform\.tfstate terraform\.tfstate\.backup", lambda line: line.replace("rm ", "rm -f ")),
    (r"export AWS_PROFILE=\S+", lambda line: "foundation && " + line),
    (r"export AWS_REGION=\S+ AWS_DEFAULT_REGION=\S+", "run"),
    (r"unset AWS_PROFILE", "run"),
    (r"bucket=\$\(aws ssm get-parameter .*\)", "run"),
    (r"sam build", NO_BUILD),
    (r"sam deploy --config-env dev --s3-bucket \"\$bucket\"", lambda line: line + " && refused_to_deploy_prod"),
    (r"scrubjay smoke .*", NO_FUNCTIONS),
    (r"aws events (disable|enable)-rule --name scrubjay-prod-\w+", lambda line: line.replace("-prod-", "-dev-")),
    (r"echo '.*' > order\.json", "run"),
    (r"aws lambda invoke .*", NO_FUNCTIONS),
    (r"sam delete --stack-name scrubjay-dev --no-prompts", "run"),
    (r"aws logs describe-log-groups .*", "run"),
    (r"aws service-quotas .*", NO_QUOTAS),
]
RESTORE_PLAN = [
    (r"export ENV=prod AWS_DEFAULT_REGION=\S+", lambda line: line.replace("prod", "dev")),
    (r"export TABLE=\S+ RESTORED=\S+", "run"),
    (r"for rule in [a-z ]+; do aws events (disable|enable)-rule --name scrubjay-\$ENV-\$rule; done", "run"),
    (r"aws stepfunctions list-executions .*", "run"),
    (r"aws dynamodb restore-table-to-point-in-time .*", "run"),
    (r"aws dynamodb (wait table-exists|describe-table|query) .*", "run"),
    (r"cd terraform/envs/\$ENV", lambda line: line + """
        echo "restored_audit_table = \\"$RESTORED\\"" >> terraform.tfvars"""),
    (r"terraform state rm '.*guard.*'", NO_GUARD),
    (r"terraform (state rm|import) module\.foundation\.module\.audit_table\S+( \$RESTORED)?", NO_PROVIDER),
    (r"terraform plan -out=tfplan", "run"),
    (r"terraform apply tfplan", lambda line: line + ' && terraform output -json foundation | grep -q "\\"audit_table\\":\\"$RESTORED\\""'),
    (r"echo '\{\}' > order\.json", "run"),
    (r"aws lambda invoke .*", NO_FUNCTIONS),
    (r"cat report\.json", NO_FUNCTIONS),
]

# What the walk adds to the page, as functions of its shell.
SHELL = f"""
set -eu
foundation() {{ # what Terraform made: its stand-in, and the deployer's role
  AWS_DEFAULT_REGION={REGION} AWS_PROFILE=your-own aws cloudformation create-stack --stack-name foundation \\
    --template-body file://crates/local/foundation.yaml --parameters ParameterKey=Env,ParameterValue=dev >/dev/null
  AWS_DEFAULT_REGION={REGION} AWS_PROFILE=your-own aws cloudformation wait stack-create-complete --stack-name foundation
  AWS_DEFAULT_REGION={REGION} AWS_PROFILE=your-own aws ssm put-parameter --name /scrubjay/dev/permissions-boundary-arn --type String \\
    --value arn:aws:iam::{ACCOUNT}:policy/scrubjay-dev-boundary >/dev/null
  AWS_DEFAULT_REGION={REGION} AWS_PROFILE=your-own aws iam create-role --role-name scrubjay-dev-deployer --assume-role-policy-document \\
    '{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "*"}}, "Action": "sts:AssumeRole"}}]}}' >/dev/null
}}
state_bucket() {{ # what the apply would have made, and where it is
  local name
  name=$(sed -n 's/^bucket *= *"\\(.*\\)"/\\1/p' ../backend.hcl)
  AWS_DEFAULT_REGION={REGION} AWS_PROFILE=your-own aws s3api create-bucket --bucket "$name" \\
    --create-bucket-configuration LocationConstraint={REGION} >/dev/null
  printf '%s\\n' "endpoints = {{ s3 = \\"$AWS_ENDPOINT_URL\\" }}" 'use_path_style = true' 'skip_credentials_validation = true' \\
    'skip_requesting_account_id = true' 'skip_region_validation = true' 'skip_metadata_api_check = true' \\
    'access_key = "test"' 'secret_key = "test"' >> ../backend.hcl
}}
refused_to_deploy_prod() {{ # samconfig.toml does not say who hears of prod's alarms, and the template wants to know
  if aws cloudformation create-stack --stack-name scrubjay-prod --capabilities CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND \
    --template-body file://template.yaml --parameters ParameterKey=Env,ParameterValue=prod >prod.log 2>&1; then
    echo "prod was deployed without an answer to who hears of alarms"
    exit 1
  fi
  grep -q "Say who hears of alarms" prod.log || {{ cat prod.log; exit 1; }}
}}
refused_to_destroy() {{
  if terraform destroy >refused.log 2>&1; then echo "destroy was not refused"; exit 1; fi
  grep -q "Instance cannot be destroyed" refused.log
}}
"""


def fail(message):
    sys.exit(f"walk: {message}")


def commands(page):
    """(section, command) of a page's sh blocks, in order; a comment of its own is a command that begins with #."""
    section, inside, pending = "", False, ""
    for line in page.read_text().splitlines():
        if line.startswith("## "):
            section = line[3:]
        if line.startswith("```"):
            inside = line == "```sh"
            if inside:
                yield section, None
            continue
        if not inside or not line.strip():
            continue
        if not line.lstrip().startswith("#"):
            line = re.sub(r"\s+#\s.*$", "", line)
        pending += line.strip()
        if pending.endswith("\\"):
            pending = pending[:-1]
            continue
        for command in [pending] if pending.startswith("#") else pending.split(" && "):
            yield section, command
        pending = ""


def prepare():
    shutil.rmtree(HOME, ignore_errors=True)
    COPY.mkdir(parents=True)
    subprocess.run([sys.executable, ROOT / "checks/provider_free.py", ROOT / "terraform", COPY / "terraform"], check=True)
    for name in ("bootstrap/backend.tf.example", "envs/dev/backend.tf", "envs/prod/backend.tf",
                 "envs/dev/terraform.tfvars.example", "envs/prod/terraform.tfvars.example"):
        shutil.copy(ROOT / "terraform" / name, COPY / "terraform" / name)
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy(ROOT / name, COPY / name)
    for name in ("functions", "statemachine", "crates/local/foundation.yaml"):
        (COPY / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, COPY / name)
    shutil.copytree(ROOT / "crates/local/src/overlay", HOME / "overlay")
    # The page's profile, and keys that everything is signed with; no region, as on the page.
    (HOME / "config").write_text(
        f"[profile scrubjay-dev-deployer]\nrole_arn = arn:aws:iam::{ACCOUNT}:role/scrubjay-dev-deployer\nsource_profile = your-own\n"
    )
    keys = f"aws_access_key_id = {ACCOUNT}\naws_secret_access_key = test\n"
    (HOME / "credentials").write_text(f"[your-own]\n{keys}[default]\n{keys}")


def emulator():
    port_file = HOME / "port"
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(HOME), "TMPDIR": str(HOME), "SCRUBJAY_PORT": "0",
        "SCRUBJAY_PORT_FILE": str(port_file), "SCRUBJAY_TOKEN": "walk", "AUTH": "false", "LAMBDA_EXECUTOR": "local",
        "BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0",
        "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION, "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT, "DOCKER_HOST": "unix:///nonexistent", "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        [TOOLS / "emulator/bin/python", "-u", "-m", "overlay"], cwd=HOME, env=environment, stdin=subprocess.PIPE,
        stdout=open(HOME / "emulator.log", "w"), stderr=subprocess.STDOUT, start_new_session=True,
    )
    for _ in range(300):
        if process.poll() is not None:
            fail(f"the emulator ended:\n{(HOME / 'emulator.log').read_text()[-2000:]}")
        if port_file.exists():
            endpoint = f"http://127.0.0.1:{port_file.read_text().strip()}"
            try:
                urllib.request.urlopen(f"{endpoint}/_ministack/ready", timeout=5)
                return process, endpoint
            except OSError:
                pass
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    fail("the emulator did not answer within a minute")


class Shell:
    """Commands one by one; folder and variables last from one to the next."""

    def __init__(self, endpoint):
        self.environment = {
            "PATH": f"{TOOLS / 'aws/bin'}:{HOME / 'bin'}:{os.environ['PATH']}", "HOME": str(HOME), "AWS_ENDPOINT_URL": endpoint,
            "AWS_CONFIG_FILE": str(HOME / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(HOME / "credentials"),
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1",
            "TF_CLI_ARGS_apply": "-auto-approve", "TF_CLI_ARGS_destroy": "-auto-approve", "SAM_CLI_TELEMETRY": "0",
            "TF_CLI_CONFIG_FILE": os.devnull,
        }
        (HOME / "bin").mkdir()
        (HOME / "bin/sam").symlink_to(TOOLS / "template/bin/sam")
        (HOME / "functions.sh").write_text(SHELL)
        self.folder = COPY

    def begin_block(self):
        self.folder = COPY

    def run(self, command):
        after = HOME / "after"
        script = f". {HOME}/functions.sh; cd '{self.folder}'; set -a; {command}\n set +a; {{ pwd; env -0; }} > '{after}'"
        done = subprocess.run(["bash", "-c", script], env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=300)
        if done.returncode:
            return done.stdout + done.stderr
        folder, variables = after.read_text().split("\n", 1)
        self.folder = pathlib.Path(folder)
        self.environment = dict(pair.split("=", 1) for pair in variables.split("\0") if "=" in pair)
        return None


def regions():
    """Why the page exports two variables: botocore, and so SAM and this `aws`, knows one of them only."""
    code = "import botocore.session; print(botocore.session.Session().get_config_variable('region'))"
    asked = {"SAM": [TOOLS / "template/bin/python", "-c", code], "aws, version 1": [TOOLS / "aws/bin/aws", "configure", "list"]}
    for name, known in (("AWS_REGION", False), ("AWS_DEFAULT_REGION", True)):
        for tool, command in asked.items():
            environment = {"PATH": os.environ["PATH"], "HOME": str(HOME), name: REGION}
            said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
            if (REGION in said) != known:
                fail(f"{tool} with {name} alone says {said.strip()}: the page's reason for two variables is out of date")


def walk(shell, page, plan, stops):
    """Returns how many commands were carried out."""
    ran, protected, restored = 0, False, page == RESTORE
    for section, command in commands(page):
        if section == "Tearing down" and not restored:
            restored = True
            ran += walk(shell, RESTORE, RESTORE_PLAN, stops)
        if command is None:
            shell.begin_block()
            continue
        if command == "# in main.tf: protected = false":
            action, command = "run", "sed -i 's/protected = true/protected = false/' main.tf"
        elif command.startswith("#"):
            continue
        else:
            action = next((action for pattern, action in plan if re.fullmatch(pattern, command)), None)
        if action is None:
            fail(f"{section}: a command that the walk does not know: {command}")
        if callable(action):
            command = action(command)
        elif action != "run":
            stops.setdefault(action, []).append(command)
            print(f"walk: {section}: stops at `{command}`")
            continue
        if command == "cd terraform/envs/prod" and not protected:
            # The page applies dev in step 2 and leaves prod to the reader.
            protected = True
            made = "cd terraform/envs/prod && cp terraform.tfvars.example terraform.tfvars && " \
                "terraform init -backend-config=../../backend.hcl && terraform apply"
            if failed := shell.run(made):
                fail(f"{section}: {made}\n{failed}")
            shell.begin_block()
        started = time.monotonic()
        if failed := shell.run(command):
            fail(f"{section}: {command}\n{failed}\n{(HOME / 'emulator.log').read_text()[-1500:]}")
        ran += 1
        print(f"walk: {section}: ran `{command}` in {time.monotonic() - started:.1f} s")
    return ran


prepare()
regions()
process, endpoint = emulator()
try:
    stops = {}
    ran = walk(Shell(endpoint), DEPLOY, PLAN, stops)
finally:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
for reason, lines in stops.items():
    print(f"walk: not carried out: {'; '.join(lines)}: {reason}")
if ran < 20:
    fail(f"only {ran} commands were carried out: do the pages still have their blocks?")
print(f"walk: {ran} commands of docs/deploy.md and docs/restore.md carried out, {sum(map(len, stops.values()))} are where it stops")
