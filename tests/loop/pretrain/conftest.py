from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelwright.connectors.pictures import picture_column
from labelwright.dsl.task import (
    Call,
)
from labelwright.loop.ports import Context
from tests.small import TableItems, items_of, small_task


@pytest.fixture
def context_of(tmp_path: Path) -> Callable[..., Context]:
    """`context_of(image=("image",))`: a task with these inputs; data and cache in the test's folder."""

    def make(pretrain: Call | None = None, **data: Any) -> Context:
        task = small_task(pretrain=pretrain, **data)
        (tmp_path / "data").mkdir(exist_ok=True)
        return Context(task, tmp_path / "data", tmp_path / "cache")

    return make


@pytest.fixture
def pictures_of() -> Callable[[np.ndarray], TableItems]:
    """`pictures_of(pixels)`: items with a column `image`."""
    return lambda pixels: items_of(image=picture_column(pixels))
