"""A document that was read: what every feature looks at that needs more than the text alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from labelwright.dsl import blocks, tree
from labelwright.dsl import task as t
from labelwright.dsl.context import Context, fold
from labelwright.dsl.diagnostics import Diagnostic, Reading, SourceText
from labelwright.dsl.lsp.documents import Document
from labelwright.dsl.lsp.mentions import Mentions
from labelwright.dsl.plugins import Catalogue
from labelwright.dsl.read import read
from labelwright.dsl.sections import gather
from labelwright.dsl.surroundings import Surroundings
from labelwright.dsl.vocabulary import DATA


@dataclass(frozen=True)
class View:
    """One version of a document, read once. `around` is what was known beside it then."""

    document: Document
    reading: Reading
    catalogue: Catalogue
    around: Surroundings

    @cached_property
    def mentions(self) -> Mentions:
        return Mentions(self.reading.tree)

    @cached_property
    def data(self) -> t.Data | None:
        """What the `data` block says, as far as it can be read; None where it names no source.

        There also where the rest of the file has errors, which leave no Task.
        """
        for item in self.reading.tree.items:
            if isinstance(item, tree.Block) and fold(item.head.text) == DATA.name:
                ctx = Context(self.reading.source, self.catalogue)
                section = gather(ctx, DATA, item.items, (DATA.name,))
                return blocks.lower_data(ctx, section) if "source" in section.values else None
        return None

    def diagnostic_at(self, start: int, end: int) -> list[Diagnostic]:
        """What was found in a stretch of the text, its borders included."""
        found = self.reading.diagnostics
        return [d for d in found if d.span.start <= end and d.span.end >= start]


def view_of(
    document: Document, name: str, catalogue: Catalogue, around: Surroundings | None = None
) -> View:
    """Read a document. `name` is what the file is called."""
    known = around or Surroundings()
    return View(document, read(SourceText(name, document.text), catalogue, known), catalogue, known)
