"""A sitting from its first item to its last: draws, waits for a key, and does what it means."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from labelwright.console import in_color
from labelwright.desk.card import Card
from labelwright.desk.draft import Desk
from labelwright.desk.keys import Keys, keys_of
from labelwright.desk.screen import Room, hidden, lines_of
from labelwright.desk.session import Session
from labelwright.loop.outbox import Outbox, Sent

if TYPE_CHECKING:
    from labelwright.dsl.task import Task

_DOWN = {" ": 1.0, "pgdn": 1.0, "down": 0.0}
_UP = {"pgup": 1.0, "up": 0.0}
_ENTER_SCREEN, _LEAVE_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _REST_OF_LINE, _REST = "\x1b[H", "\x1b[K", "\x1b[J"


def label_session(
    task: Task,
    outbox: Outbox,
    show: Callable[[Sent], Card],
    person: str,
    *,
    root: Path,
    keys: Keys | None = None,
    stream: TextIO | None = None,
    guard: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Let a person label what is open to them; returns how many answers they gave.

    show: the item as it is shown. root: of pictures' paths. guard: called within each transaction;
    raises where nothing may be written any more. Ctrl-C ends it as quitting does.
    """
    source, out = keys or keys_of(), stream or sys.stdout
    desk = Desk(task, lines=source.lines)
    session = Session(
        desk, outbox, person, text_of=lambda sent: show(sent).text, guard=guard, clock=clock
    )
    try:
        with source, Canvas(out, root, whole=not source.lines and out.isatty()) as canvas:
            _sit(session, show, source, canvas)
    except KeyboardInterrupt:
        pass  # whatever was answered is stored
    finally:
        session.leave()
    return session.given


def _sit(session: Session, show: Callable[[Sent], Card], keys: Keys, canvas: Canvas) -> None:
    scroll = 0
    while not session.over:
        before = session.current
        card = show(before) if before is not None else None
        canvas.draw(session, card, scroll)
        key = keys.read()
        if key == "resize":
            continue
        if not session.draft.typed and key in _DOWN | _UP:
            step = max(1, int((_DOWN | _UP)[key] * canvas.page))
            most = hidden(session, card, canvas.room())
            if not (session.guide and key in _DOWN and scroll >= most):  # read to its end
                scroll = min(most, scroll + step) if key in _DOWN else max(0, scroll - step)
                continue
        guide = session.guide
        session.press(key)
        if session.current is not before or session.guide != guide:
            scroll = 0


class Canvas:
    """Where a sitting is drawn: a screen of its own, or lines that follow one another."""

    def __init__(self, stream: TextIO, root: Path, *, whole: bool) -> None:
        from rich.console import Console

        self._stream = stream
        self._root = root
        self._whole = whole
        self._color = in_color(stream)
        self._console = Console(
            file=stream,
            force_terminal=self._color,
            color_system="auto" if self._color else None,
            highlight=False,
            markup=False,
            emoji=False,
            width=10_000,
        )

    def __enter__(self) -> Canvas:
        if self._whole:
            self._write(_ENTER_SCREEN)
        return self

    def __exit__(self, *_: object) -> None:
        if self._whole:
            self._write(_LEAVE_SCREEN)

    @property
    def page(self) -> int:
        """How many lines a page is scrolled by."""
        height = self.room().height
        return max(1, (height or 2) // 2)

    def room(self) -> Room:
        """What fits now; the window may have changed."""
        size = shutil.get_terminal_size((80, 24))
        if not self._whole:
            return Room(min(size.columns, 100), None, self._color, self._root)
        return Room(min(size.columns, 100), max(8, size.lines), self._color, self._root)

    def draw(self, session: Session, card: Card | None, scroll: int) -> None:
        """Draw it all anew."""
        room = self.room()
        lines = [self._painted(line) for line in lines_of(session, card, room, scroll)]
        if self._whole:
            ends = f"{_REST_OF_LINE}\n"
            self._write(_HOME + ends.join(lines[: room.height]) + _REST_OF_LINE + _REST)
        else:
            self._write("\n" + "\n".join(lines) + "\n> ")

    def _painted(self, line: object) -> str:
        with self._console.capture() as captured:
            self._console.print(line, end="", soft_wrap=True)
        return captured.get()

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
