"""The command label: answer in the terminal what a run asks."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable
from typing import Annotated

import typer

from labelwright.cli.common import DataRoot, Json, State, TaskFile, print_json, project
from labelwright.loop.errors import LabelwrightError


def label(
    task: TaskFile,
    as_: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="NAME",
            help="Who answers (default: $LABELWRIGHT_ANNOTATOR, else who is logged in).",
        ),
    ] = None,
    state: State = None,
    data_root: DataRoot = None,
    json: Json = False,
) -> None:
    """Label what waits for you in this terminal; quit and go on whenever you like."""
    from labelwright import labelling
    from labelwright.console import say

    person = annotator(as_)
    at_work = project(task, state, data_root)
    answered = labelling.label(at_work, person, stream=sys.stderr if json else None)
    left = labelling.waiting(at_work, person)
    if json:
        print_json(
            {
                "task": at_work.task.name,
                "annotator": person,
                "answered": answered,
                "open": left.here,
                "open_to_all": left.all,
            }
        )
    else:
        items = "item" if answered == 1 else "items"
        say(f"{answered:,} {items} answered by {person}; {left.here:,} more open to {person}.")
        if left.here:
            following = f"labelwright label {task}     goes on where you stopped"
        elif left.all:
            say(f"{left.all:,} still wait for somebody else.")
            following = f"labelwright label {task} --as NAME     for the next person"
        else:
            following = f"labelwright run {task}     learns from the answers, and asks for more"
        say(f"\nNext     {following}")
    raise typer.Exit(4 if left.here else 0)


def annotator(name: str | None) -> str:
    """Who answers. Raises LabelwrightError where nobody can tell."""
    import getpass

    told = name if name is not None else os.environ.get("LABELWRIGHT_ANNOTATOR")
    try:
        found = told if told is not None else getpass.getuser()
    except (OSError, KeyError, ImportError):
        found = ""
    found = unicodedata.normalize("NFC", " ".join(found.split()))
    if not found or not found.isprintable():
        raise LabelwrightError(
            f"{found!r} is no name of an annotator", "say who answers: `--as NAME`"
        )
    return found


COMMANDS: dict[str, Callable[..., None]] = {"label": label}
