"""Runs told in full, kept on disk: what the model said of every test row after every round.

From what is kept follow the test curve, holdouts of any size and what stopping rules would have done,
without a run of its own for each.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import keeping
import numpy as np
import sets
from walking import Trail, walk

_SOURCES = (
    "bench/walking.py",
    "bench/campaign.py",
    *(f"loop/query/{name}.py" for name in ("auto", "random_", "herding", "kernel", "blocks")),
    *(f"loop/learn/{name}.py" for name in ("head", "logistic", "calibrate", "folds", "lbfgs")),
)


def trails(
    names: Iterable[str],
    seeds: Iterable[int],
    *,
    strategy: str = "auto",
    processes: int = 2,
    kept_only: bool = False,
) -> dict[tuple[str, int], Trail]:
    """[set, seed] -> its run, made where it is not kept; kept_only: left out there."""
    wanted = [(name, seed) for name in names for seed in seeds]
    missing = [key for key in wanted if not _place(*key, strategy).exists()]
    if missing and not kept_only:
        os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
        with ProcessPoolExecutor(processes, get_context("spawn")) as executor:
            for name, seed in executor.map(_make, [(*key, strategy) for key in missing]):
                print(f"{strategy} on {name}, seed {seed}", file=sys.stderr, flush=True)
    known = [key for key in wanted if not kept_only or key not in missing]
    return {key: read(_place(*key, strategy)) for key in known}


def read(path: Path) -> Trail:
    """The run that is kept there."""
    with np.load(path, allow_pickle=False) as kept:
        return Trail(**{key: kept[key] for key in kept.files})


def _make(what: tuple[str, int, str]) -> tuple[str, int]:
    trail, path = walk(*what), _place(*what)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.npz")
    np.savez_compressed(temporary, **vars(trail))
    temporary.replace(path)
    return what[0], what[1]


def _place(name: str, seed: int, strategy: str) -> Path:
    entry = next(e for e in sets.protocol()["set"] if e["name"] == name)
    return keeping.place(
        "forecast", f"{name} {seed} {strategy} {entry} {sets.RECIPE}", _SOURCES, "npz"
    )
