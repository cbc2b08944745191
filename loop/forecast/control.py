"""Does choosing help here? Labels drawn at random beside the chosen ones, and what as many of each teach.

The control arm's model learns from its labels alone; beside it stand models of the first chosen labels, of
several numbers, by the same learner and measured on the same holdout. Where the chosen ones' curve passes
the control arm's figure is what the choice saves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.forecast.noise import jagged_only
from labelwright.loop.forecast.posterior import posterior
from labelwright.loop.history import Band, Control, Helps
from labelwright.loop.seeds import derive_seed
from labelwright.loop.supported import single

if TYPE_CHECKING:
    from labelwright.loop.labels import Labels
    from labelwright.loop.workbench import Workbench

LEAST = 20
"""Labels of the control arm, and two a class, below which nothing is said."""
_SIZES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
_JAGGED = 0.05  # as `noise`
_DRAWS = 2_000


def control(bench: Workbench, round_: int) -> Control | None:
    """The round's view of the control arm; None where the task has none."""
    if not bench.task.query.control or not single(bench.task) or not bench.learned(round_):
        return None
    watermark = bench.needed(round_, "collect")["watermark"]
    training, held = bench.labels(round_, watermark)
    drawn, chosen = _arms(bench, round_, training)
    found = Control(labels=len(drawn), n=len(held))
    least = max(LEAST, 2 * len(bench.task.labels))
    learner = bench.learner(round_)
    if len(drawn) < least or len(held) < 2 or getattr(learner, "reads", "vectors") != "vectors":
        return found
    features, targets = bench.features(round_), bench.targets(training)
    X_held = np.asarray(features[held.rows])

    def right(of: np.ndarray) -> np.ndarray:
        X = np.asarray(features[training.rows[of]])
        model = learner.fit(X, targets[of], calibrate=False)
        return np.asarray(model.predict_proba(X_held).argmax(axis=1) == held.classes)

    by_chance = right(drawn)
    sizes = sorted({round(share * len(drawn)) for share in _SIZES})
    sizes = [n for n in sizes if len(bench.task.labels) <= n <= len(chosen)]
    beside = {n: right(chosen[:n]) for n in sizes}
    return found.model_copy(
        update={
            "accuracy": float(by_chance.mean()),
            "chosen": tuple((n, float(r.mean())) for n, r in beside.items()),
            "apart": tuple(
                float(np.var(r * 1.0 - by_chance) / len(r)) ** 0.5 for r in beside.values()
            ),
        }
    )


def _arms(bench: Workbench, round_: int, training: Labels) -> tuple[np.ndarray, np.ndarray]:
    """Positions in the training labels: drawn at random, and chosen in the order they were asked in."""
    drawn: set[str] = set()
    for number in range(round_ + 1):
        drawn.update((bench.store.outcome(number, "choose") or {}).get("control", ()))
    items = bench.items(round_)
    asked = [c for c in bench.store.choices() if c.purpose == "train" and c.round <= round_]
    rows = items.rows_of([c.item for c in asked])
    place = {int(row): at for at, row in enumerate(training.rows)}
    arms: tuple[list[int], list[int]] = ([], [])
    for choice, row in zip(asked, rows, strict=True):
        at = place.pop(int(row), None)
        if at is not None:
            arms[choice.item not in drawn].append(at)
    return np.array(arms[0], dtype=np.int64), np.array(arms[1], dtype=np.int64)


def helps(found: Control | None, classes: int, seed: int) -> Helps | None:
    """What the last round's control arm says of the choice, with a 90% interval; not known is called so."""
    if found is None:
        return None
    if found.accuracy is None or len(found.chosen) < 3:
        least = max(LEAST, 2 * classes)
        why = f"not known yet: {found.labels} labels were drawn at random, and it takes {least}"
        if found.labels >= least:
            why = (
                "not known: too few chosen labels, or a learner that takes too long to train twice"
            )
        return Helps(labels=found.labels, sentence=why)
    low, middle, high = saving(found, classes, seed)
    words = f"{middle:.1f} times ({low:.1f} to {high:.1f})"
    if low > 1:
        told = f"choosing saves labels here: chance needs {words} as many for the same figure"
    elif high < 1:
        told = f"choosing costs labels here: chance needs only {words} as many for the same figure"
    else:
        told = f"not clear yet whether choosing helps: chance needs {words} as many labels"
    band = Band(estimate=middle, low=low, high=high)
    return Helps(
        labels=found.labels, saving=band, sentence=f"{told}, at {found.labels} drawn labels"
    )


def saving(found: Control, classes: int, seed: int) -> tuple[float, float, float]:
    """Labels by chance ÷ chosen labels for the same figure: 5%, median, 95%.

    The holdout is the same for both, so that only where the two differ on its items counts as noise, and
    that one model is by luck better or worse than its labels' number makes it.
    """
    assert found.accuracy is not None
    n, figure = (np.array(column) for column in zip(*found.chosen, strict=True))
    curves = posterior(jagged_only(n, figure), classes, derive_seed(seed, "control curve") % 2**31)
    nearest = int(np.abs(figure - found.accuracy).argmin())
    error = 1 - found.accuracy
    deviation = (found.apart[nearest] ** 2 + (_JAGGED * max(error, 0.01)) ** 2) ** 0.5
    rng = np.random.default_rng(derive_seed(seed, "control"))
    weights = curves.draw_weights
    picked = rng.choice(len(weights), _DRAWS, p=weights)
    noise = np.clip(error + deviation * rng.standard_normal(_DRAWS), 1e-3, 1 - 1e-3)
    labels = curves.reach_of(picked, noise)
    savings = found.labels / np.clip(labels, found.labels / 20, found.labels * 20)
    low, middle, high = np.quantile(savings, (0.05, 0.5, 0.95))
    return float(low), float(middle), float(high)
