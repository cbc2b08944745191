"""Gold for a round: new items that the adjudicator answers, and known ones hidden among what people get.

New ones are drawn from the open items of the pool: half of them in the first round, where nothing is known
of their classes, the others evenly over the classes as the model sees them, so that the set covers all. For
one that everybody has seen, or that turned out wrong, a new one is made, within half of what gold may still
cost.

Hidden ones go out at one judgement for ten that train (`spending.GOLD_SHARE`), least seen first, classes in
turn. Nobody is asked about one that they have seen. A source that shows every item to everybody
(`ports.Assigning`) gets each once, for all who are known.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from labelwright.dsl.spending import GOLD_SHARE
from labelwright.loop.budget import gold_room
from labelwright.loop.draft import Claim, Draft, Pick
from labelwright.loop.gold import GoldItem, gold_set
from labelwright.loop.pausing import names
from labelwright.loop.second_opinions import known_people
from labelwright.loop.seeds import derive_seed
from labelwright.loop.split import POOL
from labelwright.loop.suggesting import model_before

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOOKED_AT = 2_000  # items whose class the model is asked for
_OF_POOL = 5  # at most every fifth open item becomes gold


def gold(draft: Draft) -> Claim:
    """What is hidden of the set, and what is added to it."""
    wanted = draft.task.annotators.gold
    if wanted is None:
        return Claim()
    watermark = draft.bench.watermark(draft.round_)
    known = gold_set(draft.bench, watermark)
    room = gold_room(draft.task, draft.used())
    made = _new(draft, known, wanted.items, room) if wanted.items else []
    return Claim((*made, *_hidden(draft, known, room - len(made))))


# --- new ones ---------------------------------------------------------------------------------


def _new(draft: Draft, known: dict[str, GoldItem], wanted: int, room: int) -> list[Pick]:
    who = draft.task.annotators.adjudicator
    assert who is not None  # `supported` refuses it
    missing = wanted - len(known)
    model = None if draft.task.kind == "spans" else model_before(draft.bench, draft.round_)
    if missing <= 0:  # all were made: those that are used up are replaced
        usable = sum(g.active and _somebody_left(draft, g) for g in known.values())
        missing = min(wanted - usable, room // 2)
    elif draft.round_ == 0:
        missing = (missing + 1) // 2
    rows = draft.free_rows()
    n = max(0, min(missing, room, len(rows) // _OF_POOL))
    if not n:
        return []
    seed = derive_seed(draft.bench.context.seed, "gold")
    rows = draft.in_order(rows, seed)[: max(n, _LOOKED_AT)]
    classes = np.zeros(len(rows), dtype=np.int64)
    if model is not None:
        classes = model.predict_proba(draft.bench.seen(draft.round_, rows)).argmax(axis=1)
    names_ = [c.id for c in draft.task.labels]
    have = Counter(
        names_.index(g.truth)
        for g in known.values()
        if isinstance(g.truth, str) and g.truth in names_
    )
    reason = "gold, for the adjudicator" + ("" if model is None else ": classes evenly")
    return [
        Pick(int(rows[i]), "gold", 1, 1.0, reason, only_by=(who,))
        for i in balanced(classes, n, have)
    ]


def balanced(classes: Sequence[int] | np.ndarray, n: int, have: Counter[int]) -> list[int]:
    """n positions, each of the class that has fewest so far, in the order given within a class.

    classes: (m,) class index of each candidate. have: by class index, what there is already.
    """
    left: dict[int, list[int]] = {}
    for position, label in enumerate(classes):
        left.setdefault(int(label), []).append(position)
    counts, found = Counter(have), list[int]()
    while len(found) < n and any(left.values()):
        label = min((k for k, rest in left.items() if rest), key=lambda k: (counts[k], left[k][0]))
        found.append(left[label].pop(0))
        counts[label] += 1
    return found


# --- hidden ones ------------------------------------------------------------------------------


def _people(draft: Draft) -> frozenset[str]:
    """Who can be graded."""
    known = known_people(draft.bench, draft.round_)
    out = names(draft.bench, draft.bench.watermark(draft.round_))
    return known - out - {draft.task.annotators.adjudicator or ""}


def _assigns(draft: Draft) -> bool:
    return bool(getattr(draft.bench.annotators, "assigns", False))


def _somebody_left(draft: Draft, item: GoldItem) -> bool:
    """Whether somebody can still be asked about it."""
    if not _assigns(draft):
        return not item.batches
    people = _people(draft)
    return bool(people - item.seen) or not people


def _hidden(draft: Draft, known: dict[str, GoldItem], room: int) -> list[Pick]:
    task, bench = draft.task, draft.bench
    people = 1 if _assigns(draft) else max(task.annotators.overlap, len(_people(draft)))
    training = draft.room() * task.annotators.overlap + sum(
        p.people for p in draft.picks if p.purpose == "train"
    )
    n = min(room, max(1, round(training * GOLD_SHARE))) // people if training else 0
    if room >= people and training:
        n = max(1, n)
    items = bench.items(draft.round_)
    ids = [g.item for g in known.values() if g.active and _somebody_left(draft, g)]
    split, taken = bench.split(draft.round_), set(map(int, draft.rows))
    rows = {
        int(row): known[item]
        for item, row in zip(ids, items.rows_of(ids), strict=True)
        if row >= 0 and split[row] == POOL and int(row) not in taken
    }
    seed = derive_seed(bench.context.seed, "hidden gold", draft.round_)
    order = [int(row) for row in draft.in_order(np.array(list(rows), dtype=np.int64), seed)]
    used: Counter[str] = Counter()
    for item in known.values():
        used[str(item.truth)] += item.batches
    picks: list[Pick] = []
    while len(picks) < n and order:
        row = min(order, key=lambda r: (rows[r].batches, used[str(rows[r].truth)]))
        order.remove(row)
        used[str(rows[row].truth)] += 1
        not_to = tuple(sorted(rows[row].seen | {task.annotators.adjudicator or ""} - {""}))
        picks.append(Pick(row, "gold", people, 1.0, "gold, hidden", not_to=not_to))
    return picks
