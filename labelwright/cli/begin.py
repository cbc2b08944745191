"""The command that writes a first task file: init."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from labelwright.cli.common import Json, print_json


def init(
    path: Annotated[Path, typer.Argument(metavar="TASK", help="The task file to write.")],
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="What there is already: items (csv, parquet, jsonl), a Label Studio config (xml), "
            "a data set's features (json, README.md), a list of classes (txt, json).",
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The items, where --from names something else.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="The column that holds the items' classes.")
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
    control: Annotated[
        str | None,
        typer.Option(help="Which control of a Label Studio config, where it has several."),
    ] = None,
    title: Annotated[str, typer.Option(help="The task's title.")] = "",
    bare: Annotated[
        bool, typer.Option("--bare", help="Classes only: seek no examples and no rules.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite the file if it is there.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a first task file, from flags or from what there is already."""
    from labelwright.starting import Wish, start

    wish = Wish(
        source=source,
        data=data,
        label=label,
        text=tuple(text or ()),
        image=tuple(image or ()),
        columns=tuple(columns or ()),
        id=id,
        classes=tuple(classes or ()),
        control=control,
        title=title,
        bare=bare,
    )
    made = start(path, wish, force=force)
    if json:
        print_json(made.as_json())
    else:
        typer.echo(made.told())


COMMANDS: dict[str, Callable[..., None]] = {"init": init}
