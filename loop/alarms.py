"""What of a round's choice somebody should look at: a strategy that fails silently looks like this."""

from __future__ import annotations

from labelwright.loop.history import Arm, Choosing, RoundRecord

SAYS_NOTHING = ("random",)
"""Strategies whose utility means nothing."""

COUNTS = ("k_means", "committee", "prob_cover")
"""Strategies whose utility is a count, or a share of a few votes: equal ones say little, unless all are 0."""

CHANCE = 1e-6
"""Overlap with a random draw that is less likely than this is no chance."""


def alarms(record: RoundRecord) -> list[str]:
    """A sentence for each thing that is wrong with how the round's items were chosen."""
    return holdout_alarms(record) + _of_choosing(record)


def holdout_alarms(record: RoundRecord) -> list[str]:
    """That the model's confidences did not help to draw the holdout, as the task asks."""
    stage = record.holdout_stage
    if stage is None or stage.evidence is None or stage.design != "uniform":
        return []
    return [f"{stage.why}: the holdout’s next {stage.drawn:,} items were drawn uniformly"]


def _of_choosing(record: RoundRecord) -> list[str]:
    told = record.choosing
    if told is None:  # a round of an earlier version: only the spread of the whole batch is known
        spread, name = record.utility_spread, record.strategy.partition("(")[0]
        flat = spread is not None and len(set(spread)) == 1
        return [_flat(name)] if flat and name not in (*SAYS_NOTHING, *COUNTS) else []
    batch = sum(arm.items for arm in told.arms)
    if told.pool <= batch:
        return []  # there was nothing to choose
    found = [_flat(arm.strategy) for arm in told.arms if _is_flat(arm)]
    if record.strategy not in SAYS_NOTHING and told.by_chance and _no_chance(told, batch):
        found.append(
            f"{told.by_chance} of {batch} items are those that a random draw with the same seed takes"
        )
    return found


def _is_flat(arm: Arm) -> bool:
    if not arm.constant or arm.strategy in SAYS_NOTHING or arm.utilities is None:
        return False
    return arm.strategy not in COUNTS or arm.utilities[0] == 0


def _flat(strategy: str) -> str:
    return f"{strategy} gave all items that it chose the same utility: it told none apart"


def _no_chance(told: Choosing, batch: int) -> bool:
    """Whether half the batch or more is the random draw's, and that is no coincidence."""
    from scipy.stats import hypergeom

    assert told.by_chance is not None
    if told.by_chance < batch / 2:  # strategies may draw the candidates they choose among
        return False
    return bool(hypergeom.sf(told.by_chance - 1, told.pool, told.drawn, batch) < CHANCE)
