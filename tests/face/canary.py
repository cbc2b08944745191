"""Hunting for secrets: in bytes, in every file of a folder, and in every process of the machine."""

from __future__ import annotations

import base64
import html
import json
import os
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote

_PIECE = 12  # characters by which a part of a secret is known
_OFTEN = 0.02  # seconds between two looks at the processes
OURS = b"\0-m\0labelwright\0"
"""What the command line of our own processes holds: they may have what their environment was given."""


@cache
def forms(secret: str) -> dict[str, bytes]:
    """What would give a secret away: itself, parts of it, and ways to write it."""
    raw = secret.encode()
    middle = (len(secret) - _PIECE) // 2
    found = {
        "whole": raw,
        "its beginning": raw[:_PIECE],
        "its middle": raw[middle : middle + _PIECE],
        "its end": raw[-_PIECE:],
        "in UTF-16": secret.encode("utf-16-le"),
        "as hex": raw.hex().encode(),
        "in an address": quote(secret, safe="").encode(),
        "in HTML": html.escape(secret).encode(),
        "in JSON": json.dumps(secret)[1:-1].encode(),
    }
    for shift in range(3):
        # Basic user:secret is one of these, however long the user is.
        coded = base64.b64encode(bytes(shift) + raw)
        inner = coded[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
        found[f"in base64, shifted by {shift}"] = inner
        found[f"in URL-safe base64, shifted by {shift}"] = inner.translate(
            bytes.maketrans(b"+/", b"-_")
        )
    return found


def seen(secrets: Mapping[str, str], there: bytes) -> list[str]:
    """Which secrets show in these bytes, and how; `secrets` by what they are called."""
    return [
        f"{name}, {form}"
        for name, secret in secrets.items()
        for form, looks in forms(secret).items()
        if looks in there
    ]


def in_files(
    secrets: Mapping[str, str], folder: Path, *, known: Collection[Path] = ()
) -> list[str]:
    """Which files show which secrets, in their names or contents; `known` may, and what lies in it."""
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or not {path, *path.parents}.isdisjoint(known):
            continue
        there = str(path.relative_to(folder)).encode() + b"\n" + path.read_bytes()
        found += [f"{path.relative_to(folder)}: {how}" for how in seen(secrets, there)]
    return found


@dataclass
class Processes:
    """What was seen of the machine's processes; `looks`: how often."""

    secrets: Mapping[str, str]
    found: set[str] = field(default_factory=set)
    ours: set[int] = field(default_factory=set)
    looks: int = 0

    def look(self) -> None:
        """Look at all processes once."""
        secrets = dict(self.secrets)
        for entry in os.scandir("/proc"):
            if not entry.name.isdecimal():
                continue
            try:
                command = Path(entry.path, "cmdline").read_bytes()
                environment = Path(entry.path, "environ").read_bytes()
            except OSError:  # ended meanwhile, or somebody else's
                continue
            who = command.replace(b"\0", b" ").decode(errors="replace")[:80]
            if OURS in command:
                self.ours.add(int(entry.name))
                environment = b""
            elif command == b"":
                continue  # not begun, or ended
            for where, there in (("command line", command), ("environment", environment)):
                self.found |= {f"{where} of {who}: {how}" for how in seen(secrets, there)}
        self.looks += 1


@contextmanager
def watched(secrets: Mapping[str, str]) -> Iterator[Processes]:
    """Look at the processes all the while that the block runs; `secrets` may grow meanwhile."""
    seen_so_far, over = Processes(secrets), threading.Event()

    def work() -> None:
        while not over.is_set():
            seen_so_far.look()
            time.sleep(_OFTEN)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield seen_so_far
    finally:
        over.set()
        thread.join()
