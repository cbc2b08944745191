"""A small campaign with a token, in a folder that holds all that is written, and a server that tells."""

from __future__ import annotations

import http.client
import json
import os
import secrets as chance
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from labelwright.connectors.label_studio.studio import process, running
from labelwright.connectors.label_studio.studio.home import studio_home, write_private
from tests.connectors.label_studio.proxy import Answered, Asked, Proxy
from tests.connectors.label_studio.standin import OWNER, StandIn, choice

from .canary import in_files, seen

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

    where: what method and path of the requests hold that it answers.
    """

    status = 0
    where = ""

    def _forward(self, asked: Asked) -> Answered:
        if not self.status or self.where not in f"{asked.method} {asked.path}":
            return super()._forward(asked)
        said = asked.body.decode("utf-8", "replace")
        words = [value for name, value in asked.headers if name.lower() == "authorization"]
        told = {"detail": [*words, said, *map(list, asked.headers)]}
        token = (words or [json.loads(said)["refresh"]])[0].split()[-1]
        headers = [
            ("Content-Type", "application/json"),
            ("Location", f"https://elsewhere.example.com/login/{token}?{token}"),
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
    inside = json.dumps({"username": "me@example.com", "password": password, "token": token})
    if keyring:
        place = folder / "keyring.json"
        place.write_text(json.dumps({f"labelwright studio {home.folder}/secrets": inside}))
        room.settings |= {
            "PYTHON_KEYRING_BACKEND": "canary_keyring.Kept",
            "CANARY_KEYRING": str(place),
        }
    else:
        place = home.secrets
        write_private(place, inside)
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
