"""Keys as people press them: one at a time where the terminal can, else a line at a time.

A key is the character it makes, or a name: enter, backspace, tab, esc, up, pgdn, ctrl+u, alt+x. `resize`
comes when there is something to draw again, `eof` when nothing more will come.
"""

from __future__ import annotations

import codecs
import os
import select
import signal
import sys
from typing import Any, Protocol, TextIO

from labelwright.desk.draft import LINE

_PATIENCE = 0.05  # seconds in which the rest of an escape sequence arrives
_NAMED = {"\r": "enter", "\n": "enter", "\x7f": "backspace", "\x08": "backspace", "\t": "tab"}
_SEQUENCES = {
    "[A": "up", "[B": "down", "[C": "right", "[D": "left", "[5~": "pgup", "[6~": "pgdn",
    "[H": "home", "[F": "end", "OA": "up", "OB": "down", "OC": "right", "OD": "left",
    "OP": "f1", "[11~": "f1", "[3~": "delete",
}  # fmt: skip


class Keys(Protocol):
    """Where keys come from; a context manager."""

    lines: bool
    """True where whole lines are typed."""

    def __enter__(self) -> Keys: ...

    def __exit__(self, *_: object) -> None: ...

    def read(self) -> str:
        """The next key; waits for it."""


def keys_of(stream: TextIO | None = None) -> Keys:
    """The keys of standard input (or another stream)."""
    source = stream or sys.stdin
    plain = os.name != "posix" or os.environ.get("TERM", "dumb") == "dumb" or not source.isatty()
    return Lines(source) if plain else Keyboard(source.fileno())


class Lines:
    """Lines of a stream, each as one key that begins with `line:`."""

    lines = True

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def read(self) -> str:
        """The next line."""
        line = self._stream.readline()
        return LINE + line.rstrip("\r\n") if line else "eof"


class Keyboard:
    """Single keys of a POSIX terminal, which is left as it was found."""

    lines = False

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._before: Any = None
        self._handlers: dict[int, Any] = {}
        self._woken = (-1, -1)
        self._wakeup = -1

    def __enter__(self) -> Keyboard:
        import termios

        self._before = termios.tcgetattr(self._fd)
        self._woken = os.pipe()
        for each in self._woken:
            os.set_blocking(each, False)
        # Written to by the system's own handler: one of Python's would miss a signal that comes
        # between the last instruction and the wait for a key.
        self._wakeup = signal.set_wakeup_fd(self._woken[1], warn_on_full_buffer=False)
        for number in (signal.SIGWINCH, signal.SIGCONT):
            self._handlers[number] = signal.signal(number, lambda number, frame: None)
        self._raw()
        return self

    def __exit__(self, *_: object) -> None:
        import termios

        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)
        for each in self._woken:
            os.close(each)

    def _raw(self) -> None:
        """Keys at once and unseen. Ctrl-C still interrupts; Ctrl-S stops nothing."""
        import termios

        mode = termios.tcgetattr(self._fd)
        mode[0] &= ~(termios.IXON | termios.ICRNL | termios.INLCR)
        mode[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._fd, termios.TCSADRAIN, mode)

    def read(self) -> str:
        """The next key, or `resize` after the window changed or the program was resumed."""
        while not self._pending:
            ready, _, _ = select.select([self._fd, self._woken[0]], [], [])
            if self._woken[0] in ready:
                if signal.SIGCONT in os.read(self._woken[0], 64):
                    self._raw()
                return "resize"
            if not self._fill():
                return "eof"
        return self._next()

    def _fill(self) -> bool:
        try:
            raw = os.read(self._fd, 1024)
        except OSError:  # the terminal went away
            return False
        self._pending += self._decoder.decode(raw)
        return bool(raw)

    def _next(self) -> str:
        first, self._pending = self._pending[0], self._pending[1:]
        if first == "\x1b":
            return self._escape()
        if first in _NAMED:
            return _NAMED[first]
        return f"ctrl+{chr(ord(first) + 96)}" if "\x01" <= first <= "\x1a" else first

    def _escape(self) -> str:
        if not self._pending and select.select([self._fd], [], [], _PATIENCE)[0]:
            self._fill()
        for sequence, name in _SEQUENCES.items():
            if self._pending.startswith(sequence):
                self._pending = self._pending[len(sequence) :]
                return name
        if self._pending[:1] in ("[", "O"):  # a sequence that nobody asked for
            end = next((i for i, c in enumerate(self._pending[1:], 1) if "@" <= c <= "~"), 0)
            self._pending = self._pending[end + 1 :]
            return "esc"
        if self._pending and self._pending[0].isprintable():
            key, self._pending = self._pending[0], self._pending[1:]
            return f"alt+{key}"
        return "esc"
