"""The parser: built from task.lark once, then read back from a cache in the user's own cache folder.

Building costs some 0.3 s, reading it back some 0.01 s. The cache is code as far as Python is
concerned, so it is used only from a folder that nobody but the user can write to; anywhere else the
parser is built afresh.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import ClassVar

import lark
import lark.lexer
from lark import Lark, Token

GRAMMAR = Path(__file__).with_name("task.lark")
MISTAKES = ("OPEN_LONG_STRING", "OPEN_STRING", "FOREIGN_STRING", "OPEN_REGEX", "STRAY")


class _KeepMistakes:
    """Has Lark keep the terminals that no rule uses."""

    always_accept: ClassVar = ("_NL", *MISTAKES)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


@cache
def parser() -> Lark:
    """The parser of this process."""
    grammar = GRAMMAR.read_text(encoding="utf-8")
    folder = cache_folder()
    if folder is None:
        return _build(grammar, None)
    # Lark writes the file when it is missing, and builds afresh when it cannot read it.
    return _build(grammar, folder / f"task-{_key(grammar)}.parser")


def _build(grammar: str, path: Path | None) -> Lark:
    with _no_collision_check():
        return Lark(
            grammar,
            parser="lalr",
            lexer="basic",
            keep_all_tokens=True,
            maybe_placeholders=False,
            postlex=_KeepMistakes(),
            cache=str(path) if path else False,
        )


@contextmanager
def _no_collision_check() -> Iterator[None]:
    """Where interegular is installed, Lark compares all terminals with one another, for seconds.

    A test does that, once, with `strict=True`; who runs `check` need not wait for it.
    """
    installed = lark.lexer.has_interegular
    lark.lexer.has_interegular = False
    try:
        yield
    finally:
        lark.lexer.has_interegular = installed


def _key(grammar: str) -> str:
    # What is cached follows from these three alone: our version shows in the grammar.
    parts = (lark.__version__, sys.version, grammar)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def cache_folder() -> Path | None:
    """The user's own cache folder, made if need be; None where others could write to it."""
    from platformdirs import user_cache_path

    folder = user_cache_path("labelwright", appauthor=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if is_private(folder) else None


def is_private(folder: Path) -> bool:
    """True if only the user can write to this folder or put another one in its place."""
    if not hasattr(os, "getuid"):  # Windows: the profile's own access rules guard the folder
        return True
    try:
        own = folder.lstat()
        parents = [parent.stat() for parent in folder.parents]
    except OSError:
        return False
    if not stat.S_ISDIR(own.st_mode) or own.st_uid != os.getuid() or own.st_mode & 0o077:
        return False
    return all(_guarded(parent) for parent in parents) and os.access(folder, os.W_OK)


def _guarded(parent: os.stat_result) -> bool:
    sticky = bool(parent.st_mode & stat.S_ISVTX)
    return parent.st_uid in (0, os.getuid()) and (sticky or not parent.st_mode & 0o022)
