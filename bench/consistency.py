"""Consistency training from scratch on fashion_mnist, against the same network that learns from labels alone.

A small residual network (`encoder = resnet(width = 16)`, `finetune = scratch`, `augment = [crop, flip]`)
learns from 40 and from 250 labels drawn at random, blind to the classes. Both ways have the same network, the
same weak augmentation, as many steps on as many labelled items, and the same moving average of weights; one
learns from the other items of the pool beside. Measured on the 5,000 test pictures, which nothing else sees;
`--validation` measures on 3,000 of the training pictures instead, where settings are looked for.

    python bench/consistency.py [--seeds 3] [--labels 40 250] [--ways supervised fixmatch] [--json]

Runs on a GPU where there is one. Finished runs are kept. Exits 1 where a limit is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import curves
import numpy as np
import sets
from keeping import kept, place

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.task import Call, Task
from labelwright.loop.encoding import Kept
from labelwright.loop.learn.fixmatch import Family
from labelwright.loop.plugins import Installed
from labelwright.loop.ports import Context

LEAST = {40: 0.05, 250: 0.03}  # labels: what fixmatch must gain over supervised
STEPS, WIDTH, VALIDATION = 3_000, 16, 3_000
_ROOT = Path(__file__).parent.parent
_SOURCES = (
    "loop/unlabelled",
    "loop/augment",
    "loop/train",
    "loop/learn/fixmatch.py",
    "loop/learn/scratch.py",
    "loop/learn/tuning.py",
    "connectors/encode/residual.py",
    "bench/consistency.py",
)
_TASK = """task bench
{classes}
data {{
  source = npz("fashion_mnist/fashion_mnist.npz", image = train_images)
  image  = image
}}
pseudo_labels {{
  method = fixmatch
}}
train {{
  encoder  = resnet(width = {width})
  finetune = scratch
  augment  = [crop, flip]
}}
"""


@dataclass(frozen=True)
class Run:
    """One training. way: `supervised`, `fixmatch`, or `fixmatch` and a rule: `fixmatch free`."""

    way: str
    labels: int
    seed: int
    steps: int = STEPS
    validation: bool = False


@dataclass(frozen=True)
class Done:
    """Accuracy on what measures, and seconds."""

    accuracy: float
    seconds: float


def made(run: Run, *, fresh: bool = False) -> Done:
    """The run, out of the cache where it is there."""
    path = place("consistency", f"{run} {WIDTH}", _SOURCES)
    return kept(path, Done, lambda: _train(run), fresh=fresh)


def _train(run: Run) -> Done:
    from labelwright.connectors.encode.resnet import resnet
    from labelwright.loop.unlabelled.beside import Beside

    X, y, test, truth = _pictures(run.validation)
    rows = np.random.default_rng(run.seed).permutation(len(X))
    labelled, others = rows[: run.labels], rows[run.labels :]
    task = _task()
    context = Context(task, sets.data_folder(), sets.cache_folder())
    encoder = resnet(width=WIDTH, context=context)
    pool = X[:2048].astype(np.float64)
    scale = {"mean": [pool.mean()], "std": [pool.std()]}
    encoder.restore(Kept(values={"shape": X.shape[1:], **scale}))  # type: ignore[attr-defined]
    plugins = Installed()
    learner = plugins.invoke(
        "learn", task.train.finetune, encoder=encoder, context=context, random_state=run.seed
    )
    way, _, rule = run.way.partition(" ")
    limit = task.pseudo_labels.threshold if task.pseudo_labels else 0.95
    family = Family(
        (limit,) * 10,
        **({"adaptive": rule} if rule else {}),
        steps=run.steps,  # type: ignore[arg-type]
    )
    beside = family.beside(learner, X[others])
    if way == "supervised":
        beside = Beside(X[:1], lambda start: _nothing, "nothing", run.steps, family.average)
    began = time.perf_counter()
    model = learner.learn(X[labelled], np.eye(10)[y[labelled]], beside=beside)
    seconds = time.perf_counter() - began
    guess = model.predict_proba(test).argmax(axis=1)
    return Done(float((guess == truth).mean()), seconds)


def _nothing(module: Any, step: int) -> Any:
    import torch

    return torch.zeros((), device=next(module.parameters()).device)


def _pictures(validation: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pictures that may be learned from, their classes, and those that measure."""
    path = sets.data_folder() / "fashion_mnist" / "fashion_mnist.npz"
    if not path.exists():
        raise SystemExit(f"{path} is not there")
    with np.load(path, allow_pickle=False) as kept:
        X, test = (kept[name][..., None] for name in ("train_images", "test_images"))
        y, truth = (kept[name].astype(np.int64) for name in ("train_labels", "test_labels"))
    if not validation:
        return X, y, test, truth
    rows = np.random.default_rng(99).permutation(len(X))
    held, rest = rows[:VALIDATION], rows[VALIDATION:]
    return X[rest], y[rest], X[held], y[held]


def _task() -> Task:
    text = _TASK.format(classes="\n".join(f"class c{i}" for i in range(10)), width=WIDTH)
    found = read(SourceText("bench", text), Installed())
    if found.task is None:
        raise SystemExit("\n".join(d.message for d in found.diagnostics))
    assert found.task.train.finetune == Call(name="scratch")
    return found.task


def table(found: dict[tuple[str, int], list[Done]]) -> str:
    """A line for each way and number of labels."""
    lines = ["| labels | way | accuracy | seconds |", "|---|---|---|---|"]
    for (way, labels), done in found.items():
        accuracy = np.array([d.accuracy for d in done])
        lines.append(
            f"| {labels} | {way} | {accuracy.mean():.4f} ± {curves.error(accuracy):.4f} "
            f"| {np.mean([d.seconds for d in done]):.0f} |"
        )
    return "\n".join(lines)


def verdicts(found: dict[tuple[str, int], list[Done]]) -> list[tuple[bool, str]]:
    """Each other way against supervised, seed by seed."""
    said = []
    for (way, labels), done in found.items():
        if way == "supervised" or ("supervised", labels) not in found:
            continue
        plain = found["supervised", labels]
        gain = np.array([d.accuracy - p.accuracy for d, p in zip(done, plain, strict=True)])
        least = LEAST.get(labels, 0.0)
        said.append(
            (
                bool(gain.mean() >= least),
                f"{labels} labels: {way} {100 * gain.mean():+.1f} ± {100 * curves.error(gain):.1f} "
                f"points over supervised (at least {100 * least:+.0f}), {len(gain)} seeds",
            )
        )
    return said


def main() -> int:
    """Print the table; 1 where a limit is missed."""
    options = _options()
    found: dict[tuple[str, int], list[Done]] = {}
    for labels in options.labels:
        for way in options.ways:
            runs = [
                Run(way, labels, seed, options.steps, options.validation)
                for seed in options.only or range(options.seeds)
            ]
            found[way, labels] = []
            for run in runs:
                found[way, labels].append(made(run, fresh=options.fresh))
                print(f"{run}: {found[way, labels][-1]}", file=sys.stderr, flush=True)
    told = verdicts(found)
    if options.json:
        cells = {
            f"{labels}, {way}": [asdict(d) for d in done] for (way, labels), done in found.items()
        }
        print(json.dumps({"cells": cells, "verdicts": [{"met": m, "what": w} for m, w in told]}))
    else:
        print(
            "\n\n".join(
                [table(found), "\n".join(f"{'ok  ' if m else 'MISS'} {w}" for m, w in told)]
            )
        )
    return int(not all(met for met, _ in told))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--labels", nargs="+", type=int, default=list(LEAST))
    parser.add_argument("--ways", nargs="+", default=["supervised", "fixmatch"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--only", nargs="+", type=int, help="these seeds, in the place of the first"
    )
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--validation", action="store_true", help="measure on training pictures")
    parser.add_argument("--fresh", action="store_true", help="take nothing from the cache")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
