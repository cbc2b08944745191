"""One version of a text that an editor shows, with what follows from the text alone, worked out once."""

from __future__ import annotations

from functools import cached_property

from lark import Token

from labelwright.dsl.lsp.outline import Outline
from labelwright.dsl.lsp.positions import Positions
from labelwright.dsl.reader import LARGEST
from labelwright.dsl.tokens import scan


class Document:
    """A text as it was at one version. It never changes: an edit makes another one."""

    def __init__(self, uri: str, text: str, version: int | None = None) -> None:
        self.uri = uri
        self.text = text
        self.version = version

    @cached_property
    def positions(self) -> Positions:
        return Positions(self.text)

    @cached_property
    def tokens(self) -> list[Token]:
        """All tokens, comments and newlines included; none of a text too large to be read."""
        return scan(self.text) if len(self.text) <= LARGEST else []

    @cached_property
    def outline(self) -> Outline:
        """Blocks and statements, as far as they can be told apart in a text that may be broken."""
        return Outline(self.text, self.tokens)
