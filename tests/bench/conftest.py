"""Makes the modules of `bench/` importable, which are scripts beside the package, and this folder's own."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE.parents[1] / "bench"), str(_HERE)]
