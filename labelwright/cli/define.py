"""Commands about the definition: check, show, compile. None of them needs a model."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from labelwright.cli.common import Json, Out, TaskFile, print_json

if TYPE_CHECKING:
    from labelwright.dsl.diagnostics import Reading


def check(task: TaskFile, json: Json = False) -> None:
    """Say everything that is wrong with a task file, and what to write instead."""
    from labelwright.console import in_color
    from labelwright.definition import reading_of
    from labelwright.dsl.render import render, to_json

    reading = reading_of(task)
    if json:
        print_json(
            {
                "file": str(task),
                "ok": not reading.errors,
                "diagnostics": to_json(reading.diagnostics, reading.source),
            }
        )
    else:
        if reading.diagnostics:
            shown = render(reading.diagnostics, reading.source, color=in_color(sys.stderr))
            typer.echo(shown, err=True)
        typer.echo(_verdict(reading, task))
    if reading.errors:
        raise typer.Exit(1)


def _verdict(reading: Reading, path: Path) -> str:
    errors = len(reading.errors)
    others = len(reading.diagnostics) - errors
    also = f", {others} to look at" if others else ""
    if errors or reading.task is None:
        return f"{path}: {errors} error{'s' if errors != 1 else ''}{also}"
    from labelwright.loop.supported import unsupported

    task = reading.task
    missing = unsupported(task)
    return (
        f"{path}: no error{also} · {len(task.choices)} classes, "
        f"{task.budget.annotations:,} annotations\n"
        + (f"note     this version cannot run yet: {'; '.join(missing)}\n" if missing else "")
        + f"Next     labelwright show {path}     every default that applies\n"
        f"         labelwright run {path}      begin, or go on"
    )


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
