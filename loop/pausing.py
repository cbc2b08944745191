"""Who is paused: people whose answers to gold are below what the task asks (`pause when gold < 80%`).

The evidence is a test that holds however often it is looked at (an e-process; Ramdas et al. 2023,
"Game-theoretic statistics and safe anytime-valid inference"): the likelihood of a person's right and wrong
answers, averaged evenly over all shares below the threshold, over their greatest likelihood at or above it.
Somebody who is as good as the threshold, or better, is paused with a chance of at most 5% over a whole
campaign, and after five answers at the earliest.

Paused is worked out from the answers in force each time, and never stored. So a lower threshold in the task
file, no `pause`, gold that turns out wrong, or better answers bring a person back, with all that they said.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from math import exp, inf, log
from typing import TYPE_CHECKING

from labelwright.loop.adjudicating import ADJUDICATE, decisions
from labelwright.loop.budget import PAID
from labelwright.loop.gold import GOLD, gold_answers
from labelwright.loop.history import Paused
from labelwright.loop.labels import in_force

if TYPE_CHECKING:
    from labelwright.loop.store import Event
    from labelwright.loop.workbench import Workbench

FEWEST = 5
"""Gold answers that a person must have given."""

EVIDENCE = 20.0
"""One over the chance to pause somebody wrongly."""


def evidence(right: int, n: int, threshold: float) -> float:
    """How strongly right of n answers speak for a true share below the threshold; 1 is not at all.

    Its expectation is at most 1 at every look where the true share is the threshold or more.
    """
    from scipy.special import betainc, betaln

    if threshold <= 0 or not n:
        return 1.0
    wrong = n - right
    share = max(threshold, right / n)
    best = (right * log(share) if right else 0.0) + (
        wrong * (log(1 - share) if share < 1 else -inf) if wrong else 0.0
    )
    inside = float(betainc(right + 1, wrong + 1, threshold))
    if inside <= 0:
        return 0.0
    mixed = float(betaln(right + 1, wrong + 1)) + log(inside) - log(threshold)
    return inf if best == -inf or mixed - best > 700 else exp(mixed - best)


def paused_people(
    graded: Iterable[tuple[str, str, Hashable, Hashable]], threshold: float
) -> tuple[Paused, ...]:
    """Who is below the threshold by these gold answers (`gold.gold_answers`), by name."""
    tally: dict[str, list[int]] = {}
    for annotator, _, said, truth in graded:
        counts = tally.setdefault(annotator, [0, 0])
        counts[0] += said == truth
        counts[1] += 1
    return tuple(
        Paused(annotator=who, right=right, answers=n, threshold=threshold)
        for who, (right, n) in sorted(tally.items())
        if n >= FEWEST and right / n < threshold and evidence(right, n, threshold) >= EVIDENCE
    )


def paused(bench: Workbench, until: int | None = None) -> tuple[Paused, ...]:
    """Who is paused by the answers up to an event (all); nobody where the task pauses nobody."""
    threshold = bench.task.annotators.pause_below
    if threshold is None:
        return ()
    last = bench.store.last_event() if until is None else until
    key = ("paused", last, threshold, len(bench.store.outcomes("choose")), len(bench.versions))
    found: tuple[Paused, ...] = bench.once(
        key, lambda: paused_people(gold_answers(bench, last), threshold)
    )
    return found


def names(bench: Workbench, until: int | None = None) -> frozenset[str]:
    """The names of those who are paused."""
    return frozenset(p.annotator for p in paused(bench, until))


def lost(
    bench: Workbench, round_: int, watermark: int
) -> dict[int, tuple[str, tuple[str, ...], int]]:
    """Rows that lack answers because somebody is paused: whose, who else answered, how many are missing.

    Only where the paused person answered when the item was asked last: nothing is asked for twice.
    """
    out = names(bench, watermark)
    if not out:
        return {}
    asked = bench.asked_last(round_ - 1)
    events = [e for e in bench.events(watermark) if e.purpose != GOLD and e.source in PAID]
    people: dict[int, set[str]] = {}
    whose: dict[int, str] = {}
    judged = in_force(events, bench.items(round_), bench.translation)
    decided = {row for row, _ in decisions(bench, judged)}
    for row, event in judged:
        people.setdefault(row, set())
        if event.annotator not in out:
            people[row].add(event.annotator)
        elif asked.get(event.item, event.round + 1) <= event.round:
            whose[row] = event.annotator
    overlap = bench.task.annotators.overlap
    return {
        row: (who, tuple(sorted(people[row])), overlap - len(people[row]))
        for row, who in sorted(whose.items())
        if len(people[row]) < overlap and row not in decided
    }


def independent(bench: Workbench, watermark: int) -> list[Event]:
    """Judgements given without knowing the others', of people who count: agreement is measured on these."""
    events = [e for e in bench.events(watermark) if e.purpose != ADJUDICATE]
    return without_paused(bench, events, watermark)


def without_paused(bench: Workbench, events: list[Event], watermark: int) -> list[Event]:
    """Less what paused people said; existing labels and adjudications stay."""
    out = names(bench, watermark)
    return [e for e in events if e.annotator not in out] if out else events
