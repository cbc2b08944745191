"""What the pool teaches before labels: a network from scratch on fashion_mnist, with and without `pretrain`.

A small residual network (`encoder = resnet`) learns from 10 labels a class of a pool of 16,000 pictures.
Without pretraining it is trained from scratch (`finetune = scratch`); with it, its weights are tuned from
what the pool taught (`finetune = full`), or a head stands on its frozen vectors (`finetune = head`). All have
the same network and the same augmentation (`crop, flip`). The baseline is best effort: from scratch for 420,
1,050 and 2,800 steps, of which the one with the best mean counts; `pixels`, a head on the pixels, stands
beside. Seeds choose the pool, the labels and the weights. Measured on the 5,000 test pictures, which nothing
else sees; `--validation` measures on 2,000 pictures outside of the pool, where settings were looked for.

    python bench/pretraining.py [--seeds 3] [--ways …] [--epochs 20] [--width 16] [--json]

Runs on a GPU where there is one. Finished runs are kept. Exits 1 where a limit is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import curves
import numpy as np
import sets
from keeping import kept, place
from safetensors.numpy import load_file, save_file

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.task import Task
from labelwright.loop.encoding import Kept
from labelwright.loop.plugins import Installed
from labelwright.loop.ports import Context
from labelwright.loop.pretrain.encoder import PretrainedEncoder
from labelwright.loop.scaling import Scaling
from labelwright.loop.train.running import outputs

LEAST = {"contrastive": 0.05, "masked": 0.0}  # what the better of its two ways must gain
POOL, A_CLASS, VALIDATION = 16_000, 10, 2_000
_PASSES = {"scratch 420": 60, "scratch 1050": 150, "scratch 2800": 400}  # of 100 labels, by steps
BASE = tuple(_PASSES)
TUNED = 60
"""Passes of the ways that begin from what the pool taught."""
WAYS = (*BASE, "pixels", "contrastive full", "contrastive head", "masked full", "masked head")
_ROOT = Path(__file__).parent.parent
_SOURCES = ("loop/pretrain", "loop/train", "loop/learn/tuning.py", "connectors/encode/residual.py")
_TASK = """task bench
{classes}
data {{
  source = npz("fashion_mnist/fashion_mnist.npz", image = train_images)
  image  = image
}}
train {{
  encoder  = resnet(width = {width})
  finetune = {finetune}
  epochs   = {epochs}
  augment  = [crop, flip]
  {pretrain}
}}
"""


@dataclass(frozen=True)
class Run:
    """One training. way: one of `WAYS`; epochs: of the pretraining."""

    way: str
    seed: int
    epochs: int = 20
    width: int = 16
    validation: bool = False


@dataclass(frozen=True)
class Done:
    """Accuracy on what measures; processor seconds of the pretraining, and of learning from labels."""

    accuracy: float
    pretraining: float
    learning: float


def made(run: Run, *, fresh: bool = False) -> Done:
    """The run, out of the cache where it is there."""
    return kept(_kept(run, "json"), Done, lambda: _learn(run), fresh=fresh)


def _learn(run: Run) -> Done:
    method, _, how = run.way.partition(" ")
    X, y, pool, labelled, held = _rows(run)
    task = _task(run, {"full": "full", "head": "head"}.get(how, "scratch"))
    context = Context(task, sets.data_folder(), sets.cache_folder())
    plugins = context.plugins
    encoder: Any = plugins.invoke("encode", task.train.encoder.default, context=context)
    sample = X[pool][:2048].astype(np.float64)
    scale = {"mean": [sample.mean()], "std": [sample.std()]}
    encoder.restore(Kept(values={"shape": X.shape[1:], **scale}))
    spent = 0.0
    if task.train.pretrain is not None:
        weights, spent = _pretrained(run, method, task, context, encoder, X[pool])
        encoder = PretrainedEncoder(encoder, method)
        encoder.begin_from(weights)
    began = time.process_time()
    learner = plugins.invoke(
        "learn", task.train.finetune, encoder=encoder, context=context, random_state=run.seed
    )
    targets = np.eye(10)[y[labelled]]
    if learner.reads == "inputs":
        model = learner.fit(X[labelled], targets)
        seen = X[held]
    else:
        raw = run.way == "pixels"
        vectors = X.reshape(len(X), -1) / 255 if raw else outputs(encoder.network(0), X)
        scaled = Scaling.of(vectors[pool], np.ones(len(pool), dtype=bool)).apply(vectors)
        model, seen = learner.fit(scaled[labelled], targets), scaled[held]
    seconds = time.process_time() - began
    guess = model.predict_proba(seen).argmax(axis=1)
    return Done(float((guess == y[held]).mean()), spent, seconds)


def _pretrained(
    run: Run, method: str, task: Task, context: Context, encoder: Any, X: np.ndarray
) -> tuple[dict[str, np.ndarray], float]:
    """What the pool taught, and the processor seconds it took; kept for the other ways of this seed."""
    path = _kept(replace(run, way=method), "safetensors")
    told = path.with_suffix(".seconds")
    if not told.exists():
        began = time.process_time()
        assert task.train.pretrain is not None
        found = context.plugins.invoke(
            "pretrain",
            task.train.pretrain,
            encoder=encoder,
            X=X,
            context=context,
            random_state=run.seed,
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(dict(found.weights), path)
        told.write_text(str(time.process_time() - began), encoding="utf-8")
        watched = ", ".join(f"{value:.3f}" for value in found.watched)
        print(f"{method}, seed {run.seed}: {watched}", file=sys.stderr, flush=True)
    return load_file(path), float(told.read_text("utf-8"))


def _rows(run: Run) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pictures and classes, and which of them are pool, labelled, and measured."""
    path = sets.data_folder() / "fashion_mnist" / "fashion_mnist.npz"
    if not path.exists():
        raise SystemExit(f"{path} is not there")
    with np.load(path, allow_pickle=False) as kept:
        X = np.concatenate([kept["train_images"], kept["test_images"]])[..., None]
        y = np.concatenate([kept["train_labels"], kept["test_labels"]]).astype(np.int64)
        n = len(kept["train_images"])
    rng = np.random.default_rng(run.seed)
    order = rng.permutation(n)
    pool = order[:POOL]
    labelled = np.concatenate([pool[y[pool] == c][:A_CLASS] for c in range(10)])
    held = order[POOL : POOL + VALIDATION] if run.validation else np.arange(n, len(X))
    return X, y, pool, labelled, held


def _task(run: Run, finetune: str) -> Task:
    method = run.way.partition(" ")[0]
    learns = method in LEAST
    text = _TASK.format(
        classes="\n".join(f"class c{i}" for i in range(10)),
        width=run.width,
        finetune="head" if run.way == "pixels" else finetune,
        epochs=_PASSES.get(run.way, TUNED),
        pretrain=f"pretrain = {method}(epochs = {run.epochs})" if learns else "",
    )
    found = read(SourceText("bench", text), Installed())
    if found.task is None:
        raise SystemExit("\n".join(d.message for d in found.diagnostics))
    return found.task


def _kept(run: Run, ending: str) -> Path:
    return place("pretraining", f"2 {run} {_PASSES} {TUNED}", _SOURCES, ending)


def table(found: dict[str, list[Done]]) -> str:
    """A line a way: accuracy with its standard error, and processor seconds."""
    lines = ["| way | accuracy | seconds on the pool | seconds on labels |", "|---|---|---|---|"]
    for way, done in found.items():
        accuracy = np.array([d.accuracy for d in done])
        pool, labels = (np.mean([getattr(d, f) for d in done]) for f in ("pretraining", "learning"))
        lines.append(
            f"| {way} | {accuracy.mean():.4f} ± {curves.error(accuracy):.4f} "
            f"| {pool:.0f} | {labels:.0f} |"
        )
    return "\n".join(lines)


def verdicts(found: dict[str, list[Done]]) -> list[tuple[bool, str]]:
    """Each pretraining's better way against the better baseline, seed by seed."""

    def accuracy(way: str) -> np.ndarray:
        return np.array([d.accuracy for d in found[way]])

    def best(ways: list[str]) -> str:
        return max(ways, key=lambda way: float(accuracy(way).mean()))

    bases, said = [way for way in found if way in BASE], []
    for method, least in LEAST.items():
        ways = [way for way in found if way.startswith(method)]
        if not ways or not bases:
            continue
        way, base = best(ways), best(bases)
        gain = 100 * (accuracy(way) - accuracy(base))
        wanted = f"at least {100 * least:+.0f}" if least else "above 0"
        met = gain.mean() >= 100 * least if least else gain.mean() > 0
        said.append(
            (
                bool(met),
                f"{way} {gain.mean():+.1f} ± {curves.error(gain):.1f} points over {base} ({wanted}), "
                f"{len(gain)} seeds",
            )
        )
    return said


def main() -> int:
    """Print the table; 1 where a limit is missed."""
    options = _options()
    found: dict[str, list[Done]] = {}
    for way in options.ways:
        found[way] = []
        for seed in options.only or range(options.seeds):
            run = Run(way, seed, options.epochs, options.width, options.validation)
            found[way].append(made(run, fresh=options.fresh))
            print(f"{run}: {found[way][-1]}", file=sys.stderr, flush=True)
    told = verdicts(found)
    if options.json:
        cells = {way: [asdict(d) for d in done] for way, done in found.items()}
        print(json.dumps({"cells": cells, "verdicts": [{"met": m, "what": w} for m, w in told]}))
    else:
        print(table(found))
        print("\n" + "\n".join(f"{'ok  ' if met else 'MISS'} {what}" for met, what in told))
    return int(not all(met for met, _ in told))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--only", nargs="+", type=int, help="these seeds, in the place of the first"
    )
    parser.add_argument("--epochs", type=int, default=20, help="passes over the pool")
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--validation", action="store_true", help="measure outside of the test set")
    parser.add_argument("--fresh", action="store_true", help="take nothing from the cache")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
