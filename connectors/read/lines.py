"""Lines of a text file, decoded, with limits: no line fills the memory, no bad byte stops the rest.

Lines are handed out one at a time with their ends on. What is wrong with a line is noted in `bad`
rather than raised, because a row of a CSV may span several lines.
"""

from __future__ import annotations

import codecs
import io
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from labelwright.connectors.read.columns import LONGEST
from labelwright.loop.errors import DataError

_SKIP = 2**20
_LINE_COST = 50  # in characters: what handling a line costs beside its length


class TooLongError(Exception):
    """A row, or a line, of more than `LONGEST` characters; it has been passed over."""


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Bytes that cannot be decoded become lone surrogates, which no decoded text can hold."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + b) for b in error.object[error.start : error.end]), error.end


codecs.register_error("labelwright.mark", _mark)


def text_encoding(name: str) -> str:
    """The codec to open a text file with; UTF-8 also skips a byte-order mark. Raises DataError."""
    try:
        info = codecs.lookup(name)
        "".encode(name)
    except (LookupError, ValueError) as error:
        raise DataError(
            f"{name!r} is no encoding of text", "write one such as utf-8, cp949, utf-16, latin-1"
        ) from error
    return "utf-8-sig" if info.name == "utf-8" else info.name


class Lines:
    """An iterator over the lines of `path`; iterate within `with`.

    bad: (reason, detail) of the first thing wrong since `begin()`, or None.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self._encoding = encoding
        self._file = io.TextIOWrapper(
            path.open("rb"), encoding=encoding, errors="labelwright.mark", newline=""
        )
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self._size = 0
        self._patience = 4 * LONGEST
        self.bad: tuple[str, str] | None = None

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Lines:
        return self

    def begin(self) -> None:
        """A row ends here; the next line begins another one."""
        self._row = []
        self._size = 0
        self.bad = None

    def retreat(self) -> Sequence[str]:
        """Give back all but the first line of the row, to be read again as rows of their own.

        Returns the lines that are lost with the row: one, or all of them once reading again has
        cost too much (a file made to be slow).
        """
        first, rest = self._row[:1], self._row[1:]
        self._patience -= sum(map(len, rest)) + _LINE_COST * len(rest)
        if self._patience < 0:
            return self._row
        self._again.extendleft(reversed(rest))
        return first

    def __next__(self) -> str:
        if self._again:
            line = self._again.popleft()
        else:
            line = self._file.readline(LONGEST + 1)
            if not line:
                raise StopIteration
            if len(line) > LONGEST:
                self._pass_over(line)
                raise TooLongError
        self._size += len(line)
        self._row.append(line)
        if self._size > LONGEST:
            raise TooLongError
        if self.bad is None:
            self.bad = wrong_with(line, self._encoding)
        return line

    def _pass_over(self, line: str) -> None:
        while line and line[-1] not in "\r\n":
            line = self._file.readline(_SKIP)


def wrong_with(text: str, encoding: str) -> tuple[str, str] | None:
    """Reason and detail where `text` holds bytes that were not decoded, or a NUL; else None."""
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            byte = ord(text[error.start]) - 0xDC00
            name = encoding.removesuffix("-sig")
            where = f"byte 0x{byte:02x} at character {error.start + 1} is not {name}"
            return "undecodable bytes", where
    if "\0" in text:
        return "NUL character", f"at character {text.index(chr(0)) + 1}"
    return None
