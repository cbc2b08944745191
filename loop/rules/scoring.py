"""Each rule beside what is known: the label model, labels that were chosen, and the holdout's fair sample.

The holdout's labels judge a rule and teach none: they reach neither the label model nor what learns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.loop.measure.intervals import lower_bound, upper_bound
from labelwright.loop.record import Estimate
from labelwright.loop.rules.learned import LabelModel, learned
from labelwright.loop.rules.records import RuleScore, RulesScored

if TYPE_CHECKING:
    from labelwright.dsl.task import Rule
    from labelwright.loop.rules.votes import Votes
    from labelwright.loop.workbench import Workbench

LEVEL = 0.05
"""Chance that any rule of a task is called worse than chance and is not."""

Known = tuple[np.ndarray, np.ndarray]
"""Rows of the votes, and their class indices."""


def scores_at(bench: Workbench, round_: int) -> RulesScored | None:
    """Of a round's rules, by the labels that it ended with; None where none votes, or answers are several."""
    from labelwright.loop.rules.at_work import votes_at
    from labelwright.loop.supported import single

    votes = votes_at(bench, round_) if single(bench.task) else None
    if votes is None:
        return None
    training, held = bench.labels(round_, bench.needed(round_, "collect")["watermark"])
    return scored(
        bench.task.rules, votes, (training.rows, training.classes), (held.rows, held.classes)
    )


def scored(rules: Sequence[Rule], votes: Votes, labelled: Known, held: Known) -> RulesScored:
    """rules: of the task; labelled: of the pool, held: of the holdout."""
    rows, classes = labelled
    hot = np.eye(votes.within.shape[1])
    model = learned(votes, votes.take(rows), hot[classes])
    heard = votes.fired & ~votes.vetoed[:, None]
    named = {rule.name: rule for rule in rules}
    against = _contradicting(votes)
    many = heard.astype(np.float32) @ against > 0
    found = []
    for j, name in enumerate(votes.names):
        rule = named[name]
        assert rule.label is not None
        assert rule.action != "veto"
        tests = [_worse(heard[r, j], votes.within[j][c]) for r, c in (labelled, held)]
        found.append(
            RuleScore(
                name=name,
                action=rule.action,
                label=rule.label,
                fires=int(heard[:, j].sum()),
                conflicts=int((heard[:, j] & many[:, j]).sum()),
                chosen=_share(heard[rows, j], votes.within[j][classes]),
                held=_share(heard[held[0], j], votes.within[j][held[1]]),
                worse=min(tests) <= LEVEL / (2 * len(votes.names)),
                **_learned(model, j),
            )
        )
    return RulesScored(
        items=len(votes),
        covered=int(heard.any(axis=1).sum()),
        labelled=len(rows),
        held=len(held[0]),
        rules=tuple(found),
    )


def _learned(model: LabelModel | None, j: int) -> dict[str, Any]:
    if model is None or j not in model.rules:
        return {}
    place = int(np.flatnonzero(model.rules == j)[0])
    low, high = model.interval()
    return {
        "unaided": float(model.unaided[place]),
        "voice": float(model.voice[place]),
        "estimated": Estimate(
            estimate=float(model.accuracy[place]), low=float(low[place]), high=float(high[place]),
            n=int(model.worth[place]), method="label model",
        ),
    }  # fmt: skip


def _contradicting(votes: Votes) -> np.ndarray:
    """(R, R) 1 where no class is spoken for by both."""
    both = votes.within.astype(np.float32) @ votes.within.T.astype(np.float32)
    return np.asarray((both == 0), dtype=np.float32)


def _share(fired: np.ndarray, right: np.ndarray) -> Estimate:
    n, k = int(fired.sum()), int((fired & right).sum())
    if not n:
        return Estimate(estimate=None)
    return Estimate(
        estimate=k / n, low=lower_bound(k, n, 0.975), high=upper_bound(k, n, 0.975), n=n,
        method="exact",
    )  # fmt: skip


def _worse(fired: np.ndarray, right: np.ndarray) -> float:
    """One-sided p of Fisher's exact test: is what the rule says rarer where it fires than elsewhere?

    Among labels that were chosen this compares like with like: the rest were chosen too.
    """
    from scipy.stats import hypergeom

    n, k = int(fired.sum()), int((fired & right).sum())
    if not n or n == len(fired):
        return 1.0
    return float(hypergeom.cdf(k, len(fired), int(right.sum()), n))
