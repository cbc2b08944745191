"""Rules found in labelled items: words for texts, values and thresholds for tables.

Rows are parted in two by chance, equal texts into the same half. A rule is put
together on the first half alone and then tried once on the second: it is kept only where the exact
lower bound of its precision there (Clopper & Pearson 1934, one-sided, 95%) is high, and well above
what guessing its class would give. Conditions are tried by the evaluator that a campaign uses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labelwright.dsl.task import Condition
from labelwright.importing.candidates import TableConditions, TextConditions

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PRECISION = 0.9
CONFIDENCE = 0.95
_RULES = 3  # a class, at most
_MANY_CLASSES = 20  # beyond so many, one rule each


@dataclass(frozen=True)
class Found:
    """A rule for class `of`: right on `right` of the `fired` rows of the second half it spoke on."""

    of: int
    when: Condition
    right: int
    fired: int
    bound: float  # precision is at least this, with 95% confidence


def mine(
    table: pa.Table,
    members: np.ndarray,
    *,
    text: Sequence[str] = (),
    columns: Sequence[str] = (),
) -> list[Found]:
    """Rules for the rows of `table`, by class, the widest first.

    `members` (n_rows, n_classes) bool: which classes a row is of; a row of none is left out. Only
    the columns named are looked at, so that no label can leak into a rule.
    """
    import numpy as np

    if not (text or columns) or not members.any():
        return []
    labelled = np.flatnonzero(members.any(axis=1))
    table, members = table.take(labelled), members[labelled]
    first = halves(table, text)
    seen, other = table.filter(first), table.filter(~first)
    if not len(seen) or not len(other):
        return []
    most = _RULES if members.shape[1] <= _MANY_CLASSES else 1
    able = TextConditions(seen, text) if text else TableConditions(seen, columns)
    found: list[Found] = []
    for of in range(members.shape[1]):
        mine_, theirs = members[first, of], members[~first, of]
        if not mine_.any():
            continue
        tried = [_tried(of, when, other, theirs) for when in able.of(mine_, most)]
        found += sorted((f for f in tried if f is not None), key=lambda f: -f.right)
    return found


def halves(table: pa.Table, text: Sequence[str]) -> np.ndarray:
    """(n_rows,) bool: which rows are of the first half; the same for the same rows.

    Rows whose texts are equal are of the same half: a copy would prove nothing. Rows of a table are
    parted one by one, for there equal rows are items of their own.
    """
    import numpy as np

    if not text:
        return np.asarray(np.random.default_rng(0).random(table.num_rows) < 0.5)
    rows = zip(*(table[name].to_pylist() for name in text), strict=True)
    return np.array(
        [_coin("\x1f".join(str(cell).casefold() for cell in row)) for row in rows], bool
    )


def _coin(text: str) -> bool:
    return bool(hashlib.sha256(text.encode("utf-8", "replace")).digest()[0] & 1)


def _tried(of: int, when: Condition, rows: pa.Table, right: np.ndarray) -> Found | None:
    """The rule on rows it was not made from; None where they do not bear it out."""
    from labelwright.loop.conditions import mask
    from labelwright.loop.measure.intervals import lower_bound

    fires = mask(when, rows)
    fired, hits = int(fires.sum()), int((fires & right).sum())
    bound = lower_bound(hits, fired, CONFIDENCE) if fired else 0.0
    guessing = float(right.mean())
    if bound < max(PRECISION, guessing + (1 - guessing) / 2):
        return None
    return Found(of, when, hits, fired, bound)
