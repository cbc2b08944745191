"""The command that plans a campaign before it is paid for: simulate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from labelwright.cli.common import DataRoot, Json, State, TaskFile, print_json, project, width

_LISTED = "several with commas between"


def simulate(
    task: TaskFile,
    people: Annotated[str, typer.Option(help=f"How many people; {_LISTED}.")] = "3",
    error: Annotated[
        str, typer.Option(help=f"Their share of wrong answers, such as 10%; {_LISTED}.")
    ] = "10%",
    overlap: Annotated[
        str, typer.Option(help=f"People an item (default: the task's); {_LISTED}.")
    ] = "",
    budget: Annotated[
        str, typer.Option(help=f"Annotations (default: the task's); {_LISTED}.")
    ] = "",
    reachable: Annotated[
        str,
        typer.Option(
            metavar="LOW..HIGH",
            help="The accuracy that the model would reach with all labels there are.",
        ),
    ] = "60%..99%",
    seconds: Annotated[
        float | None, typer.Option(min=0, help="Seconds an answer takes, for the hours.")
    ] = None,
    truth: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Run the campaign itself on its data, of which this column is the truth.",
        ),
    ] = None,
    times: Annotated[
        int | None,
        typer.Option(min=1, help="Campaigns a scenario (default: 200; with --truth 3)."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all that is drawn; without --truth.")] = 0,
    state: State = None,
    data_root: DataRoot = None,
    json: Json = False,
) -> None:
    """Plan a campaign before it is paid for: accuracy, cost, agreement, and the chance to pass."""
    from labelwright.simulating import outlooks, rehearsals, variants
    from labelwright.simulating_view import as_json, outlook_view, scenarios_of
    from labelwright.terminal import RichProgress, say

    low, _, high = reachable.partition("..")
    ends = (_share(low, "--reachable"), _share(high or low, "--reachable"))
    if ends[0] > ends[1]:
        raise typer.BadParameter(f"--reachable {reachable}: write the lower end first, 80%..95%")
    scenarios = scenarios_of(
        [_count(each, "--people") for each in _each(people)],
        [_share(each, "--error") for each in _each(error)],
        ends,
        seconds,
    )
    with RichProgress() as progress:
        at_work = project(task, state, data_root, progress=progress)
        chosen = variants(
            at_work.task,
            overlap=[_count(each, "--overlap") for each in _each(overlap)],
            budget=[_count(each, "--budget") for each in _each(budget)],
        )
        if truth is None:
            found = outlooks(
                at_work.task, scenarios, chosen, times=times or 200, seed=seed, progress=progress
            )
        else:
            found = rehearsals(
                at_work, scenarios, chosen, column=truth, times=times or 3, progress=progress
            )
    if json:
        print_json(as_json(found, truth=truth))
        return
    say(outlook_view(found, truth=truth, width=width()))
    say(f"\nNext     labelwright run {task}     begins it; nothing was asked, written or paid here")


def _each(given: str) -> list[str]:
    return [part.strip() for part in given.split(",") if part.strip()]


def _count(written: str, option: str) -> int:
    digits = written.replace("_", "")
    if not digits.isdecimal() or not int(digits):
        raise typer.BadParameter(f"{option} {written}: write a whole number from 1, such as 3")
    return int(digits)


def _share(written: str, option: str) -> float:
    text = written.strip()
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise typer.BadParameter(f"{option} {written}: write a share, such as 10% or 0.1")
    return value


COMMANDS: dict[str, Callable[..., None]] = {"simulate": simulate}
