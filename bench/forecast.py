"""A forecast from the first 30% of a run against what came: labels to the run's final accuracy less 1 point.

Every run is `auto` and the head over twenty rounds of a twentieth of the protocol's budget (`trails.py`),
sets measured by accuracy. By seed, 400 of a set's test rows are its holdout: their right and wrong answers
after the first six rounds are all that the forecast is told, beside the number of classes. The other test
rows tell the truth:

- the run's curve is their accuracy after each round, made monotone by isotonic regression; its last value
  less 0.01 is the target; the truth is the labels at which that curve reaches it, linear between rounds;
- the forecast is the median of the labels that the posterior gives, of curves that reach the target within
  the pool; its 90% band goes from their 5% to their 95%. Where a target was reached before the forecast is
  made, both it and the truth count from what was labelled then;
- error: |forecast − truth| / truth.

The prior is the same for all sets and for what ships. It was set by hand before any run; how steep curves
are was then moved once, by other runs (`loop/forecast/priors.py`). Beside it stand what simpler ways make
of the same: the power law by least squares, and the last figures' straight line in log n.

    python bench/forecast.py [--sets ag_news sst2] [--seeds 5] [--holdout 400] [--json]

Runs are kept. Exits 1 where a limit is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import sets
from trails import trails
from walking import Trail

from labelwright.loop.forecast.foretelling import reach
from labelwright.loop.forecast.noise import of_share, seen
from labelwright.loop.forecast.posterior import posterior

FIVE = ("ag_news", "banking77", "sst2", "korean_3i4k", "fashion_mnist")
SHARE, BELOW = 0.3, 0.01
MOST_ERROR, LEAST_COVER = 0.30, 0.80


@dataclass(frozen=True)
class Case:
    """One forecast beside the truth, in labels. out: chance that it gave to not getting there at all."""

    set: str
    seed: int
    now: int
    seen: float  # holdout figure now
    target: float
    truth: float
    forecast: float
    low: float
    high: float
    out: float
    least_squares: float
    straight: float

    def error(self, forecast: float) -> float:
        """Relative."""
        return abs(forecast - self.truth) / self.truth

    @property
    def held(self) -> bool:
        """Whether the band holds the truth."""
        return self.low <= self.truth <= self.high


def true_curve(labels: np.ndarray, accuracy: np.ndarray) -> tuple[float, float]:
    """The target, and the labels at which the monotone curve reaches it."""
    from sklearn.isotonic import IsotonicRegression

    curve = IsotonicRegression().fit_transform(labels, accuracy)
    target = float(curve[-1]) - BELOW
    at = int(np.argmax(curve >= target))
    if at == 0:
        return target, float(labels[0])
    share = (target - curve[at - 1]) / (curve[at] - curve[at - 1])
    return target, float(labels[at - 1] + share * (labels[at] - labels[at - 1]))


def case(name: str, seed: int, trail: Trail, holdout: int, draw: int = 0) -> Case:
    """One run's."""
    data = sets.load(name)
    right = trail.right(data.y_test)
    if holdout > right.shape[1] / 2:
        raise SystemExit(f"{name} has {right.shape[1]:,} test rows: too few for such a holdout")
    order = np.random.default_rng((seed, draw, holdout)).permutation(right.shape[1])
    held, rest = right[:, order[:holdout]], right[:, order[holdout:]]
    target, truth = true_curve(trail.by_round, rest.mean(axis=1))
    rounds = int((trail.by_round <= SHARE * data.budget).sum())
    labels, figures = trail.by_round[:rounds], held[:rounds].mean(axis=1)
    now = int(labels[-1])
    known = seen(labels, figures, of_share(figures, np.full(rounds, holdout)))
    curves = posterior(known, len(data.classes), seed)
    out, _, found = reach(curves, 1 - target, now, len(data.X))
    low, middle, high = found or (np.inf,) * 3

    def within(n: float) -> float:
        return float(min(max(n, now), len(data.X)))

    return Case(
        name, seed, now, float(figures[-1]), target, max(truth, now), middle, low, high, out,
        within(least_squares(labels, figures, target)), within(straight(labels, figures, target)),
    )  # fmt: skip


def least_squares(labels: np.ndarray, figures: np.ndarray, target: float) -> float:
    """A power law with an asymptote through the rounds, as it is mostly done."""
    from scipy.optimize import least_squares as fit

    def off(p: np.ndarray) -> np.ndarray:
        return np.asarray(p[0] + p[1] * labels ** -p[2] - (1 - figures))

    found = fit(off, (0.05, 1.0, 0.5), bounds=((0, 0, 0.01), (1, 50, 3)))
    c, a, b = found.x
    left = 1 - target - c
    return float((a / left) ** (1 / b)) if left > 1e-9 else np.inf


def straight(labels: np.ndarray, figures: np.ndarray, target: float) -> float:
    """A straight line in log n."""
    slope, level = np.polyfit(np.log(labels), figures, 1)
    return float(np.exp(min((target - level) / slope, 50))) if slope > 0 else np.inf


def table(cases: list[Case]) -> str:
    """A line a set, and one for all."""
    lines = [
        "| set | runs | target reached at | forecast | error, median | power law | line in log n "
        "| in the band | band, high / low | chance of never |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name in [*dict.fromkeys(c.set for c in cases), "all"]:
        of = [c for c in cases if name in (c.set, "all")]

        def middle(what: Callable[[Case], float], of: list[Case] = of) -> float:
            return float(np.median([what(c) for c in of]))

        lines.append(
            f"| {name} | {len(of)} | {middle(lambda c: c.truth):.0f} | "
            f"{middle(lambda c: c.forecast):.0f} | {middle(lambda c: c.error(c.forecast)):.0%} | "
            f"{middle(lambda c: c.error(c.least_squares)):.0%} | "
            f"{middle(lambda c: c.error(c.straight)):.0%} | "
            f"{sum(c.held for c in of)} of {len(of)} | {middle(lambda c: c.high / c.low):.1f} | "
            f"{np.mean([c.out for c in of]):.0%} |"
        )
    return "\n".join(lines)


def verdicts(cases: list[Case]) -> list[tuple[bool, str]]:
    """The limits."""
    error = float(np.median([c.error(c.forecast) for c in cases]))
    cover = float(np.mean([c.held for c in cases]))
    return [
        (error <= MOST_ERROR, f"median error {error:.1%} (at most {MOST_ERROR:.0%})"),
        (cover >= LEAST_COVER, f"the 90% band holds {cover:.0%} (at least {LEAST_COVER:.0%})"),
    ]


def main() -> int:
    """Print the table; 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", nargs="+", default=list(FIVE), choices=sets.names())
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--holdout", type=int, default=400, help="labels")
    parser.add_argument("--draws", type=int, default=1, help="holdouts of each run, one by default")
    parser.add_argument("--kept", action="store_true", help="only runs that are kept")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = trails(options.sets, range(options.seeds), kept_only=options.kept)
    cases = [
        case(name, seed, trail, options.holdout, draw)
        for (name, seed), trail in found.items()
        for draw in range(options.draws)
    ]
    said = verdicts(cases)
    if options.json:
        print(json.dumps([asdict(c) for c in cases]))
    else:
        print(table(cases), "", sep="\n")
        print("\n".join(f"{'ok  ' if met else 'MISS'} {what}" for met, what in said))
    return int(not all(met for met, _ in said))


if __name__ == "__main__":
    sys.exit(main())
