"""Choosing what to ask: a round's batch is made of the claims of several small claimants.

To add one: write a function `claimant(draft: Draft) -> Claim` in a module of its own (`loop/claims/`),
and name it in `CLAIMANTS` below. It asks what is left with `draft.room()` (questions for training) or
`draft.used()` (judgements, for a budget of its own in `loop.budget`), takes rows from `draft.free_rows()`,
gives each pick its purpose, people, probability and reason, and returns {} as `told` where the round has
nothing to remember of it. Order is precedence: an earlier claimant has the budget first, and later ones see
its picks. What people see is another matter: what trains comes first in the batch, and sources mix the
rest in between (`handing.mixed`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from labelwright.loop.budget import spent
from labelwright.loop.claims.adjudicate import adjudicate
from labelwright.loop.claims.again import again
from labelwright.loop.claims.audit import audit
from labelwright.loop.claims.control import control
from labelwright.loop.claims.further import further
from labelwright.loop.claims.gold import gold
from labelwright.loop.claims.holdout import holdout
from labelwright.loop.claims.instead import instead
from labelwright.loop.claims.strategy import Trained, strategy
from labelwright.loop.draft import Claimant, Draft
from labelwright.loop.gold import asked_for_gold
from labelwright.loop.pausing import names
from labelwright.loop.phases import phase
from labelwright.loop.store import Choice
from labelwright.loop.themes import chain
from labelwright.loop.workbench import Workbench

__all__ = ["CLAIMANTS", "Trained", "choose"]

CLAIMANTS: tuple[tuple[str, Claimant], ...] = (
    ("holdout", holdout),
    ("audit", audit),
    ("again", again),
    ("instead", instead),
    ("gold", gold),
    ("adjudicate", adjudicate),
    ("control", control),
    ("strategy", strategy),
    ("further", further),
)
"""Who is served, in this order."""


def choose(bench: Workbench, round_: int) -> tuple[dict[str, Any], list[Choice]]:
    """Choose the round's items: what the claimants claim, one after the other, within the budget."""
    draft = _begun(bench, round_)
    for name, claimant in CLAIMANTS:
        draft = draft.with_(name, claimant(draft))
    picks, items = draft.picks, bench.items(round_)
    choices = [
        Choice(
            round_, rank, items.id_of(p.row), items.content_of(p.row), p.purpose, p.people,
            p.utility, p.probability, p.reason,
        )
        for rank, p in enumerate(_laid_out(draft))
    ]  # fmt: skip
    utilities = [p.utility for p in draft.picked_by("strategy") if p.utility is not None]
    spread = [float(v) for v in np.quantile(utilities, (0, 0.5, 1))] if utilities else None
    told: dict[str, Any] = {"not_by": {items.id_of(p.row): p.not_by for p in picks if p.not_by}}
    for name in ("not_to", "only_by"):
        if some := {items.id_of(p.row): getattr(p, name) for p in picks if getattr(p, name)}:
            told[name] = some
    if paused := sorted(names(bench, bench.watermark(round_))):
        told["paused"] = paused
    return (
        {
            "asked": sum(p.purpose == "train" for p in picks),
            "holdout_asked": sum(p.purpose == "holdout" for p in picks),
            "again": sum(p.again for p in picks),
            "open": draft.available
            + len(draft.picked_by("further"))
            + int(draft.told().get("audits_left", 0)),  # less `asked`: what is left
            "gold": sum(p.purpose == "gold" for p in picks),
            "spread": spread,
            **told,
            **draft.told(),
        },
        choices,
    )


def _begun(bench: Workbench, round_: int) -> Draft:
    """The draft before anybody has claimed anything."""
    watermark = bench.watermark(round_)
    training, _ = bench.labels(round_, watermark)
    used = spent(bench.events(watermark))
    asked = asked_for_gold(bench, round_)  # some answers come late, and some never
    used = replace(used, gold=max(used.gold, asked))
    return Draft(
        bench=bench,
        round_=round_,
        training=training,
        asked=bench.asked_rows(round_),
        again=bench.ask_again(round_, watermark),
        phase=phase(
            bench.task,
            training.per_class(bench.task),
            used.training,
            round_,
            bench.measured(round_ - 1),
            len(training),
        ),
        spent=used,
    )


def _laid_out(draft: Draft) -> list[Any]:
    """The picks in the order of the batch: by theme where the task says so, and then what measures too."""
    picks = list(draft.picks)
    if draft.task.query.order == "theme":  # holdout items too: they must not stand out
        picks = [
            picks[i] for i in chain(np.asarray(draft.bench.features(draft.round_)[draft.rows]))
        ]
    return picks
