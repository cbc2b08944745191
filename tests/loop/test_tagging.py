"""Marks of a round: measured exactly, kept by text, suggested with their places."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from labelwright.loop.errors import PluginError, StrategyError
from labelwright.loop.handing import _told, suggestion_of
from labelwright.loop.learn.tagger import Found
from labelwright.loop.outbox import Sent
from labelwright.loop.ports import Span, Suggestion, no_progress
from labelwright.loop.spans.kept import tokenized
from labelwright.loop.tagging import TaggerView, evidence_of

CLASSES = ("Person", "Place.City", "Place.Land")
PARENTS = {
    "Person": frozenset({0}), "Place": frozenset({1, 2}),
    "Place.City": frozenset({1}), "Place.Land": frozenset({2}),
}  # fmt: skip


def test_a_mark_is_right_where_start_end_and_class_are() -> None:
    truth = [[(0, 3, 0), (5, 9, 1)], [(0, 3, 0)], [], [(2, 4, 2)]]
    said = [
        [Found(0, 3, 0, 0.9), Found(5, 8, 1, 0.8)],
        [Found(0, 3, 0, 0.7)],
        [],
        [Found(2, 4, 1, 0.6)],
    ]
    found = evidence_of(truth, said, CLASSES, PARENTS)
    assert found.right.tolist() == [False, True, True, False]
    assert found.counts.sum(axis=0).tolist() == [[2, 0, 0], [0, 2, 1], [0, 0, 1]]
    assert found.average("micro_f1").estimate == pytest.approx(2 * 2 / (2 * 2 + 2 + 2))
    assert found.of_class("f1", frozenset({0})).estimate == 1
    place = found.of_class(
        "f1", PARENTS["Place"]
    )  # City where Land is meant is a Place all the same
    assert place.estimate == pytest.approx(2 / (2 + 1 + 1))
    ece = (abs(1 - 0.9) + abs(0 - 0.8) + abs(1 - 0.7) + abs(0 - 0.6)) / 4
    assert found.ece().estimate == pytest.approx(ece)
    assert found.accuracy().estimate == 0.5


def test_nothing_said_is_measured_too() -> None:
    found = evidence_of([[(0, 1, 0)], []], [[], []], CLASSES, PARENTS)
    assert found.average("micro_recall").estimate == 0
    assert found.ece().estimate is None
    assert len(evidence_of([], [], CLASSES, PARENTS)) == 0


def test_a_suggestion_keeps_its_marks_on_the_way_through_the_outbox() -> None:
    suggestion = Suggestion(
        labels=("Person",), score=0.5, version="v", spans=(Span(start=0, end=3, text="Kim"),)
    )
    sent = Sent(
        uid="u", batch="b", rank=0, item="i", content="c", purpose="train", people=1,
        suggestion=_told(suggestion), shown=True, state="sent",
    )  # fmt: skip
    assert suggestion_of(sent) == suggestion


class Words:
    """An encoder whose word vectors are their lengths; counts how many texts it was asked for."""

    word_identity = "lengths"
    asked = 0

    def word_vectors(
        self, documents: Sequence[str], places: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        self.asked += len(documents)
        return [(at[:, 1:] - at[:, :1]).astype(np.float16) for at in places]


def test_words_are_encoded_once_and_again_where_their_file_is_damaged(tmp_path: Path) -> None:
    encoder = Words()
    texts = ["Kim in Seoul", "", "Kim in Seoul", "서울에서"]
    first = tokenized(encoder, texts, tmp_path, no_progress)  # type: ignore[arg-type]
    assert encoder.asked == 3
    assert [t.vectors[:, 0].tolist() for t in first] == [[3, 2, 5], [], [3, 2, 5], [1, 1, 1, 1]]
    again = tokenized(encoder, [*texts, "new"], tmp_path, no_progress)  # type: ignore[arg-type]
    assert encoder.asked == 4
    assert all(np.array_equal(a.vectors, b.vectors) for a, b in zip(first, again, strict=False))
    for path in (tmp_path / "words").rglob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    tokenized(encoder, texts, tmp_path, no_progress)  # type: ignore[arg-type]
    assert encoder.asked == 7


def test_vectors_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    class Wrong(Words):
        def word_vectors(
            self, documents: Sequence[str], places: Sequence[np.ndarray]
        ) -> list[np.ndarray]:
            return [v[:-1] for v in super().word_vectors(documents, places)]

    with pytest.raises(PluginError, match="do not fit"):
        tokenized(Wrong(), ["Kim in Seoul"], tmp_path, no_progress)  # type: ignore[arg-type]


def test_strategies_that_want_a_class_or_labels_are_told_so() -> None:
    view = TaggerView(np.zeros((0, 2)), np.zeros((0, 3)), CLASSES, None, lambda rows: np.zeros(0))
    with pytest.raises(StrategyError, match="class of a whole item"):
        view.predict_proba(np.zeros((1, 2)))
    with pytest.raises(StrategyError, match="needs labels"):
        view.tokens(np.arange(3))(np.arange(1))
    assert view.beliefs(np.arange(3)) is None
