"""Values with a form of their own: plug-ins, files, examples, keys; and `read_value`, the way in.

Each reader returns None, after one diagnostic, where the value cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from labelwright.dsl import task as t
from labelwright.dsl import tree, values
from labelwright.dsl.calls import lower_call, lower_plugin
from labelwright.dsl.context import Context, did_you_mean, fold
from labelwright.dsl.diagnostics import Fix
from labelwright.dsl.values import column_name, either, number_of, share, wrong
from labelwright.dsl.vocabulary import TYPES, Setting


def read_value(ctx: Context, block: str, entry: Setting, node: tree.Value) -> Any:
    """The value of `entry`, a setting of `block`; None where a diagnostic was given instead."""
    if entry.type == "word":
        return values.read_word(ctx, block, entry, node)
    return _READERS[entry.type](ctx, entry, node)


def _plugin(ctx: Context, entry: Setting, node: tree.Value) -> t.Call | None:
    assert entry.plugin is not None
    return lower_plugin(ctx, node, entry.plugin)


def _plugins(ctx: Context, entry: Setting, node: tree.Value) -> tuple[t.Call, ...] | None:
    assert entry.plugin is not None
    items = node.items if isinstance(node, tree.List) else (node,)
    calls = [lower_plugin(ctx, item, entry.plugin) for item in items]
    good = tuple(c for c in calls if c is not None)
    return good if len(good) == len(calls) else None


def _file(ctx: Context, entry: Setting, node: tree.Value) -> t.Call | None:
    if not isinstance(node, tree.CallValue):
        wrong(ctx, entry, node)
        return None
    if node.name.text not in entry.words:
        hint = did_you_mean(node.name.text, entry.words)
        ctx.error("E205", node.name, f"`{entry.name}` is written as {either(entry.words)}", hint)
        return None
    match node.args:
        case (tree.Arg(name=None, value=tree.Text(value=path)),) if path:
            return lower_call(ctx, node)
    ctx.error(
        "E223",
        node,
        f"`{node.name.text}` takes one quoted path",
        f"for example `{entry.name} = {entry.example}`",
    )
    return None


def _samples(ctx: Context, entry: Setting, node: tree.Value) -> tuple[t.Sample, ...] | None:
    items = node.items if isinstance(node, tree.List) else (node,)
    samples = [_sample(ctx, entry, item) for item in items]
    good = tuple(s for s in samples if s is not None)
    return good if len(good) == len(samples) else None


def _sample(ctx: Context, entry: Setting, node: tree.Value) -> t.Sample | None:
    match node:
        case tree.Text(value=text):
            return t.Sample(value=text)
        case tree.CallValue(
            name=name, args=(tree.Arg(name=None, value=tree.Text(value=path)),)
        ) if name.text == "image":
            return t.Sample(kind="image", value=path)
        case tree.CallValue(
            name=name,
            args=(
                tree.Arg(name=None, value=tree.Text(value=text)),
                tree.Arg(name=None, value=tree.Text(value=marked)),
            ),
        ) if name.text == "span":
            if marked and marked in text:
                return t.Sample(kind="span", value=text, marked=marked)
            ctx.error(
                "E216",
                node.args[1],
                "the marked part does not occur in the text",
                "copy it from the text exactly",
            )
            return None
    ctx.error(
        "E215",
        node,
        "an example is a quoted text, `image(…)` or `span(…)`",
        '`image("path.jpg")`, `span("the whole text", "the part")`',
    )
    return None


def _spellings(ctx: Context, entry: Setting, node: tree.Value) -> tuple[str, ...] | None:
    items = node.items if isinstance(node, tree.List) else (node,)
    found: list[str] = []
    for item in items:
        spelling = item.value if isinstance(item, tree.Text) else column_name(item)
        if spelling is None and isinstance(item, tree.Boolean | tree.Date):
            spelling = ctx.text(item)
        if spelling is None:
            wrong(ctx, entry, item)
            return None
        found.append(spelling)
    return tuple(found)


_KEY = re.compile(r"((ctrl|alt|shift|meta)\+)*\S", re.IGNORECASE)
_COLOR = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)


def _key(ctx: Context, entry: Setting, node: tree.Value) -> str | None:
    if isinstance(node, tree.Path | tree.Number):
        key = ctx.text(node)
        ctx.error(
            "E215",
            node,
            "`hotkey` takes a key, quoted",
            f'write `"{key}"`',
            fix=Fix(node.span, f'"{key}"', "quote it"),
        )
    elif not isinstance(node, tree.Text):
        wrong(ctx, entry, node)
    elif not _KEY.fullmatch(node.value):
        ctx.error("E216", node, "a hotkey is one character", 'such as `"s"` or `"shift+s"`')
    else:
        return node.value
    return None


def _color(ctx: Context, entry: Setting, node: tree.Value) -> str | None:
    if isinstance(node, tree.Text) and _COLOR.fullmatch(node.value):
        return node.value
    ctx.error(
        "E216" if isinstance(node, tree.Text) else "E215",
        node,
        f"`color` takes {TYPES['color']}",
        f"for example `color = {entry.example}`",
    )
    return None


def _dedupe(ctx: Context, entry: Setting, node: tree.Value) -> t.Near | None:
    match node:
        case tree.Path() if fold(node.text) == "exact":
            return t.Near()
        case tree.CallValue(name=name, args=(tree.Arg(name=None, value=value),)) if fold(
            name.text
        ) == "near" and isinstance(value, tree.Number | tree.PercentValue):
            threshold = share(ctx, "near", value)
            return None if threshold is None else t.Near(method="near", threshold=threshold)
    wrong(ctx, entry, node)
    return None


def _opinions(ctx: Context, entry: Setting, node: tree.Value) -> float | None:
    match node:
        case tree.Path() if fold(node.text) in ("none", "auto"):
            return float(fold(node.text) == "auto")
        case tree.CallValue(name=name, args=(tree.Arg(name=None, value=value),)) if fold(
            name.text
        ) == "at_most" and isinstance(value, tree.Number | tree.PercentValue):
            return share(ctx, "at_most", value)
    wrong(ctx, entry, node)
    return None


def _gold(ctx: Context, entry: Setting, node: tree.Value) -> t.Gold | None:
    match node:
        case tree.Number():
            items = number_of(ctx, entry, node, whole=True)
            if items is not None and items < 1:
                ctx.error("E216", node, "`gold` must be at least 1", "leave it out for none")
                return None
            return None if items is None else t.Gold(items=int(items))
        case tree.CallValue(
            name=name, args=(tree.Arg(name=None, value=tree.Text(value=path)),)
        ) if fold(name.text) == "file" and path:
            return t.Gold(file=path)
    wrong(ctx, entry, node)
    return None


def _labelled(
    ctx: Context, entry: Setting, node: tree.Value
) -> tuple[t.Call, str | None, str | None] | None:
    """A source with `key` and `label` taken out of its brackets: they are the language's own."""
    if not isinstance(node, tree.CallValue):
        wrong(ctx, entry, node)
        return None
    own: dict[str, str] = {}
    rest: list[tree.Arg] = []
    for arg in node.args:
        word = arg.name.text if arg.name else ""
        if word not in ("key", "label") or (word == "label" and entry.name == "join"):
            rest.append(arg)
            continue
        column = column_name(arg.value)
        if column is None:
            ctx.error("E223", arg.value, f"`{word}` takes a column's name", "")
            return None
        if word in own:
            ctx.error(
                "E224", arg, f"`{node.name.text}` is given `{word}` twice", "keep one of them"
            )
            return None
        own[word] = column
    assert entry.plugin is not None
    call = lower_plugin(ctx, tree.CallValue(node.span, node.name, tuple(rest)), entry.plugin)
    if call is not None and "key" not in own:
        ctx.error(
            "E221",
            node,
            f"`{entry.name}` needs the column to join by",
            "write `key = …` in the brackets",
        )
        return None
    return None if call is None else (call, own.get("key"), own.get("label"))


_READERS: dict[str, Callable[[Context, Setting, tree.Value], Any]] = {
    "text": values.read_text,
    "column": values.read_column,
    "columns": values.read_columns,
    "count": values.read_count,
    "number": values.read_number,
    "share": values.read_share,
    "money": values.read_money,
    "price": values.read_money,
    "rate": values.read_rate,
    "switch": values.read_switch,
    "plugin": _plugin,
    "plugins": _plugins,
    "file": _file,
    "class": values.read_column,
    "classes": values.read_columns,
    "samples": _samples,
    "spellings": _spellings,
    "integers": values.read_integers,
    "key": _key,
    "color": _color,
    "dedupe": _dedupe,
    "gold": _gold,
    "labelled": _labelled,
    "opinions": _opinions,
}
