"""Labelling in the terminal: a campaign opened for one person at the desk.

No lock is held: each answer is a transaction of its own, so that several people can label at once, and a
run can go on beside them. What the task's definition says must stay what it was when they sat down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from labelwright.loop.errors import DefinitionChanged, LabelwrightError

if TYPE_CHECKING:
    from labelwright.desk.card import Card
    from labelwright.dsl.task import Task
    from labelwright.loop.outbox import Outbox, Sent
    from labelwright.loop.ports import Suggestion
    from labelwright.loop.workbench import Workbench
    from labelwright.project import Project


@dataclass(frozen=True)
class Waiting:
    """How many items wait for a person, and how many lack an answer by whomever."""

    here: int
    all: int


def label(project: Project, person: str, *, stream: TextIO | None = None) -> int:
    """Let a person label what is open to them, and return how many answers they gave.

    stream: where it is shown, default standard output. Raises StoreError where no campaign was begun,
    DefinitionChanged where the file means something else than what was applied.
    """
    from labelwright.desk.sitting import label_session

    with project.looking() as bench:
        _refuse_others(project, bench)
        return label_session(
            bench.task,
            _outbox(bench),
            _cards(bench),
            person,
            root=bench.context.data_root,
            stream=stream,
            guard=_guard(bench, project.definition.name),
        )


def waiting(project: Project, person: str) -> Waiting:
    """What is open. Raises as `label` does."""
    from labelwright.desk.queue import lacking, open_to

    with project.looking() as bench:
        _refuse_others(project, bench)
        outbox = _outbox(bench)
        sent, held = outbox.sent(), outbox.held()
        return Waiting(len(open_to(person, sent, held)), lacking(sent, held))


def _refuse_others(project: Project, bench: Workbench) -> None:
    from labelwright.loop.engine import check_meaning

    source = bench.task.annotators.source.name
    if source != "terminal":
        raise LabelwrightError(
            f"{project.definition.name}: its annotators answer in {source}, not in the terminal",
            "write `from = terminal` in `annotators` to label here",
        )
    check_meaning(bench, project.definition.name)


def _outbox(bench: Workbench) -> Outbox:
    from labelwright.loop.outbox import Outbox

    return Outbox(bench.store)


def _guard(bench: Workbench, name: str) -> Callable[[], None]:
    number = bench.store.last_applied()

    def check() -> None:
        if bench.store.last_applied() != number:
            raise DefinitionChanged(
                f"a change of {name} was applied while you were labelling",
                f"start `labelwright label {name}` again; what you answered before is kept",
            )

    return check


def _proposed(task: Task, suggestion: Suggestion) -> tuple[str, ...]:
    """Class ids; of marks what is marked and as what."""
    if not suggestion.spans:
        return suggestion.labels
    titles = {c.id: c.title for c in task.classes}
    return tuple(
        f"“{span.text}” {titles.get(label, label)}"
        for label, span in zip(suggestion.labels, suggestion.spans, strict=True)
    )


def _cards(bench: Workbench) -> Callable[[Sent], Card]:
    """Items as they were read when their batch was sent."""
    from labelwright.connectors.exchange.handing import hints_of
    from labelwright.desk.card import Card, parts_of
    from labelwright.dsl.compile.fields import shown
    from labelwright.loop.engine import last_round
    from labelwright.loop.handing import suggestion_of
    from labelwright.loop.sending import batch_id
    from labelwright.loop.workbench import complete

    rounds = {batch_id(bench, r): r for r in range(last_round(bench.store) + 1)}

    def show(sent: Sent) -> Card:
        return bench.once(("card", sent.uid), lambda: make(sent))  # type: ignore[no-any-return]

    def make(sent: Sent) -> Card:
        items = bench.items(rounds[sent.batch])
        page = shown(complete(bench.task, items.inputs))
        columns = list(dict.fromkeys(c for part in page for c in part.columns))
        row = items.take(items.rows_of([sent.item])).columns(columns).to_pylist()[0]
        proposed = suggestion_of(sent)
        return Card(
            parts=parts_of(page, row),
            hints=hints_of(_outbox(bench), sent.uid),
            suggestion=_proposed(bench.task, proposed) if proposed else (),
            version=proposed.version if proposed else "",
        )

    return show
