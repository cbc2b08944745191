"""What the language server is told of the outside, and the command that starts it."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from labelwright.columns import column_type
from labelwright.dsl import task as t
from labelwright.dsl.surroundings import Column
from labelwright.editing import EditingCatalogue, Survey
from labelwright.loop.errors import PluginError
from labelwright.loop.plugins import Installed

PATIENCE = 120  # seconds; only a test that fails waits so long


def csv(path: str) -> t.Call:
    return t.Call(name="csv", args=(t.Argument(value=path),))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("LABELWRIGHT_DATA", raising=False)
    (tmp_path / "a.csv").write_text("id,body,age\n1,one,20\n2,two,30\n", "utf-8")
    (tmp_path / "b.csv").write_text("id,제목\n1,하나\n", "utf-8")
    return tmp_path


def test_columns_of_the_data_and_of_what_is_joined(folder: Path) -> None:
    data = t.Data(source=csv("a.csv"), id="id", join=t.Join(source=csv("b.csv"), key="id"))
    found = Survey()(folder / "x.task", data)
    assert {(c.name, c.type) for c in found.columns} == {
        ("id", "text"), ("body", "text"), ("age", "number"), ("제목", "text"),
    }  # fmt: skip


def test_the_data_are_read_again_when_they_change(folder: Path) -> None:
    survey, data = Survey(), t.Data(source=csv("a.csv"))
    before = survey(folder / "x.task", data)
    assert survey(folder / "x.task", data) == before
    (folder / "a.csv").write_text("id,body,other\n1,one,x\n", "utf-8")
    os.utime(folder / "a.csv", (1, 1))
    assert Column("other", "text") in survey(folder / "x.task", data).columns


def test_another_data_root(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = t.Data(source=csv("a.csv"))
    elsewhere = Path("/nowhere/x.task")
    assert Survey(folder)(elsewhere, data).columns
    monkeypatch.setenv("LABELWRIGHT_DATA", str(folder))
    assert Survey()(elsewhere, data).columns


def test_data_that_cannot_be_read_are_logged(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        found = Survey()(folder / "x.task", t.Data(source=csv("missing.csv")))
        Survey()(folder / "x.task", t.Data(source=t.Call(name="csv")))
    assert found.columns == ()
    assert "there is no missing.csv" in caplog.text
    assert "needs the argument path" in caplog.text


def test_column_types() -> None:
    import pyarrow as pa

    types = {
        pa.string(): "text", pa.int64(): "number", pa.float32(): "number", pa.bool_(): "switch",
        pa.date32(): "date", pa.timestamp("s"): "date", pa.list_(pa.int8()): "other",
        pa.struct([("data", pa.binary()), ("channels", pa.int32())]): "picture",
    }  # fmt: skip
    assert {kind: column_type(pa.field("x", kind)) for kind in types} == types
    assert column_type(pa.field("photo", pa.string()), {"photo"}) == "picture"


def test_a_plugin_that_cannot_be_imported_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Installed, kind: str, name: str) -> None:
        raise PluginError(f"{name} cannot be imported", "reinstall it")

    monkeypatch.setattr(Installed, "find", broken)
    catalogue = EditingCatalogue()
    found = catalogue.find("query", "margin")
    assert found is not None
    assert found.help == "margin cannot be imported"
    assert [p.variadic or p.open for p in found.parameters] == [True, True]
    assert catalogue.find("query", "margin") is found
    assert caplog.text.count("margin cannot be imported") == 1


# --- the command ------------------------------------------------------------------------------


def framed(message: dict[str, Any]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


SESSION = b"".join(
    framed(message)
    for message in (
        {"id": 1, "method": "initialize", "params": {"capabilities": {}, "processId": None}},
        {"method": "initialized", "params": {}},
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    )
)


def test_without_its_libraries_it_says_what_to_install() -> None:
    start = "import sys; sys.modules['pygls'] = None; from labelwright.__main__ import main; main()"
    command = [sys.executable, "-c", start, "lsp"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "pip install 'labelwright[lsp]'" in done.stderr


def test_what_a_plugin_prints_is_no_part_of_the_protocol() -> None:
    start = (
        "import labelwright.editing as e\n"
        "def names(self, kind): print('loud', flush=True); return []\n"
        "e.EditingCatalogue.names = names\n"
        "from labelwright.__main__ import main; main()"
    )
    command = [sys.executable, "-c", start, "lsp", "--stdio"]
    done = subprocess.run(
        command, input=SESSION, capture_output=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0
    assert b"loud" not in done.stdout
    assert done.stdout.startswith(b"Content-Length: ")
    assert b"loud" in done.stderr


def test_it_ends_when_the_editor_is_gone() -> None:
    command = [sys.executable, "-m", "labelwright", "lsp"]
    done = subprocess.run(
        command, input=SESSION[:400], capture_output=True, check=False, timeout=PATIENCE
    )
    assert b"Traceback" not in done.stderr


def test_over_tcp() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "labelwright", "lsp", "--tcp", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as server:
        assert server.stderr is not None
        assert str(port) in server.stderr.readline().decode()
        with _connected(port) as editor:
            editor.sendall(SESSION[: SESSION.index(b"Content-Length", 20)])
            assert editor.recv(15) == b"Content-Length:"
            editor.sendall(SESSION[SESSION.index(b"Content-Length", 20) :])
            while editor.recv(4096):
                pass
        assert server.wait(PATIENCE) == 0


def _connected(port: int) -> socket.socket:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
