"""Installing the server: its own virtual environment, made once, gone on with where it broke off.

`labelwright.json` in the environment says which version is whole; it is written last.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from labelwright.connectors.label_studio.studio import process
from labelwright.connectors.label_studio.studio.home import VERSION, Home, write_private
from labelwright.loop.errors import ConnectorError

Tell = Callable[[str], None]
"""`tell(what)`: what is being done now, for whoever waits."""

ROOM = 2 * 2**30
"""Bytes that an installation needs, downloads included."""
_STEPS = ("Collecting ", "Downloading ", "Building ", "Installing collected packages")


def tell_nobody(what: str) -> None:
    """The progress of somebody who does not look."""


def installed(home: Home) -> str | None:
    """The version that is installed whole, None where there is none or its Python is gone."""
    try:
        version = json.loads((home.venv / "labelwright.json").read_text(encoding="utf-8"))[
            "version"
        ]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    programs = (_python(home), home.venv / "bin" / "label-studio")
    return str(version) if all(p.exists() for p in programs) else None


def install(home: Home, *, tell: Tell = tell_nobody) -> bool:
    """Install the server; False where it was there already. May be called again at any time.

    Raises ConnectorError, which names the log, where the environment or the packages fail.
    """
    with home.locked():
        if installed(home) == VERSION:
            return False
        _need_room(home)
        home.install_log.unlink(missing_ok=True)
        if not _works(home):
            tell("making an environment for Label Studio")
            _make_environment(home)
        _bring(home, tell)
        write_private(home.venv / "labelwright.json", json.dumps({"version": VERSION}))
        return True


def _python(home: Home) -> Path:
    return home.venv / "bin" / "python"


def _need_room(home: Home) -> None:
    free = shutil.disk_usage(home.folder).free
    if free < ROOM:
        raise ConnectorError(
            f"Label Studio needs {ROOM / 2**30:.0f} GiB, {home.folder} has {free / 2**30:.1f} GiB left",
            "free some space, or set LABELWRIGHT_STUDIO to a folder on another disk",
        )


def _works(home: Home) -> bool:
    """Whether what is left of an earlier installation can be gone on with."""
    if not _python(home).exists():
        return False
    asked = [str(_python(home)), "-m", "pip", "--version"]
    return subprocess.run(asked, capture_output=True, env=_environ(), check=False).returncode == 0  # noqa: S603


def _environ() -> dict[str, str]:
    """The caller's environment (proxies, pip's settings) without what leads to other packages, and ours."""
    given = process.passed_on(os.environ)
    return {k: v for k, v in given.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}


def _make_environment(home: Home) -> None:
    if home.venv.is_symlink():
        home.venv.unlink()
    made = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "venv", "--clear", str(home.venv)],
        capture_output=True,
        text=True,
        env=_environ(),
        check=False,
    )
    if made.returncode != 0:
        write_private(home.install_log, made.stdout + made.stderr)
        raise ConnectorError(
            f"no virtual environment could be made in {home.venv}: {_last(made.stdout + made.stderr)}",
            "on Debian and Ubuntu: apt-get install python3-venv; all that was said stands in "
            f"{home.install_log}",
        )


def _bring(home: Home, tell: Tell) -> None:
    """Let pip fetch and install; what it has fetched before it does not fetch again."""
    asked = [str(_python(home)), "-m", "pip", "install", "--progress-bar", "off", "--no-input"]
    said: list[str] = []
    with subprocess.Popen(  # noqa: S603
        [*asked, f"label-studio=={VERSION}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=_environ(),
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            said.append(line)
            if line.lstrip().startswith(_STEPS):
                tell(f"pip: {line.strip()[:60]}")
    write_private(home.install_log, "".join(said))
    if pip.returncode != 0:
        raise ConnectorError(
            f"pip could not install label-studio {VERSION}: {_last(''.join(said))}",
            "look whether this machine reaches a package index, then try again: what has been "
            f"fetched is kept; all that pip said stands in {home.install_log}",
            retry=True,
        )


def _last(said: str) -> str:
    """The line that says what went wrong: pip's last error, else the last one of all."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR:", "Error:", "error:"))]
    return (errors or lines or ["it said nothing"])[-1]
