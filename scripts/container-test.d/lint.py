"""Reads the Dockerfile, the compose files and the Kubernetes manifests as their users' tools do, and holds them to this project's rules."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import kubernetes_validate
import yaml

sys.dont_write_bytecode = True
from sandbox import dockerfile_stages  # noqa: E402

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
KUBERNETES = PROJECT / "deploy/kubernetes"
TOOLS = pathlib.Path(sys.executable).parent
SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD")
# What a program needs to end in peace: commander's 30 s at most, the rag-service's limits.drain of 20 s.
LONGEST_DRAIN = 30
failures = []


def check(holds, what, more=""):
    if not holds:
        failures.append(what)
    print(f"{'ok  ' if holds else 'FAIL'} {what}" + (f"\n     {more}" if more and not holds else ""), flush=True)


def run(*command, **environment):
    result = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, cwd=PROJECT, env={**os.environ, **environment}
    )
    return result.returncode, result.stdout, result.stderr


def is_pinned(image):
    tag = image.rpartition("/")[2].partition(":")[2]
    return "@sha256:" in image or tag not in ("", "latest")


def lint_dockerfile():
    status, output, errors = run(TOOLS / "hadolint", "Dockerfile")
    check(status == 0 and not output, "hadolint has nothing to say of the Dockerfile", output + errors)
    text = (PROJECT / "Dockerfile").read_text()
    stages = dockerfile_stages(PROJECT / "Dockerfile")
    for name, stage in stages.items():
        if stage["base"] not in stages:
            check(is_pinned(stage["base"]), f"stage {name} stands on a named version: {stage['base']}")
    for name, port in (("commander", "8080"), ("rag-service", "8070")):
        stage = stages[name]
        user = stage.get("USER", "0").partition(":")[0]
        check(user.isdigit() and user != "0", f"the image of {name} runs as a number that is not root's")
        check(
            f'"{port}"' in stage.get("HEALTHCHECK", "") and stage.get("EXPOSE") == port,
            f"the image of {name} is asked on its port",
        )
        entry = json.loads(stage.get("ENTRYPOINT", "[]"))
        check(entry == [name], f"{name} is the first process: no shell swallows SIGTERM")
    check(not re.search(r"^(ARG|ENV) .*(KEY|TOKEN|SECRET|PASSWORD)", text, re.MULTILINE), "no secret is built into an image")
    # The libraries that a static build still needs are those of the build's -dev packages.
    for library in ("libsqlite3-0", "zlib1g", "libstdc++6", "ca-certificates"):
        check(library in stages["commander"]["packages"], f"the images have {library}")
    ignored = (PROJECT / ".dockerignore").read_text().splitlines()
    check("*" in ignored, "the build sees only what .dockerignore lets through")
    for source in re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE):
        check(f"!{source}" in ignored and (PROJECT / source).exists(), f"the build sees {source}")


def lint_compose():
    for files in (["compose.yaml"], ["compose.yaml", "compose.simulator.yaml"]):
        name = " with ".join(files)
        arguments = [word for file in files for word in ("-f", file)]
        status, output, errors = run(TOOLS / "docker-compose", *arguments, "config", "--format", "json", DD_API_KEY="of-the-test")
        check(status == 0, f"Docker Compose accepts {name}", errors)
        if status != 0:
            continue
        project = json.loads(output)
        for service, settings in project["services"].items():
            lint_service(name, service, settings)
        for secret, source in project["secrets"].items():
            check("file" in source, f"{name}: the secret {secret} is a file, which a read-only container can be given")
    status, _, errors = run(TOOLS / "docker-compose", "-f", "compose.yaml", "config", DD_API_KEY="")
    check(status != 0 and "DD_API_KEY" in errors, "a missing DD_API_KEY is named before anything starts")
    for service, settings in yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"].items():
        for key, value in (settings.get("environment") or {}).items():
            literal = SECRET_NAME.search(key) and not str(value).startswith(("${", "/"))
            check(not literal, f"compose.yaml: {service} gets {key} from elsewhere")


def lint_service(name, service, settings):
    where = f"{name}: {service}"
    check(is_pinned(settings["image"]), f"{where} has a named version: {settings['image']}")
    check("no-new-privileges:true" in settings.get("security_opt", []), f"{where} can gain no privilege")
    check(settings.get("mem_limit"), f"{where} has a limit of memory")
    for port in settings.get("ports", []):
        check(port.get("host_ip") == "127.0.0.1", f"{where}: port {port['published']} is this machine's alone")
    for mount in settings.get("volumes", []):
        if mount["type"] == "bind":
            check(
                mount.get("read_only") and pathlib.Path(mount["source"]).exists(),
                f"{where}: {mount['target']} is there, and read-only",
            )
    if service != "datadog-agent":
        check(
            settings.get("read_only") is True and settings.get("cap_drop") == ["ALL"],
            f"{where} has a read-only root and no capability",
        )
    if service in ("commander", "rag-service"):
        # Compose writes 35s or 1m5s.
        grace = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", settings.get("stop_grace_period", ""))
        seconds = int(grace[1] or 0) * 60 + int(grace[2] or 0) if grace else 0
        check(seconds > LONGEST_DRAIN, f"{where} has time to drain")


def manifests():
    """As kustomize builds them; without it the files as they are, but for the patches, which are no whole objects."""
    kustomize = shutil.which("kubectl")
    if kustomize:
        status, output, errors = run(kustomize, "kustomize", KUBERNETES)
        check(status == 0, "kustomize builds deploy/kubernetes", errors)
        return list(yaml.safe_load_all(output))
    print("     kubectl is not here: the manifests are read file by file, and the component console-proxy is not applied")
    files = [
        file
        for file in sorted(KUBERNETES.rglob("*.yaml"))
        if file.name not in ("kustomization.yaml", "commander.yaml", "rag-service.yaml")
    ]
    files = [file for file in files if file.parent.name != "console-proxy" or file.name == "network-policy.yaml"]
    return [document for file in files for document in yaml.safe_load_all(file.read_text())]


def lint_kubernetes():
    objects = manifests()
    for item in objects:
        where = f"{item['kind']} {item['metadata']['name']}"
        try:
            kubernetes_validate.validate(item, kubernetes_validate.latest_version(), strict=True)
            check(True, f"{where} is what Kubernetes {kubernetes_validate.latest_version()} accepts")
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
            check(False, f"{where} is what Kubernetes accepts", str(error))
        check(item["kind"] != "Secret", f"{where} holds no secret")
    by_kind = {}
    for item in objects:
        by_kind.setdefault(item["kind"], {})[item["metadata"]["name"]] = item
    for deployment in by_kind["Deployment"].values():
        lint_deployment(deployment, by_kind)


def lint_deployment(deployment, by_kind):
    name, pod = deployment["metadata"]["name"], deployment["spec"]["template"]["spec"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    check(
        deployment["spec"]["replicas"] == 1 and deployment["spec"]["strategy"]["type"] == "Recreate",
        f"{name}: one pod at a time has the volume",
    )
    check(
        pod["securityContext"].get("runAsNonRoot") and pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault",
        f"{name} is not root",
    )
    check(pod["automountServiceAccountToken"] is False, f"{name} has no token for Kubernetes' own interface")
    check(pod["terminationGracePeriodSeconds"] > LONGEST_DRAIN, f"{name} has time to drain")
    ports = {port["name"]: port["containerPort"] for container in pod["containers"] for port in container["ports"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for container in pod["containers"]:
        where, context = f"{name}/{container['name']}", container["securityContext"]
        hardened = (
            context["readOnlyRootFilesystem"]
            and context["allowPrivilegeEscalation"] is False
            and context["capabilities"]["drop"] == ["ALL"]
        )
        check(hardened, f"{where} has a read-only root, no capability, no way to gain one")
        check(
            "memory" in container["resources"]["limits"] and "cpu" in container["resources"]["requests"],
            f"{where} says what it needs",
        )
        check(is_pinned(container["image"]) or not shutil.which("kubectl"), f"{where} has a named version: {container['image']}")
        for probe in ("readinessProbe", "livenessProbe"):
            check(container[probe]["httpGet"]["port"] in ports, f"{where}: its {probe} asks a port it has")
        for variable in container.get("env", []):
            check(
                not (SECRET_NAME.search(variable["name"]) and "value" in variable),
                f"{where}: {variable['name']} is not written down",
            )
        for mount in container["volumeMounts"]:
            check(mount["name"] in volumes, f"{where}: {mount['mountPath']} is mounted from a volume of the pod")
    claims = {volume["persistentVolumeClaim"]["claimName"] for volume in volumes.values() if "persistentVolumeClaim" in volume}
    check(claims <= set(by_kind["PersistentVolumeClaim"]), f"{name}: its claims are here")
    selects = [service for service in by_kind["Service"].values() if service["spec"]["selector"].items() <= labels.items()]
    targets = {port["targetPort"] for service in selects for port in service["spec"]["ports"]}
    check(targets and targets <= set(ports), f"{name}: its service leads to ports it has")
    policies = [
        policy
        for policy in by_kind["NetworkPolicy"].values()
        if policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    ]
    open_ports = {port["port"] for policy in policies for rule in policy["spec"]["ingress"] for port in rule["ports"]}
    check(
        open_ports >= set(ports.values()) or not shutil.which("kubectl"), f"{name}: its network policies let its ports be reached"
    )


def lint_scripts():
    shells = ["deploy/health-check", "scripts/container-test.d/image.sh"]
    for script in shells:
        status, _, errors = run("bash", "-n", script)
        check(status == 0 and os.access(PROJECT / script, os.X_OK), f"{script} is a script that can be run", errors)


lint_dockerfile()
lint_compose()
lint_kubernetes()
lint_scripts()
print(f"{len(failures)} failures" if failures else "everything holds")
sys.exit(1 if failures else 0)
