"""A plan on paper: as text for people, and as a file that `apply` reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from labelwright import figures
from labelwright.dsl.diff.changes import EFFECTS, summary
from labelwright.exporting import replacing
from labelwright.loop.errors import PlanOutdated
from labelwright.loop.history import AppliedDefinition, Record
from labelwright.loop.planning import Plan, PlannedChange
from labelwright.words import cell_width, clean, pad

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labelwright.dsl.diff.changes import Change
    from labelwright.project import Project

_COLORS = {">": "cyan", "/": "yellow", "+": "green", "-": "red", "~": "blue"}
_WIDEST = 52


class SavedPlan(Record):
    """A plan with where its task is; paths are relative to the folder of the plan's file."""

    file: str
    state: str
    data_root: str
    plan: Plan


def save(project: Project, plan: Plan, path: Path) -> None:
    """Write the plan, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def near(place: Path) -> str:
        return os.path.relpath(place.resolve(), path.parent.resolve())

    saved = SavedPlan(
        file=near(Path(project.definition.name)),
        state=near(project.state.parent),
        data_root=near(project.data_root),
        plan=plan,
    )
    with replacing(path) as stream:
        stream.write(saved.model_dump_json(indent=2).encode() + b"\n")


def load(path: Path) -> SavedPlan:
    """The plan in a file. Raises PlanOutdated where it is none that this version can apply."""
    try:
        return SavedPlan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PlanOutdated(
            f"{path} cannot be read: {error.strerror}", "make a plan with `labelwright plan FILE`"
        ) from error
    except ValueError as error:
        raise PlanOutdated(
            f"{path} is no plan that this version of labelwright can apply",
            "make one with `labelwright plan FILE`",
        ) from error


# --- for people -------------------------------------------------------------------------------


def plan_view(plan: Plan, name: str, *, color: bool = False) -> str:
    """What a plan would do, change by change, and its sum. name: of the task file."""
    if plan.base == 0:
        return f"No campaign was begun: `labelwright run {name}` begins with this definition."
    there = _there(plan)
    if not plan.changes:
        same = f"Nothing to change: {name} is what was applied last, definition {plan.base}."
        return "\n".join([*there, same])
    lines = [*there, f"{name} beside definition {plan.base}, which holds", ""]
    if plan.restores is not None:
        lines += [
            f"  The classes are those of definition {plan.restores}: what counted then counts again.",
            "",
        ]
    column = _column([c.text for c in plan.changes])
    for change in plan.changes:
        lines.append(_line(change.mark, change.text, change.effect, column, color))
        lines += [f"      {told}" for told in _details(plan, change)]
        lines += [f"      ? {change.hint}"] if change.hint else []
    after = list(plan.notes)
    if plan.breaks and plan.first_round:
        last = plan.first_round - 1
        rounds = "round 0 no longer counts" if not last else f"rounds 0 to {last} no longer count"
        after.append(f"{rounds}: the next one measures anew")
    lines += ["", *(f"  {note}" for note in after)] if after else []
    return "\n".join([*lines, "", *plan_sum(plan)])


def _there(plan: Plan) -> list[str]:
    """Where people answer: what others changed there, and what the plan does there."""
    there = plan.elsewhere
    if there is None:
        return []
    held = figures.counted(there.annotations, "annotation")
    head = f"{there.where}: {figures.counted(there.items, 'item')}, {held}."
    lines = [head if there.drift else f"{head} No drift."]
    lines += [f"  ! {clean(told)}" for told in there.drift]
    if there.page:
        lines.append("    the page, its settings and the guide become what the task file says")
    if there.rewritten:
        lines.append(f"    {figures.counted(there.rewritten, 'annotation')} are rewritten there")
    if there.retired:
        lines.append(
            f"    {figures.counted(there.retired, 'item')} leave the project; their "
            f"{figures.counted(there.retired_annotations, 'annotation')} stay in the store"
        )
    if there.resent:
        lines.append(f"    {figures.counted(there.resent, 'item')} are sent once more")
    return [*lines, ""]


def plan_sum(plan: Plan) -> list[str]:
    """`Plan: 1 rename, 2 changes. 214 labels kept, 88 to answer again, 0 lost.`, and what it costs."""
    told = [f"{figures.counted(plan.kept, 'label')} kept", f"{plan.again:,} to answer again"]
    told += [f"{plan.back:,} come back"] if plan.back else []
    told += [f"{plan.reopened:,} open again"] if plan.reopened else []
    told += [f"{plan.lost:,} lost"]
    lines = [f"Plan: {summary(plan.changes)}. {', '.join(told)}."]
    if plan.again:
        lines.append(f"      Asking again: {_cost(plan, plan.cost)}{_hours(plan)}.")
    return lines


def _details(plan: Plan, change: PlannedChange) -> list[str]:
    told = []
    if change.kept:
        heirs = {c: n for c, n in change.becomes.items() if c not in change.new}
        words = "keep their meaning" if change.kept != 1 else "keeps its meaning"
        if heirs:
            each = ", ".join(f"{n:,} as {c}" for c, n in change.becomes.items())
            words = f"count: {each}"
        judged = figures.counted(change.annotations, "annotation")
        told.append(f"{figures.counted(change.kept, 'label')} {words} ({judged})")
    if change.again:
        goes = "goes" if change.again == 1 else "go"
        told.append(
            f"{figures.counted(change.again, 'label')} {goes} back to the queue: "
            f"{_cost(plan, change.cost)}"
        )
    told += [
        f"{n:,} of them get a suggestion from rule {rule}" for rule, n in change.suggestions.items()
    ]
    if change.back:
        comes = "comes" if change.back == 1 else "come"
        told.append(f"{figures.counted(change.back, 'label')} {comes} back")
    return told


def _cost(plan: Plan, annotations: int) -> str:
    told = figures.counted(annotations, "annotation")
    if plan.money is not None and plan.cost:
        told += f", {figures.money(plan.money / plan.cost * annotations, plan.currency)}"
    return told


def _hours(plan: Plan) -> str:
    if plan.hours is None:
        return ""
    return f", about {figures.duration(plan.hours * 3600)} of annotators’ time"


def diff_view(changes: Sequence[Change], *, color: bool = False) -> str:
    """Changes, one a line, and their sum."""
    if not changes:
        return "No difference."
    column = _column([c.text for c in changes])
    lines = []
    for change in changes:
        lines.append(_line(change.mark, change.text, change.effect, column, color))
        lines += [f"      ? {change.hint}"] if change.hint else []
    effects = dict.fromkeys(c.effect for c in changes)
    return "\n".join(
        [
            *lines,
            "",
            *(f"  {e:<10} {EFFECTS[e]}" for e in effects),
            "",
            f"{summary(tuple(changes))}.",
        ]
    )


def _column(texts: Sequence[str]) -> int:
    return min(_WIDEST, max(map(cell_width, texts)) + 2)


def _line(mark: str, text: str, effect: str, column: int, color: bool) -> str:
    if color:
        import typer

        mark = typer.style(mark, fg=_COLORS[mark], bold=True)
    return f"  {mark} {pad(clean(text), column)}  {effect if effect != 'none' else ''}".rstrip()


# --- history ----------------------------------------------------------------------------------

_KINDS = {"begin": "the first", "run": "taken up by a run", "plan": "applied"}


def history_view(definitions: Sequence[AppliedDefinition]) -> str:
    """Every definition that was in force, and what changed."""
    if not definitions:
        return "No definition was in force yet: the first run begins with one."
    lines = []
    for item in definitions:
        told = [
            f"from round {item.first_round}",
            figures.counted(item.annotations, "annotation"),
            _KINDS[item.kind],
        ]
        told += [f"the classes of definition {item.restores} again"] if item.restores else []
        told += ["holds now"] if item is definitions[-1] else []
        lines.append(f"{item.number:>3}  {item.hash[:8]}  {' · '.join(told)}")
        lines += [f"     {clean(change)}" for change in item.changes]
    return "\n".join(lines)
