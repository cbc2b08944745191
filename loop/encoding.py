"""What an encoder can do beside giving vectors: protocols, and the small values that cross them.

An encoder may have a network that is trained further, may leave its pool, may have vectors of words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from labelwright.loop.ports import Encoder, Items

if TYPE_CHECKING:
    import numpy as np
    import torch


class Trainable(Encoder, Protocol):
    """An encoder with a network that learners may train further (`finetune = lora` and others).

    `inputs` are what the network reads, so that a learner gets them as its X in the place of vectors:
    token ids, pixels, numbers. They are one array whose first axis is the items, and whose other axes do
    not depend on which items were asked for, so that rows can be taken and joined like vectors.
    """

    def inputs(self, items: Items) -> np.ndarray:
        """(n_items, ...) what the network reads. Raises DataError naming the item that cannot be read."""

    def network(self, seed: int) -> torch.nn.Module:
        """A new torch module with the encoder's weights (drawn by `seed` where it has none).

        `module(batch)` takes a tensor of some rows of `inputs` and gives (n, dim) float32 vectors that a
        head can stand on; `module.dim` is their length. It is the caller's: training it changes no other.
        `module.rate`, where it has one, is the learning rate that suits all its weights: a small network
        says one, the others are tuned as networks of BERT's size are.
        """


@dataclass(frozen=True)
class Kept:
    """What an encoder learned from the pool, to be written down: arrays, and JSON-able values beside them."""

    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_parts(cls, parts: Mapping[str, Kept]) -> Kept:
        """Several as one: what an encoder made of other encoders keeps; `part` takes them apart."""
        return cls(
            {f"{part}/{k}": v for part, kept in parts.items() for k, v in kept.arrays.items()},
            {part: dict(kept.values) for part, kept in parts.items()},
        )

    def part(self, name: str) -> Kept:
        """One of the parts that `of_parts` was given."""
        start = f"{name}/"
        arrays = {k.removeprefix(start): v for k, v in self.arrays.items() if k.startswith(start)}
        return Kept(arrays, self.values[name])


class Keepable(Encoder, Protocol):
    """An encoder that learned from the pool (`fitted`), and can leave it: a model that is exported needs it.

    A new encoder of the same arguments that was given `state()` encodes exactly as the one that was fitted.
    """

    def state(self) -> Kept:
        """All that `fit` learned. No pickle, nothing that only this version of a library reads."""

    def restore(self, kept: Kept) -> None:
        """Know what `fit` would have learned, from what `state` gave."""


@dataclass(frozen=True)
class Pretrained:
    """What a network learned from items without a label (`labelwright.pretrain`).

    A plug-in of this kind takes `encoder` (a `Trainable`, fitted on the pool), `X` (its `inputs` of the
    pool), `context` and `random_state`. weights: of the encoder's network, by their names in its state.
    watched: its own objective on items of the pool apart, smaller is better: before, and at every look;
    best: the place of the smallest, which the weights are of.
    """

    weights: Mapping[str, np.ndarray]
    watched: tuple[float, ...] = ()
    best: int = 0


class Wordwise(Encoder, Protocol):
    """An encoder that also has vectors of the words in a text, for learners of spans.

    What is asked once is kept on disk by text and `word_identity` (`loop/spans/kept.py`).
    """

    @property
    def word_identity(self) -> str:
        """All that the vectors depend on beside a text and the places of its words."""

    def word_vectors(
        self, documents: Sequence[str], places: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        """For each text (n_words, width) float16. places: (n_words, 2) where its words are, code points."""
