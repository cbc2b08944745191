"""Sense of classes: constraints that leave no answer, old names that cannot be put in order."""

from __future__ import annotations

from collections.abc import Iterator

from labelwright.dsl import task as t
from labelwright.dsl.context import Context, fold, listed
from labelwright.dsl.diagnostics import Label


def check_classes(ctx: Context, draft: t.Task) -> None:
    """Add what is wrong with classes, their constraints and their history."""
    _enough(ctx, draft)
    _impossible(ctx, draft)
    _history(ctx, draft.classes)


def _enough(ctx: Context, draft: t.Task) -> None:
    if any(d.code == "E201" for d in ctx.found):
        return  # one of those was meant to be there
    alone = draft.kind == "classification" and draft.choose == "one" and len(draft.labels) == 1
    asked = ctx.sure(("task", "kind"), ("task", "choose"))
    if not alone or ctx.cautious or not asked or ctx.lost_class:
        return
    only = draft.labels[0].id
    if ("class", only) in ctx.places and not any(p[0] == "class" for p in ctx.broken):
        ctx.error(
            "E310",
            ctx.places[("class", only)],
            "there is only one class to choose",
            "write a second class",
            notes=("With one class there is nothing to decide and nothing to learn.",),
        )


# --- constraints ------------------------------------------------------------------------------


def _impossible(ctx: Context, draft: t.Task) -> None:
    """Add the constraints one by one; the one after which a class has no answer is at fault."""
    if not ctx.sure(("task", "choose"), ("task", "kind")) and draft.constraints:
        return
    gone: set[str] = set()
    for count in range(1, len(draft.constraints) + 1):
        now = {c.id for c in draft.choices if _why_not(draft, draft.constraints[:count], c.id)}
        new = [c.id for c in draft.choices if c.id in now - gone]
        gone |= now
        place = ("constraints", str(count - 1))
        if not new or place not in ctx.places:
            continue
        why = _why_not(draft, draft.constraints[:count], new[0])
        remedy = " or write `choose = many`" if "one answer" in why else ""
        ctx.error(
            "E305",
            ctx.places[place],
            f"with this no answer can name {listed(new)}",
            f"leave it out{remedy}",
            notes=(why,),
        )


def _why_not(draft: t.Task, constraints: tuple[t.Constraint, ...], class_id: str) -> str:
    """Why no answer can name the class; empty where one can."""
    above = {c.id: tuple(_upwards(draft, c.id)) for c in draft.classes}
    roles = {c.id: c.role for c in draft.classes}
    needed = list(above[class_id])
    for holds in needed:  # grows while it is walked
        for constraint in constraints:
            if constraint.relation == "requires" and constraint.subject == holds:
                needed += [a for o in constraint.objects for a in above[o] if a not in needed]
    single = draft.kind == "classification" and draft.choose == "one"
    beyond = [n for n in needed if n not in above[class_id]]
    if single and beyond:
        return f"{class_id} needs {listed(beyond[:1])} too, and one answer names one class."
    for other in beyond:
        if roles[other] == "unusable" and roles[class_id] == "label":
            return f"{class_id} needs `{other}`, which drops the item."
    for constraint in constraints:
        if constraint.relation == "excludes" and constraint.subject in needed:
            for other in constraint.objects:
                if other in needed:
                    return f"{class_id} brings `{constraint.subject}` and `{other}` together."
    return ""


def _upwards(draft: t.Task, class_id: str) -> Iterator[str]:
    """The class and all its parents: an answer that names it counts for them too."""
    parents = {c.id: c.parent for c in draft.classes}
    here: str | None = class_id
    while here is not None:
        yield here
        here = parents[here]


# --- old names --------------------------------------------------------------------------------


def _history(ctx: Context, classes: tuple[t.Class, ...]) -> None:
    """Each old class must have one fate, and no class may wait for itself."""
    now = {fold(c.id): c for c in classes}
    renamed: dict[str, t.Class] = {}
    for item in classes:
        for old in item.was:
            if (other := renamed.setdefault(fold(old), item)) is not item:
                _fate(
                    ctx,
                    item,
                    "was",
                    other,
                    f"{old} cannot have become both {other.id} and {item.id}",
                    f"write `split_of = {old}` in both",
                )
                return
    for item in classes:
        taken = renamed.get(fold(item.split_of or ""))
        if item.split_of and taken is not None and taken is not item:
            _fate(
                ctx,
                item,
                "split_of",
                taken,
                f"{item.split_of} was renamed to {taken.id} and split as well",
                f"write `split_of = {item.split_of}` in both",
            )
            return
    for item in classes:
        for setting, old in [("was", o) for o in item.was] + [("split_of", item.split_of or "")]:
            there = now.get(fold(old))
            if there is None or there is item:
                continue
            if _reaches(now, there, item):
                _fate(
                    ctx,
                    item,
                    setting,
                    there,
                    f"{item.id} and {there.id} each come from the other",
                    "rename one of them to a new name first",
                    help="apply that, then rename it again.",
                )
                return
            if not _origins(there):
                stays = setting == "split_of"
                _fate(
                    ctx,
                    item,
                    setting,
                    there,
                    f"{old} is a class here and what {item.id} was"
                    + (" split off" if stays else ""),
                    f"write `split_of = {old}` in class {there.id} too, if it stays"
                    if stays
                    else f"take class {there.id} away, or this line",
                )
                return


def _origins(item: t.Class) -> set[str]:
    return {fold(old) for old in (*item.was, item.split_of) if old}


def _reaches(now: dict[str, t.Class], start: t.Class, goal: t.Class) -> bool:
    """Whether `start` takes labels from `goal`, directly or through others."""
    waiting, seen = [start], {fold(start.id)}
    while waiting:
        for old in sorted(_origins(waiting.pop())):
            if old == fold(goal.id):
                return True
            if old in now and old not in seen:
                seen.add(old)
                waiting.append(now[old])
    return False


def _fate(
    ctx: Context,
    item: t.Class,
    setting: str,
    other: t.Class,
    message: str,
    hint: str,
    *,
    help: str = "",
) -> None:
    ctx.error(
        "E306",
        ctx.places[("class", item.id, setting)],
        message,
        hint,
        labels=(Label(ctx.places[("class", other.id)], "the other class"),),
        help=help,
    )
