"""The check of column names: every column that a file names must be one of the data's.

It runs only where the columns are known (`Surroundings.columns`, those of a joined source among them).
Pictures have fields of their own, and so have the candidates of a spans task.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from labelwright.dsl import task as t
from labelwright.dsl import tree
from labelwright.dsl.context import Context, fold, listed
from labelwright.dsl.diagnostics import Fix, Label
from labelwright.dsl.lints.written import statements
from labelwright.dsl.printing import column
from labelwright.dsl.suggest import closest
from labelwright.dsl.surroundings import ColumnType
from labelwright.dsl.tree import Span
from labelwright.dsl.values import column_name

OF_PICTURES = ("brightness", "sharpness", "width", "height")
OF_SPANS = ("span", "before", "after")
"""Fields that conditions may name and that are no columns."""

_COLUMN_SETTINGS = {
    "data": ("id", "text", "image", "columns", "show", "group"),
    "existing_labels": ("label",),
}
_Named = tuple[str, Span]


def check_columns(ctx: Context, file: tree.File, draft: t.Task) -> None:
    """Add an error for every name that is no column; one for a name, wherever it stands."""
    if not ctx.surroundings.columns:
        return
    known = {_nfc(c.name): c.type for c in ctx.surroundings.columns}
    pictures = bool(draft.data.image) or "picture" in known.values()
    properties = {*OF_PICTURES, *ctx.catalogue.names("property")} if pictures else set[str]()
    fields = properties | set(OF_SPANS if draft.kind == "spans" else ())
    missing: dict[str, list[Span]] = {}
    for name, span in _in_settings(file):
        if name not in known:
            missing.setdefault(name, []).append(span)
    columns = list(known)
    wrong = dict.fromkeys(missing, columns)  # the words that a misspelt one may be
    for name, span in _in_conditions(file):
        if name not in known and name not in fields and not _inside(name, known, properties):
            missing.setdefault(name, []).append(span)
            wrong.setdefault(name, [*columns, *sorted(fields)])
    for name, spans in missing.items():
        _say(ctx, name, sorted(spans), wrong[name], columns)


def _inside(name: str, known: dict[str, ColumnType], properties: set[str]) -> bool:
    """Whether a dotted name leads into a column that has parts, or to a property of a picture."""
    *before, last = name.split(".")
    if known.get(".".join(before)) == "picture" and last in properties:
        return True
    return any(known.get(".".join(before[:n])) == "other" for n in range(1, len(before) + 1))


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _say(
    ctx: Context, name: str, spans: list[Span], candidates: list[str], columns: list[str]
) -> None:
    near = closest(name, candidates)
    hint = f"did you mean `{column(near)}`?" if near else ""
    notes = () if near else (f"The columns are {listed(columns, most=20)}.",)
    if name in OF_PICTURES and not near:
        notes = (*notes, f"Only pictures have a {name}.")
    first, *others = spans
    ctx.error(
        "E240",
        first,
        f"the data have no column {name}",
        hint,
        labels=tuple(Label(span, "and here") for span in others),
        notes=notes,
        fix=Fix(first, column(near), f"write `{column(near)}`") if near and not others else None,
    )


def _in_settings(file: tree.File) -> Iterator[_Named]:
    for block in statements(file.items):
        if not isinstance(block, tree.Block):
            continue
        given = {fold(s.subject.name.text): s for s in block.items if isinstance(s, tree.Setting)}
        settings = _COLUMN_SETTINGS.get(fold(block.head.text), ())
        if "source" in given and fold(block.head.text) == "existing_labels":
            continue  # the columns of another source
        for setting in settings:
            if setting in given:
                value = given[setting].value
                for node in value.items if isinstance(value, tree.List) else (value,):
                    if (name := column_name(node)) is not None:
                        yield _nfc(name), node.span
        join = given["join"].value if settings and "join" in given else None
        if isinstance(join, tree.CallValue):
            for arg in join.args:
                if arg.name and arg.name.text == "key" and (name := column_name(arg.value)):
                    yield _nfc(name), arg.value.span


def _in_conditions(file: tree.File) -> Iterator[_Named]:
    for node in statements(file.items):
        condition: tree.Condition | None = None
        match node:
            case tree.RuleLine(when=condition):
                pass
            case tree.Sentence(head=head, guard=tree.Guard(word="when", condition=asked)):
                condition = asked if fold(head.text) in ("keep", "items", "slice") else None
        waiting = [condition] if condition is not None else []
        while waiting:
            match waiting.pop():
                case tree.Negation(operand=operand):
                    waiting.append(operand)
                case tree.Junction(operands=operands):
                    waiting.extend(reversed(operands))
                case test:
                    parts = test.field.parts
                    yield ".".join(p.text for p in parts), parts[0].span | parts[-1].span
