"""Answers as arrays: what the algorithms of this folder work on.

Items and people are numbered in the order of their names, so that the order in which answers came in
changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class Votes:
    """Everybody's answers, one a row: (v,) item, person and class, each by index.

    Nobody answers an item twice. An item, a person or a class may have no answer.
    """

    items: np.ndarray
    people: np.ndarray
    classes: np.ndarray
    n_items: int
    n_people: int
    n_classes: int

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def counts(self) -> np.ndarray:
        """(n_items, n_classes) how many people said what."""
        return self.by_class(None)

    @cached_property
    def per_item(self) -> np.ndarray:
        """(n_items,) how many people answered each."""
        return np.bincount(self.items, minlength=self.n_items)

    @cached_property
    def per_person(self) -> np.ndarray:
        """(n_people,) how many items each answered."""
        return np.bincount(self.people, minlength=self.n_people)

    def by_class(self, weights: np.ndarray | None) -> np.ndarray:
        """(n_items, n_classes) sums of the weights (v,) of the answers."""
        cells = self.items * self.n_classes + self.classes
        found = np.bincount(cells, weights, minlength=self.n_items * self.n_classes)
        return found.reshape(self.n_items, self.n_classes).astype(np.float64)

    @cached_property
    def shares(self) -> np.ndarray:
        """(n_items, n_classes) shares of the votes; equal ones where nobody answered."""
        given = self.per_item[:, None]
        equal = np.full_like(self.counts, 1 / self.n_classes)
        return np.asarray(np.divide(self.counts, given, out=equal, where=given > 0))

    @cached_property
    def incidence(self) -> csr_matrix:
        """(n_items, n_people * n_classes) sparse: who said what of which item."""
        from scipy.sparse import csr_matrix

        ones = np.ones(len(self), dtype=np.float64)
        cells = self.people * self.n_classes + self.classes
        shape = (self.n_items, self.n_people * self.n_classes)
        return csr_matrix((ones, (self.items, cells)), shape=shape)

    @cached_property
    def transposed(self) -> csr_matrix:
        """(n_people * n_classes, n_items) sparse."""
        return self.incidence.T.tocsr()

    def confusions(self, probs: np.ndarray) -> np.ndarray:
        """(n_people, n_classes true, n_classes said) expected counts; probs: beliefs (n_items, n_classes)."""
        k = self.n_classes
        said = np.asarray(self.transposed @ probs).reshape(self.n_people, k, k)
        return np.ascontiguousarray(said.transpose(0, 2, 1))

    def evidence(self, logs: np.ndarray) -> np.ndarray:
        """(n_items, n_classes) sums over an item's answers of logs (n_people, n_classes true, said)."""
        k = self.n_classes
        flat = np.ascontiguousarray(logs.transpose(0, 2, 1)).reshape(self.n_people * k, k)
        return np.asarray(self.incidence @ flat)

    def take(self, kept: np.ndarray) -> Votes:
        """Only these answers (v,) bool or positions; items, people and classes keep their numbers."""
        return Votes(
            self.items[kept], self.people[kept], self.classes[kept],
            self.n_items, self.n_people, self.n_classes,
        )  # fmt: skip


@dataclass(frozen=True)
class Table:
    """Votes with the names of what they number."""

    votes: Votes
    items: tuple[str, ...]
    people: tuple[str, ...]
    classes: tuple[str, ...]


def table(annotations: Sequence[tuple[str, str, str]], classes: Sequence[str]) -> Table:
    """annotations: (item, annotator, class). Who answered an item twice counts by the last answer."""
    last = {(item, who): label for item, who, label in annotations}
    items = sorted({item for item, _ in last})
    people = sorted({who for _, who in last})
    item_at = {name: i for i, name in enumerate(items)}
    person_at = {name: i for i, name in enumerate(people)}
    class_at = {name: i for i, name in enumerate(classes)}
    rows = sorted((item_at[i], person_at[p], class_at[label]) for (i, p), label in last.items())
    array = np.array(rows, dtype=np.int64).reshape(-1, 3)
    i, p, c = array.T
    votes = Votes(i, p, c, len(items), len(people), len(classes))
    return Table(votes, tuple(items), tuple(people), tuple(classes))


def normalised(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n, k) of log weights (n, k), and the (n,) logs of what they were divided by."""
    top = logs.max(axis=1, keepdims=True)
    weights = np.exp(logs - top)
    total = weights.sum(axis=1, keepdims=True)
    return weights / total, (np.log(total) + top)[:, 0]
