"""Commands that work on a campaign: run, and sync."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelwright.cli.common import DataRoot, Json, State, TaskFile, print_json, project, width

if TYPE_CHECKING:
    from labelwright.loop.deciding import Decision
    from labelwright.loop.engine import Moment
    from labelwright.loop.history import RoundRecord
    from labelwright.project import Project


def run(
    task: TaskFile,
    state: State = None,
    data_root: DataRoot = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the whole campaign.")] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and go through rounds as people finish.")
    ] = False,
    every: Annotated[
        float, typer.Option(min=1, help="With --watch: seconds between two looks at the server.")
    ] = 15.0,
    listen: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="With --watch: be woken by webhooks, on this port (0: any)."
        ),
    ] = None,
    webhook: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="With --listen: our address as the server sees it, if not loopback."
        ),
    ] = None,
    as_: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", help="Who answers, with `from = terminal`."),
    ] = None,
    json: Json = False,
) -> None:
    """Go through rounds until the criteria hold, the budget is spent, or people must answer first."""
    from labelwright.exporting import status_json
    from labelwright.loop.shift.looking import news
    from labelwright.shift_view import warning
    from labelwright.terminal import RichProgress, RoundTable, closing, say, verdict_lines

    with RichProgress() as progress:
        table = RoundTable(width=width())

        def begin() -> Project:
            return project(task, state, data_root, seed, progress=progress)

        def tell(line: str) -> None:
            progress.close()
            say(line, stream=sys.stderr if json else None)

        earlier: RoundRecord | None = None

        def observe(moment: Moment) -> None:
            nonlocal earlier
            if moment.when == "begin":
                progress.step(f"round {moment.round}: {moment.step.replace('_', '-')}")
                return
            progress.close()
            if json:
                return
            if moment.step == "split" and moment.outcome["new"] and moment.outcome["set_aside"]:
                say(
                    f"{moment.outcome['set_aside']:,} rows were set aside: labelwright doctor {task}"
                )
            if moment.record is not None:
                say(table.lines(moment.record))
                for each in news(moment.record, earlier):
                    say(f"warning: {warning(each)}")
                earlier = moment.record

        at_work = begin()
        if not json:
            say("\n".join([at_work.heading(), *(f"note: {n}" for n in at_work.notes()), ""]))
            for earlier in at_work.rounds_so_far():
                say(table.lines(earlier))
        decision = at_work.run(observe)
        progress.close()
        for line in at_work.told:
            tell(f"note: {line}")
        if decision.ending == "waiting" and at_work.task.annotators.source.name == "terminal":
            decision = _at_the_desk(begin, observe, progress.close, as_, decision)
        elif decision.ending == "waiting" and watch:
            decision = _watched(
                begin, observe, tell, progress.close, every=every, listen=listen, webhook=webhook,
                told=at_work.told,
            )  # fmt: skip
        at_work = begin()
        progress.step("report")
        written = at_work.report() if decision.ending != "waiting" else None
        campaign = at_work.campaign()
    if json:
        print_json(status_json(at_work.task, campaign))
    else:
        say("\n" + verdict_lines(at_work.task, campaign, width=width()))
        say(
            closing(
                at_work.task,
                campaign,
                report=str(written) if written else None,
                where=at_work.where() if decision.ending == "waiting" else None,
                following=_next(task, at_work, decision),
            )
        )
    raise typer.Exit(decision.exit_code)


def _watched(
    begin: Callable[[], Project],
    observe: Callable[[Moment], None],
    tell: Callable[[str], None],
    clear: Callable[[], None],
    *,
    every: float,
    listen: int | None,
    webhook: str | None,
    told: Sequence[str],
) -> Decision:
    from contextlib import ExitStack
    from time import sleep

    from labelwright.terminal import awaited_line
    from labelwright.watching import watch, woken

    if where := begin().where():
        tell(f"People   {where}\nCtrl-C ends this; the same command goes on")
    with ExitStack() as stack:
        wait = sleep if listen is None else stack.enter_context(woken(begin(), listen, webhook))

        def waited(seconds: float) -> None:
            clear()
            wait(seconds)

        return watch(
            begin,
            observe=observe,
            tell=tell,
            show=lambda now: tell(awaited_line(now)),
            told=told,
            every=every,
            wait=waited,
        )


def _at_the_desk(
    begin: Callable[[], Project],
    observe: Callable[[Moment], None],
    clear: Callable[[], None],
    name: str | None,
    decision: Decision,
) -> Decision:
    """Label here, batch after batch, as long as somebody sits at the terminal and answers."""
    from labelwright import labelling
    from labelwright.cli.label import annotator

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return decision
    person = annotator(name)
    while decision.ending == "waiting":
        labelling.label(begin(), person)
        if labelling.waiting(begin(), person).here:  # stopped before the batch was done
            return decision
        before = decision
        decision = begin().run(observe)
        clear()  # or it would go on drawing over the screen
        if decision == before:  # others have still to answer
            return decision
    return decision


def _next(task: Path, at_work: Project, decision: Decision) -> str:
    if decision.ending == "waiting" and at_work.task.annotators.source.name == "terminal":
        return f"labelwright label {task}     answer what waits; then run it again"
    if decision.ending == "waiting":
        return f"labelwright run {task}     again, when people have answered; --watch stays"
    if decision.ending == "passed":
        return f"labelwright export {task}     the labelled data"
    if decision.reason.startswith("no item is left"):
        return f"labelwright status {task}     what it took; more items in the data would go on"
    return f"labelwright status {task}     what it took; raise `budget` in the file to go on"


def sync(
    task: TaskFile, state: State = None, data_root: DataRoot = None, json: Json = False
) -> None:
    """Fetch what people answered, changed and took back, and store it; nothing is learned or sent."""
    from labelwright import figures
    from labelwright.terminal import RichProgress, awaited_line, say

    with RichProgress() as progress:
        at_work = project(task, state, data_root, progress=progress)
        found = at_work.sync()
        decision = at_work.campaign().decision
    if json:
        print_json(found.model_dump(mode="json"))
        return
    came = [figures.counted(found.answers, "new answer")]
    came += [f"{found.edits:,} changed"] if found.edits else []
    came += [f"{found.deletions:,} taken back"] if found.deletions else []
    say(", ".join(came) if any((found.answers, found.edits, found.deletions)) else "Nothing new.")
    for line in found.told:
        say(f"note: {line}")
    if found.awaited is not None:
        say(awaited_line(found.awaited))
    done = decision == "running" or (found.awaited is not None and not found.awaited.missing)
    following = f"labelwright run {task}     learns from the answers, and asks for more"
    say(f"\nNext     {following if done else f'labelwright status {task}     where it stands'}")


COMMANDS: dict[str, Callable[..., None]] = {"run": run, "sync": sync}
