"""Resolving: accuracy of every method on crowds with known labels, beside crowd-kit and cleanlab; and times.

    python bench/resolving.py                 the six crowds without texts, and AG News with texts
    python bench/resolving.py --speed         a million annotations
    python bench/resolving.py --peers         crowd-kit's Dawid-Skene, GLAD and MACE too (minutes)

Known labels are looked at here alone: no method sees them. A person's last answer to an item counts. An item
without a known label is resolved with the others and not scored.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from labelwright.loop.people import crowdlab, dawid_skene, glad, mace
from labelwright.loop.people.answers import labels_of
from labelwright.loop.people.votes import Votes
from labelwright.resolving import Annotations, read
from labelwright.resolving_file import Columns
from labelwright.resolving_texts import predictions, texts_of

SETS = ("crowd_rte", "crowd_web", "crowd_face", "crowd_weather", "crowd_dog", "crowd_zencrowd_us")
DATA = Path(os.environ.get("LABELWRIGHT_DATA", "."))

Beliefs = Callable[[Votes], np.ndarray]
METHODS: dict[str, Beliefs] = {
    "majority": lambda v: v.shares,
    "dawid_skene": lambda v: dawid_skene.fit(v).probs,
    "glad": lambda v: glad.fit(v).probs,
    "mace": lambda v: mace.fit(v).probs,
}


def load(name: str) -> tuple[Annotations, np.ndarray]:
    """A crowd, and the index of each item's known label, -1 where it is not known."""
    import pyarrow.parquet as pq

    found = read(DATA / name / "annotations.parquet", Columns())
    table = pq.read_table(DATA / name / "items.parquet", columns=["id", "gold"]).to_pylist()
    gold = {str(r["id"]): r["gold"] for r in table}
    at = {c: k for k, c in enumerate(found.classes)}
    return found, np.array([at.get(str(gold.get(item)), -1) for item in found.items])


def accuracy(labels: np.ndarray, gold: np.ndarray) -> float:
    """Share of the items with a known label that have it."""
    known = gold >= 0
    return float((labels[known] == gold[known]).mean())


def crowds(peers: bool) -> None:
    """The table of the six crowds."""
    columns = [*METHODS, "crowdlab"] + (
        ["ck DS", "ck DS to the end", "ck GLAD", "ck MACE"] if peers else []
    )
    print(f"{'set':<20}" + "".join(f"{c:>17}" for c in columns) + "   people")
    rows = []
    for name in SETS:
        found, gold = load(name)
        made = {m: labels_of(found.votes, f(found.votes)) for m, f in METHODS.items()}
        weighed = crowdlab.weigh(found.votes)
        made["crowdlab"] = crowdlab.decide(found.votes, weighed.probs)
        row = [accuracy(labels, gold) for labels in made.values()]
        if peers:
            row += [accuracy(labels, gold) for labels in _crowd_kit(found.votes)]
        rows.append(row)
        best = max(row[0], row[1])
        verdict = "ok" if row[4] >= best - 0.005 else "BELOW"
        print(
            f"{name:<20}"
            + "".join(f"{x:>17.4f}" for x in row)
            + f"   {weighed.people} ({verdict})",
            flush=True,
        )
    print(f"{'mean':<20}" + "".join(f"{x:>17.4f}" for x in np.mean(rows, axis=0)))


def _crowd_kit(votes: Votes) -> list[np.ndarray]:
    import pandas as pd
    from crowdkit.aggregation import GLAD, MACE, DawidSkene

    # crowd-kit's MACE numbers people and classes as they appear, but sums in sorted order: made one here.
    codes = [pd.factorize(a) for a in (votes.items, votes.people, votes.classes)]
    frame = pd.DataFrame(
        {n: c for n, (c, _) in zip(("task", "worker", "label"), codes, strict=True)}
    )
    made = []
    for model in (DawidSkene(), DawidSkene(tol=-1e9), GLAD(), MACE(n_restarts=1)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            told = model.fit_predict(frame)
        labels = np.full(votes.n_items, -1)
        labels[codes[0][1][told.index]] = codes[2][1][told.to_numpy()]
        made.append(labels)
    return made


def texts(encoder: str) -> None:
    """AG News, three answers an item, with a model of the texts beside."""
    found, gold = load("ag_news_crowd")
    votes = found.votes
    columns = Columns(text="text")
    told = texts_of(DATA / "ag_news_crowd" / "items.parquet", found, columns)
    began = time.monotonic()
    probs = predictions(found, told, encoder, 0, lambda *_: None)
    assert probs is not None
    took = time.monotonic() - began
    voted = accuracy(labels_of(votes, votes.shares), gold)
    weighed = crowdlab.weigh(votes, probs)
    ours = accuracy(crowdlab.decide(votes, weighed.probs), gold)
    print(
        f"ag_news_crowd, {int((gold >= 0).sum())} items with a known label, {encoder} ({took:.0f} s)"
    )
    learned = accuracy(labels_of(votes, dawid_skene.fit(votes).probs), gold)
    print(f"  majority {voted:.4f}   dawid_skene {learned:.4f}")
    print(f"  people alone {accuracy(labels_of(votes, crowdlab.weigh(votes).probs), gold):.4f}   "
          f"the model alone {accuracy(probs.argmax(axis=1), gold):.4f}")  # fmt: skip
    print(
        f"  crowdlab {ours:.4f} ({100 * (ours - voted):+.1f} points): {weighed.people}; w {weighed.weight:g}"
    )
    known = gold >= 0
    both = (crowdlab.decide(votes, weighed.probs) == gold)[known].astype(float) - (
        labels_of(votes, votes.shares) == gold
    )[known]
    print(
        f"  standard error of the difference {100 * both.std() / np.sqrt(known.sum()):.1f} points"
    )
    try:
        from cleanlab.multiannotator import get_label_quality_multiannotator as cleanlab
    except ImportError:
        return
    table = np.full((votes.n_items, votes.n_people), np.nan)
    table[votes.items, votes.people] = votes.classes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = cleanlab(table, probs, verbose=False)["label_quality"]["consensus_label"]
    print(f"  cleanlab's CROWDLAB on the same predictions {accuracy(theirs.to_numpy(), gold):.4f}")


def speed(n_items: int, overlap: int, n_people: int, n_classes: int) -> None:
    """Made-up people, each method once."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, n_classes, n_items)
    items = np.repeat(np.arange(n_items), overlap)
    first = rng.integers(0, n_people, n_items)
    people = (np.repeat(first, overlap) + np.tile(np.arange(overlap) * 7, n_items)) % n_people
    right = rng.uniform(0.5, 0.95, n_people)[people]
    wrong = (truth[items] + rng.integers(1, n_classes, len(items))) % n_classes
    classes = np.where(rng.random(len(items)) < right, truth[items], wrong)
    print(
        f"{len(items):,} annotations of {n_items:,} items by {n_people:,} people, {n_classes} classes"
    )
    methods = {**METHODS, "crowdlab": lambda v: crowdlab.weigh(v).probs}
    for name, method in methods.items():
        votes = Votes(items, people, classes, n_items, n_people, n_classes)
        began, busy = time.monotonic(), time.process_time()
        labels = labels_of(votes, method(votes))
        took, busy = time.monotonic() - began, time.process_time() - busy
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"  {name:<14}{took:7.1f} s ({busy:.1f} s of processor)   "
            f"right {np.mean(labels == truth):.4f}   peak {peak:.2f} GB",
            flush=True,
        )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--encoder", default="tfidf")
    parser.add_argument("--items", type=int, default=200_000)
    args = parser.parse_args()
    if args.speed:
        speed(args.items, 5, 1000, 10)
        return
    crowds(args.peers)
    texts(args.encoder)


if __name__ == "__main__":
    main()
