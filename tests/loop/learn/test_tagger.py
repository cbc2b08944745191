"""The tagger on a made set: it finds names, is calibrated, keeps what it learned, refuses nonsense."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from letters_marked import given, sentences

from labelwright.loop.errors import DataError
from labelwright.loop.learn.tagger import Found, Tagged, Tagger, uncrossed
from labelwright.loop.spans.tokens import Tokens, as_array, marks_array
from labelwright.loop.spans.words import words


def tagger(nesting: str = "flat", n_classes: int = 2) -> Tagger:
    return Tagger(n_classes, nesting, 1.0, 0)


def f1(model: Tagged, X: np.ndarray, targets: np.ndarray) -> float:
    said = [{(s.start, s.end, s.label) for s in spans} for spans in model.predict_spans(X)]
    true = [set(marks) for marks in targets]
    hits = sum(len(a & b) for a, b in zip(said, true, strict=True))
    return 2 * hits / (sum(map(len, said)) + sum(map(len, true)))


@pytest.fixture(scope="module")
def model() -> Tagged:
    return tagger().fit(*given(60, 0))


def test_it_finds_names_by_what_stands_before_them_korean_ones_without_particles(
    model: Tagged,
) -> None:
    X, targets = given(200, 1)
    assert f1(model, X, targets) > 0.95
    text = "지금 서울에서 만나요"
    (spans,) = model.predict_spans(as_array([Tokens(text, words(text), np.zeros((9, 0)))]))
    assert [(text[s.start : s.end], s.label) for s in spans] == [("서울", 1)]


def test_vectors_of_tokens_tell_what_words_do_not() -> None:
    def made(n: int, seed: int, dim: int) -> tuple[np.ndarray, np.ndarray]:
        """Words of random letters, of which one in four is a name: the vectors alone know it."""
        rng = np.random.default_rng(seed)
        X, marks = [], []
        for _ in range(n):
            text = " ".join("".join(rng.choice(list("abcdefgh"), size=4)) for _ in range(8))
            at = words(text)
            names = np.flatnonzero(rng.random(8) < 0.25)
            vectors = rng.normal(size=(8, 6))
            vectors[names, 0] += 6
            X.append(Tokens(text, at, vectors[:, :dim].astype(np.float16)))
            marks.append([(int(at[i, 0]), int(at[i, 1]), 0) for i in names])
        return as_array(X), marks_array(marks)

    f1s = [f1(tagger(n_classes=1).fit(*made(25, 2, dim)), *made(100, 3, dim)) for dim in (0, 6)]
    assert f1s[0] < 0.6
    assert f1s[1] > 0.85


def test_probabilities_are_those_of_tags_and_near_the_truth(model: Tagged) -> None:
    X, targets = given(200, 1)
    told = model.predict_tokens(X)
    assert [t.shape for t in told] == [(len(x), 5) for x in X]
    assert np.concatenate(told).sum(axis=1) == pytest.approx(1.0)
    probs = model.predict_proba(X)
    there = np.array([[any(m[2] == c for m in marks) for c in (0, 1)] for marks in targets])
    assert ((probs > 0.5) == there).mean() > 0.95
    said = [s for spans in model.predict_spans(X) for s in spans]
    assert all(model.threshold[0] <= s.prob <= 1 for s in said)


def test_what_it_learned_comes_back(model: Tagged) -> None:
    X, _ = given(20, 4)
    again = tagger().restore(model.state())
    assert again.predict_spans(X) == model.predict_spans(X)
    assert set(again.state()) == set(model.state())


def test_the_same_labels_give_the_same_model_and_blocks_do_not_matter(
    model: Tagged, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = tagger().fit(*given(60, 0))
    for name, array in model.state().items():
        assert np.array_equal(array, twice.state()[name]), name
    X, _ = given(30, 5)
    whole = model.predict_tokens(X)
    monkeypatch.setattr("labelwright.loop.learn.tagger._BLOCK", 7)
    for a, b in zip(model.predict_tokens(X), whole, strict=True):
        assert a == pytest.approx(b, abs=1e-9)


def test_a_weight_of_two_is_a_text_twice() -> None:
    X, targets = given(12, 6)
    weights = np.ones(12)
    weights[3] = 2
    weighted = tagger().fit(X, targets, weights, calibrate=False)
    twice = tagger().fit(
        np.concatenate([X, X[3:4]]), np.concatenate([targets, targets[3:4]]), calibrate=False
    )
    probe, _ = given(30, 7)
    for a, b in zip(weighted.predict_tokens(probe), twice.predict_tokens(probe), strict=True):
        assert a == pytest.approx(b, abs=0.02)


def test_spans_may_lie_in_one_another_where_the_task_says_so() -> None:
    X, marks = [], []
    for text, of_text in sentences(60, 0):
        X.append(Tokens(text, words(text), np.zeros((len(words(text)), 0))))
        people = [m for m in of_text if m[2] == 0]
        around = [(s - 3, e, 1) for s, e, _ in people]  # “Mr Kim” around “Kim”
        marks.append(people + around)
    for nesting in ("nested", "overlapping"):
        model = tagger(nesting).fit(as_array(X), marks_array(marks))
        assert f1(model, as_array(X), marks_array(marks)) > 0.9
        told = model.predict_tokens(as_array(X[:5]))
        assert [t.shape for t in told] == [(2 * len(x), 3) for x in X[:5]]
        again = tagger(nesting).restore(model.state())
        assert again.predict_spans(as_array(X)) == model.predict_spans(as_array(X))


def test_of_spans_that_cross_the_likelier_is_kept() -> None:
    a, b, c = Found(0, 5, 0, 0.6), Found(3, 8, 1, 0.7), Found(4, 6, 0, 0.5)
    assert uncrossed([a, b, c]) == [b, c]
    assert uncrossed([a, Found(1, 3, 0, 0.5)]) == [a, Found(1, 3, 0, 0.5)]


def test_edges(model: Tagged) -> None:
    empty = as_array(
        [Tokens("", words(""), np.zeros((0, 0))), Tokens(" ", words(" "), np.zeros((0, 0)))]
    )
    assert model.predict_spans(empty) == [[], []]
    assert [t.shape for t in model.predict_tokens(empty)] == [(0, 5), (0, 5)]
    assert model.predict_proba(empty) == pytest.approx(0.0)
    assert model.predict_spans(empty[:0]) == []
    X, targets = given(10, 8)
    nothing = tagger().fit(X, marks_array([[]] * 10))
    assert nothing.predict_spans(X) == [[]] * 10
    tagger().fit(np.concatenate([X, empty]), np.concatenate([targets, marks_array([[], []])]))


@pytest.mark.parametrize("wrong", ["none", "lengths", "width", "nan"])
def test_nonsense_is_refused(wrong: str, model: Tagged) -> None:
    X, targets = given(4, 9, dim=3)

    def call() -> Any:
        if wrong == "none":
            return tagger().fit(X[:0], targets[:0])
        if wrong == "lengths":
            return tagger().fit(X, targets[:2])
        if wrong == "width":
            return model.predict_spans(X)
        X[0].vectors[0, 0] = np.nan
        return tagger().fit(X, targets)

    with pytest.raises(DataError):
        call()
