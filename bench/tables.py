"""Learners of tables: accuracy and macro-F1 against labels on adult, test split, random labels.

    LABELWRIGHT_DATA=… python bench/tables.py [--seeds 5] [--budgets 100 400 2000] [--full] [--json]

`head` stands on the encoder's scaled and one-hot vectors; `boosting` and `scratch` (a multilayer perceptron
with embeddings of categories) read the table's own columns. --full: from all labels of the training split.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sets import data_folder
from sklearn.metrics import f1_score

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.task import Call
from labelwright.loop.items import ITEM, Inputs, Snapshot
from labelwright.loop.plugins import Installed
from labelwright.loop.ports import Context
from labelwright.loop.scaling import Scaling

_COLUMNS = (
    "age", "workclass", "education", "education-num", "occupation", "marital-status", "capital-gain",
    "capital-loss", "hours-per-week", "native-country",
)  # fmt: skip
_TASK = """task adult
class High
class Low
data {{
  source  = csv("x.csv")
  columns = [{}]
}}
"""
LEARNERS = ("head", "boosting", "scratch")


class Adult:
    """The set with its fitted encoder: what each learner reads, and labels by split."""

    def __init__(self, cache: Path) -> None:
        table = pq.read_table(data_folder() / "adult" / "data.parquet")
        text = [pa.string() if pa.types.is_large_string(f.type) else f.type for f in table.schema]
        table = table.cast(pa.schema(list(zip(table.column_names, text, strict=True))))
        table = table.append_column(ITEM, table.column("id").cast(pa.string()))
        items = Snapshot(table, Inputs("id", (), (), _COLUMNS))
        names = ", ".join(f'"{name}"' for name in _COLUMNS)
        task = read(SourceText("bench.task", _TASK.format(names)), Installed()).task
        assert task is not None
        self.context = Context(task=task, data_root=Path(), cache=cache)
        self.encoder: Any = self.context.plugins.invoke(
            "encode", Call(name="table"), context=self.context
        )
        split = np.array(table.column("split").to_pylist())
        self.train, self.test = np.flatnonzero(split == "train"), np.flatnonzero(split == "test")
        self.encoder.fit(items.take(self.train))
        vectors = self.encoder.encode(items)
        self.reads = {
            "vectors": Scaling.of(vectors, split == "train").apply(vectors),
            "inputs": self.encoder.inputs(items),
        }
        self.y = np.array(table.column("label").to_pylist()) == ">50K"

    def score(self, learner: str, n: int, seed: int) -> dict[str, float]:
        """Accuracy and macro-F1 on the test split, of n labels drawn at random."""
        rows = np.random.default_rng(seed).permutation(self.train)[:n]
        plugins = self.context.plugins
        supplied = {"encoder": self.encoder} if plugins.takes("learn", learner, "encoder") else {}
        made = plugins.invoke(
            "learn", Call(name=learner), context=self.context, random_state=seed, **supplied
        )
        X = self.reads[made.reads]
        began = time.perf_counter()
        model = made.fit(X[rows], np.eye(2)[self.y[rows].astype(int)])
        seconds = time.perf_counter() - began
        found = model.predict_proba(X[self.test]).argmax(axis=1)
        true = self.y[self.test].astype(int)
        return {
            "accuracy": float((found == true).mean()),
            "macro_f1": float(f1_score(true, found, average="macro")),
            "seconds": seconds,
        }


def main() -> None:
    """Print a line for each learner and number of labels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budgets", type=int, nargs="+", default=[100, 400, 2000])
    parser.add_argument("--learners", nargs="+", default=list(LEARNERS))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--cache", type=Path, default=Path(".cache"))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    adult = Adult(asked.cache)
    budgets = [*asked.budgets, *([len(adult.train)] if asked.full else [])]
    lines = []
    for n in budgets:
        for learner in asked.learners:
            seeds = 1 if n == len(adult.train) else asked.seeds
            told = [adult.score(learner, n, seed) for seed in range(seeds)]
            mean = {key: float(np.mean([t[key] for t in told])) for key in told[0]}
            error = {
                f"{key}_error": float(np.std([t[key] for t in told], ddof=1) / np.sqrt(seeds))
                for key in ("accuracy", "macro_f1")
                if seeds > 1
            }
            lines.append({"learner": learner, "labels": n, "seeds": seeds, **mean, **error})
            if not asked.json:
                print(_shown(lines[-1]), flush=True)
    if asked.json:
        print(json.dumps(lines, indent=2))


def _shown(line: dict[str, Any]) -> str:
    parts = [f"{line['learner']:<10} {line['labels']:>6,} labels"]
    for key in ("accuracy", "macro_f1"):
        error = f" ± {line[f'{key}_error']:.3f}" if f"{key}_error" in line else ""
        parts.append(f"{key} {line[key]:.3f}{error}")
    return "   ".join([*parts, f"{line['seconds']:.1f} s"])


if __name__ == "__main__":
    main()
