"""The open documents: each read again when it changes, the latest version only, never twice at once.

Reading happens in one worker thread, so that the server goes on listening. While a version is read,
further changes only replace the text; when the reading is done and the text is another one by now, the
result is dropped and the newest text read. So a burst of keystrokes costs two readings, not a hundred.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, ParamSpec, TypeVar
from urllib.parse import unquote

from lsprotocol import types
from pygls.uris import to_fs_path

from labelwright.dsl import task as t
from labelwright.dsl.calls import KINDS
from labelwright.dsl.grammar import parser
from labelwright.dsl.lsp.documents import Document
from labelwright.dsl.lsp.positions import changed
from labelwright.dsl.lsp.view import View, view_of
from labelwright.dsl.plugins import Catalogue
from labelwright.dsl.surroundings import Surroundings

P = ParamSpec("P")
R = TypeVar("R")

LookAtData = Callable[[Path, t.Data], Surroundings]
"""What is known of the data of a task file; called in a thread of its own, may take long."""

_UNKNOWN = Surroundings()


class ChangedMeanwhile(Exception):  # noqa: N818 - what happened, not what went wrong
    """The document is another one than when something was asked of it."""


class UnreadableError(Exception):
    """Reading this version failed, by a defect of ours that was reported."""


@dataclass(eq=False)
class _File:
    """One open document: its newest version, the last one that was read, and what is under way."""

    document: Document
    view: View | None = None
    reading: asyncio.Task[None] | None = None
    failed: Document | None = None  # a version that could not be read: a defect of ours
    known: tuple[t.Data, Surroundings] | None = None  # what was found out about which data
    around: Surroundings = _UNKNOWN
    renamed: dict[str, str] = field(default_factory=dict)  # new class id -> id at first


class Desk:
    """The open documents of one editor. `publish` is told of every document that was read."""

    def __init__(
        self,
        catalogue: Catalogue,
        look: LookAtData,
        publish: Callable[[View], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self.catalogue = catalogue
        self._look = look
        self._publish = publish
        self._failed = failed
        self._files: dict[str, _File] = {}
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="read")
        self._looker = ThreadPoolExecutor(1, thread_name_prefix="look")
        self._looking: set[asyncio.Task[None]] = set()

    # --- what editors say ---------------------------------------------------------------------

    def warm(self) -> None:
        """Build the parser and look at all plug-ins, before anybody waits for it."""
        self._reader.submit(_warm, self.catalogue)

    def open(self, uri: str, text: str, version: int | None) -> None:
        """Take a document in, and look at its data."""
        self._files[_key(uri)] = _File(Document(uri, text, version))
        self._begin(self._files[_key(uri)])
        self.look_at_data(uri)

    def change(
        self,
        uri: str,
        changes: Iterable[types.TextDocumentContentChangeEvent],
        version: int | None,
    ) -> None:
        """Replace a document by its next version."""
        file = self._files[_key(uri)]
        file.document = Document(file.document.uri, changed(file.document.text, changes), version)
        self._begin(file)

    def close(self, uri: str) -> None:
        """Forget a document."""
        self._files.pop(_key(uri), None)

    def look_at_data(self, uri: str) -> None:
        """Find out about the data that a document names, and read it again if that says more."""
        path = file_path(uri)
        if path is not None:
            looking = asyncio.ensure_future(self._find_out(self._files[_key(uri)], path))
            self._looking.add(looking)
            looking.add_done_callback(self._looking.discard)

    def stop(self) -> None:
        """End the threads; what they are at is dropped."""
        reading = [f.reading for f in self._files.values() if f.reading]
        for task in (*self._looking, *reading):
            if not task.done():
                task.cancel()
        self._reader.shutdown(wait=False, cancel_futures=True)
        self._looker.shutdown(wait=False, cancel_futures=True)

    # --- what features ask --------------------------------------------------------------------

    def document(self, uri: str) -> Document:
        """The newest version of a document. Raises KeyError for one that is not open."""
        return self._files[_key(uri)].document

    def around(self, uri: str) -> Surroundings:
        """What is known beside a document."""
        return self._files[_key(uri)].around

    def renamed(self, uri: str) -> dict[str, str]:
        """The classes of a document that were renamed: new id -> the id they had at first."""
        return self._files[_key(uri)].renamed

    async def view(self, uri: str) -> View:
        """The newest version, read. Raises ChangedMeanwhile where another one came before it was."""
        file = self._files[_key(uri)]
        document = file.document
        while file.view is None or file.view.document is not document:
            if file.document is not document or not self._is_open(file):
                raise ChangedMeanwhile
            if file.failed is document:
                raise UnreadableError("this version of the file could not be read")
            await asyncio.shield(self._begin(file))
        return file.view

    async def work(self, function: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
        """Call a function in the thread that reads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, lambda: function(*args, **named))

    # --- reading ------------------------------------------------------------------------------

    def _begin(self, file: _File) -> asyncio.Task[None]:
        if file.reading is None or file.reading.done():
            file.reading = asyncio.ensure_future(self._read(file))
        return file.reading

    async def _read(self, file: _File) -> None:
        """Read until what was read is what is there."""
        while self._is_open(file):
            document, around = file.document, file.around
            try:
                view = await self.work(_viewed, document, self.catalogue, around)
            except Exception as error:
                self._failed(error)
                file.failed = document
                if file.document is document:
                    return
                continue
            if not self._is_open(file):
                return
            fitting = self._fitting(file, view)
            if file.document is document and fitting is around:
                file.view = view
                self._tell(view)
                return
            file.around = fitting

    def _tell(self, view: View) -> None:
        try:
            self._publish(view)
        except Exception as error:
            self._failed(error)

    def _fitting(self, file: _File, view: View) -> Surroundings:
        """What is known of the very data that this version names."""
        data = view.data
        if file.known is None or data is None:
            return _UNKNOWN
        same = (data.source, data.join) == (file.known[0].source, file.known[0].join)
        return file.known[1] if same else _UNKNOWN

    async def _find_out(self, file: _File, path: Path) -> None:
        loop = asyncio.get_running_loop()
        try:
            data = await self._data(file)
            if data is None:
                return
            found = await loop.run_in_executor(self._looker, self._look, path, data)
        except Exception as error:
            self._failed(error)
            return
        if file.known != (data, found):
            file.known = data, found
            file.around = found
            file.view = None
            self._begin(file)

    async def _data(self, file: _File) -> t.Data | None:
        """What a document says of its data, in the first version that is read from now on."""
        while self._is_open(file):
            try:
                return (await self.view(file.document.uri)).data
            except ChangedMeanwhile:
                continue
            except UnreadableError:
                break
        return None

    def _is_open(self, file: _File) -> bool:
        return self._files.get(_key(file.document.uri)) is file


def _viewed(document: Document, catalogue: Catalogue, around: Surroundings) -> View:
    """Read a document, and what every reading is asked for, in the thread that reads."""
    path = file_path(document.uri)
    name = str(path) if path else PurePosixPath(unquote(document.uri)).name or "task"
    view = view_of(document, name, catalogue, around)
    _ = document.positions, view.data
    return view


def _warm(catalogue: Catalogue) -> None:
    parser()
    for kind in KINDS:
        for name in catalogue.names(kind):
            catalogue.find(kind, name)


def file_path(uri: str) -> Path | None:
    """The file that a URI names; None for a document that is no file yet."""
    path: Any = to_fs_path(uri)
    return Path(path) if path else None


def _key(uri: str) -> str:
    """A URI as documents are kept by: editors do not all escape it the same way every time."""
    return unquote(uri)
