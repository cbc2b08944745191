"""Starting the server, waiting until it is well, stopping it, and saying how it is.

What runs is written down as soon as it runs: a start that is killed is taken up by the next one. A
note about a process that is gone (a reboot, a crash) is known by the process's identity.
"""

from __future__ import annotations

import json
import os
import secrets as chance
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from labelwright.connectors.label_studio.studio import access, process, serving
from labelwright.connectors.label_studio.studio.home import VERSION, Home, write_private
from labelwright.connectors.label_studio.studio.installing import Tell, installed, tell_nobody
from labelwright.connectors.label_studio.studio.vault import Secrets, keep, kept
from labelwright.loop.errors import ConnectorError

USERNAME = "owner@labelwright.local"
_TICK = 0.2  # seconds
_LEAVING = 5.0  # seconds
_LINES = 12  # of a log that are shown


@dataclass(frozen=True)
class Note:
    """What is written down about the server. `pid` is 0 after it was stopped; the port is kept."""

    port: int
    pid: int = 0
    identity: str = ""
    account: bool = False  # whether a start came to its end: the first account is there

    @property
    def url(self) -> str:
        """Where the server is, or was, reached."""
        return serving.address(self.port)

    @property
    def process(self) -> process.Process:
        """The server's process."""
        return process.Process(self.pid, self.identity)

    @property
    def runs(self) -> bool:
        """Whether the process that was started is still there."""
        return process.is_alive(self.process)


@dataclass(frozen=True)
class Status:
    """How the studio is. `log` holds the server's last lines where it ended by itself."""

    installed: str | None
    running: bool
    healthy: bool
    url: str | None
    log: tuple[str, ...] = ()


def read_note(home: Home) -> Note | None:
    """What was written down; None where nothing was, or not by us."""
    try:
        return Note(**json.loads(home.state.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def start(
    home: Home,
    *,
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
    environ: Mapping[str, str] = os.environ,
    tell: Tell = tell_nobody,
    patience: float = 600.0,
) -> Note:
    """Start the server, or find it running, and wait until it is well and lets us in.

    `settings` are further variables of its environment. Raises ConnectorError where it is not
    installed, the port is taken, it ends by itself (with its last words) or is not well after
    `patience` seconds: then it is stopped.
    """
    with home.locked():
        note = read_note(home)
        if note is None or not note.runs:
            note = _spawn(home, note, port, dict(settings or {}), environ)
        elif port and port != note.port:
            raise ConnectorError(
                f"the studio already runs at {note.url}",
                f"labelwright studio stop, then labelwright studio start --port {port}",
            )
        try:
            _wait(home, note, tell, patience)
            _let_in(home, note)
        except BaseException:
            process.end(note.process)
            raise
        note = replace(note, account=True)
        _write(home, note)
        return note


def stop(home: Home) -> Note | None:
    """Stop the server that was started here: what was stopped, None where nothing ran."""
    with home.locked():
        note = read_note(home)
        if note is None or not process.end(note.process):
            return None
        _write(home, replace(note, pid=0, identity=""))
        until = time.monotonic() + _LEAVING
        while not serving.is_free(note.port) and time.monotonic() < until:
            time.sleep(_TICK)  # the last of its threads still holds the port
        return note


def status(home: Home) -> Status:
    """How the studio is now."""
    note = read_note(home)
    if note is None:
        return Status(installed(home), False, False, None)
    runs = note.runs
    died = bool(note.pid) and not runs
    return Status(
        installed(home),
        runs,
        runs and access.is_healthy(note.url),
        note.url,
        last_words(home) if died else (),
    )


def last_words(home: Home) -> tuple[str, ...]:
    """The last lines of the server's log."""
    try:
        lines = home.log.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    return tuple([line.rstrip() for line in lines if line.strip()][-_LINES:])


def _spawn(
    home: Home,
    note: Note | None,
    port: int | None,
    settings: dict[str, str],
    environ: Mapping[str, str],
) -> Note:
    if installed(home) != VERSION:
        raise ConnectorError(
            f"Label Studio {VERSION} is not installed in {home.venv}",
            "labelwright studio install",
        )
    secrets = kept(home) or keep(home, Secrets(USERNAME, chance.token_urlsafe(18)))
    chosen = serving.choose_port(port, note.port if note else None)
    account = note is not None and note.account
    variables = serving.environment(home, chosen, environ, None if account else secrets)
    home.data.mkdir(mode=0o700, exist_ok=True)
    home.log.unlink(missing_ok=True)
    command = serving.command(home, chosen)
    try:
        started = process.spawn(command, variables | settings, home.log)
    except OSError as error:
        raise ConnectorError(
            f"{command[0]} cannot be run: {error.strerror}", "labelwright studio install"
        ) from error
    note = Note(chosen, started.pid, started.identity, account)
    _write(home, note)
    return note


def _wait(home: Home, note: Note, tell: Tell, patience: float) -> None:
    """Until the server is well. Raises ConnectorError where it ends or takes too long."""
    began = time.monotonic()
    usual = "some seconds" if note.account else "the first start takes a minute or two"
    told = -1
    while True:
        waited = time.monotonic() - began
        if not note.runs:
            raise _failed(home, "Label Studio ended while it started")
        if access.is_healthy(note.url):
            return
        if waited > patience:
            raise _failed(home, f"Label Studio was not well after {patience:.0f} s")
        if int(waited) > told:
            told = int(waited)
            tell(f"starting Label Studio ({usual}): {told} s")
        time.sleep(_TICK)


def _failed(home: Home, what: str) -> ConnectorError:
    words = "".join(f"\n  | {line}" for line in last_words(home)) or " without a word"
    return ConnectorError(f"{what}:{words}", f"all that it said stands in {home.log}")


def _let_in(home: Home, note: Note) -> None:
    """See to it that the token kept is one that the server takes."""
    secrets = kept(home)
    if secrets is None:
        raise ConnectorError(
            f"the password of the studio in {home.folder} is kept nowhere any more",
            "set LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY; the key stands on the account page",
        )
    if secrets.token and access.is_accepted(note.url, secrets.token):
        return
    token = access.token_of(note.url, secrets.username, secrets.password)
    keep(home, replace(secrets, token=token))


def _write(home: Home, note: Note) -> None:
    write_private(home.state, json.dumps(asdict(note)))
