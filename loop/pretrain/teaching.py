"""The training of a pretraining: watched on a part of the pool that it does not learn from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from labelwright.loop.encoding import Pretrained
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context
from labelwright.loop.seeds import derive_seed
from labelwright.loop.train.batches import Batches
from labelwright.loop.train.checkpoint import Checkpoint
from labelwright.loop.train.objective import device_of
from labelwright.loop.train.running import lengths_of
from labelwright.loop.train.settings import Settings
from labelwright.loop.train.training import train
from labelwright.loop.train.watch import Watch

FEWEST = 32
"""Items of a pool that can teach itself."""

_WATCHED, _MOST_WATCHED = 0.05, 512
_LOOKS, _PATIENCE = 20, 8  # in all, and in vain
_EVERY = 30.0  # seconds between checkpoints


@dataclass(frozen=True)
class Plan:
    """How long and how fast: `epochs` passes over the pool, `batch` items a step."""

    epochs: int
    batch: int
    rate: float
    rates: dict[str, float]
    decay: float = 1e-4


def teach(
    objective: Any, X: np.ndarray, plan: Plan, context: Context, seed: int, told: str
) -> Pretrained:
    """Let `objective.network` learn from X (n, ...), and give its weights where the watch was content.

    told: all that decides the objective, in words. A pretraining that was interrupted goes on. Raises
    DataError for a pool of less than `FEWEST` items.
    """
    if len(X) < FEWEST:
        raise DataError(
            f"the pool has {len(X)} items: too few to learn from before there are labels",
            f"take `pretrain` out of `train`; it needs {FEWEST} items, and means something with thousands",
        )
    order = np.random.default_rng(derive_seed(seed, "watched")).permutation(len(X))
    apart = min(max(2, round(_WATCHED * len(X))), _MOST_WATCHED)
    watched, taught = order[:apart], np.sort(order[apart:])
    inputs = torch.from_numpy(np.ascontiguousarray(X))
    batches = Batches(len(taught), plan.batch, seed, lengths_of(objective.network, X[taught]))
    settings = Settings(
        plan.epochs * batches.a_pass, seed, plan.rate, plan.rates, decay=plan.decay, warmup=0.05
    )

    def loss(module: torch.nn.Module, rows: np.ndarray, step: int) -> torch.Tensor:
        some = inputs[torch.from_numpy(taught[rows])].to(device_of(module))
        return module(some)  # type: ignore[no-any-return]

    def measure(module: torch.nn.Module) -> float:
        torch.manual_seed(derive_seed(seed, "watching"))
        module.train(objective.noisy)
        parts = np.array_split(watched, -(-len(watched) // plan.batch))
        device = device_of(module)
        losses = [float(module(inputs[torch.from_numpy(p)].to(device))) for p in parts]
        return float(np.average(losses, weights=[len(p) for p in parts]))

    watch = Watch(measure, every=max(1, settings.steps // _LOOKS), patience=_PATIENCE)
    train(
        objective, batches, loss, settings,
        checkpoint=Checkpoint.under(context.cache, "pretrain", X, plan, seed, told, every=_EVERY),
        progress=context.progress, what="learning from the pool", watch=watch,
    )  # fmt: skip
    weights = objective.network.cpu().state_dict()
    return Pretrained(
        {name: np.array(value.detach().cpu().numpy()) for name, value in weights.items()},
        tuple(watch.values),
        watch.best,
    )


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within it, what is drawn follows from the seed; the caller's random numbers are not touched."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
