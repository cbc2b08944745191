"""What each way of learning makes of the same labels: accuracy against labels, on the sets of the protocol.

Labels are drawn at random, blind to the classes; every way learns from the same ones and is measured on
test rows that nothing else sees. Hyper-parameters are the same for all sets. Two parts:

- cells: seven sets × three budgets (a tenth, two fifths and all of the set's) × 5 seeds, each way beside
  `plain`, LogisticRegression(C=10), and beside `head`, the same head without unlabelled items. A gated way
  must nowhere lose more than half a point to `head`, and be open in half of the smallest budgets' cells;
- `--loop`: the whole loop, `auto` and infomax, against random and `plain`: the label saving.

    python bench/learning.py [--sets ag_news sst2] [--seeds 5] [--ways plain head infomax] [--loop] [--json]

Finished runs are kept (`runs.py`). Exits 1 where a limit is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

import curves
import numpy as np
import runs
import sets
from runs import LEARN, Run

WAYS = ("plain", "head", "threshold", "propagate", "infomax")
SHARES = (0.1, 0.4, 1.0)
MOST_HARM, LEAST_OPEN, LEAST_GAIN = 0.005, 0.5, 0.03
MEAN_SAVING, LEAST_SAVING = 3.0, 1.0
POINTS = {  # set, labels: at least this accuracy, and this gain over plain, over 10 seeds
    ("ag_news", 40): (0.83, 0.09),
    ("ag_news", 200): (0.87, 0.0),
    ("banking77", 616): (0.0, 0.06),
}
AUTO_POINTS = {("ag_news", 40): 0.86, ("banking77", 308): 0.83}  # the same where `auto` chose

Verdict = tuple[bool, str]


def budgets(name: str) -> list[int]:
    """Labels of the three budgets, in whole batches."""
    entry = next(e for e in sets.protocol()["set"] if e["name"] == name)
    return [max(1, round(s * entry["budget"] / entry["batch"])) * entry["batch"] for s in SHARES]


def cells(names: list[str], ways: list[str], seeds: int, **how: Any) -> dict[Any, np.ndarray]:
    """[set, labels, way] -> (seeds, 2): the metric, and whether the gate was open."""
    plan = {
        (name, n, way): [Run(name, LEARN + way, seed, at=n) for seed in range(seeds)]
        for name in names
        for n in budgets(name)
        for way in ways
    }
    done = runs.made([run for some in plan.values() for run in some], **how)
    return {key: np.array([done[run].curve for run in some]) for key, some in plan.items()}


def table(found: dict[Any, np.ndarray], ways: list[str]) -> str:
    """A line a cell: each way's metric, the gates that were open, and the gain over `head`."""
    lines = [f"| set | labels | {' | '.join(ways)} |", "|---|---" + "|---" * len(ways) + "|"]
    for name, n in dict.fromkeys((name, n) for name, n, _ in found):
        said = []
        for way in ways:
            metric, gate = found[name, n, way].T
            text = f"{metric.mean():.4f} ± {curves.error(metric):.4f}"
            if not np.isnan(gate).all():
                gain = 100 * (metric - found[name, n, "head"][:, 0])
                text += f" ({gain.mean():+.1f}, open {int(gate.sum())} of {len(gate)})"
            said.append(text)
        lines.append(f"| {name} | {n} | {' | '.join(said)} |")
    return "\n".join(lines)


def no_harm(found: dict[Any, np.ndarray], way: str) -> list[Verdict]:
    """The gated way against its own supervised baseline."""
    gains = {
        (name, n): found[name, n, way][:, 0] - found[name, n, "head"][:, 0]
        for name, n, each in found
        if each == way
    }
    worst = min(gains, key=lambda cell: gains[cell].mean())
    first = [(name, budgets(name)[0]) for name in dict.fromkeys(name for name, _ in gains)]
    open_ = np.mean([found[name, n, way][:, 1].mean() >= 0.5 for name, n in first])
    gain = float(np.mean([gains[cell].mean() for cell in first]))
    return [
        (
            bool(gains[worst].mean() >= -MOST_HARM),
            f"{way}: the worst cell is {worst[0]} at {worst[1]}, {100 * gains[worst].mean():+.2f} "
            f"points against head (at least {-100 * MOST_HARM:+.1f})",
        ),
        (
            bool(open_ >= LEAST_OPEN),
            f"{way}: the gate is open in {open_:.0%} of the cells at the smallest budget "
            f"(at least {LEAST_OPEN:.0%})",
        ),
        (
            gain >= LEAST_GAIN,
            f"{way}: mean gain there {100 * gain:+.1f} points (at least {100 * LEAST_GAIN:+.0f})",
        ),
    ]


def on_points(way: str, names: list[str], seeds: int, **how: Any) -> list[Verdict]:
    """The figures that are promised for single budgets."""
    verdicts = []
    for (name, n), (least, wanted) in POINTS.items():
        if name not in names:
            continue
        both = {
            each: [Run(name, LEARN + each, seed, at=n) for seed in range(seeds)]
            for each in ("plain", way)
        }
        done = runs.made([run for some in both.values() for run in some], **how)
        metric = {k: np.array([done[run].curve[0] for run in some]) for k, some in both.items()}
        gain = metric[way] - metric["plain"]
        verdicts.append(
            (
                bool(metric[way].mean() >= least and gain.mean() >= wanted),
                f"{name} at {n} random labels: {way} {metric[way].mean():.4f}, "
                f"{100 * gain.mean():+.1f} ± {100 * curves.error(gain):.1f} points over plain "
                f"(at least {least:.2f} and {100 * wanted:+.0f}), {seeds} seeds, the longest run "
                f"{max(done[run].seconds for run in both[way]):.0f} s",
            )
        )
    return verdicts


def whole_loop(
    names: list[str], way: str, seeds: int, **how: Any
) -> tuple[str, list[Verdict], dict[str, Any]]:
    """`auto` and the way, against random and plain logistic regression."""
    plan = {
        (name, method): [Run(name, method, seed) for seed in range(seeds)]
        for name in names
        for method in ("random", f"{LEARN}auto > {way}")
    }
    done = runs.made([run for some in plan.values() for run in some], **how)
    found = {key: np.array([done[run].curve for run in some]) for key, some in plan.items()}
    lines = ["| set | way | final | saving | 90% interval |", "|---|---|---|---|---|"]
    savings: dict[str, curves.Saving] = {}
    for (name, method), curve in found.items():
        said = " | "
        if method != "random":
            entry = next(e for e in sets.protocol()["set"] if e["name"] == name)
            x = np.arange(entry["batch"], entry["budget"] + 1, entry["batch"])
            saving = curves.saving(x, found[name, "random"], curve)
            said = f"{saving.value:.2f} | {saving.interval[0]:.2f} to {saving.interval[1]:.2f}"
            if method.startswith(f"{LEARN}auto"):
                savings[name] = saving
        final = curve[:, -1]
        lines.append(
            f"| {name} | {method.removeprefix(LEARN)} | {final.mean():.4f} ± "
            f"{curves.error(final):.4f} | {said} |"
        )
    mean = curves.together(list(savings.values()))
    least = min(savings, key=lambda name: savings[name].value)
    verdicts = [
        (
            mean.value >= MEAN_SAVING,
            f"the whole loop saves {mean.value:.2f} times over {len(savings)} sets, not below "
            f"{mean.lower:.2f} at 95% (at least {MEAN_SAVING:.0f})",
        ),
        (
            savings[least].value >= LEAST_SAVING,
            f"and least on {least}: {savings[least].value:.2f} (at least {LEAST_SAVING:.0f})",
        ),
    ]
    for (name, n), least_then in AUTO_POINTS.items():
        if name in names:
            entry = next(e for e in sets.protocol()["set"] if e["name"] == name)
            metric = found[name, f"{LEARN}auto > {way}"][:, n // entry["batch"] - 1]
            verdicts.append(
                (
                    bool(metric.mean() >= least_then),
                    f"{name} at {n} labels that auto chose: {metric.mean():.4f} ± "
                    f"{curves.error(metric):.4f} (at least {least_then:.2f}), {seeds} seeds",
                )
            )
    return "\n".join(lines), verdicts, {f"{n}, {m}": c.tolist() for (n, m), c in found.items()}


def main() -> int:
    """Print the tables; 1 where a limit is missed."""
    options = _options()
    names, ways = options.sets, list(dict.fromkeys(["plain", "head", *options.ways]))
    how = {"processes": options.processes, "fresh": options.fresh}
    if options.loop_only:
        text, verdicts, curves_ = whole_loop(names, "infomax", options.seeds, **how)
        print(json.dumps(curves_) if options.json else text)
        print("\n".join(f"{'ok  ' if met else 'MISS'} {what}" for met, what in verdicts))
        return int(not all(met for met, _ in verdicts))
    gated = [way for way in ways if way not in ("plain", "head")]
    found = cells(names, ways, options.seeds, **how)
    said = [f"Random labels, {options.seeds} seeds", table(found, ways)]
    told: dict[str, Any] = {"cells": {", ".join(map(str, k)): _plain(v) for k, v in found.items()}}
    verdicts: list[Verdict] = []
    if "infomax" in gated:
        verdicts += no_harm(found, "infomax")
        verdicts += on_points("infomax", names, 2 * options.seeds, **how)
    if options.loop:
        text, more, told["loop"] = whole_loop(names, "infomax", options.seeds, **how)
        said += [f"The whole loop, {options.seeds} seeds", text]
        verdicts += more
    told["verdicts"] = [{"met": bool(met), "what": what} for met, what in verdicts]
    said += ["\n".join(f"{'ok  ' if met else 'MISS'} {what}" for met, what in verdicts)]
    print(json.dumps(told) if options.json else "\n\n".join(said))
    return int(not all(met for met, _ in verdicts))


def _plain(values: np.ndarray) -> list[dict[str, float | None]]:
    """For JSON, which knows no NaN: where there is no gate."""
    return [{"metric": m, "gate": None if np.isnan(g) else g} for m, g in values.tolist()]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", nargs="+", default=sets.names(), choices=sets.names())
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), help="as a task file says")
    parser.add_argument("--loop", action="store_true", help="the whole loop too")
    parser.add_argument("--loop-only", action="store_true", help="nothing but the whole loop")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="at a time")
    parser.add_argument("--fresh", action="store_true", help="take nothing from the cache")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
