"""Starts, freezes, measures and ends the process trees of a benchmark, so that none outlives it."""

import os
import resource
import signal
import subprocess
import sys
import time

_running = []
_guard = None

# Reads process groups as they start and, negative, as they end; when the benchmark is gone, however it went, it kills the rest.
_GUARD = """
import os, shutil, signal, sys
groups = set()
for line in sys.stdin:
    group = int(line)
    groups.add(group) if group > 0 else groups.discard(-group)
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


def guard(folder):
    """From now on, what is started ends with this process even if that is killed, and the folder is removed."""
    global _guard
    _guard = subprocess.Popen([sys.executable, "-c", _GUARD, folder], stdin=subprocess.PIPE, start_new_session=True, text=True)


def _tell_guard(group):
    if _guard and _guard.poll() is None:
        _guard.stdin.write(f"{group}\n")
        _guard.stdin.flush()


class Tree:
    """A process that was started here, in a session of its own, and all its descendants."""

    def __init__(self, command, log, environment=None, memory_bytes=None, cwd=None, **pipes):
        def prepare():
            if memory_bytes:
                resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))

        self.log = log
        with open(log, "ab") as sink:
            pipes.setdefault("stdout", sink)
            pipes.setdefault("stdin", subprocess.DEVNULL)
            self.process = subprocess.Popen(
                command, stderr=sink, cwd=cwd, env=environment, preexec_fn=prepare, start_new_session=True, **pipes)
        _running.append(self)
        _tell_guard(self.pid)

    @property
    def pid(self):
        return self.process.pid

    def pids(self):
        """The root first; a child always has a parent that was found before it."""
        parents = {}
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open(f"/proc/{name}/stat") as file:
                        # The command name may hold spaces and brackets; the fields go on behind the last bracket.
                        parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
                except (OSError, ValueError, IndexError):
                    continue
        found = [self.pid]
        for pid in found:
            found.extend(child for child, parent in parents.items() if parent == pid)
        return found

    def cpu_seconds(self):
        """User and system time by process id, exact to the nanosecond (the clock behind clock_getcpuclockid)."""
        times = {}
        for pid in self.pids():
            try:
                times[pid] = time.clock_gettime((~pid << 3) | 2)
            except OSError:
                continue
        return times

    def resident_megabytes(self):
        total = 0
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/status") as file:
                    total += sum(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
            except OSError:
                continue
        return total * 1024 / 1e6

    def freeze(self):
        """Takes it off the processors: of all targets only the one that is measured may run."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self):
        os.killpg(self.pid, signal.SIGCONT)

    def alive(self):
        return self.process.poll() is None

    def stop(self, patience=10):
        if self not in _running:
            return
        _running.remove(self)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe and not pipe.closed:
                pipe.close()
        for sent in (signal.SIGCONT, signal.SIGTERM):
            self._signal(sent)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            pass
        self._signal(signal.SIGKILL)
        self.process.wait()
        _tell_guard(-self.pid)

    def _signal(self, number):
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass

    def last_words(self):
        try:
            with open(self.log, errors="replace") as file:
                lines = [line.strip() for line in file.read()[-4000:].splitlines() if line.strip()]
        except OSError:
            lines = []
        return " | ".join(lines[-3:])[-400:] or "it said nothing"


def spent(before, after):
    """CPU seconds between two readings; a process that ended in between counts nothing."""
    return sum(value - before.get(pid, 0) for pid, value in after.items())


def stop_all():
    for tree in reversed(list(_running)):
        tree.stop(patience=5)
    if _guard:
        _guard.stdin.close()
        _guard.wait(10)
