"""What stands between a forecast and the truth: `forecast.py`'s cases, told more than a campaign can know.

- shipped: as `forecast.py` has it;
- prior of the other sets: normal, with the mean and variance (within and between sets) of the parameters
  that whole curves of the other sets have, one set left out at a time; and of all sets, its own too;
- looks: the head fitted again on sixteen prefixes of the labels in the place of the rounds, same holdout;
- no noise of the holdout: accuracy of the first rounds on the rows that tell the truth;
- curve known: the true curve to its end, and only its level read from the first rounds on the holdout;
- share of the budget: no look at the run at all, but the median share of the other sets' budgets at which
  such targets were reached. It knows how the bench makes targets (of the run's own end), which no campaign
  does: it says how little spread there is, and is no way to forecast.

    python bench/forecast_limits.py [--sets ...] [--seeds 5] [--holdout 400] [--draws 4]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sets
from forecast import BELOW, FIVE, SHARE, true_curve
from trails import trails
from walking import Trail, scaled

from labelwright.loop.forecast.foretelling import reach
from labelwright.loop.forecast.noise import of_share, seen
from labelwright.loop.forecast.posterior import Seen, posterior
from labelwright.loop.forecast.priors import PRIORS, Prior
from labelwright.loop.forecast.shapes import SHAPES, Curves
from labelwright.loop.learn.head import head

LOOKS = 16
_EXACT = 1e-3
_WIDER = 1.5
_LEAST = 0.15
"""Of a learned prior's standard deviations."""

Priors = dict[str, Prior]
Answer = tuple[float, float, float]
"""Labels to the target: 5%, median, 95%."""


@dataclass(frozen=True)
class Known:
    """One run under one holdout. right, rest: (rounds, rows) on the holdout and on the other test rows."""

    set: str
    seed: int
    draw: int
    labels: np.ndarray
    right: np.ndarray
    rest: np.ndarray
    held: np.ndarray
    rounds: int  # that the forecast sees
    pool: int
    classes: int
    target: float
    truth: float

    @property
    def now(self) -> int:
        """Labels when the forecast is made."""
        return int(self.labels[self.rounds - 1])


def known(name: str, seed: int, trail: Trail, holdout: int, draw: int) -> Known:
    """As `forecast.case` divides the test rows."""
    data = sets.load(name)
    right = trail.right(data.y_test)
    order = np.random.default_rng((seed, draw, holdout)).permutation(right.shape[1])
    held, rest = right[:, order[:holdout]], right[:, order[holdout:]]
    target, truth = true_curve(trail.by_round, rest.mean(axis=1))
    rounds = int((trail.by_round <= SHARE * data.budget).sum())
    return Known(
        name, seed, draw, trail.by_round, held, rest, order[:holdout], rounds, len(data.X),
        len(data.classes), target, max(truth, float(trail.by_round[rounds - 1])),
    )  # fmt: skip


def forecast(of: Known, what: Seen, priors: Priors = PRIORS) -> Answer:
    """The product's, of these figures."""
    curves = posterior(what, of.classes, of.seed, priors)
    found = reach(curves, 1 - of.target, of.now, of.pool)[2]
    return found or (np.inf, np.inf, np.inf)


def as_seen(of: Known) -> Seen:
    """The first rounds on the holdout."""
    figures = of.right[: of.rounds].mean(axis=1)
    deviation = of_share(figures, np.full(of.rounds, of.right.shape[1]))
    return seen(of.labels[: of.rounds], figures, deviation)


def without_noise(of: Known) -> Seen:
    """The first rounds on the rows that tell the truth."""
    figures = of.rest[: of.rounds].mean(axis=1)
    return seen(of.labels[: of.rounds], figures, np.full(of.rounds, _EXACT))


def curve_known(of: Known) -> Answer:
    """The true curve, moved to the level that the holdout saw; its end where it stays below the target."""
    from sklearn.isotonic import IsotonicRegression

    curve = IsotonicRegression().fit_transform(of.labels, of.rest.mean(axis=1))
    level = of.right[: of.rounds].mean() - of.rest[: of.rounds].mean()
    at = labels_at(of.labels, curve + level, of.target)
    return (max(at, float(of.now)),) * 3


def labels_at(labels: np.ndarray, curve: np.ndarray, target: float) -> float:
    """Where a monotone curve first reaches a target, linear between; its last label where it does not."""
    if curve[-1] < target:
        return float(labels[-1])
    at = int(np.argmax(curve >= target))
    if at == 0:
        return float(labels[0])
    share = (target - curve[at - 1]) / (curve[at] - curve[at - 1])
    return float(labels[at - 1] + share * (labels[at] - labels[at - 1]))


def prefixes(name: str, seed: int, trail: Trail) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of first labels (looks,), and what heads of them get right (looks, n_test)."""
    data = scaled(sets.load(name))
    rounds = int((trail.by_round <= SHARE * data.budget).sum())
    ends = trail.by_round[0], trail.by_round[rounds - 1]
    numbers = np.unique(np.round(np.geomspace(*ends, LOOKS)).astype(int))
    right = []
    for n in numbers:
        rows = trail.asked[:n]
        targets = np.eye(len(data.classes))[data.y[rows]]
        model = head(random_state=seed).fit(data.X[rows], targets, calibrate=False)
        right.append(model.predict_proba(data.X_test).argmax(axis=1) == data.y_test)
    return numbers, np.array(right)


def parameters(of: Curves, classes: int) -> np.ndarray:
    """(d, 4) of curves, as `Prior` counts them."""

    def odds(share: np.ndarray) -> np.ndarray:
        p = np.clip(share, 1e-12, 1 - 1e-9)
        return np.asarray(np.log(p / (1 - p)))

    start = odds(of.start) - np.log(max(1, classes - 1))
    asymptote, scale = odds(of.asymptote / of.start), np.log(of.scale / classes)
    return np.stack((start, asymptote, scale, np.log(of.steepness)), axis=1)


def whole(name: str, trail: Trail) -> list[np.ndarray]:
    """Parameters (d, 4) of curves that fit the whole run on all test rows, of each shape."""
    data = sets.load(name)
    right = trail.right(data.y_test)
    figures = right.mean(axis=1)
    what = seen(trail.by_round, figures, of_share(figures, np.full(len(figures), right.shape[1])))
    wide = {
        name: Prior(*((m, _WIDER * s) for m, s in (p.start, p.asymptote, p.scale, p.steepness)))
        for name, p in PRIORS.items()
    }
    classes = len(data.classes)
    return [parameters(c, classes) for c in posterior(what, classes, 0, wide).curves]


def learned(by_set: list[list[list[np.ndarray]]]) -> Priors:
    """[set][run][shape] (d, 4) -> priors: every set weighs the same; a further set may lie elsewhere."""
    found = {}
    for number, shape in enumerate(SHAPES):
        each = [np.concatenate([run[number] for run in runs]) for runs in by_set]
        means = np.array([draws.mean(axis=0) for draws in each])
        between = means.var(axis=0, ddof=1) * (1 + 1 / len(each))
        deviation = np.sqrt(between + np.mean([d.var(axis=0) for d in each], axis=0))
        pairs = zip(means.mean(axis=0), np.maximum(deviation, _LEAST), strict=True)
        found[shape.name] = Prior(*((float(m), float(s)) for m, s in pairs))
    return found


def line(name: str, cases: list[Known], answers: list[Answer], *, band: bool = True) -> str:
    """A row of the table."""
    truth = np.array([c.truth for c in cases])
    low, middle, high = np.array(answers).T
    error = np.abs(middle - truth) / truth
    first = np.array([c.draw == 0 for c in cases])
    held = f"{((low <= truth) & (truth <= high)).mean():.0%}" if band else "–"
    bias = float(np.exp(np.median(np.log(middle / truth))))
    return (
        f"| {name} | {np.median(error[first]):.1%} | {np.median(error):.1%} | {bias:.2f} | {held} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", nargs="+", default=list(FIVE), choices=sets.names())
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--holdout", type=int, default=400, help="labels")
    parser.add_argument("--draws", type=int, default=4, help="holdouts of each run")
    options = parser.parse_args()
    runs = trails(options.sets, range(options.seeds))
    cases = [
        known(*key, trail, options.holdout, draw)
        for key, trail in runs.items()
        for draw in range(options.draws)
    ]
    fits: dict[str, list[list[np.ndarray]]] = {}
    for (name, _), trail in runs.items():
        fits.setdefault(name, []).append(whole(name, trail))
    others = {name: learned([f for other, f in fits.items() if other != name]) for name in fits}
    every = learned(list(fits.values()))
    looked = {key: prefixes(*key, trail) for key, trail in runs.items()}

    def looks(of: Known) -> Seen:
        numbers, right = looked[of.set, of.seed]
        figures = right[:, of.held].mean(axis=1)
        return seen(numbers, figures, of_share(figures, np.full(len(figures), len(of.held))))

    def share(of: Known) -> Answer:
        other = [c.truth / c.labels[-1] for c in cases if c.set != of.set]
        return (max(float(np.median(other) * of.labels[-1]), of.now),) * 3

    rows: list[tuple[str, Callable[[Known], Answer], bool]] = [
        ("shipped", lambda c: forecast(c, as_seen(c)), True),
        ("prior of the other sets", lambda c: forecast(c, as_seen(c), others[c.set]), True),
        ("prior of all sets, its own too", lambda c: forecast(c, as_seen(c), every), True),
        (f"{LOOKS} looks", lambda c: forecast(c, looks(c)), True),
        ("no noise of the holdout", lambda c: forecast(c, without_noise(c)), True),
        ("curve known, but for its level", curve_known, False),
        ("share of the budget", share, False),
    ]
    print(f"{len(runs)} runs; targets are the run's end less {BELOW * 100:g} point\n")
    print("| told | error, median, one holdout a run | of all holdouts | forecast / truth, median "
          "| in the band |\n|---|---|---|---|---|")  # fmt: skip
    for name, answer, band in rows:
        print(line(name, cases, [answer(c) for c in cases], band=band), flush=True)


if __name__ == "__main__":
    main()
