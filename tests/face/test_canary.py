"""A token is found nowhere but where it was put: not after a whole round, nor after what can go wrong."""

from __future__ import annotations

import base64
import http.client
import json
import os
import secrets as chance
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from labelwright.connectors.label_studio.shared_secret import SECRET
from labelwright.connectors.label_studio.studio import process, running
from labelwright.connectors.label_studio.studio.home import studio_home, write_private
from tests.connectors.label_studio.faulty import Fault
from tests.connectors.label_studio.proxy import Answered, Asked, Proxy
from tests.connectors.label_studio.standin import OWNER, StandIn, choice

from .canary import in_files, seen, watched

if TYPE_CHECKING:
    from .canary import Processes

TASK = """
task mail "Mail"
class Spam
class Ham
data {
  source = csv("mail.csv")
  id = id
  text = text
}
holdout {
  size = 25%
  annotations = 4
}
annotators { from = label_studio }
budget {
  annotations = 12
  per_round = 4 items
}
query {
  phase all { strategy = random }
}
"""
_NOT_OURS = ("LABEL", "PYTHON", "XDG_", "BROWSER")
SERVE = 'canary/serve+secret="4af07&c1<de'
KEYRING = """
import json, os
from pathlib import Path
from keyring.backend import KeyringBackend

class Kept(KeyringBackend):
    priority = 1
    file = Path(os.environ["CANARY_KEYRING"])

    def get_password(self, service, username):
        return json.loads(self.file.read_text()).get(f"{service}/{username}")

    def set_password(self, service, username, password):
        kept = json.loads(self.file.read_text())
        self.file.write_text(json.dumps({**kept, f"{service}/{username}": password}))

    def delete_password(self, service, username):
        pass
"""
CRASH = """
import os, sys, traceback

def show(kind, error, trace):
    told = traceback.TracebackException(kind, error, trace, capture_locals=True)
    sys.stderr.write("".join(told.format()))

def broken(self, request):
    raise RuntimeError("nobody expected this")

if os.environ.get("CANARY_CRASH"):
    import httpx
    httpx.HTTPTransport.handle_request = broken
    sys.excepthook = show
"""
"""With a listing of all variables, as tools print it that people use to send in errors."""


class Telltale(Proxy):
    """A server's neighbour that, told a status, repeats all that it was told, as pages for debugging do.

    where: what the paths of the requests hold that it answers.
    """

    status = 0
    where = ""

    def _forward(self, asked: Asked) -> Answered:
        if not self.status or self.where not in asked.path:
            return super()._forward(asked)
        said = asked.body.decode("utf-8", "replace")
        words = [value for name, value in asked.headers if name.lower() == "authorization"]
        told = {"detail": [*words, said, *map(list, asked.headers)]}
        token = (words or [json.loads(said)["refresh"]])[0].split()[-1]
        headers = [
            ("Content-Type", "application/json"),
            ("Location", f"/login/{token}?{token}"),
        ]
        reason = http.client.responses[self.status]
        return Answered(self.status, reason, headers, json.dumps(told).encode())


@dataclass
class Round:
    """A campaign in a folder that holds all that labelwright writes. `secrets`: by their names."""

    folder: Path
    secrets: dict[str, str]
    settings: dict[str, str]
    known: list[Path] = field(default_factory=list)
    said: list[tuple[str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("work", "home", "cache", "temporary", "code"):
            (self.folder / name).mkdir()
        (self.folder / "code" / "canary_keyring.py").write_text(KEYRING, encoding="utf-8")
        (self.folder / "code" / "sitecustomize.py").write_text(CRASH, encoding="utf-8")
        rows = "".join(f"{n},{('cheap pills', 'at lunch')[n % 2]} {n}\n" for n in range(32))
        (self.work / "mail.csv").write_text("id,text\n" + rows, encoding="utf-8")
        self.write(TASK)

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def write(self, task: str) -> None:
        (self.work / "mail.task").write_text(task, encoding="utf-8")

    def env(self, **more: str) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith(_NOT_OURS)},
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "temporary"),
            "LABELWRIGHT_CACHE": str(self.folder / "cache"),
            "LABELWRIGHT_STUDIO": str(self.folder / "studio"),
            "PYTHONPATH": str(self.folder / "code"),
            "PYTHONFAULTHANDLER": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **self.settings,
            **more,
        }

    def start(self, *words: str, **more: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "labelwright", *words], cwd=self.work, env=self.env(**more),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def end(self, started: subprocess.Popen[bytes], *words: str) -> str:
        """What it said, which is kept."""
        told, _ = started.communicate(timeout=120)
        self.said.append((" ".join(words), told))
        return told.decode("utf-8", "replace")

    def run(self, *words: str, ends: int | None = 0, **more: str) -> str:
        """What a command says, errors too; with `ends = None` however it ends."""
        started = self.start(*words, **more)
        told = self.end(started, *words)
        assert ends in (started.returncode, None), (
            f"{words} ended with {started.returncode}:\n{told}"
        )
        assert ("Traceback" in told) == ("CANARY_CRASH" in more), told
        return told

    def leaks(self) -> list[str]:
        """Where a secret shows: in what was said, or in a file."""
        found = [f"{words}: {how}" for words, told in self.said for how in seen(self.secrets, told)]
        return found + in_files(self.secrets, self.folder, known=self.known)


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


@pytest.fixture
def proxy(standin: StandIn) -> Iterator[Telltale]:
    with Telltale(standin.url) as proxy:
        yield proxy


@contextmanager
def hunted(room: Round) -> Iterator[Processes]:
    """Whatever is done in the block, nothing of a secret shows in the end."""
    with watched(room.secrets) as processes:
        yield processes
    assert processes.ours, "no process of ours was ever seen"
    assert not processes.found
    assert not room.leaks()


def from_environment(folder: Path, proxy: Proxy, token: str) -> Round:
    settings = {"LABEL_STUDIO_URL": proxy.url, "LABEL_STUDIO_API_KEY": token}
    return Round(folder, named(token), settings)


def from_studio(folder: Path, proxy: Proxy, token: str, *, keyring: bool) -> Round:
    """The token of a studio that seems to run here: this very process, at the proxy's address."""
    password = chance.token_hex(16)
    room = Round(folder, {**named(token), "password": password}, {})
    home = studio_home(room.env())
    home.make()
    port = int(proxy.url.rpartition(":")[2])
    own = os.getpid()
    note = running.Note(port, own, process.identity(own) or "", account=True)
    write_private(home.state, json.dumps(asdict(note)))
    kept = json.dumps({"username": "me@example.com", "password": password, "token": token})
    if keyring:
        place = folder / "keyring.json"
        place.write_text(json.dumps({f"labelwright studio {home.folder}/secrets": kept}))
        room.settings |= {
            "PYTHON_KEYRING_BACKEND": "canary_keyring.Kept",
            "CANARY_KEYRING": str(place),
        }
    else:
        place = home.secrets
        write_private(place, kept)
    room.known.append(place)
    return room


def named(token: str) -> dict[str, str]:
    """What must not show of a token; of a personal one also no other that it buys: all begin alike."""
    if "." not in token:
        return {"token": token}
    head, claims, signature = token.split(".")
    return {"any JWT": head, "claims": claims, "signature": signature}


def answer(standin: StandIn) -> None:
    """Somebody answers all that is there."""
    for number, task in list(standin.memory.tasks.items()):
        if not standin.memory.annotations_of(number):
            label = "Spam" if "pills" in task["data"]["text"] else "Ham"
            standin.answer(number, OWNER, choice("label", label), lead_time=2.0)


# --- the hunt itself ---------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [SERVE, "0123456789abcdef" * 2 + "01234567"])
def test_what_leaks_is_found(tmp_path: Path, secret: str) -> None:
    """Every way in which a secret could show, planted in a file; and no other file."""
    basic = base64.b64encode(f"labelwright:{secret}".encode())
    planted = {
        "log": b"Authorization: Token " + secret.encode(),
        "header": b"Authorization: Basic " + basic,
        "url": f"http://me:{quote(secret, safe='')}@host".encode(),
        "json": json.dumps({"token": secret}).encode(),
        "repr": repr(secret.encode()).encode(),
        "cut": secret.encode()[:20] + b"...",
        "database": b"\0\1" + secret.encode()[-20:],
        "innocent": b"Authorization: Token [token]",
    }
    for name, there in planted.items():
        (tmp_path / name).write_bytes(there)
    (tmp_path / f"named-{secret[:14].replace('/', '-')}-{secret[-12:]}").touch()
    found = {line.split(":")[0] for line in in_files({"secret": secret}, tmp_path)}
    assert {name for name in found if not name.startswith("named-")} == {*planted} - {"innocent"}
    assert any(name.startswith("named-") for name in found)
    assert not in_files({"secret": chance.token_hex(20)}, tmp_path)


def test_what_processes_show_is_found() -> None:
    secret = chance.token_hex(20)
    wait = [sys.executable, "-c", "input()", "the one that waits"]
    begin = {"stdin": subprocess.PIPE, "text": True}
    with watched({"secret": secret}) as processes:
        told = subprocess.Popen([*wait, secret], **begin)  # type: ignore[call-overload]
        given = subprocess.Popen(wait, env={**os.environ, "KEY": secret}, **begin)  # type: ignore[call-overload]
        end = time.monotonic() + 20
        while len({line.split(" of ")[0] for line in processes.found}) < 2:
            assert time.monotonic() < end, processes
            time.sleep(0.05)
        for one in (told, given):
            one.communicate("\n")


# --- a round -----------------------------------------------------------------------------------------


def test_a_round_shows_no_token(tmp_path: Path, standin: StandIn, proxy: Telltale) -> None:
    room = from_environment(tmp_path, proxy, standin.personal_token)
    with hunted(room):
        assert "out" in room.run("run", "mail.task", ends=4)
        answer(standin)
        proxy.status, proxy.where = 400, "/projects/"
        assert "[token]" in room.run("sync", "mail.task", ends=1)
        proxy.status = 0
        told = room.run("sync", "mail.task", ends=1, CANARY_CRASH="1")
        assert "nobody expected this" in told
        room.run("run", "mail.task", ends=4)
        room.run("status", "mail.task", "--json")


PLACES = ("environment", "personal token", "keyring", "file")


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_nothing_shows_a_token_whatever_happens(
    tmp_path: Path, standin: StandIn, proxy: Telltale, place: str
) -> None:
    if place in ("environment", "personal token"):
        token = standin.token if place == "environment" else standin.personal_token
        room = from_environment(tmp_path, proxy, token)
    else:
        room = from_studio(tmp_path, proxy, standin.token, keyring=place == "keyring")
    room.secrets["secret"] = SERVE
    with hunted(room):
        looked_at(room)
        room.run("run", "mail.task", ends=4)
        gone_wrong(room, proxy)
        woken(room, standin)
        answer(standin)
        room.run("sync", "mail.task", "--json")
        room.run("run", "mail.task", ends=4)
        answer(standin)
        room.run("run", "mail.task", "--json")
        looked_at(room)
        changed(room)
        taken_out(room)
        served(room, place)


def looked_at(room: Round) -> None:
    """All that only looks, before there is a campaign and after."""
    began = (room.work / ".labelwright").exists()
    for more in ([], ["--json"]):
        room.run("check", "mail.task", *more)
        room.run("doctor", "mail.task", *more, ends=None)  # there may be something to find
    if began:
        for command in ("status", "curve", "history"):
            room.run(command, "mail.task")
            room.run(command, "mail.task", "--json")
        room.run("report", "mail.task")
    room.run("studio", "status")


def gone_wrong(room: Round, proxy: Telltale) -> None:
    """Every way in which a server may fail, and one in which we do."""
    faults = {
        "401": Fault("unauthorised", times=99),
        "500": Fault("error_before", status=500, times=99),
        "JSON": Fault("garbled", times=99),
        "Retry": Fault("busy", seconds=99.0, times=99),
        "broke": Fault("truncated", times=99),
        "sends on": Fault("redirect", location="https://elsewhere.example.com/x", times=99),
    }
    for fault in faults.values():
        proxy.plan.add(fault)
        assert "error: " in room.run("sync", "mail.task", ends=1)
        proxy.plan.clear()
    with proxy.down():
        assert "cannot connect" in room.run("sync", "mail.task", ends=1)
    for proxy.where in ("", "/projects/"):  # with a personal token, the first one buys another
        for proxy.status in (302, 400, 401, 403, 404, 429, 500):
            assert "error: " in room.run("sync", "mail.task", ends=1)
    proxy.status = 0
    room.run("sync", "mail.task", ends=1, CANARY_CRASH="1")
    room.run("sync", "mail.task", "--json")


def woken(room: Round, standin: StandIn) -> None:
    """The server is told a secret of its own to wake us with: a further one to be found nowhere."""
    words = ("run", "mail.task", "--watch", "--listen", "0", "--every", "1")
    started = room.start(*words)
    end = time.monotonic() + 60
    while not standin.memory.hooks:
        assert started.poll() is None, room.end(started, *words)
        assert time.monotonic() < end
        time.sleep(0.05)
    (hook,) = standin.memory.hooks.values()
    (made,) = hook["headers"].values()
    room.secrets["webhook"] = made
    started.send_signal(signal.SIGINT)
    room.end(started, *words)
    assert started.returncode == 130
    assert not standin.memory.hooks


def changed(room: Round) -> None:
    """The definition changes."""
    room.write(TASK.replace("class Spam", 'class Spam "Advertising"'))
    room.run("plan", "mail.task", "--json")
    room.run("plan", "mail.task")
    room.run("apply", "mail.task", "--yes")


def taken_out(room: Round) -> None:
    """The data set, in every form; what is packed is unpacked and kept, so that it is searched."""
    import pyarrow.parquet as pq

    for kind in ("csv", "jsonl", "parquet"):
        room.run("export", "mail.task", "--out", f"labels.{kind}")
    table = pq.read_table(room.work / "labels.parquet")
    room.said.append(("parquet", f"{table.schema.metadata} {table.to_pylist()}".encode()))


def served(room: Round, place: str) -> None:
    """Suggestions are served with a secret from the environment, then with one that is made and kept."""
    room.write(TASK.replace("from = label_studio", "from = label_studio\nsuggestions = model"))
    room.run("apply", "mail.task", "--yes")
    words = ("serve", "mail.task", "--no-connect", "--port", "0")
    for more in ({SECRET: SERVE}, {}):
        started = room.start(*words, **more)
        assert started.stdout is not None
        first = b""
        while b"Next" not in first and (line := started.stdout.readline()):
            first += line
        room.said.append(("serve", first))
        assert started.poll() is None, first
        started.send_signal(signal.SIGINT)
        room.end(started, *words)
        assert started.returncode == 0
    made = room.folder / "studio" / "serve"
    if place == "keyring":
        kept = json.loads(Path(room.settings["CANARY_KEYRING"]).read_text(encoding="utf-8"))
        told = kept[f"labelwright studio {made}/secrets"]
    else:
        told = (made / "secrets.json").read_text(encoding="utf-8")
        room.known.append(made / "secrets.json")
    room.secrets["secret that was made"] = json.loads(told)["password"]


# --- programs of others ------------------------------------------------------------------------------


@pytest.fixture
def lodger(tmp_path: Path, standin: StandIn, proxy: Telltale) -> Round:
    """A studio of one's own, and a token in the environment beside it."""
    room = from_studio(tmp_path, proxy, standin.token, keyring=False)
    room.settings |= {"LABEL_STUDIO_URL": proxy.url, "LABEL_STUDIO_API_KEY": standin.token}
    room.settings[SECRET] = room.secrets["secret"] = SERVE
    return room


def slow_program(path: Path) -> Path:
    """Something that runs long enough to be looked at."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho ran >> {path}.ran\nsleep 0.5\n")
    path.chmod(0o700)
    return path


def test_the_browser_gets_no_token(lodger: Round) -> None:
    browser = slow_program(lodger.folder / "browser")
    with hunted(lodger):
        lodger.run("studio", "open", BROWSER=f"{browser} %s")
    assert Path(f"{browser}.ran").exists()


def test_the_installation_gets_no_token(lodger: Round) -> None:
    python = slow_program(studio_home(lodger.env()).venv / "bin" / "python")
    with hunted(lodger):
        lodger.run("studio", "install", "--yes")
    assert Path(f"{python}.ran").exists()


# --- a token where none belongs ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["http://me:{}@127.0.0.1:1", "http://127.0.0.1:1/?key={}", "{}"]
)
def test_a_token_in_the_address_is_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    token = chance.token_hex(20)
    settings = {"LABEL_STUDIO_URL": address.format(token), "LABEL_STUDIO_API_KEY": "a" * 40}
    room = Round(tmp_path, {"token": token}, settings)
    with hunted(room):
        assert "error: LABEL_STUDIO_URL" in room.run("run", "mail.task", ends=1)
