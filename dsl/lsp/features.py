"""Each feature of the protocol, wired to the function that answers it."""

from __future__ import annotations

from typing import Protocol

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.lsp import navigate
from labelwright.dsl.lsp.actions import actions, workspace_edit
from labelwright.dsl.lsp.colours import LEGEND, semantic_tokens
from labelwright.dsl.lsp.complete import complete
from labelwright.dsl.lsp.desk import ChangedMeanwhile, LookAtData
from labelwright.dsl.lsp.documents import Document
from labelwright.dsl.lsp.formatting import line_edits
from labelwright.dsl.lsp.hover import hover
from labelwright.dsl.lsp.items import protocol_items
from labelwright.dsl.lsp.rename import RefusedError, new_ids, renamable, rename, spelling
from labelwright.dsl.lsp.server import RefusedRequest, TaskServer
from labelwright.dsl.lsp.structure import foldings, selection, symbols
from labelwright.dsl.lsp.view import View
from labelwright.dsl.plugins import Catalogue
from labelwright.dsl.tree import Span


class _Asked(Protocol):
    """A request about a position."""

    @property
    def text_document(self) -> types.TextDocumentIdentifier: ...
    @property
    def position(self) -> types.Position: ...


def make_server(version: str, catalogue: Catalogue, look: LookAtData) -> TaskServer:
    """A server with every feature. `look` finds out about a task's data; see `desk.py`."""
    server = TaskServer(version, catalogue, look)
    for method, function, options in (
        (types.INITIALIZED, _initialized, None),
        (types.TEXT_DOCUMENT_DID_SAVE, _saved, None),
        (types.TEXT_DOCUMENT_COMPLETION, _complete, _COMPLETION),
        (types.TEXT_DOCUMENT_HOVER, _hover, None),
        (types.TEXT_DOCUMENT_DEFINITION, _definition, None),
        (types.TEXT_DOCUMENT_REFERENCES, _references, None),
        (types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, _highlights, None),
        (types.TEXT_DOCUMENT_PREPARE_RENAME, _prepare_rename, None),
        (types.TEXT_DOCUMENT_RENAME, _rename, None),
        (types.TEXT_DOCUMENT_FORMATTING, _format, None),
        (types.TEXT_DOCUMENT_RANGE_FORMATTING, _format_range, None),
        (types.TEXT_DOCUMENT_CODE_ACTION, _actions, _ACTIONS),
        (types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, _semantic_tokens, LEGEND),
        (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, _symbols, None),
        (types.TEXT_DOCUMENT_FOLDING_RANGE, _foldings, None),
        (types.TEXT_DOCUMENT_SELECTION_RANGE, _selections, None),
    ):
        server.feature(method, options)(function)
    return server


_COMPLETION = types.CompletionOptions(trigger_characters=["=", "(", "[", ",", ".", ":", " "])
_ACTIONS = types.CodeActionOptions([types.CodeActionKind.QuickFix, types.CodeActionKind.Refactor])


def _initialized(ls: TaskServer, _: types.InitializedParams) -> None:
    ls.desk.warm()


def _saved(ls: TaskServer, params: types.DidSaveTextDocumentParams) -> None:
    ls.desk.look_at_data(params.text_document.uri)


async def _at(ls: TaskServer, params: _Asked) -> tuple[View, int]:
    """The document as it is now, read, and the offset of the position asked about."""
    uri = params.text_document.uri
    return await _view(ls, uri), ls.desk.document(uri).positions.offset(params.position)


async def _view(ls: TaskServer, uri: str) -> View:
    try:
        return await ls.desk.view(uri)
    except ChangedMeanwhile as error:
        raise JsonRpcContentModified("the text changed") from error


def _still(ls: TaskServer, document: Document) -> None:
    """Edits were worked out for a document: they fit no other version of it."""
    if ls.desk.document(document.uri) is not document:
        raise JsonRpcContentModified("the text changed")


# --- from the text alone ----------------------------------------------------------------------


def _complete(ls: TaskServer, params: types.CompletionParams) -> types.CompletionList:
    uri = params.text_document.uri
    document = ls.desk.document(uri)
    by_space = params.context is not None and params.context.trigger_character == " "
    offset = document.positions.offset(params.position)
    around = ls.desk.around(uri)
    items, word = complete(document, offset, ls.desk.catalogue, around, by_space=by_space)
    snippets = ls.can("text_document", "completion", "completion_item", "snippet_support")
    return protocol_items(items, document.positions.range(word), snippets=snippets)


def _symbols(ls: TaskServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    return symbols(ls.desk.document(params.text_document.uri))


def _foldings(ls: TaskServer, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    return foldings(ls.desk.document(params.text_document.uri))


def _selections(ls: TaskServer, params: types.SelectionRangeParams) -> list[types.SelectionRange]:
    document = ls.desk.document(params.text_document.uri)
    return [selection(document, document.positions.offset(p)) for p in params.positions]


# --- from the text as it was read -------------------------------------------------------------


async def _hover(ls: TaskServer, params: types.HoverParams) -> types.Hover | None:
    return hover(*await _at(ls, params))


async def _definition(ls: TaskServer, params: types.DefinitionParams) -> types.Location | None:
    return navigate.definition(*await _at(ls, params))


async def _references(ls: TaskServer, params: types.ReferenceParams) -> list[types.Location]:
    view, offset = await _at(ls, params)
    return navigate.references(view, offset, declaration=params.context.include_declaration)


async def _highlights(
    ls: TaskServer, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight]:
    return navigate.highlights(*await _at(ls, params))


async def _semantic_tokens(
    ls: TaskServer, params: types.SemanticTokensParams
) -> types.SemanticTokens:
    return semantic_tokens(await _view(ls, params.text_document.uri))


async def _actions(ls: TaskServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri = params.text_document.uri
    view = await _view(ls, uri)
    span = view.document.positions.span(params.range)
    wanted = params.context.only
    return [
        action
        for action in actions(view, span, ls.desk.renamed(uri))
        if wanted is None or any(_within(action.kind, kind) for kind in wanted)
    ]


def _within(kind: str | None, wanted: str) -> bool:
    """Whether a kind of action is one of those asked for: `refactor` asks for `refactor.move` too."""
    if not wanted or kind is None:
        return kind is not None
    return f"{_plain(kind)}.".startswith(f"{_plain(wanted)}.")


def _plain(kind: str) -> str:
    return str(kind.value) if isinstance(kind, types.CodeActionKind) else kind


async def _prepare_rename(
    ls: TaskServer, params: types.PrepareRenameParams
) -> types.PrepareRenamePlaceholder:
    view, offset = await _at(ls, params)
    try:
        span = spelling(view, renamable(view, offset))
    except RefusedError as error:
        raise RefusedRequest(str(error)) from error
    positions = view.document.positions
    return types.PrepareRenamePlaceholder(
        positions.range(span), view.document.text[span.start : span.end]
    )


async def _rename(ls: TaskServer, params: types.RenameParams) -> types.WorkspaceEdit:
    view, offset = await _at(ls, params)
    try:
        edits = await ls.desk.work(rename, view, offset, params.new_name)
        renamed = new_ids(view, renamable(view, offset), params.new_name.strip())
    except RefusedError as error:
        raise RefusedRequest(str(error)) from error
    _still(ls, view.document)
    known = ls.desk.renamed(params.text_document.uri)
    known |= {new: known.get(old, old) for new, old in renamed.items()}
    return workspace_edit(view, edits)


async def _format(ls: TaskServer, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    return await _formatted(ls, params.text_document.uri, None)


async def _format_range(
    ls: TaskServer, params: types.DocumentRangeFormattingParams
) -> list[types.TextEdit]:
    return await _formatted(ls, params.text_document.uri, params.range)


async def _formatted(ls: TaskServer, uri: str, range_: types.Range | None) -> list[types.TextEdit]:
    document = ls.desk.document(uri)
    within = document.positions.span(range_) if range_ else None
    edits = await ls.desk.work(_edits, document, within)
    _still(ls, document)
    return edits


def _edits(document: Document, within: Span | None) -> list[types.TextEdit]:
    """The formatter's edits; none for a text that is not in form, of which diagnostics tell."""
    from labelwright.dsl.format import format_text

    text = format_text(SourceText(document.uri, document.text)).text
    if "\r\n" in document.text:  # line ends are the editor's affair
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return line_edits(document, text, within)
