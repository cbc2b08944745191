"""The canonical spelling of names, values, conditions and criteria: the inverse of reading them.

`show.py` puts these into blocks; messages and reports use `criterion_text`.
"""

from __future__ import annotations

import re
import textwrap
from decimal import Decimal

from labelwright.dsl import task as t
from labelwright.dsl.metrics import METRICS

KEYWORDS = frozenset(
    [
        "when",
        "until",
        "of",
        "each",
        "with",
        "confidence",
        "at",
        "on",
        "vote",
        "against",
        "veto",
        "weight",
        "requires",
        "excludes",
        "or",
        "and",
        "not",
        "matches",
        "contains",
        "any",
        "all",
        "in",
        "is",
        "missing",
        "true",
        "false",
        "per",
    ]
)
"""Words the grammar keeps; a column called so is quoted."""

_IDENTIFIER = re.compile(r"[^\W\d]\w*")


def text(value: str, *, indent: int | None = None) -> str:
    """A quoted text; with `indent`, several lines in triple quotes where that is faithful."""
    if indent is not None and "\n" in value and '"""' not in value:
        margin = " " * (indent + 2)
        lines = [margin + line if line else "" for line in value.split("\n")]
        body = "\n" + "\n".join(lines) + "\n" + margin
        if textwrap.dedent(body).strip() == value:
            return f'"""{body}"""'
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'


def word(name: str) -> str:
    """A bare word where the grammar takes it, else quoted."""
    return name if _IDENTIFIER.fullmatch(name) and name not in KEYWORDS else text(name)


def column(name: str) -> str:
    """A column in value position: a dotted word stays bare."""
    return name if all(word(part) == part for part in name.split(".")) else text(name)


def number(value: float) -> str:
    """`2_300`, `0.3`: thousands apart, no needless decimals."""
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        whole = int(value)
        return f"{whole:_}" if abs(whole) >= 1000 else str(whole)
    return repr(value)


def money(amount: float) -> str:
    """`700`, `0.30`."""
    cents = f"{amount:.2f}"
    return cents if amount != int(amount) and float(cents) == amount else number(amount)


def percent(points: float) -> str | None:
    """`97.5%`; None for what cannot be written so."""
    digits = format(Decimal(repr(points)), "f")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return None if digits.startswith("-") or not points < 1e15 else f"{digits}%"


def share(fraction: float) -> str:
    """A share as a percentage, or as a decimal number where that would not read back the same."""
    points = Decimal(repr(fraction)) * 100
    if float(points) / 100 != fraction:
        return number(fraction)
    return percent(float(points)) or number(fraction)


def value(item: t.Value) -> str:
    """A value as an argument or on the right of a comparison."""
    match item:
        case bool():
            return "true" if item else "false"
        case int():
            return number(item)
        case float():
            return repr(item)  # `2.0` stays apart from `2`
        case str():
            return text(item)
        case tuple():
            return "[" + ", ".join(value(part) for part in item) + "]"
        case t.Percent():
            return percent(item.percent) or repr(item.percent / 100)
        case t.Day():
            return item.day.isoformat()
        case t.Word():
            return item.name
        case t.Call():
            return f"{item.name}({arguments(item.args)})"


def sample(item: t.Sample) -> str:
    """An example or a counterexample of a class."""
    if item.kind == "image":
        return f"image({text(item.value)})"
    if item.kind == "span":
        return f"span({text(item.value)}, {text(item.marked or '')})"
    return text(item.value)


def arguments(args: tuple[t.Argument, ...]) -> str:
    """What stands between the brackets of a call."""
    return ", ".join(f"{a.name} = {value(a.value)}" if a.name else value(a.value) for a in args)


def call(item: t.Call) -> str:
    """A plug-in: bare without arguments, a pretrained encoder as its quoted name."""
    match item:
        case t.Call(name="pretrained", args=(t.Argument(name=None, value=str() as name),)):
            return text(name)
        case t.Call(args=()):
            return item.name
    return value(item)


def pattern(expression: str, flags: str) -> str:
    """`/…/flags`, a slash within escaped."""
    inside = re.sub(r"\\.|/", lambda m: "\\/" if m[0] == "/" else m[0], expression, flags=re.DOTALL)
    return f"/{inside}/{flags}"


_REFERENCE = re.compile(r"(?:[^\W\d]\w*|\d+$)(?:\.(?:[^\W\d]\w*|\d+$))*")


def class_name(class_id: str) -> str:
    """A class where it is referred to: its id, quoted where an integer has children."""
    return class_id if _REFERENCE.fullmatch(class_id) else text(class_id)


# --- conditions -------------------------------------------------------------------------------


def field(item: t.FieldRef) -> str:
    """`body`, `"native-country"`, `words(meta.body)`."""
    path = ".".join(word(part) for part in item.path)
    return f"{item.function}({path})" if item.function else path


def condition(item: t.Condition, *, break_with: str = " ") -> str:
    """A condition on one line, or broken after each outermost `and` or `or`."""
    match item:
        case t.Not():
            inner = condition(item.operand)
            grouped = isinstance(item.operand, t.And | t.Or)
            return f"not ({inner})" if grouped else f"not {inner}"
        case t.And():
            return f" and{break_with}".join(
                f"({condition(o)})" if isinstance(o, t.And | t.Or) else condition(o)
                for o in item.operands
            )
        case t.Or():
            return f" or{break_with}".join(
                f"({condition(o)})" if isinstance(o, t.Or) else condition(o) for o in item.operands
            )
        case t.Missing():
            return f"{field(item.field)} is {'not ' if item.negated else ''}missing"
        case t.Matches():
            return f"{field(item.field)} matches {pattern(item.pattern, item.flags)}"
        case t.Contains():
            if item.quantifier == "any" and len(item.values) == 1:
                return f"{field(item.field)} contains {text(item.values[0])}"
            words = ", ".join(text(v) for v in item.values)
            return f"{field(item.field)} contains {item.quantifier} [{words}]"
        case t.Member():
            return f"{field(item.field)} {'not ' if item.negated else ''}in {value(item.values)}"
        case t.MetricTest():
            subject = _subject(item.metric, (), item.of)
            return f"{subject} {item.op} {_measured(item.metric, item.value)}"
        case t.Compare():
            return f"{field(item.field)} {item.op} {value(item.value)}"


# --- criteria ---------------------------------------------------------------------------------


def _subject(metric: str, args: tuple[t.Argument, ...], of: str | None) -> str:
    brackets = f"({arguments(args)})" if args else ""
    about = "" if of is None else f" of {of if of == t.EACH_CLASS else class_name(of)}"
    return f"{metric}{brackets}{about}"


def _measured(metric: str, target: float, *, as_percent: bool | None = None) -> str:
    kind = METRICS[metric].kind if metric in METRICS else "score"
    if as_percent is None:
        as_percent = kind == "proportion"
    return share(target) if as_percent and target >= 0 else number(target)


def criterion_parts(
    item: t.Criterion, confidence: float | None, *, percent: bool
) -> tuple[str, str]:
    """The subject, and all that follows it from the operator on; see `criterion_text`."""
    words = [item.op, _measured(item.metric, item.value, as_percent=percent)]
    if item.unit:
        words.append(item.unit)
    if item.confidence is not None and item.confidence != confidence:
        words.append(f"with {share(item.confidence)} confidence")
    if item.at is not None:
        words.append(f"at {share(item.at[0])} {item.at[1]}")
    if item.on is not None:
        words.append(f"on {item.on}")
    return _subject(item.metric, item.args, item.of), " ".join(words)


def criterion_text(item: t.Criterion, confidence: float | None, *, percent: bool) -> str:
    """A criterion on one line, without a confidence that is said for all of them.

    `percent`: whether the person wrote the value with a percent sign.
    """
    return " ".join(criterion_parts(item, confidence, percent=percent))
