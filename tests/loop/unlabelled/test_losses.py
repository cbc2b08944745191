"""What a step learns of unlabelled items: the losses against plain sums, and what comes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from labelwright.loop.augment.views import View
from labelwright.loop.errors import DataError, PluginError
from labelwright.loop.learn.ensemble import votes
from labelwright.loop.learn.fixmatch import Family
from labelwright.loop.learn.suiting import refuse_learner
from labelwright.loop.seeds import derive_seed
from labelwright.loop.train.average import Average
from labelwright.loop.train.batches import Batches
from labelwright.loop.train.objective import drawn, labelled
from labelwright.loop.train.settings import Settings
from labelwright.loop.train.training import train
from labelwright.loop.unlabelled.alignment import Alignment
from labelwright.loop.unlabelled.certainty import Certainty
from labelwright.loop.unlabelled.consistency import Consistency
from labelwright.loop.unlabelled.sureness import Fixed, Soft
from labelwright.loop.unlabelled.teacher import MeanTeacher, risen

from .small_networks import learner, made, moons

STILL = View("numbers", (), ())
U = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)


class Dropping(torch.nn.Module):
    """A layer with dropout, so that training and predicting differ."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.drop = torch.nn.Linear(3, 2), torch.nn.Dropout(0.5)
        with torch.no_grad():
            self.layer.weight.copy_(torch.tensor([[1.0, 0.5, -1.0], [-1.0, 0.0, 2.0]]))
            self.layer.bias.zero_()

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.layer(self.drop(batch))  # type: ignore[no-any-return]


def _seen(step: int, size: int = 8) -> torch.Tensor:
    return torch.from_numpy(U[Batches(40, size, derive_seed(7, "unlabelled")).rows(step)])


def test_consistency_is_the_cross_entropy_of_what_counts() -> None:
    module = Dropping().train()
    extra = Consistency(
        U, STILL, STILL, 8, 10, 7, Fixed(torch.tensor([0.9, 0.6])), None, weight=2.0
    )
    torch.manual_seed(1)
    found = extra(module, 3)
    batch = _seen(3)
    sure = torch.softmax(batch @ module.layer.weight.T, dim=1)  # no dropout
    torch.manual_seed(1)
    logits = module(batch)
    total = 0.0
    for row, p in zip(logits, sure, strict=True):
        label = int(p.argmax())
        if p[label] >= (0.9, 0.6)[label]:
            total += float(-torch.log_softmax(row, dim=0)[label].detach())
    assert float(found.detach()) == pytest.approx(2 * total / len(batch), rel=1e-5)
    assert module.training
    found.backward()  # type: ignore[no-untyped-call]
    assert module.layer.weight.grad is not None


def test_the_strong_view_learns_from_the_weak_one() -> None:
    class Fixedly(View):
        def __init__(self, by: float) -> None:
            object.__setattr__(self, "by", by)
            super().__init__("numbers", (), ())

        def __call__(self, batch: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
            return batch + self.by  # type: ignore[attr-defined, no-any-return]

    module = Dropping().eval()
    extra = Consistency(U, Fixedly(0.1), Fixedly(-0.3), 8, 0, 7, Fixed(torch.zeros(2)), None)
    weak = (_seen(0) + 0.1) @ module.layer.weight.T
    strong = (_seen(0) - 0.3) @ module.layer.weight.T
    expected = torch.nn.functional.cross_entropy(strong, weak.argmax(dim=1)).detach()
    assert float(extra(module, 0).detach()) == pytest.approx(float(expected), rel=1e-5)


def test_labels_have_the_first_fifth_of_a_training_to_themselves() -> None:
    module = Dropping().eval()
    extra = Consistency(U, STILL, STILL, 8, 20, 7, Fixed(torch.zeros(2)), None)
    found = [float(extra(module, step).detach()) for step in range(20)]
    assert found[:4] == [0.0] * 4
    assert min(found[4:]) > 0


def test_the_mean_teacher_is_the_average_and_predicts() -> None:
    module = Dropping().train()
    teacher = Average(module)
    with torch.no_grad():
        module.layer.weight.mul_(0.5)
    extra = MeanTeacher(U, STILL, STILL, 8, 10, 7, teacher, weight=3.0)
    torch.manual_seed(2)
    loss = labelled(U, np.eye(2)[np.zeros(40, dtype=int)])(module, np.arange(4), 9)
    found = extra(module, 9)
    (loss + found).backward()  # type: ignore[no-untyped-call]  # the weights are as the loss saw them
    wanted = torch.softmax(_seen(9) @ teacher.weights["layer.weight"].T, dim=1)
    torch.manual_seed(2)
    module(torch.from_numpy(U[:4]))
    student = torch.softmax(module(_seen(9)), dim=1)
    expected = (
        3
        * sum(float(((s - w) ** 2).sum().detach()) for s, w in zip(student, wanted, strict=True))
        / 8
    )
    assert float(found.detach()) == pytest.approx(expected, rel=1e-5)


def test_weights_rise_and_stay() -> None:
    rising = [risen(step, 100) for step in range(100)]
    assert rising == sorted(rising)
    assert rising[0] < 0.01
    assert rising[39:] == [1.0] * 61


def test_certainty_is_entropy_and_distance_from_the_prior() -> None:
    module = Dropping().eval()
    prior = torch.tensor([0.7, 0.3])
    extra = Certainty(U, STILL, 8, 1, 7, prior, weight=0.5)
    mean: np.ndarray | None = None
    for step in range(3):
        p = torch.softmax(_seen(step) @ module.layer.weight.T, dim=1).detach().numpy()
        mean = p.mean(axis=0) if mean is None else 0.9 * mean + 0.1 * p.mean(axis=0)
        entropy = -sum(sum(q * np.log(q) for q in row) for row in p) / len(p)
        apart = sum(a * np.log(a / m) for a, m in zip(prior.tolist(), mean, strict=True))
        found = float(extra(module, step).detach())
        assert found == pytest.approx(0.5 * (entropy + 2 * apart), rel=1e-4)


def test_certainty_has_the_gradient_of_the_batch() -> None:
    module = Dropping().eval()
    prior = torch.tensor([0.5, 0.5])
    extra = Certainty(U, STILL, 40, 1, 7, prior, weight=1.0)
    extra(module, 0).backward()  # type: ignore[no-untyped-call]
    assert module.layer.weight.grad is not None
    found = module.layer.weight.grad.clone()
    module.zero_grad()
    p = torch.softmax(module(torch.from_numpy(U)), dim=1)
    entropy = -(p * p.log()).sum(dim=1).mean()
    (entropy + 2 * (prior * (prior / p.mean(dim=0)).log()).sum()).backward()
    assert torch.allclose(found, module.layer.weight.grad, atol=1e-6)


def test_votes_are_shares_of_whole_voices() -> None:
    probs = [np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.51, 0.49], [0.6, 0.4]])]
    assert votes(probs).tolist() == [[1, 0], [0.5, 0.5]]


def test_an_interrupted_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    from labelwright.loop.train.checkpoint import Checkpoint

    X, y = moons(20, 0)

    class StoppedError(Exception):
        pass

    def run(checkpoint: Checkpoint | None, until: int | None) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        module = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
        pool = moons(60, 1)[0].astype(np.float32)
        extra = Consistency(
            pool, STILL, STILL, 16, 12, 3, Soft(2), Alignment(torch.tensor([0.5, 0.5]))
        )

        def progress(what: str, done: int, total: int) -> None:
            if done == until:
                raise StoppedError

        train(
            module, Batches(20, 8, 0), labelled(X.astype(np.float32), np.eye(2)[y]),
            Settings(12, 0), checkpoint=checkpoint, progress=progress, extra=extra,
        )  # fmt: skip
        return module.state_dict()

    whole = run(None, None)
    checkpoint = Checkpoint.under(tmp_path, "a training", every=0)
    with pytest.raises(StoppedError):
        run(checkpoint, 7)
    resumed = run(checkpoint, None)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


METHODS = [
    "fixmatch(adaptive = soft, steps = 60)",
    pytest.param("fixmatch(adaptive = flex, steps = 60, average = 0)", marks=pytest.mark.slow),
    "mean_teacher(steps = 60)",
    pytest.param("entropy(steps = 60, weight = 1)", marks=pytest.mark.slow),
    "ensemble(members = 2, rows = 60)",
]


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.partition("(")[0])
def test_behind_the_gate_on_moons(method: str, tmp_path: Path) -> None:
    X, y = moons(24, 0)
    pool, _ = moons(400, 1)
    test, truth = moons(400, 2)
    found = made(method, tmp_path, X, y, pool, more="epochs = 12")
    assert "24 labels in 3 folds" in found.why
    own = learner(method, tmp_path, more="epochs = 12")
    plain = own.fit(X, np.eye(2)[y])
    right, before = (
        float((m.predict_proba(test).argmax(axis=1) == truth).mean()) for m in (found.model, plain)
    )
    if found.gate == "open":
        assert right >= before - 0.02
        assert found.score < found.supervised_score
        assert len(found.rows) == len(found.labels) > 0
    else:
        assert right == before
        assert len(found.rows) == 0
    again = own.restore(found.model.state())
    assert np.array_equal(again.predict_proba(test), found.model.predict_proba(test))


def test_the_same_arguments_give_the_same_model(tmp_path: Path) -> None:
    X, y = moons(24, 0)
    first, second = (
        learner("fixmatch", tmp_path, more="epochs = 2")
        .learn(
            X, np.eye(2)[y], beside=_family().beside(learner("fixmatch", tmp_path), moons(90, 1)[0])
        )
        .state()
        for _ in range(2)
    )
    assert all(np.array_equal(first[name], second[name]) for name in first)


def _family() -> Family:
    return Family((0.95, 0.95), adaptive="soft", ratio=2, steps=25)


def test_too_few_labels_train_no_network_in_vain(tmp_path: Path) -> None:
    X, y = moons(12, 0)
    found = made("fixmatch", tmp_path, X, y, moons(50, 1)[0])
    assert (found.gate, found.rows.tolist()) == ("closed", [])
    assert "too few" in found.why


def test_augment_of_a_task_changes_what_is_learned(tmp_path: Path) -> None:
    X, y = moons(24, 0)
    plain, noisy = (
        learner("threshold", tmp_path, augment=augment, more="epochs = 5")
        .fit(X, np.eye(2)[y])
        .predict_proba(X)
        for augment in ("", "[feature_noise(20%)]")
    )
    assert not np.array_equal(plain, noisy)
    own = learner("threshold", tmp_path, augment="[feature_noise(20%)]", more="epochs = 5")
    again = own.fit(X, np.eye(2)[y])
    assert np.array_equal(again.predict_proba(X), noisy)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("fixmatch(adaptive = loud)", "there is no adaptive"),
        ("fixmatch(ratio = 0)", "ratio = 0 makes no sense"),
        ("fixmatch(average = 1)", "average = 1 makes no sense"),
        ("fixmatch(strong = [flip])", "flip changes pictures"),
        ("mean_teacher(average = 0)", "leaves no teacher"),
        ("mean_teacher(weight = -1)", "weight = -1 makes no sense"),
        ("entropy(steps = 0)", "steps = 0 makes no sense"),
        ("ensemble(members = 1)", "is no ensemble"),
    ],
)
def test_arguments_that_make_no_sense(method: str, said: str, tmp_path: Path) -> None:
    X, y = moons(24, 0)
    with pytest.raises(PluginError, match=said):
        made(method, tmp_path, X, y, moons(60, 1)[0])


def test_methods_and_learners_that_do_not_suit_each_other(tmp_path: Path) -> None:
    from labelwright.loop.learn.fixmatch import fixmatch
    from labelwright.loop.learn.head import head
    from labelwright.loop.learn.infomax import infomax
    from labelwright.loop.learn.threshold import threshold

    vectors, network = head(random_state=0), learner("fixmatch", tmp_path)
    with pytest.raises(PluginError, match="fixmatch trains a network") as found:
        refuse_learner("fixmatch", fixmatch, vectors)
    assert "infomax" in (found.value.remedy or "")
    with pytest.raises(PluginError, match="infomax works on an encoder's vectors") as found:
        refuse_learner("infomax", infomax, network)
    assert "fixmatch" in (found.value.remedy or "")
    refuse_learner("fixmatch", fixmatch, network)
    refuse_learner("infomax", infomax, vectors)
    refuse_learner("threshold", threshold, vectors)
    refuse_learner("threshold", threshold, network)


def test_a_batch_that_breaks_down_is_said(tmp_path: Path) -> None:
    X, y = moons(24, 0)
    pool, _ = moons(60, 1)
    pool[5] = np.nan
    with pytest.raises(DataError, match="broke down"):
        made("entropy(steps = 40)", tmp_path, X, y, pool, more="epochs = 2")


def test_views_of_a_step_are_the_same_whenever_asked_for() -> None:
    first, second = (torch.rand(3, generator=drawn(1, 5)) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, torch.rand(3, generator=drawn(1, 6)))
