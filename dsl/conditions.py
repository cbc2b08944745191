"""Conditions: `when body is not missing and section in [...]`, `until labels >= 50`.

One of an item's fields (`item_condition`), or of what was measured so far (`measured_condition`).
Whether a column exists is known only from the data, and is asked there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from labelwright.dsl import task as t
from labelwright.dsl import tree
from labelwright.dsl.calls import lower_day
from labelwright.dsl.classes import ClassTable
from labelwright.dsl.context import Context, did_you_mean, fold, listed
from labelwright.dsl.diagnostics import Fix
from labelwright.dsl.measured import find_metric, metric_of, metric_value
from labelwright.dsl.patterns import check_pattern
from labelwright.dsl.values import share
from labelwright.dsl.vocabulary import FUNCTIONS, Clause

_Test = tree.Comparison | tree.Match | tree.Containment | tree.Membership | tree.Presence


def item_condition(ctx: Context, node: tree.Condition) -> t.Condition | None:
    """A condition on an item's fields; None where any part of it was reported."""
    return _walk(ctx, node, _item_test)


def measured_condition(
    ctx: Context, node: tree.Condition, classes: ClassTable
) -> t.Condition | None:
    """A condition on metrics and counts, for a phase."""
    return _walk(ctx, node, lambda ctx, test: _measured_test(ctx, test, classes))


def threshold_condition(ctx: Context, clause: Clause, node: tree.Condition) -> float | None:
    """`agreement < 0.67` or `gold < 80%`: one threshold, with nothing beside it."""
    match node:
        case tree.Comparison(field=field, op=op, of=None) if (
            len(field.parts) == 1
            and fold(field.parts[0].text) == clause.subject
            and field.function is None
            and op.text == "<"
            and isinstance(node.value, tree.Number | tree.PercentValue)
        ):
            return share(ctx, clause.subject, node.value)
    ctx.error(
        "E231",
        node,
        f"`{clause.name}` takes one comparison of `{clause.subject}`",
        f"write `{clause.name} when {clause.example}`",
    )
    return None


def _walk(
    ctx: Context,
    node: tree.Condition,
    test: Callable[[Context, _Test], t.Condition | None],
) -> t.Condition | None:
    match node:
        case tree.Negation(operand=operand):
            inner = _walk(ctx, operand, test)
            return None if inner is None else t.Not(operand=inner)
        case tree.Junction(word=word, operands=operands):
            parts = [_walk(ctx, operand, test) for operand in operands]
            good = tuple(p for p in parts if p is not None)
            if len(good) < len(parts):
                return None
            return t.And(operands=good) if word == "and" else t.Or(operands=good)
    return test(ctx, node)


# --- fields of an item ------------------------------------------------------------------------


def _field(ctx: Context, node: tree.FieldName) -> t.FieldRef | None:
    function = None
    if node.function is not None:
        function = fold(node.function.text)
        if function not in FUNCTIONS:
            ctx.error(
                "E209",
                node.function,
                f"no function is called `{node.function.text}`",
                did_you_mean(function, FUNCTIONS),
                notes=(f"There are {listed(FUNCTIONS)}.",),
            )
            return None
    return t.FieldRef(path=tuple(p.text for p in node.parts), function=function)


def _item_test(ctx: Context, node: _Test) -> t.Condition | None:
    field = _field(ctx, node.field)
    match node:
        case tree.Presence(missing=missing):
            return None if field is None else t.Missing(field=field, negated=not missing)
        case tree.Match(regex=regex):
            sound = check_pattern(ctx, regex)
            if field is None or not sound:
                return None
            flags = "".join(sorted(set(regex.flags)))
            return t.Matches(field=field, pattern=regex.pattern, flags=flags)
        case tree.Containment():
            words = _contained(ctx, node)
            if field is None or words is None:
                return None
            return t.Contains(field=field, quantifier=node.quantifier or "any", values=words)
        case tree.Membership(values=values, negated=negated):
            members = [_right_side(ctx, item) for item in values.items]
            good = tuple(m for m in members if m is not None)
            if field is None or len(good) < len(members):
                return None
            return t.Member(field=field, values=good, negated=negated)
        case tree.Comparison(op=op, of=of):
            if of is not None:
                ctx.error(
                    "E209",
                    of,
                    "a field of an item has no `of`",
                    "metrics stand in `accept` and in the phases of `query`",
                )
                return None
            value = _right_side(ctx, node.value)
            if field is None or value is None:
                return None
            return t.Compare(field=field, op=cast(t.Operator, op.text), value=value)


def _contained(ctx: Context, node: tree.Containment) -> tuple[str, ...] | None:
    several = isinstance(node.value, tree.List)
    items = node.value.items if isinstance(node.value, tree.List) else (node.value,)
    texts: list[str] = []
    for item in items:
        if isinstance(item, tree.Text) and item.value:
            texts.append(item.value)
        elif isinstance(item, tree.Path):
            _bare_word(ctx, item)
            return None
        else:
            ctx.error("E215", item, "`contains` takes quoted texts", "write it in quotes")
            return None
    if several and node.quantifier is None:
        start = node.value.span.start
        ctx.error(
            "E218",
            node.value,
            "`contains` with a list is `any` or `all` of it",
            "write `contains any [`",
            fix=Fix(tree.Span(start, start), "any ", "write `any`"),
        )
        return None
    if not texts:
        ctx.error("E215", node.value, "this list is empty", "write at least one quoted text")
        return None
    return tuple(texts)


def _right_side(ctx: Context, node: tree.Value) -> t.Value | None:
    match node:
        case tree.Text(value=text):
            return text
        case tree.Boolean(value=switch):
            return switch
        case tree.PercentValue(percent=percent):
            return t.Percent(percent=percent)
        case tree.Date():
            return lower_day(ctx, node)
        case tree.Number(value=number, unit=None, per=None):
            return number
        case tree.Number():
            ctx.error(
                "E217",
                node,
                "a field is compared with a number without a unit",
                "leave the unit out",
            )
        case tree.Path():
            _bare_word(ctx, node)
        case tree.List():
            ctx.error("E215", node, "a field is not compared with a list", "write `in [ … ]`")
        case _:
            ctx.error(
                "E215",
                node,
                "a field is compared with a text, a number or a date",
                'for example `section == "sport"`',
            )
    return None


def _bare_word(ctx: Context, node: tree.Path) -> None:
    quoted = f'"{node.text}"'
    ctx.error(
        "E218",
        node,
        f"`{node.text}` is neither a text nor a number",
        f"write `{quoted}`",
        notes=("A text on the right of a comparison is quoted; two fields are not compared.",),
        fix=Fix(node.span, quoted, "quote it"),
    )


# --- what was measured ------------------------------------------------------------------------


def _measured_test(ctx: Context, node: _Test, classes: ClassTable) -> t.Condition | None:
    name = node.field.parts[0]
    if not isinstance(node, tree.Comparison) or node.field.function or len(node.field.parts) > 1:
        ctx.error(
            "E209",
            node,
            "a phase ends by what is measured or counted",
            "for example `until labels >= 50`",
        )
        return None
    metric = find_metric(ctx, name, phase=True)
    if metric is None:
        return None
    of = metric_of(ctx, metric, name, node.of, classes)
    value = metric_value(ctx, metric, node.value)
    if of is None or value is None:
        return None
    op = cast(t.Operator, node.op.text)
    return t.MetricTest(metric=metric.name, of=of or None, op=op, value=value)
