"""How much a model's own labels count, against plain loops that do what the papers say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from labelwright.loop.learn.threshold import adapted
from labelwright.loop.unlabelled.alignment import Alignment, prior_of
from labelwright.loop.unlabelled.sureness import Fixed, Flex, Free, Soft, Sureness, rule

K, N = 4, 60
LIMITS = torch.tensor([0.8, 0.7, 0.6, 0.75])


def _batches(steps: int = 12, size: int = 10) -> list[tuple[torch.Tensor, torch.Tensor]]:
    rng = np.random.default_rng(3)
    return [
        (
            torch.from_numpy(rng.dirichlet([1.2, 0.6, 0.2, 0.1], size=size)).float(),
            torch.from_numpy(rng.permutation(N)[:size]),
        )
        for _ in range(steps)
    ]


def test_fixed_is_one_from_each_class_limit_on() -> None:
    probs = torch.tensor([[0.8, 0.1, 0.1, 0.0], [0.3, 0.69, 0.01, 0.0], [0.2, 0.1, 0.65, 0.05]])
    assert Fixed(LIMITS).weigh(probs, torch.arange(3)).tolist() == [1, 0, 1]


def test_flex_against_a_loop() -> None:
    learned: dict[int, int] = {}
    flex = Flex(LIMITS, N)
    for probs, rows in _batches():
        counts = [sum(c == k for c in learned.values()) for k in range(K)]
        most = max(max(counts), N - len(learned), 1)
        expected = []
        for row, p in zip(rows.tolist(), probs, strict=True):
            label = int(p.argmax())
            beta = counts[label] / most
            expected.append(float(p[label] >= LIMITS[label] * beta / (2 - beta)))
            if p[label] >= LIMITS[label]:
                learned[row] = label
        assert flex.weigh(probs, rows).tolist() == expected
    assert learned


def test_free_against_a_loop() -> None:
    free = Free(K, momentum=0.9)
    tau, p = 1 / K, np.full(K, 1 / K)
    weights = []
    for probs, rows in _batches():
        each = probs.numpy().astype(float)
        tau = 0.9 * tau + 0.1 * np.mean([row.max() for row in each])
        p = 0.9 * p + 0.1 * each.mean(axis=0)
        expected = [float(row.max() >= tau * p[row.argmax()] / p.max()) for row in each]
        assert free.weigh(probs, rows).tolist() == expected
        weights += expected
    assert 0 < np.mean(weights) < 1


def test_soft_against_a_loop() -> None:
    soft = Soft(K, momentum=0.9)
    mean, variance = 1 / K, 1.0
    for probs, rows in _batches():
        sure = probs.numpy().astype(float).max(axis=1)
        mean = 0.9 * mean + 0.1 * sure.mean()
        variance = 0.9 * variance + 0.1 * sure.var(ddof=1)
        expected = [
            1.0 if s >= mean else np.exp(-((s - mean) ** 2) / (2 * variance / 4)) for s in sure
        ]
        assert soft.weigh(probs, rows).tolist() == pytest.approx(expected, abs=1e-5)
    assert Soft(K).weigh(probs[:1], rows[:1]).shape == (1,)


@pytest.mark.parametrize("name", ["none", "flex", "free", "soft"])
def test_what_a_checkpoint_keeps_lets_it_go_on(name: str) -> None:
    whole: Sureness = rule(name, LIMITS, N)  # type: ignore[arg-type]
    begun: Sureness = rule(name, LIMITS, N)  # type: ignore[arg-type]
    batches = _batches()
    for batch in batches[:6]:
        whole.weigh(*batch)
        begun.weigh(*batch)
    later: Sureness = rule(name, LIMITS, N)  # type: ignore[arg-type]
    later.put({k: v.clone() for k, v in begun.arrays().items()})
    for batch in batches[6:]:
        assert torch.equal(later.weigh(*batch), whole.weigh(*batch))


def test_alignment_brings_the_mean_to_the_prior() -> None:
    prior = prior_of(torch.tensor([8.0, 4.0, 2.0, 2.0]))
    assert prior.tolist() == pytest.approx([10 / 24, 6 / 24, 4 / 24, 4 / 24])
    alignment, mean = Alignment(prior, momentum=0.9), None
    for probs, _ in _batches(40, 400):
        mean = probs.mean(0) if mean is None else 0.9 * mean + 0.1 * probs.mean(0)
        expected = probs * (prior / mean)
        expected = expected / expected.sum(dim=1, keepdim=True)
        made = alignment.align(probs)
        assert torch.allclose(made, expected, atol=1e-5)
    before, after = ((x.mean(0) - prior).abs().max() for x in (probs, made))
    assert after < before
    again = Alignment(prior, momentum=0.9)
    again.put(alignment.arrays())
    assert torch.equal(again.align(probs), alignment.align(probs))


def test_thresholds_of_self_training_against_loops() -> None:
    rng = np.random.default_rng(0)
    probs = rng.dirichlet([2, 1, 0.5, 0.2], size=400)
    limits = np.array([0.8, 0.7, 0.6, 0.75])
    counts, below = [0] * K, 0
    for p in probs:
        if p.max() >= limits[p.argmax()]:
            counts[p.argmax()] += 1
        else:
            below += 1
    betas = [count / max(*counts, below) for count in counts]
    expected = [limit * b / (2 - b) for limit, b in zip(limits, betas, strict=True)]
    assert adapted("flex", probs, limits) == pytest.approx(expected)
    tau = sum(p.max() for p in probs) / len(probs)
    means = [sum(p[k] for p in probs) / len(probs) for k in range(K)]
    assert adapted("free", probs, limits) == pytest.approx([tau * m / max(means) for m in means])
    assert adapted("none", probs, limits) is limits
    flex = Flex(torch.from_numpy(limits), 400)
    flex.weigh(torch.from_numpy(probs), torch.arange(400))
    assert flex.thresholds().numpy() == pytest.approx(adapted("flex", probs, limits))
