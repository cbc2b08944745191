"""Tests of the face bring their own data: a developer's data root and state folder are not theirs."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABELWRIGHT_DATA", raising=False)
    monkeypatch.delenv("LABELWRIGHT_STATE", raising=False)
