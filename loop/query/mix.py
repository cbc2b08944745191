"""Several strategies in one batch, each with its share: `mix(margin, random(10%))`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from labelwright.dsl.task import Call, Percent
from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import part as part_of
from labelwright.loop.query.contract import checked

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.plugins import Installed
    from labelwright.loop.ports import QueryLearner


def mix(
    learner: QueryLearner,
    X: np.ndarray,
    n_instances: int,
    *strategies: Call,
    random_state: int,
    plugins: Installed,
) -> Chosen:
    """Several strategies, each for its share of the batch, no item twice.

    An arm that begins with a percent has that share; the arms without one divide the rest evenly.
    Arms choose in the order written, each from what those before it left. Utilities, probabilities
    and reasons are the arms' own: utilities of two arms are not comparable. Where a share is no
    whole number of items it is rounded at random, so that it holds on average.
    """
    import numpy as np

    left = np.arange(len(X))
    parts: list[Chosen] = []
    for arm, count, seed in arms(strategies, min(n_instances, len(X)), random_state):
        pool = X if len(left) == len(X) else part_of(X, left)
        returned = plugins.invoke(
            "query",
            arm,
            learner=learner,
            X=pool,
            n_instances=count,
            random_state=seed,
        )
        part = checked(returned, len(pool), count)
        rows = left[part.indices]
        parts.append(replace(part, indices=rows, reasons=named(arm, part.reasons)))
        left = np.setdiff1d(left, rows, assume_unique=True)
    return Chosen(
        np.concatenate([np.zeros(0, dtype=np.int64), *(part.indices for part in parts)]),
        np.concatenate([np.zeros(0), *(part.utilities for part in parts)]),
        np.concatenate([np.zeros(0), *(part.probabilities for part in parts)]),
        tuple(reason for part in parts for reason in part.reasons),
        tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )


def arms(
    strategies: Sequence[Call | str], n: int, random_state: int
) -> list[tuple[Call, int, int]]:
    """The strategies that choose any of n items, in order: with how many each does, and its seed."""
    import numpy as np

    given = [split(arm) for arm in strategies]
    counts = apportion(divide([share for share, _ in given]), n, random_state)
    seeds = np.random.SeedSequence((random_state, len(given))).generate_state(len(given))
    return [
        (arm, count, int(seed))
        for (_, arm), count, seed in zip(given, counts, seeds, strict=True)
        if count
    ]


def named(arm: Call, reasons: Sequence[str]) -> tuple[str, ...]:
    """The reasons, each beginning with the name of the strategy that gave it."""
    return tuple(
        reason if reason.startswith(arm.name) else f"{arm.name}: {reason}".rstrip(": ")
        for reason in reasons
    )


def split(arm: Call | str) -> tuple[float | None, Call]:
    """An arm's share (None where it has none) and the strategy without it."""
    if isinstance(arm, str):
        return None, Call(name=arm)
    if arm.args and arm.args[0].name is None and isinstance(arm.args[0].value, Percent):
        return arm.args[0].value.fraction, Call(name=arm.name, args=arm.args[1:])
    return None, arm


def divide(shares: list[float | None]) -> list[float]:
    """Every arm's share; those not given divide the rest. Raises StrategyError where that fails."""
    if not shares:
        raise StrategyError("mix needs strategies", "write for instance mix(margin, random(10%))")
    given = math.fsum(share for share in shares if share is not None)
    silent = shares.count(None)
    rest = 1 - given
    if any(share is not None and share < 0 for share in shares) or rest < -1e-9:
        raise StrategyError(
            f"the shares in mix add up to {given:.0%}", "they may take 100% at most"
        )
    if silent and rest < 1e-9:
        raise StrategyError("the shares in mix leave nothing for the strategies without one")
    if not silent and rest > 1e-9:
        raise StrategyError(f"the shares in mix add up to {given:.0%}", "they must make 100%")
    return [rest / silent if share is None else share for share in shares]


def apportion(shares: list[float], n: int, random_state: int) -> list[int]:
    """Whole numbers that add up to `n`, each `share · n` rounded down or up, right on average.

    Systematic rounding: one uniform offset for all arms (Madow 1949).
    """
    import numpy as np

    offset = float(np.random.default_rng(random_state).random())
    ends = np.round(np.cumsum([0.0, *shares]) * n, 9)
    marks = np.ceil(ends - offset).astype(int)
    return [int(count) for count in np.diff(marks)]
