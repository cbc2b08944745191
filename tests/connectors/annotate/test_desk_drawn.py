"""What the desk draws: it fits, and nothing in it steers a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelwright.desk.card import Card, Part, parts_of
from labelwright.desk.draft import Desk
from labelwright.desk.screen import Room, lines_of
from labelwright.desk.session import Session
from labelwright.desk.tokens import tokens
from labelwright.dsl.compile.fields import Shown
from labelwright.loop.outbox import Outbox
from labelwright.words import cell_width

from .sitting import CLASSES, NESTED, TEXT, desk_task, hand_out, press

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31mred\u202eback \x00\x08한국어 글입니다 "


@pytest.mark.parametrize("width", [20, 60, 80])
@pytest.mark.parametrize("height", [8, 20, 24])
@pytest.mark.parametrize("kind", ["one", "many", "spans", "tree"])
def test_a_screen_fits_and_holds_nothing_that_steers_a_terminal(
    kind: str, width: int, height: int, outbox: Outbox, tmp_path: Path
) -> None:
    hand_out(outbox, [1])
    classes = NESTED if kind == "tree" else CLASSES
    task = desk_task([c.model_copy(update={"title": c.title + " 아주 긴 이름"}) for c in classes])
    task = task.model_copy(
        update={
            "choose": "many" if kind in ("many", "tree") else "one",
            "kind": "spans" if kind == "spans" else "classification",
            "choosable": "any" if kind == "tree" else "leaves",
        }
    )
    card = Card(
        (
            Part("text", HOSTILE, text=HOSTILE * 30),
            Part("table", "", rows=((HOSTILE, HOSTILE), ("b", "2"))),
            Part("image", "", picture=f"{HOSTILE}.png"),
        ),
        hints=(HOSTILE,),
        suggestion=(classes[0].id,),
        version=HOSTILE,
    )
    session = Session(Desk(task), outbox, "김\x1b[1m", text_of=lambda sent: card.text)
    room = Room(width, height, True, tmp_path)
    for keys in ([], ["1"], ["z"], ["3", " ", "1", "enter"], ["?"]):
        press(session, *keys)
        drawn = lines_of(session, card if session.current else None, room)
        assert all(cell_width(line.plain) <= width for line in drawn), keys
        assert width < 60 or height < 20 or len(drawn) <= height
        text = "".join(line.plain for line in drawn)
        assert not [c for c in text if not c.isprintable()]


def test_a_long_text_can_be_read_to_its_end(outbox: Outbox, tmp_path: Path) -> None:
    from labelwright.desk.screen import hidden

    hand_out(outbox, [1])
    session = Session(Desk(desk_task(CLASSES)), outbox, "kim")
    card = Card((Part("text", text="\n".join(f"line {n}" for n in range(100))),))
    room = Room(60, 20, False, tmp_path)
    seen: set[str] = set()
    for scroll in range(0, hidden(session, card, room) + 1):
        seen |= {line.plain for line in lines_of(session, card, room, scroll)}
    assert {f"line {n}" for n in range(100)} <= seen


def test_pictures_are_drawn_in_their_room(outbox: Outbox, tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    from labelwright.desk.picture import picture_lines

    raw = {"data": bytes(range(0, 256, 4)), "height": 8, "width": 8, "channels": 1}
    big = np.zeros((300, 900, 3), np.uint8)
    Image.fromarray(big).save(tmp_path / "big.png")
    for color in (True, False):
        for value in (raw, "big.png"):
            lines = picture_lines(value, tmp_path, 60, 12, color=color)
            assert 0 < len(lines) <= 12
            assert all(cell_width(line.plain) <= 60 for line in lines)
    (line,) = picture_lines("missing.png", tmp_path, 60, 12, color=True)
    assert "missing.png" in line.plain
    first = picture_lines(raw, tmp_path, 60, 12, color=True)[0]
    assert first.spans[0].style == "#000000 on #000000"


def test_values_as_people_read_them() -> None:
    shown = (Shown("text", "t", ("t",), "t"), Shown("table", "columns", ("n", "m", "x"), ""))
    parts = parts_of(shown, {"t": None, "n": 3.0, "m": float("nan"), "x": True})
    assert parts[0] == Part("text", "t")
    assert parts[1].rows == (("n", "3"), ("m", ""), ("x", "True"))


def test_words_are_numbered_without_punctuation() -> None:
    assert [t.text for t in tokens(TEXT)] == [
        "서울에서", "김씨는", "Anna-Lee", "O'Hara", "Inc", "와", "서울로", "갔다",
    ]  # fmt: skip
