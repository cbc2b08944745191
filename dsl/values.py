"""The value of a setting: from tree to what its vocabulary entry says it takes.

One reader a type. Each returns None, after one diagnostic, where the value cannot be read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from labelwright.dsl import task as t
from labelwright.dsl import tree
from labelwright.dsl.calls import lower_call, lower_plugin
from labelwright.dsl.context import Context, closest, did_you_mean, fold
from labelwright.dsl.diagnostics import Fix
from labelwright.dsl.vocabulary import TYPES, Setting, reserved


def read_value(ctx: Context, block: str, entry: Setting, node: tree.Value) -> Any:
    """The value of `entry`, a setting of `block`; None where a diagnostic was given instead."""
    if entry.type == "word":
        return _word(ctx, block, entry, node)
    return _READERS[entry.type](ctx, entry, node)


def wrong(ctx: Context, entry: Setting, node: tree.Value, why: str = "") -> None:
    """The one diagnostic for a value of another type."""
    ctx.error(
        "E215",
        node,
        f"`{entry.name}` takes {TYPES[entry.type]}",
        f"for example `{entry.name} = {entry.example}`",
        notes=(why,) if why else (),
    )


def share(ctx: Context, name: str, node: tree.Value) -> float | None:
    """A share in 0..1 from `95%` or `0.95`; the caller has seen to it that it is one of these."""
    if isinstance(node, tree.PercentValue):
        fraction = node.percent / 100
        if fraction > 1:
            ctx.error("E216", node, f"`{name}` cannot be above 100%", "write at most `100%`")
            return None
        return fraction
    assert isinstance(node, tree.Number)
    value = float(node.value)
    if node.unit or node.per:
        ctx.error("E217", node, f"`{name}` is a share and has no unit", "write for example `95%`")
        return None
    if not 0 <= value <= 1:
        meant = f"{node.value}%" if 1 < value <= 100 else ""
        ctx.error(
            "E216",
            node,
            f"`{name}` must lie between 0 and 1, or be a percentage",
            f"did you mean `{meant}`?" if meant else "write for example `95%`",
            fix=Fix(node.span, meant, f"write `{meant}`") if meant else None,
        )
        return None
    return value


def number_of(ctx: Context, entry: Setting, node: tree.Number, *, whole: bool) -> float | None:
    """A plain number within the entry's bounds, its unit checked."""
    if not _unit_fits(ctx, entry, node):
        return None
    if whole and not isinstance(node.value, int):
        wrong(ctx, entry, node)
        return None
    if not math.isfinite(node.value):
        ctx.error("E216", node, f"`{entry.name}` is too large a number", "write a smaller one")
        return None
    if entry.least is not None and node.value < entry.least:
        ctx.error("E216", node, f"`{entry.name}` must be at least {entry.least:g}", "")
        return None
    return node.value


def _unit_fits(ctx: Context, entry: Setting, node: tree.Number) -> bool:
    if node.per is not None:
        ctx.error("E217", node.per, f"`{entry.name}` is not counted per anything", "leave it out")
        return False
    if node.unit is None or _same_unit(node.unit.text, entry.unit):
        return True
    if entry.unit:
        ctx.error(
            "E217",
            node.unit,
            f"`{entry.name}` is counted in {entry.unit}",
            f"write `{entry.unit}`",
            fix=Fix(node.unit.span, entry.unit, f"write `{entry.unit}`"),
        )
    else:
        ctx.error("E217", node.unit, f"`{entry.name}` has no unit", "leave it out")
    return False


def _same_unit(written: str, unit: str) -> bool:
    singular = {"people": "person"}.get(unit, unit.removesuffix("s"))
    return fold(written) in {unit, singular} - {""}


# --- one reader a type ------------------------------------------------------------------------


def _text(ctx: Context, entry: Setting, node: tree.Value) -> str | None:
    if isinstance(node, tree.Text):
        return node.value
    if isinstance(node, tree.Path):
        ctx.error(
            "E215",
            node,
            f"`{entry.name}` takes {TYPES[entry.type]}",
            f'write `"{node.text}"`',
            fix=Fix(node.span, f'"{node.text}"', "quote it"),
        )
    else:
        wrong(ctx, entry, node)
    return None


def _word(ctx: Context, block: str, entry: Setting, node: tree.Value) -> str | None:
    if block == "task" and entry.name == "classes" and isinstance(node, tree.List):
        ctx.error(
            "E215",
            node,
            "classes are not listed here",
            "write `class NAME` on a line each",
            notes=("`classes` says whether a class with children may be chosen: leaves, or any.",),
        )
        return None
    text = node.text if isinstance(node, tree.Path) else None
    if isinstance(node, tree.Text):
        text = node.value
    if text is None:
        ctx.error(
            "E215", node, f"`{entry.name}` is {_either(entry.words)}", f"write `{entry.words[0]}`"
        )
        return None
    if later := reserved(block, text, entry.name):
        ctx.error(
            "E290",
            node,
            f"`{entry.name} = {text}` is not yet part of the language",
            f"write {_either(entry.words)}",
            notes=(f"{later.what} will come with a later version.",),
        )
        return None
    known = next((w for w in entry.words if w == fold(text)), None)
    if known is None:
        near = closest(text, entry.words)
        ctx.error(
            "E205",
            node,
            f"`{entry.name}` is {_either(entry.words)}, not `{text}`",
            f"did you mean `{near}`?" if near else "",
            fix=Fix(node.span, near, f"write `{near}`") if near else None,
        )
    elif isinstance(node, tree.Text):
        ctx.error(
            "E215",
            node,
            f"`{entry.name}` takes a bare word",
            f"write `{known}`",
            fix=Fix(node.span, known, "leave the quotes out"),
        )
        return None
    return known


def _either(words: tuple[str, ...]) -> str:
    quoted = [f"`{w}`" for w in words]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " or " + quoted[-1]


def _column(ctx: Context, entry: Setting, node: tree.Value) -> str | None:
    name = _name(node)
    if name is None:
        wrong(ctx, entry, node)
    return name


def _columns(ctx: Context, entry: Setting, node: tree.Value) -> tuple[str, ...] | None:
    items = node.items if isinstance(node, tree.List) else (node,)
    names = [_name(item) for item in items]
    good = tuple(n for n in names if n is not None)
    if not names or len(good) < len(names):
        bad = next((i for i, n in zip(items, names, strict=True) if n is None), node)
        wrong(ctx, entry, bad)
        return None
    for place, name in enumerate(good):
        if name in good[:place]:
            ctx.error("E212", items[place], f"`{entry.name}` names {name} twice", "name it once")
            return None
    return good


def _name(node: tree.Value) -> str | None:
    if isinstance(node, tree.Path):
        return node.text
    if isinstance(node, tree.Text) and node.value:
        return node.value
    if (
        isinstance(node, tree.Number)
        and isinstance(node.value, int)
        and not (node.unit or node.per)
    ):
        return str(node.value)
    return None


def _count(ctx: Context, entry: Setting, node: tree.Value) -> int | None:
    if not isinstance(node, tree.Number):
        wrong(ctx, entry, node)
        return None
    value = number_of(ctx, entry, node, whole=True)
    return None if value is None else int(value)


def _number(ctx: Context, entry: Setting, node: tree.Value) -> float | None:
    if isinstance(node, tree.Number):
        value = number_of(ctx, entry, node, whole=False)
        return None if value is None else float(value)
    wrong(ctx, entry, node)
    return None


def _share(ctx: Context, entry: Setting, node: tree.Value) -> float | None:
    if isinstance(node, tree.Number | tree.PercentValue):
        value = share(ctx, entry.name, node)
        if value is not None and entry.least is not None and not entry.least <= value < 1:
            ctx.error(
                "E216",
                node,
                f"`{entry.name}` must be at least {entry.least:.0%} and below 100%",
                f"for example `{entry.name} = {entry.example}`",
            )
            return None
        return value
    wrong(ctx, entry, node)
    return None


def _money(ctx: Context, entry: Setting, node: tree.Value) -> t.Money | None:
    per = "annotation" if entry.type == "price" else None
    if not isinstance(node, tree.Number) or node.unit is None:
        wrong(ctx, entry, node)
        return None
    written = node.per.text if node.per else None
    if (fold(written) if written else None) != per:
        wrong(ctx, entry, node)
        return None
    if node.value < 0 or not math.isfinite(node.value):
        ctx.error("E216", node, f"`{entry.name}` cannot be negative or without end", "")
        return None
    return t.Money(amount=float(node.value), currency=node.unit.text)


def _rate(ctx: Context, entry: Setting, node: tree.Value) -> t.Cap | None:
    right = isinstance(node, tree.Number) and node.unit is None and node.per is not None
    if not right or not isinstance(node, tree.Number) or node.per is None:
        wrong(ctx, entry, node)
        return None
    if fold(node.per.text) != entry.unit:
        ctx.error(
            "E217",
            node.per,
            f"`{entry.name}` is counted per {entry.unit}",
            f"write `{entry.unit}`",
            fix=Fix(node.per.span, entry.unit, f"write `{entry.unit}`"),
        )
        return None
    if not 0 <= node.value < math.inf:
        ctx.error("E216", node, f"`{entry.name}` cannot be negative or without end", "")
        return None
    return t.Cap(per_label=float(node.value))


def _switch(ctx: Context, entry: Setting, node: tree.Value) -> bool | None:
    if isinstance(node, tree.Boolean):
        return node.value
    wrong(ctx, entry, node)
    return None


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
        ctx.error("E205", node.name, f"`{entry.name}` is written as {_either(entry.words)}", hint)
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


def _old_class(ctx: Context, entry: Setting, node: tree.Value) -> str | None:
    name = _name(node)
    if name is None:
        wrong(ctx, entry, node)
    return name


def _old_classes(ctx: Context, entry: Setting, node: tree.Value) -> tuple[str, ...] | None:
    return _columns(ctx, entry, node)


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
        spelling = item.value if isinstance(item, tree.Text) else _name(item)
        if spelling is None and isinstance(item, tree.Boolean | tree.Date):
            spelling = ctx.text(item)
        if spelling is None:
            wrong(ctx, entry, item)
            return None
        found.append(spelling)
    return tuple(found)


def _integers(ctx: Context, entry: Setting, node: tree.Value) -> tuple[int, ...] | None:
    items = node.items if isinstance(node, tree.List) else (node,)
    found: list[int] = []
    for item in items:
        if (
            not isinstance(item, tree.Number)
            or not isinstance(item.value, int)
            or item.unit
            or item.per
        ):
            wrong(ctx, entry, item)
            return None
        if item.value < 0 or item.value >= 2**32:
            ctx.error(
                "E216", item, f"a number in `{entry.name}` lies between 0 and 4_294_967_295", ""
            )
            return None
        found.append(item.value)
    if not found:
        wrong(ctx, entry, node)
        return None
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
        column = _name(arg.value)
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
    "text": _text,
    "column": _column,
    "columns": _columns,
    "count": _count,
    "number": _number,
    "share": _share,
    "money": _money,
    "price": _money,
    "rate": _rate,
    "switch": _switch,
    "plugin": _plugin,
    "plugins": _plugins,
    "file": _file,
    "class": _old_class,
    "classes": _old_classes,
    "samples": _samples,
    "spellings": _spellings,
    "integers": _integers,
    "key": _key,
    "color": _color,
    "dedupe": _dedupe,
    "gold": _gold,
    "labelled": _labelled,
}
