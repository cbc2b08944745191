"""The lines of `accept`: a metric, a direction, a value, and under which conditions it holds."""

from __future__ import annotations

from typing import cast

from labelwright.dsl import task as t
from labelwright.dsl import tree
from labelwright.dsl.calls import lower_value, match_arguments
from labelwright.dsl.classes import ClassTable
from labelwright.dsl.context import Context, did_you_mean, fold, listed
from labelwright.dsl.diagnostics import Fix
from labelwright.dsl.measured import find_metric, metric_of, metric_unit, metric_value
from labelwright.dsl.metrics import METRICS, Metric
from labelwright.dsl.printing import criterion_text


def read_criterion(
    ctx: Context,
    node: tree.CriterionLine,
    classes: ClassTable,
    slices: dict[str, str],
    confidence: float | None,
) -> t.Criterion | None:
    """One criterion; None after a diagnostic. `confidence` is the one said for all."""
    metric = find_metric(ctx, node.subject.name)
    if metric is None:
        return None
    before = len(ctx.found)
    args = _arguments(ctx, metric, node)
    of = metric_of(ctx, metric, node.subject, node.subject.of, classes)
    value = metric_value(ctx, metric, node.value)
    _direction(ctx, metric, node)
    own, at, on = _modifiers(ctx, metric, node, slices)
    if len(ctx.found) > before or of is None or value is None:
        return None
    counted = metric.kind == "count"
    criterion = t.Criterion(
        metric=metric.name,
        args=args,
        of=of or None,
        op=cast(t.Operator, node.op.text),
        value=value,
        unit=metric_unit(node.value) or None,
        confidence=None if counted else (own if own is not None else confidence),
        at=at,
        on=on,
    )
    percent = isinstance(node.value, tree.PercentValue)
    return criterion.model_copy(
        update={"text": criterion_text(criterion, confidence, percent=percent)}
    )


def _arguments(ctx: Context, metric: Metric, node: tree.CriterionLine) -> tuple[t.Argument, ...]:
    args: list[t.Argument] = []
    for arg in node.subject.args:
        value = lower_value(ctx, arg.value)
        if value is not None:
            args.append(t.Argument(name=arg.name.text if arg.name else None, value=value))
    if len(args) == len(node.subject.args):
        match_arguments(
            ctx, metric.name, "resolve", metric.parameters, node.subject.args, node.subject
        )
    return tuple(args)


def _direction(ctx: Context, metric: Metric, node: tree.CriterionLine) -> None:
    right = "<=" if metric.better == "lower" else ">="
    if node.op.text in (right, right[0]):
        return
    least = "at least" if metric.better == "higher" else "at most"
    why = "" if node.op.text in ("==", "!=") else f"{metric.better} is better"
    ctx.error(
        "E229",
        node.op,
        f"a criterion says what `{metric.name}` must reach, {least}",
        f"write `{right}`",
        notes=(f"For `{metric.name}`, {why}.",) if why else (),
        fix=Fix(node.op.span, right, f"write `{right}`"),
    )


def _modifiers(
    ctx: Context, metric: Metric, node: tree.CriterionLine, slices: dict[str, str]
) -> tuple[float | None, tuple[float, str] | None, str | None]:
    own: float | None = None
    at: tuple[float, str] | None = None
    on: str | None = None
    seen: set[str] = set()
    for modifier in node.modifiers:
        if modifier.word in seen:
            ctx.error("E212", modifier, f"`{modifier.word}` is said twice", "keep one of them")
            continue
        seen.add(modifier.word)
        if modifier.word == "with":
            own = _confidence(ctx, metric, modifier)
        elif modifier.word == "at":
            at = _operating_point(ctx, metric, modifier)
        else:
            on = _slice(ctx, modifier, slices)
            if metric.kind == "count":
                ctx.error(
                    "E228",
                    modifier,
                    f"`{metric.name}` is counted over all items",
                    "leave `on …` out",
                )
    return own, at, on


def _confidence(ctx: Context, metric: Metric, modifier: tree.Modifier) -> float | None:
    if metric.kind == "count":
        ctx.error(
            "E228",
            modifier,
            f"`{metric.name}` is counted, not estimated",
            "leave the confidence out",
        )
        return None
    percent = modifier.percent.percent if modifier.percent else 0.0
    if not 50 <= percent < 100:
        ctx.error(
            "E216",
            modifier.percent or modifier,
            "a confidence must be at least 50% and below 100%",
            "for example `with 95% confidence`",
        )
        return None
    return percent / 100


def _operating_point(
    ctx: Context, metric: Metric, modifier: tree.Modifier
) -> tuple[float, str] | None:
    name = modifier.name
    percent = modifier.percent.percent if modifier.percent else 0.0
    word = fold(name.text) if name else ""
    if word not in metric.operating_point:
        able = [m.name for m in METRICS.values() if m.operating_point]
        hint = (
            f"write `at {percent:g}% {metric.operating_point[0]}`"
            if metric.operating_point
            else f"only {listed(able)} are said at a point"
        )
        ctx.error("E228", modifier, f"`{metric.name}` is not measured at a given `{word}`", hint)
        return None
    if not 0 < percent <= 100:
        ctx.error(
            "E216",
            modifier.percent or modifier,
            f"`{word}` cannot be {percent:g}%",
            "write a value above 0% and up to 100%",
        )
        return None
    return percent / 100, word


def _slice(ctx: Context, modifier: tree.Modifier, slices: dict[str, str]) -> str | None:
    name = modifier.name
    assert name is not None
    word = fold(name.text)
    if modifier.each:
        if word != "slice":
            ctx.error(
                "E208",
                name,
                "`on each` is followed by `slice`",
                "write `on each slice`",
                fix=Fix(name.span, "slice", "write `slice`"),
            )
        elif not slices and not ctx.cautious:
            ctx.error("E208", modifier, "this file has no slice", "write `slice NAME when …` first")
        return t.EACH_SLICE
    if word not in slices and word not in ctx.lost:
        hint = did_you_mean(name.text, slices.values())
        has = (f"The slices are {listed(slices.values())}.",) if slices and not hint else ()
        ctx.error(
            "E208",
            name,
            f"no slice is called {name.text}",
            hint or ("" if slices else "write `slice NAME when …` first"),
            notes=has,
        )
    return slices.get(word)
