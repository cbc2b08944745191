"""What tests of the face share."""

from __future__ import annotations

from pathlib import Path

import pytest

from .wheel import install


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the built wheel and nothing of the repository."""
    return install(tmp_path_factory.mktemp("wheel"))
