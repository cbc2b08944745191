"""The comparisons of a campaign: pool with holdout, new and changed rows with the others, asked with pool.

What does not hang on the model is tested once for each version of the data and kept; what it predicts is
looked at in every round, at a level for all rounds together. Of items that must not be parted (a group, or
equal content) one stands for all, so that items are exchangeable where nothing differs. An encoder that
learned from the pool would tell pool from holdout by that alone: it is fitted anew, on both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.loop.pretrain.encoder import PretrainedEncoder
from labelwright.loop.record import Estimate
from labelwright.loop.seeds import derive_seed
from labelwright.loop.shift import classes as shares_of
from labelwright.loop.shift.columns import counts, differ, missing, numbers, script, values
from labelwright.loop.shift.levels import LEVEL, holm, looked_again
from labelwright.loop.shift.records import About, ClassShare, Comparison, ShiftTest
from labelwright.loop.shift.two_sample import FEWEST, two_sample
from labelwright.loop.split import ASIDE, HOLDOUT, POOL
from labelwright.loop.supported import single

if TYPE_CHECKING:
    from labelwright.loop.items import Snapshot
    from labelwright.loop.labels import Labels
    from labelwright.loop.shift.classes import Shares
    from labelwright.loop.workbench import Workbench

MOST = 2_000
"""Items of each part that are looked at; more are drawn at random."""

_REFITTED = 1_000  # the same, where an encoder is fitted on them
_PREDICTED, _VECTORS = "predicted classes", "vectors"
_LABELS = 30  # on the holdout, that tell how the model confuses classes


def comparisons(bench: Workbench, round_: int) -> list[Comparison]:
    """All of a round that has learned; those of an earlier one are taken over where nothing changed."""
    before = bench.store.outcome(round_ - 1, "measure") if round_ else None
    same = before is not None and _features(bench, round_ - 1) == _features(bench, round_)
    kept = [Comparison.model_validate(told) for told in (before or {}).get("shift", [])]
    known = {each.about: each for each in kept} if same else {}
    found = []
    for about, one, other in _parts(bench, round_):
        rows = _drawn(bench, round_, about, one, other)
        told = known.get(about) or _of_data(bench, about, (one, other), rows, round_)
        found.append(_with_classes(bench, round_, told, rows))
    return found


def asked_and_pool(bench: Workbench, round_: int) -> Comparison | None:
    """What was asked to learn from beside the rest of the pool: they differ by design."""
    if not single(bench.task) or not bench.current(round_):
        return None
    training, pool = _training(bench, round_), bench.split(round_) == POOL
    asked = taught(bench, round_)
    one, other = np.flatnonzero(pool & asked), np.flatnonzero(pool & ~asked)
    about: About = "asked and pool"
    rows = _drawn(bench, round_, about, one, other)
    told = _of_data(bench, about, (one, other), rows, round_)
    if told.untested or not bench.learned(round_):
        return told
    labels = np.bincount(training.classes, minlength=len(bench.task.labels))
    estimated = _estimated(bench, round_, rows[1])
    return told.model_copy(update={"shares": _shares(bench, shares_of.counted(labels), estimated)})


def taught(bench: Workbench, round_: int) -> np.ndarray:
    """(n_items,) bool: asked about up to this round, or labelled before."""
    items, training = bench.items(round_), _training(bench, round_)
    rows = items.rows_of([c.item for c in bench.store.choices() if c.round <= round_])
    found = np.zeros(len(items), dtype=bool)
    found[rows[rows >= 0]] = found[training.rows] = found[training.unusable] = True
    return found


def _features(bench: Workbench, round_: int) -> tuple[Any, Any]:
    return bench.store.outcome(round_, "embed"), (bench.store.outcome(round_, "split") or {}).get(
        "split"
    )


def _parts(bench: Workbench, round_: int) -> list[tuple[About, np.ndarray, np.ndarray]]:
    """What is compared with what, as rows; new and changed rows only in the round that found them."""
    split, items = bench.split(round_), bench.items(round_)
    found: list[tuple[About, np.ndarray, np.ndarray]] = [
        ("pool and holdout", np.flatnonzero(split == POOL), np.flatnonzero(split == HOLDOUT))
    ]
    before = bench.store.outcome(round_ - 1, "split") if round_ else None
    now = bench.needed(round_, "split")
    if before is None or before["snapshot"] == now["snapshot"]:
        return found
    earlier = bench.snapshot(before["snapshot"])
    rows = earlier.rows_in(items)
    known = rows >= 0
    same = np.zeros(len(rows), dtype=bool)
    same[known] = (earlier.contents[rows[known]] == items.contents[known]).all(axis=1)
    held = split == HOLDOUT
    in_use = split != ASIDE
    if (~known & ~held).any():
        found.append(
            ("new and old", np.flatnonzero(~known & ~held), np.flatnonzero(known & in_use))
        )
    if (known & ~same).any():
        found.append(
            ("changed and unchanged", np.flatnonzero(known & ~same), np.flatnonzero(same & in_use))
        )
    return found


def _drawn(
    bench: Workbench, round_: int, about: About, one: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows to look at: one of each unit, at most `MOST` of either part, at random."""
    units, _ = bench.items(round_).units(bench.task.data.group)
    rng = np.random.default_rng(derive_seed(bench.context.seed, "shift", about))

    def some(rows: np.ndarray) -> np.ndarray:
        mixed = rng.permutation(rows)
        _, first = np.unique(units[mixed], return_index=True)
        return np.sort(rng.permutation(mixed[first])[:MOST])

    return some(one), some(other)


def _of_data(
    bench: Workbench,
    about: About,
    whole: tuple[np.ndarray, np.ndarray],
    rows: tuple[np.ndarray, np.ndarray],
    round_: int,
) -> Comparison:
    """The tests that hang on no model."""
    sizes: dict[str, Any] = {
        "about": about, "one": len(whole[0]), "other": len(whole[1]),
        "looked": (len(rows[0]), len(rows[1])), "level": LEVEL,
    }  # fmt: skip
    if (least := min(map(len, rows))) < FEWEST:
        return Comparison(**sizes, untested=f"{least} different items are fewer than {FEWEST}")
    seed = derive_seed(bench.context.seed, "two samples", about)
    vectors = two_sample(*_vectors(bench, round_, rows), seed)
    tests = [
        ShiftTest(
            what=_VECTORS, kind="AUC", effect=vectors.auc, p=vectors.p, adjusted=vectors.p,
            low=vectors.low, high=vectors.high,
        )
    ]  # fmt: skip
    items = bench.items(round_)
    tests += of_items(items.take(rows[0]), items.take(rows[1]))
    return Comparison(**sizes, tests=tuple(adjusted(tests)))


def _vectors(
    bench: Workbench, round_: int, rows: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    items = bench.items(round_)
    encoder = bench.encoder(items.inputs)
    taught = False
    if isinstance(encoder, PretrainedEncoder):
        # Taught on the pool alone: what it has learned would tell pool and holdout apart.
        taught, encoder = True, encoder.encoder
    if not encoder.fitted and not taught:
        features = bench.features(round_)
        return np.asarray(features[rows[0]]), np.asarray(features[rows[1]])
    least = min(_REFITTED, *map(len, rows))
    rng = np.random.default_rng(derive_seed(bench.context.seed, "shift encoder"))
    if encoder.fitted:  # on as many of each
        both = [np.sort(rng.permutation(part)[:least]) for part in rows]
        encoder.fit(items.take(np.sort(np.concatenate(both))))
        rows = both[0], both[1]
    one, other = (bench.encode(encoder, items.take(part), bench.context) for part in rows)
    return one, other


def of_items(one: Snapshot, other: Snapshot) -> list[ShiftTest]:
    """Tests of what items are made of: lengths and scripts of texts, columns of tables; not adjusted."""
    found: list[ShiftTest] = []

    def add(what: str, tested: Any) -> None:
        if tested is not None:
            found.append(
                ShiftTest(
                    what=what, kind=tested.kind, effect=tested.effect, p=tested.p, adjusted=tested.p
                )
            )

    def column(name: str) -> tuple[list[Any], list[Any]]:
        return one.table[name].to_pylist(), other.table[name].to_pylist()

    for name in one.inputs.text:
        a, b = ([str(v or "") for v in part] for part in column(name))
        add(f"length of {name}", numbers(*(np.array([float(len(v)) for v in p]) for p in (a, b))))
        add(f"script of {name}", values([script(v) for v in a], [script(v) for v in b]))
    for name in one.inputs.columns:
        add(f"column {name}", differ(*column(name)))
        add(f"missing in {name}", missing(*column(name)))
    return found


def adjusted(tests: Sequence[ShiftTest]) -> list[ShiftTest]:
    """The same, adjusted by Holm: vectors, predicted classes and all columns as one; then among columns."""
    columns = [test for test in tests if test.what not in (_VECTORS, _PREDICTED)]
    others = [test for test in tests if test.what in (_VECTORS, _PREDICTED)]
    single_p = [test.p for test in others]
    if columns:
        single_p.append(min(1.0, len(columns) * min(test.p for test in columns)))
    outer = holm(single_p)
    within = holm([test.p for test in columns])
    found = {
        t.what: t.model_copy(update={"adjusted": a}) for t, a in zip(others, outer, strict=False)
    }
    found |= {
        test.what: test.model_copy(update={"adjusted": max(outer[-1], a)})
        for test, a in zip(columns, within, strict=True)
    }
    return [found[test.what] for test in tests]


# --- what the model predicts ------------------------------------------------------------------


def _with_classes(
    bench: Workbench, round_: int, told: Comparison, rows: tuple[np.ndarray, np.ndarray]
) -> Comparison:
    """With the test of predicted classes (black-box shift detection: Rabanser, Günnemann & Lipton 2019)."""
    rest = [test for test in told.tests if test.what != _PREDICTED]
    if told.untested or not single(bench.task) or not bench.learned(round_):
        return told
    predict = _predictor(bench, round_)
    tested = counts(np.stack([_counts(bench, predict, part) for part in rows]))
    if tested is not None:
        p = looked_again(tested.p, round_)
        rest.append(
            ShiftTest(what=_PREDICTED, kind=tested.kind, effect=tested.effect, p=p, adjusted=p)
        )
    told = told.model_copy(update={"tests": tuple(adjusted(rest))})
    return with_shares(bench, round_, told, rows) if told.about == "new and old" else told


def with_shares(
    bench: Workbench,
    round_: int,
    told: Comparison,
    rows: tuple[np.ndarray, np.ndarray] | None = None,
) -> Comparison:
    """With the class shares of both parts; rows: those looked at, where they are not pool and holdout."""
    if told.untested or not single(bench.task) or not bench.learned(round_):
        return told
    if rows is None:
        split = bench.split(round_)
        rows = _drawn(
            bench,
            round_,
            told.about,
            np.flatnonzero(split == POOL),
            np.flatnonzero(split == HOLDOUT),
        )
    one, other = (_estimated(bench, round_, part) for part in rows)
    if told.about == "pool and holdout" and other is not None:
        _, held = bench.labels(round_, bench.needed(round_, "collect")["watermark"])
        other = shares_of.counted(np.bincount(held.classes, minlength=len(bench.task.labels)))
    return told.model_copy(update={"shares": _shares(bench, one, other)})


def _predictor(bench: Workbench, round_: int) -> Callable[[np.ndarray], np.ndarray]:
    """From rows to predicted classes: the round's model, or one on vectors where a network takes long."""
    from labelwright.loop.workbench import reads_vectors

    features = bench.features(round_)
    if reads_vectors(bench.learner(round_)):
        model = bench.final(round_)
    else:
        training = _training(bench, round_)
        model = bench.once(
            ("shift model", round_),
            lambda: bench.chooser(round_).fit(
                np.asarray(features[training.rows]), bench.targets(training)
            ),
        )
    return lambda rows: np.asarray(model.predict_proba(np.asarray(features[rows])).argmax(axis=1))


def _training(bench: Workbench, round_: int) -> Labels:
    return bench.labels(round_, bench.needed(round_, "collect")["watermark"])[0]


def _counts(
    bench: Workbench, predict: Callable[[np.ndarray], np.ndarray], rows: np.ndarray
) -> np.ndarray:
    return np.bincount(predict(rows), minlength=len(bench.task.labels))


def _estimated(bench: Workbench, round_: int, rows: np.ndarray) -> Shares | None:
    """Class shares of these rows by what is predicted; None where too few holdout labels tell confusions."""
    _, held = bench.labels(round_, bench.needed(round_, "collect")["watermark"])
    if len(held) < _LABELS:
        return None
    n = len(bench.task.labels)
    predict = _predictor(bench, round_)
    confusion = np.zeros((n, n))
    np.add.at(confusion, (held.classes, predict(held.rows)), 1)
    seed = derive_seed(bench.context.seed, "class shares")
    return shares_of.shares(confusion, _counts(bench, predict, rows), seed)


def _shares(bench: Workbench, one: Shares | None, other: Shares | None) -> tuple[ClassShare, ...]:
    if one is None or other is None:
        return ()

    def estimate(told: Shares, i: int) -> Estimate:
        return Estimate(
            estimate=float(told.share[i]), low=float(told.low[i]), high=float(told.high[i])
        )

    return tuple(
        ClassShare(label=each.id, one=estimate(one, i), other=estimate(other, i))
        for i, each in enumerate(bench.task.labels)
    )
