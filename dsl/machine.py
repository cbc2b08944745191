"""Lark's LALR tables and its interactive parser, driven by segments: one broken segment harms no other.

A token is shifted here and not by Lark's own loop, which spends most of its time on hashing rules and
on making exceptions: this is what makes reading fast enough for an editor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from lark import Token
from lark.parsers.lalr_analysis import Shift

from labelwright.dsl.grammar import parser
from labelwright.dsl.layout import Segment, virtual
from labelwright.dsl.nodes import Nodes, token_span
from labelwright.dsl.tokens import scanner
from labelwright.dsl.tree import Statement


class Failure(NamedTuple):
    """The place of the token that could not be read, and the terminals that could have been."""

    place: int
    expected: frozenset[str]


_Step: TypeAlias = tuple[int, str | None, Callable[[Any], Any] | None]
"""To shift: the next state, None, what becomes of the token. To reduce: how many, to what, and how."""


class _Rows(dict[int, dict[str, _Step]]):
    """What each state does with each symbol: Lark's table, made ready row by row when it is needed."""

    def __init__(self, table: dict[int, dict[str, Any]], *, building: bool) -> None:
        self._table = table
        self._building = building

    def __missing__(self, state: int) -> dict[str, _Step]:
        row = self[state] = {
            name: (argument, None, self._token(name))
            if action is Shift
            else (len(argument.expansion), argument.origin.name, self._rule(argument))
            for name, (action, argument) in self._table[state].items()
        }
        return row

    def _token(self, terminal: str) -> Callable[[Any], Any] | None:
        return getattr(_NODES, terminal, None) if self._building else None

    def _rule(self, rule: Any) -> Callable[[Any], Any] | None:
        return made_by(rule) if self._building else None


@cache
def _rows(*, building: bool) -> _Rows:
    """The table of this process; not `building`: for trials, which make no nodes."""
    return _Rows(_conf().states, building=building)


def _conf() -> Any:
    return parser().parse_interactive().parser_state.parse_conf


def passed_on(children: list[Any]) -> Any:
    """The one child, a list already."""
    return children[0]


def made_by(rule: Any) -> Callable[[list[Any]], Any] | None:
    """What becomes of a rule's children; None: they stay the list that they are.

    A rule whose name begins with `_` has no node of its own: its children, a list, stand in its place
    among those of the rule it is part of.
    """
    method = None if rule.origin.name.startswith("_") else getattr(_NODES, rule.origin.name)
    lists = [not s.is_term and s.name.startswith("_") for s in rule.expansion]
    if not any(lists):
        return method
    if method is None and len(lists) == 1:
        return passed_on
    first, rest = lists[0], list(enumerate(lists))[1:]

    def spliced(children: list[Any]) -> Any:
        whole: list[Any] = children[0] if first else children[:1]
        for i, is_list in rest:
            if is_list:
                whole += children[i]
            else:
                whole.append(children[i])
        return whole if method is None else method(whole)

    return spliced


_NODES = Nodes()
_PROBE = (virtual("NAME", 0, 0, "_"),)


class Machine:
    """A parse in progress. Between two segments it stands where a statement may start."""

    def __init__(self) -> None:
        self._interactive = parser().parse_interactive()
        self._state: Any = self._interactive.parser_state
        self._rows = _rows(building=True)
        self._keywords = scanner().keywords
        self.heads: tuple[str, ...] = ()

    @property
    def depth(self) -> int:
        """How many blocks are open; `heads` has their first words."""
        return len(self.heads)

    def feed(self, segment: Segment, *, explain: bool = True) -> Failure | None:
        """Read a segment; on failure everything is as it was before.

        `explain`: find out what could have been read instead, which takes a millisecond.
        """
        if segment.end.type == "RBRACE" and self.depth == 0:
            return Failure(len(segment.tokens), frozenset())
        base = len(self._state.state_stack)
        read = self._shift((*segment.tokens, segment.end))
        if read <= len(segment.tokens):
            expected = self._accepted() if explain else frozenset()
            self._pop_to(base)
            return Failure(read, expected)
        if segment.end.type == "LBRACE":
            self.heads += (str(segment.tokens[0]),)
        elif segment.end.type == "RBRACE":
            self.heads = self.heads[:-1]
            self._shift((virtual("_NL", segment.end.end_pos or 0, segment.end.line),))
        self._settle()
        return None

    def reads(self, segments: Iterable[Segment]) -> int | None:
        """Try segments and forget them: where the first failure lies in the text, None if none."""
        saved = self._state.state_stack, self._state.value_stack, self.heads, self._rows
        self._state.state_stack = list(saved[0])
        self._state.value_stack = list(saved[1])
        self._rows = _rows(building=False)
        try:
            for segment in segments:
                failure = self.feed(segment, explain=False)
                if failure is not None:
                    tokens = (*segment.tokens, segment.end)
                    return token_span(tokens[failure.place]).start
        finally:
            self._state.state_stack, self._state.value_stack, self.heads, self._rows = saved
        return None

    def finish(self, end: int) -> tuple[Statement, ...]:
        """The statements read; blocks that are still open are closed at `end`."""
        while self.depth:
            self.feed(Segment((), virtual("RBRACE", end, None, "}")))
        self._shift((virtual("$END", end, None),))
        statements: tuple[Statement, ...] = self._state.value_stack[0]
        return statements

    def _shift(self, tokens: tuple[Token, ...]) -> int:
        """Shift tokens, reducing what is complete before each; how many could be shifted."""
        states, values, rows = self._state.state_stack, self._state.value_stack, self._rows
        keywords = self._keywords
        for place, token in enumerate(tokens):
            row = rows[states[-1]]
            keyword = keywords.get(token)
            if keyword is not None:
                token.type = keyword if keyword in row else "NAME"
            kind = token.type
            while True:
                step = row.get(kind)
                if step is None:
                    return place
                number, made, call = step
                if made is None:
                    break
                if number == 1:  # most are
                    state = states[-1] = rows[states[-2]][made][0]
                    if call is not passed_on:
                        values[-1] = [values[-1]] if call is None else call([values[-1]])
                else:
                    children = values[-number:] if number else []
                    if number:
                        del states[-number:], values[-number:]
                    state = rows[states[-1]][made][0]
                    states.append(state)
                    values.append(children if call is None else call(children))
                row = rows[state]
            states.append(number)
            values.append(token if call is None else call(token))
        return len(tokens)

    def _settle(self) -> None:
        """Have the parser reduce what is complete: show it a name, then take the name away."""
        self._shift(_PROBE)
        self._pop_to(len(self._state.state_stack) - 1)

    def _pop_to(self, base: int) -> None:
        del self._state.state_stack[base:]
        del self._state.value_stack[base - 1 :]

    def _accepted(self) -> frozenset[str]:
        """Terminals that could have come next, by trial."""
        interactive: Any = self._interactive
        return frozenset(interactive.accepts())
