"""Answers in the store that break a constraint: whose, on which item, and why.

Worked out from the events each time: nothing is stored, so that an edit that mends an answer takes its
flag away at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labelwright.loop.constraints import Judge
from labelwright.loop.labels import counted
from labelwright.loop.ports import Flag

if TYPE_CHECKING:
    from labelwright.loop.store import Event
    from labelwright.loop.versions import Translation


def flags(judged: Sequence[tuple[int, Event]], translation: Translation) -> tuple[Flag, ...]:
    """One for each judgement that broke a constraint when it was given and does so still.

    judged: judgements on items as they are now, with the rows of these. None where the same person has
    given another answer to the item, one that counts.
    """
    judge = Judge(translation.task)
    settled = {
        (row, event.annotator) for row, event in counted(judged, translation) if not event.skipped
    }
    found = []
    for row, event in judged:
        reading = translation.read(event)
        wrong = reading.labels is None and not reading.changed
        if not wrong or (row, event.annotator) in settled:
            continue
        why = judge.violations(event.labels) or (reading.why,)
        found.append(Flag(event.item, event.annotator, event.reference, event.labels, why))
    return tuple(found)
