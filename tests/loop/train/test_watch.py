from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from labelwright.loop.train.batches import Batches
from labelwright.loop.train.checkpoint import Checkpoint
from labelwright.loop.train.settings import Settings
from labelwright.loop.train.training import train
from labelwright.loop.train.watch import Watch

SETTINGS = Settings(steps=40, seed=0, rate=0.1, warmup=0.0, decay=0.0)


class Interrupted(Exception):  # noqa: N818
    """What a test interrupts a training with."""


def falling(module: torch.nn.Module, rows: np.ndarray, step: int) -> torch.Tensor:
    """A loss that moves the only weight down, about 0.1 a step."""
    return module(torch.ones(1, 1)).sum()


def weight(module: torch.nn.Module) -> float:
    return float(next(module.parameters()).detach())


def one_weight() -> torch.nn.Module:
    module = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(module.weight)
    return module


def told(values: Sequence[float]) -> Watch:
    """A watch that reads its figures from a list; it looks at every second step."""
    left = iter(values)
    return Watch(lambda module: next(left), every=2, patience=3)


def test_it_stops_after_looks_in_vain_and_keeps_the_best_weights() -> None:
    module, watch = one_weight(), told([5, 4, 3, 3, 3.5, 6, 1])
    done = train(module, Batches(8, 4, 0), falling, SETTINGS, watch=watch)
    assert watch.values == [5, 4, 3, 3, 3.5, 6]
    assert (watch.best, len(done.losses)) == (2, 10)
    assert weight(module) == pytest.approx(-0.4, abs=0.02)  # after the fourth step of ten


def test_a_training_that_makes_nothing_better_is_undone() -> None:
    module, watch = one_weight(), told([1, 2, 2, 2])
    train(module, Batches(8, 4, 0), falling, SETTINGS, watch=watch)
    assert (weight(module), watch.best) == (0.0, 0)


def test_it_trains_to_the_end_where_every_look_is_better() -> None:
    watch = Watch(weight, every=3)
    done = train(module := one_weight(), Batches(8, 4, 0), falling, SETTINGS, watch=watch)
    assert (len(done.losses), watch.best) == (40, 13)
    assert weight(module) == watch.values[-1]


def test_running_statistics_belong_to_the_weights_that_are_kept() -> None:
    module = torch.nn.Sequential(torch.nn.BatchNorm1d(1, affine=False), one_weight())
    watch = told([2, 1, 3, 3, 3])
    objective = lambda m, rows, step: m(torch.randn(4, 1) + 5).sum()  # noqa: E731
    train(module, Batches(8, 4, 0), objective, SETTINGS, watch=watch)
    assert int(module[0].num_batches_tracked) == 2


def test_an_interrupted_training_remembers_what_was_seen(tmp_path: Path) -> None:
    figures = [5, 4, 3, 3, 3.5, 6]
    whole = one_weight()
    train(whole, Batches(8, 4, 0), falling, SETTINGS, watch=told(figures))

    def interrupted(module: torch.nn.Module, rows: np.ndarray, step: int) -> torch.Tensor:
        if step == 7:
            raise Interrupted
        return falling(module, rows, step)

    kept = Checkpoint.under(tmp_path, "watched", every=0)
    with pytest.raises(Interrupted):
        train(
            one_weight(), Batches(8, 4, 0), interrupted, SETTINGS,
            watch=told(figures), checkpoint=kept,
        )  # fmt: skip
    module, watch = one_weight(), told(figures[4:])
    done = train(module, Batches(8, 4, 0), falling, SETTINGS, watch=watch, checkpoint=kept)
    assert done.resumed == 7
    assert watch.values == figures
    assert weight(module) == weight(whole)


def test_looking_changes_neither_random_numbers_nor_the_mode() -> None:
    def measure(module: torch.nn.Module) -> float:
        torch.manual_seed(0)
        module.eval()
        return float(torch.rand(1))

    def drawn(watch: Watch | None) -> list[float]:
        found: list[float] = []

        def objective(module: torch.nn.Module, rows: np.ndarray, step: int) -> torch.Tensor:
            assert module.training
            found.append(float(torch.rand(1)))
            return falling(module, rows, step)

        train(one_weight(), Batches(8, 4, 0), objective, SETTINGS, watch=watch)
        return found

    assert drawn(Watch(measure, every=1, patience=99)) == drawn(None)


@pytest.mark.parametrize(("every", "patience"), [(0, 1), (1, 0)])
def test_a_watch_that_never_looks_is_refused(every: int, patience: int) -> None:
    with pytest.raises(ValueError, match="looks every"):
        Watch(weight, every, patience)
