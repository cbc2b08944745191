"""Blocks and statements of a text, from its tokens alone: there also while a line is half written.

The tree of a broken text lacks the very statement that somebody is writing. The outline has it: it
knows where braces and newlines lie, and of the words only those that begin a block.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from lark import Token

from labelwright.dsl.braces import mend
from labelwright.dsl.context import fold
from labelwright.dsl.layout import filter_newlines, segments, virtual
from labelwright.dsl.nodes import token_span
from labelwright.dsl.tree import Span
from labelwright.dsl.vocabulary import BLOCKS, CLASS, FILE, PHASE, SLICE, Block

_STRINGS = ("STRING", "LONG_STRING", "OPEN_STRING", "OPEN_LONG_STRING", "FOREIGN_STRING")
_OPEN = ("OPEN_STRING", "OPEN_LONG_STRING", "OPEN_REGEX")
_BRACES = ("LBRACE", "RBRACE")
_WORDS = ("NAME", "INT", "NUMBER")


@dataclass(slots=True, eq=False)
class Piece:
    """A statement, or a block with what lies in it. `tokens` are those of the statement or the head.

    `entry`: the block's entry in the vocabulary, None where its head is no word of the language.
    """

    tokens: tuple[Token, ...]
    span: Span
    parent: Piece | None
    body: Span | None = None  # from after `{` to before `}`; None for a statement
    entry: Block | None = None
    children: list[Piece] = field(default_factory=list)
    closed: bool = True  # False: its `}` is missing

    @property
    def head(self) -> str:
        return fold(str(self.tokens[0])) if self.tokens else ""

    @property
    def name(self) -> Token | None:
        """The name that follows the head."""
        following = self.tokens[1] if len(self.tokens) > 1 else None
        return following if following is not None and following.type in ("NAME", "INT") else None

    @property
    def title(self) -> str:
        """The quoted title that follows the name; empty for none."""
        if self.name is None or len(self.tokens) < 3 or self.tokens[2].type != "STRING":
            return ""
        return str(self.tokens[2])[1:-1]

    def walk(self) -> Iterator[Piece]:
        """This piece and all within it, in the order of the text."""
        yield self
        for child in self.children:
            yield from child.walk()

    def path(self) -> tuple[Piece, ...]:
        """The blocks it lies in, from the file down, and itself."""
        return (*self.parent.path(), self) if self.parent else (self,)

    def class_id(self) -> str:
        """The id of a class: its own name and those of the classes it lies in, with dots."""
        names = [p.name for p in self.path() if p.entry is CLASS]
        return ".".join(str(n) for n in names if n is not None)


class Outline:
    """The pieces of one text; `root` stands for the whole file."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self._all = tokens
        self._mended = mend(text, tokens).tokens
        self._starts = [t.start_pos or 0 for t in self._mended]
        self.root = self._build()

    # --- building -----------------------------------------------------------------------------

    def _build(self) -> Piece:
        whole = Span(0, len(self.text))
        root = Piece((), whole, None, whole, FILE)
        current = root
        for segment in segments(filter_newlines(self._mended)):
            end = token_span(segment.end)
            if segment.end.type == "RBRACE":
                if current.parent is not None:
                    self._close(current, end)
                    current = current.parent
                continue
            if not segment.tokens and segment.end.type != "LBRACE":
                continue
            start = token_span(segment.tokens[0]).start if segment.tokens else end.start
            if segment.end.type == "LBRACE":
                piece = Piece(segment.tokens, Span(start, len(self.text)), current)
                piece.body = Span(end.end, len(self.text))
                piece.entry = _entry(piece)
                current.children.append(piece)
                current = piece
            else:
                stop = token_span(segment.tokens[-1]).end
                piece = Piece(segment.tokens, Span(start, stop), current)
                piece.entry = _entry(piece)
                current.children.append(piece)
        while current.parent is not None:
            self._close(current, Span(len(self.text), len(self.text)))
            current = current.parent
        return root

    def _close(self, piece: Piece, brace: Span) -> None:
        assert piece.body is not None
        piece.closed = self.text[brace.start : brace.start + 1] == "}"
        stop = brace.start + 1 if piece.closed else brace.start
        piece.span = Span(piece.span.start, stop)
        piece.body = Span(piece.body.start, max(piece.body.start, brace.start))

    # --- asking -------------------------------------------------------------------------------

    def block_at(self, offset: int) -> Piece:
        """The innermost block whose body holds an offset."""
        return self._block_at(self.root, offset)

    def piece_at(self, offset: int) -> Piece:
        """The innermost block or statement whose text holds an offset."""
        piece = self.root
        while inner := [c for c in piece.children if c.span.start <= offset <= c.span.end]:
            piece = inner[-1]
        return piece

    def _block_at(self, block: Piece, offset: int) -> Piece:
        for child in block.children:
            if child.body is not None and self._holds(child, offset):
                return self._block_at(child, offset)
        return block

    def _holds(self, block: Piece, offset: int) -> bool:
        assert block.body is not None
        if offset < block.body.start:
            return False
        if offset <= block.body.end:
            return True
        # Where `}` is missing, what follows on the line, or deeper than the head, still belongs to it.
        between = self.text[block.body.end : offset]
        if block.closed or between.strip():
            return False
        return not _breaks(between) or self._deeper(offset, block)

    def _deeper(self, offset: int, block: Piece) -> bool:
        def indent(position: int) -> int:
            start = max(self.text.rfind("\n", 0, position), self.text.rfind("\r", 0, position)) + 1
            line = self.text[start:position]
            return len(line) - len(line.lstrip(" \t"))

        return indent(offset) > indent(block.span.start)

    def statement_at(self, offset: int) -> tuple[tuple[Token, ...], Span, tuple[Token, ...]]:
        """Around an offset: the statement's tokens before it, the word there, and those after it.

        The word is what is being typed at the offset, perhaps nothing yet.
        """
        place = start = end = bisect_left(self._starts, offset)
        while start > 0 and not _is_brace(self._mended[start - 1]):
            start -= 1
        while end < len(self._mended) and not _is_brace(self._mended[end]):
            end += 1
        last = place - 1
        while last > start and self._mended[last].type in ("_NL", *_BRACES):
            last -= 1
        word = Span(offset, offset)
        if last >= start and self._mended[last].type in _WORDS:
            span = token_span(self._mended[last])
            if span.start < offset <= span.end:
                word = span
        ahead = [t for t in self._mended[start:place] if token_span(t).end <= word.start]
        ahead = [t for t in ahead if t.type not in _BRACES]  # those that were only meant
        behind = [t for t in self._mended[place:end] if t.type not in _BRACES]
        while ahead and ahead[-1].type == "_NL":
            ahead.pop()
        while behind and behind[0].type == "_NL":
            behind.pop(0)
        typed = virtual("NAME", word.start, None, self.text[word.start : offset] or "_")
        part = [*ahead, *self._newline(_end(ahead, self._mended[:start]), word.start), typed]
        part += [*self._newline(word.end, _start(behind, self._mended[end:], self.text)), *behind]
        for segment in segments(filter_newlines(part)):
            for k, token in enumerate(segment.tokens):
                if token is typed:
                    return segment.tokens[:k], word, segment.tokens[k + 1 :]
        return (), word, ()

    def _newline(self, start: int, end: int) -> list[Token]:
        """A newline, if one lies between two tokens."""
        return [virtual("_NL", start, None)] if _breaks(self.text[start:end]) else []

    def within(self, offset: int) -> str:
        """`comment`, `string` or `pattern` where an offset lies inside of one, else empty."""
        at = bisect_right(self._all, offset, key=lambda t: t.start_pos or 0) - 1
        # At its very start an offset is not in a token, but perhaps at the end of the one before.
        for token in self._all[max(0, at - 1) : at + 1]:
            start, end = token_span(token)
            if start < offset < end or (
                start < offset == end and token.type in ("COMMENT", *_OPEN)
            ):
                if token.type == "COMMENT":
                    return "comment"
                if token.type in _STRINGS:
                    return "string"
                if token.type in ("REGEX", "OPEN_REGEX"):
                    return "pattern"
        return ""


def _is_brace(token: Token) -> bool:
    """Whether it is a brace of the text, not one that mending put there."""
    return token.type in _BRACES and token.start_pos != token.end_pos


def _breaks(text: str) -> bool:
    return "\n" in text or "\r" in text


def _end(nearer: list[Token], farther: list[Token]) -> int:
    tokens = nearer or farther
    return token_span(tokens[-1]).end if tokens else 0


def _start(nearer: list[Token], farther: list[Token], text: str) -> int:
    tokens = nearer or farther
    return token_span(tokens[0]).start if tokens else len(text)


def _entry(piece: Piece) -> Block | None:
    """The vocabulary's entry for a block, or for a sentence that stands for one (`slice`)."""
    entry = BLOCKS.get(piece.head)
    if entry is None:
        return None
    if piece.body is not None:
        return entry
    # A statement: `class Trouser "…"`, `slice korean when …`; not `annotations = 60`.
    heads = piece.name is not None and entry in (CLASS, SLICE, PHASE, BLOCKS["task"])
    return entry if heads else None
