"""The tree of a task file: every node carries the span of text it was read from.

Shape only: nothing here knows a word such as `budget`. The reader always returns a `File`, with what
could be read; what could not is a diagnostic. Names are NFC; `span`s index the source text as given.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

from labelwright.dsl.frozen import Frozen


class Span(NamedTuple):
    """Characters `start` up to, not including, `end` of the source text."""

    start: int
    end: int

    def __or__(self, other: Span) -> Span:
        return Span(min(self.start, other.start), max(self.end, other.end))


class Node(Frozen):
    """Something that was read, and where."""

    span: Span


class Name(Node):
    """A bare word, or an integer where a name may stand. `key` is what names are compared by."""

    text: str

    @property
    def key(self) -> str:
        return self.text.casefold()


# --- values -----------------------------------------------------------------------------------


class Text(Node):
    """A string; a long one (triple quotes) comes dedented and stripped."""

    value: str
    long: bool = False


class Number(Node):
    """`20`, `0.30 USD per annotation`, `3 per label`, `50 items`, `7_000`."""

    value: int | float
    unit: Name | None = None
    per: Name | None = None


class PercentValue(Node):
    percent: float


class Regex(Node):
    """`/pattern/flags`; `\\/` in the pattern is already `/`."""

    pattern: str
    flags: str = ""


class Date(Node):
    text: str  # 2026-09-01, perhaps not a real day


class Boolean(Node):
    value: bool


class Path(Node):
    """A bare word, possibly dotted."""

    parts: tuple[Name, ...]

    @property
    def text(self) -> str:
        return ".".join(p.text for p in self.parts)


class List(Node):
    items: tuple[Value, ...]


class Arg(Node):
    name: Name | None
    value: Value


class CallValue(Node):
    name: Name
    args: tuple[Arg, ...]


Value: TypeAlias = Text | Number | PercentValue | Regex | Date | Boolean | Path | List | CallValue


# --- references, conditions -------------------------------------------------------------------


class Ref(Node):
    """A class (or slice) named somewhere: dotted names, or one quoted title."""

    parts: tuple[Name, ...]
    quoted: bool = False

    @property
    def text(self) -> str:
        return ".".join(p.text for p in self.parts)


class Each(Node):
    """`each class`."""

    what: Name


class FieldName(Node):
    """`body`, `"native-country"`, `words(body)`, `meta.source`."""

    parts: tuple[Name, ...]
    function: Name | None = None


class Operator(Node):
    text: str


class Comparison(Node):
    """`field OP value`; with `of`, a count or metric: `labels of each class >= 20`."""

    field: FieldName
    op: Operator
    value: Value
    of: Ref | Each | None = None


class Match(Node):
    field: FieldName
    regex: Regex


class Containment(Node):
    field: FieldName
    quantifier: Literal["any", "all"] | None
    value: Value


class Membership(Node):
    field: FieldName
    values: List
    negated: bool = False


class Presence(Node):
    """`field is missing` (missing=True) or `field is not missing`."""

    field: FieldName
    missing: bool


class Negation(Node):
    operand: Condition


class Junction(Node):
    word: Literal["and", "or"]
    operands: tuple[Condition, ...]


Condition: TypeAlias = (
    Comparison | Match | Containment | Membership | Presence | Negation | Junction
)


# --- statements -------------------------------------------------------------------------------


class Guard(Node):
    word: Literal["when", "until"]
    condition: Condition


class Block(Node):
    """`task news "Title" { … }`, `phase cold until … { … }`, `holdout { … }`; labels follow the head."""

    head: Name
    labels: tuple[Name | Text, ...]
    guard: Guard | None
    items: tuple[Statement, ...]


class Sentence(Node):
    """A statement without `=` or braces: `class Trouser "…"`, `keep when …`, `items when …`."""

    head: Name
    labels: tuple[Name | Text, ...]
    guard: Guard | None


class Subject(Node):
    """What a setting or criterion is about: `threshold of Fraud`, `recall(k = 5) of each class`."""

    name: Name
    args: tuple[Arg, ...] = ()
    of: Ref | Each | None = None


class Setting(Node):
    subject: Subject
    value: Value


class Modifier(Node):
    """`with 95% confidence`, `at 90% precision`, `on [each] slice`."""

    word: Literal["with", "at", "on"]
    percent: PercentValue | None = None
    name: Name | None = None
    each: bool = False


class CriterionLine(Node):
    subject: Subject
    op: Operator
    value: Value
    modifiers: tuple[Modifier, ...] = ()


class RuleLine(Node):
    name: Name
    action: Literal["vote", "against", "veto"]
    label: Ref | None
    when: Condition | None
    weight: Number | None


class ConstraintLine(Node):
    subject: Ref
    relation: Literal["requires", "excludes"]
    objects: tuple[Ref, ...]


Statement: TypeAlias = Block | Sentence | Setting | CriterionLine | RuleLine | ConstraintLine


class File(Node):
    """A whole file. `comments` maps the line number (1-based) to the comment's text after `#`.

    `depth`: no statement lies in more blocks, and has more brackets in one another, than this in all.
    """

    items: tuple[Statement, ...]
    comments: Mapping[int, str] = MappingProxyType({})
    depth: int = 0
