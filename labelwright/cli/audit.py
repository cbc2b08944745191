"""The command that finds wrong labels in a data set: audit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelwright.cli.common import Json, Out, print_json, width

if TYPE_CHECKING:
    from labelwright.auditing import DatasetAudit


def audit(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATASET",
            help="csv, parquet, jsonl or npz; a folder of pictures, with an index.csv or a folder a class.",
        ),
    ],
    label: Annotated[
        str | None, typer.Option(help="The column that holds the labels (default: label).")
    ] = None,
    text: Annotated[list[str] | None, typer.Option(help="Text column (may be repeated).")] = None,
    image: Annotated[list[str] | None, typer.Option(help="Image column.")] = None,
    columns: Annotated[
        list[str] | None, typer.Option(help="Table column (may be repeated).")
    ] = None,
    id: Annotated[str | None, typer.Option("--id", help="The column that names an item.")] = None,
    encoder: Annotated[
        str | None,
        typer.Option(help="What turns items into vectors: minilm, tfidf, static, pixels, table, …"),
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="How many suspects to show.")] = 10,
    out: Out = None,
    sample: Annotated[
        int,
        typer.Option(
            min=0, help="With --out: add so many items drawn at random, to measure the share by."
        ),
    ] = 0,
    checked: Annotated[
        Path | None,
        typer.Option(help="Labels that people gave when they looked again: columns id and label."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all that is random.")] = 0,
    json: Json = False,
) -> None:
    """Find labels that are likely wrong, say how many there are, and write them down to look at again."""
    from labelwright.auditing import audit_dataset
    from labelwright.auditing_reading import Wish
    from labelwright.auditing_view import audit_json, audit_view
    from labelwright.terminal import RichProgress, say

    form = _form(out)
    wish = Wish(
        path=data,
        label=label,
        text=tuple(text or ()),
        image=tuple(image or ()),
        columns=tuple(columns or ()),
        id=id,
        encoder=encoder,
        seed=seed,
    )
    with RichProgress() as progress:
        progress.step("reading data")
        found = audit_dataset(wish, checked=checked, progress=progress)
    written = _write(found, sample, out, form) if out and form else 0
    if json:
        print_json(audit_json(found, top=top))
        return
    say(audit_view(found, top=top, width=width(), following=_next(wish, found, out, written)))


def _form(out: Path | None) -> Any:
    if out is None:
        return None
    from labelwright.exporting import format_of

    return format_of(out)


def _write(found: DatasetAudit, sample: int, out: Path, form: str) -> int:
    from labelwright.auditing_view import queue_rows
    from labelwright.exporting import write_table

    rows = queue_rows(found, sample)
    write_table(rows, out, form)
    return len(rows)


def _next(wish: Any, found: DatasetAudit, out: Path | None, written: int) -> list[str]:
    """What to do with it."""
    data = f"{wish.path} --label {found.label}"
    look = (
        f"fill in the column label of {out} ({written:,} rows), then: "
        f"labelwright audit {data} --checked {out}"
        if out
        else f"labelwright audit {data} --out queue.csv --sample 100"
    )
    table = wish.path / "index.csv" if wish.path.is_dir() else wish.path
    if (
        table.suffix.casefold() not in (".csv", ".parquet", ".jsonl", ".ndjson")
        or not table.is_file()
    ):
        return [look]
    block = f"existing_labels {{ label = {found.label}, trust = noisy, audit = 200 items }}"
    return [
        look,
        f"labelwright init my.task --from {table} --label {found.label}",
        f"    and write in it  {block}",
    ]


COMMANDS: dict[str, Callable[..., None]] = {"audit": audit}
