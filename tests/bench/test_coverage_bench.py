"""The bench of intervals and the picture of looking: they run, and say what they must."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from labelwright.loop.measure.evidence import Evidence

ROOT = Path(__file__).parents[2]


def bench() -> object:
    """bench/interval_coverage.py loaded by its path."""
    import importlib.util

    spec = importlib.util.spec_from_file_location(
        "coverage_bench", ROOT / "bench" / "interval_coverage.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["coverage_bench"] = module
    spec.loader.exec_module(module)
    return module


def test_the_bench_has_the_bounds_of_the_product() -> None:
    made = bench()
    rng = np.random.default_rng(1)
    cells = rng.multinomial(60, np.full(9, 1 / 9), size=3).reshape(3, 3, 3)
    y, low, high = made.averaged(cells, "macro_f1", 60, 0.975)  # type: ignore[attr-defined]
    for i, c in enumerate(cells):
        true, said = (np.repeat(a, c.ravel()) for a in np.unravel_index(np.arange(9), (3, 3)))
        figure = Evidence(true, np.eye(3)[said], ("a", "b", "c")).average("macro_f1")
        assert (y[i], low[i], high[i]) == pytest.approx(
            (figure.estimate, figure.lower(0.975), figure.upper(0.975))
        )


def test_looking_every_round_naively_says_pass_too_often_and_ours_does_not() -> None:
    made = bench()
    found = made.passes(np.random.default_rng(3), 400, 0.88, 0.88, 0.9)  # type: ignore[attr-defined]
    assert found["ours"] <= 0.05
    assert found["naive"] >= 0.15


@pytest.mark.slow
def test_the_picture_is_made_by_its_command(tmp_path: Path) -> None:
    out = tmp_path / "looking.svg"
    command = [sys.executable, str(ROOT / "docs/pictures/looking.py"), "--out", str(out)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "naive, one model: 17.4%" in done.stdout
    assert out.read_text(encoding="utf-8") == (ROOT / "docs/pictures/looking.svg").read_text(
        encoding="utf-8"
    )
