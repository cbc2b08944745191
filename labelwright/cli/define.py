"""Commands about the definition: check, show, compile. None of them needs a model."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelwright.cli.common import DataRoot, Json, Out, State, TaskFile, print_json

if TYPE_CHECKING:
    from labelwright.dsl.diagnostics import Reading
    from labelwright.surroundings import Looked


def check(
    task: TaskFile,
    json: Json = False,
    data: Annotated[
        bool, typer.Option("--data", help="Read the data too, and say what they speak against.")
    ] = False,
    data_root: DataRoot = None,
    state: State = None,
) -> None:
    """Say everything that is wrong with a task file, and what to write instead."""
    from labelwright.console import in_color
    from labelwright.definition import reading_of
    from labelwright.dsl.render import render, to_json

    if (data_root or state) and not data:
        raise typer.BadParameter("--data-root and --state are for `check --data`")
    reading = reading_of(task)
    looked = None
    if data and reading.task is not None:
        looked = _with_data(task, reading, data_root, state, quiet=json)
        reading = looked.reading
    if json:
        told: dict[str, Any] = {
            "file": str(task),
            "ok": not reading.errors,
            "diagnostics": to_json(reading.diagnostics, reading.source),
        }
        if data:
            told["data"] = None if looked is None else _numbers(looked)
        print_json(told)
    else:
        if reading.diagnostics:
            shown = render(reading.diagnostics, reading.source, color=in_color(sys.stderr))
            typer.echo(shown, err=True)
        typer.echo(_verdict(reading, task, looked))
        if data and looked is None:
            typer.echo("note     the data were not read: mend the file first")
    if reading.errors:
        raise typer.Exit(1)


def _with_data(
    path: Path, reading: Reading, data_root: Path | None, state: Path | None, *, quiet: bool
) -> Looked:
    import os

    from labelwright.loop.ports import Context
    from labelwright.project import cache_folder
    from labelwright.surroundings import look

    assert reading.task is not None
    root = data_root or os.environ.get("LABELWRIGHT_DATA") or path.parent
    states = state or os.environ.get("LABELWRIGHT_STATE") or path.parent / ".labelwright"
    if sys.stderr.isatty() and not quiet:
        typer.echo(f"reading the data of {path} …", err=True)
    context = Context(
        task=reading.task,
        data_root=Path(root),
        cache=cache_folder(),
        seed=reading.task.train.seeds[0],
    )
    return look(reading, context, Path(states) / reading.task.name)


def _numbers(looked: Looked) -> dict[str, Any]:
    """What the data say, for programs."""
    beside = looked.beside
    return {
        "columns": [{"name": c.name, "type": c.type} for c in beside.columns],
        "items": beside.items,
        "holdout": beside.holdout,
        "fires": dict(beside.fires),
        "clashes": [{"rules": [a, b], "items": n} for a, b, n in beside.clashes],
        "labelled": beside.labelled,
        "per_class": dict(beside.per_class),
        "leaks": beside.leaks,
        "notes": list(looked.notes),
    }


def _verdict(reading: Reading, path: Path, looked: Looked | None = None) -> str:
    errors = len(reading.errors)
    others = len(reading.diagnostics) - errors
    also = f", {others} to look at" if others else ""
    if errors or reading.task is None:
        first = reading.errors[0].code
        return (
            f"{path}: {errors} error{'s' if errors != 1 else ''}{also}\n"
            f"Next     labelwright explain {first}     what it means, and how it looks when right"
        )
    from labelwright.loop.supported import unsupported

    task = reading.task
    missing = unsupported(task)
    notes = [f"this version cannot run yet: {'; '.join(missing)}"] if missing else []
    following = [f"labelwright show {path}     every default that applies"]
    if looked is None:
        following.append(f"labelwright check {path} --data  read the data too")
    else:
        notes += looked.notes
    following.append(f"labelwright run {path}      begin, or go on")
    return "\n".join(
        [
            f"{path}: no error{also} · {len(task.choices)} classes, "
            f"{task.budget.annotations:,} annotations{_seen(looked)}",
            *(f"note     {note}" for note in notes),
            f"Next     {following[0]}",
            *(f"         {line}" for line in following[1:]),
        ]
    )


def _seen(looked: Looked | None) -> str:
    if looked is None or looked.beside.items is None:
        return ""
    beside = looked.beside
    fired = sum(1 for count in beside.fires.values() if count)
    rules = f", {fired} of {len(beside.fires)} rules fire" if beside.fires else ""
    held = f", {beside.holdout:,} in the holdout" if beside.holdout is not None else ""
    return f" · {beside.items:,} items{held}{rules}"


def show(task: TaskFile, json: Json = False) -> None:
    """Print the task file with every default filled in, and how the budget falls."""
    from labelwright.definition import read_file
    from labelwright.dsl.show import show as shown

    definition = read_file(task)
    if json:
        print_json(definition.task.model_dump(mode="json"))
    else:
        typer.echo(shown(definition.task).rstrip("\n"))


def compile_(task: TaskFile, out: Out = None, json: Json = False) -> None:
    """Write what follows from the task: labelling page, project settings, instructions, training."""
    from labelwright.definition import TaskFileError, read_file
    from labelwright.dsl.compile import compile_task
    from labelwright.dsl.compile.errors import CompileError

    definition = read_file(task)
    try:
        artefacts = compile_task(definition.task, definition.digest)
    except CompileError as error:
        raise TaskFileError(f"{task}: {error.message}", remedy=error.remedy) from error
    if json:
        print_json(artefacts)
        return
    folder = out or definition.folder / "compiled" / definition.task.name
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in artefacts.items():
        (folder / name).write_text(content, encoding="utf-8")
        typer.echo(folder / name)
    typer.echo(f"Next     open {folder / 'instructions.html'}: it is what annotators read")


COMMANDS: dict[str, Callable[..., None]] = {"check": check, "show": show, "compile": compile_}
