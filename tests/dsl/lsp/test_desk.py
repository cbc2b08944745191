"""Open documents: the newest version is read, nothing is read for nothing, nothing is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from labelwright.dsl import task as t
from labelwright.dsl.lsp import desk as room
from labelwright.dsl.lsp.desk import ChangedMeanwhile, Desk, UnreadableError, file_path
from labelwright.dsl.lsp.view import View
from labelwright.dsl.surroundings import Surroundings
from tests.dsl.catalogues import EVERYTHING
from tests.dsl.lsp.marked import SMALL, columns

URI = "file:///tmp/%EC%9E%91%EC%97%85%20a/x.task"
PATIENCE = 60  # seconds; only a test that fails waits so long


class Bench:
    """A desk with what it published and reported, and a gate that holds readings back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.published: list[View] = []
        self.reported: list[BaseException] = []
        self.looked: list[tuple[Path, t.Data]] = []
        self.known = Surroundings()
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Semaphore(0)
        self.readings = 0
        self.fail = False
        read = room._viewed

        def gated(*given: Any) -> View:
            self.readings += 1
            self.begun.release()
            assert self.gate.wait(PATIENCE)
            if self.fail:
                raise ZeroDivisionError("a defect")
            return read(*given)

        monkeypatch.setattr(room, "_viewed", gated)

    def look(self, path: Path, data: t.Data) -> Surroundings:
        self.looked.append((path, data))
        return self.known

    def run(self, play: Callable[[Desk], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            desk = Desk(EVERYTHING, self.look, self.published.append, self.reported.append)
            try:
                async with asyncio.timeout(PATIENCE):
                    await play(desk)
            finally:
                self.gate.set()
                desk.stop()

        asyncio.run(whole())

    async def reading_began(self) -> None:
        await asyncio.to_thread(self.begun.acquire, timeout=PATIENCE)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def typed(text: str) -> list[types.TextDocumentContentChangeEvent]:
    start = types.Position(0, 0)
    return [types.TextDocumentContentChangePartial(types.Range(start, start), text)]


def test_a_burst_of_keystrokes_is_read_once_more(bench: Bench) -> None:
    async def play(desk: Desk) -> None:
        bench.gate.clear()
        desk.open(URI, SMALL, 1)
        await bench.reading_began()
        for version in range(2, 102):
            desk.change(URI, typed("#"), version)
        bench.gate.set()
        view = await desk.view(URI)
        assert view.document.version == 101
        assert view.document.text == "#" * 100 + SMALL

    bench.run(play)
    assert bench.readings == 2
    assert [v.document.version for v in bench.published] == [101]


def test_who_asked_of_an_older_version_is_told_so(bench: Bench) -> None:
    async def play(desk: Desk) -> None:
        bench.gate.clear()
        desk.open(URI, SMALL, 1)
        asked = asyncio.ensure_future(desk.view(URI))
        await bench.reading_began()
        desk.change(URI, typed("# "), 2)
        bench.gate.set()
        with pytest.raises(ChangedMeanwhile):
            await asked
        assert (await desk.view(URI)).document.version == 2

    bench.run(play)


def test_a_document_that_was_closed_is_not_heard_of_again(bench: Bench) -> None:
    async def play(desk: Desk) -> None:
        bench.gate.clear()
        desk.open(URI, SMALL, 1)
        asked = asyncio.ensure_future(desk.view(URI))
        await bench.reading_began()
        desk.close(URI)
        bench.gate.set()
        with pytest.raises(ChangedMeanwhile):
            await asked
        with pytest.raises(KeyError):
            desk.document(URI)

    bench.run(play)
    assert bench.published == []


def test_a_defect_is_reported_and_the_next_version_read(bench: Bench) -> None:
    async def play(desk: Desk) -> None:
        bench.fail = True
        desk.open(URI, SMALL, 1)
        with pytest.raises(UnreadableError):
            await desk.view(URI)
        with pytest.raises(UnreadableError):
            await desk.view(URI)
        bench.fail = False
        desk.change(URI, typed("# "), 2)
        assert (await desk.view(URI)).document.version == 2

    bench.run(play)
    assert [type(e) for e in bench.reported] == [ZeroDivisionError]


def test_uris_are_the_same_however_they_are_escaped(bench: Bench) -> None:
    async def play(desk: Desk) -> None:
        desk.open(URI, SMALL, 1)
        desk.change("file:///tmp/작업 a/x.task", typed("# "), 2)
        assert (await desk.view(URI)).document.uri == URI
        assert (await desk.view(URI)).reading.source.name == "/tmp/작업 a/x.task"

    bench.run(play)


def test_columns_are_looked_at_and_the_file_read_again(bench: Bench) -> None:
    text = SMALL + 'rules { a: vote A when boody == "x" }\n'
    bench.known = columns("body", "lang")

    async def play(desk: Desk) -> None:
        desk.open(URI, text, 1)
        while not bench.published or not bench.published[-1].around.columns:
            await asyncio.sleep(0.01)
        assert "E240" in [d.code for d in bench.published[-1].reading.diagnostics]
        assert desk.around(URI) == bench.known
        # Another source is named: what is known is of the old one.
        at = SMALL.split("\n")[6].index("x.csv")
        start, end = types.Position(6, at), types.Position(6, at + 1)
        other = types.TextDocumentContentChangePartial(types.Range(start, end), "other")
        desk.change(URI, [other], 2)
        view = await desk.view(URI)
        assert 'csv("other' in view.document.text
        assert view.around.columns == ()
        assert "E240" not in [d.code for d in view.reading.diagnostics]

    bench.run(play)
    assert [str(path) for path, _ in bench.looked] == ["/tmp/작업 a/x.task"]


def test_a_text_without_a_file_or_a_source_is_not_looked_at(bench: Bench) -> None:
    async def play(desk: Desk) -> None:
        desk.open("untitled:Untitled-1", SMALL, 1)
        await desk.view("untitled:Untitled-1")
        desk.open(URI, "task t", 1)
        await desk.view(URI)
        await asyncio.sleep(0)

    bench.run(play)
    assert bench.looked == []
    assert bench.reported == []


def test_the_data_are_known_where_the_rest_of_the_file_is_broken(bench: Bench) -> None:
    async def play(desk: Desk) -> None:
        desk.open(URI, 'data {\n  source = csv("a.csv")\n  text = body\n}\nrules { a: vote ] }', 1)
        view = await desk.view(URI)
        assert view.reading.task is None
        assert view.data is not None
        assert view.data.text == ("body",)

    bench.run(play)


def test_file_path() -> None:
    assert str(file_path(URI)) == "/tmp/작업 a/x.task"
    assert file_path("untitled:Untitled-1") is None
