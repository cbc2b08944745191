"""How few labels each strategy needs: `bench/protocol.toml`, on seven sets.

Every method asks batch by batch on the same pool with the same plain learner; what a batch taught is
measured on test rows (`campaign.py`). The saving is how many times fewer labels than random a method needs
for random's final figure (`curves.py`). Three arms:

- ours: the full pools, 10 seeds;
- `--peers`: scikit-activeml, small-text and modAL beside ours, on 3,000 rows drawn by the seed, 5 seeds;
- `--cold`: one batch chosen with no label, 40 on ag_news and 77 on banking77, 10 seeds: full pools and,
  beside the peers, those of 3,000.

Finished campaigns are kept (`runs.py`); `--fresh` makes them again.

    python bench/label_efficiency.py [--sets ag_news sst2] [--seeds 10] [--peers] [--cold]
        [--methods auto "mix(margin, random(10%))"] [--picture curves.svg] [--json]

Exits 1 where a limit is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import curves
import numpy as np
import runs
import sets
from runs import Run

REFERENCE = "random"
OURS = "auto"
METHODS = ("auto", "margin", "k_means + margin")
COLD_METHODS = ("auto", "k_means", "max_herding", "typiclust", "prob_cover", "coreset")
COLD = {"ag_news": (40, 4.0), "banking77": (77, 18.0)}  # labels, and the gain over random in points
MEAN_SAVING, LOWER_SAVING, LEAST_SAVING = 1.6, 1.35, 1.0
AS_GOOD_ON, MOST_BELOW = 6, 0.01


@dataclass(frozen=True)
class Arm:
    """The curves of some methods on some sets: [set][method] is (n_seeds, n_rounds)."""

    curves: dict[str, dict[str, np.ndarray]]
    seconds: float

    def area(self, name: str, method: str) -> np.ndarray:
        """(n_seeds,)."""
        return curves.area(self.curves[name][method])

    def saving(self, name: str, method: str) -> curves.Saving:
        """Against random on the same seeds."""
        of_set = self.curves[name]
        return curves.saving(budgets(name), of_set[REFERENCE], of_set[method])


def budgets(name: str) -> np.ndarray:
    """Labels spent after each batch."""
    entry = next(e for e in sets.protocol()["set"] if e["name"] == name)
    return np.arange(entry["batch"], entry["budget"] + 1, entry["batch"])


def run_arm(
    names: list[str],
    methods: list[str],
    seeds: int,
    *,
    pool: int | None = None,
    cold: bool = False,
    fresh: bool = False,
    processes: int = 2,
) -> Arm:
    """Run what is not kept yet. `cold`: one batch, chosen with no label; curves of one round."""
    methods = list(dict.fromkeys([REFERENCE, *methods]))
    plan = {
        (n, m): [Run(n, m, s, pool, COLD[n][0] if cold else None) for s in range(seeds)]
        for n in names
        for m in methods
    }
    every = sorted((run for some in plan.values() for run in some), key=lambda run: run.seed)
    done = runs.made(every, processes=processes, fresh=fresh)
    found = {
        n: {m: np.array([done[run].curve for run in plan[n, m]]) for m in methods} for n in names
    }
    return Arm(found, sum(d.seconds for d in done.values()))


# --- what is said -----------------------------------------------------------------------------


def table(arm: Arm) -> str:
    """Final metric, area and saving of every method on every set."""
    lines = [
        "| set | method | final | area | saving | 90% interval |",
        "|---|---|---|---|---|---|",
    ]
    for name, methods in arm.curves.items():
        for method, found in methods.items():
            saving = arm.saving(name, method)
            low, high = saving.interval
            final, area = mean(found[:, -1]), mean(arm.area(name, method))
            how = "" if method == REFERENCE else f"{saving.value:.2f} | {low:.2f} to {high:.2f}"
            lines.append(f"| {name} | {method} | {final} | {area} | {how or ' | '} |")
    return "\n".join(lines)


def together(arm: Arm) -> str:
    """One line a method: the geometric mean of its savings, and the least of them."""
    lines = ["| method | saving, geometric mean | not below (95%) | least |", "|---|---|---|---|"]
    for method in next(iter(arm.curves.values())):
        if method != REFERENCE:
            each = {name: arm.saving(name, method) for name in arm.curves}
            mean_, least = (
                curves.together(list(each.values())),
                min(each, key=lambda n: each[n].value),
            )
            lines.append(
                f"| {method} | {mean_.value:.2f} | {mean_.lower:.2f} "
                f"| {each[least].value:.2f} on {least} |"
            )
    return "\n".join(lines)


def cold_table(arm: Arm) -> str:
    """What the first batch is worth, and how much more than random's, in points."""
    lines = ["| set | labels | method | metric | more than random |", "|---|---|---|---|---|"]
    for name, methods in arm.curves.items():
        for method, found in methods.items():
            gain = 100 * (found - methods[REFERENCE])[:, 0]
            more = "" if method == REFERENCE else f"{gain.mean():+.1f} ± {curves.error(gain):.1f}"
            lines.append(f"| {name} | {COLD[name][0]} | {method} | {mean(found[:, 0])} | {more} |")
    return "\n".join(lines)


def mean(values: np.ndarray) -> str:
    """Mean ± standard error."""
    return f"{values.mean():.4f} ± {curves.error(values):.4f}"


# --- verdicts ---------------------------------------------------------------------------------

Verdict = tuple[bool, str]


def enough_saved(arm: Arm) -> list[Verdict]:
    """The limits on the savings of `auto`."""
    each = {name: arm.saving(name, OURS) for name in arm.curves}
    all_sets = curves.together(list(each.values()))
    least = min(each, key=lambda n: each[n].value)
    return [
        (
            all_sets.value >= MEAN_SAVING,
            f"{OURS} saves {all_sets.value:.2f} times over {len(each)} sets (at least {MEAN_SAVING})",
        ),
        (
            all_sets.lower >= LOWER_SAVING,
            f"and not below {all_sets.lower:.2f} at 95% (at least {LOWER_SAVING})",
        ),
        (
            each[least].value >= LEAST_SAVING,
            f"and least on {least}: {each[least].value:.2f} (at least {LEAST_SAVING})",
        ),
    ]


def as_good_as_peers(arm: Arm) -> list[Verdict]:
    """The area of `auto` against the best peer's of each set; s.e. is that of the paired difference."""
    verdicts, good = [], 0
    for name, methods in arm.curves.items():
        peers = [m for m in methods if ": " in m]
        best = max(peers, key=lambda m: float(arm.area(name, m).mean()))
        below = arm.area(name, best) - arm.area(name, OURS)
        se = float(np.nan_to_num(curves.error(below)))  # of one seed nothing is known
        good += int(below.mean() <= se)
        verdicts.append(
            (
                bool(below.mean() <= MOST_BELOW),
                f"{name}: area of {OURS} {-100 * below.mean():+.2f} points (s.e. {100 * se:.2f}) "
                f"against the best peer, {best} (at least {-100 * MOST_BELOW:+.0f})",
            )
        )
    wanted = AS_GOOD_ON if len(arm.curves) == len(sets.names()) else len(arm.curves) - 1
    verdicts.append(
        (
            good >= wanted,
            f"at least the best peer less one s.e. on {good} of {len(arm.curves)} sets "
            f"(at least {wanted})",
        )
    )
    return verdicts


def warm_enough(arm: Arm) -> list[Verdict]:
    """The limits on the first batch of `auto`."""
    verdicts = []
    for name, methods in arm.curves.items():
        labels, wanted = COLD[name]
        gain = 100 * float((methods[OURS] - methods[REFERENCE]).mean())
        verdicts.append(
            (
                gain >= wanted,
                f"{name}, {labels} labels chosen cold: {OURS} {gain:+.1f} points over random "
                f"(at least {wanted:+.0f})",
            )
        )
    return verdicts


def as_warm_as_peers(arm: Arm) -> list[Verdict]:
    """The first batch of `auto` against the best peer's; s.e. is that of the paired difference."""
    verdicts = []
    for name, methods in arm.curves.items():
        peers = [m for m in methods if ": " in m]
        best = max(peers, key=lambda m: float(methods[m].mean()))
        gain = 100 * (methods[OURS] - methods[best])[:, 0]
        se = float(np.nan_to_num(curves.error(gain)))
        verdicts.append(
            (
                bool(gain.mean() >= -se),
                f"{name}, {COLD[name][0]} labels chosen cold: {OURS} {gain.mean():+.1f} points "
                f"(s.e. {se:.1f}) against the best peer, {best} (not below by more than one s.e.)",
            )
        )
    return verdicts


# --- pictures ---------------------------------------------------------------------------------


def picture(arm: Arm, path: Path) -> None:
    """A panel a set: mean and standard error of every method after each batch."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = min(4, len(arm.curves))
    rows = -(-len(arm.curves) // columns)
    figure, panels = pyplot.subplots(
        rows, columns, figsize=(4 * columns, 3.2 * rows), squeeze=False
    )
    for panel, (name, methods) in zip(panels.flat, arm.curves.items(), strict=False):
        for number, (method, found) in enumerate(methods.items()):
            middle = found.mean(axis=0)
            error = found.std(axis=0, ddof=1) / len(found) ** 0.5 if len(found) > 1 else 0 * middle
            look = {"color": "0.4", "linestyle": "--"} if method == REFERENCE else {}
            look.setdefault("color", f"C{number - 1}" if number < 11 else f"C{number % 10}")
            panel.plot(budgets(name), middle, label=method, linewidth=1.4, **look)
            panel.fill_between(
                budgets(name), middle - error, middle + error, alpha=0.2, color=look["color"], lw=0
            )
        metric = next(e for e in sets.protocol()["set"] if e["name"] == name)["metric"]
        panel.set(title=name, xlabel="labels", ylabel=metric.replace("_", " "))
    for panel in panels.flat[len(arm.curves) :]:
        panel.axis("off")
    panels.flat[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path)


# --- the command ------------------------------------------------------------------------------


def numbers(arm: Arm, cold: bool = False) -> dict[str, Any]:
    """All that the tables are made of."""
    return {
        name: {
            method: {
                "curves": found.tolist(),
                "area": {
                    "mean": float(arm.area(name, method).mean()),
                    "error": curves.error(arm.area(name, method)),
                },
                **({} if cold else _saving(arm.saving(name, method))),
            }
            for method, found in methods.items()
        }
        for name, methods in arm.curves.items()
    }


def _saving(saving: curves.Saving) -> dict[str, Any]:
    return {"saving": saving.value, "interval": saving.interval}


def main() -> int:
    """Print the tables; 1 where a limit is missed."""
    options = _options()
    names = options.sets
    how = {"fresh": options.fresh, "processes": options.processes}
    peers = _peers() if options.peers else []
    small = sets.protocol()["peers"]
    few = min(options.seeds, small["seeds"])
    said: list[str] = []
    verdicts: list[Verdict] = []
    found: dict[str, Any] = {}

    ours = run_arm(names, options.methods, options.seeds, **how)
    said += [f"Full pools, {options.seeds} seeds", table(ours), together(ours)]
    found["ours"] = numbers(ours)
    if OURS in options.methods:
        verdicts += enough_saved(ours)
    if options.picture:
        picture(ours, options.picture)
    if peers:
        methods = [*options.methods, *peers]
        theirs = run_arm(names, methods, few, pool=small["pool"], **how)
        said += [f"Pools of {small['pool']:,}, {few} seeds", table(theirs), together(theirs)]
        found["peers"] = numbers(theirs)
        if OURS in options.methods:
            verdicts += as_good_as_peers(theirs)
    cold_sets = [name for name in names if name in COLD]
    if options.cold and cold_sets:
        first = run_arm(cold_sets, options.cold_methods, options.seeds, cold=True, **how)
        said += [f"One batch with no label, full pools, {options.seeds} seeds", cold_table(first)]
        found["cold"] = numbers(first, cold=True)
        if OURS in options.cold_methods:
            verdicts += warm_enough(first)
    if options.cold and cold_sets and peers:
        methods = [*options.cold_methods, *_peers(cold=True)]
        beside = run_arm(cold_sets, methods, options.seeds, pool=small["pool"], cold=True, **how)
        said += [f"The same, pools of {small['pool']:,}", cold_table(beside)]
        found["cold_peers"] = numbers(beside, cold=True)
        if OURS in options.cold_methods:
            verdicts += as_warm_as_peers(beside)

    found["verdicts"] = [{"met": bool(met), "what": what} for met, what in verdicts]
    said += ["\n".join(f"{'ok  ' if met else 'MISS'} {what}" for met, what in verdicts)]
    print(json.dumps(found) if options.json else "\n\n".join(said))
    return int(not all(met for met, _ in verdicts))


def _peers(cold: bool = False) -> list[str]:
    import peers

    for library in ("skactiveml", "small_text"):
        if find_spec(library) is None:
            raise SystemExit(f"{library} is not installed: pip install -e '.[bench]'")
    return [name for name, peer in peers.PEERS.items() if peer.cold or not cold]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", nargs="+", default=sets.names(), choices=sets.names())
    parser.add_argument("--seeds", type=int, default=sets.protocol()["common"]["seeds"])
    parser.add_argument("--methods", nargs="+", default=list(METHODS), help="as a task file says")
    parser.add_argument("--cold-methods", nargs="+", default=list(COLD_METHODS))
    parser.add_argument(
        "--peers", action="store_true", help="other libraries too, on pools of 3,000"
    )
    parser.add_argument("--cold", action="store_true", help="the first batch too")
    parser.add_argument("--picture", type=Path, help="where to draw the curves: .svg or .png")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="at a time")
    parser.add_argument("--fresh", action="store_true", help="take nothing from the cache")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
