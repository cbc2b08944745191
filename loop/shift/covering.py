"""The coverage map of a campaign's pool: its regions, what was asked there, how the model does there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.measure.intervals import lower_bound, upper_bound
from labelwright.loop.query.blocks import Rows
from labelwright.loop.query.k_means import assign
from labelwright.loop.record import Estimate
from labelwright.loop.seeds import derive_seed
from labelwright.loop.shift.comparing import taught
from labelwright.loop.shift.naming import by_columns, by_words
from labelwright.loop.shift.records import Coverage, Region
from labelwright.loop.shift.regions import plane, regions
from labelwright.loop.split import POOL
from labelwright.loop.supported import single
from labelwright.loop.workbench import reads_vectors

if TYPE_CHECKING:
    from labelwright.loop.workbench import Workbench

POINTS = 700  # of the pool, on the plane
_ASKED_POINTS = 300
_NAMED = 6_000  # items whose words name the regions
_DOUBTED = 4_000  # items that the model is asked about; fewer where it is a network
_DOUBTED_BY_NETWORK = 400


def coverage(bench: Workbench, round_: int) -> Coverage:
    """As the round leaves it: what was asked up to it counts, and so do labels that were there before."""
    items, features = bench.items(round_), bench.features(round_)
    pool = np.flatnonzero(bench.split(round_) == POOL)
    found = regions(Rows(features, pool), derive_seed(bench.context.seed, "regions"))  # type: ignore[arg-type]
    k = len(found.centres)
    _, held = bench.labels(round_, bench.needed(round_, "collect")["watermark"])
    asked = taught(bench, round_)[pool]
    sizes = np.bincount(found.of, minlength=k)
    n_asked = np.bincount(found.of[asked], minlength=k)
    names = _names(bench, round_, pool, found.of, k)
    doubt = _doubt(bench, round_, pool, found.of, k)
    accuracy = _accuracy(bench, round_, held.rows, held.classes, found.centres)
    told = [
        Region(
            number=region + 1,
            name=names[region],
            items=int(sizes[region]),
            asked=int(n_asked[region]),
            expected=float(asked.sum() * sizes[region] / len(pool)),
            accuracy=accuracy[region],
            doubt=doubt[region],
            examples=tuple(items.id_of(pool[i]) for i in found.nearest[region]),
        )
        for region in range(k)
    ]
    return Coverage(
        items=len(pool),
        asked=int(asked.sum()),
        regions=tuple(sorted(told, key=_first)),
        points=_points(bench, pool, features, found.of, asked),
        sampled=found.fitted if found.fitted < len(pool) else None,
    )


def _first(region: Region) -> tuple[bool, float, int]:
    """Never asked first, the largest of them; then the least asked for their size."""
    share = -float(region.items) if not region.asked else region.asked / region.items
    return region.asked > 0, share, region.number


def _names(
    bench: Workbench, round_: int, pool: np.ndarray, of: np.ndarray, k: int
) -> list[tuple[str, ...]]:
    items = bench.items(round_)
    rng = np.random.default_rng(derive_seed(bench.context.seed, "names of regions"))
    some = np.sort(rng.permutation(len(pool))[:_NAMED])
    shown = items.take(pool[some])
    if items.inputs.text:
        columns = [shown.table[name].to_pylist() for name in items.inputs.text]
        texts = ["\n".join(str(t or "") for t in parts) for parts in zip(*columns, strict=True)]
        return by_words(texts, of[some], k)
    if items.inputs.columns:
        cells = {name: shown.table[name].to_pylist() for name in items.inputs.columns}
        return by_columns(cells, of[some], k)
    return [()] * k


def _doubt(
    bench: Workbench, round_: int, pool: np.ndarray, of: np.ndarray, k: int
) -> list[float | None]:
    if not single(bench.task) or not bench.current(round_) or not bench.learned(round_):
        return [None] * k
    rng = np.random.default_rng(derive_seed(bench.context.seed, "doubt of regions"))
    fast = reads_vectors(bench.learner(round_))
    some = np.sort(rng.permutation(len(pool))[: _DOUBTED if fast else _DOUBTED_BY_NETWORK])
    probs = bench.final(round_).predict_proba(bench.seen(round_, pool[some]))
    least = 1 - probs.max(axis=1)
    return [
        float(least[of[some] == region].mean()) if (of[some] == region).any() else None
        for region in range(k)
    ]


def _accuracy(
    bench: Workbench, round_: int, rows: np.ndarray, classes: np.ndarray, centres: np.ndarray
) -> list[Estimate]:
    """Of the final model, by region, on the holdout's labels."""
    if not len(rows) or not single(bench.task) or not bench.current(round_):
        return [Estimate(estimate=None)] * len(centres)
    if not bench.learned(round_):
        return [Estimate(estimate=None)] * len(centres)
    of, _ = assign(np.asarray(bench.features(round_)[rows]), centres)
    right = bench.final(round_).predict_proba(bench.seen(round_, rows)).argmax(axis=1) == classes
    found = []
    for region in range(len(centres)):
        here = right[of == region]
        n, k = len(here), int(here.sum())
        found.append(
            Estimate(
                estimate=k / n, low=lower_bound(k, n, 0.975), high=upper_bound(k, n, 0.975), n=n,
                method="exact",
            )
            if n
            else Estimate(estimate=None)
        )  # fmt: skip
    return found


def _points(
    bench: Workbench, pool: np.ndarray, features: np.ndarray, of: np.ndarray, asked: np.ndarray
) -> tuple[tuple[float, float, int, bool], ...]:
    rng = np.random.default_rng(derive_seed(bench.context.seed, "points"))
    drawn = rng.permutation(len(pool))[:POINTS]
    known = rng.permutation(np.flatnonzero(asked))[:_ASKED_POINTS]
    some = np.union1d(drawn, known)
    places = plane(np.asarray(features[pool[some]]))
    return tuple(
        (round(float(x), 3), round(float(y), 3), int(of[i]) + 1, bool(asked[i]))
        for (x, y), i in zip(places, some, strict=True)
    )
