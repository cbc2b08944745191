"""Tests of the face bring their own data: a developer's data root and state folder are not theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from .wheel import install


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABELWRIGHT_DATA", raising=False)
    monkeypatch.delenv("LABELWRIGHT_STATE", raising=False)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the built wheel and nothing of the repository."""
    return install(tmp_path_factory.mktemp("wheel"))
