"""Vectors smoothed over the graph of their neighbours: items that lie together become more alike.

Two hops of h ← unit(½ z + ½ mean of h over the 15 nearest), z the item's own direction around the
pool's mean: the features of simplified graph convolution (Wu et al. 2019, "Simplifying Graph Convolutional
Networks"), on a graph of nearest neighbours. The graph is of a sample that stands for the pool; an item
outside it looks its neighbours up there, so that what was never seen is smoothed alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelwright.loop.ports import Model
from labelwright.loop.query.kernel import unit

REFERENCE = 8_192
"""Items of the graph: its matrix of likeness takes 51 GFLOP at 384 numbers an item, a second or two."""

_NEIGHBOURS = 15
_SAME = 1 - 1e-5  # likeness of an item and itself, or a copy: it says nothing new
_BLOCK = 2_048


@dataclass(frozen=True, eq=False)
class Graph:
    """Reference items, float16: their directions z and what one hop made of them, (r, dim) each."""

    centre: np.ndarray  # (dim,) float32, what directions are taken around
    own: np.ndarray
    hop: np.ndarray
    middle: np.ndarray  # (dim,) float32, the mean of what comes out
    length: float  # and its root-mean-square length

    @classmethod
    def of(cls, X: np.ndarray) -> Graph:
        """The graph of the rows of X (r, dim), r of 2 or more."""
        centre = X.mean(axis=0, dtype=np.float64).astype(np.float32)
        own = unit(np.asarray(X, dtype=np.float32) - centre).astype(np.float16)
        plain = unit(own.astype(np.float32))
        hop = _mixed(plain, plain, plain).astype(np.float16)
        out = _mixed(plain, plain, hop.astype(np.float32))
        middle = out.mean(axis=0, dtype=np.float64).astype(np.float32)
        length = float(np.sqrt(((out - middle) ** 2).sum(axis=1, dtype=np.float64).mean()))
        return cls(centre, own, hop, middle, length or 1.0)

    def smooth(self, X: np.ndarray) -> np.ndarray:
        """X (n, dim) smoothed, (n, dim) float32: around the reference's mean, of length 1 there."""
        own = unit(self.own.astype(np.float32))
        hop = self.hop.astype(np.float32)
        Z = unit(np.asarray(X, dtype=np.float32) - self.centre)
        return np.asarray((_mixed(Z, own, hop) - self.middle) / np.float32(self.length))

    def state(self) -> dict[str, np.ndarray]:
        """All of it as arrays."""
        return {
            "graph.centre": self.centre,
            "graph.own": self.own,
            "graph.hop": self.hop,
            "graph.middle": self.middle,
            "graph.length": np.array([self.length]),
        }

    @classmethod
    def restore(cls, state: dict[str, np.ndarray]) -> Graph:
        """The graph whose `state()` this is."""
        return cls(
            state["graph.centre"],
            state["graph.own"],
            state["graph.hop"],
            state["graph.middle"],
            float(state["graph.length"][0]),
        )


@dataclass(frozen=True, eq=False)
class Smoothed:
    """A model of smoothed vectors, that takes the encoder's (a `ports.Model`)."""

    model: Model
    graph: Graph

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n_items, n_classes) float64."""
        return self.model.predict_proba(self.graph.smooth(X))

    def state(self) -> dict[str, np.ndarray]:
        """The model's and the graph's."""
        return {**self.model.state(), **self.graph.state()}


def nearest(Z: np.ndarray, reference: np.ndarray, k: int = _NEIGHBOURS) -> np.ndarray:
    """Positions of the k reference rows most like each row of Z that are not the same, (n, ≤ k).

    All rows at length one. Where fewer than k are not the same, the same ones fill up.
    """
    k = min(k, len(reference))
    found = np.empty((len(Z), k), dtype=np.int64)
    for start in range(0, len(Z), _BLOCK):
        likeness = Z[start : start + _BLOCK] @ reference.T
        likeness[likeness >= _SAME] -= 3  # below all others, and among themselves in order
        found[start : start + _BLOCK] = np.argpartition(-likeness, k - 1, axis=1)[:, :k]
    return found


def _mixed(Z: np.ndarray, own: np.ndarray, values: np.ndarray) -> np.ndarray:
    """unit(½ z + ½ mean of the neighbours' values), float32."""
    out = np.empty_like(Z)
    for start in range(0, len(Z), _BLOCK):
        rows = slice(start, start + _BLOCK)
        out[rows] = unit(0.5 * Z[rows] + 0.5 * values[nearest(Z[rows], own)].mean(axis=1))
    return out
