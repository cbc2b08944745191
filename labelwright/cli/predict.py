"""The command that uses an exported model: predict."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelwright.cli.common import Json, Out

if TYPE_CHECKING:
    from labelwright.loop.ports import Fault
    from labelwright.model.answers import Prediction
    from labelwright.model.predictor import Predictor
    from labelwright.model.reading import Lines, Reading, Wanted

_SHOWN_FAULTS = 3


def predict(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="What `export TASK --model` wrote.")
    ],
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="csv, jsonl or parquet; a picture or a folder of them; - for a text a line on "
            "standard input.",
        ),
    ],
    out: Out = None,
    format: Annotated[
        str | None,
        typer.Option(help="csv, jsonl, json or parquet (default: by the file's ending, else csv)."),
    ] = None,
    json: Json = False,
    every: Annotated[
        bool, typer.Option("--all", help="The probability of every class, not of the best alone.")
    ] = False,
    id: Annotated[
        str | None,
        typer.Option(
            "--id", help="The column that names an item (default: the task's, else rows)."
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=COLUMN", help="What the file calls a column that the model reads."
        ),
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="What parts the cells of a csv.")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="How a csv is encoded, such as cp949.")
    ] = None,
    models: Annotated[
        Path | None,
        typer.Option(
            help="Where the folder of a pretrained encoder lies (default: $LABELWRIGHT_DATA, else here)."
        ),
    ] = None,
) -> None:
    """Predict the classes of new items, by a model that `export --model` wrote."""
    import os

    from labelwright.model.predictor import Predictor
    from labelwright.model.reading import Lines, Reading, Wanted, expected
    from labelwright.model.writing import format_of, opened, write
    from labelwright.terminal import RichProgress

    form = format_of(out, "json" if json and format is None else format)
    wanted = Wanted(id, _columns(column or []), delimiter, encoding)
    with RichProgress() as progress:
        progress.step("loading the model")
        path = Path(data)
        root = path if path.is_dir() else path.parent
        predictor = Predictor.load(
            folder,
            data_root=root if data != "-" else None,
            models=models or Path(os.environ.get("LABELWRIGHT_DATA") or "."),
            progress=progress,
        )
        for note in predictor.notes:
            typer.echo(f"note: {note}", err=True)
        _known(wanted, predictor)
        reading: Lines | Reading
        if data == "-":
            reading, total = Lines(iter(sys.stdin), predictor.manifest), 0
        else:
            reading = Reading(path, predictor.manifest, predictor.task, wanted, progress)
            total = expected(path)
        counts: Counter[str] = Counter()

        def batches() -> Iterator[list[Prediction]]:
            done = 0
            for found in predictor.batches(reading.items()):
                for each in found:
                    counts.update(each.classes or ("none",))
                done += len(found)
                progress("predicting", done, total or done + 1)
                yield found
            progress("predicting", done, done)

        with opened(out, sys.stdout.buffer) as stream:
            write(batches(), predictor.manifest, stream, form, every=every)
    _tell(counts, reading.faults, out)
    if any(f.reason == "undecodable bytes" for f in reading.faults) and _plain(data, encoding):
        typer.echo("  say how the file is encoded with --encoding, such as cp949", err=True)
    if reading.faults and not counts:
        raise typer.Exit(1)  # nothing was predicted: whoever goes on from here should know


def _plain(data: str, encoding: str | None) -> bool:
    """Whether it is a file whose encoding can be said, and was not."""
    return encoding is None and data.casefold().endswith((".csv", ".tsv"))


def _columns(given: list[str]) -> dict[str, str]:
    found = {}
    for each in given:
        name, equals, column = each.partition("=")
        if not (name and equals and column):
            raise typer.BadParameter(f"--column {each}: write NAME=COLUMN, such as text=body")
        found[name] = column
    return found


def _known(wanted: Wanted, predictor: Predictor) -> None:
    from labelwright.loop.errors import DataError

    names = [c.name for c in predictor.manifest.encoder.columns]
    for name in wanted.columns:
        if name not in names:
            raise DataError(
                f"--column {name}=…: the model reads no column {name}",
                f"it reads {', '.join(names)}",
            )


def _tell(counts: Counter[str], faults: Sequence[Fault], out: Path | None) -> None:
    from labelwright import figures

    if out is not None:
        told = ", ".join(f"{name} {figures.count(n)}" for name, n in counts.most_common(10))
        more = f", and {len(counts) - 10} more classes" if len(counts) > 10 else ""
        typer.echo(f"{out}: {told}{more}" if told else f"{out}: no item", err=True)
    if faults:
        typer.echo(
            f"note: {figures.counted(len(faults), 'row')} could not be read and "
            f"{'is' if len(faults) == 1 else 'are'} left out:",
            err=True,
        )
        for fault in faults[:_SHOWN_FAULTS]:
            row = f", row {fault.row}" if fault.row else ""
            typer.echo(f"  {fault.file}{row}: {fault.reason}: {fault.detail}", err=True)
        if len(faults) > _SHOWN_FAULTS:
            typer.echo(f"  and {len(faults) - _SHOWN_FAULTS:,} more", err=True)


COMMANDS: dict[str, Callable[..., None]] = {"predict": predict}
