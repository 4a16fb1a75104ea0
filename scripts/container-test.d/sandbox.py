"""A container without an engine: a root of only the files of an image's packages, and programs started in it as an engine would."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

# What debian:bookworm-slim has and this test uses: a shell for the health check, env and setpriv to start programs by.
SLIM_PACKAGES = ["bash", "coreutils", "util-linux", "base-files", "libc-bin"]
# Maintainers' scripts need these, programs do not.
NEVER_NEEDED = {"debconf", "perl-base", "dpkg", "tar", "install-info", "debianutils", "base-passwd"}


def dockerfile_stages(dockerfile):
    """The packages, user and command of each stage, what it stands on included."""
    stages, stage = {}, None
    for line in dockerfile.read_text().replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stage = stages[name or base] = {"packages": list(stages.get(base, {}).get("packages", [])), "base": base}
        elif word == "RUN":
            for names in re.findall(r"apt-get install --yes --no-install-recommends ([^&]+)", rest):
                stage["packages"] += names.split()
        elif stage is not None:
            stage[word] = rest
    return stages


def package_closure(packages):
    """The packages with what they depend on, as far as they are installed here."""
    found, waiting = [], list(packages)
    while waiting:
        name = waiting.pop()
        if name in found or name in NEVER_NEEDED:
            continue
        query = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${db:Status-Abbrev},${Depends}, ${Pre-Depends}", name],
            capture_output=True,
            text=True,
        )
        if query.returncode != 0 or not query.stdout.startswith("ii"):
            if name in packages:
                raise SystemExit(
                    f"container-test: the package {name}, which the image installs, is not installed here; run scripts/bootstrap test"
                )
            continue
        found.append(name)
        waiting += [re.split(r"[ :(|]", one.strip())[0] for one in query.stdout.split(",")[1:] if one.strip()]
    return found


def make_root(folder, packages):
    """Fills `folder` with the files of the packages and nothing else."""
    (folder / "usr").mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (folder / "usr" / name).mkdir()
        (folder / name).symlink_to(f"usr/{name}")
    files = []
    for package in package_closure(packages):
        listing = subprocess.run(["dpkg-query", "--listfiles", package], capture_output=True, text=True, check=True)
        files += [
            file
            for file in listing.stdout.splitlines()
            if not file.startswith(("/usr/share/doc", "/usr/share/man", "/usr/share/locale"))
        ]
    # What ca-certificates' maintainer script makes.
    files.append("/etc/ssl/certs/ca-certificates.crt")
    for file in files:
        source = pathlib.Path(file)
        target = folder / file.lstrip("/")
        if source.is_dir() or not source.exists() and not source.is_symlink() or os.path.lexists(target):
            continue
        # Packages of before the merge of /usr name files in /lib.
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
    for name in ("proc", "dev", "tmp", "etc", "run/secrets", "srv", "var/lib", "usr/local/bin"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\nservice:x:10001:0::/nonexistent:/usr/sbin/nologin\n")
    (folder / "etc/group").write_text("root:x:0:\n")


def toolchain_folders(program):
    """Folders outside of the system from which the program takes libraries: a debug build's Swift. A static build has none."""
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=True)
    found = re.findall(r"=> (/\S+)/[^/]+ \(", listing.stdout)
    return sorted({folder for folder in found if not folder.startswith(("/lib", "/usr/lib"))})


class Container:
    """One program as the first process of a process namespace: on a read-only root, as a user without a name, without capabilities.

    All of them share the network namespace of this test, as the containers of a pod do.
    """

    def __init__(self, root, name, command, user, mounts=(), environment=(), writable=(), log=None):
        self.name = name
        self.log = log or pathlib.Path(tempfile.mkdtemp(prefix=f"container-{name}-")) / "log"
        lines = ["set -e", "mount --make-rprivate /", 'mount --bind "$ROOT" "$ROOT"']
        for source, target in [*mounts, *[(d, d) for d in ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")]]:
            place = root / str(target).lstrip("/")
            if not os.path.lexists(place):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.mkdir() if os.path.isdir(source) else place.touch()
        lines.append('mount --options remount,bind,ro "$ROOT"')
        for source, target in mounts:
            inside = f'"$ROOT"{target}'
            lines += [f"mount --bind {source} {inside}"]
            if target not in writable:
                lines += [f"mount --options remount,bind,ro {inside}"]
        lines += [f'mount --bind {d} "$ROOT"{d}' for d in ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")]
        lines += ['mount --types tmpfs --options mode=1777,size=256m tmpfs "$ROOT"/tmp', 'mount --types proc proc "$ROOT"/proc']
        # No HOME: nothing may depend on one.
        words = [
            "/usr/bin/env",
            "-i",
            "PATH=/usr/local/bin:/usr/bin:/bin",
            *environment,
            "setpriv",
            f"--reuid={user}",
            "--regid=0",
            "--clear-groups",
            "--bounding-set=-all",
            "--inh-caps=-all",
            "--no-new-privs",
            *command,
        ]
        lines.append('cd / && exec chroot "$ROOT" "$@"')
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                [
                    "unshare",
                    "--mount",
                    "--pid",
                    "--ipc",
                    "--uts",
                    "--fork",
                    "--kill-child",
                    "sh",
                    "-c",
                    "\n".join(lines),
                    "sh",
                    *words,
                ],
                env={"PATH": os.environ["PATH"], "ROOT": str(root)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def first_process(self):
        """Number of the program, as seen from here."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def signal(self, number):
        os.kill(self.first_process, number)

    def kill(self):
        """The program itself: it changed its user, which makes the kernel forget that it is to die with its parent."""
        try:
            self.signal(signal.SIGKILL)
        except (IndexError, ProcessLookupError, FileNotFoundError):
            self.process.kill()
        self.process.wait()

    def output(self):
        return self.log.read_text(errors="replace")
