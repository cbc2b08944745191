"""Where in the tree the parts of a Task were written, for carets finer than `Context.places`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labelwright.dsl import tree
from labelwright.dsl.context import Context, fold
from labelwright.dsl.diagnostics import Fix
from labelwright.dsl.tree import Span


class Written:
    """A file's statements, found by what they say."""

    def __init__(self, file: tree.File) -> None:
        self.phases: list[tree.Block | tree.Sentence] = []
        self.criteria = 0
        self._settings: dict[int, tree.Setting] = {}
        self._heads: dict[int, tree.Block | tree.Sentence] = {}
        self._rules: dict[str, tree.RuleLine] = {}
        self._constraints: dict[int, tree.ConstraintLine] = {}
        for node in statements(file.items):
            match node:
                case tree.Setting():
                    self._settings[node.value.span.start] = node
                case tree.CriterionLine():
                    self.criteria += 1
                case tree.RuleLine():
                    self._rules.setdefault(node.name.text, node)
                case tree.ConstraintLine():
                    self._constraints[node.span.start] = node
                case tree.Block() | tree.Sentence():
                    if fold(node.head.text) == "phase":
                        self.phases.append(node)
                    if node.labels:
                        self._heads[node.labels[0].span.start] = node

    def setting(self, value: Span) -> tree.Setting:
        """The setting whose value stands there."""
        return self._settings[value.start]

    def element(self, value: Span, position: int) -> tree.Value:
        """One element of the list that stands there; a single value is a list of one."""
        node = self.setting(value).value
        return node.items[position] if isinstance(node, tree.List) else node

    def title(self, name: Span) -> Span:
        """The title of the block whose name stands there; the name itself where it has none."""
        return self._heads[name.start].labels[-1].span

    def rule(self, name: str) -> tree.RuleLine:
        """The first rule of this name."""
        return self._rules[name]

    def constraint(self, line: Span) -> tree.ConstraintLine:
        """The constraint that stands there."""
        return self._constraints[line.start]


def statements(items: Sequence[tree.Statement]) -> Iterator[tree.Statement]:
    """All statements in the file's order, those within blocks too."""
    waiting = list(reversed(items))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, tree.Block):
            waiting.extend(reversed(node.items))


def without_line(ctx: Context, span: Span, title: str) -> Fix | None:
    """A fix that takes away the lines on which `span` stands alone, its comment included."""
    text = ctx.source.text
    start = max(text.rfind("\n", 0, span.start), text.rfind("\r", 0, span.start)) + 1
    ends = [at for at in (text.find("\n", span.end), text.find("\r", span.end)) if at >= 0]
    end = min(ends, default=len(text))
    before, after = text[start : span.start], text[span.end : end].lstrip()
    if before.strip(" \t\ufeff") or not (after == "" or after.startswith("#")):
        return None
    end += 2 if text.startswith("\r\n", end) else min(1, len(text) - end)
    return Fix(Span(start, end), "", title)
