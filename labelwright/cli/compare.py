"""What each way of tuning costs and gives: compare-finetuning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from labelwright.cli.common import DataRoot, Json, State, TaskFile, print_json, project, width


def compare_finetuning(
    task: TaskFile,
    ways: Annotated[
        str, typer.Option(help="Which, with commas between; the task's own as it is written there.")
    ] = "head,lora,adapter,prefix,full,scratch",
    labels: Annotated[
        int,
        typer.Option(
            min=10, help="How many simulated people are asked for, where no campaign was begun."
        ),
    ] = 200,
    state: State = None,
    data_root: DataRoot = None,
    json: Json = False,
) -> None:
    """Bytes stored, memory, seconds and accuracy of each way to tune, on the campaign's own labels."""
    from labelwright.comparing import as_json, compare
    from labelwright.comparing_view import comparison_view
    from labelwright.terminal import RichProgress, say

    names = [name.strip() for name in ways.split(",") if name.strip()]
    with RichProgress() as progress:
        at_work = project(task, state, data_root, progress=progress)
        compared = compare(at_work, names, labels, progress)
    if json:
        print_json(as_json(compared))
    else:
        say(comparison_view(compared, width=width()))


COMMANDS: dict[str, Callable[..., None]] = {"compare-finetuning": compare_finetuning}
