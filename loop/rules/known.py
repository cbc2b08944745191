"""Labels that rules are compared with: those the task's `existing_labels` name, and people's answers.

The column that simulated annotators answer from is neither. People's labels of the holdout are kept apart:
no item of it is shown, since rules written while looking at them would make what is measured there look
better than it is; how many each rule is right on may be told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import DataError
from labelwright.loop.items import read_column
from labelwright.loop.matching import ClassMatcher, is_missing

if TYPE_CHECKING:
    from labelwright.loop.ports import Context
    from labelwright.loop.workbench import Workbench

Answer = frozenset[str]
"""Class ids; what they count as is not among them."""


@dataclass(frozen=True)
class People:
    """What people's answers came to, by item: the item's content as it was judged, and the label."""

    answers: Mapping[str, tuple[bytes, Answer]]
    rounds: int
    held: Mapping[str, tuple[bytes, Answer]] = field(
        default_factory=dict
    )  # the holdout's: they judge only


def people(bench: Workbench) -> People | None:
    """The labels of the pool after the last round that was collected; None before the first.

    An item that people called unusable counts as that class where the task has one such class.
    Raises DefinitionChanged where the classes of the task were not applied yet.
    """
    outcomes = bench.store.outcomes("collect")
    if not outcomes:
        return None
    last = len(outcomes) - 1
    labels, holdout = bench.labels(last, int(outcomes[last]["watermark"]))
    items, ids = bench.items(last), [c.id for c in bench.task.labels]
    held = {
        int(row): ids[k] for row, k in zip(holdout.rows, holdout.classes, strict=True) if k >= 0
    }
    said = {int(row): ids[k] for row, k in zip(labels.rows, labels.classes, strict=True)}
    unusable = [c.id for c in bench.task.choices if c.role == "unusable"]
    if len(unusable) == 1:
        said |= {int(row): unusable[0] for row in labels.unusable}
    found, judging = (
        {
            items.id_of(row): (bytes.fromhex(items.content_of(row)), frozenset((label,)))
            for row, label in part.items()
        }
        for part in (said, held)
    )
    return People(found, last + 1, judging)


class Existing:
    """The labels of `existing_labels`, read beside the items or from a source of their own."""

    def __init__(self, context: Context) -> None:
        self._task = context.task
        self._matcher = ClassMatcher(context.task)
        self._unknown: Counter[str] = Counter()
        self._elsewhere: dict[str, Answer] | None = None
        self.column: str | None = None
        block = context.task.existing_labels
        if block is None or context.task.kind == "spans":
            return  # a label of a whole item says nothing of a span
        if block.source is None:
            self.column = block.label
        else:
            values = read_column(context, block.label, call=block.source, key=block.key)
            self._elsewhere = {identity: self._answer(value) for identity, value in values.items()}
            self.refuse_unknown()

    def answers(self, ids: list[str], values: list[Any] | None) -> list[Answer]:
        """The label of each item, empty where there is none; `values`: the column's, if it is read."""
        if values is not None:
            return [self._answer(value) for value in values]
        if self._elsewhere is None:
            return [frozenset()] * len(ids)
        return [self._elsewhere.get(identity, frozenset()) for identity in ids]

    def refuse_unknown(self) -> None:
        """Raise DataError where values were seen that are no class."""
        if not self._unknown:
            return
        block = self._task.existing_labels
        assert block is not None
        listed = ", ".join(f"{value} ({n:,})" for value, n in self._unknown.most_common(10))
        raise DataError(
            f"column {block.label} holds values that are no class: {listed}",
            "add them as `aliases` of the class they mean",
        )

    def _answer(self, value: Any) -> Answer:
        several = isinstance(value, (list, tuple))
        each = value if several else (value,)
        return frozenset(self._matched(v for v in each if not is_missing(v)))

    def _matched(self, values: Iterable[Any]) -> Iterable[str]:
        for value in values:
            label = self._matcher.match(value)
            if label is None:
                self._unknown[str(value)] += 1
            else:
                yield label
