"""Starts the programs as containers with the configurations of deploy/compose and looks at everything an operator counts on."""

import base64
import fcntl
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from sandbox import SLIM_PACKAGES, Container, dockerfile_stages, make_root, toolchain_folders  # noqa: E402

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
COMPOSE = PROJECT / "deploy/compose"
failures = []


def check(holds, what, more=""):
    print(f"{'ok  ' if holds else 'FAIL'} {what}" + (f"\n     {more}" if more and not holds else ""), flush=True)
    if not holds:
        failures.append(what)


def bring_loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14s", b"lo", 0x1 | 0x40, b""))  # SIOCSIFFLAGS: IFF_UP, IFF_RUNNING


def ask(port, method, path, body=None, headers=None, host=None):
    """Status and body; 0 where nothing answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    fields = {"content-type": "application/json", **(headers or {})}
    if host:
        fields["Host"] = host
    try:
        connection.request(method, path, body=None if body is None else json.dumps(body), headers=fields)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)
    finally:
        connection.close()


def wait_for(condition, seconds=60):
    """Whether the condition came to hold; asked again and again, since a start has no other sign."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


class Deployment:
    def __init__(self, binaries, work):
        self.binaries, self.work = binaries, work
        self.user = random.randrange(100_000, 2**31)
        stages = dockerfile_stages(PROJECT / "Dockerfile")
        self.roots = {}
        for stage in ("commander", "rag-service"):
            self.roots[stage] = work / f"root-{stage}"
            make_root(self.roots[stage], SLIM_PACKAGES + stages[stage]["packages"])
            names = "".join(f"127.0.0.1 {name}\n" for name in ("localhost", "commander", "simulator", "datadog-agent"))
            (self.roots[stage] / "etc/hosts").write_text(names)
            (self.roots[stage] / "etc/nsswitch.conf").write_text("hosts: files\npasswd: files\n")
        self.running, self.others = [], []

    def start(self, name, stage, command, mounts=(), writable=()):
        program = self.binaries / stage
        libraries = [(folder, folder) for folder in toolchain_folders(program)]
        fixed = [(program, f"/usr/local/bin/{stage}"), (PROJECT / "deploy/health-check", "/usr/local/bin/health-check")]
        container = Container(
            self.roots[stage],
            name,
            command,
            self.user,
            [*fixed, *libraries, *mounts],
            writable=writable,
            log=self.work / f"{name}.log",
        )
        self.running.append(container)
        return container

    def run(self, name, stage, command, mounts=(), writable=(), seconds=60):
        """Exit code and output of a program that ends by itself."""
        container = self.start(name, stage, command, mounts, writable)
        log = container.log
        status = container.process.wait(seconds)
        output = log.read_text(errors="replace")
        log.unlink()
        return status, output

    def volume(self, name, mode=0o770):
        """A folder as the image makes it: of user 10001 and group 0."""
        folder = self.work / name
        folder.mkdir()
        os.chown(folder, 10001, 0)
        folder.chmod(mode)
        return folder

    def end(self):
        for process in self.others:
            process.terminate()
            process.wait(10)
        for container in self.running:
            if container.process.poll() is None:
                container.kill()


def healthy(deployment, port, path, stage="commander"):
    return deployment.run(f"health-{port}", stage, ["health-check", str(port), path])[0]


def stop(container, seconds):
    """How it ended after SIGTERM, and after how long."""
    began = time.monotonic()
    container.signal(signal.SIGTERM)
    try:
        return container.process.wait(seconds), time.monotonic() - began
    except subprocess.TimeoutExpired:
        return None, time.monotonic() - began


def written_outside(container):
    """What the program has left in /tmp, its only other writable folder."""
    return os.listdir(f"/proc/{container.first_process}/root/tmp")


def status_of(container):
    lines = pathlib.Path(f"/proc/{container.first_process}/status").read_text().splitlines()
    return {line.split(":")[0]: line.split(":")[1].split() for line in lines}


def check_isolation(container, user):
    status = status_of(container)
    check(status["NSpid"][-1] == "1", f"{container.name} is the first process of its container")
    check(
        set(status["Uid"]) == {str(user)} and set(status["Gid"]) == {"0"},
        f"{container.name} runs as user {user}, which nobody named",
    )
    check(int(status["CapEff"][0], 16) == 0 and int(status["CapBnd"][0], 16) == 0, f"{container.name} has no capability")
    check(status["NoNewPrivs"] == ["1"], f"{container.name} can gain no privilege")


def run_all(deployment):
    work = deployment.work
    # The image's own command makes the key, without a configuration or a store.
    status, output = deployment.run("key", "commander", ["commander", "key", "create", "rag-service", "--output", "json"])
    check(status == 0, "commander key create works without configuration, store and home", output)
    key = json.loads(output.splitlines()[-1])

    secrets = work / "secrets"
    secrets.mkdir()
    (secrets / "rag_virtual_key").write_text(key["key"] + "\n")
    (secrets / "google_credentials").write_text("any\n")
    configuration = work / "commander.yaml"
    shipped = (COMPOSE / "commander-simulator.yaml").read_text()
    configuration.write_text(re.sub(r"sha256: [0-9a-f]{64}", f"sha256: {key['sha256']}", shipped))
    store, index = deployment.volume("store"), deployment.volume("index")
    commander_mounts = [
        (configuration, "/etc/commander/commander.yaml"),
        (secrets, "/run/secrets"),
        (store, "/var/lib/commander"),
    ]
    rag_mounts = [
        (COMPOSE / "rag-service.yaml", "/etc/rag-service/rag-service.yaml"),
        (secrets, "/run/secrets"),
        (PROJECT / "Examples/documents", "/srv/documents"),
        (index, "/var/lib/rag-service"),
    ]
    serve = ["commander", "serve", "--config", "/etc/commander/commander.yaml"]

    for file in (COMPOSE / "commander.yaml", PROJECT / "deploy/kubernetes/commander/commander.yaml"):
        mounts = [(file, "/etc/commander/commander.yaml")]
        status, output = deployment.run("check", "commander", ["commander", "check", *serve[2:]], mounts)
        check(status == 0, f"{file.relative_to(PROJECT)} is good", output)

    simulator = ["commander", "simulate", "provider", "--host", "0.0.0.0", "--port", "9100"]
    deployment.start("simulator", "commander", simulator)
    check(healthy(deployment, 8080, "/health") != 0, "the health check fails while nothing listens")
    commander = deployment.start("commander", "commander", serve, commander_mounts, ["/var/lib/commander"])
    check(wait_for(lambda: ask(8080, "GET", "/health")[0] == 200), "commander answers /health", commander.output()[-2000:])
    check(healthy(deployment, 8080, "/health") == 0, "the image's health check agrees")
    check(healthy(deployment, 8080, "/nothing") != 0, "the health check fails for an answer that is not 200")
    check(healthy(deployment, 9100, "/_simulator/faults") == 0, "the simulator's health check agrees")
    check_isolation(commander, deployment.user)

    start_console_proxy(deployment, work, secrets)
    rag = deployment.start(
        "rag-service",
        "rag-service",
        ["rag-service", "serve", "--config", "/etc/rag-service/rag-service.yaml"],
        rag_mounts,
        ["/var/lib/rag-service"],
    )
    check(wait_for(lambda: ask(8070, "GET", "/ready")[0] == 200), "rag-service answers /ready", rag.output()[-2000:])
    check(healthy(deployment, 8070, "/health", "rag-service") == 0, "its image's health check agrees")
    check_isolation(rag, deployment.user)
    status, answer = ask(8070, "POST", "/ask", {"question": "How long is the warranty on batteries?"})
    check(
        status == 200 and json.loads(answer).get("sources"),
        "a question is answered through the gateway, with sources",
        answer[:600],
    )
    pdf_status, pdf_tool = deployment.run("pdftotext", "rag-service", ["pdftotext", "-v"])
    check(pdf_status == 0, "pdftotext runs in the rag-service's image", pdf_tool)

    check_console(key)
    status, output = deployment.run("second", "commander", serve, commander_mounts, ["/var/lib/commander"])
    check(status == 78, "a second commander on the same store is refused with 78", f"{status}: {output[-800:]}")

    check(written_outside(commander) == [], "commander wrote only below its store", str(written_outside(commander)))
    check(written_outside(rag) == [], "rag-service wrote only below its index", str(written_outside(rag)))
    check({"ledger.sqlite", "telemetry.sqlite"} <= {file.name for file in store.iterdir()}, "the store is on the volume")

    check_answer_at_stop(rag)
    check_stream_at_stop(commander, key)
    check((index / "index.sqlite").exists(), "the index is on the volume")
    check_restarts(deployment, serve, commander_mounts, store)


def start_console_proxy(deployment, work, secrets):
    """The console's sign-in as compose.yaml and the component console-proxy run it, with the nginx of this machine."""
    nginx = PROJECT / ".build/nginx/nginx"
    nginx = str(nginx) if nginx.exists() else shutil.which("nginx")
    if nginx is None:
        raise SystemExit("container-test: nginx is missing, the console's sign-in cannot be tested; run scripts/bootstrap test")
    hashed = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input="secret", capture_output=True, text=True, check=True)
    (secrets / "console_htpasswd").write_text(f"ana:{hashed.stdout}")
    # Where its configuration looks; this mount namespace is the test's own.
    pathlib.Path("/run/secrets").mkdir(exist_ok=True)
    subprocess.run(["mount", "--bind", secrets, "/run/secrets"], check=True)
    configuration = PROJECT / "deploy/kubernetes/console-proxy/nginx.conf"
    with open(work / "nginx.log", "wb") as log:
        deployment.others.append(
            subprocess.Popen([nginx, "-e", "stderr", "-c", configuration, "-g", "daemon off;"], stdout=log, stderr=log)
        )
    check(
        wait_for(lambda: ask(8091, "GET", "/proxy-health")[0] == 204, 15), "console-proxy runs", (work / "nginx.log").read_text()
    )


def check_console(key):
    check(ask(8090, "GET", "/api/status.json")[0] == 200, "the console answers on the loopback interface of the container")
    signed_in = {"authorization": "Basic " + base64.b64encode(b"ana:secret").decode()}
    wrong = {"authorization": "Basic " + base64.b64encode(b"ana:guess").decode()}
    check(ask(8091, "GET", "/", host="localhost:8090")[0] == 401, "the console asks for a name and a password")
    check(ask(8091, "GET", "/", headers=wrong, host="localhost:8090")[0] == 401, "a wrong password is refused")
    status, page = ask(8091, "GET", "/", headers=signed_in, host="localhost:8090")
    check(status == 200 and "<html" in page, "the console's page comes with the right one", f"{status} {page[:300]}")
    status, _ = ask(8091, "GET", "/", headers=signed_in, host="elsewhere.example")
    check(status == 421, "a name that `console.hosts` does not have is refused", str(status))
    check(ask(8091, "POST", "/intake/spans", host="commander:8091")[0] == 401, "the sign-in lets nothing past it, spans included")
    status, answer = ask(4318, "POST", "/intake/spans", host="commander:4318")
    check(status == 401, "spans without a virtual key are refused", f"{status} {answer[:300]}")
    bearer = {"authorization": f"Bearer {key['key']}", "content-type": "application/jsonl"}
    status, answer = ask(4318, "POST", "/intake/spans", headers=bearer, host="commander:4318")
    check(status == 202, "the span intake is reached with a virtual key, from outside of the container", f"{status} {answer[:300]}")


def check_answer_at_stop(rag):
    """SIGTERM in the middle of an answer: the answer is completed, the exit code is 0."""
    connection = http.client.HTTPConnection("127.0.0.1", 8070, timeout=40)
    question = {"question": "What does a return cost, and how long does it take?"}
    connection.request("POST", "/ask/stream", json.dumps(question), {"content-type": "application/json"})
    response = connection.getresponse()
    first = response.readline()
    check_end(rag, lambda: b"event: answer" in first + response.read(), 20)


def check_stream_at_stop(commander, key):
    """The same of a stream of the gateway."""
    connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=40)
    body = {"contents": [{"role": "user", "parts": [{"text": "Tell a long story about batteries, shipping and returns."}]}]}
    path = "/v1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    connection.request("POST", path, json.dumps(body), {"content-type": "application/json", "x-goog-api-key": key["key"]})
    response = connection.getresponse()
    first = response.readline()
    check_end(commander, lambda: b"finishReason" in first + response.read(), 30)


def check_end(container, is_completed, seconds):
    began = time.monotonic()
    container.signal(signal.SIGTERM)
    check(is_completed(), f"a stream of {container.name} that runs at SIGTERM is completed")
    try:
        status = container.process.wait(40)
    except subprocess.TimeoutExpired:
        status = None
    taken = time.monotonic() - began
    what = f"{container.name} ends with 0 after SIGTERM, in {taken:.1f} s"
    check(status == 0 and taken < seconds, what, f"{status}\n{container.output()[-1500:]}")


def check_restarts(deployment, serve, mounts, store):
    with sqlite3.connect(f"file:{store}/telemetry.sqlite?mode=ro", uri=True) as database:
        kinds = dict(database.execute("SELECT kind, count(*) FROM spans GROUP BY kind"))
    check(kinds.get("llm", 0) >= 2, "the exchanges of before are in the store", str(kinds))
    check(kinds.get("retrieval", 0) >= 1, "the rag-service's spans came to it", str(kinds))
    again = deployment.start("commander-again", "commander", serve, mounts, ["/var/lib/commander"])
    check(wait_for(lambda: ask(8080, "GET", "/health")[0] == 200), "commander starts again on its store", again.output()[-1500:])
    again.signal(signal.SIGKILL)
    again.process.wait(10)
    killed = deployment.start("commander-killed", "commander", serve, mounts, ["/var/lib/commander"])
    check(
        wait_for(lambda: ask(8080, "GET", "/health")[0] == 200), "and after SIGKILL, as process 1 again", killed.output()[-1500:]
    )
    status, seconds = stop(killed, 40)
    check(status == 0, f"an idle commander ends with 0 after SIGTERM, in {seconds:.1f} s", str(status))
    closed = [mount for mount in mounts if mount[1] != "/var/lib/commander"] + [
        (deployment.volume("closed", 0o500), "/var/lib/commander")
    ]
    status, output = deployment.run("closed", "commander", serve, closed, ["/var/lib/commander"])
    check(
        status == 78 and "/var/lib/commander" in output,
        "a store it may not write is named, exit code 78",
        f"{status}: {output[-800:]}",
    )


def main():
    binaries, keep = pathlib.Path(sys.argv[1]), "--keep" in sys.argv
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    bring_loopback_up()
    work = pathlib.Path(tempfile.mkdtemp(prefix="container-test-"))
    work.chmod(0o755)
    deployment = Deployment(binaries, work)
    try:
        run_all(deployment)
    finally:
        deployment.end()
        if keep or failures:
            print(f"logs: {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)
    print(f"{len(failures)} failures" if failures else "everything holds")
    sys.exit(1 if failures else 0)


main()
