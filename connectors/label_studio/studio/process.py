"""Processes that outlive the one that started them, known again by more than their number."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICK = 0.05  # seconds


@dataclass(frozen=True)
class Process:
    """A process: its number, and what no other process with this number will have."""

    pid: int
    identity: str


def spawn(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
    """Start a process in a session of its own; what it says goes into `log`, mode 0600.

    Raises OSError where the command cannot be run.
    """
    pid = os.posix_spawn(
        command[0],
        list(command),
        dict(environment),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    return Process(pid, identity(pid) or "")


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program of somebody else's: nothing of ours, and so no token."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(("LABEL_STUDIO_", "LABELWRIGHT_"))
    }


def identity(pid: int) -> str | None:
    """When the process was started, exactly; None where there is none or it has ended."""
    proc = Path("/proc")
    if not (proc / "self" / "stat").exists():
        return _identity_by_ps(pid)
    try:
        stat = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return None if fields[0] in "ZX" else f"{boot} {fields[19]}"


def _identity_by_ps(pid: int) -> str | None:
    asked = ["/bin/ps", "-o", "stat=,lstart=,command=", "-p", str(pid)]
    found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    state, _, rest = found.partition(" ")
    return None if not rest or state.startswith("Z") else rest.strip()


def is_alive(process: Process) -> bool:
    """Whether this very process still runs."""
    return bool(process.identity) and identity(process.pid) == process.identity


def end(process: Process, *, patience: float = 10.0) -> bool:
    """End this very process, the hard way after `patience` seconds; whether it still ran."""
    if not is_alive(process):
        return False
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, how)
        until = time.monotonic() + patience
        while is_alive(process) and time.monotonic() < until:
            time.sleep(_TICK)
        if not is_alive(process):
            break
    with contextlib.suppress(ChildProcessError):  # where another process was its parent
        os.waitpid(process.pid, os.WNOHANG)
    return True
