"""What keys do at the desk: classes, commands, trees and pages; several classes, and parts of a text."""

from __future__ import annotations

from typing import Any

import pytest

from labelwright.desk.draft import Answered, Desk, Draft
from labelwright.desk.keymap import Keymap, terminal_key
from labelwright.dsl.task import Class, Constraint

from .sitting import CLASSES, NESTED, TEXT


def test_commands_give_way_to_the_keys_of_classes(make_task: Any) -> None:
    keys = Keymap(make_task(CLASSES))
    assert [(e.key, e.label) for e in keys.menu().entries] == [
        ("1", "Sport"),
        ("q", "Politics"),
        ("S", "Odd"),
    ]
    assert {name: known[0] for name, known in keys.commands.items()} == {
        "guide": "?",
        "undo": "u",
        "skip": "ctrl+n",
        "quit": "ctrl+d",
    }
    assert keys.menu().find("Q").label == "Politics"
    assert keys.menu().find("s").label == "Odd"
    assert keys.menu().find("ㅂ").label == "Politics"  # q on a keyboard set to Korean
    assert keys.command("ㅕ") == "undo"
    assert keys.command("q") is None


def test_no_class_and_no_command_share_a_key(make_task: Any) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz?"
    for size in (1, 5, len(letters)):
        classes = [Class(id=f"c{c}", title=c, hotkey=c) for c in letters[-size:]]
        keys = Keymap(make_task([*classes, Class(id="more", title="more", hotkey="ctrl+u")]))
        used = [k for known in keys.commands.values() for k in known]
        used += [e.key for e in keys.menu().entries]
        assert len(used) == len(set(used))
        assert all(keys.commands.values())


@pytest.mark.parametrize(
    ("hotkey", "key"),
    [("a", "a"), ("A", "A"), ("shift+a", "A"), ("ctrl+K", "ctrl+k"), ("alt+x", "alt+x"),
     ("ctrl+c", None), ("ctrl+m", None), ("meta+a", None), ("+", "+"), (None, None), ("ㄱ", "ㄱ")],
)  # fmt: skip
def test_hotkeys_as_terminals_send_them(hotkey: str | None, key: str | None) -> None:
    assert terminal_key(hotkey) == key


def test_a_tree_is_dug_down_and_out(make_task: Any) -> None:
    task = make_task(NESTED).model_copy(update={"choosable": "any"})
    desk = Desk(task)
    assert not desk.keymap.listed
    draft = desk.press(desk.begin(), "1", str)
    assert isinstance(draft, Draft)
    assert desk.keymap.menu(draft.path).path == ("A",)
    assert desk.press(draft, "2", str) == Answered(("a.y",))
    assert desk.press(draft, ".", str) == Answered(("a",))
    up = desk.press(draft, "backspace", str)
    assert isinstance(up, Draft)
    assert desk.press(up, "2", str) == Answered(("b",))


def test_more_classes_than_keys_are_paged(make_task: Any) -> None:
    classes = [Class(id=f"c{n}", title=f"title {n}") for n in range(70)]
    desk = Desk(make_task(classes))
    seen = []
    draft = desk.begin()
    for _ in range(desk.keymap.menu().pages):
        menu = desk.keymap.menu((), draft.page)
        assert len({e.key for e in menu.entries}) == len(menu.entries)
        for entry in menu.entries:
            assert desk.keymap.command(entry.key) is None
            assert desk.press(draft, entry.key, str) == Answered((entry.label,))
        seen += [e.label for e in menu.entries]
        turned = desk.press(draft, "tab", str)
        assert isinstance(turned, Draft)
        draft = turned
    assert seen == [c.id for c in classes]
    assert draft.page == 0


def test_several_classes_are_toggled_and_submitted(make_task: Any) -> None:
    task = make_task(CLASSES, choose="many").model_copy(
        update={
            "constraints": (Constraint(subject="Sport", relation="excludes", objects=("Odd",)),)
        }
    )
    desk = Desk(task)

    def after(*keys: str) -> Any:
        made: Any = desk.begin()
        for key in keys:
            made = desk.press(made, key, str)
        return made

    assert after("q", "1", "enter") == Answered(("Sport", "Politics"))
    assert after("q", "1", "q", "enter") == Answered(("Sport",))
    assert "names no class" in after("enter").fault.what
    assert "exclude each other" in after("1", "S", "enter").fault.what
    assert after("1", "S", "enter", "S", "enter") == Answered(("Sport",))
    assert after("z").fault.what == "z"
    assert after("line:1q", "line:") == Answered(("Sport", "Politics"))
    assert after("line:스포츠", "line:") == Answered(("Sport",))
    assert Desk(task, lines=True).press(desk.begin(), "line::skip", str) == "skip"


@pytest.mark.parametrize(
    ("lines", "marks"),
    [
        (["3-4 1"], [("Anna-Lee O'Hara", "Sport")]),
        (["2 q"], [("김씨는", "Politics")]),
        (["김씨 스포츠"], [("김씨", "Sport")]),
        (['"서울 1"'], []),
        (["서울 1", "서울 q"], [("서울", "Sport"), ("서울", "Politics")]),
        (['"Anna" 1', "-1", "2 1"], [("김씨는", "Sport")]),
        (["99 1"], []),
        (["2 nothing"], []),
        (["2-3 1", "3 q"], [("김씨는 Anna-Lee", "Sport")]),
    ],
)
def test_parts_of_a_text(make_task: Any, lines: list[str], marks: list[tuple[str, str]]) -> None:
    desk = Desk(make_task(CLASSES).model_copy(update={"kind": "spans"}))
    whole: Any = desk.begin()
    for line in lines:  # key by key, and as whole lines
        whole = desk.press(whole, f"line:{line}", lambda: TEXT)
    typed: Any = desk.begin()
    for key in [k for line in lines for k in (*line, "enter")]:
        typed = desk.press(typed, key, lambda: TEXT)
    assert typed == whole
    answer = desk.press(whole, "enter", lambda: TEXT)
    assert isinstance(answer, Answered)
    found = zip(answer.spans, answer.labels, strict=True)
    assert [(s.text, label) for s, label in found] == marks
    assert all(TEXT[s.start : s.end] == s.text for s in answer.spans)
    if marks:
        back = desk.press(whole, "u", lambda: TEXT)
        assert isinstance(back, Draft)
        assert len(back.marks) == len(marks) - 1
    assert desk.press(desk.begin(), "u", lambda: TEXT) == "undo"
