"""What the commands share: options, printing, errors."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from labelwright.loop.errors import LabelwrightError
    from labelwright.project import Project

TaskFile = Annotated[Path, typer.Argument(metavar="TASK", help="The task file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
State = Annotated[
    Path | None,
    typer.Option(
        help="Folder that holds <task>/state.db (default: .labelwright beside the task file)."
    ),
]
DataRoot = Annotated[
    Path | None,
    typer.Option(
        help="What paths in the file are relative to (default: $LABELWRIGHT_DATA, else its folder)."
    ),
]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Where to write.")]


def project(
    task: Path, state: Path | None, data_root: Path | None, seed: int | None = None, **more: Any
) -> Project:
    """The project of a task file."""
    from labelwright.project import Project

    return Project(task, state=state, data_root=data_root, seed=seed, **more)


def width() -> int:
    """Columns to write in: those of the terminal, within what reads well; 80 in a pipe."""
    return min(120, max(60, shutil.get_terminal_size((80, 24)).columns))


def print_json(value: Any) -> None:
    """JSON on stdout, the same bytes for the same value."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def show_error(error: LabelwrightError) -> None:
    """An error on stderr: what is wrong, then what to do."""
    from labelwright.console import in_color

    word = typer.style("error", fg="red", bold=True) if in_color(sys.stderr) else "error"
    typer.echo(f"{word}: {error.message}", err=True)
    if error.remedy:
        typer.echo(f"  {error.remedy}", err=True)
