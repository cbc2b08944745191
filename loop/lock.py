"""One run a task: a file lock that says who holds it, what for and since when."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from labelwright.loop.errors import LockedError


@contextlib.contextmanager
def locked(folder: Path, what: str, since: str) -> Iterator[None]:
    """Hold the task's lock, or raise LockedError naming the holder. The system frees it on death."""
    folder.mkdir(parents=True, exist_ok=True)
    holder = folder / "lock.json"
    lock = FileLock(str(folder / "lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LockedError(
            f"another run holds this task: {_told(holder)}",
            "wait for it, or stop it; nothing was changed",
        ) from error
    try:
        holder.write_text(
            json.dumps(
                {
                    "who": f"{getpass.getuser()}@{socket.gethostname()}",
                    "process": os.getpid(),
                    "what": what,
                    "since": since,
                }
            ),
            encoding="utf-8",
        )
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _told(holder: Path) -> str:
    try:
        told = json.loads(holder.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # the holder is between taking the lock and saying so
        return "it started a moment ago"
    return f"{told['who']}, process {told['process']}, `{told['what']}` since {told['since']}"
