"""The terminal as an annotator source, and the desk's model against a naive one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.connectors.annotate.terminal import terminal
from labelwright.connectors.exchange.handing import hints_of
from labelwright.desk.card import Card, Part, parts_of
from labelwright.desk.draft import Answered, Desk, Draft
from labelwright.desk.keymap import Keymap, terminal_key
from labelwright.desk.screen import Room, lines_of
from labelwright.desk.session import AWAY, Session
from labelwright.desk.tokens import tokens
from labelwright.dsl.compile.fields import Shown
from labelwright.dsl.task import Class, Constraint, Task
from labelwright.loop.handing import suggestion_of
from labelwright.loop.outbox import Outbox, Sent, uid_of
from labelwright.loop.ports import Answer, Context, Request, Suggestion
from labelwright.loop.store import Store
from labelwright.words import cell_width

CLASSES = (
    Class(id="Sport", title="스포츠"),
    Class(id="Politics", title="politics", hotkey="q"),
    Class(id="Odd", title="odd", hotkey="S"),
)
NESTED = (
    Class(id="a", title="A"),
    Class(id="a.x", title="X", parent="a"),
    Class(id="a.y", title="Y", parent="a"),
    Class(id="b", title="B"),
)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Store(tmp_path / "state") as store:
        yield Outbox(store)


def hand_out(outbox: Outbox, people: Sequence[int], batch: str = "t-0") -> list[Sent]:
    rows = [
        Sent(uid_of("t", batch, f"i{n}"), batch, n, f"i{n}", "", "train", p, state="sent")
        for n, p in enumerate(people)
    ]
    outbox.add(rows)
    return rows


def press(session: Session, *keys: str) -> None:
    for key in keys:
        session.press(key)


def held(outbox: Outbox, person: str = "kim") -> dict[str, tuple[str, ...]]:
    """The answers that stand, by item; a skip is `skipped`."""
    items = {s.uid: s.item for s in outbox.sent()}
    return {
        items[h.uid]: ("skipped",) if h.skipped else h.labels
        for h in outbox.held()
        if not h.deleted and h.annotator == person
    }


# --- the source -------------------------------------------------------------------------------


def test_a_batch_is_laid_out_and_its_answers_come_back(
    make_task: Any, make_context: Callable[..., Context], make_items: Any, outbox: Outbox
) -> None:
    task = make_task(CLASSES, text=("body",))
    source = terminal(context=make_context(task), outbox=outbox)
    items = make_items(body=["a", "b", "c"])
    suggestion = Suggestion(("Odd",), 0.7, "round 2")
    requests = [
        Request("i0", 1, "train", suggestion, ("look twice",)),
        Request("i1", 1),
        Request("i2", 1, "holdout"),
    ]
    source.send("t-0", requests, items)
    sent = outbox.sent("t-0")
    source.send("t-0", requests, items)
    assert outbox.sent("t-0") == sent
    assert {s.item: s.content for s in sent} == {
        i: bytes(c).hex() for i, c in zip(items.ids, items.contents, strict=True)
    }
    first = next(s for s in sent if s.item == "i0")
    assert suggestion_of(first) == suggestion
    assert hints_of(outbox, first.uid) == ("look twice",)
    assert source.collect("t-0", requests) == []

    session = Session(Desk(task), outbox, "kim", clock=iter(range(0, 99, 3)).__next__)
    press(session, "1", "q", "ctrl+n", "u")
    assert session.over is False
    told = {a.item: a for a in source.collect("t-0", requests)}
    assert [a.reference for a in told.values()] == [
        f"terminal/{uid_of('t', 't-0', i)}/kim" for i in told
    ]
    order = [s.item for s in sent]
    assert told[order[0]] == Answer(
        order[0], "kim", ("Sport",), 3.0, False, f"terminal/{sent[0].uid}/kim"
    )
    assert told[order[1]].labels == ("Politics",)
    assert told[order[2]].withdrawn
    assert source.collect("t-0", requests[:1]) == [told["i0"]]


# --- keys -------------------------------------------------------------------------------------


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


# --- several classes, and parts of a text -----------------------------------------------------


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


TEXT = "서울에서 김씨는 Anna-Lee O'Hara, Inc. 와 서울로 갔다"


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


# --- a sitting --------------------------------------------------------------------------------


def test_quit_and_go_on_and_change_an_earlier_answer(make_task: Any, outbox: Outbox) -> None:
    hand_out(outbox, [1] * 4)
    task = make_task(CLASSES)
    first = Session(Desk(task), outbox, "kim")
    press(first, "1", "q", "ctrl+d")
    assert first.over
    assert first.given == 2
    second = Session(Desk(task), outbox, "kim")
    assert second.current is not None
    assert second.current.item == "i2"
    assert second.place == (3, 4)
    press(second, "u")
    assert second.current.item == "i1"
    assert second.before is not None
    assert second.before.labels == ("Politics",)
    assert held(outbox) == {"i0": ("Sport",)}
    press(second, "S", "S", "1")
    assert held(outbox) == {"i0": ("Sport",), "i1": ("Odd",), "i2": ("Odd",), "i3": ("Sport",)}
    assert second.current is None
    assert not second.over
    press(second, "u")
    assert second.current.item == "i3"
    press(second, "1", "enter")
    assert second.over
    assert second.given == 3


def test_two_people_get_different_items(make_task: Any, outbox: Outbox) -> None:
    hand_out(outbox, [1, 1, 2])
    desk = Desk(make_task(CLASSES))
    kim, lee = Session(desk, outbox, "kim"), Session(desk, outbox, "lee")
    assert (kim.current.item, lee.current.item) == ("i0", "i1")
    press(kim, "1")
    assert kim.current.item == "i2"
    press(lee, "1")
    assert lee.current.item == "i2"
    press(kim, "1")
    assert kim.current is None
    press(lee, "1")
    assert lee.current is None
    assert lee.elsewhere == 0
    third = Session(desk, outbox, "park")
    assert third.current is None
    assert held(outbox, "lee") == {"i1": ("Sport",), "i2": ("Sport",)}


def test_the_place_of_somebody_who_left_is_free(make_task: Any, outbox: Outbox) -> None:
    hand_out(outbox, [1, 1])
    desk = Desk(make_task(CLASSES))
    kim = Session(desk, outbox, "kim")
    kim.leave()
    assert Session(desk, outbox, "lee").current.item == "i0"
    # Killed, kim would have left nothing: the item comes last, and comes all the same.
    _ = Session(desk, outbox, "kim")
    park = Session(desk, outbox, "park")
    press(park, "1", "1")
    assert set(held(outbox, "park")) == {"i0", "i1"}


def test_a_new_batch_is_gone_on_with(make_task: Any, outbox: Outbox) -> None:
    hand_out(outbox, [1])
    session = Session(Desk(make_task(CLASSES)), outbox, "kim")
    hand_out(outbox, [1, 1], "t-1")
    press(session, "1")
    assert session.current.batch == "t-1"
    assert session.place == (1, 2)


def test_seconds_are_measured_and_not_those_of_a_walk(make_task: Any, outbox: Outbox) -> None:
    hand_out(outbox, [1, 1])
    now = [0.0]
    session = Session(Desk(make_task(CLASSES)), outbox, "kim", clock=lambda: now[0])
    now[0] += 2.34
    press(session, "1")
    now[0] += AWAY + 1
    press(session, "1")
    assert {h.seconds for h in outbox.held()} == {2.3, None}


def test_a_guard_keeps_everything_as_it_was(make_task: Any, outbox: Outbox) -> None:
    hand_out(outbox, [1, 1])

    def guard() -> None:
        raise RuntimeError("changed")

    session = Session(Desk(make_task(CLASSES)), outbox, "kim", guard=guard)
    with pytest.raises(RuntimeError, match="changed"):
        press(session, "1")
    assert held(outbox) == {}


KEYS = ["1", "2", "3", "u", "s", "?", "z", "enter", "backspace", "new"]


class Naive:
    """What a sitting comes to, written as plainly as can be: a list of answers, last one last."""

    def __init__(self, items: list[str], labels: list[str]) -> None:
        self.items, self.labels = items, labels
        self.answers: list[tuple[str, tuple[str, ...]]] = []
        self.again: str | None = None
        self.guide = self.over = False

    @property
    def current(self) -> str | None:
        if self.again is not None:
            return self.again
        done = [item for item, _ in self.answers]
        return next((i for i in self.items if i not in done), None)

    def press(self, key: str) -> None:
        if self.over:
            return
        if key == "new":
            self.again, self.guide = None, False
        elif self.guide:
            self.guide = False
        elif key == "u":
            if self.answers:
                self.again = self.answers.pop()[0]
            elif self.current is None:
                self.over = True
        elif self.current is None:
            self.over = True
        elif key == "?":
            self.guide = True
        elif key in "123s":
            what = ("skipped",) if key == "s" else (self.labels[int(key) - 1],)
            item = self.current
            self.again = None
            self.answers.append((item, what))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(KEYS), max_size=25))
def test_any_keys_do_what_the_naive_model_does(keys: list[str]) -> None:
    classes = [Class(id=c, title=c) for c in "abc"]
    task = _task(classes)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        outbox = Outbox(store)
        hand_out(outbox, [1] * 4)
        naive = Naive([f"i{n}" for n in range(4)], ["a", "b", "c"])
        session = Session(Desk(task), outbox, "kim")
        for key in keys:
            naive.press(key)
            if key == "new":  # killed, and sat down again
                if session.over:
                    break
                session = Session(Desk(task), outbox, "kim")
            elif not session.over:
                session.press(key)
            assert held(outbox) == dict(naive.answers)
            assert session.over == naive.over
            assert session.guide == naive.guide
            assert (session.current and session.current.item) == naive.current
        session = Session(Desk(task), outbox, "kim")
        for _ in range(len(naive.answers)):
            session.press("u")
        assert held(outbox) == {}


def _task(classes: Sequence[Class]) -> Task:
    from labelwright.dsl import task as t

    return t.Task(
        name="t", title="T", classes=tuple(classes),
        data=t.Data(source=t.Call(name="csv"), text=("body",)),
        holdout=t.Holdout(size=0.2, annotations=1),
        annotators=t.Annotators(source=t.Call(name="terminal")), budget=t.Budget(annotations=9),
        query=t.Query(phases=(t.Phase(name="m", strategy=t.Call(name="random")),)),
        train=t.Train(encoder=t.Encoders(), finetune=t.Call(name="head")),
    )  # fmt: skip


# --- what is drawn ----------------------------------------------------------------------------

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31mred\u202eback \x00\x08한국어 글입니다 "


@pytest.mark.parametrize("width", [20, 60, 80])
@pytest.mark.parametrize("height", [8, 20, 24])
@pytest.mark.parametrize("kind", ["one", "many", "spans", "tree"])
def test_a_screen_fits_and_holds_nothing_that_steers_a_terminal(
    kind: str, width: int, height: int, outbox: Outbox, tmp_path: Path
) -> None:
    hand_out(outbox, [1])
    classes = NESTED if kind == "tree" else CLASSES
    task = _task([c.model_copy(update={"title": c.title + " 아주 긴 이름"}) for c in classes])
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
    session = Session(Desk(_task(CLASSES)), outbox, "kim")
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
