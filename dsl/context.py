"""What the passes from tree to `Task` share: the text, the plug-ins, and what was found so far.

`broken` remembers every place whose statement could not be read, and `lost` every name that a
broken statement may have said, so that one fault gives one diagnostic and no echo of it elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from labelwright.dsl.diagnostics import Diagnostic, Fix, Label, Severity, SourceText
from labelwright.dsl.plugins import Catalogue
from labelwright.dsl.suggest import closest
from labelwright.dsl.surroundings import Surroundings
from labelwright.dsl.tree import Node, Span

Place = tuple[str, ...]
"""Where in the definition something stands: `("budget", "annotations")`."""


def fold(text: str) -> str:
    """`text` as names are compared: NFC and case-folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def listed(words: Iterable[str], *, most: int = 12) -> str:
    """`a`, `b` and `c`, for a message; the rest of a long list is counted."""
    quoted = [f"`{w}`" for w in words]
    if len(quoted) > most:
        return ", ".join(quoted[:most]) + f" and {len(quoted) - most} more"
    if len(quoted) < 2:
        return "".join(quoted)
    return ", ".join(quoted[:-1]) + " and " + quoted[-1]


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A hint that offers the nearest candidate, or nothing."""
    near = closest(word, list(candidates))
    return f"did you mean `{near}`?" if near else ""


class Context:
    """One reading of one file."""

    def __init__(
        self,
        source: SourceText,
        catalogue: Catalogue,
        unread: Sequence[Diagnostic] = (),
        surroundings: Surroundings | None = None,
    ) -> None:
        self.source = source
        self.catalogue = catalogue
        self.surroundings = surroundings or Surroundings()
        self.found: list[Diagnostic] = []
        self.places: dict[Place, Span] = {}
        self.broken: set[Place] = set()
        self.answer: dict[str, str] = {}  # kind, choose and scale of the task, where they are known
        self._gaps = sorted(d.span.start for d in unread if d.severity == "error")
        self.cautious = bool(self._gaps)
        self.lost = {fold(w) for w in _NAMED.findall(source.text)} if self.cautious else set[str]()
        self.lost_class = False  # the head of some class could not be read

    def error(
        self,
        code: str,
        where: Node | Span,
        message: str,
        hint: str = "",
        *,
        labels: Sequence[Label] = (),
        notes: Sequence[str] = (),
        help: str = "",
        fix: Fix | None = None,
        warning: bool = False,
    ) -> None:
        """Add a finding at a node or span."""
        span = where.span if isinstance(where, Node) else where
        severity: Severity = "warning" if warning else "error"
        self.found.append(
            Diagnostic(code, severity, span, message, hint, tuple(labels), tuple(notes), help, fix)
        )

    def text(self, where: Node | Span) -> str:
        """The source text of a node or span."""
        span = where.span if isinstance(where, Node) else where
        return self.source.text[span.start : span.end]

    def gap_between(self, first: Span, second: Span) -> bool:
        """Whether something unreadable lies between the two: they may belong to two blocks."""
        return any(first.start <= gap <= second.end for gap in self._gaps)

    def sure(self, *places: Place) -> bool:
        """Whether all these places were read as they stand, none broken, none perhaps missed."""
        for place in places:
            if any(place[:n] in self.broken for n in range(1, len(place) + 1)):
                return False
            if self.cautious and place not in self.places:
                return False
        return True


_NAMED = re.compile(r"\b(?:class|slice|phase)[ \t]+(\w+)")
