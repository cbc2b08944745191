"""Running the rules over the data: read once, batch by batch, with nothing kept but counts.

The items are those that a run would take (`keep when` applied, bad rows set aside); no snapshot and no
campaign is needed, and none is begun.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.dsl.frozen import Frozen
from labelwright.loop.fields import resolve
from labelwright.loop.items import CONTENT, ITEM, ORDER, Columns, Reading, open_source, read_items
from labelwright.loop.rules.analysis import Analysis, Tally
from labelwright.loop.rules.firing import firing, marks_text
from labelwright.loop.rules.known import Existing, People
from labelwright.loop.rules.records import RulesScored
from labelwright.loop.rules.scoring import scored
from labelwright.loop.rules.spans import of_item, passing
from labelwright.loop.rules.votes import Votes, of_firing
from labelwright.loop.supported import single
from labelwright.loop.workbench import complete

if TYPE_CHECKING:
    import pyarrow as pa

    from labelwright.dsl.task import Task
    from labelwright.loop.items import Inputs
    from labelwright.loop.ports import Context, Fault

_LONGEST = 400  # characters of an excerpt; whoever prints it may cut it shorter


class RulesReport(Frozen):
    """The figures, what was set aside while reading, and where the labels come from."""

    analysis: Analysis
    faults: tuple[Fault, ...]
    labels: str  # in words; empty where no label is known
    scored: RulesScored | None = (
        None  # by the label model; None where an item may have several classes
    )


def rules_report(
    context: Context, people: People | None = None, *, examples: int = 0
) -> RulesReport:
    """Read the data once and count. `examples`: items kept for each rule, and as many it is wrong on.

    A label that people gave counts before an existing one, and only for the item as they saw it. Raises
    DataError where the data cannot be used, or existing labels hold what is no class.
    """
    source = open_source(context)
    columns = Columns.of(context, source)
    task = complete(context.task, columns.inputs)
    existing = Existing(context)
    if existing.column is not None:
        columns = replace(columns, read=tuple(dict.fromkeys((*columns.read, existing.column))))
    tally, reading = Tally(task, examples=examples), Reading()
    kept = _Kept(task)
    for table in read_items(context, source, columns, reading):
        ids = table[ITEM].to_pylist()
        values = None if existing.column is None else table[existing.column].to_pylist()
        answers = _with_people(existing.answers(ids, values), ids, table, people)
        order = np.asarray(table[ORDER].to_numpy())
        fired = firing(task, table)
        tally.add(fired, answers, order, _shower(task, columns.inputs, ids, table))
        kept.add(fired, answers, _held(ids, table, people))
    existing.refuse_unknown()
    return RulesReport(tally.result(), tuple(reading.faults), _labels(task, people), kept.scored())


class _Kept:
    """What the label model needs of each batch: who fired, and the class of what is labelled."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._wanted = single(task) and any(rule.label is not None for rule in task.rules)
        self._votes: list[Votes] = []
        self._known: list[np.ndarray] = []
        self._held: list[np.ndarray] = []

    def add(
        self,
        fired: dict[str, np.ndarray],
        answers: Sequence[frozenset[str]],
        held: Sequence[frozenset[str]],
    ) -> None:
        if self._wanted:
            self._votes.append(of_firing(self._task, self._task.rules, fired, len(answers)))
            self._known.append(self._classes(answers))
            self._held.append(self._classes(held))

    def _classes(self, answers: Sequence[frozenset[str]]) -> np.ndarray:
        """(n,) the class index of each, -1 where it is not known or no class of the model."""
        index = {c.id: i for i, c in enumerate(self._task.labels)}
        return np.array([index.get(next(iter(a)), -1) if len(a) == 1 else -1 for a in answers], int)

    def scored(self) -> RulesScored | None:
        if not self._votes:
            return None
        first = self._votes[0]
        whole = replace(
            first,
            fired=np.concatenate([v.fired for v in self._votes]),
            vetoed=np.concatenate([v.vetoed for v in self._votes]),
        )
        known, held = np.concatenate(self._known), np.concatenate(self._held)
        known[held >= 0] = -1
        return scored(
            self._task.rules,
            whole,
            *((rows := np.flatnonzero(part >= 0), part[rows]) for part in (known, held)),
        )


def _held(ids: Sequence[str], table: pa.Table, people: People | None) -> list[frozenset[str]]:
    """What people said of items of the holdout, by row; empty where nothing."""
    if people is None or not people.held:
        return [frozenset()] * len(ids)
    contents = table[CONTENT]
    told = [people.held.get(identity) for identity in ids]
    return [
        each[1] if each is not None and each[0] == contents[row].as_py() else frozenset()
        for row, each in enumerate(told)
    ]


def _with_people(
    answers: list[frozenset[str]], ids: Sequence[str], table: pa.Table, people: People | None
) -> list[frozenset[str]]:
    if people is None:
        return answers
    contents = table[CONTENT]
    for row, identity in enumerate(ids):
        told = people.answers.get(identity)
        if told is not None and told[0] == contents[row].as_py():
            answers[row] = told[1]
    return answers


def _labels(task: Task, people: People | None) -> str:
    parts = []
    if (block := task.existing_labels) is not None and task.kind != "spans":
        parts.append(f"existing labels in column {block.label} ({block.trust})")
    if people is not None:
        rounds = "1 round" if people.rounds == 1 else f"{people.rounds:,} rounds"
        parts.append(f"people’s labels of the pool after {rounds}")
    return " and ".join(parts)


# --- what an item looks like ------------------------------------------------------------------


def _shower(
    task: Task, inputs: Inputs, ids: Sequence[str], table: pa.Table
) -> Callable[[str, int], tuple[str, str]]:
    rules = {rule.name: rule for rule in task.rules}
    names = table.column_names
    asked = {  # what a rule looks at is shown first
        rule.name: [place[0] for f in of_item(rule.when) if (place := resolve(f.path, names))]
        if rule.when is not None
        else []
        for rule in task.rules
    }

    def show(name: str, row: int) -> tuple[str, str]:
        if marks_text(task, rules[name]):
            marked = _marked(task, name, table.slice(row, 1))
            if marked:
                return ids[row], marked[:_LONGEST]
        cells = {n: table[n][row].as_py() for n in dict.fromkeys((*asked[name], *inputs.all))}
        return ids[row], _excerpt(cells, inputs)[:_LONGEST]

    return show


def _marked(task: Task, name: str, item: pa.Table) -> str:
    """The first text in which the rule marks something, from shortly before that, marks in brackets."""
    rule = next(rule for rule in task.rules if rule.name == name)
    found = list(passing(task, rule, item))
    if not found:
        return ""
    text = str(item[found[0].field][0].as_py())
    begin = max(0, found[0].start - 60)
    shown, at = "…" if begin else "", begin
    for candidate in found:
        if candidate.field == found[0].field and candidate.start >= at:
            shown += f"{text[at : candidate.start]}[{text[candidate.start : candidate.end]}]"
            at = candidate.end
    return shown + text[at:]


def _excerpt(cells: dict[str, Any], inputs: Inputs) -> str:
    texts = [str(cells[n]) for n in inputs.text if cells[n] is not None]
    pictures = [_picture(cells[n]) for n in inputs.image if cells[n] is not None]
    values = [
        f"{n} = {_plain(cell)}"
        for n, cell in cells.items()
        if cell is not None and n not in (*inputs.text, *inputs.image)
    ]
    asked = [", ".join(values)] if values else []
    return " · ".join(
        [*asked, *texts, *pictures] if inputs.columns else [*texts, *pictures, *asked]
    )


def _plain(cell: Any) -> str:
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _picture(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"picture {value['width']} x {value['height']}"
