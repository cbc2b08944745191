"""What somebody sits down to at a terminal, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from labelwright.desk.session import Session
from labelwright.dsl.task import Class, Task
from labelwright.loop.outbox import Outbox, Sent, uid_of

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


TEXT = "서울에서 김씨는 Anna-Lee O'Hara, Inc. 와 서울로 갔다"


def desk_task(classes: Sequence[Class]) -> Task:
    from labelwright.dsl import task as t

    return t.Task(
        name="t", title="T", classes=tuple(classes),
        data=t.Data(source=t.Call(name="csv"), text=("body",)),
        holdout=t.Holdout(size=0.2, annotations=1),
        annotators=t.Annotators(source=t.Call(name="terminal")), budget=t.Budget(annotations=9),
        query=t.Query(phases=(t.Phase(name="m", strategy=t.Call(name="random")),)),
        train=t.Train(encoder=t.Encoders(), finetune=t.Call(name="head")),
    )  # fmt: skip
