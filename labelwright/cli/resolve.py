"""The command that makes labels of annotations that were made elsewhere: resolve."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelwright.cli.common import Json, Out, print_json, width

if TYPE_CHECKING:
    from labelwright.resolving import Annotations


def resolve(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="csv, tsv or parquet, one annotation a row: id, annotator, label."
        ),
    ],
    method: Annotated[
        str, typer.Option(help="crowdlab, majority, dawid_skene, glad or mace.")
    ] = "crowdlab",
    out: Out = None,
    json: Json = False,
    text: Annotated[
        str | None,
        typer.Option(
            help="The column with an item's text: a model then helps crowdlab, out of fold."
        ),
    ] = None,
    items: Annotated[
        Path | None,
        typer.Option(
            help="The file with the texts, one item a row (default: FILE). Its id as in FILE."
        ),
    ] = None,
    encoder: Annotated[str, typer.Option(help="What reads the texts: tfidf or minilm.")] = "tfidf",
    id: Annotated[str, typer.Option("--id", help="The column that names the item.")] = "id",
    annotator: Annotated[
        str, typer.Option(help="The column that says who answered.")
    ] = "annotator",
    label: Annotated[str, typer.Option(help="The column with the answer.")] = "label",
    delimiter: Annotated[str, typer.Option(help="What parts the cells of a csv.")] = ",",
    encoding: Annotated[str, typer.Option(help="How a csv is encoded, such as cp949.")] = "utf8",
    seed: Annotated[int, typer.Option(help="Draws the folds of the texts' model.")] = 0,
) -> None:
    """Make one label an item of what several people said, with its probability; score the people."""
    from labelwright import figures, resolving, resolving_view
    from labelwright.resolving_file import Columns
    from labelwright.resolving_texts import ENCODERS, predictions, texts_of
    from labelwright.terminal import RichProgress, say

    _one_of("--method", method, resolving.METHODS)
    _one_of("--encoder", encoder, ENCODERS)
    if (text is not None or items is not None) and method != "crowdlab":
        raise typer.BadParameter(f"{method} reads no texts: leave --text out, or use crowdlab")
    if items is not None and text is None:
        raise typer.BadParameter("--items needs --text: the column that holds the texts")
    if len(delimiter) != 1:
        raise typer.BadParameter("--delimiter is one character")
    columns = Columns(id, annotator, label, text, delimiter, encoding)
    with RichProgress() as progress:
        progress.step("reading")
        found = resolving.read(file, columns)
        predicted = None
        if text is not None:
            told = texts_of(items or file, found, columns)
            predicted = predictions(found, told, encoder, seed, progress)
        progress.step("resolving")
        made = resolving.resolve(found, method, predicted, progress)
        people = resolving_view.annotators(found)
        if out is not None:
            resolving.write(found, made, out)
    _notes(file, found, predicted is None and text is not None)
    if json:
        print_json(resolving_view.as_json(found, made, people, items=out is None))
        return
    say(resolving_view.view(file, found, made, people, width()))
    say("")
    doubtful = int(made.doubtful.sum())
    if out is None:
        say(f"Next     labelwright resolve {file} --out labels.csv     writes the labels")
    elif doubtful:
        rows = figures.counted(doubtful, "row")
        say(f"Next     {out}: an expert decides the {rows} with needs_adjudication = true")
    else:
        say(f"Next     {out} has the labels: read them with existing_labels in a task file")


def _one_of(option: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise typer.BadParameter(f"{option} {given}: choose one of {', '.join(known)}")


def _notes(file: Path, found: Annotations, silent: bool) -> None:
    from labelwright import figures

    for what, (n, first) in found.faults.items():
        rows = figures.counted(n, "row")
        typer.echo(f"note: {rows} of {file} set aside: {what}, first in row {first}", err=True)
    if found.replaced:
        answers = figures.counted(found.replaced, "answer")
        typer.echo(
            f"note: {answers} left out: the person answered the item again, later in {file}",
            err=True,
        )
    if silent:
        typer.echo("note: too few labels to learn from the texts: people alone decided", err=True)


COMMANDS: dict[str, Callable[..., None]] = {"resolve": resolve}
