"""Writing to whoever looks: text in colour on a terminal, bars for long work, neither in a pipe."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

from labelwright.words import clean

_STYLES = (
    (r"(?m)✓|\bPASS\b", "bold green"),
    (r"(?m)✗|\bFAIL\b", "bold red"),
    (r"(?m)^[ ]*\?|\bNOT YET KNOWN\b", "bold yellow"),
    (r"[●├┤‹]|(?<=[├─●‹])─+|─+(?=[●┤])", "cyan"),
    (r"○|\bREHEARSAL\b.*|\(rehearsal\)", "magenta"),
    (r"(?m)^(How good|What it cost|Who did what|What next|Report|Next)\b", "bold"),
    (r"(?m)^ round  asked .*$|^ {28}\d\.\d .*$", "dim"),
)


def in_color(stream: TextIO) -> bool:
    """Whether `stream` is to get colour: a terminal that can, and NO_COLOR is not set."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def say(text: str, *, stream: TextIO | None = None) -> None:
    """Write `text` and a newline to `stream` (stdout), in colour where that is wanted."""
    out = stream or sys.stdout
    if not in_color(out):
        out.write(text + "\n")
        out.flush()
        return
    from rich.console import Console
    from rich.text import Text

    painted = Text(text)
    for pattern, style in _STYLES:
        painted.highlight_regex(pattern, style)
    Console(file=out, highlight=False, soft_wrap=True).print(painted)


class RichProgress:
    """`ports.Progress` as a bar on stderr; nothing unless a terminal looks and a second has passed.

    A context manager: on leaving, the bar is gone.
    """

    def __init__(
        self,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        patience: float = 1.0,
    ) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._patience = patience
        self._began: dict[str, float] = {}
        self._tasks: dict[str, Any] = {}
        self._bars: Any = None
        self._spinner: Any = None

    def step(self, what: str) -> None:
        """Say what is being done, for work that cannot tell how far it is."""
        if not self._stream.isatty():
            return
        self.close()
        self._spinner = self._console().status(clean(what))
        self._spinner.start()

    def __call__(self, what: str, done: int, total: int) -> None:
        if not self._stream.isatty():
            return
        began = self._began.setdefault(what, self._clock())
        if done >= total:
            self._finish(what)
        elif what in self._tasks:
            self._bars.update(self._tasks[what], completed=done, total=total)
        elif self._clock() - began >= self._patience:
            if self._bars is None:
                self.close()  # the spinner: one thing at a time is drawn
                self._bars = self._open()
            self._tasks[what] = self._bars.add_task(clean(what), completed=done, total=total)

    def _console(self) -> Any:
        from rich.console import Console

        return Console(file=self._stream, no_color=not in_color(self._stream))

    def _open(self) -> Any:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=self._console(),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        bars.start()
        return bars

    def _finish(self, what: str) -> None:
        self._began.pop(what, None)
        if what not in self._tasks:
            return
        self._bars.remove_task(self._tasks.pop(what))
        if not self._tasks:
            self.close()

    def close(self) -> None:
        """Take the bars or the spinner off the terminal."""
        if self._spinner is not None:
            self._spinner.stop()
        self._spinner = None
        if self._bars is not None:
            self._bars.stop()
        self._bars = None
        self._tasks.clear()

    def __enter__(self) -> RichProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
