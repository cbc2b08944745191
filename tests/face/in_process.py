"""`labelwright …` without a process of its own, for tests that are not about the process: far quicker.

What the installed command does all the same: `main` with its words, its exit code, its two streams. An error
that is none of ours comes through as it is.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from labelwright.__main__ import main
from labelwright.cli import app  # with every command: once imported, it stays so


@dataclass(frozen=True)
class Ended:
    """How a command ended, named as `subprocess.CompletedProcess` names it."""

    returncode: int
    stdout: str
    stderr: str


def command(folder: Path, *words: str, env: Mapping[str, str] | None = None) -> Ended:
    """Run `labelwright WORDS` in a folder; nothing of the developer's own settings is seen.

    env: variables to set beside those. Nobody types and no terminal shows it, as in a pipe.
    """
    out, err = _stream(), _stream()
    code = _run(folder, words, env or {}, out, err)
    return Ended(code, _written(out), _written(err))


def shown(folder: Path, *words: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The exit code, and both streams as a terminal mingles them."""
    out = _stream()
    return _run(folder, words, env or {}, out, out), _written(out)


def _run(
    folder: Path,
    words: tuple[str, ...],
    env: Mapping[str, str],
    out: io.TextIOWrapper,
    err: io.TextIOWrapper,
) -> int:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("LABELWRIGHT")}
    with (
        mock.patch.dict(os.environ, {"COLUMNS": "80", **clean, **env}, clear=True),
        mock.patch.multiple(sys, argv=["labelwright", *words], stdin=_stream()),
        mock.patch.object(sys, "excepthook"),  # which typer sets
        mock.patch("labelwright.cli.app", functools.partial(app, prog_name="labelwright")),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        return _ended()


def _ended() -> int:
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True)


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode("utf-8").replace("\r\n", "\n")
