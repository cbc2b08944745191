"""The terminal as an annotator source, and a sitting at it against a naive model."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.connectors.annotate.terminal import terminal
from labelwright.connectors.exchange.handing import hints_of
from labelwright.desk.draft import Desk
from labelwright.desk.session import AWAY, Session
from labelwright.dsl.task import Class
from labelwright.loop.handing import suggestion_of
from labelwright.loop.outbox import Outbox, uid_of
from labelwright.loop.ports import Answer, Context, Request, Suggestion
from labelwright.loop.store import Store

from .sitting import CLASSES, desk_task, hand_out, held, press


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


@settings(max_examples=40)
@given(st.lists(st.sampled_from(KEYS), max_size=25))
def test_any_keys_do_what_the_naive_model_does(keys: list[str]) -> None:
    classes = [Class(id=c, title=c) for c in "abc"]
    task = desk_task(classes)
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
