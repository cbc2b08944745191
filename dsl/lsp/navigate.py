"""Where a name is given, and where it is used."""

from __future__ import annotations

from lsprotocol import types

from labelwright.dsl.lsp.mentions import NAMED, Mention
from labelwright.dsl.lsp.view import View


def named_at(view: View, offset: int) -> Mention | None:
    """The name of the file's own that stands at an offset."""
    mention = view.mentions.at(offset)
    return mention if mention is not None and mention.sort in NAMED else None


def definition(view: View, offset: int) -> types.Location | None:
    """Where the name at an offset is given."""
    mention = named_at(view, offset)
    declared = view.mentions.declaration(mention) if mention else None
    return _location(view, declared) if declared else None


def references(view: View, offset: int, *, declaration: bool) -> list[types.Location]:
    """Everywhere the name at an offset stands."""
    mention = named_at(view, offset)
    found = view.mentions.same(mention) if mention else []
    return [_location(view, m) for m in found if declaration or not m.declares]


def highlights(view: View, offset: int) -> list[types.DocumentHighlight]:
    """The same name, metric, column or plug-in in the rest of the file."""
    mention = view.mentions.at(offset)
    if mention is None or mention.sort in ("block", "setting", "clause", "word", "argument"):
        return []
    positions = view.document.positions
    return [
        types.DocumentHighlight(
            positions.range(m.span),
            types.DocumentHighlightKind.Write if m.declares else types.DocumentHighlightKind.Read,
        )
        for m in view.mentions.same(mention)
    ]


def _location(view: View, mention: Mention) -> types.Location:
    return types.Location(view.document.uri, view.document.positions.range(mention.span))
