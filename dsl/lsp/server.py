"""The language server: takes an editor's requests to the functions that answer them.

pygls speaks the protocol. Two things are done here instead of by it: columns are UTF-16 whatever else
the editor offers, and the texts are kept by `desk.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter
from pygls.protocol.language_server import lsp_method

from labelwright.dsl.lsp.desk import Desk, LookAtData
from labelwright.dsl.lsp.findings import findings
from labelwright.dsl.lsp.view import View
from labelwright.dsl.plugins import Catalogue

log = logging.getLogger("labelwright.lsp")


class _Protocol(LanguageServerProtocol):
    _server: TaskServer

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(
        self, params: types.InitializeParams
    ) -> Generator[Any, Any, types.InitializeResult]:
        if params.capabilities.general is not None:
            params.capabilities.general.position_encodings = None
        return (yield from super().lsp_initialize(params))

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        opened = params.text_document
        self._server.desk.open(opened.uri, opened.text, opened.version)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        changed = params.text_document
        self._server.desk.change(changed.uri, params.content_changes, changed.version)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        self._server.desk.close(uri)
        self._server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


class TaskServer(LanguageServer):
    """Serves one editor; `features.make_server` adds what it answers."""

    protocol: _Protocol

    def __init__(self, version: str, catalogue: Catalogue, look: LookAtData) -> None:
        super().__init__(
            "labelwright",
            version,
            protocol_cls=_Protocol,
            converter_factory=default_converter,
        )
        self.desk = Desk(catalogue, look, self._publish, self.report)
        self._reported: set[str] = set()

    def can(self, *path: str) -> bool:
        """Whether the editor says that it can do something: `textDocument`, `completion`, …"""
        found: Any = self.client_capabilities
        for name in path:
            found = getattr(found, name, None)
        return bool(found)

    def report(self, error: BaseException) -> None:
        """Log a defect of ours, and show it to the user once."""
        log.error("a defect of the language server", exc_info=error)
        words = f"{type(error).__name__}: {error}"
        if words not in self._reported:
            self._reported.add(words)
            message = f"labelwright: a defect of the language server: {words}"
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, message))

    def report_server_error(self, error: Exception, source: type[Exception]) -> None:
        """Called by pygls. An editor learns of a failed request from the answer to it."""
        if source is not FeatureRequestError:
            self.report(error)

    def shutdown(self) -> None:
        self.desk.stop()
        super().shutdown()  # type: ignore[no-untyped-call]

    def _publish(self, view: View) -> None:
        related = self.can("text_document", "publish_diagnostics", "related_information")
        document = view.document
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                document.uri, findings(view, related=related), document.version
            )
        )


class RefusedRequest(JsonRpcException):
    """A request that was understood and cannot be granted; its message is for the user."""

    CODE = types.LSPErrorCodes.RequestFailed.value
