"""Spans on WNUT-17: asked by auto, by token_log_probability and at random, and how far the model goes.

Every run is a whole campaign of tasks/wnut17.task with its simulated people on the real sentences
(LABELWRIGHT_DATA says where they are); only strategy and seed differ. Span micro F1 is the true one on the
1,287 test sentences, which no run sees before. The last lines are the same model on sentences of the pool
with their true marks: as many, drawn at random, and all of them.

    python bench/spans.py [--seeds 1] [--at 600] [--json]

Exits 1 where the mean of auto's curve is not above that of random's, or a curve does not rise.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

import labelwright as lw
from labelwright.dsl.task import Accept, Call, MetricTest, Phase, Query, Task
from labelwright.loop import tagging
from labelwright.loop.measure import metrics
from labelwright.loop.split import HOLDOUT, POOL

TASK = Path(__file__).parent.parent / "tasks" / "wnut17.task"


def arms(task: Task) -> dict[str, Query]:
    """What is compared, by name."""
    until = MetricTest(metric="labels", op=">=", value=task.budget.per_round or 60)
    cold = Phase(name="cold", strategy=Call(name="auto"), until=until)
    doubt = Phase(name="main", strategy=Call(name="token_log_probability"))
    return {
        "auto": Query(phases=(Phase(name="main", strategy=Call(name="auto")),)),
        "token_log_probability": Query(phases=(cold, doubt)),
        "random": Query(phases=(Phase(name="main", strategy=Call(name="random")),)),
    }


def curve(task: Task, seed: int, at: int) -> list[tuple[int, float]]:
    """(annotations on training, true span F1) after every round."""
    budget = task.budget.model_copy(update={"annotations": task.holdout.annotations + at})
    whole = task.model_copy(update={"budget": budget, "accept": Accept()})
    with tempfile.TemporaryDirectory() as state:
        project = lw.Project(whole, state=state, seed=seed)
        project.run()
        rounds = project.campaign().rounds
    return [(r.annotations, r.measurement.true_accuracy or 0.0) for r in rounds]


def ceilings(task: Task, at: int) -> dict[int, float]:
    """Span F1 on the test sentences of a model of so many true sentences: `at` at random, and all."""
    budget = task.budget.model_copy(update={"annotations": task.holdout.annotations + 60})
    whole = task.model_copy(
        update={"budget": budget, "accept": Accept(), "query": arms(task)["random"]}
    )
    found = {}
    with tempfile.TemporaryDirectory() as state:
        project = lw.Project(whole, state=state)
        project.run()
        with project.looking() as bench:
            items, split = bench.items(0), bench.split(0)
            truth = bench.annotators.true_marks(items.ids)  # type: ignore[attr-defined]
            index = {c.id: i for i, c in enumerate(task.labels)}
            marks = [[(s.start, s.end, index[c]) for s, c in truth[i]] for i in items.ids]
            pool, test = np.flatnonzero(split == POOL), np.flatnonzero(split == HOLDOUT)
            for n in (at, len(pool)):
                rows = np.random.default_rng(0).permutation(pool)[:n]
                targets = tagging.marks_array(marks[row] for row in rows)
                model = bench.learner(0).fit(bench.seen(0, rows), targets)
                said = [
                    {(f.start, f.end, f.label) for f in spans}
                    for spans in model.predict_spans(bench.seen(0, test))  # type: ignore[attr-defined]
                ]
                counts = tagging.counts_of([set(marks[row]) for row in test], said, len(index))
                found[n] = float(metrics.micro_f1(counts.sum(axis=0)))
    return found


def main() -> int:
    """Print the table; 1 where the claim is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--at", type=int, default=600)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    task = lw.load(TASK)
    found = {
        name: [
            curve(task.model_copy(update={"query": query}), seed, options.at)
            for seed in range(options.seeds)
        ]
        for name, query in arms(task).items()
    }
    means = {
        name: [
            (curves[0][i][0], float(np.mean([c[i][1] for c in curves])))
            for i in range(len(curves[0]))
        ]
        for name, curves in found.items()
    }
    true = ceilings(task, options.at)
    if options.json:
        print(json.dumps({"curves": found, "mean": means, "true_sentences": true}))
    else:
        print("sentences".ljust(24) + "".join(f"{n:7}" for n, _ in means["auto"]))
        for name, points in means.items():
            print(name.ljust(24) + "".join(f"{f1:7.3f}" for _, f1 in points))
        for n, f1 in true.items():
            print(f"{n:,} true sentences".ljust(24) + f"{f1:7.3f}")
    area = {name: np.mean([f1 for _, f1 in points]) for name, points in means.items()}
    rises = all(points[-1][1] > points[0][1] for points in means.values())
    return int(area["auto"] <= area["random"] or not rises)


if __name__ == "__main__":
    sys.exit(main())
