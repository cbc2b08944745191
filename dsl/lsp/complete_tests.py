"""What may stand in a condition (`when …`, `until …`) and in a criterion of `accept`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from lark import Token

from labelwright.dsl.context import fold
from labelwright.dsl.lsp import words
from labelwright.dsl.lsp.items import Item, Kind, hole
from labelwright.dsl.lsp.offers import Offers, argument_items, class_items, column_items
from labelwright.dsl.metrics import METRICS, Metric
from labelwright.dsl.vocabulary import FUNCTIONS

_COMPARE = ("==", "!=", ">=", "<=", ">", "<")
_CONNECTIVES = ("and", "or")


def condition_items(
    offers: Offers, written: Sequence[Token], *, measured: bool, rule: bool
) -> Iterator[Item]:
    """What may come after the tokens of a condition.

    measured: it is about what was measured, as in `until`, not about an item. rule: it ends a rule.
    """
    if rule and any(t == "weight" for t in written):
        return
    if _open_list(written):
        return
    test = _last_test(written)
    if not test:
        yield from _subjects(offers, measured=measured)
        yield Item("not", Kind.Keyword, words.keyword("not"))
    elif test[-1].type == "LPAR":
        yield from column_items(offers)
    elif measured:
        yield from _measured(offers, test)
    else:
        yield from _tested(test)
    if test and _is_whole(test):
        yield from (Item(w, Kind.Keyword, words.keyword(w)) for w in _CONNECTIVES)
        if rule:
            yield Item("weight", Kind.Keyword, words.keyword("weight"))


def _subjects(offers: Offers, *, measured: bool) -> Iterator[Item]:
    if measured:
        for metric in METRICS.values():
            form = words.metric_forms(metric)[-1 if metric.of == "must" else 0]
            subject, op, value = form.partition(" at ")[0].rsplit(" ", 2)
            text = f"{subject} {op} {hole(1, value)}"
            yield Item(metric.name, Kind.Function, metric.help, text, words.metric_help(metric))
        return
    yield from column_items(offers)
    for name, help_ in FUNCTIONS.items():
        yield Item(name, Kind.Function, help_, f"{name}({hole(1, 'column')})")


def _open_list(written: Sequence[Token]) -> bool:
    return sum((t.type == "LSQB") - (t.type == "RSQB") for t in written) > 0


def _last_test(written: Sequence[Token]) -> list[Token]:
    """The tokens of the test begun last, without brackets that only group and `not` before it."""
    test: list[Token] = []
    for sign in written:
        if sign in _CONNECTIVES and _is_whole(test):
            test = []
        elif test or not (sign.type == "LPAR" or sign == "not"):
            test.append(sign)
            if sign.type == "RPAR" and not any(t.type == "LPAR" for t in test):
                test.pop()
    return test


def _is_whole(test: Sequence[Token]) -> bool:
    """Whether a test says all it must: a field, an operator and a value, or `is missing`."""
    if len(test) < 3:
        return False
    if test[-1] == "missing":
        return True
    operator = any(t.type == "OP" or t in ("matches", "contains", "in") for t in test[1:])
    return operator and test[-1].type not in ("OP", "NAME", "COMMA", "LSQB", "LPAR")


def _tested(test: Sequence[Token]) -> Iterator[Item]:
    last = test[-1]
    operator = any(t.type == "OP" or t in ("matches", "contains", "in", "is") for t in test[1:])
    if last == "matches" and len(test) > 1:
        yield Item("/…/", Kind.Value, "a pattern", "/$0/")
    elif last == "contains" and len(test) > 1:
        yield Item('"…"', Kind.Value, "a text", '"$0"')
        for word, what in (("any", "one of some texts"), ("all", "all of some texts")):
            yield Item(word, Kind.Keyword, what, f'{word} ["$0"]')
    elif last == "is":
        yield from (Item(w, Kind.Keyword) for w in ("missing", "not missing"))
    elif last == "not":
        word = "missing" if test[-2] == "is" else "in"
        yield Item(word, Kind.Keyword, words.keyword(word))
    elif last == "in" and len(test) > 1:
        yield Item("[…]", Kind.Value, "a list", '["$0"]')
    elif last.type == "OP":
        yield Item('"…"', Kind.Value, "a text is quoted", '"$0"')
    elif not operator:
        yield from (Item(op, Kind.Operator) for op in _COMPARE)
        for word in ("contains", "matches", "in", "not in", "is missing", "is not missing"):
            yield Item(word, Kind.Keyword, words.keyword(word.split()[-1]))


def _measured(offers: Offers, test: Sequence[Token]) -> Iterator[Item]:
    metric = METRICS.get(fold(str(test[0])))
    if metric is not None:
        yield from _of_and_compare(offers, metric, test)


def _of_and_compare(offers: Offers, metric: Metric, written: Sequence[Token]) -> Iterator[Item]:
    """What comes between a metric and the value it is compared with."""
    last = written[-1]
    if any(t.type == "OP" for t in written):
        return
    if last == "of":
        yield Item("each class", Kind.Keyword, words.keyword("each"))
        yield from class_items(offers)
    elif last == "each":
        yield Item("class", Kind.Keyword)
    else:
        better = "<=" if metric.better == "lower" else ">="
        if metric.of != "must" or "of" in written:
            yield Item(better, Kind.Operator, f"{metric.better} is better")
        if metric.of != "no" and "of" not in written:
            yield Item("of", Kind.Keyword, "one class, or each")


# --- criteria ---------------------------------------------------------------------------------


def criterion_items(offers: Offers, metric: Metric, written: Sequence[Token]) -> Iterator[Item]:
    """What may come after the tokens of a criterion, of which the first is the metric."""
    last = written[-1]
    opened = sum((t.type == "LPAR") - (t.type == "RPAR") for t in written) > 0
    if opened:
        given = {str(a) for a, b in pairwise(written) if b.type == "EQUAL"}
        if last.type in ("LPAR", "COMMA"):
            yield from argument_items(metric.parameters, given)
        return
    at = next((k for k, t in enumerate(written) if t.type == "OP"), None)
    if at is None:
        yield from _of_and_compare(offers, metric, written)
        return
    tail = [str(t) for t in written[at + 1 :]]
    if not tail:
        value = words.metric_forms(metric)[0].partition(" at ")[0].rpartition(" ")[2]
        yield Item(value, Kind.Value, "for example")
    elif last == "on":
        yield Item("each slice", Kind.Keyword, words.keyword("each"))
        yield from (Item(name, Kind.Module, "a slice") for name in offers.names.slices)
    elif last == "each":
        yield Item("slice", Kind.Keyword)
    elif last == "with":
        yield Item("95% confidence", Kind.Value, "", f"{hole(1, '95%')} confidence")
    elif last == "at":
        for other in metric.operating_point:
            yield Item(f"90% {other}", Kind.Value, "", f"{hole(1, '90%')} {other}")
    elif last.type == "PERCENT" and written[-2] in ("with", "at"):
        ends = ("confidence",) if written[-2] == "with" else metric.operating_point
        yield from (Item(word, Kind.Keyword) for word in ends)
    else:
        yield from _modifiers(offers, metric, tail)


def _modifiers(offers: Offers, metric: Metric, tail: list[str]) -> Iterator[Item]:
    if metric.kind == "count" and len(tail) == 1:
        yield Item("items", Kind.Unit)
    if "with" not in tail and metric.kind != "count":
        confident = f"with {hole(1, '95%')} confidence"
        yield Item("with 95% confidence", Kind.Keyword, words.keyword("with"), confident)
    if "at" not in tail:
        for other in metric.operating_point:
            text = f"at {hole(1, '90%')} {other}"
            yield Item(f"at 90% {other}", Kind.Keyword, words.keyword("at"), text)
    if "on" not in tail and metric.kind != "count":
        yield Item("on each slice", Kind.Keyword, words.keyword("on"))
        for name in offers.names.slices:
            yield Item(f"on {name}", Kind.Keyword, words.keyword("on"))
