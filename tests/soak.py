"""Long series: a sample of them in CI, all of them before a release (`make test-soak`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def sampled(values: Iterable[Any], every: int) -> list[Any]:
    """Parameters for a test: one in `every` as they are, the others marked `soak`."""
    return [
        value if n % every == 0 else pytest.param(value, marks=pytest.mark.soak)
        for n, value in enumerate(values)
    ]
