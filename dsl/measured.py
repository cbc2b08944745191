"""A metric where it is named: in a criterion of `accept`, in the condition of a phase.

Looks the name up, and reads what follows `of` and the value it is compared with.
"""

from __future__ import annotations

import math

from labelwright.dsl import task as t
from labelwright.dsl import tree
from labelwright.dsl.classes import ClassTable
from labelwright.dsl.context import Context, fold, listed
from labelwright.dsl.diagnostics import Fix
from labelwright.dsl.metrics import METRICS, Metric
from labelwright.dsl.suggest import closest
from labelwright.dsl.vocabulary import plain_word, reserved


def find_metric(ctx: Context, name: tree.Name, *, phase: bool = False) -> Metric | None:
    """The metric of this name, or None after a diagnostic that offers one."""
    word = fold(name.text)
    if word in METRICS:
        return METRICS[word] if _fits(ctx, METRICS[word], name) else None
    if later := reserved("accept", word):
        ctx.error(
            "E290",
            name,
            f"`{name.text}` is not yet part of the language",
            "leave it out",
            notes=(f"{later.what} will come with a later version.",),
        )
        return None
    plain = plain_word(name.text)
    synonym = next((m.name for m in METRICS.values() if plain in map(plain_word, m.also)), None)
    near = synonym or closest(name.text, METRICS)
    hint = ""
    if near:
        hint = f"here it is called `{near}`" if synonym else f"did you mean `{near}`?"
    notes = (
        (f"A field of an item is not a metric. There are {listed(METRICS, most=30)}.",)
        if phase and not near
        else (() if near else (f"There are {listed(METRICS, most=30)}.",))
    )
    ctx.error(
        "E207",
        name,
        f"unknown metric `{name.text}`",
        hint,
        notes=notes,
        fix=Fix(name.span, near, f"write `{near}`") if near else None,
    )
    return None


def _fits(ctx: Context, metric: Metric, name: tree.Name) -> bool:
    """Whether the metric means something for this kind of answer; said once where it does not."""
    kind, choose, scale = (ctx.answer.get(word) for word in ("kind", "choose", "scale"))
    why = hint = ""
    if kind and metric.task not in ("any", kind):
        why = f"is not defined for `kind = {kind}`"
        hint = "write `micro_f1`" if kind == "spans" else "write `alpha`"
    elif choose and kind == "classification" and metric.choose not in ("any", choose):
        why = f"is not defined for `choose = {choose}`"
        hint = "write `exact_match`" if choose == "many" else "write `accuracy`"
    elif metric.scale and scale == "nominal":
        why = "needs classes on a scale"
        hint = "write `scale = ordinal` in `task`"
    if why:
        ctx.error("E228", name, f"`{metric.name}` {why}", hint)
    return not why


def metric_of(
    ctx: Context,
    metric: Metric,
    name: tree.Node,
    of: tree.Ref | tree.Each | None,
    classes: ClassTable,
) -> str | None:
    """The class id, EACH_CLASS, or "" for none; None after a diagnostic."""
    if of is None:
        if metric.of != "must":
            return ""
        offers = [*metric.instead, f"{metric.name} of CLASS", f"{metric.name} of each class"]
        ctx.error(
            "E227",
            name,
            f"`{metric.name}` alone may mean several averages",
            f"write {listed(offers).replace(' and ', ' or ')}",
        )
        return None
    if metric.of == "no":
        single = [m.name for m in METRICS.values() if metric.name in m.instead]
        ctx.error(
            "E228",
            of,
            f"`{metric.name}` is not said of a class",
            f"write `{single[0]} of …`" if single else "leave `of …` out",
        )
        return None
    if isinstance(of, tree.Each):
        if fold(of.what.text) != "class":
            ctx.error(
                "E228",
                of,
                "`of each` is followed by `class`",
                "write `of each class`",
                fix=Fix(of.what.span, "class", "write `class`"),
            )
            return None
        return t.EACH_CLASS
    class_id = classes.resolve(ctx, of)
    if class_id is None:
        return None
    item = next(c for c in classes.classes if c.id == class_id)
    if item.role == "unusable":
        ctx.error(
            "E228",
            of,
            f"class {class_id} is unusable: its items are outside every metric",
            "name a class with `role = label`",
        )
        return None
    return class_id


def metric_value(ctx: Context, metric: Metric, node: tree.Value) -> float | None:
    """The number a metric is compared with, in the metric's own range."""
    if isinstance(node, tree.PercentValue):
        if metric.kind == "count":
            ctx.error("E215", node, f"`{metric.name}` is counted", "write a whole number")
            return None
        return _in_range(ctx, metric, node, node.percent / 100)
    if not isinstance(node, tree.Number):
        ctx.error(
            "E215",
            node,
            f"`{metric.name}` is compared with a number",
            "such as `60`" if metric.kind == "count" else "such as `92%`",
        )
        return None
    unit = metric_unit(node)
    if node.per is not None or unit not in ("", "items" if metric.kind == "count" else ""):
        at = node.per or node.unit or node
        right = "items" if metric.kind == "count" else "no unit"
        ctx.error(
            "E217",
            at,
            f"`{metric.name}` is counted in items"
            if metric.kind == "count"
            else f"`{metric.name}` has no unit",
            f"write `{right}`" if metric.kind == "count" else "leave the unit out",
        )
        return None
    value = float(node.value)
    if metric.kind == "count":
        if value < 0 or not value.is_integer():
            ctx.error("E215", node, f"`{metric.name}` is counted", "write a whole number")
            return None
        return value
    if metric.most == 1.0 and 1 < value <= 100:
        meant = f"{node.value}%"
        ctx.error(
            "E307",
            node,
            f"`{metric.name}` is never above 1",
            f"did you mean `{meant}`?",
            fix=Fix(node.span, meant, f"write `{meant}`"),
        )
        return None
    return _in_range(ctx, metric, node, value)


def metric_unit(node: tree.Value) -> str:
    """The unit as the language spells it; "" for none."""
    if not isinstance(node, tree.Number) or node.unit is None:
        return ""
    word = fold(node.unit.text)
    return "items" if word == "item" else word


def _in_range(ctx: Context, metric: Metric, node: tree.Value, value: float) -> float | None:
    most = math.inf if metric.most is None else metric.most
    if metric.least <= value <= most and math.isfinite(value):
        return value
    between = (
        f"between {metric.least:g} and {most:g}" if metric.most else f"at least {metric.least:g}"
    )
    ctx.error("E216", node, f"`{metric.name}` is always {between}", "write a value in that range")
    return None
