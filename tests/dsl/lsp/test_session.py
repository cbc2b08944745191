"""An editor's session with the real server over its stdin and stdout: every feature, nothing faked."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

from labelwright.dsl.diagnostics import Fix, SourceText
from labelwright.dsl.format import format_text
from labelwright.dsl.lsp.colours import LEGEND
from labelwright.dsl.lsp.positions import Positions, changed
from labelwright.dsl.lsp.rename import edited
from tests.dsl.lsp.marked import NEWS, SMALL

PATIENCE = 120  # seconds; only a test that fails waits so long
PUBLISH = types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Editor(LanguageClient):
    """A client that keeps the texts it shows, and waits for the diagnostics of each version."""

    def __init__(self) -> None:
        super().__init__(converter_factory=default_converter)
        register_lsp_features(self, {**DEFAULT_CLIENT_FEATURES, PUBLISH: _published})
        self.texts: dict[str, tuple[int, str]] = {}
        self.heard: dict[str, types.PublishDiagnosticsParams] = {}
        self.waiting: list[asyncio.Event] = []

    async def open(self, uri: str, text: str) -> list[str]:
        self.texts[uri] = 1, text
        item = types.TextDocumentItem(uri, "labelwright", 1, text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return await self.codes(uri)

    async def edit(self, uri: str, old: str, new: str) -> list[str]:
        """Replace the first `old` in the text; the codes that are found then."""
        self.send_edit(uri, old, new)
        return await self.codes(uri)

    def send_edit(self, uri: str, old: str, new: str) -> None:
        version, text = self.texts[uri]
        at = text.index(old)
        positions = Positions(text)
        range_ = types.Range(positions.position(at), positions.position(at + len(old)))
        change = types.TextDocumentContentChangePartial(range_, new)
        self.texts[uri] = version + 1, changed(text, [change])
        document = types.VersionedTextDocumentIdentifier(version + 1, uri)
        self.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    async def codes(self, uri: str) -> list[str]:
        return [str(d.code) for d in await self.found(uri)]

    async def found(self, uri: str) -> list[types.Diagnostic]:
        """The diagnostics of the newest version, as soon as they come."""
        async with asyncio.timeout(PATIENCE):
            while uri not in self.heard or self.heard[uri].version != self.texts[uri][0]:
                news = asyncio.Event()
                self.waiting.append(news)
                await news.wait()
        return list(self.heard[uri].diagnostics)

    def at(self, uri: str, word: str, after: str = "") -> types.Position:
        """The position of the first such word."""
        text = self.texts[uri][1]
        return Positions(text).position(text.index(word, text.index(after)))

    def made(self, uri: str, edits: list[types.TextEdit]) -> str:
        """The text with an answer's edits made."""
        text = self.texts[uri][1]
        positions = Positions(text)
        return edited(text, [Fix(positions.span(e.range), e.new_text, "") for e in edits])


def _published(client: Editor, params: types.PublishDiagnosticsParams) -> None:
    client.heard[params.uri] = params
    for news in client.waiting:
        news.set()
    client.waiting.clear()


@pytest_lsp.fixture(
    config=ClientServerConfig(
        server_command=[sys.executable, "-m", "labelwright", "lsp"],
        client_factory=Editor,
        server_env={**os.environ, "LABELWRIGHT_DATA": ""},
    ),
    scope="module",
)
async def editor(lsp_client: Editor) -> AsyncIterator[None]:
    params = types.InitializeParams(capabilities=client_capabilities("visual-studio-code"))
    result = await lsp_client.initialize_session(params)
    assert result.server_info is not None
    assert result.server_info.name == "labelwright"
    assert result.capabilities.position_encoding == types.PositionEncodingKind.Utf16
    yield
    await lsp_client.shutdown_session()


def uri_of(path: Path) -> str:
    return path.as_uri()


@pytest.fixture
def uri(tmp_path: Path) -> str:
    folder = tmp_path / "작업 폴더"
    folder.mkdir()
    return uri_of(folder / "뉴스.task")


def asked(uri: str) -> types.TextDocumentIdentifier:
    return types.TextDocumentIdentifier(uri)


async def test_diagnostics_come_and_go_while_typing(editor: Editor, uri: str) -> None:
    before = await editor.open(uri, NEWS)
    assert "E201" not in before
    assert await editor.edit(uri, "vote 경제", "vote 겅제") == sorted_in(
        [*before, "E201"], editor, uri
    )
    wrong = next(d for d in await editor.found(uri) if d.code == "E201")
    assert wrong.range.start == editor.at(uri, "겅제")
    assert wrong.range.end.character - wrong.range.start.character == 2
    assert await editor.edit(uri, "겅제", "경제") == before
    assert "E102" in await editor.edit(uri, "\n}\n\nclass 경제", "\n\nclass 경제")


def sorted_in(codes: list[str], editor: Editor, uri: str) -> list[str]:
    """Codes in the order in which the editor has them now."""
    now = [str(d.code) for d in editor.heard[uri].diagnostics]
    assert sorted(codes) == sorted(now)
    return now


async def test_many_keystrokes_at_once_end_in_the_right_text(editor: Editor, uri: str) -> None:
    before = await editor.open(uri, NEWS)
    for letter in "😀경x" * 20:
        editor.send_edit(uri, "what annotators see", f"{letter}what annotators see")
    editor.send_edit(uri, "vote Sports when body", "vote Sprots when body")
    now = await editor.codes(uri)
    assert sorted(now) == sorted([*before, "E201"])
    wrong = next(d for d in editor.heard[uri].diagnostics if d.code == "E201")
    assert wrong.range.start == editor.at(uri, "Sprots")


async def test_hover(editor: Editor, uri: str) -> None:
    await editor.open(uri, NEWS)
    place = editor.at(uri, "overlap")
    found = await editor.text_document_hover_async(types.HoverParams(asked(uri), place))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert "How many people judge each item" in found.contents.value
    assert found.range is not None
    assert found.range.start == place


async def test_completion_while_the_line_is_broken(editor: Editor, uri: str) -> None:
    await editor.open(uri, NEWS)
    editor.send_edit(uri, "vote Fraud when", "vote ")
    place = editor.at(uri, " body contains any")
    found = await editor.text_document_completion_async(types.CompletionParams(asked(uri), place))
    assert isinstance(found, types.CompletionList)
    labels = [item.label for item in found.items]
    assert {"Politics", "Election", "경제", "against"} <= set(labels)
    sports = next(item for item in found.items if item.label == "Sports")
    assert isinstance(sports.text_edit, types.TextEdit)
    assert "vote Sports body" in editor.made(uri, [sports.text_edit])


async def test_completion_of_a_setting_is_a_snippet(editor: Editor, uri: str) -> None:
    await editor.open(uri, NEWS)
    editor.send_edit(uri, "  rounds      = 12\n", "  \n")
    place = types.Position(editor.at(uri, "per_round").line + 1, 2)
    found = await editor.text_document_completion_async(types.CompletionParams(asked(uri), place))
    assert isinstance(found, types.CompletionList)
    assert [item.label for item in found.items] == ["hours", "rounds", "stop"]
    assert found.items[1].insert_text_format is types.InsertTextFormat.Snippet
    assert isinstance(found.items[1].text_edit, types.TextEdit)
    assert found.items[1].text_edit.new_text == "rounds = ${1:12}"


async def test_definition_references_and_highlights(editor: Editor, uri: str) -> None:
    await editor.open(uri, NEWS)
    place = editor.at(uri, "Fraud", after="threshold of")
    at = types.DefinitionParams(asked(uri), place)
    declared = await editor.text_document_definition_async(at)
    assert isinstance(declared, types.Location)
    assert declared.uri == uri
    assert declared.range.start == editor.at(uri, "Fraud", after="class Fraud")
    context = types.ReferenceContext(include_declaration=True)
    at_references = types.ReferenceParams(context, asked(uri), place)
    found = await editor.text_document_references_async(at_references)
    assert found is not None
    assert len(found) == 4
    at_highlights = types.DocumentHighlightParams(asked(uri), place)
    lit = await editor.text_document_document_highlight_async(at_highlights)
    assert lit is not None
    assert [h.range for h in lit] == [location.range for location in found]


async def test_rename_and_then_labels_follow(editor: Editor, uri: str) -> None:
    before = await editor.open(uri, NEWS)
    place = editor.at(uri, "Sports", after="class Sports")
    ready = await editor.text_document_prepare_rename_async(
        types.PrepareRenameParams(asked(uri), place)
    )
    assert isinstance(ready, types.PrepareRenamePlaceholder)
    assert ready.placeholder == "Sports"
    answer = await editor.text_document_rename_async(
        types.RenameParams(asked(uri), place, "체육경기")
    )
    assert answer is not None
    assert answer.changes is not None
    after = editor.made(uri, list(answer.changes[uri]))
    expected = NEWS
    for word in ("class", "vote", "against"):
        expected = expected.replace(f"{word} Sports ", f"{word} 체육경기 ")
    assert after == expected
    assert await editor.edit(uri, NEWS, after) == before
    follow = await editor.text_document_code_action_async(
        types.CodeActionParams(
            asked(uri),
            types.Range(place, place),
            types.CodeActionContext([], only=[types.CodeActionKind.Refactor]),
        )
    )
    assert follow is not None
    (action,) = follow
    assert isinstance(action, types.CodeAction)
    assert action.edit is not None
    assert action.edit.changes is not None
    assert "  was = Sports\n" in editor.made(uri, list(action.edit.changes[uri]))


@pytest.mark.parametrize(
    ("word", "name"), [("Sports", "Fraud"), ("Sports", "a b"), ("hotkey", "x")]
)
async def test_a_rename_is_refused_with_words(
    editor: Editor, uri: str, word: str, name: str
) -> None:
    await editor.open(uri, NEWS)
    place = editor.at(uri, word, after="class Sports")
    with pytest.raises(JsonRpcException) as caught:
        await editor.text_document_rename_async(types.RenameParams(asked(uri), place, name))
    assert caught.value.code == types.LSPErrorCodes.RequestFailed.value
    assert "class" in caught.value.message or "name" in caught.value.message


async def test_quick_fixes(editor: Editor, uri: str) -> None:
    await editor.open(uri, NEWS.replace("vote 경제", "vote 겅제"))
    wrong = next(d for d in await editor.found(uri) if d.code == "E201")
    found = await editor.text_document_code_action_async(
        types.CodeActionParams(asked(uri), wrong.range, types.CodeActionContext([wrong]))
    )
    assert found is not None
    action = found[0]
    assert isinstance(action, types.CodeAction)
    assert action.is_preferred
    assert action.edit is not None
    assert action.edit.changes is not None
    assert editor.made(uri, list(action.edit.changes[uri])) == NEWS


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
async def test_formatting(editor: Editor, uri: str, ends: str) -> None:
    spoilt = NEWS.replace("  describe = ", "      describe=").replace("\n", ends)
    await editor.open(uri, spoilt)
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    edits = await editor.text_document_formatting_async(
        types.DocumentFormattingParams(asked(uri), options)
    )
    assert edits
    expected = format_text(SourceText("x", NEWS)).text.replace("\n", ends)
    assert editor.made(uri, list(edits)) == expected
    first = types.Range(types.Position(0, 0), types.Position(5, 0))
    assert not await editor.text_document_range_formatting_async(
        types.DocumentRangeFormattingParams(asked(uri), first, options)
    )
    await editor.edit(uri, "class Sports", "class ] Sports")
    assert not await editor.text_document_formatting_async(
        types.DocumentFormattingParams(asked(uri), options)
    )


async def test_semantic_tokens_symbols_folding_and_selection(editor: Editor, uri: str) -> None:
    await editor.open(uri, NEWS)
    tokens = await editor.text_document_semantic_tokens_full_async(
        types.SemanticTokensParams(asked(uri))
    )
    assert tokens is not None
    assert len(tokens.data) > 1000
    assert list(tokens.data[:5]) == [0, 0, NEWS.index("\n"), LEGEND.token_types.index("comment"), 0]
    symbols = await editor.text_document_document_symbol_async(
        types.DocumentSymbolParams(asked(uri))
    )
    assert symbols is not None
    names = [s.name for s in symbols]
    assert names[:3] == ["news", "Politics", "경제"]
    folds = await editor.text_document_folding_range_async(types.FoldingRangeParams(asked(uri)))
    assert folds is not None
    assert (0, 1) in [(f.start_line, f.end_line) for f in folds]
    place = editor.at(uri, "margin, random")
    (selected,) = (
        await editor.text_document_selection_range_async(
            types.SelectionRangeParams(asked(uri), [place])
        )
        or []
    )
    assert selected.range.start == place
    assert selected.parent is not None


async def test_columns_of_the_data(editor: Editor, uri: str, tmp_path: Path) -> None:
    (tmp_path / "작업 폴더" / "x.csv").write_text(
        "body,lang,native-country\na,ko,x\nb,en,y\n", "utf-8"
    )
    text = SMALL + 'rules {\n  r: vote A when boddy == "x"\n}\n'
    await editor.open(uri, text)
    async with asyncio.timeout(PATIENCE):
        while "E240" not in [d.code for d in editor.heard[uri].diagnostics]:
            news = asyncio.Event()
            editor.waiting.append(news)
            await news.wait()
    assert "E240" not in await editor.edit(uri, "boddy", "body")
    editor.send_edit(uri, "when body", "when ")
    place = editor.at(uri, ' == "x"')
    found = await editor.text_document_completion_async(types.CompletionParams(asked(uri), place))
    assert isinstance(found, types.CompletionList)
    assert [i.label for i in found.items][:3] == ["body", "lang", '"native-country"']


async def test_a_text_that_is_no_file(editor: Editor) -> None:
    uri = "untitled:Untitled-1"
    assert await editor.open(uri, "task t\r\n") == ["E214"]
    assert await editor.edit(uri, "task t\r\n", SMALL.replace("\n", "\r\n")) != ["E214"]
    editor.text_document_did_close(types.DidCloseTextDocumentParams(asked(uri)))
    place = types.Position(0, 0)
    with pytest.raises(JsonRpcException):
        await editor.text_document_hover_async(types.HoverParams(asked(uri), place))
    assert not editor.heard[uri].diagnostics


async def test_garbage_does_not_end_the_session(editor: Editor, uri: str) -> None:
    await editor.open(uri, '\x00\ud7ff{{{ ]]] """ /// 👩‍🔬 = = =\n' * 50)
    assert await editor.found(uri)
    editor.text_document_did_save(types.DidSaveTextDocumentParams(asked(uri)))
    await editor.edit(uri, editor.texts[uri][1], NEWS)
    assert editor.messages == []
