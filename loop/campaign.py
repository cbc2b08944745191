"""The whole campaign as one frozen value, read from the store: what `status` and `report` show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.adjudicating import in_doubt
from labelwright.loop.agreeing import people
from labelwright.loop.appraising import judgements, scores, suggested
from labelwright.loop.audit.telling import label_audit
from labelwright.loop.collecting import awaited
from labelwright.loop.deciding import Decision
from labelwright.loop.engine import finished, last_round, standing
from labelwright.loop.flags import flags
from labelwright.loop.forecast.telling import told
from labelwright.loop.history import (
    AppliedDefinition,
    Campaign,
    ChosenItem,
    Doubt,
    FlaggedAnswer,
    Marked,
    RoundRecord,
)
from labelwright.loop.labels import Labels, present
from labelwright.loop.measuring import judge_again
from labelwright.loop.pausing import paused
from labelwright.loop.people.anchoring import anchoring
from labelwright.loop.rules.scoring import scores_at
from labelwright.loop.sets import Sets
from labelwright.loop.shift.looking import distribution
from labelwright.loop.split import POOL
from labelwright.loop.store import Store
from labelwright.loop.supported import several
from labelwright.loop.tagging import marked, unsure_of_marks

if TYPE_CHECKING:
    from labelwright.loop.versions import Versions
    from labelwright.loop.workbench import Workbench

MOST_DOUBTS = 20


def records(store: Store) -> list[RoundRecord]:
    """Every finished round."""
    found = [finished(store, r) for r in range(last_round(store) + 1)]
    return [record for record in found if record is not None]


def campaign(
    bench: Workbench, version: str, *, doubts: bool = False, agreement: bool = False
) -> Campaign:
    """The campaign so far.

    With `doubts`, also the items that the model is least sure of; with `agreement`, how people agree and
    which classes they confuse.
    """
    store, task = bench.store, bench.task
    rounds = records(store)
    last = rounds[-1].round if rounds else None
    split = store.outcome(last_round(store), "split") or {}
    if rounds:  # by the criteria as the task file has them now
        now = judge_again(bench, rounds[-1])
        rounds[-1] = rounds[-1].model_copy(update={"measurement": now})
    decision = _decision(bench, rounds)
    labels = bench.labels(last, _watermark(bench, last)) if last is not None else None
    known = last is not None and bench.current(last) and bench.learned(last)
    said = judgements(bench, last, _watermark(bench, last)) if last is not None else None
    annotators = scores(bench, said) if said else ()
    return Campaign(
        task=task.name,
        title=task.title,
        definition=bench.definition,
        version=version,
        seed=bench.context.seed,
        rehearsal=bench.annotators.rehearsal
        or any(e.source == "simulated" for e in bench.events()),
        items=split.get("items", 0),
        pool=split.get("pool", 0),
        holdout=split.get("holdout", 0),
        set_aside=_set_aside(store, split),
        existing_labels=split.get("existing", 0),
        rounds=tuple(rounds),
        definitions=definitions(store, bench.versions),
        chosen=_chosen(bench, last, labels),
        doubts=tuple(_doubts(bench, last, labels)) if doubts and labels and known else (),
        annotators=annotators,
        flagged=flagged_answers(bench),
        awaited=awaited(bench),
        paused=paused(bench) if last_round(store) >= 0 else (),
        in_doubt=in_doubt(bench, labels) if labels else 0,
        anchoring=anchoring((shown, agrees) for _, shown, agrees in suggested(bench)),
        people=people(bench, said, annotators, last, labels, rounds[-1].measurement.alpha)
        if agreement and said and labels and last is not None
        else None,
        **told(bench, rounds),
        distribution=distribution(bench, rounds, whole=doubts and known),
        label_audit=label_audit(bench, last, labels[0], whole=doubts)
        if last is not None and labels and known
        else None,
        rules=scores_at(bench, last) if last is not None and known else None,
        decision=decision.ending,
        reason=decision.reason,
    )


def flagged_answers(bench: Workbench) -> tuple[FlaggedAnswer, ...]:
    """Judgements in force that break a constraint, the latest answers included."""
    last = last_round(bench.store)
    if last < 0:
        return ()
    judged = present(bench.events(), bench.items(last))
    return tuple(
        FlaggedAnswer(item=flag.item, annotator=flag.annotator, why=flag.why)
        for flag in flags(judged, bench.translation)
    )


def definitions(store: Store, versions: Versions) -> tuple[AppliedDefinition, ...]:
    """Every definition that was in force, oldest first."""
    ends = [a.event for a in versions.applied[1:]] + [store.last_event()]
    return tuple(
        AppliedDefinition(
            number=a.seq,
            hash=a.definition,
            first_round=a.first_round,
            kind=a.kind,
            breaks=a.breaks,
            annotations=store.events_of_definition(a.definition, a.event, end),
            changes=a.changes,
            restores=version.lineage.restores,
        )
        for a, version, end in zip(versions.applied, versions.versions, ends, strict=True)
    )


def _watermark(bench: Workbench, round_: int) -> int:
    return int(bench.needed(round_, "collect")["watermark"])


def _decision(bench: Workbench, rounds: list[RoundRecord]) -> Decision:
    begun = last_round(bench.store)
    if begun < 0:
        return Decision("running", "no round is begun yet")
    if not rounds or rounds[-1].round < begun:
        waiting = bench.store.outcome(begun, "send") is not None
        if waiting and bench.store.outcome(begun, "collect") is None:
            return Decision("waiting", f"round {begun} waits for annotators")
        return Decision("running", f"round {begun} is not finished: run it again")
    return standing(bench, rounds[-1])


def _set_aside(store: Store, split: dict[str, object]) -> dict[str, int]:
    reasons = dict(store.set_aside(str(split["snapshot"]))) if split else {}
    if leaking := split.get("leaking"):
        reasons["would leak between pool and holdout"] = int(str(leaking))
    return reasons


def _chosen(
    bench: Workbench, last: int | None, labels: tuple[Labels, Labels] | None
) -> tuple[ChosenItem, ...]:
    choices = bench.store.choices()
    answer: dict[int, str] = {}
    marks: dict[int, tuple[Marked, ...]] = {}
    for part in labels or ():
        if bench.task.kind == "spans":
            marks |= {
                int(r): marked(a, s)
                for r, a, s in zip(part.rows, part.answers, part.spans, strict=True)
            }
        answer |= {
            int(row): ", ".join(answer) for row, answer in zip(part.rows, part.answers, strict=True)
        }
    found: dict[tuple[int, int], int] = {}
    if last is not None:
        rows = bench.items(last).rows_of([c.item for c in choices])
        found = {(c.round, c.rank): int(row) for c, row in zip(choices, rows, strict=True)}
    return tuple(
        ChosenItem(
            item=c.item, round=c.round, rank=c.rank, purpose=c.purpose, utility=c.utility,
            probability=c.probability, reason=c.reason,
            label=answer.get(found.get((c.round, c.rank), -1)),
            marks=marks.get(found.get((c.round, c.rank), -1)),
        )
        for c in choices
    )  # fmt: skip


def _doubts(bench: Workbench, last: int | None, labels: tuple[Labels, Labels]) -> list[Doubt]:
    """Pool items with the smallest margin between the two likeliest classes, labelled ones included.

    With several classes an item, those where most classes are most open: see `_open`.
    """
    assert last is not None
    rows = np.flatnonzero(bench.split(last) == POOL)
    if bench.task.kind == "spans":
        return unsure_of_marks(bench, last, rows, labels[0])[:MOST_DOUBTS]
    probs = bench.final(last).predict_proba(bench.seen(last, rows))
    if several(bench.task):
        return _open(bench, last, rows, probs, labels[0])
    if probs.shape[1] < 2:
        return []
    ranked = np.argsort(-probs, axis=1, kind="stable")[:, :2]
    top = np.take_along_axis(probs, ranked, axis=1)
    doubtful = np.argsort(top[:, 0] - top[:, 1], kind="stable")[:MOST_DOUBTS]
    known = dict(zip(map(int, labels[0].rows), labels[0].classes, strict=True))
    items, classes = bench.items(last), bench.task.labels
    return [
        Doubt(
            item=items.id_of(rows[i]),
            predicted=classes[ranked[i, 0]].id,
            probability=float(top[i, 0]),
            runner_up=classes[ranked[i, 1]].id,
            runner_up_probability=float(top[i, 1]),
            label=classes[known[int(rows[i])]].id if int(rows[i]) in known else None,
        )
        for i in doubtful
    ]


def _open(
    bench: Workbench, last: int, rows: np.ndarray, probs: np.ndarray, labels: Labels
) -> list[Doubt]:
    """Items with the greatest expected number of wrong decisions, and their two classes most in doubt."""
    given = bench.given(last, probs)
    wrong = np.where(given, 1 - probs, probs)
    doubtful = np.argsort(-wrong.sum(axis=1), kind="stable")[:MOST_DOUBTS]
    known = dict(zip(map(int, labels.rows), labels.answers, strict=True))
    items, classes = bench.items(last), bench.task.labels
    doubts = []
    for i in doubtful:
        first, second = np.argsort(-wrong[i], kind="stable")[[0, min(1, len(classes) - 1)]]
        answer = known.get(int(rows[i]))
        doubts.append(
            Doubt(
                item=items.id_of(rows[i]),
                predicted=classes[first].id,
                probability=float(probs[i, first]),
                runner_up=classes[second].id,
                runner_up_probability=float(probs[i, second]),
                given=Sets(bench.task).named(given[i]),
                label=None if answer is None else ", ".join(answer),
            )
        )
    return doubts
