"""Vectors smoothed over the graph of their neighbours: items that lie together become more alike.

Two hops of h ← unit(½ z + ½ mean of h over the 15 nearest), z the item's own direction around the
pool's mean: the features of simplified graph convolution (Wu et al. 2019, "Simplifying Graph Convolutional
Networks"), on a graph of nearest neighbours. The graph is of a sample that stands for the pool; an item
outside it looks its neighbours up there, so that what was never seen is smoothed alike. Whoever asks for the
graph of the same items again, as the next round does, gets the one that is there.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from labelwright.loop.ports import Model
from labelwright.loop.query.kernel import unit

T = TypeVar("T")

REFERENCE = 16_384
"""Items of the graph: its matrix of likeness takes 200 GFLOP at 384 numbers an item, some seconds."""

_NEIGHBOURS = 15
_SAME = 1 - 1e-5  # likeness of an item and itself, or a copy: it says nothing new
_BLOCK = 1_024
_GRAPHS, _LOOKED_UP = 2, 4  # graphs that are kept, and sets of items whose neighbours each keeps
_LONGEST = 65_536  # items of such a set
_graphs: OrderedDict[bytes, Graph] = OrderedDict()


@dataclass(frozen=True, eq=False)
class Graph:
    """Reference items, float16: their directions z and what one hop made of them, (r, dim) each."""

    centre: np.ndarray  # (dim,) float32, what directions are taken around
    own: np.ndarray
    hop: np.ndarray
    middle: np.ndarray  # (dim,) float32, the mean of what comes out
    length: float  # and its root-mean-square length
    _near: OrderedDict[bytes, np.ndarray] = field(default_factory=OrderedDict, repr=False)

    @classmethod
    def around(cls, X: np.ndarray) -> Graph:
        """The graph of a sample of the rows of X (n, dim), n of 2 or more, at most `REFERENCE`.

        The sample is drawn by what the rows are: the same rows in any order give the same graph.
        """
        key = _keys(X)
        rows = np.lexsort((np.arange(len(X)), key))[:REFERENCE]
        sample = np.ascontiguousarray(X[rows], dtype=np.float32)
        return _kept(_graphs, _digest(sample), lambda: cls.of(sample), _GRAPHS)

    @classmethod
    def of(cls, X: np.ndarray) -> Graph:
        """The graph of the rows of X (r, dim), r of 2 or more."""
        centre = X.mean(axis=0, dtype=np.float64).astype(np.float32)
        own = unit(np.asarray(X, dtype=np.float32) - centre).astype(np.float16)
        plain = unit(own.astype(np.float32))
        near = nearest(plain, plain)
        hop = _mixed(plain, near, plain).astype(np.float16)
        out = _mixed(plain, near, hop.astype(np.float32))
        middle = out.mean(axis=0, dtype=np.float64).astype(np.float32)
        length = float(np.sqrt(((out - middle) ** 2).sum(axis=1, dtype=np.float64).mean()))
        return cls(centre, own, hop, middle, length or 1.0)

    def smooth(self, X: np.ndarray) -> np.ndarray:
        """X (n, dim) smoothed, (n, dim) float32: around the reference's mean, of length 1 there."""
        Z = unit(np.asarray(X, dtype=np.float32) - self.centre)

        def look_up() -> np.ndarray:
            return nearest(Z, unit(self.own.astype(np.float32)))

        near = (
            look_up() if len(Z) > _LONGEST else _kept(self._near, _digest(Z), look_up, _LOOKED_UP)
        )
        mixed = _mixed(Z, near, self.hop.astype(np.float32))
        return np.asarray((mixed - self.middle) / np.float32(self.length))

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
    import torch

    k = min(k, len(reference))
    found = np.empty((len(Z), k), dtype=np.int64)
    others = torch.from_numpy(np.ascontiguousarray(reference)).T
    for start in range(0, len(Z), _BLOCK):
        likeness = torch.from_numpy(np.ascontiguousarray(Z[start : start + _BLOCK])) @ others
        most, near = torch.topk(likeness, min(k + 1, len(reference)))
        several = (most[:, :2] >= _SAME).all(dim=1)  # itself is one at most, copies are more
        if several.any():
            apart = likeness[several]
            apart[apart >= _SAME] -= 3  # below all others, and among themselves in order
            most[several], near[several] = torch.topk(apart, most.shape[1])
        most[most >= _SAME] -= 3
        few = torch.topk(most, k, sorted=False).indices
        found[start : start + _BLOCK] = near.gather(1, few).numpy()
    return found


def _mixed(Z: np.ndarray, near: np.ndarray, values: np.ndarray) -> np.ndarray:
    """unit(½ z + ½ mean of the neighbours' values), float32; near: (n, k) positions in `values`."""
    out = np.empty_like(Z)
    for start in range(0, len(Z), _BLOCK):
        rows = slice(start, start + _BLOCK)
        out[rows] = unit(0.5 * Z[rows] + 0.5 * values[near[rows]].mean(axis=1))
    return out


def _keys(X: np.ndarray) -> np.ndarray:
    """(n,) uint64 that scatter rows by their content alone; equal rows have equal ones."""
    rng = np.random.default_rng(0)
    first = np.ascontiguousarray(X[:, :16], dtype=np.float32).view(np.uint32).astype(np.uint64)
    odd = rng.integers(2**63, size=first.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    mixed = (first * odd).sum(axis=1, dtype=np.uint64)
    mixed ^= mixed >> np.uint64(29)
    return np.asarray(mixed * np.uint64(0x9E3779B97F4A7C15))


def _digest(X: np.ndarray) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(X).data, digest_size=16).digest()


def _kept(kept: OrderedDict[bytes, T], key: bytes, make: Callable[[], T], most: int) -> T:
    """What is kept under the key, or made and kept; what was asked for longest ago goes."""
    if key not in kept:
        kept[key] = make()
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
    return kept[key]
