"""Commands that look at a campaign: status, curve, report, export, doctor."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelwright.cli.common import DataRoot, Json, Out, State, TaskFile, print_json, project, width

if TYPE_CHECKING:
    from labelwright.project import Project


def status(
    task: TaskFile, state: State = None, data_root: DataRoot = None, json: Json = False
) -> None:
    """How good is it, what did it cost, who did what, and what comes next."""
    from labelwright.exporting import status_json
    from labelwright.terminal import say, status_view

    at_work = project(task, state, data_root)
    campaign = at_work.campaign()
    if json:
        print_json(status_json(at_work.task, campaign))
    else:
        following = f"labelwright report {task}"
        if campaign.awaited is not None:
            following = f"labelwright run {task}     again, when people have answered"
        say(status_view(at_work.task, campaign, following=following, width=width()))


def curve(
    task: TaskFile,
    state: State = None,
    data_root: DataRoot = None,
    svg: Annotated[Path | None, typer.Option(help="Also draw it into this SVG file.")] = None,
    json: Json = False,
) -> None:
    """Accuracy with its interval against the annotations spent on training."""
    from labelwright.exporting import curve_json
    from labelwright.summary import accuracy_targets
    from labelwright.terminal import curve_view, say

    at_work = project(task, state, data_root)
    campaign = at_work.campaign()
    targets = accuracy_targets(at_work.task)
    if svg is not None:
        from labelwright.charts import curve_svg

        svg.write_text(curve_svg(campaign, targets=targets), encoding="utf-8")
    if json:
        print_json(curve_json(campaign))
    else:
        say(curve_view(campaign, targets=targets, width=width()))


def report(
    task: TaskFile,
    state: State = None,
    data_root: DataRoot = None,
    out: Out = None,
    json: Json = False,
) -> None:
    """Write the report: one HTML file that works offline."""
    path = project(task, state, data_root).report(out)
    if json:
        print_json({"report": str(path)})
    else:
        typer.echo(path)


def export(
    task: TaskFile,
    state: State = None,
    data_root: DataRoot = None,
    out: Out = None,
    format: Annotated[
        str | None, typer.Option(help="parquet, jsonl or csv (default: by the file's ending).")
    ] = None,
    model: Annotated[
        bool,
        typer.Option("--model", help="The newest model as a folder, for `labelwright predict`."),
    ] = False,
    merge: Annotated[
        bool,
        typer.Option("--merge", help="With --model: fold what `lora` learned into the network."),
    ] = False,
    tables: Annotated[
        bool,
        typer.Option("--tables", help="All that the campaign knows, as csv files in a folder."),
    ] = False,
    json: Json = False,
) -> None:
    """Write the labelled data set, each label with where it comes from; or the model that it taught."""
    if tables:
        if model or merge or format is not None:
            raise typer.BadParameter("--tables goes with none of --model, --merge and --format")
        _export_tables(project(task, state, data_root), out, json)
        return
    if model:
        _export_model(task, state, data_root, out, format, merge, json)
        return
    if merge:
        raise typer.BadParameter("--merge is for --model")
    path = project(task, state, data_root).export(out, format=format)
    if json:
        print_json({"dataset": str(path)})
    else:
        typer.echo(path)


def _export_tables(at_work: Project, folder: Path | None, json: bool) -> None:
    written = at_work.export_tables(folder)
    if json:
        print_json({"tables": [str(path) for path in written]})
        return
    typer.echo("\n".join(map(str, written)))


def _export_model(
    task: Path, state: Path | None, data_root: Path | None, out: Path | None, format: str | None,
    merge: bool, json: bool,
) -> None:  # fmt: skip
    from labelwright.terminal import RichProgress

    if format is not None:
        raise typer.BadParameter("--format is for the data set; a model is a folder")
    with RichProgress() as progress:
        progress.step("reading the model")
        path = project(task, state, data_root, progress=progress).export_model(out, merge=merge)
    if json:
        print_json({"model": str(path)})
        return
    typer.echo(path)
    typer.echo(f"Next     labelwright predict {path} DATA     classes for new items")
    typer.echo(
        f"         {path / 'README.md'} says what it is, and how good; write a licence into it"
    )


def doctor(
    task: TaskFile, state: State = None, data_root: DataRoot = None, json: Json = False
) -> None:
    """Look for trouble: in the data, the plug-ins, the store, and between file and campaign."""
    from labelwright.doctor import examine

    findings = examine(project(task, state, data_root))
    if json:
        print_json(
            [{"about": f.about, "ok": f.ok, "found": f.found, "remedy": f.remedy} for f in findings]
        )
    else:
        for finding in findings:
            mark = "✓" if finding.ok else "✗"
            typer.echo(f" {mark} {finding.about:<12} {finding.found}")
            if finding.remedy and not finding.ok:
                typer.echo(f"   {'':<12} {finding.remedy}")
    if not all(f.ok for f in findings):
        sys.exit(1)


COMMANDS: dict[str, Callable[..., None]] = {
    "status": status,
    "curve": curve,
    "report": report,
    "export": export,
    "doctor": doctor,
}
