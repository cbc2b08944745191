"""Every word of a tree that names something, and what it names: found once, asked by every feature.

Hover, definition, references, rename, highlighting and colours all look here. A class is named by its
id, so that `Other` in `vote Politics.Other` and the name in its declaration are the same thing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Literal

from labelwright.dsl import task as t
from labelwright.dsl import tree
from labelwright.dsl.classes import ClassTable
from labelwright.dsl.context import fold
from labelwright.dsl.frozen import Frozen
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.tree import Span
from labelwright.dsl.vocabulary import (
    BLOCKS,
    CLASS,
    FILE,
    FUNCTIONS,
    Block,
    Setting,
)

Sort = Literal[
    "block", "setting", "clause", "word", "metric", "plugin", "argument", "function", "column",
    "class", "former", "slice", "rule", "phase", "task", "input",
]  # fmt: skip

NAMED: tuple[Sort, ...] = ("class", "slice", "rule", "phase", "task")
"""Sorts of things that a file itself gives names to."""


class Mention(Frozen):
    """One word, or quoted text, that names something.

    `name` is what tells the thing from others of its sort: a class's id, else the folded name. `of`
    is where the word is at home: a setting's block, a word's `block.setting`, a plug-in's kind, an
    argument's `kind plugin`.
    """

    span: Span
    sort: Sort
    name: str
    declares: bool = False
    of: str = ""
    quoted: bool = False  # a class named by a text in quotes

    @property
    def thing(self) -> tuple[str, str, str]:
        """What it names, to compare with other mentions."""
        return self.sort, self.name, self.of


class Mentions:
    """All mentions of one tree, in the order of the text."""

    def __init__(self, file: tree.File) -> None:
        self.classes = ClassTable()
        self.declared: dict[str, tree.Block | tree.Sentence] = {}  # class id -> where
        self._declare(file.items, "")
        self.all = sorted(self._items(FILE, file.items, ""), key=lambda m: m.span)
        self._starts = [m.span.start for m in self.all]

    def at(self, offset: int) -> Mention | None:
        """What stands at an offset, its end included; of two that touch, the later one."""
        k = bisect_right(self._starts, offset) - 1
        for mention in self.all[max(0, k - 1) : k + 1][::-1]:
            if mention.span.start <= offset <= mention.span.end:
                return mention
        return None

    def same(self, mention: Mention) -> list[Mention]:
        """All mentions of the same thing."""
        return [m for m in self.all if m.thing == mention.thing]

    def declaration(self, mention: Mention) -> Mention | None:
        """Where the thing is given its name."""
        return next((m for m in self.same(mention) if m.declares), None)

    # --- classes first: what refers to them may stand above them -------------------------------

    def _declare(self, items: tuple[tree.Statement, ...], parent: str) -> None:
        for item in items:
            if not isinstance(item, tree.Block | tree.Sentence):
                continue
            inside = item.items if isinstance(item, tree.Block) else ()
            name = _name_of(item)
            if fold(item.head.text) != CLASS.name or name is None:
                if (
                    not parent
                ):  # a class that a lost brace put into another block is read all the same
                    self._declare(inside, "")
                continue
            class_id = f"{parent}.{name.text}" if parent else name.text
            if self.classes.taken(class_id) is None:
                self.classes.add(t.Class(id=class_id, title=_title_of(item) or name.text))
                self.declared[class_id] = item
            self._declare(inside, self.classes.taken(class_id) or class_id)

    # --- statements ---------------------------------------------------------------------------

    def _items(
        self, block: Block | None, items: tuple[tree.Statement, ...], parent: str
    ) -> Iterator[Mention]:
        home = block.name if block else ""
        for item in items:
            match item:
                case tree.Block() | tree.Sentence():
                    yield from self._block(block, item, parent)
                case tree.Setting():
                    yield from self._setting(block, home, item)
                case tree.CriterionLine():
                    yield from self._criterion(item)
                case tree.RuleLine():
                    yield Mention(item.name.span, "rule", fold(item.name.text), declares=True)
                    if item.label:
                        yield from self._ref(item.label)
                    if item.when:
                        yield from self._condition(item.when, measured=False)
                case tree.ConstraintLine():
                    for ref in (item.subject, *item.objects):
                        yield from self._ref(ref)

    def _block(
        self, outer: Block | None, item: tree.Block | tree.Sentence, parent: str
    ) -> Iterator[Mention]:
        word = fold(item.head.text)
        clause = next((c for c in outer.clauses if c.name == word), None) if outer else None
        entry = None if clause else BLOCKS.get(word)
        if clause and outer:
            yield Mention(item.head.span, "clause", word, of=outer.name)
        elif entry:
            yield Mention(item.head.span, "block", word)
        inner = ""
        name = _name_of(item)
        if entry and name and entry.named:
            inner = name.text
            if entry is CLASS:
                inner = f"{parent}.{name.text}" if parent else name.text
                inner = self.classes.taken(inner) or inner
                yield Mention(name.span, "class", inner, declares=True)
            else:
                sort: Sort = entry.name  # type: ignore[assignment]  # task, slice and phase
                yield Mention(name.span, sort, fold(name.text), declares=True)
        if item.guard:
            measured = item.guard.word == "until"
            about = clause is not None and clause.subject != "item"
            if not about:
                yield from self._condition(item.guard.condition, measured=measured)
        if isinstance(item, tree.Block):
            yield from self._items(entry, item.items, inner if entry is CLASS else "")

    def _setting(self, block: Block | None, home: str, item: tree.Setting) -> Iterator[Mention]:
        word = fold(item.subject.name.text)
        known = next((s for s in block.settings if s.name == word), None) if block else None
        if known is None:
            return
        yield Mention(item.subject.name.span, "setting", word, of=home)
        if isinstance(item.subject.of, tree.Ref):
            if known.of == "class":
                yield from self._ref(item.subject.of)
            elif known.of == "input":
                yield Mention(item.subject.of.span, "input", fold(item.subject.of.text))
        yield from self._value(home, known, item.value)

    def _criterion(self, item: tree.CriterionLine) -> Iterator[Mention]:
        yield from self._metric(item.subject.name, item.subject.of)
        for arg in item.subject.args:
            if arg.name:
                of = f"metric {fold(item.subject.name.text)}"
                yield Mention(arg.name.span, "argument", arg.name.text, of=of)
        for modifier in item.modifiers:
            if modifier.word == "on" and modifier.name and not modifier.each:
                yield Mention(modifier.name.span, "slice", fold(modifier.name.text))
            elif modifier.word == "at" and modifier.name:
                yield Mention(modifier.name.span, "metric", fold(modifier.name.text))

    def _metric(self, name: tree.Name, of: tree.Ref | tree.Each | None) -> Iterator[Mention]:
        if fold(name.text) in METRICS:
            yield Mention(name.span, "metric", fold(name.text))
        if isinstance(of, tree.Ref):
            yield from self._ref(of)

    def _ref(self, ref: tree.Ref) -> Iterator[Mention]:
        """The class that is named, and the parents that are written before it."""
        found = self.classes.find(ref)
        if len(found) != 1:
            return
        if ref.quoted:
            yield Mention(ref.span, "class", found[0], quoted=True)
            return
        ids = found[0].split(".")
        for k, part in enumerate(reversed(ref.parts)):
            yield Mention(part.span, "class", ".".join(ids[: len(ids) - k]))

    # --- values -------------------------------------------------------------------------------

    def _value(self, home: str, entry: Setting, node: tree.Value) -> Iterator[Mention]:
        items = node.items if isinstance(node, tree.List) else (node,)
        for item in items:
            match item:
                case tree.Path() if entry.type in ("column", "columns"):
                    yield Mention(item.span, "column", item.text)
                case tree.Text() if entry.type in ("column", "columns"):
                    yield Mention(item.span, "column", item.value, quoted=True)
                case tree.Path() if entry.type in ("class", "classes"):
                    yield Mention(item.span, "former", fold(item.text))
                case tree.Path() | tree.CallValue() if entry.plugin:
                    of_columns = ("key", "label") if entry.type == "labelled" else ("column",)
                    yield from self._plugin(entry.plugin, item, of_columns)
                case tree.Path() if entry.type in ("word", "dedupe", "opinions"):
                    yield Mention(item.span, "word", fold(item.text), of=f"{home}.{entry.name}")
                case tree.CallValue(name=name) if entry.type in (
                    "file",
                    "samples",
                    "gold",
                    "dedupe",
                    "opinions",
                ):
                    yield Mention(name.span, "word", fold(name.text), of=f"{home}.{entry.name}")

    def _plugin(
        self, kind: str, node: tree.Path | tree.CallValue, of_columns: tuple[str, ...]
    ) -> Iterator[Mention]:
        """A plug-in and those in its brackets; `of_columns`: arguments whose value is a column."""
        if isinstance(node, tree.Path):
            yield Mention(node.span, "plugin", node.text, of=kind)
            return
        yield Mention(node.name.span, "plugin", node.name.text, of=kind)
        for arg in node.args:
            if arg.name:
                of = f"{kind} {node.name.text}"
                yield Mention(arg.name.span, "argument", arg.name.text, of=of)
            match arg.value:
                case tree.Path() if arg.name and arg.name.text in of_columns:
                    yield Mention(arg.value.span, "column", arg.value.text)
                case tree.CallValue():
                    yield from self._plugin(kind, arg.value, of_columns)
                case tree.Path() if arg.name is None and kind in ("query", "encode"):
                    yield Mention(arg.value.span, "plugin", arg.value.text, of=kind)

    # --- conditions ---------------------------------------------------------------------------

    def _condition(self, node: tree.Condition, *, measured: bool) -> Iterator[Mention]:
        match node:
            case tree.Negation(operand=operand):
                yield from self._condition(operand, measured=measured)
            case tree.Junction(operands=operands):
                for operand in operands:
                    yield from self._condition(operand, measured=measured)
            case tree.Comparison(field=field, of=of) if measured:
                yield from self._metric(field.parts[0], of)
            case _:
                field = node.field
                if field.function and fold(field.function.text) in FUNCTIONS:
                    yield Mention(field.function.span, "function", fold(field.function.text))
                whole = field.parts[0].span | field.parts[-1].span
                yield Mention(whole, "column", ".".join(p.text for p in field.parts))


def _name_of(item: tree.Block | tree.Sentence) -> tree.Name | None:
    first = item.labels[0] if item.labels else None
    return first if isinstance(first, tree.Name) else None


def _title_of(item: tree.Block | tree.Sentence) -> str:
    second = item.labels[1] if len(item.labels) > 1 else None
    return second.value if isinstance(second, tree.Text) else ""
