"""A defect of the server: logged always, shown once, and the end of nothing."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import FeatureNotificationError, FeatureRequestError

from labelwright.dsl import task as t
from labelwright.dsl.lsp.features import make_server
from labelwright.dsl.lsp.server import RefusedRequest
from labelwright.dsl.lsp.serving import _is_defect
from labelwright.dsl.surroundings import Surroundings
from tests.dsl.catalogues import EVERYTHING


def nothing(path: Path, data: t.Data) -> Surroundings:
    return Surroundings()


def test_a_defect_is_logged_always_and_shown_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = make_server("1", EVERYTHING, nothing)
    shown: list[str] = []

    def show(params: types.ShowMessageParams) -> None:
        shown.append(params.message)

    monkeypatch.setattr(server, "window_show_message", show)
    for _ in range(3):
        server.report_server_error(ZeroDivisionError("by nought"), FeatureNotificationError)
    server.report_server_error(KeyError("x"), FeatureNotificationError)
    server.report_server_error(ValueError("told in its answer"), FeatureRequestError)
    assert [m.rpartition(": ")[2] for m in shown] == ["by nought", "'x'"]
    assert caplog.text.count("ZeroDivisionError: by nought") == 3
    server.shutdown()


def test_a_refusal_is_not_logged() -> None:
    def record(error: BaseException | None) -> logging.LogRecord:
        info: Any = (type(error), error, None) if error else None
        return logging.LogRecord("pygls", logging.ERROR, "x", 1, "x", None, info)

    assert not _is_defect(record(RefusedRequest("no")))
    assert _is_defect(record(KeyError("x")))
    assert _is_defect(record(None))


def test_every_feature_is_announced() -> None:
    server = make_server("1", EVERYTHING, nothing)
    features = set(server.protocol.fm.features)
    assert {
        types.TEXT_DOCUMENT_COMPLETION,
        types.TEXT_DOCUMENT_HOVER,
        types.TEXT_DOCUMENT_RENAME,
        types.TEXT_DOCUMENT_FORMATTING,
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL,
    } <= features
    server.shutdown()
