"""Measuring a round's model on the holdout."""

from __future__ import annotations

from typing import Any

import numpy as np

from labelwright.loop.conditions import mask
from labelwright.loop.split import HOLDOUT
from labelwright.loop.workbench import Workbench, derive_seed


def measure(bench: Workbench, round_: int) -> dict[str, Any]:
    """The holdout's view of the model, and in a rehearsal the truth beside it, for display only."""
    raise NotImplementedError
