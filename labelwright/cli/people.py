"""The command that says how people work, how they agree and which classes they confuse: people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from labelwright.cli.common import DataRoot, Json, State, TaskFile, print_json, project, width


def people(
    task: TaskFile,
    state: State = None,
    data_root: DataRoot = None,
    items: Annotated[
        int, typer.Option(min=0, max=20, help="Items to show of each pair of confused classes.")
    ] = 3,
    json: Json = False,
) -> None:
    """Say how reliable each annotator is, how people agree, and which classes they confuse."""
    from labelwright.people_view import people_json, people_view
    from labelwright.terminal import RichProgress, say

    with RichProgress() as progress:
        at_work = project(task, state, data_root, progress=progress)
        progress.step("looking at people’s answers")
        campaign, texts = at_work.people()
    if json:
        print_json(people_json(at_work.task, campaign))
        return
    say(f"{campaign.title}{'   REHEARSAL: simulated annotators' if campaign.rehearsal else ''}\n")
    say(people_view(at_work.task, campaign, texts, width(), items))
    told = campaign.people
    say("")
    if told is not None and any(p.proposed for p in told.confused):
        say(f"Next     paste a line into the class in {task}, then: labelwright check {task}")
    elif campaign.annotators:
        say(f"Next     labelwright report {task}     the same as a page")
    else:
        say(f"Next     labelwright run {task}")


COMMANDS: dict[str, Callable[..., None]] = {"people": people}
