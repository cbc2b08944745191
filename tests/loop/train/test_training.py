from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from labelwright.loop.errors import DataError
from labelwright.loop.train.average import Average
from labelwright.loop.train.batches import Batches
from labelwright.loop.train.checkpoint import Checkpoint
from labelwright.loop.train.objective import Objective, labelled, losses
from labelwright.loop.train.settings import Settings, steps_for
from labelwright.loop.train.training import train

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 6)).astype(np.float32)
TARGETS = np.eye(3)[(X[:, :3]).argmax(axis=1)]
SETTINGS = Settings(steps=60, seed=3, rate=0.02)


class StoppedError(Exception):
    """What a test interrupts a training with."""


def network() -> torch.nn.Module:
    """One with everything that has a state: dropout, running statistics, a frozen part."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = torch.nn.Sequential(
            torch.nn.Linear(6, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU(),
            torch.nn.Dropout(0.3), torch.nn.Linear(16, 3),
        )  # fmt: skip
    made[0].requires_grad_(False)
    return made


def noisy(module: torch.nn.Module, step: int) -> torch.Tensor:
    """An extra loss that draws random numbers."""
    return 0.01 * module(torch.randn(8, 6, device=next(module.parameters()).device)).square().mean()


def state(module: torch.nn.Module) -> dict[str, np.ndarray]:
    return {
        name: value.detach().cpu().numpy().copy() for name, value in module.state_dict().items()
    }


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one | other)


def stopping(objective: Objective, at: int) -> Objective:
    def loss(module: torch.nn.Module, rows: np.ndarray, step: int) -> torch.Tensor:
        if step == at:
            raise StoppedError
        return objective(module, rows, step)

    return loss


def trained(
    objective: Objective,
    checkpoint: Checkpoint | None = None,
    device: str = "cpu",
    extra: Callable[[torch.nn.Module, int], torch.Tensor] | None = noisy,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], int]:
    module = network().to(device)
    average = Average(module, 0.9)
    found = train(
        module, Batches(len(X), 16, 5), objective, SETTINGS,
        checkpoint=checkpoint, extra=extra, average=average, device=torch.device(device),
    )  # fmt: skip
    assert len(found.losses) == SETTINGS.steps
    return state(module), {k: v.cpu().numpy() for k, v in average.weights.items()}, found.resumed


def test_it_learns_and_leaves_what_is_frozen() -> None:
    module = network()
    frozen = module[0].weight.clone()
    found = train(module, Batches(len(X), 16, 5), labelled(X, TARGETS), Settings(200, 0, 0.02))
    assert not module.training
    with torch.inference_mode():
        right = module(torch.from_numpy(X)).argmax(dim=1).numpy() == TARGETS.argmax(axis=1)
    assert right.mean() > 0.85
    assert np.mean(found.losses[-10:]) < 0.7 * np.mean(found.losses[:10])
    assert torch.equal(module[0].weight, frozen)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_an_interrupted_training_goes_on_to_the_same_bits(device: str, tmp_path: Path) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU here")
    objective = labelled(X, TARGETS)
    whole, average, _ = trained(objective, device=device)
    for stop in (1, 23, 59):
        kept = Checkpoint.under(tmp_path, X, TARGETS, SETTINGS, every=0)
        with pytest.raises(StoppedError):
            trained(stopping(objective, stop), kept, device)
        again, averaged, resumed = trained(objective, kept, device)
        assert resumed == stop
        assert same(whole, again)
        assert same(average, averaged)
        assert not kept.path.exists()


def test_a_damaged_or_foreign_checkpoint_is_left_alone(tmp_path: Path) -> None:
    objective = labelled(X, TARGETS)
    whole, _, _ = trained(objective)
    kept = Checkpoint.under(tmp_path, X, TARGETS, every=0)
    with pytest.raises(StoppedError):
        trained(stopping(objective, 30), kept)
    other = Checkpoint(kept.path, "of another training", every=1e9)
    again, _, resumed = trained(objective, other)
    assert (resumed, same(whole, again)) == (0, True)
    with pytest.raises(StoppedError):
        trained(stopping(objective, 30), kept)
    kept.path.write_bytes(kept.path.read_bytes()[:300])
    again, _, resumed = trained(objective, Checkpoint(kept.path, kept.key, every=1e9))
    assert (resumed, same(whole, again)) == (0, True)


def test_other_data_have_another_checkpoint(tmp_path: Path) -> None:
    changed = X.copy()
    changed[3, 2] += 1e-6
    paths = {
        Checkpoint.under(tmp_path, x, t, s).path
        for x, t, s in [(X, TARGETS, SETTINGS), (changed, TARGETS, SETTINGS), (X, -TARGETS, SETTINGS),
                        (X, TARGETS, Settings(61, 3, 0.02))]
    }  # fmt: skip
    assert len(paths) == 4


def test_random_numbers_of_the_caller_are_not_touched() -> None:
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    trained(labelled(X, TARGETS))
    assert torch.equal(torch.rand(3), wanted)


def test_a_training_that_breaks_down_is_an_error() -> None:
    broken = X.copy()
    broken[0] = np.inf
    with pytest.raises(DataError, match="broke down"):
        train(network(), Batches(len(X), 90, 0), labelled(broken, TARGETS), SETTINGS)


def test_every_pass_reads_every_row_once() -> None:
    lengths = RNG.integers(1, 200, size=101)
    for found in (None, lengths):
        batches = Batches(101, 16, 1, found)
        passes = []
        for which in range(3):
            some = [batches.rows(which * batches.a_pass + i) for i in range(batches.a_pass)]
            assert {len(rows) for rows in some} <= {14, 15}
            assert sorted(np.concatenate(some)) == list(range(101))
            passes.append(np.concatenate(some))
        assert not np.array_equal(passes[0], passes[1])
        again = Batches(101, 16, 1, found)
        np.testing.assert_array_equal(again.rows(12), batches.rows(12))
    long, mixed = (
        np.mean([np.ptp(lengths[b.rows(i)]) for i in range(7)])
        for b in (Batches(101, 16, 1, lengths), Batches(101, 16, 1))
    )
    assert long < 0.4 * mixed


def test_the_rate_rises_and_falls() -> None:
    settings = Settings(100, 0, warmup=0.1, rates={"head.": 5.0, "head.bias": 7.0})
    shares = np.array([settings.share(step) for step in range(100)])
    assert shares[9] == shares.max() == 1
    assert (np.diff(shares[:10]) > 0).all()
    assert (np.diff(shares[9:]) < 0).all()
    assert 0 < shares[-1] < 0.01
    assert [settings.rate_of(n) for n in ("body.weight", "head.weight", "head.bias")] == [
        1e-3,
        5,
        7,
    ]
    assert Settings(1, 0).share(0) == 1


def test_few_labels_are_passed_over_more_often() -> None:
    assert [steps_for(20), steps_for(1600), steps_for(400, epochs=2)] == [80, 500, 50]
    assert [steps_for(20, knows=False), steps_for(1600, knows=False)] == [1500, 3000]


def test_losses_are_what_torch_says() -> None:
    logits = torch.from_numpy(RNG.normal(size=(5, 4)).astype(np.float32))
    soft = torch.softmax(torch.from_numpy(RNG.normal(size=(5, 4)).astype(np.float32)), dim=1)
    functional = torch.nn.functional
    wanted = functional.cross_entropy(logits, soft, reduction="none")
    torch.testing.assert_close(losses(logits, soft), wanted)
    wanted = functional.binary_cross_entropy_with_logits(logits, soft, reduction="none").sum(dim=1)
    torch.testing.assert_close(losses(logits, soft, many=True), wanted)


def test_weights_count_items_as_often() -> None:
    module = torch.nn.Linear(6, 3)
    rows = np.arange(4)
    weighted = labelled(X[:3], TARGETS[:3], np.array([2.0, 1, 1]))(module, rows[:3], 0)
    repeated = labelled(X[[0, 0, 1, 2]], TARGETS[[0, 0, 1, 2]])(module, rows, 0)
    torch.testing.assert_close(weighted, repeated)


def test_an_average_follows_the_weights() -> None:
    module = torch.nn.Linear(1, 1, bias=False)
    average = Average(module, 0.5)
    start = float(average.weights["weight"])
    seen = []
    for value in (4.0, 8.0, 2.0):
        with torch.no_grad():
            module.weight.fill_(value)
        average.update(module)
        seen.append(value)
    keeps = [0.1, 2 / 11, 0.25]
    wanted = start
    for keep, value in zip(keeps, seen, strict=True):
        wanted = keep * wanted + (1 - keep) * value
    assert float(average.weights["weight"]) == pytest.approx(wanted)
    with average.on(module):
        assert float(module.weight.detach()) == pytest.approx(wanted)
    assert float(module.weight.detach()) == 2
