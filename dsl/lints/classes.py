"""Lints on classes: what people read of them, their examples, their names, their history."""

from __future__ import annotations

import unicodedata

from labelwright.dsl import task as t
from labelwright.dsl.context import Context, Place, fold, listed
from labelwright.dsl.diagnostics import Label
from labelwright.dsl.lints.written import Written, without_line

_REST = frozenset(["other", "others", "rest", "misc", "miscellaneous", "none", "기타", "나머지"])
_LONGEST_QUOTE = 28  # characters of an example in a message


def lint_classes(ctx: Context, draft: t.Task, written: Written) -> None:
    """Add what is doubtful about single classes and about pairs of them."""
    _undescribed(ctx, draft)
    _examples(ctx, draft, written)
    _look_alike(ctx, draft, written)
    if ctx.surroundings.applied is not None:
        _applied(ctx, draft, written, ctx.surroundings.applied)


# --- descriptions -----------------------------------------------------------------------------


def _undescribed(ctx: Context, draft: t.Task) -> None:
    """Classes without `describe`, but for those whose name says it all.

    Left alone: unusable classes, a class called Other beside the ones it is not, and the classes of
    a rehearsal that describes none: nobody reads them. A `describe = ""` is a gap in any case.
    """
    if ctx.cautious:
        return
    nobody_reads = draft.annotators.source.name == "simulate" and not any(
        c.describe for c in draft.classes
    )
    for item in draft.classes:
        place: Place = ("class", item.id, "describe")
        if item.describe.strip() or item.role == "unusable" or not ctx.sure(place):
            continue
        first = not any(d.code == "L202" for d in ctx.found[-1:])
        gap = place in ctx.places
        if not gap and (nobody_reads or fold(item.name) in _REST):
            continue
        ctx.error(
            "L202",
            ctx.places[place if gap else ("class", item.id)],
            f"class {item.id} has no description",
            "say what belongs to it" if gap else "write `describe = …`: what belongs to it",
            notes=("Where people must guess what a class means, they guess differently.",)
            if first
            else (),
            warning=True,
        )


# --- examples ---------------------------------------------------------------------------------

_Key = tuple[str, str, str]


def _examples(ctx: Context, draft: t.Task, written: Written) -> None:
    """The same example under two classes, or for and against one class.

    Texts are compared NFC, case folded, white space squeezed. Two classes may share an example
    where one answer may name both: with `choose = many`, overlapping spans, or parent and child.
    """
    apart = draft.choose == "one" if draft.kind == "classification" else draft.nesting == "flat"
    apart = apart and ctx.sure(("task", "kind"), ("task", "choose"), ("task", "nesting"))
    first: dict[_Key, tuple[t.Class, int]] = {}
    for item in draft.classes:
        own: dict[_Key, int] = {}
        for position, sample in enumerate(item.examples):
            key = _key(sample)
            own.setdefault(key, position)
            other, there = first.setdefault(key, (item, position))
            if apart and not _related(item.id, other.id):
                ctx.error(
                    "L204",
                    written.element(ctx.places["class", item.id, "examples"], position).span,
                    f"{_quote(sample)} is an example of {other.id} and of {item.id}",
                    "keep it in one of them",
                    labels=(_sample(ctx, written, other, there, f"class {other.id} has it too"),),
                    notes=("One answer names one class, so one of the two is wrong.",),
                    warning=True,
                )
        for position, sample in enumerate(item.counterexamples):
            there_too = own.get(_key(sample))
            if there_too is not None:
                ctx.error(
                    "L204",
                    written.element(ctx.places["class", item.id, "counterexamples"], position).span,
                    f"{_quote(sample)} is an example and a counterexample of {item.id}",
                    "keep it in one of the two lists",
                    labels=(
                        _sample(ctx, written, item, there_too, "here it belongs to the class"),
                    ),
                    warning=True,
                )


def _key(sample: t.Sample) -> _Key:
    if sample.kind == "image":  # paths differ by case
        return sample.kind, unicodedata.normalize("NFC", sample.value), ""
    return sample.kind, _squeezed(fold(sample.value)), _squeezed(fold(sample.marked or ""))


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _related(one: str, other: str) -> bool:
    """Whether the ids are of the same class, or of a class and one within it."""
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _quote(sample: t.Sample) -> str:
    text = _squeezed(sample.marked or sample.value)
    short = text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1].rstrip() + "…"
    return f"`{short}`"


def _sample(ctx: Context, written: Written, item: t.Class, position: int, text: str) -> Label:
    return Label(written.element(ctx.places["class", item.id, "examples"], position).span, text)


# --- names ------------------------------------------------------------------------------------


def _look_alike(ctx: Context, draft: t.Task, written: Written) -> None:
    """Names and titles of siblings that are one after NFKC and case folding, and are not an error."""
    first: dict[tuple[str | None, str], tuple[t.Class, str]] = {}
    for item in draft.classes:
        for word in dict.fromkeys((item.name, item.title)):
            key = item.parent, _squeezed(fold(unicodedata.normalize("NFKC", word)))
            other, its = first.setdefault(key, (item, word))
            if other is item or fold(other.title) == fold(item.title):
                continue
            name = ctx.places["class", item.id]
            there = ctx.places["class", other.id]
            how = "by case" if fold(word) == fold(its) else "by the width of letters"
            ctx.error(
                "L205",
                name if word == item.name else written.title(name),
                f"`{word}` and `{its}` are one word to a reader"
                if word == its
                else f"`{word}` and `{its}` differ only {how}",
                f"name it so that nobody takes it for class {other.id}",
                labels=(
                    Label(
                        there if its == other.name else written.title(there), "the other is here"
                    ),
                ),
                warning=True,
            )
            break


# --- history ----------------------------------------------------------------------------------


def _applied(ctx: Context, draft: t.Task, written: Written, applied: frozenset[str]) -> None:
    """`was` and `split_of` that have done their work: the new class is there, the old one gone."""
    there = {fold(i) for i in applied}
    here = {fold(c.id) for c in draft.classes}
    parts: dict[str, list[str]] = {}
    for item in draft.classes:
        if item.split_of:
            parts.setdefault(fold(item.split_of), []).append(fold(item.id))
    for item in draft.classes:
        own = fold(item.id)
        if own not in there:
            continue
        done = [old for old in item.was if fold(old) != own and fold(old) not in there]
        waiting = [old for old in item.was if fold(old) != own and fold(old) in there]
        if done:
            _take_away(ctx, written, item, "was", done, waiting)
        if item.split_of:
            old = fold(item.split_of)
            stays = old in parts[old] and old in here
            if there.issuperset(parts[old]) and (old not in there or stays):
                _take_away(ctx, written, item, "split_of", [item.split_of], [])


def _take_away(
    ctx: Context, written: Written, item: t.Class, word: str, done: list[str], waiting: list[str]
) -> None:
    place: Place = ("class", item.id, word)
    if not ctx.sure(place):
        return
    line = written.setting(ctx.places[place]).span
    what = f"`{word} = {done[0]}`" if len(done) == 1 and not waiting else f"{listed(done)} in `was`"
    where = ctx.places[place]
    if waiting:
        where = written.element(where, item.was.index(done[0])).span
    ctx.error(
        "L207",
        where,
        f"{what} was applied already" if len(done) == 1 else f"{what} were applied already",
        f"leave {listed(done)} out" if waiting else "take this line away",
        notes=(f"The labels are class {item.id}'s since then.",),
        fix=None if waiting else without_line(ctx, line, f"take `{word}` away"),
        warning=True,
    )
