"""From a strategy to the batch of a round: what the strategy is shown, what comes of it, in figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.loop.alike import Alike
from labelwright.loop.batching import Ask, Batch, fill, joined
from labelwright.loop.chosen import arm_of, likeness
from labelwright.loop.errors import LabelwrightError, StrategyError
from labelwright.loop.history import Choosing
from labelwright.loop.prior import prior
from labelwright.loop.query.blocks import Rows
from labelwright.loop.query.candidates import among
from labelwright.loop.query.contract import checked
from labelwright.loop.query.mix import arms, named
from labelwright.loop.query.random_ import random
from labelwright.loop.seeds import derive_seed
from labelwright.loop.split import POOL
from labelwright.loop.tagging import MOST_TEXTS, TaggerView

if TYPE_CHECKING:
    from labelwright.dsl.task import Call
    from labelwright.loop.plugins import Installed
    from labelwright.loop.ports import Chosen, QueryLearner
    from labelwright.loop.workbench import Workbench

LARGE = 2**30
"""Bytes of vectors above which a pool is read block by block."""


def choose_batch(
    bench: Workbench,
    round_: int,
    strategy: Call,
    learner: QueryLearner,
    rows: np.ndarray,
    n: int,
    *,
    taken: np.ndarray,
    beside: np.ndarray,
) -> tuple[Chosen, Choosing]:
    """The strategy's batch of up to n of `rows` (as positions in them), and what it looks like.

    taken: rows that were asked before; beside: rows that are in the batch already. Raises StrategyError
    where the strategy fails or breaks its contract: nothing else is chosen in its place.

    The strategies of a `mix` are asked here one by one, as it would ask them: so each makes up for what
    was left out of its own share.
    """
    seed = derive_seed(bench.context.seed, "choose", round_)
    parts = [(strategy, n, seed)]
    if mixes := _is_mix(bench.context.plugins, strategy):
        parts = arms(strategy.python_arguments()[0], min(n, len(rows)), seed)
    alike = Alike(bench.items(round_), bench.features(round_), bench.task.data.group)
    batch = Batch(rows, alike, taken, beside)
    first: np.ndarray | None = None
    found: list[tuple[str, Chosen]] = []
    for part, count, own_seed in parts:
        chosen, asked_about = fill(_asking(bench, round_, part, learner, own_seed), count, batch)
        if mixes:
            chosen = replace(chosen, reasons=named(part, chosen.reasons))
        first = asked_about if first is None else first
        found.append((part.name, chosen))
    whole = joined([chosen for _, chosen in found])
    drawn = rows[first if first is not None else np.empty(0, np.int64)]
    told = Choosing(
        pool=len(drawn),
        arms=tuple(arm_of(name, chosen) for name, chosen in found if len(chosen.indices)),
        notes=(*whole.notes, *_left_out(batch)),
        **_beside_chance(bench, round_, rows[whole.indices], drawn, learner, seed),
    )
    return whole, told


def _asking(bench: Workbench, round_: int, strategy: Call, learner: QueryLearner, seed: int) -> Ask:
    """Asks one strategy, which sees the vectors of the rows it is asked about and nothing else."""
    features, plugins = bench.features(round_), bench.context.plugins
    reads_rows = plugins.own("query", strategy.name)
    told = None
    if plugins.takes("query", strategy.name, "prior"):
        told = bench.once(("prior", round_), lambda: prior(bench, round_))

    tokens = plugins.takes("query", strategy.name, "tokens")
    beliefs = plugins.takes("query", strategy.name, "beliefs")

    def ask(left: np.ndarray, wanted: int, time: int) -> Chosen:
        tagger = learner if isinstance(learner, TaggerView) else None
        some: np.ndarray | None = None
        notes: tuple[str, ...] = ()
        if tagger and (tokens or beliefs):
            some, notes = among(len(left), MOST_TEXTS, seed)
            left = left if some is None else left[some]
        large = len(left) * features.shape[1] * 4 > LARGE
        X = Rows(features, left) if large and reads_rows else np.asarray(features[left])
        try:
            returned = plugins.invoke(
                "query", strategy, learner=learner, X=X, n_instances=wanted,
                random_state=derive_seed(seed, time) if time else seed, context=bench.context,
                prior=None if told is None else told[left],
                tokens=tagger.tokens(left) if tagger and tokens else None,
                beliefs=tagger.beliefs(left) if tagger and beliefs else None,
            )  # fmt: skip
        except LabelwrightError:
            raise
        except Exception as error:
            raise StrategyError(
                f"the query strategy {strategy.name} failed: {type(error).__name__}: {error}",
                "nothing was chosen; name another strategy in `query`, or tell its author",
            ) from error
        chosen = checked(returned, len(left), wanted)
        if some is None:
            return chosen
        return replace(chosen, indices=some[chosen.indices], notes=(*chosen.notes, *notes))

    return ask


def _is_mix(plugins: Installed, strategy: Call) -> bool:
    return strategy.name == "mix" and plugins.own("query", "mix")


def _beside_chance(
    bench: Workbench, round_: int, found: np.ndarray, first: np.ndarray, learner: Any, seed: int
) -> dict[str, Any]:
    """How the batch compares with a random draw from the same items, and with the batch before it."""
    features, before = bench.features(round_), _batch_before(bench, round_)
    draw = first[random(learner, first, len(found), random_state=seed).indices]
    return {
        "drawn": len(draw),
        "by_chance": int(np.isin(found, draw).sum()),
        "by_chance_expected": round(len(found) * len(draw) / len(first), 6) if len(first) else None,
        "likeness": likeness(features, found, before),
        "likeness_by_chance": likeness(features, draw, before),
    }


def _batch_before(bench: Workbench, round_: int) -> np.ndarray:
    """Rows of what the round before asked for training, as far as they are there."""
    if not round_:
        return np.empty(0, dtype=np.int64)
    items = [c.item for c in bench.store.choices(round_ - 1) if c.purpose == "train"]
    rows = bench.items(round_).rows_of(items)
    return np.asarray(rows[(rows >= 0) & (bench.split(round_)[rows] == POOL)])


def _left_out(batch: Batch) -> list[str]:
    """A sentence for each reason why items that a strategy chose are not in the batch."""
    reasons = (
        (len(batch.repeats), "the same as another item of the batch"),
        (len(batch.behind), "the same as an item that was asked before"),
        (len(batch.grouped), "of a group that is in the batch"),
    )
    return [
        f"{n:,} {'item' if n == 1 else 'items'} left for later: {why}" for n, why in reasons if n
    ]
