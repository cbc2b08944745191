"""What rules save at the start: AG News with MiniLM, with a dozen keyword rules and without; and how well the
label model knows what rules are worth.

`campaigns`: tasks/news_rules.task with its simulated people; arms differ in the rules alone. Accuracy is the
true one on the 7,600 test rows after 20, 40, … labels.

- none: no rules;
- guide: rules spread the first questions over the classes, and teach nothing (no `pseudo_labels`; the
  arm `plain` is the same without rules);
- teach: they also stand behind the gate as a weak teacher (`pseudo_labels { method = infomax }`).

`worth`: the same rules on all train rows, by the label model without a label and with 100 drawn at random,
against what they are worth by all labels; and the log-loss of what they say of an item, beside that of
their weights alone.

    python bench/weak_rules.py [--seeds 5] [--rounds 2] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import labelwright as lw
from labelwright.dsl.task import Accept, Task

TASK = Path(__file__).parent.parent / "tasks" / "news_rules.task"
LABELS = 100


def arms(task: Task) -> dict[str, Task]:
    """The task with rules and without, with pseudo-labels and without."""
    off: dict[str, Any] = {"pseudo_labels": None}
    return {
        "plain": task.model_copy(update={"rules": (), **off}),
        "guide": task.model_copy(update=off),
        "none": task.model_copy(update={"rules": ()}),
        "teach": task,
    }


def curve(task: Task, seed: int, rounds: int) -> list[float]:
    """True accuracy after each of the rounds."""
    held = task.holdout.annotations
    budget = task.budget.model_copy(update={"annotations": held + 20 * rounds})
    whole = task.model_copy(update={"budget": budget, "accept": Accept()})
    with tempfile.TemporaryDirectory() as state:
        project = lw.Project(whole, state=state, seed=seed)
        project.run()
        return [r.measurement.true_accuracy or 0.0 for r in project.campaign().rounds]


def worth(task: Task, seed: int) -> dict[str, float]:
    """Mean error of the accuracies, and log-losses, with labels and without."""
    from labelwright.loop.items import Snapshot, ingest, open_source, read_column
    from labelwright.loop.matching import ClassMatcher
    from labelwright.loop.plugins import Installed
    from labelwright.loop.ports import Context
    from labelwright.loop.rules.learned import learned
    from labelwright.loop.rules.votes import votes
    from labelwright.project import Project, cache_folder

    project = Project(task)
    context = Context(
        task=task, data_root=project.data_root, cache=cache_folder(), plugins=Installed()
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.arrow"
        inputs, _ = ingest(context, open_source(context), path)
        items = Snapshot.in_memory(path, inputs)
    truth = read_column(context, "label")
    matcher, index = ClassMatcher(task), {c.id: i for i, c in enumerate(task.labels)}
    y = np.array([index[str(matcher.match(truth[i]))] for i in items.ids])
    train = np.flatnonzero(np.array(items.table["split"].to_pylist()) == "train")
    found = votes(task, items.table)
    assert found is not None
    found, y = found.take(train), y[train]
    rng = np.random.default_rng(seed)
    some = rng.permutation(len(y))[:LABELS]
    spoken = (found.fired.any(axis=1)) & ~found.vetoed
    heard = found.fired & ~found.vetoed[:, None]
    true = np.array([found.within[j][y[heard[:, j]]].mean() for j in range(len(found.names))])
    told = {"covered": float(spoken.mean())}
    alone = learned(found)
    refined = learned(found, found.take(some), np.eye(len(index))[y[some]])
    for name, model in (("without labels", alone), (f"with {LABELS}", refined)):
        assert model is not None
        probs = model.probabilities(found)[spoken]
        told[f"error of accuracies {name}"] = float(
            np.abs(model.accuracy - true[model.rules]).mean()
        )
        told[f"log-loss {name}"] = _loss(probs, y[spoken])
        told[f"accuracy {name}"] = float((probs.argmax(axis=1) == y[spoken]).mean())
    believed = found.odds / (1 + found.odds)
    told["error of accuracies by weight"] = float(np.abs(believed - true).mean())
    odds = (found.fired * np.log(found.odds)) @ found.within
    probs = np.exp(odds[spoken] - odds[spoken].max(axis=1, keepdims=True))
    told["log-loss by weight"] = _loss(probs / probs.sum(axis=1, keepdims=True), y[spoken])
    return told


def _loss(probs: np.ndarray, y: np.ndarray) -> float:
    return float(-np.log(probs[np.arange(len(y)), y]).mean())


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    task = lw.load(TASK)
    of_rules = [worth(task, seed) for seed in range(options.seeds)]
    mean = {k: statistics.mean(each[k] for each in of_rules) for k in of_rules[0]}
    found: dict[str, list[list[float]]] = {}
    for name, arm in arms(task).items():
        found[name] = []
        for seed in range(options.seeds):
            found[name].append(curve(arm, seed, options.rounds))
            print(f"{name} {seed} {found[name][-1]}", file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps({"campaigns": found, "worth": mean}))
        return 0
    for key, value in mean.items():
        print(f"{key:40} {value:.3f}")
    for name, curves in found.items():
        columns = []
        for at in range(options.rounds):
            values = [each[at] for each in curves]
            error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
            columns.append(f"{20 * (at + 1)} labels {statistics.mean(values):.4f} ± {error:.4f}")
        print(f"{name:8} {'   '.join(columns)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
