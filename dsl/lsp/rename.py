"""Renaming classes, slices, rules and phases: every place, or none.

A rename is tried before it is offered: the changed text is read, and every name in it must mean what
it meant before. So a name that is taken, that makes a short reference mean another class, or that the
grammar keeps for itself, is refused.

`was` and `split_of` name classes of earlier definitions and are left alone. Labels that people gave
know a class by its id: `follow` adds the `was` by which they follow to the new name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from labelwright.dsl import tree
from labelwright.dsl.context import fold
from labelwright.dsl.diagnostics import Fix
from labelwright.dsl.lsp.documents import Document
from labelwright.dsl.lsp.mentions import Mention
from labelwright.dsl.lsp.navigate import named_at
from labelwright.dsl.lsp.view import View, view_of
from labelwright.dsl.naming import valid_name
from labelwright.dsl.tree import Span

_RENAMED = ("class", "slice", "rule", "phase")


class RefusedError(Exception):
    """A rename that cannot be made; says why, for people."""


def renamable(view: View, offset: int) -> Mention:
    """The name at an offset. Raises RefusedError where there is none that can be changed."""
    mention = named_at(view, offset)
    if mention is None or mention.sort not in _RENAMED:
        raise RefusedError("only classes, slices, rules and phases can be renamed")
    if view.mentions.declaration(mention) is None:
        raise RefusedError(f"`{_short(mention)}` is not declared in this file")
    return mention


def spelling(view: View, mention: Mention) -> Span:
    """The part of a mention that is the name itself: inside the quotes of a quoted one."""
    span = mention.span
    return Span(span.start + 1, span.end - 1) if mention.quoted else span


def rename(view: View, offset: int, wanted: str) -> list[Fix]:
    """The edits that give another name to what stands at an offset. Raises RefusedError."""
    mention = renamable(view, offset)
    name = valid_name(wanted)
    if not name or name != wanted.strip() or (name.isdigit() and mention.sort != "class"):
        fits = name and name != wanted.strip()
        hint = f"; `{name}` would do" if fits else ""
        raise RefusedError(
            f"`{wanted}` is no name: a name is one word, of letters, digits and `_`, "
            f"and no word of the language{hint}"
        )
    if fold(name) == fold(_short(mention)):
        return _edits(view, mention, name)  # only its spelling changes: no other name is touched
    _refuse_taken(view, mention, name)
    _refuse_unread(view, mention)
    edits = _edits(view, mention, name)
    _try(view, mention, name, edits)
    return edits


def _last(class_id: str) -> str:
    return class_id.rpartition(".")[2]


def _short(mention: Mention) -> str:
    return _last(mention.name) if mention.sort == "class" else mention.name


def _edits(view: View, mention: Mention, name: str) -> list[Fix]:
    ids = {old: new for new, old in new_ids(view, mention, name).items()}
    edits = []
    for found in view.mentions.all:
        text: str | None = None
        if found.quoted and found.name in ids:
            text = _requoted(view, found, mention, ids[found.name])
        elif found.thing == mention.thing:
            text = name
        if text is not None:
            edits.append(Fix(found.span, text, f"rename to {name}"))
    return edits


def _requoted(view: View, found: Mention, mention: Mention, new_id: str) -> str | None:
    """A quoted reference under the new id; None where it says a title, which stays."""
    said = view.document.text[found.span.start + 1 : found.span.end - 1]
    if fold(said) == fold(found.name):
        return f'"{new_id}"'
    if found.thing != mention.thing:
        return None
    node = view.mentions.declared[found.name]
    titled = any(isinstance(label, tree.Text) for label in node.labels)
    return None if titled else f'"{_last(new_id)}"'  # without a title, the name is what people read


def _refuse_unread(view: View, mention: Mention) -> None:
    """A line that cannot be read may hold the name too: it would be left behind."""
    covered = {m.span for m in view.mentions.same(mention)}
    positions = view.document.positions
    broken = {
        line
        for d in view.reading.diagnostics
        if d.severity == "error" and d.code.startswith("E1")
        for span in (d.span, *(label.span for label in d.labels))
        for line in range(positions.line_of(span.start), positions.line_of(span.end) + 1)
    }
    for token in view.document.tokens:
        span = Span(token.start_pos or 0, token.end_pos or 0)
        line = positions.line_of(span.start)
        same = fold(token.strip('"')) == fold(_short(mention))
        if same and line in broken and span not in covered:
            raise RefusedError(
                f"line {line + 1} cannot be read, and `{token}` in it would be left behind: "
                "mend that line first"
            )


def _refuse_taken(view: View, mention: Mention, name: str) -> None:
    for other in view.mentions.all:
        rival = other.declares and other.sort == mention.sort and other.thing != mention.thing
        beside = other.name.rpartition(".")[0] == mention.name.rpartition(".")[0]
        if rival and fold(_short(other)) == fold(name) and (beside or mention.sort != "class"):
            raise RefusedError(f"there is a {mention.sort} called `{name}` already")


def _try(view: View, mention: Mention, name: str, edits: list[Fix]) -> None:
    """Raise RefusedError unless every name of the changed text means what it meant before."""
    document = Document(view.document.uri, edited(view.document.text, edits))
    after = view_of(document, view.reading.source.name, view.catalogue, view.around)
    before = Counter(d.code for d in view.reading.errors)
    fresh = Counter(d.code for d in after.reading.errors) - before
    if fresh:
        said = next(d.message for d in after.reading.errors if d.code in fresh)
        raise RefusedError(f"under the name `{name}`, {said}")
    meant = Counter(_renamed(m, mention, name) for m in view.mentions.all)
    if meant != Counter((m.sort, fold(m.name), m.of, m.declares) for m in after.mentions.all):
        raise RefusedError(
            f"under the name `{name}`, other names in this file would no longer mean the same"
        )


def _renamed(m: Mention, old: Mention, name: str) -> tuple[str, str, str, bool]:
    """What a mention must be after the rename; children of a class have ids of their own again."""
    known = m.name
    if m.sort == old.sort == "class":
        parent, dot, _ = old.name.rpartition(".")
        if known == old.name or known.startswith(f"{old.name}."):
            known = f"{parent}{dot}{name}{known[len(old.name) :]}"
    elif m.thing == old.thing:
        known = name
    return m.sort, fold(known), m.of, m.declares


def edited(text: str, edits: list[Fix]) -> str:
    """A text with edits made that do not overlap."""
    for edit in sorted(edits, key=lambda e: e.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


# --- labels that were given under the old name ------------------------------------------------


def new_ids(view: View, mention: Mention, name: str) -> dict[str, str]:
    """New id -> old id, of a class that is renamed and of all below it."""
    if mention.sort != "class":
        return {}
    parent, dot, _ = mention.name.rpartition(".")
    fresh = f"{parent}{dot}{name}"
    return {
        fresh + c.id[len(mention.name) :]: c.id
        for c in view.mentions.classes.classes
        if c.id == mention.name or c.id.startswith(f"{mention.name}.")
    }


def follow(view: View, offset: int, renamed: Mapping[str, str]) -> list[Fix]:
    """The `was` lines by which labels follow a class and those below it to their new names.

    renamed: new id -> the id that labels were given under. Empty where none is needed at an offset.
    """
    mention = named_at(view, offset)
    if mention is None or mention.sort != "class" or mention.name not in renamed:
        return []
    edits = []
    for class_id, node in view.mentions.declared.items():
        inside = class_id == mention.name or class_id.startswith(f"{mention.name}.")
        old = renamed.get(class_id)
        if inside and old and view.mentions.classes.taken(old) is None and not _has_past(node):
            edits.append(_was(view, node, old))
    return edits


def _has_past(node: tree.Block | tree.Sentence) -> bool:
    items = node.items if isinstance(node, tree.Block) else ()
    said = {fold(i.subject.name.text) for i in items if isinstance(i, tree.Setting)}
    return bool(said & {"was", "split_of"})


def _was(view: View, node: tree.Block | tree.Sentence, old: str) -> Fix:
    title = f"add `was = {old}`: labels given so far follow the new name"
    bare = all(valid_name(part) == part and not part.isdigit() for part in old.split("."))
    line = f"was = {old}" if bare else f'was = "{old}"'
    if isinstance(node, tree.Sentence):
        return Fix(Span(node.span.end, node.span.end), f" {{ {line} }}", title)
    text = view.document.text
    opening = text.index("{", (node.labels[-1] if node.labels else node.head).span.end) + 1
    margin = view.document.positions.margin(node.span.start)
    newline = "\r\n" if "\r\n" in text else "\n"
    rest = text[opening : node.span.end]
    if "\n" in rest or "\r" in rest:
        return Fix(Span(opening, opening), f"{newline}{margin}  {line}", title)
    # On one line a block holds one statement: it is opened up.
    inner = [rest[: rest.rindex("}")].strip()] if rest.strip(" \t}") else []
    body = "".join(f"{newline}{margin}  {part}" for part in (line, *inner))
    return Fix(Span(opening, node.span.end), f"{body}{newline}{margin}}}", title)
