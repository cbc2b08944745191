"""Pseudo-labels where the model is sure: thresholded self-training, once, behind the gate.

Lee 2013, "Pseudo-Label"; distribution alignment after Berthelot et al. 2020 (ReMixMatch); thresholds that
adapt after FlexMatch (Zhang et al. 2021) and FreeMatch (Wang et al. 2023).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from labelwright.loop.errors import PluginError
from labelwright.loop.ports import Pseudo

if TYPE_CHECKING:
    import numpy as np

    from labelwright.dsl.task import PseudoLabels
    from labelwright.loop.ports import Learner, Model

_SMOOTHING = 2  # labels added to every class that has some, in the prior
_TRIAL_ROWS = 4_000  # unlabelled rows that each fold of the gate's trial works with

Adaptive = Literal["none", "flex", "free"]


def threshold(
    *,
    learner: Learner,
    X_labelled: np.ndarray,
    targets: np.ndarray,
    X_unlabelled: np.ndarray,
    settings: PseudoLabels,
    class_ids: Sequence[str],
    random_state: int,
    adaptive: Adaptive = "none",
) -> Pseudo:
    """Items that the model is sure of count as labelled, if cross-validation finds that it helps.

    adaptive: thresholds as the task file says (none), lower for classes of which few items are surely seen
    (flex), or as sure as the model is on average, lower for rarer classes (free). An item is taken where its
    probability, aligned to the labels' distribution, reaches its class's threshold: up to `cap` items for
    each label of the class, drawn at random (the surest ones teach least). Together they weigh as much as the
    labels, one by one never more. Implements `pseudo.PseudoMethod`.
    """
    import numpy as np

    from labelwright.loop.learn.gate import FEWEST, trial, usable

    if adaptive not in ("none", "flex", "free"):
        raise PluginError(
            f"threshold: there is no adaptive {adaptive!r}", "write none, flex or free"
        )
    limits = np.array([settings.thresholds.get(c, settings.threshold) for c in class_ids])
    supervised = learner.fit(X_labelled, targets)

    def closed(why: str, before: float = np.nan, after: float = np.nan) -> Pseudo:
        nothing = np.zeros(0, dtype=np.int64)
        return Pseudo(supervised, nothing, nothing, "closed", why, before, after)

    n_usable = int(usable(targets).sum())
    if n_usable < FEWEST:
        return closed(
            f"{n_usable} labels of classes with two or more are too few to check pseudo-labels by "
            f"cross-validation; {FEWEST} are needed"
        )
    if len(X_unlabelled) == 0:
        return closed("there is no unlabelled item left")
    probs = supervised.predict_proba(X_unlabelled)
    rows, labels = select(probs, targets, settings, limits, random_state, adaptive)
    if len(rows) == 0:
        return closed("the model is sure enough of no unlabelled item")
    rng = np.random.default_rng(random_state)
    n_rows = min(_TRIAL_ROWS, len(X_unlabelled))
    sample = X_unlabelled[np.sort(rng.choice(len(X_unlabelled), size=n_rows, replace=False))]

    def on_fold(fold: np.ndarray, plain: Callable[[np.ndarray], np.ndarray]) -> Model:
        chosen, given = select(
            plain(sample), targets[fold], settings, limits, random_state, adaptive
        )
        return retrain(learner, X_labelled[fold], targets[fold], sample[chosen], given)

    found = trial(learner, X_labelled, targets, on_fold, random_state)
    figures = (
        f"cross-validated log-loss {found.plain:.3f} without and {found.semi:.3f} with "
        f"pseudo-labels, over {found.items} labels"
    )
    if not found.better:
        return closed(f"{figures}: no clear gain", found.plain, found.semi)
    model = retrain(
        learner, X_labelled, targets, X_unlabelled[rows], labels, calibrate=found.temperature
    )
    return Pseudo(model, rows, labels, "open", figures, found.plain, found.semi)


def select(
    probs: np.ndarray,
    targets: np.ndarray,
    settings: PseudoLabels,
    limits: np.ndarray,
    random_state: int,
    adaptive: Adaptive = "none",
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of `probs` (m, n_classes) to take and the class of each, in the order of the rows.

    targets: (n, n_classes) of the labels there are; limits: (n_classes,) thresholds.
    """
    import numpy as np

    counts = targets.sum(axis=0)
    if settings.distribution_alignment:
        probs = aligned(probs, counts)
    limits = adapted(adaptive, probs, limits)
    label = probs.argmax(axis=1)
    sure = probs.max(axis=1) >= limits[label]
    rng = np.random.default_rng(random_state)
    order = rng.permutation(len(probs))
    order = order[sure[order]]
    taken = []
    for c in np.flatnonzero(counts):
        room = len(order) if settings.cap is None else int(settings.cap.per_label * counts[c])
        taken.append(order[label[order] == c][:room])
    rows = np.sort(np.concatenate(taken))
    return rows, label[rows]


def adapted(adaptive: Adaptive, probs: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Thresholds (n_classes,) by what the model says of the unlabelled items, `probs` (m, n_classes).

    flex: β / (2 − β) of the limit, where β is how many items reach their class's limit there, beside the
    most of any class or those that reach none, whichever are more. free: the mean probability of the
    likeliest class, times each class's mean probability beside the highest; limits have no part in it.
    """
    import numpy as np

    label, sure = probs.argmax(axis=1), probs.max(axis=1)
    if adaptive == "flex":
        reached = sure >= limits[label]
        counts = np.bincount(label[reached], minlength=len(limits))
        learned = counts / max(counts.max(), np.count_nonzero(~reached), 1)
        return np.asarray(limits * learned / (2 - learned))
    if adaptive == "free":
        mean = probs.mean(axis=0)
        return np.asarray(sure.mean() * mean / mean.max())
    return limits


def aligned(probs: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """`probs` (m, n_classes) scaled so that their mean nears the labels' distribution; rows sum to 1.

    counts: (n_classes,) labels of each class, to which two are added where there are any.
    """
    import numpy as np

    prior = np.where(counts > 0, counts + _SMOOTHING, 0)
    ratio = (prior / prior.sum()) / np.maximum(probs.mean(axis=0), 1e-12)
    scaled = probs * ratio
    return np.asarray(scaled / np.maximum(scaled.sum(axis=1, keepdims=True), 1e-300))


def retrain(
    learner: Learner,
    X_labelled: np.ndarray,
    targets: np.ndarray,
    X_pseudo: np.ndarray,
    labels: np.ndarray,
    *,
    calibrate: bool | float = False,
) -> Model:
    """A model of the labels and the pseudo-labels, which together weigh no more than the labels."""
    import numpy as np

    n, m = len(X_labelled), len(X_pseudo)
    given = np.zeros((m, targets.shape[1]))
    given[np.arange(m), labels] = 1
    return learner.fit(
        np.concatenate([X_labelled, X_pseudo]),
        np.concatenate([targets, given]),
        np.concatenate([np.ones(n), np.full(m, min(1.0, n / max(m, 1)))]),
        calibrate=calibrate,
    )
