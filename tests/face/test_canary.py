"""A token is found nowhere but where it was put: not after a whole round, nor after what can go wrong."""

from __future__ import annotations

import base64
import json
import os
import secrets as chance
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from labelwright.connectors.label_studio.client import LabelStudio
from labelwright.connectors.label_studio.credentials import KEY
from labelwright.connectors.label_studio.shared_secret import SECRET
from labelwright.connectors.label_studio.studio import running
from labelwright.connectors.label_studio.studio.home import Home, studio_home
from labelwright.connectors.label_studio.studio.vault import Secrets, keep, kept
from labelwright.connectors.label_studio.webhook import register
from labelwright.loop.errors import ConnectorError
from tests.connectors.label_studio.faulty import Fault
from tests.connectors.label_studio.standin import StandIn
from tests.labeller import Labeller
from tests.studio_server import Studio, copy_template

from .canary import in_files, seen, watched
from .canary_round import SERVE, TASK, Round, Telltale, answer, from_environment, from_studio

if TYPE_CHECKING:
    from .canary import Processes


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


BEARER = """
import contextlib, os, subprocess, sys
from labelwright.__main__ import main
sys.argv = ["labelwright", "explain", "E101"]
with contextlib.suppress(SystemExit):
    main()
print(all(name in os.environ for name in sys.orig_argv[-2:]))
print(subprocess.check_output(["env"], text=True))
"""


def test_what_a_library_starts_is_given_no_secret() -> None:
    """matplotlib asks fc-list for fonts, joblib asks lscpu: with what they inherit."""
    secret = chance.token_hex(20)
    env = {**os.environ, KEY: secret, SECRET: secret, "OTHER": "is passed on"}
    asked = [sys.executable, "-c", BEARER, KEY, SECRET]
    told = subprocess.run(asked, env=env, capture_output=True, text=True, check=True).stdout
    _, ours, inherited = told.rpartition("True\n")
    assert ours, told
    assert "OTHER=is passed on" in inherited
    assert secret not in inherited


# --- a round -----------------------------------------------------------------------------------------


@pytest.mark.slow
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
    words, told = room.said[-1]
    room.said.append((f"a copy of {words}", told + room.secrets["claims"].encode()))
    (store,) = room.work.glob(".labelwright/*/state.db")
    coded = base64.b64encode(f"labelwright:{room.secrets['signature']}".encode())
    store.with_name("copy").write_bytes(store.read_bytes() + coded)
    assert {line.split(": ")[0] for line in room.leaks()} == {
        f"a copy of {words}",
        str(store.with_name("copy").relative_to(room.folder)),
    }


def test_the_servers_words_do_not_repeat_a_secret_of_ours(
    standin: StandIn, proxy: Telltale
) -> None:
    proxy.status, proxy.where = 400, "POST /api/webhooks/"
    with LabelStudio(proxy.url, standin.token) as client:
        project = client.create_project({"title": "mail"})
        with pytest.raises(ConnectorError) as refused:
            register(client, project, "http://127.0.0.1:9", SERVE)
    assert refused.value.message.count("[token]") == 2
    assert not seen({"token": standin.token, "secret": SERVE}, refused.value.message.encode())


@pytest.mark.slow
@pytest.mark.parametrize("place", ["legacy token", "personal token"])
def test_nothing_shows_a_token_whatever_happens(
    tmp_path: Path, standin: StandIn, proxy: Telltale, place: str
) -> None:
    token = standin.token if place == "legacy token" else standin.personal_token
    room = from_environment(tmp_path, proxy, token)
    room.secrets["secret"] = SERVE
    with hunted(room):
        room.run("doctor", "mail.task", ends=None)
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
        served(room)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["keyring", "file"])
def test_nothing_shows_what_is_kept(
    tmp_path: Path, standin: StandIn, proxy: Telltale, place: str
) -> None:
    """Token, password and a secret that is made, kept in either place."""
    room = from_studio(tmp_path, proxy, standin.token, keyring=place == "keyring")
    room.secrets["secret"] = SERVE
    with hunted(room):
        room.run("run", "mail.task", ends=4)
        proxy.status = 401
        room.run("sync", "mail.task", ends=1)
        proxy.status = 0
        with proxy.down():
            room.run("sync", "mail.task", ends=1)
        room.run("sync", "mail.task", ends=1, CANARY_CRASH="1")
        answer(standin)
        room.run("run", "mail.task", "--json", ends=4)
        looked_at(room)
        served(room)
        kept_secret(room)


def gone_wrong(room: Round, proxy: Telltale) -> None:
    """Every way in which a server may fail, and one in which we do."""
    faults = {
        "401": Fault("unauthorised", times=99),
        "500": Fault("error_before", status=500, times=99),
        "JSON": Fault("garbled", times=99),
        "broke": Fault("truncated", times=99),
        "sends on": Fault("redirect", location="https://elsewhere.example.com/x", times=99),
    }
    for told, fault in faults.items():
        proxy.plan.add(fault)
        assert told in room.run("sync", "mail.task", ends=1)
        proxy.plan.clear()
    with proxy.down():
        assert "cannot connect" in room.run("sync", "mail.task", ends=1)
    for proxy.status in (302, 400, 401, 500):
        assert "[token]" in room.run("sync", "mail.task", ends=1)
    proxy.where = "/projects/"  # past the buying of an access token, where there is one
    for proxy.status in (302, 400, 401):
        assert "[token]" in room.run("sync", "mail.task", ends=1)
    proxy.status = 0
    told = room.run("sync", "mail.task", ends=1, CANARY_CRASH="1")
    assert "nobody expected this" in told


def looked_at(room: Round) -> None:
    """All that only looks."""
    for more in ([], ["--json"]):
        room.run("doctor", "mail.task", *more, ends=None)  # there may be something to find
        room.run("status", "mail.task", *more)
    for command in ("curve", "history", "report"):
        room.run(command, "mail.task")
    room.run("studio", "status")


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


def served(room: Round) -> None:
    """Suggestions are served with a secret from the environment, then with one that is made and kept."""
    room.write(TASK.replace("from = label_studio", "from = label_studio\nsuggestions = model"))
    room.run("apply", "mail.task", "--yes")
    for more in ({SECRET: SERVE}, {}):
        serving(room, "--no-connect", **more)
    made = room.folder / "studio" / "serve" / "secrets.json"
    if made.exists():
        room.secrets["secret that was made"] = json.loads(made.read_text())["password"]
        room.known.append(made)


def serving(room: Round, *options: str, **more: str) -> str:
    """What `serve` says until it is ended."""
    words = ("serve", "mail.task", "--port", "0", *options)
    started = room.start(*words, **more)
    assert started.stdout is not None
    first = b""
    while b"Next" not in first and (line := started.stdout.readline()):
        first += line
    room.said.append(("serve", first))
    assert started.poll() is None, first
    started.send_signal(signal.SIGINT)
    told = first.decode() + room.end(started, *words)
    assert started.returncode == 0, told
    return told


def kept_secret(room: Round) -> None:
    """The secret that was made is where the others are kept: hunted like them."""
    if "CANARY_KEYRING" in room.settings:
        kept = json.loads(Path(room.settings["CANARY_KEYRING"]).read_text(encoding="utf-8"))
        (made,) = (text for name, text in kept.items() if "/serve/" in name)
        room.secrets["secret that was made"] = json.loads(made)["password"]
    assert "secret that was made" in room.secrets


def with_a_token_of_its_own(home: Home) -> Secrets:
    """A new token for a running studio: all that were copied from one folder share one."""
    note, found = running.read_note(home), kept(home)
    assert note is not None
    assert found is not None
    with Studio(note.url, found.username, found.password, found.token).client() as client:
        made = client.post("/api/current-user/reset-token/").raise_for_status().json()
    return keep(home, replace(found, token=made["token"]))


@pytest.mark.slow
@pytest.mark.usefixtures("studio")  # so that there is one to copy
def test_a_server_of_ones_own_shows_none(tmp_path: Path) -> None:
    """A real server, begun and ended by us; it may know its own secrets, in its own folder."""
    room = Round(tmp_path, {"secret": SERVE}, {SECRET: SERVE})
    home = studio_home(room.env())
    copy_template(home)
    home.venv.symlink_to(studio_home().venv)
    room.known += [home.secrets, home.data]
    with hunted(room):
        try:
            room.run("studio", "start")
            found = with_a_token_of_its_own(home)
            room.secrets |= {"token": found.token, "password": found.password}
            note = running.read_note(home)
            assert note is not None
            room.run("run", "mail.task", ends=4)
            server = Studio(note.url, found.username, found.password, found.token)
            with LabelStudio(note.url, found.token) as client, Labeller(server, "ann") as ann:
                (project,) = client.projects()
                while (task := ann.next(project["id"])) is not None:
                    ann.choose(task["id"], "Spam" if "pills" in task["data"]["text"] else "Ham")
                room.run("run", "mail.task", ends=4)
                looked_at(room)
                changed(room)
                room.write((room.work / "mail.task").read_text().replace("= label_studio",
                           "= label_studio\nsuggestions = model"))  # fmt: skip
                room.run("apply", "mail.task", "--yes")
                assert "Asked by project" in serving(room)
                client.delete_project(project["id"])
            room.run("sync", "mail.task", ends=1)
        finally:
            room.run("studio", "stop")


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
    "address",
    [
        "http://me:{}@127.0.0.1:1",
        # what is said of these: test_credentials
        pytest.param("http://127.0.0.1:1/?key={}", marks=pytest.mark.slow),
        pytest.param("{}", marks=pytest.mark.slow),
    ],
)
def test_a_token_in_the_address_is_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    token = chance.token_hex(20)
    settings = {"LABEL_STUDIO_URL": address.format(token), "LABEL_STUDIO_API_KEY": "a" * 40}
    room = Round(tmp_path, {"token": token}, settings)
    with hunted(room):
        assert "error: LABEL_STUDIO_URL" in room.run("run", "mail.task", ends=1)
