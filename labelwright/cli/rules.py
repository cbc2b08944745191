"""The command that runs the rules over the data and says what each is worth: rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelwright.cli.common import DataRoot, Json, State, TaskFile, print_json, project, width

if TYPE_CHECKING:
    from labelwright.loop.rules.known import People
    from labelwright.project import Project

Examples = Annotated[
    int, typer.Option(min=0, max=100, help="Items to show for each rule, and where it is wrong.")
]


def rules(
    task: TaskFile,
    data_root: DataRoot = None,
    state: State = None,
    examples: Examples = 0,
    json: Json = False,
) -> None:
    """Run the rules over the data: what each covers, how they agree, how often they are right."""
    from labelwright.loop.ports import Context
    from labelwright.loop.rules.report import rules_report
    from labelwright.project import cache_folder
    from labelwright.rules_view import examples_view, rules_json, rules_view
    from labelwright.terminal import RichProgress, say

    with RichProgress() as progress:
        at_work = project(task, state, data_root, progress=progress)
        if not at_work.task.rules and not json:
            say(_without_rules(task))
            return
        notes = _left_aside(at_work)
        progress.step("reading data")
        known, more = _people(at_work)
        context = Context(
            task=at_work.task,
            data_root=at_work.data_root,
            cache=cache_folder(),
            seed=at_work.task.train.seeds[0],
            progress=progress,
        )
        report = rules_report(context, known, examples=examples)
    notes += more
    if json:
        print_json(rules_json(report, str(task), notes))
        return
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    say(f"{task} · {len(at_work.task.rules)} rules on {report.analysis.items:,} items\n")
    if examples:
        say(examples_view(report, width=width()) + "\n")
    spans = at_work.task.kind == "spans"
    say(rules_view(report, spans=spans, width=width(), following=_next(task, examples)))


def _left_aside(at_work: Project) -> list[str]:
    """What of `data` this version does not apply. Raises NotYet where rules may need it."""
    from labelwright.loop.errors import NotYet
    from labelwright.loop.supported import unsupported

    missing = [part for part in unsupported(at_work.task) if part.startswith("data ")]
    if "data join" in missing:
        raise NotYet(
            f"{at_work.definition.name}: this version cannot join sources yet",
            "put the columns that the rules name into the data themselves",
        )
    return [f"{part} is not applied yet: items are counted without it" for part in missing]


def _people(at_work: Project) -> tuple[People | None, list[str]]:
    """People's labels where a campaign has begun; a note where they are of other classes."""
    from labelwright.loop.errors import DefinitionChanged
    from labelwright.loop.rules.known import people

    if not at_work.began():
        return None, []
    try:
        with at_work.looking() as bench:
            return people(bench), []
    except DefinitionChanged as error:
        return None, [f"people’s labels are left out: {error.message}; {error.remedy}"]


def _next(task: Path, examples: int) -> list[str]:
    look = f"labelwright rules {task} --examples 5     what they fire on, and where they are wrong"
    return [*([] if examples else [look]), f"labelwright check {task}     after every change"]


def _without_rules(task: Path) -> str:
    return (
        f"{task} has no rules\n"
        'Next     write some:  rules {  goal: vote Sports when body contains any ["goal", "match"]  }'
    )


COMMANDS: dict[str, Callable[..., None]] = {"rules": rules}
