"""Keys as a terminal sends them, through a real pseudo-terminal."""

from __future__ import annotations

import io
import os
import pty
import signal
import termios
from collections.abc import Iterator

import pytest

from labelwright.desk.keys import Keyboard, Lines, keys_of


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    for each in (ours, theirs):
        os.close(each)


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("a1?ㅂ한🙂", ["a", "1", "?", "ㅂ", "한", "🙂"]),
        ("\r\n\t\x7f\x08", ["enter", "enter", "tab", "backspace", "backspace"]),
        ("\x04\x15\x13\x11", ["ctrl+d", "ctrl+u", "ctrl+s", "ctrl+q"]),
        ("\x1b[A\x1bOB\x1b[6~\x1bOPx", ["up", "down", "pgdn", "f1", "x"]),
        ("\x1bq\x1b", ["alt+q", "esc"]),
        ("\x1b[200~a\x1b[1;5Cb", ["esc", "a", "esc", "b"]),
    ],
)
def test_single_keys(terminal: tuple[int, int], sent: str, keys: list[str]) -> None:
    ours, theirs = terminal
    with Keyboard(theirs) as keyboard:
        os.write(ours, sent.encode())
        assert [keyboard.read() for _ in keys] == keys


def test_a_character_that_comes_in_pieces(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    with Keyboard(theirs) as keyboard:
        raw = "한".encode()
        os.write(ours, raw[:1])
        assert keyboard._fill()
        os.write(ours, raw[1:] + b"\xff")
        assert [keyboard.read(), keyboard.read()] == ["한", "\ufffd"]


def test_the_terminal_is_left_as_it_was_found(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    before, handler = termios.tcgetattr(theirs), signal.getsignal(signal.SIGWINCH)
    with pytest.raises(RuntimeError), Keyboard(theirs) as keyboard:
        assert termios.tcgetattr(theirs) != before
        os.kill(os.getpid(), signal.SIGWINCH)
        assert keyboard.read() == "resize"
        os.kill(os.getpid(), signal.SIGCONT)
        assert keyboard.read() == "resize"
        os.write(ours, b"k")
        assert keyboard.read() == "k"
        raise RuntimeError
    assert termios.tcgetattr(theirs) == before
    assert signal.getsignal(signal.SIGWINCH) is handler


def test_lines_where_no_terminal_is() -> None:
    keys = keys_of(io.StringIO("1\n질문 \r\n\n"))
    assert isinstance(keys, Lines)
    assert [keys.read() for _ in range(4)] == ["line:1", "line:질문 ", "line:", "eof"]
