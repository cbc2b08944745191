"""Further opinions against new items: held against an oracle written from the papers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from labelwright.loop.allocating import (
    Votes,
    allocate,
    labelled_scores,
    new_scores,
    trust,
)

from . import oracle_allocating as oracle

PEOPLE = ("bo", "jiwoo", "kim", "lee", "minjun", "nobody yet")


@dataclass(frozen=True)
class Case:
    answers: list[dict[str, int]]
    labels: np.ndarray
    probs: np.ndarray
    new: np.ndarray

    @property
    def votes(self) -> Votes:
        rows = [
            (item, PEOPLE.index(who), said)
            for item, given in enumerate(self.answers)
            for who, said in given.items()
        ]
        items, people, classes = (np.array(column) for column in zip(*rows, strict=True))
        return Votes(items, people, classes, len(PEOPLE))

    @property
    def expected(self) -> tuple[list[float], list[float]]:
        return oracle.scores(
            self.answers, self.labels.tolist(), self.probs.tolist(), self.new.tolist(), PEOPLE
        )

    def scores(self) -> tuple[np.ndarray, np.ndarray]:
        weights = trust(self.votes, self.labels, self.probs)
        return (
            labelled_scores(self.votes, self.labels, self.probs, weights),
            new_scores(self.new, weights),
        )


def case(seed: int) -> Case:
    """Small and odd: one case in four where nobody was asked twice, one in five where all say one class."""
    rng = np.random.default_rng(seed)
    n, n_new, K = rng.integers(1, 15), rng.integers(1, 10), rng.integers(2, 6)
    most = 1 if seed % 4 == 0 else 4
    answers = []
    for _ in range(n):
        who = rng.choice(PEOPLE[:-1], size=rng.integers(1, most + 1), replace=False)
        said = rng.integers(-1, K, size=len(who)) if seed % 5 else np.zeros(len(who), int)
        answers.append(dict(zip(who.tolist(), said.tolist(), strict=True)))
    labels = np.array([max(0, *given.values(), 0) for given in answers])
    probs = rng.dirichlet(np.full(K, 0.5), size=n)
    return Case(answers, labels, probs, rng.dirichlet(np.full(K, 0.5), size=n_new))


@pytest.mark.parametrize("block", range(4))
def test_scores_are_the_papers(block: int) -> None:
    for seed in range(block * 50, block * 50 + 50):
        each = case(seed)
        (labelled, new), (want, want_new) = each.scores(), each.expected
        np.testing.assert_allclose(labelled, want, rtol=1e-9, err_msg=f"seed {seed}")
        np.testing.assert_allclose(new, want_new, rtol=1e-9, err_msg=f"seed {seed}")


@pytest.mark.parametrize("block", range(4))
def test_the_same_questions_are_chosen(block: int) -> None:
    for seed in range(block * 50, block * 50 + 50):
        each, rng = case(seed), np.random.default_rng(seed)
        labelled, new = (np.round(s, 2) for s in each.scores())  # ties
        may = rng.random(len(labelled)) < 0.8
        n, most = int(rng.integers(0, 12)), int(rng.integers(0, 6))
        got = allocate(np.where(may, labelled, np.inf), new, n, most)
        want = oracle.allocate(labelled.tolist(), new.tolist(), may.tolist(), n, most)
        assert got.tolist() == want, f"seed {seed}"


def test_the_oracle_notices_a_planted_fault() -> None:
    """Positions among all questions for positions among the labelled items."""
    wrong = 0
    for seed in range(200):
        each = case(seed)
        labelled, new = each.scores()
        order = np.argsort(np.concatenate([new, labelled]), kind="stable")[:5]
        planted = order[order >= len(new)]
        want = oracle.allocate(labelled.tolist(), new.tolist(), [True] * len(labelled), 5, 5)
        wrong += planted.tolist() != want
    assert wrong > 100


def votes(*answers: tuple[int, int, int], n_people: int = 3) -> Votes:
    items, people, classes = (np.array(column) for column in zip(*answers, strict=True))
    return Votes(items, people, classes, n_people)


def test_the_label_that_the_model_doubts_most_comes_first() -> None:
    probs = np.array([[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]])
    labels = np.array([0, 0, 0])
    given = votes((0, 0, 0), (1, 0, 0), (2, 0, 0))
    scores = labelled_scores(given, labels, probs, trust(given, labels, probs))
    assert np.argsort(scores).tolist() == [1, 2, 0]


def test_who_disagrees_with_everybody_weighs_next_to_nothing() -> None:
    labels = np.arange(6) % 3
    probs = np.eye(3)[labels] * 0.7 + 0.1
    agree = [(i, who, int(labels[i])) for i in range(6) for who in (0, 1)]
    given = votes(*agree, *((i, 2, int(labels[i] + 1) % 3) for i in range(6)))
    weights = trust(given, labels, probs).people
    assert weights[2] < 1e-5
    assert weights[0] == weights[1]
    assert weights[0] > 0.2


def test_a_second_opinion_that_agrees_makes_an_item_settled() -> None:
    labels = np.array([0, 0, 1, 1])
    probs = np.array([[0.6, 0.4], [0.6, 0.4], [0.4, 0.6], [0.4, 0.6]])
    given = votes((0, 0, 0), (0, 1, 0), (1, 0, 0), (2, 0, 1), (2, 1, 1), (3, 1, 1))
    scores = labelled_scores(given, labels, probs, trust(given, labels, probs))
    assert scores[0] > scores[1]
    assert scores[2] > scores[3]


def test_nothing_is_asked_again_that_may_not_be() -> None:
    assert allocate(np.array([np.inf, np.inf]), np.zeros(0), 5, 5).tolist() == []
    assert allocate(np.zeros(0), np.zeros(3), 2, 2).tolist() == []
    assert allocate(np.array([0.1, 0.2]), np.array([0.15]), 2, 0).tolist() == []
