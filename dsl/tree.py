"""The tree of a task file: every node carries the span of text it was read from.

Shape only: nothing here knows a word such as `budget`. The reader always returns a `File`, with what
could be read; what could not is a diagnostic. Names are NFC; `span`s index the source text as given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeAlias

from typing_extensions import dataclass_transform


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` up to, not including, `end` of the source text."""

    start: int
    end: int

    def __or__(self, other: Span) -> Span:
        return Span(min(self.start, other.start), max(self.end, other.end))


@dataclass_transform(frozen_default=True)
class _Frozen:
    """What all nodes are: frozen, compared by value, made like a dataclass.

    Not made by `dataclass`, which writes and compiles each class's methods: for so many classes that
    is a tenth of the time in which `labelwright check` has done its work.
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        own = tuple(cls.__dict__.get("__annotations__", ()))  # noqa: RUF063 - inspect is slow to load
        cls._fields = (*cls._fields, *own)
        cls._defaults = {n: cls.__dict__[n] for n in own if n in cls.__dict__}
        cls.__match_args__ = cls._fields  # type: ignore[misc,attr-defined]

    def __init__(self, *values: Any, **named: Any) -> None:
        given = dict(zip(self._fields, values, strict=False)) | named
        if len(given) < len(self._fields):
            given = self._defaults | given
        if given.keys() != set(self._fields) or len(values) > len(self._fields):
            raise TypeError(f"{type(self).__name__} takes {', '.join(self._fields)}")
        self.__dict__.update(given)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *(self.__dict__[name] for name in self._fields)))

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self._fields)
        return f"{type(self).__name__}({told})"


class Node(_Frozen):
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
    """A whole file. `comments` maps the line number (1-based) to the comment's text after `#`."""

    items: tuple[Statement, ...]
    comments: Mapping[int, str] = MappingProxyType({})
