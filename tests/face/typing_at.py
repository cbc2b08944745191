"""A program at a real pseudo-terminal: keys go in, and the screen that a person would see comes out."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b.")
_HOME, _DRAWN = "\x1b[H", "\x1b[J"


class Terminal:
    """A command at a pseudo-terminal of so many lines and columns; a context manager."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        env: Mapping[str, str],
        size: tuple[int, int] = (24, 80),
    ) -> None:
        self.fd, other = pty.openpty()
        self.resize(size)
        self.before = termios.tcgetattr(other)
        # a size in the environment, as xdist sets one, would count for more than the window's
        own = {k: v for k, v in env.items() if k not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            command, cwd=folder, env={**own, "TERM": "xterm-256color"}, stdin=other, stdout=other,
            stderr=other, start_new_session=True, preexec_fn=_take_terminal,
        )  # fmt: skip
        self._other = other
        self.output = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.fd)
        os.close(self._other)

    def resize(self, size: tuple[int, int]) -> None:
        """Change the window."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))

    def mode(self) -> list[object]:
        """How the terminal is set now."""
        return termios.tcgetattr(self._other)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.fd, keys.encode())

    def see(self, pattern: str, *, seconds: float = 30) -> str:
        """Wait until a whole screen shows a pattern, and return it. Fails where it never does.

        A screen comes in pieces: it is whole once the rest of the window was cleared.
        """
        end = time.monotonic() + seconds
        while not (self._whole() and re.search(pattern, self.screen())):
            if time.monotonic() > end or not self._read(end):
                raise AssertionError(f"{pattern!r} never came:\n{self.screen()}")
        return self.screen()

    def screen(self) -> str:
        """What was drawn last, without colours."""
        return _SEQUENCE.sub("", self.output.rpartition(_HOME)[2]).replace("\r\n", "\n")

    def _whole(self) -> bool:
        _, home, drawn = self.output.rpartition(_HOME)
        return not home or _DRAWN in drawn

    @property
    def plain(self) -> str:
        """Everything that was written so far, without colours."""
        return _SEQUENCE.sub("", self.output)

    def end(self, *, seconds: float = 30) -> int:
        """Wait for the end of the program, and return its exit code."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            self._read(time.monotonic() + 0.1)
        while self._read(time.monotonic() + 0.1):
            pass
        return self.process.wait(timeout=1)

    def kill(self) -> None:
        """SIGKILL, as when the power goes."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def _read(self, end: float) -> bool:
        ready, _, _ = select.select([self.fd], [], [], max(0.0, min(1.0, end - time.monotonic())))
        if not ready:
            return self.process.poll() is None and time.monotonic() < end
        try:
            self.output += self._decoder.decode(os.read(self.fd, 65536))
        except OSError:
            return False
        return True


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
