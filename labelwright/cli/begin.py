"""The command that writes a first task file: init."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer


def init(
    path: Annotated[Path, typer.Argument(metavar="TASK", help="The task file to write.")],
    data: Annotated[
        Path | None, typer.Option(help="A csv, parquet or jsonl file to propose from.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="The column that classes are proposed from.")
    ] = None,
    text: Annotated[list[str] | None, typer.Option(help="Text column (may be repeated).")] = None,
    image: Annotated[list[str] | None, typer.Option(help="Image column.")] = None,
    columns: Annotated[
        list[str] | None, typer.Option(help="Table column (may be repeated).")
    ] = None,
    id: Annotated[str | None, typer.Option("--id", help="The column that names an item.")] = None,
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="A class (may be repeated).")
    ] = None,
    title: Annotated[str, typer.Option(help="The task's title.")] = "",
    force: Annotated[bool, typer.Option(help="Overwrite the file if it is there.")] = False,
) -> None:
    """Write a first task file, from flags or from a data file."""
    from labelwright.starting import start

    typer.echo(
        start(
            path,
            data=data,
            label=label,
            text=tuple(text or ()),
            image=tuple(image or ()),
            columns=tuple(columns or ()),
            id=id,
            classes=tuple(classes or ()),
            title=title,
            force=force,
        )
    )


COMMANDS: dict[str, Callable[..., None]] = {"init": init}
