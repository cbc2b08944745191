from __future__ import annotations

import numpy as np
import pytest
import torch

from labelwright.loop.learn.lbfgs import minimise


@pytest.mark.parametrize("seed", range(5))
def test_a_quadratics_minimum_is_the_linear_systems_solution(seed: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(30, 12))
    A, b = torch.from_numpy(root.T @ root), torch.from_numpy(rng.normal(size=12))

    def objective(x: torch.Tensor) -> tuple[float, torch.Tensor]:
        return float(x @ A @ x / 2 - b @ x), A @ x - b

    found = minimise(objective, torch.zeros(12, dtype=torch.float64), tolerance=1e-8)
    assert found.numpy() == pytest.approx(torch.linalg.solve(A, b).numpy(), abs=1e-6)


def test_a_minimum_far_away_with_a_steep_start_is_reached() -> None:
    def objective(x: torch.Tensor) -> tuple[float, torch.Tensor]:
        return float(torch.cosh(x - 8).sum()), torch.sinh(x - 8)

    found = minimise(objective, torch.zeros(3, dtype=torch.float64))
    assert found.numpy() == pytest.approx([8, 8, 8], abs=1e-6)


def test_it_ends_where_floats_allow_no_lower_value() -> None:
    def objective(x: torch.Tensor) -> tuple[float, torch.Tensor]:
        return float(x.abs().sum()), torch.sign(x)

    start = torch.ones(1, dtype=torch.float64)
    assert abs(float(minimise(objective, start))) < 1e-6
