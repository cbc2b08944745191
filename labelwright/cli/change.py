"""Commands that change a definition after labels exist: plan, apply, diff, history."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelwright.cli.common import DataRoot, Json, Out, State, TaskFile, print_json, project

if TYPE_CHECKING:
    from labelwright.loop.planning import Plan
    from labelwright.project import Project

PLAN = "plan.json"


def plan(
    task: TaskFile,
    state: State = None,
    data_root: DataRoot = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Where to keep the plan (default: the state folder)."),
    ] = None,
    json: Json = False,
) -> None:
    """What the changed file would do to the labels there are, what it costs, before it is done."""
    from labelwright.console import in_color
    from labelwright.planned import plan_view, save

    at_work = project(task, state, data_root)
    made = at_work.plan()
    path = out or at_work.state / PLAN
    if not made.nothing:
        save(at_work, made, path)
    if json:
        print_json(made.model_dump(mode="json"))
        return
    typer.echo(plan_view(made, str(task), color=in_color(sys.stdout)))
    _doubts(at_work)
    if not made.nothing:
        typer.echo(
            f"\nKept in  {path}\nNext     labelwright apply {out or task}     do exactly this"
        )


def apply(
    target: Annotated[
        Path | None,
        typer.Argument(metavar="TASK|PLAN", help="The task file, or a plan that was kept."),
    ] = None,
    state: State = None,
    data_root: DataRoot = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Plan and apply in one go, without asking.")
    ] = False,
    json: Json = False,
) -> None:
    """Do exactly what the plan says, or nothing."""
    from labelwright.planned import load

    path = _plan_here() if target is None else target if target.suffix == ".json" else None
    if path is None:
        assert target is not None
        at_work = project(target, state, data_root)
        kept = at_work.state / PLAN
        path = kept if kept.exists() else None
    if path is None:
        made = _agreed(at_work, yes=yes, json=json)
        if made is None:
            return
    else:
        saved = load(path)
        if target is None or target == path:
            beside = path.parent
            at_work = project(
                _short(beside / saved.file),
                state or beside / saved.state,
                data_root or beside / saved.data_root,
            )
        made = saved.plan
    applied = at_work.apply(made)
    if path is not None and path.resolve() == (at_work.state / PLAN).resolve():
        path.unlink()
    if json:
        print_json(applied.model_dump(mode="json"))
        return
    name = at_work.definition.name
    again = f"; {made.again:,} items wait to be asked again" if made.again else ""
    typer.echo(
        f"Applied: definition {applied.number} holds from round {applied.first_round} on{again}.\n"
        f"Next     labelwright run {name}"
    )
    _doubts(at_work)


def _plan_here() -> Path:
    """The only plan that was kept in the state folder here."""
    from labelwright.loop.errors import PlanOutdated

    folder = Path(os.environ.get("LABELWRIGHT_STATE") or ".labelwright")
    found = sorted(folder.glob(f"*/{PLAN}"))
    if len(found) == 1:
        return found[0]
    if not found:
        raise PlanOutdated(
            f"no plan was kept in {folder}", "make one first: `labelwright plan TASK`"
        )
    listed = ", ".join(str(path) for path in found)
    raise PlanOutdated(f"there are several plans: {listed}", "say which: `labelwright apply PLAN`")


def _short(path: Path) -> Path:
    """The path from here, as a person would write it."""
    return Path(os.path.relpath(path.resolve()))


def _agreed(at_work: Project, *, yes: bool, json: bool) -> Plan | None:
    """A plan made now that somebody agrees to; None where there is nothing to do."""
    from labelwright.console import in_color
    from labelwright.planned import plan_view

    made = at_work.plan()
    view = plan_view(made, at_work.definition.name, color=in_color(sys.stdout))
    if not json:
        typer.echo(view)
        _doubts(at_work)
    if made.nothing:
        if json:
            print_json(None)
        return None
    if yes:
        return made
    if not sys.stdin.isatty():
        typer.echo(
            "error: apply asks before it does this, and nobody is there to answer\n"
            f"  say `--yes`, or make a plan first: `labelwright plan {at_work.definition.name}`",
            err=True,
        )
        raise typer.Exit(2)
    typer.confirm("\nDo exactly this?", abort=True)
    return made


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A task file.")],
    new: Annotated[
        Path | None,
        typer.Argument(
            metavar="NEW",
            help="Another one; without it, OLD is compared with what was applied last.",
        ),
    ] = None,
    state: State = None,
    json: Json = False,
) -> None:
    """What differs between two definitions. Ends with 0 whether anything does or not."""
    from labelwright.console import in_color
    from labelwright.definition import read_file
    from labelwright.dsl.diff.whole import diff as difference
    from labelwright.planned import diff_view

    if new is not None:
        found = difference(read_file(old).task, read_file(new).task)
    else:
        at_work = project(old, state, None)
        found = difference(at_work.applied(), at_work.task)
    if json:
        print_json([change.as_json() for change in found])
    else:
        typer.echo(diff_view(found, color=in_color(sys.stdout)))


def _refuse_to_lose(out: Path, known: set[str], force: bool) -> None:
    from labelwright.loop.errors import LabelwrightError

    if force or not out.exists():
        return
    text = out.read_bytes().decode(errors="replace")
    if text.strip() and text not in known:
        raise LabelwrightError(
            f"{out} holds changes that were never applied, and would be overwritten",
            "write elsewhere, or add --force",
        )


def _doubts(at_work: Project) -> None:
    for doubt in at_work.doubts:
        typer.echo(f"\nnote     {doubt}")


def history(
    task: TaskFile,
    state: State = None,
    show: Annotated[
        int | None, typer.Option(help="Print the text of the definition of this number.")
    ] = None,
    out: Out = None,
    force: Annotated[
        bool, typer.Option(help="With --out: overwrite a file with changes that were not applied.")
    ] = False,
    json: Json = False,
) -> None:
    """Every definition that was in force, and what changed; with --show the text of one."""
    from labelwright.definition import TaskFileError
    from labelwright.exporting import replacing
    from labelwright.loop.errors import StoreError
    from labelwright.past import history as past
    from labelwright.past import state_of, text_of
    from labelwright.planned import history_view

    try:
        folder = project(task, state, None).state
    except TaskFileError:
        where = state or os.environ.get("LABELWRIGHT_STATE") or task.parent / ".labelwright"
        folder = state_of(Path(where), task)
    if not (folder / "state.db").exists():
        raise StoreError(
            f"{task} was not run yet: {folder} holds no campaign",
            f"run `labelwright run {task}` first",
        )
    if show is not None:
        text = text_of(folder, show)
        if out is None:
            typer.echo(text, nl=False)
            return
        _refuse_to_lose(out, {text_of(folder, item.number) for item in past(folder)}, force)
        with replacing(out) as stream:
            stream.write(text.encode())
        typer.echo(f"Next     labelwright plan {out}     what going back would do", err=True)
        return
    known = past(folder)
    if json:
        print_json([item.model_dump(mode="json") for item in known])
        return
    typer.echo(history_view(known))
    typer.echo(
        f"Next     labelwright history {task} --show N --out {task}     go back to definition N"
    )


COMMANDS: dict[str, Callable[..., None]] = {
    "plan": plan,
    "apply": apply,
    "diff": diff,
    "history": history,
}
