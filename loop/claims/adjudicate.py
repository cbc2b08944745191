"""What stays in doubt goes to the adjudicator, the least agreed upon first."""

from __future__ import annotations

import numpy as np

from labelwright.loop.adjudicating import ADJUDICATE
from labelwright.loop.budget import adjudication_room
from labelwright.loop.draft import Claim, Draft, Pick

_OF_ROUND = 2  # at most half as many as the round has questions


def adjudicate(draft: Draft) -> Claim:
    """Labelled items of the pool and the holdout below the task's agreement, each asked about once."""
    below, who = draft.task.annotators.adjudicate_below, draft.task.annotators.adjudicator
    if below is None or who is None:
        return Claim()
    most = min(
        adjudication_room(draft.task, draft.used()),
        max(1, draft.task.budget.per_round // _OF_ROUND),
    )
    doubtful = in_doubt(draft, below)
    picks = tuple(
        Pick(
            row, "adjudicate", 1, 1.0, f"{people} people, agreement {agreement:.2f}",
            1 - agreement, only_by=(who,),
        )
        for row, agreement, people in doubtful[:most]
    )  # fmt: skip
    return Claim(picks, {"adjudications": len(picks), "in_doubt": len(doubtful) - len(picks)})


def in_doubt(draft: Draft, below: float) -> list[tuple[int, float, int]]:
    """(row, agreement, people) of what may be asked, least agreement first, ties in the items' order."""
    bench, round_ = draft.bench, draft.round_
    choices = [c for c in bench.store.choices() if c.purpose == ADJUDICATE and c.round < round_]
    rows = bench.items(round_).rows_of([c.item for c in choices])
    left_out = {*map(int, rows), *map(int, draft.rows), *draft.again, *draft.lost}
    found: dict[int, tuple[float, int]] = {}
    for labels in bench.labels(round_, bench.watermark(round_)):
        for row, agreement, people in zip(
            labels.rows, labels.agreement, labels.annotators, strict=True
        ):
            if agreement < below - 1e-9 and len(people) > 1 and int(row) not in left_out:
                found[int(row)] = float(agreement), len(people)
    order = draft.in_order(np.array(sorted(found), dtype=np.int64))
    return [(int(row), *found[int(row)]) for row in sorted(order, key=lambda r: found[int(r)][0])]
