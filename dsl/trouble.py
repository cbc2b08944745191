"""A segment that could not be read, and the means to find out why: try an edit and read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lark import Token

from labelwright.dsl.diagnostics import Diagnostic, Fix
from labelwright.dsl.layout import Segment, filter_newlines, segments
from labelwright.dsl.machine import Failure, Machine
from labelwright.dsl.nodes import token_span
from labelwright.dsl.tokens import scan
from labelwright.dsl.tree import Span

_LONGEST_TRIED = 4000  # characters; a longer statement is not tried again


class Edit(NamedTuple):
    """Replace characters `start` up to `end` of the source by `text`."""

    start: int
    end: int
    text: str


class Finding(NamedTuple):
    """What is wrong, and the segments as they were meant, where that is known."""

    diagnostic: Diagnostic
    meant: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class Trouble:
    """Where reading stopped in a segment; `machine` stands before it."""

    text: str
    segment: Segment
    failure: Failure
    machine: Machine

    @property
    def block(self) -> str:
        """The word of the block that this stands in; empty outside all blocks."""
        return self.machine.heads[-1].casefold() if self.machine.heads else ""

    @property
    def tokens(self) -> tuple[Token, ...]:
        return self.segment.tokens

    @property
    def at(self) -> int:
        """The place of the token that did not fit, in `tokens`; their number for the end."""
        return self.failure.place

    @property
    def bad(self) -> Token:
        """The token that did not fit, perhaps the segment's end."""
        return self.token(self.at) or self.segment.end

    @property
    def ends(self) -> bool:
        """True if the segment ended too soon."""
        return self.at == len(self.tokens)

    def token(self, place: int) -> Token | None:
        return self.tokens[place] if 0 <= place < len(self.tokens) else None

    def kind(self, place: int) -> str:
        """The type of a token of the segment, empty where there is none."""
        token = self.token(place)
        return token.type if token else ""

    @property
    def span(self) -> Span:
        """The whole segment."""
        if not self.tokens:
            return token_span(self.segment.end)
        return token_span(self.tokens[0]) | token_span(self.tokens[-1])

    @property
    def is_long(self) -> bool:
        """True if reading it again and again would take too long."""
        return self.span.end - self.span.start > _LONGEST_TRIED

    def meant(self, edits: Sequence[Edit]) -> tuple[Segment, ...] | None:
        """The segments that the edits would give, if they can be read."""
        if not edits or self.is_long:
            return None
        tried = _rewrite(self.text, self.span, self.segment.end, edits)
        return tried if self.machine.reads(tried) is None else None

    def mended_by(self, *edits: Edit) -> bool:
        """True if the edits make the segment readable."""
        return self.meant(edits) is not None

    def gets_further(self, edits: Sequence[Edit]) -> bool:
        """True if after the edits reading gets past them and past where it stopped."""
        if not edits or self.is_long:
            return False
        tried = _rewrite(self.text, self.span, self.segment.end, edits)
        stopped = self.machine.reads(tried)
        return stopped is None or stopped > max(edits[-1].end, token_span(self.bad).end)

    def finding(
        self,
        code: str,
        message: str,
        *,
        span: Span | None = None,
        hint: str = "",
        help: str = "",
        edits: Sequence[Edit] = (),
        title: str = "",
    ) -> Finding:
        """An error at `span` (the token that did not fit); a fix only if the edits really help."""
        edits = sorted(edits)
        meant = self.meant(edits)
        certain = meant is not None or self.gets_further(edits)
        fix = self._fix(edits, title) if certain else None
        place = token_span(self.bad) if span is None else span
        found = Diagnostic(code, "error", place, message, hint=hint, help=help, fix=fix)
        return Finding(found, meant or ())

    def _fix(self, edits: Sequence[Edit], title: str) -> Fix:
        start, end = edits[0].start, edits[-1].end
        written, position = [], start
        for edit in edits:
            written += [self.text[position : edit.start], edit.text]
            position = edit.end
        return Fix(Span(start, end), "".join(written), title)


def _rewrite(text: str, span: Span, end: Token, edits: Sequence[Edit]) -> tuple[Segment, ...]:
    """The segments of an edited piece of text, their tokens where they stood before the edits."""
    pieces: list[str] = []
    moves: list[
        tuple[int, int, int]
    ] = []  # place in the new text, place in the old, end in the old
    position, length = span.start, 0
    for edit in edits:
        kept = text[position : edit.start]
        pieces += [kept, edit.text]
        moves.append((length, position, edit.start))
        moves.append((length + len(kept), edit.start, edit.end))
        length += len(kept) + len(edit.text)
        position = edit.end
    pieces.append(text[position : max(span.end, position)])
    moves.append((length, position, max(span.end, position)))

    tokens = scan("".join(pieces))
    for token in tokens:
        where = token_span(token)
        token.start_pos = _old(moves, where.start)
        token.end_pos = max(token.start_pos, _old(moves, where.end))
        token.line = None
    found = list(segments(filter_newlines(tokens)))
    if found and found[-1].end.type == "_NL":
        found[-1] = Segment(found[-1].tokens, end, found[-1].glued)
    return tuple(found)


def _old(moves: list[tuple[int, int, int]], place: int) -> int:
    new, start, end = max((m for m in moves if m[0] <= place), key=lambda m: m[0])
    return min(start + place - new, end)
