"""Lark's interactive parser, driven by segments, so that one broken segment harms no other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from lark import Token
from lark.exceptions import UnexpectedToken

from labelwright.dsl.grammar import parser
from labelwright.dsl.layout import Segment, virtual
from labelwright.dsl.nodes import token_span
from labelwright.dsl.tokens import scanner
from labelwright.dsl.tree import Statement


class Failure(NamedTuple):
    """The place of the token that could not be read, and the terminals that could have been."""

    place: int
    expected: frozenset[str]


class Machine:
    """A parse in progress. Between two segments it stands where a statement may start."""

    def __init__(self) -> None:
        self._interactive = parser().parse_interactive()
        self._state: Any = self._interactive.parser_state
        self._rows: dict[Any, dict[str, Any]] = self._state.parse_conf.states
        self._keywords = scanner().keywords
        self.depth = 0

    def feed(self, segment: Segment, *, explain: bool = True) -> Failure | None:
        """Read a segment; on failure everything is as it was before.

        `explain`: find out what could have been read instead, which takes a millisecond.
        """
        if segment.end.type == "RBRACE" and self.depth == 0:
            return Failure(len(segment.tokens), frozenset())
        base = len(self._state.state_stack)
        for i, token in enumerate((*segment.tokens, segment.end)):
            try:
                self._shift(token)
            except UnexpectedToken:
                expected = self._accepted() if explain else frozenset()
                self._pop_to(base)
                return Failure(i, expected)
        if segment.end.type == "LBRACE":
            self.depth += 1
        elif segment.end.type == "RBRACE":
            self.depth -= 1
            self._shift(virtual("_NL", segment.end.end_pos or 0, segment.end.line))
        self._settle()
        return None

    def reads(self, segments: Iterable[Segment]) -> int | None:
        """Try segments and forget them: where the first failure lies in the text, None if none."""
        conf = self._state.parse_conf
        saved = self._state.state_stack, self._state.value_stack, self.depth, conf.callbacks
        self._state.state_stack = list(saved[0])
        self._state.value_stack = list(saved[1])
        conf.callbacks = {}
        try:
            for segment in segments:
                failure = self.feed(segment, explain=False)
                if failure is not None:
                    tokens = (*segment.tokens, segment.end)
                    return token_span(tokens[failure.place]).start
        finally:
            self._state.state_stack, self._state.value_stack, self.depth, conf.callbacks = saved
        return None

    def finish(self, end: int) -> tuple[Statement, ...]:
        """The statements read; blocks that are still open are closed at `end`."""
        while self.depth:
            self.feed(Segment((), virtual("RBRACE", end, None, "}")))
        statements: tuple[Statement, ...] = self._state.feed_token(virtual("$END", 0, None), True)
        return statements

    def _shift(self, token: Token) -> None:
        keyword = self._keywords.get(token)
        if keyword is not None:
            row = self._rows[self._state.state_stack[-1]]
            token.type = keyword if keyword in row else "NAME"
        self._state.feed_token(token)

    def _settle(self) -> None:
        """Have the parser reduce what is complete: show it a name, then take the name away."""
        self._state.feed_token(virtual("NAME", 0, 0, "_"))
        self._pop_to(len(self._state.state_stack) - 1)

    def _pop_to(self, base: int) -> None:
        del self._state.state_stack[base:]
        del self._state.value_stack[base - 1 :]

    def _accepted(self) -> frozenset[str]:
        """Terminals that could have come next, by trial."""
        interactive: Any = self._interactive
        return frozenset(interactive.accepts())
