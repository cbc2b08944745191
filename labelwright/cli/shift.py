"""The command that holds the parts of the data against each other, and shows what was never asked: shift."""

from __future__ import annotations

from collections.abc import Callable

import typer

from labelwright.cli.common import DataRoot, Json, State, TaskFile, print_json, project, width


def shift(
    task: TaskFile, state: State = None, data_root: DataRoot = None, json: Json = False
) -> None:
    """Whether pool, holdout and new rows differ, and which regions of the pool were never asked."""
    from labelwright.shift_view import shift_json, shift_view
    from labelwright.terminal import RichProgress, say

    with RichProgress() as progress:
        at_work = project(task, state, data_root, progress=progress)
        progress.step("comparing")
        found = at_work.distribution()
    if json:
        print_json(shift_json(found))
        return
    following = f"labelwright report {task}     the same with a picture, for others"
    if not found.comparisons:
        following = f"labelwright run {task}     a finished round compares its data"
    if any(each.alarm for each in found.comparisons):
        typer.echo("warning: the data differ, see below", err=True)
    say(shift_view(at_work.task, found, width=width(), following=following))


COMMANDS: dict[str, Callable[..., None]] = {"shift": shift}
