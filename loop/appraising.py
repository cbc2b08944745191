"""The people of a campaign as its store knows them, one by one: how reliable and how quick each is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelwright.loop.flags import flags
from labelwright.loop.gold import gold_answers
from labelwright.loop.handing import suggestion_of
from labelwright.loop.labels import closer, in_force, present
from labelwright.loop.outbox import Outbox
from labelwright.loop.people.anchored import anchoring_of_each
from labelwright.loop.people.others import others_labels, others_sets
from labelwright.loop.people.records import AnnotatorScore
from labelwright.loop.people.scores import annotator_scores, share
from labelwright.loop.people.sets_alike import marks_f1, mistakes
from labelwright.loop.people.speed import hasty_below, median_with_interval, quartiles
from labelwright.loop.people.trends import Answered, trends
from labelwright.loop.record import Estimate
from labelwright.loop.seeds import derive_seed
from labelwright.loop.sending import batch_id
from labelwright.loop.supported import single

if TYPE_CHECKING:
    from labelwright.loop.store import Event
    from labelwright.loop.workbench import Workbench


@dataclass(frozen=True)
class Judgements:
    """What people told, in the order in which it came: `said` is a class, or a set of classes or marks.

    others: for each answer, what the item's other people say, or None. all_told: with skips and what a
    constraint forbids.
    """

    events: tuple[Event, ...]
    said: tuple[Any, ...]
    others: tuple[Any, ...]
    all_told: tuple[tuple[int, Event], ...]

    def triples(self, without: Collection[str] = ()) -> list[tuple[str, str, Any]]:
        """(item, annotator, said), less what some people said."""
        told = zip(self.events, self.said, strict=True)
        return [(e.item, e.annotator, s) for e, s in told if e.annotator not in without]


def judgements(bench: Workbench, round_: int, watermark: int) -> Judgements:
    """Everything that people answered up to the watermark, labels that were there before left out."""
    told = [e for e in bench.events(watermark) if e.source != "existing"]
    items, close = bench.items(round_), closer(bench.task)
    judged = [e for _, e in in_force(told, items, bench.translation) if not e.skipped]
    said: list[Any]
    if single(bench.task):
        judged = [e for e in judged if e.labels]
        said = [e.labels[0] for e in judged]
    else:
        said = [_as_set(close(e.labels), e) for e in judged]
    triples = [(e.item, e.annotator, s) for e, s in zip(judged, said, strict=True)]
    others: Sequence[Any] = others_labels(triples) if single(bench.task) else others_sets(triples)
    return Judgements(tuple(judged), tuple(said), tuple(others), tuple(present(told, items)))


def _as_set(labels: Sequence[str], event: Event) -> frozenset[Any]:
    if event.spans:
        return frozenset(
            (s.start, s.end, c) for s, c in zip(event.spans, event.labels, strict=True)
        )
    return frozenset(labels)


def scores(bench: Workbench, told: Judgements) -> tuple[AnnotatorScore, ...]:
    """One score for everybody who answered or skipped anything, by name."""
    one = single(bench.task)
    triples = told.triples()
    whole = [o if one else decided(o) for o in told.others]
    gold = gold_answers(bench)
    found = {s.annotator: s for s in annotator_scores(triples, gold, references=whole)}
    on_gold = {(who, item): said == truth for who, item, said, truth in gold}
    agrees = [
        on_gold.get((who, item), None if label is None else said == label)
        for (item, who, said), label in zip(triples, whole, strict=True)
    ]
    in_order = [
        Answered(e.annotator, e.round, e.purpose, a, e.seconds)
        for e, a in zip(told.events, agrees, strict=True)
    ]
    tired, led = trends(in_order), anchoring_of_each(suggested(bench))
    number = Counter(e.annotator for _, e in told.all_told)
    skips = Counter(e.annotator for _, e in told.all_told if e.skipped)
    flagged = Counter(f.annotator for f in flags(told.all_told, bench.translation))
    seconds = _seconds(told)
    limit = hasty_below([s for given in seconds.values() for s in given])
    result = []
    for who in sorted(number):
        score = found.get(who) or AnnotatorScore(
            annotator=who, annotations=0, agreement=None, seconds=None
        )
        middle = median_with_interval(seconds[who])
        counted, drawn = led.get(who, (None, Estimate(estimate=None)))
        sets: dict[str, Any] = {}
        if not one:
            mine = [
                (said, other)
                for (_, person, said), other in zip(triples, told.others, strict=True)
                if person == who and other is not None
            ]
            seed = derive_seed(bench.context.seed, "annotator", who)
            sets = {"marks_f1": marks_f1(mine, seed=seed), "mistaken": mistakes(mine)}
        result.append(
            score.model_copy(
                update={
                    "annotations": number[who],
                    "skips": skips[who],
                    "flagged": flagged[who],
                    "seconds": middle.estimate,
                    "median_seconds": middle,
                    "quartiles": quartiles(seconds[who]),
                    "hasty": sum(s < limit for s in seconds[who]) if limit else 0,
                    "hasty_with_others": _hasty(told, agrees, who, limit),
                    "trends": tired.get(who, ()),
                    "led": counted,
                    "led_by": drawn,
                    **sets,
                }
            )
        )
    return tuple(result)


def decided(other: tuple[frozenset[Any], frozenset[Any]] | None) -> frozenset[Any] | None:
    """What the others say of the whole answer; None where any part of it is open."""
    return None if other is None or other[1] else other[0]


def _seconds(told: Judgements) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for event in told.events:
        if event.seconds is not None:
            found[event.annotator].append(event.seconds)
    return found


def _hasty(
    told: Judgements, agrees: Sequence[bool | None], who: str, limit: float | None
) -> Estimate:
    """Agreement of the answers that were given too quickly."""
    quick = [
        agreeing
        for event, agreeing in zip(told.events, agrees, strict=True)
        if event.annotator == who and agreeing is not None
        if limit is not None and event.seconds is not None and event.seconds < limit
    ]
    return share(sum(quick), len(quick))


def suggested(bench: Workbench) -> list[tuple[str, bool, bool]]:
    """(annotator, shown, agrees) of every judgement in force on an item that a suggestion was made for."""
    made = {
        (s.batch, s.item): (s.shown, suggestion)
        for s in Outbox(bench.store).sent()
        if (suggestion := suggestion_of(s)) is not None
    }
    if not made:
        return []
    close, given = closer(bench.task), []
    for event in bench.events():
        found = made.get((batch_id(bench, event.round), event.item))
        if found is not None and not event.skipped and event.source != "existing":
            same = (close(event.labels), event.spans) == (found[1].labels, found[1].spans)
            given.append((event.annotator, found[0], same))
    return given
