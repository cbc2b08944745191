"""The parts of an audit against what they say they compute: neighbours, pools, folds, copies, intervals."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from labelwright.loop.alike import plain, same_words
from labelwright.loop.audit import cleaning
from labelwright.loop.audit.audit import deals
from labelwright.loop.audit.checked import Counted, check
from labelwright.loop.audit.copies import codes, conflicts, near_hashes, near_texts, text_keys
from labelwright.loop.audit.pooling import pool, pooled, weights
from labelwright.loop.audit.views import (
    FOLDS,
    Linear,
    Neighbours,
    Trees,
    Words,
    _nearest,
    deal,
)

from .planted import blobs, labelled, turned


def test_neighbours_are_the_nearest_weighed_by_cosine() -> None:
    rng = np.random.default_rng(0)
    X, others = (rng.normal(size=(n, 4)).astype(np.float32) for n in (6, 15))
    X, others = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (X, others))
    labels, prior, k = rng.integers(0, 3, 15), np.array([0.5, 0.3, 0.2]), 4
    found = _nearest(X, others, labels, k, prior)
    for row, vector in zip(found, X, strict=True):
        cosine = others @ vector
        near = sorted(range(15), key=lambda j: -cosine[j])[:k]
        weight = np.exp((cosine[near] - 1) / 0.1)
        share = np.bincount(labels[near], weight / weight.sum(), minlength=3)
        np.testing.assert_allclose(row, (k * share + prior) / (k + 1), rtol=1e-5)


def test_no_view_has_seen_the_label_that_it_tells() -> None:
    X, truth = blobs(n=60)
    texts = [f"word{c} said {i % 7}" for i, c in enumerate(truth)]
    folds = deal(truth, np.arange(60), 0)
    keep: np.ndarray = np.ones(60, dtype=bool)
    for view in (Linear(X), Neighbours(X), Words(texts), Words(texts, characters=True), Trees(X)):
        before = view.tell(truth, keep, folds, 3)
        changed = truth.copy()
        changed[5] = (truth[5] + 1) % 3
        after = view.tell(changed, keep, folds, 3)
        if view.name != "neighbours":  # its prior is of all labels
            np.testing.assert_array_equal(before[5], after[5])
        np.testing.assert_allclose(before[5], after[5], atol=0.02)
        np.testing.assert_allclose(before.sum(axis=1), 1.0)
        assert (before.argmax(axis=1) == truth).mean() > 0.8, view.name


def test_labels_that_are_left_out_teach_nothing() -> None:
    X, truth = blobs(n=90)
    folds = deal(truth, np.arange(90), 0)
    keep: np.ndarray = np.ones(90, dtype=bool)
    keep[::7] = False
    given = truth.copy()
    given[~keep] = (given[~keep] + 1) % 3
    view = Linear(X)
    view.tell(truth, np.ones(90, dtype=bool), folds, 3)  # picks its setting
    np.testing.assert_array_equal(
        view.tell(given, keep, folds, 3), view.tell(truth, keep, folds, 3)
    )


@given(st.lists(st.integers(0, 9), min_size=30, max_size=60), st.integers(0, 5))
@settings(max_examples=30)
def test_copies_share_a_fold(same: list[int], seed: int) -> None:
    groups = np.array(same)
    labels = np.arange(len(groups)) % 3
    folds = deal(labels, groups, seed)
    assert all(len(set(folds[groups == g])) == 1 for g in set(same))
    assert set(folds) <= set(range(FOLDS))
    alone = deal(labels, np.arange(len(groups)), seed)
    assert np.ptp(np.bincount(alone, minlength=FOLDS)) <= 1


def test_the_weights_of_a_pool_are_the_best_there_are() -> None:
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 3, 400)
    good, poor, none = (
        np.log(_softmax(np.eye(3)[truth] * sure + rng.normal(0, 1, (400, 3)))) for sure in (3, 1, 0)
    )
    found = weights([good, poor, none], truth)

    def loss(w: np.ndarray) -> float:
        return float(-np.log(pool([good, poor, none], w)[np.arange(400), truth]).mean())

    assert found[0] > found[1] > found[2] >= 0
    grid = [np.array(w) for w in np.ndindex(9, 9, 9)]
    assert loss(found) <= min(loss(w / 4) for w in grid) + 1e-6


def test_a_pool_is_the_mean_of_the_deals_and_of_before_and_after_the_refit() -> None:
    X, truth = blobs(n=240, apart=2.0)
    given = turned(truth, 0.15)
    dealt = np.stack([deal(given, np.arange(240), seed) for seed in range(3)])
    found = pooled([Linear(X), Neighbours(X)], given, dealt, 3)
    keep: np.ndarray = np.ones(240, dtype=bool)
    for view in (Linear(X), Neighbours(X)):
        said = np.mean([view.tell(given, keep, folds, 3) for folds in dealt], axis=0)
        own = float(-np.log(said[np.arange(240), given]).mean())
        assert found.losses[view.name] <= own + 1e-9  # at its best temperature
    weight = np.array(list(found.weights.values()))

    def told(keep: np.ndarray) -> np.ndarray:
        said = []
        for view in (Linear(X), Neighbours(X)):
            view.tell(given, np.ones(240, dtype=bool), dealt[0], 3)  # picks its setting
            said.append(np.mean([view.tell(given, keep, folds, 3) for folds in dealt], axis=0))
        return pool([np.log(each) for each in said], weight)

    np.testing.assert_allclose(found.first, told(keep), atol=1e-9)
    np.testing.assert_allclose(found.refit, told(~found.left_out), atol=1e-9)
    both = np.sqrt(found.first * found.refit)
    np.testing.assert_allclose(found.probs, both / both.sum(axis=1, keepdims=True), atol=1e-9)
    assert found.left_out.any()
    assert (found.first != found.refit).any()


def test_more_deals_leave_less_to_chance() -> None:
    X, truth = blobs(n=240, apart=2.0)
    items = labelled(X, turned(truth, 0.15))

    def spread(many: int) -> float:
        views = [Linear(X)]
        told = [pooled(views, items.given, deals(items, s, many), 3).probs for s in range(6)]
        return float(np.std(told, axis=0).mean())

    assert spread(4) < 0.7 * spread(1)


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def test_confident_learning_with_a_class_that_nobody_gave() -> None:
    X, truth = blobs(n=120, apart=5.0)
    truth[truth == 1] = 0
    labels = truth.copy()
    labels[:5] = 2 - labels[:5]
    probs = Linear(X).tell(labels, np.ones(120, dtype=bool), deal(labels, np.arange(120), 0), 3)
    joint = cleaning.joint(labels, probs)
    assert joint.shape == (3, 3)
    np.testing.assert_allclose(joint.sum(), 1.0)
    np.testing.assert_allclose(joint[1], 0.0)
    assert cleaning.issues(labels, probs)[:5].sum() >= 4
    assert ((cleaning.quality(labels, probs) >= 0) & (cleaning.quality(labels, probs) <= 1)).all()


def test_the_noise_of_each_pair_is_estimated() -> None:
    X, truth = blobs(n=900, apart=6.0)
    labels = turned(truth, 0.2)
    probs = Linear(X).tell(labels, np.ones(900, dtype=bool), deal(labels, np.arange(900), 0), 3)
    true = np.zeros((3, 3))
    np.add.at(true, (labels, truth), 1 / 900)
    np.testing.assert_allclose(cleaning.joint(labels, probs), true, atol=0.02)


# --- copies -----------------------------------------------------------------------------------

WORDS = [
    "the",
    "price",
    "of",
    "oil",
    "rose",
    "again",
    "on",
    "monday",
    "as",
    "traders",
    "feared",
    "a",
    "long",
    "and",
    "cold",
    "winter",
]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 14)), min_size=2, max_size=12))
@settings(max_examples=40)
def test_near_texts_are_those_whose_words_coincide(spec: list[tuple[int, int]]) -> None:
    texts = []
    for kind, place in spec:
        words = WORDS[kind:] + WORDS[:kind]
        words[place] = "Brent" if kind % 2 else words[place].upper()
        texts.append(" ".join(words) * 2)
    plains = [plain(t) for t in texts]
    there = {
        (i, j)
        for i, j in combinations(range(len(texts)), 2)
        if plains[i] != plains[j] and same_words(plains[i], plains[j])
    }
    firsts = {plains.index(p) for p in plains}
    found = set(near_texts(texts))
    assert found <= there
    missed = {(i, j) for i, j in there if i in firsts and j in firsts} - found
    assert len(missed) <= 1  # MinHash misses pairs at the limit once in seventy times


def test_near_hashes_are_all_that_differ_in_few_bits() -> None:
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 256, (40, 32)).astype(np.uint8)
    for i in range(20, 40):  # copies with some bits turned
        hashes[i] = hashes[i - 20]
        for bit in rng.choice(256, i % 10, replace=False):
            hashes[i, bit // 8] ^= 1 << (bit % 8)
    bits = np.unpackbits(hashes, axis=1)
    there = [(i, j) for i, j in combinations(range(40), 2) if (bits[i] != bits[j]).sum() <= 6]
    assert near_hashes(hashes, 6) == there
    assert near_hashes(hashes[:1], 6) == []


def test_conflicts_are_groups_with_more_than_one_label() -> None:
    same = codes(text_keys(["A  b", "a b", "c", "", "", "C", "d", "d"]))
    assert list(map(int, same)) == [0, 0, 1, 2, 3, 1, 4, 4]
    labels = np.array([0, 1, 2, 0, 1, 2, 1, 1])
    assert [sorted(map(int, rows)) for rows in conflicts(same, labels)] == [[0, 1]]


# --- what people found ------------------------------------------------------------------------


@given(st.integers(0, 40), st.integers(0, 40))
def test_intervals_are_clopper_and_pearsons(wrong: int, right: int) -> None:
    n = wrong + right
    found = Counted.count(wrong, n)
    low = beta.ppf(0.025, wrong, n - wrong + 1) if wrong else 0.0
    high = beta.ppf(0.975, wrong + 1, n - wrong) if wrong < n else 1.0
    np.testing.assert_allclose((found.low, found.high), (low, high), atol=1e-9)
    assert found.share is None if n == 0 else found.share == wrong / n


def test_only_the_unbroken_beginning_of_the_sample_counts() -> None:
    drawn = np.array([3, 0, 1, 2, 4])  # row 1 was drawn first, then 2, 3, 0, 4
    right = {1: True, 2: False, 0: False, 4: True}
    found = check(right, drawn, {0})
    assert (found.random.wrong, found.random.of) == (1, 2)
    assert (found.suspects.wrong, found.suspects.of) == (1, 1)
    assert found.others == 1
