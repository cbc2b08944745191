"""People and a model together: each weighs what it proved to be worth.

In the manner of CROWDLAB (Goh, Tkachenko & Mueller 2022), whose own weights `allocating` has; but the
parts are multiplied as likelihoods instead of being averaged:

    q_i(k) ∝ p_M(k | x_i)^w Π_j π_j[k, y_ij]

`reliability` chooses the model of people π, by answers that were held out. w is chosen by the same answers:
the smallest of 0, ½, 1, 1½ and 2 within one standard error of the best. p_M must come from models that did
not train on the item (cross-validation). Without predictions, or where they do not help to foretell what
people say, w is 0 and people alone decide. Nobody is overruled who was asked alone: the label of an item with
one answer is that answer, whatever its probability.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labelwright.loop.people.answers import labels_of, told
from labelwright.loop.people.majority import Resolved

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.people.scale import Scale
    from labelwright.loop.people.votes import Votes

WEIGHTS = (0.0, 0.5, 1.0, 1.5, 2.0)
_LEAST = 1e-6  # of a predicted probability


@dataclass(frozen=True)
class Weighed:
    """What the label of each item is believed to be, and why.

    probs: (n_items, n_classes). people: the model of people that was chosen. weight: w of the model's view.
    matrices: (n_people or 1, n_classes true, n_classes said) what each person says, by what is true.
    """

    probs: np.ndarray
    people: str
    weight: float
    matrices: np.ndarray


def crowdlab(
    annotations: Sequence[tuple[str, str, str]],
    classes: Sequence[str],
    on_scale: Scale | None = None,
    probs: Mapping[str, np.ndarray] | None = None,
) -> dict[str, Resolved]:
    """The likeliest class, by people as reliable as they prove, and by a model where there is one.

    probs: by item, (n_classes,) probabilities over `classes` by a model that did not train on the item.
    """
    import numpy as np

    from labelwright.loop.people.votes import table

    made = table(annotations, classes)
    if not made.items:
        return {}
    predicted = None
    if probs is not None:
        even = np.full(len(classes), 1 / len(classes))
        predicted = np.array([probs.get(item, even) for item in made.items])
    found = weigh(made.votes, predicted, on_scale).probs
    return told(made, found, decide(made.votes, found, on_scale))


def decide(votes: Votes, probs: np.ndarray, scale: Scale | None = None) -> np.ndarray:
    """(n_items,) labels: the likeliest, but of an item with one answer that answer."""
    import numpy as np

    return np.where(
        votes.per_item == 1, votes.counts.argmax(axis=1), labels_of(votes, probs, scale)
    )


def weigh(
    votes: Votes,
    predicted: np.ndarray | None = None,
    scale: Scale | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Weighed:
    """predicted: (n_items, n_classes) out-of-sample probabilities, even where there is none."""
    import numpy as np

    from labelwright.loop.people import reliability

    apart = None if scale is None else scale.apart()
    chosen = reliability.choose(votes, apart=apart, progress=progress)
    logs, weight = None, 0.0
    if predicted is not None and (votes.per_item > 1).any():
        known = np.log(np.maximum(predicted, _LEAST))
        weight = _weight(votes, chosen, known, apart)
        logs = weight * known if weight else None
    found = chosen.fit(votes, logs, apart)
    return Weighed(found.probs, chosen.name, weight, found.matrices)


def _weight(votes: Votes, people: object, known: np.ndarray, apart: np.ndarray | None) -> float:
    import numpy as np

    from labelwright.loop.people import reliability

    assert isinstance(people, reliability.Candidate)
    folds = reliability.held_out(votes)
    scores = [
        reliability.foretold(votes, folds, people, w * known if w else None, apart) for w in WEIGHTS
    ]
    return WEIGHTS[reliability.plainest(np.stack(scores))]
