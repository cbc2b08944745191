"""Sense of rules: in a spans task, whether a rule names the texts that it speaks of.

A rule of a spans task proposes candidate spans by its own positive tests of `span`. Positive is a
test whose truth makes the condition true rather than false: `not span != "Kim"` is one, and
`span != "Kim"` is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from labelwright.dsl import task as t
from labelwright.dsl.context import Context

SPAN_FIELDS = ("span", "before", "after")
"""Fields of a candidate: its text, and the rest of its sentence on either side."""

_TESTS = '`span matches /…/`, `span contains "…"`, `span == "…"` or `span in […]`'


def check_rules(ctx: Context, draft: t.Task) -> None:
    """Add every rule of a spans task that proposes no candidate. Vetoes of whole items need none."""
    if draft.kind != "spans" or not ctx.sure(("task", "kind")):
        return
    for rule in draft.rules:
        place = ("rules", rule.name)
        if place not in ctx.places or proposes(rule):
            continue
        one_side = rule.when is not None and any(span_tests(rule.when))
        ctx.error(
            "E311",
            ctx.places[place],
            "one side of `or` does not say which text it marks"
            if one_side
            else "this rule does not say which text it marks",
            'add for example `and span contains "…"`',
            notes=(
                "A rule of a spans task speaks of the texts that its own tests of `span` find.",
                f"Such tests are {_TESTS}.",
                *(("Each side of `or` needs one of them.",) if one_side else ()),
            ),
        )


def proposes(rule: t.Rule) -> bool:
    """Whether every way in which the rule can fire rests on a candidate that it proposes itself.

    True too for a veto that speaks of whole items: it names no field of a candidate.
    """
    if rule.when is None:
        return rule.action == "veto"
    if rule.action == "veto" and not _of_candidates(rule.when):
        return True
    return _covered(rule.when, positive=True)


def span_tests(condition: t.Condition, *, positive: bool = True) -> Iterator[t.Condition]:
    """The tests of a condition that propose candidates, in reading order."""
    match condition:
        case t.And() | t.Or():
            for operand in condition.operands:
                yield from span_tests(operand, positive=positive)
        case t.Not():
            yield from span_tests(condition.operand, positive=not positive)
        case _:
            if _finds(condition, positive):
                yield condition


def _covered(condition: t.Condition, *, positive: bool) -> bool:
    match condition:
        case t.Not():
            return _covered(condition.operand, positive=not positive)
        case t.And() | t.Or():
            every = isinstance(condition, t.And) != positive  # De Morgan: `not (a and b)`
            parts = (_covered(c, positive=positive) for c in condition.operands)
            return all(parts) if every else any(parts)
    return _finds(condition, positive)


def _finds(test: t.Condition, positive: bool) -> bool:
    match test:
        case t.Matches():
            sought = positive
        case t.Contains():
            sought = positive and (test.quantifier == "any" or len(test.values) == 1)
        case t.Compare():
            sought = test.op == ("==" if positive else "!=") and isinstance(test.value, str)
        case t.Member():
            texts = all(isinstance(v, str) for v in test.values)
            sought = positive != test.negated and texts and bool(test.values)
        case _:
            return False
    return sought and test.field == t.FieldRef(path=("span",))


def _of_candidates(condition: t.Condition) -> bool:
    match condition:
        case t.And() | t.Or():
            return any(map(_of_candidates, condition.operands))
        case t.Not():
            return _of_candidates(condition.operand)
        case t.MetricTest():
            return False
    return condition.field.path[0] in SPAN_FIELDS
