"""The plain values of settings: texts, words, columns, numbers, shares, money.

One reader a type; `forms.py` has the others and the way in. Each returns None, after one
diagnostic, where the value is not what the vocabulary entry says the setting takes.
"""

from __future__ import annotations

import math

from labelwright.dsl import task as t
from labelwright.dsl import tree
from labelwright.dsl.context import Context, fold
from labelwright.dsl.diagnostics import Fix
from labelwright.dsl.suggest import closest
from labelwright.dsl.vocabulary import TYPES, Setting, reserved


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


def read_text(ctx: Context, entry: Setting, node: tree.Value) -> str | None:
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


def read_word(ctx: Context, block: str, entry: Setting, node: tree.Value) -> str | None:
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
            "E215", node, f"`{entry.name}` is {either(entry.words)}", f"write `{entry.words[0]}`"
        )
        return None
    if later := reserved(block, text, entry.name):
        ctx.error(
            "E290",
            node,
            f"`{entry.name} = {text}` is not yet part of the language",
            f"write {either(entry.words)}",
            notes=(f"{later.what} will come with a later version.",),
        )
        return None
    known = next((w for w in entry.words if w == fold(text)), None)
    if known is None:
        near = closest(text, entry.words)
        ctx.error(
            "E205",
            node,
            f"`{entry.name}` is {either(entry.words)}, not `{text}`",
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


def either(words: tuple[str, ...]) -> str:
    quoted = [f"`{w}`" for w in words]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " or " + quoted[-1]


def read_column(ctx: Context, entry: Setting, node: tree.Value) -> str | None:
    name = column_name(node)
    if name is None:
        wrong(ctx, entry, node)
    return name


def read_columns(ctx: Context, entry: Setting, node: tree.Value) -> tuple[str, ...] | None:
    items = node.items if isinstance(node, tree.List) else (node,)
    names = [column_name(item) for item in items]
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


def column_name(node: tree.Value) -> str | None:
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


def read_count(ctx: Context, entry: Setting, node: tree.Value) -> int | None:
    if not isinstance(node, tree.Number):
        wrong(ctx, entry, node)
        return None
    value = number_of(ctx, entry, node, whole=True)
    return None if value is None else int(value)


def read_number(ctx: Context, entry: Setting, node: tree.Value) -> float | None:
    if isinstance(node, tree.Number):
        value = number_of(ctx, entry, node, whole=False)
        return None if value is None else float(value)
    wrong(ctx, entry, node)
    return None


def read_share(ctx: Context, entry: Setting, node: tree.Value) -> float | None:
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


def read_money(ctx: Context, entry: Setting, node: tree.Value) -> t.Money | None:
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


def read_rate(ctx: Context, entry: Setting, node: tree.Value) -> t.Cap | None:
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


def read_switch(ctx: Context, entry: Setting, node: tree.Value) -> bool | None:
    if isinstance(node, tree.Boolean):
        return node.value
    wrong(ctx, entry, node)
    return None


def read_integers(ctx: Context, entry: Setting, node: tree.Value) -> tuple[int, ...] | None:
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
