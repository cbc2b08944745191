"""Coverage of what is estimated from a holdout that was drawn in stages: active, stratified, shuffled, marks.

    python bench/drawn_coverage.py [--runs 10000] [--only NAME …] [--seed 0]

Joins the tables of `interval_coverage.py`: the same columns, the same oracle. A world is a holdout of 2,000
items and a model's probabilities for them; every campaign draws the items' labels anew, true to the
probabilities or (too sure) not, and then the holdout in stages: the pilot, and the rest at one look, or
more at each of 20.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache
from statistics import NormalDist

import drawing
import interval_coverage as coverage
import numpy as np

from labelwright.dsl.looks import share
from labelwright.loop.measure import designs, metrics
from labelwright.loop.measure.drawing import expect_one
from labelwright.loop.measure.evidence import Bounded
from labelwright.loop.measure.weighted import Drawn, Expected, Weighted

ITEMS = 2_000
PRIOR = np.array([0.5, 0.35, 0.15])
CASES = {
    "active": [(0.88, 100, "too sure"), (0.92, 300, "honest")],
    "stratified": [(0.92, 300, "too sure")],
    "active, shuffled": [(0.92, 300, "shuffled")],
}
FIGURES: dict[str, tuple[Callable[[Weighted], Bounded], Callable[..., float]]] = {
    "accuracy": (lambda w: w.accuracy(), lambda t, right, sure: float(right.mean())),
    "macro F1": (
        lambda w: w.average("macro_f1"),
        lambda t, right, sure: float(metrics.macro_f1(t)),
    ),
    "precision of a class": (
        lambda w: w.of_class("precision", frozenset({2})),
        lambda t, right, sure: float(metrics.precision(t)[2]),
    ),
    "recall of a class": (
        lambda w: w.of_class("recall", frozenset({2})),
        lambda t, right, sure: float(metrics.recall(t)[2]),
    ),
    "F1 of a class": (
        lambda w: w.of_class("f1", frozenset({2})),
        lambda t, right, sure: float(metrics.f1(t)[2]),
    ),
    "calibration error": (
        lambda w: w.ece(),
        lambda t, right, sure: float(metrics.ece(right, sure, np.ones(len(sure)))),
    ),
}


def world(p: float, kind: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(probs, chances), (ITEMS, 3) each: what the model says, and how the labels really fall."""
    rng = np.random.default_rng(seed)
    mean = (p - 1 / 3) * 1.5
    top = 1 / 3 + 2 / 3 * rng.beta(2 * mean, 2 * (1 - mean), ITEMS)
    part = 0.5 + np.minimum(0.5, (2 * top - (1 - top)) / (2 * (1 - top) + 1e-9)) * (
        rng.random(ITEMS) - 0.5
    )
    said = rng.choice(3, ITEMS, p=PRIOR)
    chances = np.empty((ITEMS, 3))
    row = np.arange(ITEMS)
    chances[row, said] = top
    chances[row, (said + 1) % 3] = (1 - top) * part
    chances[row, (said + 2) % 3] = (1 - top) * (1 - part)
    if kind == "honest":
        return chances, chances
    if kind == "too sure":
        sharp = chances**1.5
        return sharp / sharp.sum(axis=1, keepdims=True), chances
    mixed = rng.permutation(top)
    probs = np.repeat(((1 - mixed) / 2)[:, None], 3, axis=1)
    probs[row, said] = mixed
    return probs, chances


def labels(chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(ITEMS,) classes, drawn by these chances (ITEMS, 3)."""
    u = rng.random(len(chances))[:, None]
    return np.asarray((u > np.cumsum(chances, axis=1)[:, :2]).sum(axis=1))


@cache
def fixed_results(design: str, runs: int, seed: int) -> dict[str, list[coverage.Case]]:
    """By figure, a case for each world of a design: all figures of the same campaigns."""
    found: dict[str, list[coverage.Case]] = {name: [] for name in FIGURES}
    for k, (p, n, kind) in enumerate(CASES[design]):
        probs, chances = world(p, kind, k)
        expected, sure = expect_one(probs, {}), probs.max(axis=1)
        rng = np.random.default_rng((seed, k, n))
        rows = np.full((len(FIGURES), runs, 4), np.nan)
        off = np.zeros((runs, metrics.ECE_BINS))
        for run in range(runs):
            truth = labels(chances, rng)
            predicted = probs.argmax(axis=1)
            t = metrics.counts(metrics.confusion(truth, predicted, 3))
            draws = drawing.campaign(truth == predicted, sure, n, design.partition(",")[0], rng)
            view = drawing.view(draws, truth, probs, expected)
            off[run] = _off(view, truth == predicted, sure)
            for i, (figure, of_all) in enumerate(FIGURES.values()):
                rows[i, run] = (
                    *_ends(figure(view), coverage.SIDE),
                    of_all(t, truth == predicted, sure),
                )
        for name, (estimate, low, high, truth_) in zip(
            FIGURES, rows.transpose(0, 2, 1), strict=True
        ):
            known = ~np.isnan(estimate)
            error = (estimate - truth_)[known]
            if name == "calibration error":
                found[name].append(_calibration(f"{p}, {kind}", n, rows[-1], off.std(axis=0)))
                continue
            found[name].append(
                coverage.case(
                    f"{p}, {kind}", n, truth_[known], low[known], high[known], estimate[known],
                    float(error.std()), thin=_thin(name, p, n),
                )
            )  # fmt: skip
    return found


def _off(view: Weighted, right: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """(ECE_BINS,) each bin's gap as it is found less what it is."""
    assert view.gaps is not None
    v = view.drawn.v
    return np.asarray(
        v @ view.gaps / v.sum()
        - (metrics.bin_of(sure) * (right - sure)[:, None]).sum(axis=0) / len(sure)
    )


def _calibration(name: str, n: int, rows: np.ndarray, sds: np.ndarray) -> coverage.Case:
    """The oracle is of the same construction as ours, with the true deviations of the bins."""
    y, low, high, truth = rows.T
    reach = coverage.Z * float(np.sqrt((sds**2).sum()))
    noise = float(np.sqrt(2 / np.pi) * sds.sum())
    oracle = np.minimum(1, y + reach) - np.maximum(0, y - noise - reach)
    held = float(((low <= truth) & (truth <= high)).mean())
    return coverage.Case(name, n, held, float((high - low).mean()), float(oracle.mean()))


def _thin(figure: str, p: float, n: int) -> bool:
    """Fewer than five errors to be expected among the labels that the figure is of."""
    return n * (1 - p) * (PRIOR[-1] if "of a class" in figure else 1) < 5


def _ends(figure: Bounded, confidence: float) -> tuple[float, float, float]:
    if figure.estimate is None:
        return np.nan, np.nan, np.nan
    low, high = figure.lower(confidence), figure.upper(confidence)
    return figure.estimate, float(low or 0.0), 1.0 if high is None else float(high)


def _register(design: str, name: str) -> None:
    @coverage.fixed(f"drawn, {design}", name)
    def study(rng: np.random.Generator, runs: int) -> Iterator[coverage.Case]:
        yield from fixed_results(design, runs, 0)[name]


for _design in CASES:
    for _name in FIGURES:
        _register(_design, _name)


# --- marks ------------------------------------------------------------------------------------


@cache
def texts(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(ITEMS, marks) chance of each mark to be right, 0 where none is said; missed: (ITEMS,)."""
    rng = np.random.default_rng(seed)
    said = rng.poisson(1.5, ITEMS).clip(0, 6)
    chance = rng.beta(4, 0.6, (ITEMS, 6)) * (np.arange(6) < said[:, None])
    return chance, rng.beta(0.6, 6, ITEMS)


@coverage.fixed("drawn, active", "span F1 (micro)")
def spans(rng: np.random.Generator, runs: int) -> Iterator[coverage.Case]:
    """Marks go well or badly by themselves; one may be missing from a text."""
    chance, missing = texts(0)
    said = chance > 0
    sure = np.where(said, chance, 1.0).prod(axis=1) * (1 - missing)
    unsure = np.sqrt((chance * (1 - chance)).sum(axis=1) + missing * (1 - missing) + 0.02)
    expected = np.stack([chance.sum(1), (said - chance).sum(1), np.zeros(ITEMS)], axis=-1)[:, None]
    for n in (100, 300):
        rows = np.zeros((runs, 4))
        for run in range(runs):
            found = (rng.random(chance.shape) < chance) & said
            missed = rng.random(ITEMS) < missing
            counts = np.stack([found.sum(1), (said & ~found).sum(1), missed], axis=-1)[:, None]
            right = (found == said).all(axis=1) & ~missed
            first = designs.pilot(n)
            order = rng.permutation(ITEMS)
            draws = drawing.stage(
                drawing.nothing(), order, right, sure, first, "uniform", rng, unsure
            )
            draws = drawing.stage(draws, order, right, sure, n - first, "active", rng, unsure)
            v, s = draws.weights()
            view = Weighted(
                Drawn(draws.rows, np.ones(n, dtype=bool), v, s),
                right[draws.rows],
                counts[draws.rows],
                Expected(sure, expected),
                ("a",),
                kind="spans",
            )
            truth = float(metrics.micro_f1(counts.sum(axis=0)))
            rows[run] = (*_ends(view.average("micro_f1"), coverage.SIDE), truth)
        y, low, high, truths = rows.T
        yield coverage.case("marks", n, truths, low, high, y, float((y - truths).std()), thin=False)


# --- twenty looks -----------------------------------------------------------------------------


def _register_looks(figure: str, *, one: bool) -> None:
    @coverage.anytime("drawn, active, parts of the doubt", figure)
    def study(rng: np.random.Generator, runs: int) -> Iterator[coverage.Case]:
        probs, chances = world(0.92, "honest", 1)
        expected, sure = expect_one(probs, {}), probs.max(axis=1)
        unsure, predicted = designs.doubt(sure), probs.argmax(axis=1)
        sizes = coverage.sizes(750)
        held, width = np.ones(runs, dtype=bool), 0.0
        y, truths = np.zeros((runs, len(sizes))), np.zeros((runs, len(sizes)))
        for run in range(runs):
            truth, order = labels(chances, rng), rng.permutation(ITEMS)
            draws = drawing.nothing()
            for look, n in enumerate(sizes):
                if look and not one:  # what the new model is right on has nothing to do with before
                    truth = labels(chances, rng)
                right = truth == predicted
                wanted = "active" if len(draws.rows) >= designs.FEWEST // 2 else "uniform"
                m = int(n) - len(draws.rows)
                draws = drawing.stage(draws, order, right, sure, m, wanted, rng, unsure)
                view = drawing.view(draws, truth, probs, expected)
                estimate, low, high = _ends(view.accuracy(), _level(look + 1))
                y[run, look], truths[run, look] = estimate, right.mean()
                held[run] &= low <= truths[run, look] <= high
                width += (high - low) / runs / len(sizes)
        z = [NormalDist().inv_cdf(_level(look + 1)) for look in range(len(sizes))]
        sd = (y - truths).std(axis=0)
        oracle = [coverage.within(y[:, k], z[k] * float(sd[k])) for k in range(len(sizes))]
        yield coverage.Case("0.92", 750, float(held.mean()), width, float(np.mean(oracle)))


_register_looks("accuracy of one model", one=True)
_register_looks("accuracy, a new model each look", one=False)


def _level(look: int) -> float:
    return 1 - (1 - coverage.SIDE) * share(look, coverage.LOOKS)


if __name__ == "__main__":
    for _table in (coverage.FIXED, coverage.ANYTIME):
        for _key in [key for key in _table if not key[0].startswith("drawn")]:
            del _table[_key]
    sys.argv += [] if "--only" in sys.argv else ["--only", "drawn"]
    coverage.main()
