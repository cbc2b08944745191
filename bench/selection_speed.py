"""How long a choice takes, and what it holds in memory: 1,000 out of 1,000,000 vectors of 384 numbers.

The pool is a float16 file of made-up unit vectors, memory-mapped: 10 classes of 100 clusters each, of
unequal size, with the spectrum of sentence embeddings (the variance falls as those of MiniLM on ag_news do,
so that neighbours are as near and strangers as far). 1,000 further vectors are labelled, and the model is
the benches' regression on them. Every strategy runs in a process of its own, through the plug-in door;
what is timed is the call, with libraries imported and the model fitted. Memory is the process's peak
resident set (ru_maxrss): all of it, the interpreter, the libraries and the pages of the mapped file that
were resident among them.

- scale: seconds and memory with 1,000,000, and with 100,000 how they grow: ten times the items may take
  ten times as long, a tenth more for the machine's moods;
- peers: 100 out of 20,000, 100 labelled, in memory as float32, against scikit-activeml in the same run.

    python bench/selection_speed.py [--only coreset badge] [--parts scale peers] [--json]

Exits 1 where a limit is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

DIM, CLASSES, CLUSTERS = 384, 10, 100
LARGE, SMALL, CHOSEN, LABELLED = 1_000_000, 100_000, 1_000, 1_000
MEMORY = 6.0  # GB
QUICK, SLOW = 15.0, 60.0  # seconds
GROWTH = 10 * 1.1
PEER_POOL, PEER_CHOSEN, PEER_LABELLED = 20_000, 100, 100
FASTER = 20.0
PEER_RUNS = 3  # of ours, the median counts; theirs take long and run once
_BLOCK = 50_000


@dataclass(frozen=True)
class Case:
    """A strategy with its limit in seconds; `cold`: nothing is labelled."""

    name: str
    limit: float
    cold: bool = False

    def __str__(self) -> str:
        return f"{self.name}, no label" if self.cold else self.name


CASES = (
    Case("margin", QUICK),
    Case("cluster_margin", QUICK),
    Case("auto", SLOW),
    Case("auto", SLOW, cold=True),
    Case("badge", SLOW),
    Case("coreset", SLOW),
    Case("max_herding", SLOW),
    Case("max_herding", SLOW, cold=True),
    Case("typiclust", SLOW),
    Case("prob_cover", SLOW),
)
PEERS = {
    "coreset": "CoreSet",
    "badge": "Badge",
    "typiclust": "TypiClust",
    "prob_cover": "ProbCover",
}


@dataclass(frozen=True)
class Took:
    """What a child measured."""

    seconds: float
    gigabytes: float
    notes: tuple[str, ...] = ()


# --- the pool ---------------------------------------------------------------------------------


def vectors(n: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of unit vectors (m, DIM) float32 and of their classes (m,), n in all."""
    place = np.arange(DIM)
    spread = ((1 + place) ** -0.25 * np.exp(-place / 300)).astype(np.float32)
    spread /= np.linalg.norm(spread)
    world = np.random.default_rng(0)
    of_class = world.standard_normal((CLASSES, 1, DIM), dtype=np.float32) * spread
    of_cluster = world.standard_normal((CLASSES, CLUSTERS, DIM), dtype=np.float32) * spread
    centres = (0.5 * of_class + 0.55 * of_cluster).reshape(-1, DIM)
    sizes = world.pareto(2, size=len(centres)) + 0.2
    rng = np.random.default_rng((1, seed))
    for start in range(0, n, _BLOCK):
        m = min(_BLOCK, n - start)
        cluster = rng.choice(len(centres), size=m, p=sizes / sizes.sum())
        X = centres[cluster] + 0.67 * spread * rng.standard_normal((m, DIM), dtype=np.float32)
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        yield X, cluster // CLUSTERS


def make(folder: Path) -> Took:
    """Write the pool and what is labelled."""
    began = time.perf_counter()
    pool = np.lib.format.open_memmap(folder / "pool.npy", "w+", np.float16, (LARGE, DIM))
    start = 0
    for X, _ in vectors(LARGE, 1):
        pool[start : start + len(X)] = X
        start += len(X)
    pool.flush()
    X, y = (np.concatenate(part) for part in zip(*vectors(LABELLED, 2), strict=True))
    np.savez(folder / "labelled.npz", X=X, y=y)
    return Took(time.perf_counter() - began, peak())


# --- in a child -------------------------------------------------------------------------------


def peak() -> float:
    """The most that was resident of this process so far, GB."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def scale(folder: Path, name: str, n_pool: int, cold: bool) -> Took:
    """Choose out of the first n_pool rows of the file."""
    import torch  # noqa: F401  # what a strategy may need is imported before it is timed
    from campaign import Learner, call

    from labelwright.loop.plugins import Installed
    from labelwright.loop.query.contract import checked

    pool = np.load(folder / "pool.npy", mmap_mode="r")[:n_pool]
    with np.load(folder / "labelled.npz") as kept:
        some = slice(0, 0 if cold else None)
        learner = Learner(kept["X"][some], kept["y"][some], tuple("abcdefghij"))
    if not cold:
        learner.predict_proba(pool[:10])  # fits it
    strategy, plugins = call(name), Installed()
    plugins.load("query", strategy.name)
    began = time.perf_counter()
    returned = plugins.invoke(
        "query", strategy, learner=learner, X=pool, n_instances=CHOSEN, random_state=0
    )
    seconds = time.perf_counter() - began
    chosen = checked(returned, n_pool, CHOSEN)
    assert len(chosen.indices) == CHOSEN
    return Took(seconds, peak(), chosen.notes)


def beside(library: str, name: str) -> Took:
    """Choose 100 out of 20,000: ours through the door, or scikit-activeml's class of that name."""
    import peers
    from campaign import Campaign, Learner, ours

    n = PEER_POOL + PEER_LABELLED
    X, y = (np.concatenate(part) for part in zip(*vectors(n, 3), strict=True))
    asked, left = np.arange(PEER_LABELLED), np.arange(PEER_LABELLED, n)
    learner = Learner(X[asked], y[asked], tuple("abcdefghij"))
    learner.predict_proba(X[:10])
    now = Campaign(X, y, learner.classes, asked, left, learner)
    if library == "ours":
        chooser, times = ours(name), PEER_RUNS
    else:
        model = name == "Badge"
        peers.PEERS.setdefault(name, peers.skactiveml(name, model=model))
        chooser, times = peers.chooser(name), 1
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        found = chooser(now, PEER_CHOSEN, 0)
        seconds.append(time.perf_counter() - began)
        assert len(np.unique(found)) == PEER_CHOSEN
    return Took(statistics.median(seconds), peak())


def child(what: str, **given: Any) -> Took:
    """Run one of the functions above in a process of its own."""
    command = [sys.executable, __file__, "--child", json.dumps([what, given])]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{what} {given} failed")
    return Took(**json.loads(ended.stdout))


def answer(text: str) -> None:
    """What the child does."""
    what, given = json.loads(text)
    if "folder" in given:
        given["folder"] = Path(given["folder"])
    work = {"make": make, "scale": scale, "beside": beside}[what]
    print(json.dumps(asdict(work(**given))))


# --- tables -----------------------------------------------------------------------------------

Verdict = tuple[bool, str]


def at_scale(cases: list[Case], folder: str) -> tuple[list[dict[str, Any]], list[Verdict]]:
    """All that is said of 1,000 out of 1,000,000, and of a tenth of it."""
    found, verdicts = [], []
    for case in cases:
        given = {"folder": folder, "name": case.name, "cold": case.cold}
        small = child("scale", n_pool=SMALL, **given)
        large = child("scale", n_pool=LARGE, **given)
        growth = large.seconds / small.seconds
        found.append(
            {
                "case": str(case),
                "small": asdict(small),
                "large": asdict(large),
                "growth": growth,
                "limit": case.limit,
            }
        )
        verdicts += [
            (
                large.seconds <= case.limit,
                f"{case}: {large.seconds:.1f} s (at most {case.limit:.0f})",
            ),
            (large.gigabytes < MEMORY, f"{case}: {large.gigabytes:.2f} GB (under {MEMORY:.0f})"),
            (growth <= GROWTH, f"{case}: {growth:.1f} times as long for ten times as many"),
        ]
        print(f"{case}: {small.seconds:.1f} s, {large.seconds:.1f} s", file=sys.stderr)
    return found, verdicts


def scale_table(found: list[dict[str, Any]]) -> str:
    """A row a strategy."""
    lines = [
        f"| {CHOSEN:,} chosen | of {SMALL:,} | of {LARGE:,} | limit | times as long | memory |",
        "|---|---|---|---|---|---|",
    ]
    notes = []
    for row in found:
        lines.append(
            f"| {row['case']} | {row['small']['seconds']:.1f} s | {row['large']['seconds']:.1f} s "
            f"| {row['limit']:.0f} s | {row['growth']:.1f} | {row['large']['gigabytes']:.2f} GB |"
        )
        notes += [f"{row['case']}: {note}" for note in row["large"]["notes"]]
    return "\n".join([*lines, "", *notes])


def beside_peers(names: list[str]) -> tuple[list[dict[str, Any]], list[Verdict]]:
    """Ours and scikit-activeml's, one after the other."""
    found, verdicts = [], []
    for name in names:
        own = child("beside", library="ours", name=name)
        theirs = child("beside", library="scikit-activeml", name=PEERS[name])
        ratio = theirs.seconds / own.seconds
        found.append({"name": name, "ours": asdict(own), "theirs": asdict(theirs), "ratio": ratio})
        verdicts.append(
            (ratio >= FASTER, f"{name}: {ratio:.0f} times as fast (at least {FASTER:.0f})")
        )
        print(f"{name}: {own.seconds:.2f} s, {theirs.seconds:.1f} s", file=sys.stderr)
    return found, verdicts


def peer_table(found: list[dict[str, Any]]) -> str:
    """A row a strategy."""
    lines = [
        f"| {PEER_CHOSEN} of {PEER_POOL:,} | ours | scikit-activeml | times as fast | memory |",
        "|---|---|---|---|---|",
    ]
    for row in found:
        own, theirs = row["ours"], row["theirs"]
        lines.append(
            f"| {row['name']} | {own['seconds']:.2f} s | {theirs['seconds']:.1f} s "
            f"| {row['ratio']:.0f} | {own['gigabytes']:.2f} and {theirs['gigabytes']:.2f} GB |"
        )
    return "\n".join(lines)


def main() -> int:
    """Print the tables; 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", help="these strategies, any that is installed")
    parser.add_argument(
        "--parts", nargs="+", choices=("scale", "peers"), default=["scale", "peers"]
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        answer(options.child)
        return 0
    cases = [case for case in CASES if not options.only or case.name in options.only]
    known = {case.name for case in cases}
    cases += [Case(name, SLOW) for name in options.only or () if name not in known]
    names = [name for name in PEERS if not options.only or name in options.only]
    found: dict[str, Any] = {}
    said, verdicts = [], []
    if "scale" in options.parts:
        with tempfile.TemporaryDirectory() as folder:
            child("make", folder=folder)
            found["scale"], some = at_scale(cases, folder)
        said.append(scale_table(found["scale"]))
        verdicts += some
    if "peers" in options.parts:
        found["peers"], some = beside_peers(names)
        said.append(peer_table(found["peers"]))
        verdicts += some
    found["verdicts"] = [{"met": bool(met), "what": what} for met, what in verdicts]
    said.append("\n".join(f"{'ok  ' if met else 'MISS'} {what}" for met, what in verdicts))
    print(json.dumps(found) if options.json else "\n\n".join(said))
    return int(not all(met for met, _ in verdicts))


if __name__ == "__main__":
    sys.exit(main())
