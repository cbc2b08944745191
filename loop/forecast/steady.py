"""Does the model still change? Its answers on a stop set that stays the same from round to round.

Bloodgood & Vijay-Shanker 2009: a set of unlabelled items that is fixed at the start and as large as the pool
allows; labelled or not, its items stay in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.history import Stability
from labelwright.loop.seeds import derive_seed
from labelwright.loop.split import POOL, mix
from labelwright.loop.supported import single

if TYPE_CHECKING:
    from labelwright.loop.workbench import Workbench

STOP_SET = 2_000


def stop_set(bench: Workbench, round_: int) -> np.ndarray:
    """Rows of the pool drawn by the seed: the same ones as long as the data are the same."""
    rows = np.flatnonzero(bench.split(round_) == POOL)
    seed = derive_seed(bench.context.seed, "stop set")
    order = np.argsort(mix(bench.items(round_).order[rows], seed), kind="stable")
    return np.asarray(np.sort(rows[order[:STOP_SET]]))


def stability(bench: Workbench, round_: int) -> Stability | None:
    """The round's model beside the one before; None where there is none of the same classes and data."""
    from labelwright.loop.workbench import save_array

    if not single(bench.task) or not bench.learned(round_):
        return None
    rows = stop_set(bench, round_)
    probs = bench.final(round_).predict_proba(bench.seen(round_, rows))
    now = probs.argmax(axis=1).astype(np.int32)
    bench.store.write_file(_file(round_), lambda path: save_array(path, now))
    before = _before(bench, round_)
    if before is None or len(before) != len(now):
        return None
    return compared(before, now, float(1 - probs.max(axis=1).mean()))


def _before(bench: Workbench, round_: int) -> np.ndarray | None:
    if not round_ or not bench.current(round_ - 1) or not bench.learned(round_ - 1):
        return None
    if bench.needed(round_ - 1, "split")["split"] != bench.needed(round_, "split")["split"]:
        return None
    path = bench.store.file(_file(round_ - 1))
    return None if path is None else np.asarray(np.load(path, allow_pickle=False))


def compared(before: np.ndarray, now: np.ndarray, uncertainty: float) -> Stability:
    """Two models' answers (n,) on the same items; kappa is None where both give one class only."""
    n = len(now)
    same = float((before == now).mean())
    size = int(max(before.max(), now.max())) + 1
    shares = [np.bincount(each, minlength=size) / n for each in (before, now)]
    chance = float(shares[0] @ shares[1])
    return Stability(
        items=n,
        kappa=None if chance >= 1 else (same - chance) / (1 - chance),
        changed=1 - same,
        uncertainty=uncertainty,
    )


def _file(round_: int) -> str:
    return f"stop-{round_}.npy"
