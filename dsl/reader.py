"""Reads a task file: text -> tree, with a diagnostic for everything that is not in form.

A tree always comes back. One broken statement gives one diagnostic, and reading goes on with the
next line. What was surely meant is read as if it had been written; the head of a broken block is
kept, so that what stands in the block is read too.

In reading order: grammar.py and task.lark, tokens.py, braces.py, layout.py, machine.py, nodes.py,
and for what goes wrong trouble.py, mistakes.py, marks.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lark import Token

from labelwright.dsl.braces import mend
from labelwright.dsl.characters import check_characters, check_tokens
from labelwright.dsl.diagnostics import Diagnostic, SourceText
from labelwright.dsl.layout import Segment, filter_newlines, segments
from labelwright.dsl.lines import Lines
from labelwright.dsl.machine import Failure, Machine
from labelwright.dsl.nodes import token_span
from labelwright.dsl.tokens import scan
from labelwright.dsl.tree import File, Span

if TYPE_CHECKING:
    from labelwright.dsl.trouble import Trouble

LARGEST = 1_000_000  # characters
MOST_TOKENS = 200_000  # a task of 10,000 classes has half as many
DEEPEST = 100  # blocks in blocks, brackets in brackets
MOST_ERRORS = 100  # listed
MOST_BROKEN = 1_000  # statements; what follows them is not read


def parse(source: SourceText) -> tuple[File, tuple[Diagnostic, ...]]:
    """The tree of a task file and what is wrong with its form, in the order of the text.

    Never fails: of a text that is no task file the tree is empty.
    """
    text = source.text
    whole = Span(0, len(text))
    if len(text) > LARGEST:
        return File(whole, ()), (_too_large(len(text), LARGEST, "characters"),)
    tokens = scan(text)
    if len(tokens) > MOST_TOKENS:
        return File(whole, ()), (_too_large(len(tokens), MOST_TOKENS, "words and signs"),)
    comments = {t.line or 0: t[1:] for t in tokens if t.type == "COMMENT"}
    mended = mend(text, tokens)
    reading = _Reading(text, cut_at=len(text.rstrip()) if mended.cut else None)
    for fault in (*check_characters(text), *mended.found, *check_tokens(tokens)):
        reading.report(fault)
    for segment in segments(filter_newlines(mended.tokens)):
        reading.read(segment)
        if reading.broken == MOST_BROKEN:
            break
    tree = File(whole, reading.machine.finish(len(text)), comments, reading.deepest)
    return tree, reading.diagnostics()


class _Reading:
    """The reading of one text: the parse in progress and what was found."""

    def __init__(self, text: str, *, cut_at: int | None) -> None:
        self.machine = Machine()
        self._text = text
        self._cut_at = cut_at  # where a file ends that was cut short
        self._lines = Lines(text)
        self._found: dict[int, Diagnostic] = {}  # one for each line
        self.broken = 0  # segments that could not be read
        self.deepest = 0  # blocks and brackets in one another
        self._skipping = 0  # blocks opened below the deepest that is read

    def read(self, segment: Segment) -> None:
        """Read a segment or say why not."""
        if self._skipping or self._too_deep(segment):
            self._skip(segment)
            return
        if segment.glued:
            from labelwright.dsl.mistakes import after_block

            finding = after_block(self._trouble(segment, Failure(0, frozenset())))
            self.report(finding.diagnostic)
            if not finding.meant:
                return
        failure = self.machine.feed(segment, explain=self._explaining)
        if failure is not None:
            self.broken += 1
            self._recover(self._trouble(segment, failure))

    def report(self, found: Diagnostic) -> None:
        """Keep a diagnostic, unless its line has one already."""
        line, _ = self._lines.position(found.span.start)
        self._found.setdefault(line, found)

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was found, in the order of the text; of very many, the first."""
        found = sorted(self._found.values(), key=lambda d: (d.span.start, d.code))
        if len(found) > MOST_ERRORS:
            rest = len(found) - MOST_ERRORS
            message = "there are too many errors to list"
            hint = f"and {rest:,} more from here on"
            found[MOST_ERRORS:] = [
                Diagnostic("E139", "error", found[MOST_ERRORS].span, message, hint=hint)
            ]
        return tuple(found)

    @property
    def _explaining(self) -> bool:
        return len(self._found) <= MOST_ERRORS

    def _trouble(self, segment: Segment, failure: Failure) -> Trouble:
        from labelwright.dsl.trouble import Trouble  # a sound file needs none of it

        return Trouble(self._text, segment, failure, self.machine)

    def _recover(self, trouble: Trouble) -> None:
        meant: tuple[Segment, ...] = ()
        if self._explaining:
            from labelwright.dsl.mistakes import explain

            finding = explain(trouble)
            if not self._is_cut(trouble):
                self.report(finding.diagnostic)
            meant = finding.meant
        else:
            self.report(Diagnostic("E101", "error", token_span(trouble.bad), "not in form"))
        end = trouble.segment.end
        if not meant and end.type == "LBRACE":
            meant = (Segment(_head(trouble.tokens, end), end),)
        for segment in meant:
            self.machine.feed(segment, explain=False)

    def _is_cut(self, trouble: Trouble) -> bool:
        """True where the file breaks off: that it does so was said already."""
        last = trouble.at >= len(trouble.tokens) - 1
        return self._cut_at is not None and last and trouble.span.end >= self._cut_at

    def _too_deep(self, segment: Segment) -> bool:
        blocks = self.machine.depth + (segment.end.type == "LBRACE")
        brackets = _brackets(segment.tokens)
        if blocks <= DEEPEST and brackets <= DEEPEST:
            self.deepest = max(self.deepest, blocks + brackets)
            return False
        place = segment.tokens[0] if segment.tokens else segment.end
        self.report(
            Diagnostic(
                "E122",
                "error",
                token_span(place),
                "this is nested too deeply",
                hint=f"{DEEPEST} levels are the most",
            )
        )
        return True

    def _skip(self, segment: Segment) -> None:
        """Pass over a segment and the block it opens."""
        self._skipping += (segment.end.type == "LBRACE") - (segment.end.type == "RBRACE")


def _brackets(tokens: Iterable[Token]) -> int:
    """How deep brackets and `not` lie in one another."""
    depth = deepest = 0
    for token in tokens:
        if token.type in ("LPAR", "LSQB") or token.value == "not":
            depth += 1
            deepest = max(deepest, depth)
        elif token.type in ("RPAR", "RSQB"):
            depth -= 1
    return deepest


def _head(tokens: tuple[Token, ...], end: Token) -> tuple[Token, ...]:
    """As much of a broken head as can be read: its word, and the labels that follow it."""
    head: list[Token] = []
    for token in tokens:
        if token.type not in (("NAME", "STRING", "INT") if head else ("NAME",)):
            break
        head.append(token)
    if head:
        return tuple(head)
    position = token_span(tokens[0] if tokens else end).start
    return (Token("NAME", "_", position, end.line, end_pos=position),)


def _too_large(size: int, limit: int, what: str) -> Diagnostic:
    return Diagnostic(
        "E123",
        "error",
        Span(0, 0),
        f"this file is too large to be a task file: {size:,} {what}",
        hint=f"{limit:,} are the most",
        help="keep data in files of their own and name them in `data`",
    )
