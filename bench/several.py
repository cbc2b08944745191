"""Several classes an item on goemotions: what is learned from how many labels, and what choosing adds.

    LABELWRIGHT_DATA=… python bench/several.py [--seeds 3] [--budget 600] [--json FILE]

12,000 training comments may be asked, the official test comments measure; MiniLM vectors, kept in the user's
cache. Ways: random choice with one plain logistic regression a class at 50% (scikit-learn, C = 10), random
choice with the head of `choose = many`, `auto`, and `multilabel_margin` after a first batch by `auto`.
Nothing here reads a test label before its score.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sets import cache_folder, data_folder
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier

import labelwright as lw
from labelwright.loop.asking import Trained
from labelwright.loop.learn.several import SeveralHead
from labelwright.loop.query.auto import auto
from labelwright.loop.query.multilabel_margin import multilabel_margin
from labelwright.loop.query.random_ import random
from labelwright.loop.sets import Sets

TASK = lw.load(Path(__file__).parents[1] / "tasks" / "goemotions.task")
SETS = Sets(TASK)
CLASSES = tuple(c.id for c in TASK.labels)
POOL, BATCH = 12_000, 100
WAYS = ("plain", "random", "auto", "margin")

Scores = dict[str, float]


def data() -> dict[str, np.ndarray]:
    """X, Y of the pool and of the test; made once."""
    path = cache_folder() / "goemotions-several-1.npz"
    if not path.exists():
        import pandas as pd
        from sets import _minilm

        table = pd.read_parquet(data_folder() / "goemotions" / "data.parquet")
        parts = {
            "pool": table[table["split"] == "train"][:POOL],
            "test": table[table["split"] == "test"],
        }
        made = {}
        for name, part in parts.items():
            made[f"X_{name}"] = _minilm(part["text"].tolist())
            made[f"Y_{name}"] = SETS.hot(part["labels"]).astype(np.int8)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(temporary, **made)
        os.replace(temporary, path)
    with np.load(path, allow_pickle=False) as kept:
        found = {key: kept[key] for key in kept.files}
    centre = found["X_pool"].mean(axis=0)
    scale = np.sqrt(((found["X_pool"] - centre) ** 2).sum(axis=1).mean())
    for name in ("X_pool", "X_test"):
        found[name] = ((found[name] - centre) / scale).astype(np.float32)
    return found


def scores(truth: np.ndarray, given: np.ndarray) -> Scores:
    """On the test."""
    return {
        "micro F1": float(f1_score(truth, given, average="micro")),
        "macro F1": float(f1_score(truth, given, average="macro", zero_division=0)),
        "exact": float((truth == given).all(axis=1).mean()),
    }


def plain(X: np.ndarray, Y: np.ndarray, X_test: np.ndarray) -> np.ndarray:
    """One regression a class, from 50% on; a class without a label is never given."""
    seen = np.flatnonzero(Y.any(axis=0) & ~Y.all(axis=0))
    given = np.zeros((len(X_test), Y.shape[1]), dtype=bool)
    peer = OneVsRestClassifier(LogisticRegression(C=10, max_iter=1000)).fit(X, Y[:, seen])
    given[:, seen] = peer.predict(X_test) > 0
    return given


def run(way: str, seed: int, budget: int, of: dict[str, np.ndarray]) -> list[Scores]:
    """The scores after each batch."""
    X, Y = of["X_pool"], of["Y_pool"].astype(float)
    learner = SeveralHead(seed)
    rows = np.zeros(0, dtype=np.int64)
    order = np.random.default_rng(seed).permutation(len(X))
    model: Any = None
    found = []
    while len(rows) < budget:
        free = order[~np.isin(order, rows)]
        view = Trained(X[rows], Y[rows], CLASSES, learner, model, Y[rows])
        choose: Callable[..., Any] = {
            "auto": auto,
            "margin": multilabel_margin if len(rows) else auto,
        }.get(way, random)
        picked = choose(view, X[free], BATCH, random_state=seed * 1000 + len(rows))
        rows = np.concatenate([rows, free[picked.indices]])
        if way == "plain":
            given = plain(X[rows], Y[rows], of["X_test"])
        else:
            model = learner.fit(X[rows], Y[rows])
            given = SETS.decide(model.predict_proba(of["X_test"]), model.thresholds)
        found.append(scores(of["Y_test"] > 0, given))
    return found


def main(arguments: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budget", type=int, default=600)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    of = data()
    told: dict[str, Any] = {}
    for way in WAYS:
        runs = []
        for seed in range(asked.seeds):
            runs.append(run(way, seed, asked.budget, of))
            print(f"{way}, seed {seed} done", file=sys.stderr)
        told[way] = runs
    print(
        f"goemotions, {asked.seeds} seeds: mean and standard error on {len(of['X_test']):,} test comments"
    )
    print(f"{'labels':>7} {'way':<8} {'micro F1':>15} {'macro F1':>15} {'exact match':>15}")
    for step in range(asked.budget // BATCH):
        for way in WAYS:
            cells = []
            for name in ("micro F1", "macro F1", "exact"):
                values = [r[step][name] for r in told[way]]
                error = (
                    statistics.stdev(values) / len(values) ** 0.5
                    if len(values) > 1
                    else float("nan")
                )
                cells.append(f"{statistics.mean(values):.3f} ± {error:.3f}")
            print(f"{(step + 1) * BATCH:>7} {way:<8} " + " ".join(f"{cell:>15}" for cell in cells))
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
