"""Do the intervals hold, and are they useful? Simulated campaigns, every estimator and figure.

    python bench/interval_coverage.py [--runs 10000] [--only NAME …] [--seed 0]

Three tables. **Fixed**: one look; how often the two-sided 95% interval holds the truth, and its mean width
against that of an oracle. **Any-time**: 20 looks at a sample that grows; how often every one of the 20
intervals holds, for one model all along and for a new one at each look (whose errors have nothing to do with
the ones before: the hardest case for a sum of parts). **Verdicts**: false PASS with the truth at the target,
PASS of .92 against .88.

The oracle knows the standard deviation of the estimate (exactly, or from the same simulation's estimates) and
uses the normal quantile, kept within 0 and 1 as ours is: pointwise 1.96 of them; at 20 looks the quantile of
the same part of the doubt, and for one model also Robbins' normal mixture, tuned to 300 labels. Of the
calibration error, whose estimate is too great on average, it is the same construction with true variances.
Widths are means over campaigns, then over cases; once over all of them and once without the thin ones, which
expect fewer than five errors, or five items in the rarest class.

Another design joins with `@fixed("name", "figure")` or `@anytime("name", "figure")` in a module that is named
to `--with`.
"""

from __future__ import annotations

import argparse
import importlib
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np

from labelwright.dsl.looks import share
from labelwright.loop.measure import influence, metrics
from labelwright.loop.measure.calibration import deviation

LOOKS = 20
SIDE = 0.975
Z = NormalDist().inv_cdf(SIDE)
FLOOR = 0.945


@dataclass(frozen=True)
class Case:
    """One world at one size. held: (runs,) bool. width, oracle: means over the runs."""

    world: str
    n: int
    held: float
    width: float
    oracle: float
    mixture: float = math.nan  # oracle of another kind, where there is one
    thin: bool = False  # fewer than five errors expected, or five items in the rarest class

    @property
    def ratio(self) -> float:
        return self.width / self.oracle


Study = Callable[[np.random.Generator, int], Iterator[Case]]
FIXED: dict[tuple[str, str], Study] = {}
ANYTIME: dict[tuple[str, str], Study] = {}


def fixed(estimator: str, figure: str) -> Callable[[Study], Study]:
    """Register a study of one look."""
    return lambda study: FIXED.setdefault((estimator, figure), study)


def anytime(estimator: str, figure: str) -> Callable[[Study], Study]:
    """Register a study of 20 looks: a case is held where all 20 intervals are."""
    return lambda study: ANYTIME.setdefault((estimator, figure), study)


def case(
    world: str, n: int, truth: float | np.ndarray, low: np.ndarray, high: np.ndarray,
    estimate: np.ndarray, sd: float | np.ndarray, *, thin: bool,
) -> Case:  # fmt: skip
    """From (runs,) bounds; the oracle's interval is kept within 0 and 1 as ours is."""
    held = (low <= truth) & (truth <= high)
    width = float((high - low).mean())
    return Case(world, n, float(held.mean()), width, within(estimate, Z * sd), thin=thin)


def within(estimate: np.ndarray, reach: float | np.ndarray) -> float:
    """Mean width of estimate ± reach within 0 and 1."""
    width = np.minimum(1, estimate + reach) - np.maximum(0, estimate - reach)
    return float(np.nanmean(width))


# --- proportions ------------------------------------------------------------------------------


def exact(
    right: np.ndarray, n: np.ndarray | int, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Clopper and Pearson's bounds, as `intervals` has them, of arrays."""
    from scipy.special import betaincinv

    right, n = np.broadcast_arrays(np.asarray(right, float), np.asarray(n, float))
    low = np.where(right > 0, betaincinv(np.maximum(right, 1), n - right + 1, 1 - confidence), 0.0)
    high = np.where(right < n, betaincinv(right + 1, np.maximum(n - right, 1), confidence), 1.0)
    return low, high


@fixed("exact", "accuracy, exact match, micro averages of one class")
def accuracy(rng: np.random.Generator, runs: int) -> Iterator[Case]:
    for n in (30, 50, 100, 300, 750):
        for p in (0.5, 0.7, 0.88, 0.92, 0.97, 0.99):
            low, high = exact(np.arange(n + 1), n, SIDE)
            x = rng.binomial(n, p, runs)
            yield case(f"{p}", n, p, low[x], high[x], x / n, math.sqrt(p * (1 - p) / n),
                       thin=n * (1 - p) < 5)  # fmt: skip


def _of_class(rng: np.random.Generator, runs: int, *, f1: bool) -> Iterator[Case]:
    """Of a class with a share of the items; what it is a share of is itself drawn."""
    for n in (30, 100, 300, 750):
        for part in (0.5, 0.25, 0.05):
            for p in (0.5, 0.8, 0.92, 0.99):
                among = rng.binomial(n, part, runs)
                among, x = among[among > 0], rng.binomial(among, p)[among > 0]
                low, high = exact(x, among, SIDE)
                y, truth, sd = x / among, p, np.sqrt(p * (1 - p) / among)
                if f1:
                    low, high, y = (2 * s / (1 + s) for s in (low, high, y))
                    sd, truth = sd * 2 / (1 + p) ** 2, 2 * p / (1 + p)
                few = n * part * (1 - p) < 5
                yield case(f"{p} in {part:.0%}", n, truth, low, high, y, sd, thin=few)


@fixed("exact", "precision, recall of a class; slices")
def of_class(rng: np.random.Generator, runs: int) -> Iterator[Case]:
    yield from _of_class(rng, runs, f1=False)


@fixed("exact", "F1 of a class")
def f1_of_class(rng: np.random.Generator, runs: int) -> Iterator[Case]:
    yield from _of_class(rng, runs, f1=True)


# --- averages over classes --------------------------------------------------------------------


@cache
def joint(k: int, even: bool, p: float) -> np.ndarray:
    """(k, k) shares, [true][predicted]; uneven: 9 to 1, or 1, 1/2, 1/3, … of many."""
    prior = np.ones(k) if even else np.array([9.0, 1.0]) if k == 2 else 1 / np.arange(1, k + 1.0)
    table = np.full((k, k), (1 - p) / (k - 1))
    np.fill_diagonal(table, p)
    return np.asarray(prior[:, None] / prior.sum() * table)


def rare_and_worse(k: int, part: float, worse: float, p: float) -> np.ndarray:
    """(k, k) shares: the last class is rare, and less often right than the others."""
    prior, right = np.full(k, (1 - part) / (k - 1)), np.full(k, p)
    prior[-1], right[-1] = part, worse
    table = np.repeat((prior * (1 - right) / (k - 1))[:, None], k, axis=1)
    np.fill_diagonal(table, prior * right)
    return table


def averaged(
    cells: np.ndarray, name: str, n: int, confidence: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates and bounds of (runs, k, k) confusion matrices, as `Evidence.average` has them."""
    t: np.ndarray = metrics.counts(cells).astype(float)
    grad = influence.gradient(name, t)
    moved = grad[:, :, None, 2] + grad[:, None, :, 1]
    diagonal = np.arange(cells.shape[-1])
    moved[:, diagonal, diagonal] = grad[:, :, 0]
    variance = (cells * moved**2).sum(axis=(1, 2)) * n / (n - 1)
    y = np.nan_to_num(metrics.OF_COUNTS[name](t))
    low, high = influence.bounds(name, t, n, variance, confidence)
    return y, np.minimum(low, y), np.maximum(high, y)


def thin(shares: np.ndarray, n: int) -> bool:
    """Fewer than five errors expected, or five items in the rarest class."""
    return bool(n * (1 - np.trace(shares)) < 5) or bool(n * shares.sum(axis=1).min() < 5)


def worlds(name: str) -> Iterator[tuple[str, np.ndarray, float]]:
    for k in (2, 4, 20):
        for even in (True, False):
            for p in (0.5, 0.92, 0.99):
                shares = joint(k, even, p)
                yield (
                    f"{k} classes, {'even' if even else 'uneven'}, {p}",
                    shares,
                    figure(shares, name),
                )
    for k, part, worse, p in ((2, 0.05, 0.5, 0.97), (4, 0.1, 0.7, 0.95), (20, 0.01, 0.6, 0.95)):
        shares = rare_and_worse(k, part, worse, p)
        yield f"{k} classes, one of {part:.0%} at {worse}, others {p}", shares, figure(shares, name)


def figure(shares: np.ndarray, name: str) -> float:
    return float(metrics.OF_COUNTS[name](metrics.counts(shares)))


def _average(name: str) -> None:
    @fixed("jackknife", name.replace("_", " ").replace("f1", "F1"))
    def study(rng: np.random.Generator, runs: int) -> Iterator[Case]:
        for world, shares, truth in worlds(name):
            for n in (30, 100, 300, 750):
                if len(shares) == 20 and n == 300:
                    continue
                cells = rng.multinomial(n, shares.ravel(), size=runs).reshape(runs, *shares.shape)
                y, low, high = averaged(cells, name, n, SIDE)
                yield case(world, n, truth, low, high, y, float(y.std()), thin=thin(shares, n))

    @anytime("jackknife, parts of the doubt", name.replace("_", " ").replace("f1", "F1"))
    def looks(rng: np.random.Generator, runs: int) -> Iterator[Case]:
        for world, shares, truth in worlds(name):
            if len(shares) == 20 and name != "macro_f1":
                continue
            for one in (True, False):
                yield _over_looks(rng, runs, world, one, truth, shares, name)


def sizes(most: int) -> np.ndarray:
    """(LOOKS,) labels at each look."""
    return np.asarray(np.ceil(np.linspace(most / LOOKS, most, LOOKS)).astype(int))


def _level(look: int) -> float:
    return 1 - (1 - SIDE) * share(look, LOOKS, last=look == LOOKS)


def _over_looks(
    rng: np.random.Generator, runs: int, world: str, one: bool, truth: float,
    shares: np.ndarray, name: str, most: int = 750,
) -> Case:  # fmt: skip
    """Every look's interval at its part of the doubt; widths are means over looks and runs."""
    held, width, oracle = np.ones(runs, bool), 0.0, 0.0
    cells = np.zeros((runs, *shares.shape), dtype=np.int64)
    before = 0
    for look, n in enumerate(sizes(most), 1):
        new = int(n - before) if one else int(n)
        drawn = rng.multinomial(new, shares.ravel(), size=runs).reshape(cells.shape)
        cells = cells + drawn if one else drawn
        before = n
        y, low, high = averaged(cells, name, int(n), _level(look))
        held &= (low <= truth) & (truth <= high)
        width += float((high - low).mean()) / LOOKS
        z = NormalDist().inv_cdf(_level(look))
        oracle += within(y, z * float(y.std())) / LOOKS
    which = "one model" if one else "a new model each"
    few = thin(shares, most // 2)
    return Case(f"{world}, {which}", most, float(held.mean()), width, oracle, thin=few)


for _name in ("macro_f1", "macro_recall", "macro_precision", "weighted_f1"):
    _average(_name)


@anytime("exact, parts of the doubt", "accuracy")
def accuracy_looks(rng: np.random.Generator, runs: int) -> Iterator[Case]:
    for p in (0.5, 0.7, 0.88, 0.92, 0.97, 0.99):
        for one in (True, False):
            held, width, oracle, mixture = np.ones(runs, bool), 0.0, 0.0, 0.0
            x: np.ndarray = np.zeros(runs, dtype=np.int64)
            before = 0
            for look, n in enumerate(sizes(750), 1):
                x = x + rng.binomial(n - before, p, runs) if one else rng.binomial(n, p, runs)
                before = n
                bounds = exact(np.arange(n + 1), n, _level(look))
                low, high = bounds[0][x], bounds[1][x]
                held &= (low <= p) & (p <= high)
                width += float((high - low).mean()) / LOOKS
                sd = math.sqrt(p * (1 - p) / n)
                oracle += within(x / n, NormalDist().inv_cdf(_level(look)) * sd) / LOOKS
                mixture += within(x / n, robbins(n) * math.sqrt(p * (1 - p))) / LOOKS
            which = "one model" if one else "a new model each"
            found = Case(f"{p}, {which}", 750, float(held.mean()), width, oracle,
                         mixture if one else math.nan, thin=375 * (1 - p) < 5)  # fmt: skip
            yield found


def robbins(n: int, alpha: float = 0.05, at: int = 300) -> float:
    """Radius, in standard deviations of one label, of the normal mixture's two-sided boundary."""
    rho2 = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / at
    grown = n * rho2 + 1
    return math.sqrt(2 * grown / (n * n * rho2) * math.log(math.sqrt(grown) / alpha))


# --- several answers an item, marks -----------------------------------------------------------


def marks(rng: np.random.Generator, runs: int, n: int, good: float) -> np.ndarray:
    """(runs, n, 2, 3) counts of spans: many in some items, which go well or badly together."""
    size = rng.poisson(1.5, (runs, n, 2))
    quality = rng.beta(6 * good, 6 * (1 - good), (runs, n, 1))
    found = rng.binomial(size, quality)
    made_up = rng.binomial(size + 1, 0.3 * (1 - quality))
    return np.stack([found, made_up, size - found], axis=-1)


def several(rng: np.random.Generator, runs: int, n: int, good: float) -> np.ndarray:
    """(runs, n, 6, 3) counts of sets of six classes, from frequent to rare."""
    there = rng.random((runs, n, 6)) < np.array([0.5, 0.4, 0.3, 0.2, 0.1, 0.05])
    given = np.where(
        there, rng.random(there.shape) < good, rng.random(there.shape) < 0.1 * (1 - good)
    )
    return np.stack([there & given, ~there & given, there & ~given], axis=-1).astype(np.int64)


def counted(
    counts: np.ndarray, name: str, confidence: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `Counted.average` has them."""
    n = counts.shape[1]
    t = counts.sum(axis=1)
    grad = influence.gradient(name, t)
    moved = np.einsum("rnkc,rkc->rn", counts, grad, optimize=True)
    variance = (moved**2).sum(axis=1) * n / (n - 1)
    y = np.nan_to_num(metrics.OF_COUNTS[name](t))
    low, high = influence.bounds(
        name, t, n, variance, confidence, together=influence.clustered(name, counts)
    )
    return y, np.minimum(low, y), np.maximum(high, y)


def _several(figure: str, name: str, draw: Callable[..., np.ndarray]) -> None:
    @fixed("jackknife", figure)
    def study(rng: np.random.Generator, runs: int) -> Iterator[Case]:
        for good in (0.6, 0.85, 0.97):
            whole = draw(np.random.default_rng(1), 1, 400_000, good)[0].sum(axis=0)
            truth = float(metrics.OF_COUNTS[name](whole))
            for n in (30, 100, 300):
                parts = [
                    counted(draw(rng, 500, n, good), name, SIDE) for _ in range(max(1, runs // 500))
                ]
                y, low, high = (np.concatenate(p) for p in zip(*parts, strict=True))
                rare = draw is several and name.startswith("macro") and n * 0.05 < 5
                few = rare or n * (1 - good) < 5
                yield case(f"{good}", n, truth, low, high, y, float(y.std()), thin=few)


_several("span F1 (micro)", "micro_f1", marks)
_several("span F1 (macro)", "macro_f1", marks)
_several("micro F1, several classes an item", "micro_f1", several)
_several("macro F1, several classes an item", "macro_f1", several)


# --- calibration error ------------------------------------------------------------------------

_MODELS: dict[str, tuple[float, float, Callable[[np.ndarray], np.ndarray]]] = {
    "calibrated": (8, 1.5, lambda c: c),
    "too sure by .08": (8, 1, lambda c: c - 0.08),
    "not sure enough": (4, 2, lambda c: np.minimum(c + 0.1, 1)),
    "very sure": (60, 1, lambda c: c - 0.02),
}


@fixed("concentration", "calibration error")
def calibration(rng: np.random.Generator, runs: int) -> Iterator[Case]:
    bins = metrics.ECE_BINS

    def of(c: np.ndarray) -> np.ndarray:
        return np.asarray(np.minimum((c * bins).astype(int), bins - 1))

    for world, (a, b, chance) in _MODELS.items():
        many = np.random.default_rng(1).beta(a, b, 1_000_000)
        p = chance(many)
        truth = float(np.abs(np.bincount(of(many), p - many, bins)).sum() / len(many))
        squares = np.bincount(of(many), p * (1 - many) ** 2 + (1 - p) * many**2, bins) / len(many)
        for n in (30, 100, 300, 750):
            c = rng.beta(a, b, (runs, n))
            gap = (rng.random((runs, n)) < chance(c)) - c
            at = (np.arange(runs)[:, None] * bins + of(c)).ravel()
            found = np.bincount(at, gap.ravel(), runs * bins).reshape(runs, bins) / n
            var = np.bincount(at, (gap**2).ravel(), runs * bins).reshape(runs, bins) / n**2
            y = np.abs(found).sum(axis=1)
            reach = deviation(var.sum(axis=1), 1 / n, SIDE)
            low = np.maximum(0, y - np.sqrt(2 * var / np.pi).sum(axis=1) - reach)
            high = np.minimum(1, y + reach)
            held = float(((low <= truth) & (truth <= high)).mean())
            sd, noise = math.sqrt(squares.sum() / n), np.sqrt(2 * squares / n / np.pi).sum()
            oracle = np.minimum(1, y + Z * sd) - np.maximum(0, y - noise - Z * sd)
            errors = n * float((1 - p).mean())
            width = float((high - low).mean())
            yield Case(world, n, held, width, float(oracle.mean()), thin=errors < 5)


# --- verdicts ---------------------------------------------------------------------------------


def passes(
    rng: np.random.Generator, runs: int, p: float, target: float, keep: float
) -> dict[str, float]:
    """How often PASS is said by 750 labels in 20 looks, with ours and with the naive bound.

    keep: the share of items that each new model answers as the one before (1: one model all along).
    """
    n_looks = sizes(750)
    naive, ours, last = np.zeros(runs, bool), np.zeros(runs, bool), np.zeros(runs, bool)
    right: np.ndarray = np.zeros((runs, 0), bool)
    for look, n in enumerate(n_looks, 1):
        new = rng.random((runs, int(n) - right.shape[1])) < p
        if keep < 1:
            again = rng.random(right.shape, dtype=np.float32) > keep
            right = np.where(again, rng.random(right.shape, dtype=np.float32) < p, right)
        right = np.concatenate([right, new], axis=1)
        x = right.sum(axis=1)
        last = exact(np.arange(n + 1), int(n), 0.95)[0][x] > target
        naive |= last
        level = 1 - 0.05 * share(look, LOOKS, last=look == LOOKS)
        ours |= exact(np.arange(n + 1), int(n), level)[0][x] > target
    return {"ours": float(ours.mean()), "naive": float(naive.mean()), "one": float(last.mean())}


# --- tables -----------------------------------------------------------------------------------


def table(name: str, studies: dict[tuple[str, str], Study], args: argparse.Namespace) -> None:
    """Print a row a study."""
    print(f"\n{name}, {args.runs:,} campaigns a case\n")
    print(
        "| estimator | figure | cases | least coverage | mean | width, of the oracle's | thin cases too |"
    )
    print("|---|---|---|---|---|---|---|")
    for (estimator, figure), study in studies.items():
        if args.only and not any(o in f"{name} {estimator} {figure}" for o in args.only):
            continue
        rng = np.random.default_rng([args.seed, *map(ord, estimator + figure)])
        cases = list(study(rng, args.runs))
        least = min(cases, key=lambda c: c.held)
        below = sum(c.held < FLOOR for c in cases)
        usual = [c for c in cases if not c.thin] or cases
        mixed = [c for c in usual if not math.isnan(c.mixture)]
        shown = f"{_mean(c.ratio for c in usual):.2f}"
        if mixed:
            shown += f" ({_mean(c.width / c.mixture for c in mixed):.2f} of the mixture's)"
        widest = max(cases, key=lambda c: c.ratio)
        print(
            f"| {estimator} | {figure} | {len(cases)} | {least.held:.2%} ({least.world}, n = {least.n})"
            f"{f', {below} below {FLOOR:.1%}' if below else ''} | {_mean(c.held for c in cases):.1%} "
            f"| {shown} | {_mean(c.ratio for c in cases):.2f}, most {widest.ratio:.1f} "
            f"({widest.world}, n = {widest.n}) |",
            flush=True,
        )


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--with", dest="more", nargs="*", default=[])
    args = parser.parse_args()
    sys.modules["interval_coverage"] = sys.modules[__name__]
    for module in args.more:
        importlib.import_module(module)
    table("Fixed", FIXED, args)
    table("Any-time", ANYTIME, args)
    if args.only and "Verdicts" not in args.only:
        return
    print(f"\nVerdicts: PASS within 750 labels, 20 looks, target .88, {args.runs:,} campaigns\n")
    print(
        "| truth | models | ours | naive, at every look | naive, once at the end |\n|---|---|---|---|---|"
    )
    for p in (0.88, 0.92):
        for keep, words in (
            (1, "one"),
            (0.9, "new each look, 90% of answers kept"),
            (0.0, "new, unrelated"),
        ):
            found = passes(np.random.default_rng(args.seed + 1), args.runs, p, 0.88, keep)
            row = " | ".join(f"{found[k]:.2%}" for k in ("ours", "naive", "one"))
            print(f"| {p} | {words} | {row} |", flush=True)


if __name__ == "__main__":
    main()
