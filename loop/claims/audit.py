"""Labels that were there already, looked at again: a random half that measures, a suspicious half that mends.

The random half is asked first: its share of right labels is unbiased, overall and per class, and it sets
right what models make of the others. The suspicious half goes where a label is likeliest wrong. An answer
takes the place of the label in either case, and both halves teach how far to trust the rest
(`loop/trusting.py`).
"""

from __future__ import annotations

import numpy as np

from labelwright.loop.audit.at_work import (
    AT_RANDOM,
    Given,
    audited,
    given_labels,
    random_part,
    suspects,
)
from labelwright.loop.budget import audit_room
from labelwright.loop.draft import Claim, Draft, Pick


def audit(draft: Draft) -> Claim:
    """As many labels as the audit has left, and a round holds."""
    bench, round_, block = draft.bench, draft.round_, draft.task.existing_labels
    if not audited(bench) or block is None or not block.audit:
        return Claim()
    labels = given_labels(bench, round_, bench.watermark(round_))
    asked = {int(row) for row in draft.asked} | {int(row) for row in draft.rows}
    done = sum(c.purpose == "audit" and c.round < round_ for c in bench.store.choices())
    people = draft.task.annotators.overlap
    left = min(block.audit - done, audit_room(draft.task, draft.used()) // people)
    n = max(0, min(left, draft.task.budget.per_round))
    drawn = random_part(bench, round_, labels.rows)
    share = min(1.0, len(drawn) / max(1, len(labels.rows)))
    picks = [
        Pick(int(row), "audit", people, share, AT_RANDOM) for row in drawn if int(row) not in asked
    ][:n]
    if len(picks) < n:
        not_these = asked | {int(row) for row in drawn}
        picks += _suspicious(draft, labels, not_these, n - len(picks), people)
    left_over = min(left - len(picks), _open(labels, asked | {p.row for p in picks}))
    return Claim(tuple(picks), {"audits": len(picks), "audits_left": max(0, left_over)})


def _suspicious(
    draft: Draft, labels: Given, not_these: set[int], n: int, people: int
) -> list[Pick]:
    names = [c.id for c in draft.task.labels]
    picks: list[Pick] = []
    for each in suspects(draft.bench, draft.round_, labels):
        row = int(labels.rows[each.row])
        if row in not_these or len(picks) >= n:
            continue
        says = f"audit: labelled {names[each.given]}, likely {names[each.suggested]}"
        if each.suggested == each.given:
            says = f"audit: labelled {names[each.given]}"
        picks.append(Pick(row, "audit", people, 1.0, f"{says}; {each.reason}", each.wrong))
    return picks


def _open(labels: Given, asked: set[int]) -> int:
    return int(np.sum([int(row) not in asked for row in labels.rows]))
