"""Batches as files: several classes an item, and parts of a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from labelwright.connectors.annotate.files import NOBODY

from .exchanged import REQUESTS, Folder


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("선거; sports", ("Sport", "Politics.Election")),
        ("Law; and order", ("Politics.Law",)),
        ("sports;", ("Sport",)),
        ("none", ()),
        ("skip", "skipped"),
        (["선거", "sports"], ("Sport", "Politics.Election")),
        ([], ()),
    ],
)
def test_several_classes(make_folder: Callable[..., Folder], cell: Any, labels: Any) -> None:
    made = make_folder(choose="many", empty="allowed")
    made.send()
    made.fill({0: cell})
    assert made.given() == {("i0", NOBODY): labels}


def test_no_class_is_no_answer_where_one_is_needed(make_folder: Callable[..., Folder]) -> None:
    made = make_folder(choose="many")
    made.send()
    made.fill({0: "none", 1: []})
    assert made.given() == {}
    assert len(made.source.troubles) == 1
    assert "names a class" in made.source.troubles[0]


TEXT = "서울 사는 김씨는 서울에서 일한다 🙂 Kim"
MARKED = [
    (TEXT.index("김씨"), TEXT.index("김씨") + 2, "Sport"),
    (TEXT.index("Kim"), TEXT.index("Kim") + 3, "Politics.Law"),
]


@pytest.mark.parametrize(
    ("cell", "spans"),
    [
        ([{"start": a, "end": b, "label": c} for a, b, c in reversed(MARKED)], MARKED),
        ([["Kim", "Law; and order"], ["김씨", "sports"]], MARKED),
        ([["서울", "sports"], ["서울", "선거"]], [(0, 2, "Sport"), (10, 12, "Politics.Election")]),
        ('[["김씨", "sports"], ["Kim", "Politics.Law"]]', MARKED),
        ([], []),
        ("none", []),
    ],
)
def test_marks(make_folder: Callable[..., Folder], cell: Any, spans: Any) -> None:
    made = make_folder(kind="spans", bodies=[TEXT, "x"])
    made.send(REQUESTS[:2])
    made.fill({0: cell})
    (answer,) = made.read(requests=REQUESTS[:2])
    assert made.source.troubles == ()
    found = zip(answer.spans, answer.labels, strict=True)
    assert [(s.start, s.end, label) for s, label in found] == spans
    assert all(TEXT[s.start : s.end] == s.text for s in answer.spans)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ([["서울", "sports"]], "“서울” stands 2 times"),
        ([["부산", "sports"]], "stands nowhere"),
        ([["김씨", "kim"]], "'kim' is no class"),
        ([["김씨", "Politics"]], "divided further"),
        ([{"start": 5, "end": 99, "label": "sports"}], "5 to 99 is no part"),
        ([{"start": 0, "end": 2, "label": "sports", "text": "김씨"}], "not “김씨”"),
        ([["김씨", "sports"], ["사는 김씨", "선거"]], "overlap"),
        ("김씨 = sports", "no list of marks"),
        ([3], "neither"),
    ],
)
def test_marks_that_mean_nothing(make_folder: Callable[..., Folder], cell: Any, told: str) -> None:
    made = make_folder(kind="spans", bodies=[TEXT, "x"])
    made.send(REQUESTS[:2])
    made.fill({0: cell, 1: [["x", "sports"]]})
    assert [a.item for a in made.read(requests=REQUESTS[:2])] == ["i1"]
    assert told in made.source.troubles[0]


@pytest.mark.parametrize(("nesting", "fine"), [("flat", 0), ("nested", 1), ("overlapping", 2)])
def test_marks_within_marks(make_folder: Callable[..., Folder], nesting: str, fine: int) -> None:
    made = make_folder(kind="spans", bodies=["one two three", "one two three"], nesting=nesting)
    made.send(REQUESTS[:2])
    made.fill(
        {
            0: [["one two", "sports"], ["two", "선거"]],
            1: [["one two", "sports"], ["two three", "선거"]],
        }
    )
    assert len(made.read(requests=REQUESTS[:2])) == fine
