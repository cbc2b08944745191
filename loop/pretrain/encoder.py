"""The task's encoder after a pretraining: its network begins from what was learned from the pool."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.loop.encoding import Kept
from labelwright.loop.errors import PluginError
from labelwright.loop.ports import Items, Progress, no_progress

if TYPE_CHECKING:
    import torch

    from labelwright.loop.encoding import Trainable


class PretrainedEncoder:
    """A `Trainable` encoder whose network has these weights, and whose vectors are the network's.

    It knows the weights once `begin_from` or `restore` was called. What else the encoder offers, it offers.
    call: the pretraining, as the task file writes it.
    """

    fitted = True

    def __init__(self, encoder: Trainable, call: str, progress: Progress = no_progress) -> None:
        self.encoder, self.call, self.progress = encoder, call, progress
        self._weights: dict[str, np.ndarray] | None = None
        self._digest = ""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "encoder":
            raise AttributeError(name)
        return getattr(self.encoder, name)

    @property
    def identity(self) -> str:
        """That of the encoder, the pretraining, and the weights where they are known."""
        return f"{self.encoder.identity} after {self.call} {self._digest}".rstrip()

    def fit(self, items: Items) -> None:
        """What the encoder itself learns from the pool."""
        if self.encoder.fitted:
            self.encoder.fit(items)

    def begin_from(self, weights: Mapping[str, np.ndarray]) -> None:
        """Know the weights that every network of this encoder begins from."""
        self._weights = dict(weights)
        whole = hashlib.blake2b(digest_size=8)
        for name in sorted(self._weights):
            whole.update(name.encode() + np.ascontiguousarray(self._weights[name]).tobytes())
        self._digest = whole.hexdigest()

    def inputs(self, items: Items) -> np.ndarray:
        """(n_items, ...) what the network reads."""
        return self.encoder.inputs(items)

    def network(self, seed: int) -> torch.nn.Module:
        """A network with the weights learned from the pool. Raises PluginError where they do not fit it."""
        import torch

        assert self._weights is not None, "the pretraining comes first"
        network = self.encoder.network(seed)
        state = {name: torch.from_numpy(np.array(w)) for name, w in self._weights.items()}
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            raise PluginError(
                f"what was learned from the pool does not fit the encoder's network: {error}",
                "the encoder changed since; begin another campaign with --state FOLDER",
            ) from error
        return network

    def encode(self, items: Items) -> np.ndarray:
        """(n_items, dim) float32: the network's vectors, nothing trained further."""
        from labelwright.loop.train.running import lengths_of, outputs

        X, network = self.inputs(items), self.network(0)
        if not len(X):
            return np.zeros((0, int(network.dim)), dtype=np.float32)  # type: ignore[arg-type]
        lengths = lengths_of(network, X)
        return outputs(network, X, lengths=lengths, progress=self.progress, what="encoding")

    def state(self) -> Kept:
        """What the encoder learned from the pool, and the weights."""
        assert self._weights is not None, "the pretraining comes first"
        state = getattr(self.encoder, "state", None)
        own = state() if state is not None and self.encoder.fitted else Kept()
        return Kept.of_parts({"encoder": own, "network": Kept(self._weights)})

    def restore(self, kept: Kept) -> None:
        """Be the encoder that gave this state."""
        if self.encoder.fitted:
            self.encoder.restore(kept.part("encoder"))  # type: ignore[attr-defined]
        self.begin_from(kept.part("network").arrays)
