"""The tree of a task file: every node carries the span of text it was read from.

Shape only: nothing here knows a word such as `budget`. The reader always returns a `File`, with what
could be read; what could not is a diagnostic. Names are NFC; `span`s index the source text as given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` up to, not including, `end` of the source text."""

    start: int
    end: int

    def __or__(self, other: Span) -> Span:
        return Span(min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True, slots=True)
class Node:
    span: Span


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A bare word, or an integer where a name may stand. `key` is what names are compared by."""

    text: str

    @property
    def key(self) -> str:
        return self.text.casefold()


# --- values -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A string; a long one (triple quotes) comes dedented and stripped."""

    value: str
    long: bool = False


@dataclass(frozen=True, slots=True)
class Number(Node):
    """`20`, `0.30 USD per annotation`, `3 per label`, `50 items`, `7_000`."""

    value: int | float
    unit: Name | None = None
    per: Name | None = None


@dataclass(frozen=True, slots=True)
class PercentValue(Node):
    percent: float


@dataclass(frozen=True, slots=True)
class Regex(Node):
    """`/pattern/flags`; `\\/` in the pattern is already `/`."""

    pattern: str
    flags: str = ""


@dataclass(frozen=True, slots=True)
class Date(Node):
    text: str  # 2026-09-01, perhaps not a real day


@dataclass(frozen=True, slots=True)
class Boolean(Node):
    value: bool


@dataclass(frozen=True, slots=True)
class Path(Node):
    """A bare word, possibly dotted."""

    parts: tuple[Name, ...]

    @property
    def text(self) -> str:
        return ".".join(p.text for p in self.parts)


@dataclass(frozen=True, slots=True)
class List(Node):
    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Arg(Node):
    name: Name | None
    value: Value


@dataclass(frozen=True, slots=True)
class CallValue(Node):
    name: Name
    args: tuple[Arg, ...]


Value: TypeAlias = Text | Number | PercentValue | Regex | Date | Boolean | Path | List | CallValue


# --- references, conditions -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ref(Node):
    """A class (or slice) named somewhere: dotted names, or one quoted title."""

    parts: tuple[Name, ...]
    quoted: bool = False

    @property
    def text(self) -> str:
        return ".".join(p.text for p in self.parts)


@dataclass(frozen=True, slots=True)
class Each(Node):
    """`each class`."""

    what: Name


@dataclass(frozen=True, slots=True)
class FieldName(Node):
    """`body`, `"native-country"`, `words(body)`, `meta.source`."""

    parts: tuple[Name, ...]
    function: Name | None = None


@dataclass(frozen=True, slots=True)
class Operator(Node):
    text: str


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """`field OP value`; with `of`, a count or metric: `labels of each class >= 20`."""

    field: FieldName
    op: Operator
    value: Value
    of: Ref | Each | None = None


@dataclass(frozen=True, slots=True)
class Match(Node):
    field: FieldName
    regex: Regex


@dataclass(frozen=True, slots=True)
class Containment(Node):
    field: FieldName
    quantifier: Literal["any", "all"] | None
    value: Value


@dataclass(frozen=True, slots=True)
class Membership(Node):
    field: FieldName
    values: List
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Presence(Node):
    """`field is missing` (missing=True) or `field is not missing`."""

    field: FieldName
    missing: bool


@dataclass(frozen=True, slots=True)
class Negation(Node):
    operand: Condition


@dataclass(frozen=True, slots=True)
class Junction(Node):
    word: Literal["and", "or"]
    operands: tuple[Condition, ...]


Condition: TypeAlias = (
    Comparison | Match | Containment | Membership | Presence | Negation | Junction
)


# --- statements -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Guard(Node):
    word: Literal["when", "until"]
    condition: Condition


@dataclass(frozen=True, slots=True)
class Block(Node):
    """`task news "Title" { … }`, `phase cold until … { … }`, `holdout { … }`; labels follow the head."""

    head: Name
    labels: tuple[Name | Text, ...]
    guard: Guard | None
    items: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Sentence(Node):
    """A statement without `=` or braces: `class Trouser "…"`, `keep when …`, `items when …`."""

    head: Name
    labels: tuple[Name | Text, ...]
    guard: Guard | None


@dataclass(frozen=True, slots=True)
class Subject(Node):
    """What a setting or criterion is about: `threshold of Fraud`, `recall(k = 5) of each class`."""

    name: Name
    args: tuple[Arg, ...] = ()
    of: Ref | Each | None = None


@dataclass(frozen=True, slots=True)
class Setting(Node):
    subject: Subject
    value: Value


@dataclass(frozen=True, slots=True)
class Modifier(Node):
    """`with 95% confidence`, `at 90% precision`, `on [each] slice`."""

    word: Literal["with", "at", "on"]
    percent: PercentValue | None = None
    name: Name | None = None
    each: bool = False


@dataclass(frozen=True, slots=True)
class CriterionLine(Node):
    subject: Subject
    op: Operator
    value: Value
    modifiers: tuple[Modifier, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleLine(Node):
    name: Name
    action: Literal["vote", "against", "veto"]
    label: Ref | None
    when: Condition | None
    weight: Number | None


@dataclass(frozen=True, slots=True)
class ConstraintLine(Node):
    subject: Ref
    relation: Literal["requires", "excludes"]
    objects: tuple[Ref, ...]


Statement: TypeAlias = Block | Sentence | Setting | CriterionLine | RuleLine | ConstraintLine


@dataclass(frozen=True, slots=True)
class File(Node):
    """A whole file. `comments` maps the line number (1-based) to the comment's text after `#`."""

    items: tuple[Statement, ...]
    comments: dict[int, str] = field(default_factory=dict)
