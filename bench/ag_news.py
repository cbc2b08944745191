"""AG News with MiniLM: the task's own strategy against random, at 200 training annotations.

Every run is a whole campaign of tasks/ag_news.task with its simulated annotators, on the real rows
(LABELWRIGHT_DATA says where they are); only strategy and seed differ. Embeddings come from the cache after
the first run. Accuracy is the true one on the 7,600 test rows, which no run sees before.

    python bench/ag_news.py [--seeds 10] [--at 200] [--json]

Exits 1 where the mean is below 0.84 or not above random's.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

import labelwright as lw
from labelwright.dsl.task import Accept, Call, Phase, Query, Task

TASK = Path(__file__).parent.parent / "tasks" / "ag_news.task"
TARGET = 0.84


def accuracy(task: Task, seed: int, at: int) -> float:
    """True test accuracy of a campaign when `at` annotations were spent on training."""
    budget = task.budget.model_copy(update={"annotations": task.holdout.annotations + at})
    whole = task.model_copy(update={"budget": budget, "accept": Accept()})
    with tempfile.TemporaryDirectory() as state:
        project = lw.Project(whole, state=state, seed=seed)
        project.run()
        last = project.campaign().rounds[-1]
    assert last.annotations == at
    assert last.measurement.true_accuracy is not None
    return last.measurement.true_accuracy


def main() -> int:
    """Print the table; 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--at", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    task = lw.load(TASK)
    chance = Query(phases=(Phase(name="main", strategy=Call(name="random")),))
    arms = {"task": task, "random": task.model_copy(update={"query": chance})}
    found = {
        name: [accuracy(arm, seed, options.at) for seed in range(options.seeds)]
        for name, arm in arms.items()
    }
    means = {name: statistics.mean(values) for name, values in found.items()}
    if options.json:
        print(json.dumps({"at": options.at, "accuracy": found, "mean": means}))
    else:
        for name, values in found.items():
            error = statistics.stdev(values) / len(values) ** 0.5
            each = " ".join(f"{v:.3f}" for v in values)
            print(f"{name:8} {means[name]:.4f} ± {error:.4f}   {each}")
    return int(means["task"] < TARGET or means["task"] <= means["random"])


if __name__ == "__main__":
    sys.exit(main())
