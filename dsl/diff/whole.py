"""The difference of two definitions, whole."""

from __future__ import annotations

from labelwright.dsl.diff.alike import proposals
from labelwright.dsl.diff.changes import Change
from labelwright.dsl.diff.classes import Fates, class_changes
from labelwright.dsl.diff.pairing import pair
from labelwright.dsl.diff.settings import named_changes, setting_changes
from labelwright.dsl.diff.translated import translated
from labelwright.dsl.task import Task


def diff(old: Task, new: Task) -> tuple[Change, ...]:
    """Every difference, classes first. Empty for equal Tasks, and only for these.

    `was` and `split_of` in `new` are read against `old`.
    """
    if old == new:
        return ()
    pairing = pair(old, new)
    fates = Fates(old, new, pairing)
    before = translated(old, new, pairing)
    hints = proposals(old, new, fates.gone, fates.fresh)
    found = (
        *class_changes(fates, hints),
        *setting_changes(before, new),
        *named_changes(before, new, pairing),
    )
    return found or (_unsaid(old, new),)


def _unsaid(old: Task, new: Task) -> Change:
    """A difference that no task file can show."""
    fields = ", ".join(n for n in Task.model_fields if getattr(old, n) != getattr(new, n))
    return Change("setting", "change", "none", fields, f"{fields}: written in another order")
