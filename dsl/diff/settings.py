"""Changes of everything but classes: settings by block, and what has a name or stands in a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from labelwright.dsl import printing as p
from labelwright.dsl import task as t
from labelwright.dsl.diff.changes import Change, Effect, What
from labelwright.dsl.diff.pairing import Pairing
from labelwright.dsl.show import settings

_NOTICE = {("task", "title"), ("task", "guide"), ("data", "show")}
_RELABEL = {("task", name) for name in ("kind", "choose", "empty", "classes")}
_REMEASURE = {
    ("task", "scale"),
    ("task", "nesting"),
    ("holdout", "size"),
    ("holdout", "items when"),
    ("annotators", "resolve"),
}
_BY_BLOCK: dict[str, Effect] = {
    "data": "reread",
    "existing_labels": "reread",
    "accept": "remeasure",
}


def effect_of(block: str, name: str) -> Effect:
    """What follows when this setting changes."""
    if (block, name) in _NOTICE:
        return "notice"
    if (block, name) in _RELABEL:
        return "relabel"
    if (block, name) in _REMEASURE:
        return "remeasure"
    return _BY_BLOCK.get(block, "none")


def setting_changes(old: t.Task, new: t.Task) -> Iterator[Change]:
    """Settings of blocks, in the order of a file."""
    if old.name != new.name:
        text = f"the task {old.name} is now called {new.name}"
        yield Change("setting", "rename", "none", "task", text, old.name, new.name)
    if old.title != new.title and not (old.title == old.name and new.title == new.name):
        yield _setting("task", "title", p.text(old.title), p.text(new.title))
    before, after = settings(old), settings(new)
    yield from _answers(old, new)
    for block in [name for name in after if name != "task"]:
        one, other = getattr(old, block), getattr(new, block)
        if one is None or other is None:
            if one is not other:
                yield _block(block, before[block], after[block])
            continue
        changed = [
            _setting(block, name, before[block].get(name, ""), after[block].get(name, ""))
            for name in dict.fromkeys((*before[block], *after[block]))
            if before[block].get(name, "") != after[block].get(name, "")
        ]
        yield from changed or _unsaid(block, one, other)


_ANSWERS = {
    "kind": "kind",
    "choose": "choose",
    "empty": "empty",
    "choosable": "classes",
    "scale": "scale",
    "nesting": "nesting",
}


def _answers(old: t.Task, new: t.Task) -> Iterator[Change]:
    """Settings of the block `task`: what `show` prints of them depends on the classes too."""
    for field, name in _ANSWERS.items():
        if getattr(old, field) != getattr(new, field):
            yield _setting("task", name, getattr(old, field), getattr(new, field))
    if old.guide != new.guide:
        yield _setting("task", "guide", p.text(old.guide), p.text(new.guide))


def _setting(block: str, name: str, before: str, after: str) -> Change:
    subject = name if block == "task" else f"{block}.{name}"
    long = "\n" in before + after or len(before) + len(after) > 90
    told = "" if long else f": {before or 'nothing'} -> {after or 'nothing'}"
    return Change(
        "setting", "change", effect_of(block, name), subject, subject + told, before, after
    )


def _block(block: str, before: dict[str, str], after: dict[str, str]) -> Change:
    gone = not after
    told = "; ".join(f"{name} = {value}" for name, value in (before or after).items())
    return Change(
        "block",
        "remove" if gone else "add",
        effect_of(block, ""),
        block,
        f"the block {block} is {'gone' if gone else 'new'}",
        told if gone else "",
        "" if gone else told,
    )


def _unsaid(block: str, before: t.Model, after: t.Model) -> Iterator[Change]:
    """Differences that a task file does not show."""
    for name in type(after).model_fields:
        one, other = getattr(before, name), getattr(after, name)
        if one != other and (block, name) not in (("accept", "criteria"), ("query", "phases")):
            yield _setting(block, name, repr(one), repr(other))


# --- what has a name --------------------------------------------------------------------------


def named_changes(old: t.Task, new: t.Task, pairing: Pairing) -> Iterator[Change]:
    """Rules, slices and phases, which have names; constraints and criteria, which have none."""
    yield from _named("rule", "none", old.rules, new.rules, _rule)
    yield from _listed("constraint", "relabel", old.constraints, new.constraints, constraint)
    yield from _named("slice", "remeasure", old.slices, new.slices, lambda s: p.condition(s.when))
    yield from _named("phase", "none", old.query.phases, new.query.phases, _phase)
    yield from _criteria(old, new, pairing)


def _rule(rule: t.Rule) -> str:
    says = {"vote": "vote", "against": "vote against", "veto": "veto"}[rule.action]
    says += f" {p.class_name(rule.label)}" if rule.label is not None else ""
    says += f" when {p.condition(rule.when)}" if rule.when is not None else ""
    return says + (f" weight {p.number(rule.weight)}" if rule.weight != 1 else "")


def constraint(item: t.Constraint) -> str:
    """`A requires B, C`."""
    objects = ", ".join(map(p.class_name, item.objects))
    return f"{p.class_name(item.subject)} {item.relation} {objects}"


def _phase(phase: t.Phase) -> str:
    until = f"until {p.condition(phase.until)}: " if phase.until is not None else ""
    return until + p.call(phase.strategy)


def _named(
    what: What, effect: Effect, old: Sequence[Any], new: Sequence[Any], spell: Callable[[Any], str]
) -> Iterator[Change]:
    before, after = {i.name: i for i in old}, {i.name: i for i in new}
    for name, item in before.items():
        if name not in after:
            yield Change(what, "remove", effect, f"{what} {name}", f"{what} {name}", spell(item))
    for name, item in after.items():
        subject = f"{what} {name}"
        if name not in before:
            yield Change(what, "add", effect, subject, f"{subject}: {spell(item)}", "", spell(item))
        elif item != before[name]:
            told = spell(before[name]), spell(item)
            short = len("".join(told)) <= 60
            text = f"{subject}: {told[0]} -> {told[1]}" if short else f"{subject}: {told[1]}"
            yield Change(what, "change", effect, subject, text, *told)
    yield from _order(what, effect, list(before), list(after))


def _order(what: What, effect: Effect, before: list[str], after: list[str]) -> Iterator[Change]:
    """The order of those that stayed: of phases it decides, elsewhere people see it."""
    one, other = [n for n in before if n in after], [n for n in after if n in before]
    if one != other:
        text = f"the order of the {_MANY.get(what, what + 's')}"
        yield Change(what, "change", effect, text, text, ", ".join(one), ", ".join(other))


_MANY = {"criterion": "criteria"}


def _listed(
    what: What, effect: Effect, old: Sequence[Any], new: Sequence[Any], spell: Callable[[Any], str]
) -> Iterator[Change]:
    before, after = [spell(i) for i in old], [spell(i) for i in new]
    gone, added = _without(before, after), _without(after, before)
    yield from (Change(what, "remove", effect, what, f"{what} {told}", told) for told in gone)
    yield from (Change(what, "add", effect, what, f"{what} {told}", "", told) for told in added)
    if not gone and not added and before != after:
        yield from _order(what, "none", before, after)


def _without(these: Sequence[str], others: Sequence[str]) -> list[str]:
    """`these` less `others`, each taken away once."""
    left = list(others)
    kept = []
    for told in these:
        if told in left:
            left.remove(told)
        else:
            kept.append(told)
    return kept


def _criteria(old: t.Task, new: t.Task, pairing: Pairing) -> Iterator[Change]:
    """Criteria are paired by what they are about: `accept: recall of Crime >= 95% -> … 97%`."""

    def heirs(of: str | None) -> tuple[str, ...]:
        return pairing.successors(of) if of is not None else ()

    before = list(old.accept.criteria)
    after = [c for c in new.accept.criteria if not _taken(before, c)]
    for item in before:
        about = [item, *(item.model_copy(update={"of": n}) for n in heirs(item.of))]
        match = next((c for a in about for c in after if _about(c) == _about(a)), None)
        if match is None:
            told = criterion(item)
            yield Change("criterion", "remove", "remeasure", "accept", f"accept: {told}", told)
            continue
        after.remove(match)
        told, now = next(
            (one, other)
            for spell in (criterion, _in_full, t.Criterion.model_dump_json)
            if (one := spell(item)) != (other := spell(match))
        )
        text = f"accept: {told} -> {now}"
        yield Change("criterion", "change", "remeasure", "accept", text, told, now)
    for item in after:
        told = criterion(item)
        yield Change("criterion", "add", "remeasure", "accept", f"accept: {told}", "", told)
    if not before and not after and old.accept.criteria != new.accept.criteria:
        orders = [[criterion(c) for c in task.accept.criteria] for task in (old, new)]
        yield from _order("criterion", "none", *orders)


def _taken(these: list[t.Criterion], item: t.Criterion) -> bool:
    """Take the item away from these, if it is there."""
    there = item in these
    if there:
        these.remove(item)
    return there


def _about(item: t.Criterion) -> tuple[Any, ...]:
    return item.metric, item.args, item.of, item.on, item.at, item.op


def criterion(item: t.Criterion) -> str:
    """The criterion as it was written, else as it would be."""
    return item.text or _in_full(item)


def _in_full(item: t.Criterion) -> str:
    return p.criterion_text(item, None, percent=True)
