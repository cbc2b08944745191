"""The label model of a campaign's rules as a round finds it: what chooses, suggests and is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.rules.learned import LabelModel, learned
from labelwright.loop.rules.votes import Votes, votes
from labelwright.loop.supported import single

if TYPE_CHECKING:
    from labelwright.loop.labels import Labels
    from labelwright.loop.workbench import Workbench


@dataclass(frozen=True, eq=False)
class Rules:
    """The votes on all items of a round, and the label model of them."""

    votes: Votes
    model: LabelModel

    def probabilities(self, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """(n, n_classes) of these items; see `LabelModel.probabilities`."""
        return self.model.probabilities(self.votes.take(rows))


def rules_at(bench: Workbench, round_: int) -> Rules | None:
    """By the labels of the pool that were there when the round began. None where rules tell no class.

    Raises DataError where a rule does not fit the data.
    """
    return bench.once(  # type: ignore[no-any-return]
        ("rules", round_, len(bench.versions)),
        lambda: of_labels(bench, round_, bench.labels(round_, bench.watermark(round_))[0]),
    )


def of_labels(bench: Workbench, round_: int, training: Labels) -> Rules | None:
    """The same by these labels of the pool."""
    found = votes_at(bench, round_) if single(bench.task) else None
    if found is None:
        return None
    model = learned(found, found.take(training.rows), bench.targets(training))
    return None if model is None else Rules(found, model)


def votes_at(bench: Workbench, round_: int) -> Votes | None:
    """What the rules say of the round's items; None where no rule speaks of a class."""
    if not bench.task.rules:
        return None
    return bench.once(("votes", round_), lambda: votes(bench.task, bench.items(round_).table))  # type: ignore[no-any-return]
