"""What a campaign's records say of wrong labels: those that were there already, and those that people gave.

People's labels are judged by the models that choose second opinions, which did not learn from them; with
`query { second_opinions = auto }` the doubted ones go back to somebody else (`loop/second_opinions.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.audit.at_work import audited, evidence, given_labels, suspects, trusted
from labelwright.loop.audit.copies import conflicts
from labelwright.loop.audit.records import LabelAudit, Looked, SuspectedLabel
from labelwright.loop.learn.gate import fewest, usable
from labelwright.loop.second_opinions import out_of_sample
from labelwright.loop.seeds import derive_seed
from labelwright.loop.supported import single
from labelwright.loop.trusting import LEAST

if TYPE_CHECKING:
    from labelwright.loop.audit.checked import Counted
    from labelwright.loop.labels import Labels
    from labelwright.loop.workbench import Workbench

SHOWN = 20
_MOST = 20_000  # labels by people that are judged for a report


def label_audit(bench: Workbench, last: int, labels: Labels, *, whole: bool) -> LabelAudit | None:
    """None where nothing is known. whole: with the suspects, which costs some models.

    labels: of the pool, in the last finished round.
    """
    if not single(bench.task):
        return None
    watermark = int(bench.needed(last, "collect")["watermark"])
    found = _existing(bench, last, watermark, whole) if audited(bench) else None
    mine = _of_people(bench, last, labels) if whole else None
    if found is None or mine is None:
        return found or mine
    both = sorted((*found.suspects, *mine.suspects), key=lambda s: -s.wrong)[:SHOWN]
    return found.model_copy(
        update={
            "suspects": tuple(both),
            "suspected": found.suspected + mine.suspected,
            "copies": found.copies + mine.copies,
        }
    )


def _existing(bench: Workbench, last: int, watermark: int, whole: bool) -> LabelAudit:
    block = bench.task.existing_labels
    assert block is not None
    given, known = given_labels(bench, last, watermark), trusted(bench, last, watermark)
    names = [c.id for c in bench.task.labels]
    open_ = np.array([int(row) not in given.found for row in given.rows], dtype=bool)
    asked = sum(c.purpose == "audit" and c.round <= last for c in bench.store.choices())
    told = LabelAudit(
        labels=len(given.rows),
        trust=block.trust,
        planned=block.audit,
        asked=asked,
        random=_looked(known.accuracy),
        per_class={
            names[k]: each for k, c in known.per_class.items() if (each := _looked(c)) is not None
        },
        others=_looked(known.suspects),
        expected=float((1 - known.right[open_]).mean()) if open_.any() else None,
        unused=int((known.weights[open_] < LEAST).sum()) if block.trust == "noisy" else 0,
    )
    if not whole:
        return told
    doubted = [
        SuspectedLabel(
            item=bench.items(last).id_of(int(given.rows[s.row])),
            given=names[s.given],
            suggested=names[s.suggested],
            probability=s.probability,
            wrong=s.wrong,
            reason=s.reason,
            existing=True,
        )
        for s in suspects(bench, last, given)
        if open_[s.row] and (s.flagged or s.wrong >= 0.5)
    ]
    all_of = evidence(bench, last, given)
    return told.model_copy(
        update={
            "suspected": len(doubted),
            "suspects": tuple(doubted[:SHOWN]),
            "copies": 0 if all_of is None else len(all_of.copies),
        }
    )


def _looked(counted: Counted) -> Looked | None:
    if not counted.of:
        return None
    return Looked(wrong=counted.wrong, of=counted.of, low=counted.low, high=counted.high)


def _of_people(bench: Workbench, last: int, labels: Labels) -> LabelAudit | None:
    """The people's labels that models which did not see them doubt most."""
    at = np.array([i for i, s in enumerate(labels.sources) if s == "people"], dtype=np.int64)
    if not len(at) or len(at) > _MOST:
        return None
    rows, classes = labels.rows[at], labels.classes[at]
    items, names = bench.items(last), [c.id for c in bench.task.labels]
    same = np.unique(items.contents[rows], axis=0, return_inverse=True)[1].reshape(-1)
    copies = conflicts(same, classes)
    targets = np.eye(len(names))[classes]
    if len(at) < fewest(targets):
        return LabelAudit(copies=len(copies)) if copies else None
    seed = derive_seed(bench.context.seed, "suspected labels")
    X = np.asarray(bench.features(last)[rows])
    probs, _ = out_of_sample(bench.chooser(last), X, targets, X[:0], seed)
    wrong = np.where(usable(targets), 1 - probs[np.arange(len(at)), classes], 0.0)
    best = probs.argmax(axis=1)
    twin = {int(i): int(g[classes[g] != classes[i]][0]) for g in copies for i in g}
    doubted = [
        int(i)
        for i in np.lexsort((items.order[rows], -wrong))
        if int(i) in twin or (wrong[i] >= 0.5 and best[i] != classes[i])
    ]
    doubted.sort(key=lambda i: i not in twin)
    found = []
    for i in doubted[:SHOWN]:
        reason = (
            f"the same as {items.id_of(int(rows[twin[i]]))}, which is labelled {names[classes[twin[i]]]}"
            if i in twin
            else f"models that did not see this label say {names[best[i]]} {probs[i, best[i]]:.0%}, "
            f"it {1 - wrong[i]:.0%}"
        )
        found.append(
            SuspectedLabel(
                item=items.id_of(int(rows[i])),
                given=names[classes[i]],
                suggested=names[best[i]],
                probability=float(probs[i, best[i]]),
                wrong=float(wrong[i]),
                reason=reason,
                existing=False,
            )
        )
    return LabelAudit(suspected=len(doubted), copies=len(copies), suspects=tuple(found))
