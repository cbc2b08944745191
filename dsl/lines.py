"""Where a character of a text stands: its line, its column, and how many cells it takes.

Lines end with `\\n`, `\\r\\n` or `\\r` and with nothing else. Lines and columns are 1-based and count
characters; cells are what a terminal shows, two for a wide character and none for a mark.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import cached_property

TAB = 4  # cells a tab is shown as
_BREAK = re.compile(r"\r\n?|\n")


class Lines:
    """The lines of one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def starts(self) -> list[int]:
        return [0, *(m.end() for m in _BREAK.finditer(self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character; a byte-order mark takes no column."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.starts, offset)
        start = self.starts[line - 1]
        if start == 0 and self.text.startswith("\ufeff"):
            start = min(1, offset)
        return line, offset - start + 1

    def line(self, number: int) -> str:
        """The text of a line without its end."""
        start = self.starts[number - 1]
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n").removeprefix("\ufeff")


def shown(text: str) -> str:
    """Text as it can safely be shown: tabs as spaces, invisible characters as visible ones."""
    return "".join(_shown(c) for c in text)


def _shown(char: str) -> str:
    if char == "\t":
        return " " * TAB
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if unicodedata.category(char) == "Zs":
        return " "
    return f"<U+{code:04X}>"


def width(text: str) -> int:
    """Cells that `shown(text)` takes."""
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(_cells(c) for c in shown(text))


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf") or "\u1160" <= char <= "\u11ff":
        return 0  # marks, and the vowels and finals of a decomposed Hangul syllable
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
