"""Changes of rows of tables."""

from __future__ import annotations

import pytest
import torch

from labelwright.loop.augment.tables import exchanged, feature_noise, shaken
from labelwright.loop.errors import PluginError


def _rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_noise_is_relative_to_each_column_and_leaves_categories_and_gaps() -> None:
    x = torch.stack([torch.arange(4000.0), torch.full((4000,), 7.0), torch.ones(4000)], dim=1)
    x = x.double()
    x[5, 0] = torch.nan

    class Encoder:
        deviations = (10.0, 2.0, 0.0)

    made = feature_noise(0.5, encoder=Encoder()).change(x, _rng())
    apart = made - x
    assert float(apart[6:, 0].std()) == pytest.approx(5, rel=0.05)
    assert float(apart[:, 1].std()) == pytest.approx(1, rel=0.05)
    assert (apart[:, 2] == 0).all()
    assert torch.isnan(made[5, 0])
    assert torch.equal(shaken(x[6:], torch.ones(3), _rng()), shaken(x[6:], torch.ones(3), _rng()))


def test_values_come_from_another_row_of_the_same_column() -> None:
    x = torch.arange(300).reshape(100, 3).double()
    made = exchanged(x, 0.3, _rng())
    taken = made != x
    assert taken.double().mean() == pytest.approx(0.3, abs=0.06)
    for column in range(3):
        assert set(made[:, column].tolist()) <= set(x[:, column].tolist())
    assert torch.equal(exchanged(x, 0.0, _rng()), x)
    assert (exchanged(x, 1.0, _rng()) != x).all()  # never its own
    assert torch.equal(exchanged(x[:1], 1.0, _rng()), x[:1])


def test_an_encoder_of_no_table_is_refused() -> None:
    with pytest.raises(PluginError, match="reads none"):
        feature_noise(encoder=object())
