"""The default resolver: what it learns of people, when it listens to a model, and what it does on a scale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from labelwright.loop.people import reliability
from labelwright.loop.people.crowdlab import WEIGHTS, crowdlab, weigh
from labelwright.loop.people.dawid_skene import fit
from labelwright.loop.people.majority import majority
from labelwright.loop.people.scale import Scale
from labelwright.loop.people.votes import Votes

ABC = ("a", "b", "c")


def _crowd(
    n: int, people: np.ndarray, overlap: int, seed: int, k: int = 3
) -> tuple[Votes, np.ndarray]:
    """n items, people of these accuracies, errors even."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    rows = []
    for i in range(n):
        for j in rng.permutation(len(people))[:overlap]:
            right = rng.random() < people[j]
            said = truth[i] if right else (truth[i] + rng.integers(1, k)) % k
            rows.append((i, j, said))
    items, who, said = np.array(rows).T
    return Votes(items, who, said, n, len(people), k), truth


def test_one_answer_an_item_is_the_label_whatever_a_model_says() -> None:
    annotations = [(f"i{i}", f"p{i % 3}", ABC[i % 3]) for i in range(30)]
    against = {item: np.eye(3)[(ABC.index(c) + 1) % 3] for item, _, c in annotations}
    found = crowdlab(annotations, ABC, probs=against)
    assert all(found[item].label == c for item, _, c in annotations)


def test_with_few_answers_it_votes() -> None:
    for seed in range(5):
        votes, _ = _crowd(8, np.array([0.6, 0.9, 0.8]), 2, seed)
        names = [f"i{i}" for i in range(8)]
        annotations = [
            (names[i], f"p{j}", ABC[c])
            for i, j, c in zip(votes.items, votes.people, votes.classes, strict=True)
        ]
        found, voted = crowdlab(annotations, ABC), majority(annotations, ABC)
        unanimous = [item for item, r in voted.items() if r.agreement == 1]
        assert all(found[item].label == voted[item].label for item in unanimous)


def test_never_worse_than_voting_with_few_labels() -> None:
    """Mean over many small crowds, of two or three answers an item and people who hardly differ."""
    ours: list[float] = []
    theirs: list[float] = []
    for seed in range(8):
        votes, truth = _crowd(40, np.array([0.7, 0.75, 0.8, 0.75, 0.7]), 2 + seed % 2, seed)
        names = np.array([f"i{i:03}" for i in range(40)])
        annotations = [
            (names[i], f"p{j}", ABC[c])
            for i, j, c in zip(votes.items, votes.people, votes.classes, strict=True)
        ]
        true = dict(zip(names, np.array(ABC)[truth], strict=True))
        for found, into in (
            (crowdlab(annotations, ABC), ours),
            (majority(annotations, ABC), theirs),
        ):
            into.append(np.mean([found[i].label == true[i] for i in names]))
    difference = np.array(ours) - np.array(theirs)
    assert difference.mean() > -2 * difference.std() / np.sqrt(len(difference)) - 1e-9


def test_confusions_are_learned_where_people_have_them() -> None:
    """Everybody takes c for b half the time: a matrix says so, one accuracy a person cannot."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 600)
    rows = []
    for i, true in enumerate(truth):
        for j in rng.permutation(6)[:4]:
            said = int(true)
            if true == 2 and rng.random() < 0.55:
                said = 1
            elif rng.random() < 0.08:
                said = int(rng.integers(3))
            rows.append((i, int(j), said))
    items, who, said = np.array(rows).T
    votes = Votes(items, who, said, 600, 6, 3)
    found = weigh(votes)
    assert found.people.startswith("confusions")
    assert (found.probs.argmax(1) == truth).mean() > (votes.shares.argmax(1) == truth).mean() + 0.03


def test_a_good_model_is_listened_to_and_a_random_one_is_not() -> None:
    votes, truth = _crowd(300, np.array([0.6, 0.65, 0.7, 0.6]), 3, 3)
    rng = np.random.default_rng(0)
    noise = rng.dirichlet(np.ones(3), 300)
    good = 0.7 * np.eye(3)[np.where(rng.random(300) < 0.85, truth, rng.integers(0, 3, 300))] + 0.1
    alone, helped, misled = weigh(votes), weigh(votes, good), weigh(votes, noise)
    assert helped.weight > 0
    assert misled.weight == 0
    assert np.array_equal(misled.probs, alone.probs)

    def right(probs: np.ndarray) -> float:
        return float((probs.argmax(axis=1) == truth).mean())

    assert right(helped.probs) > right(alone.probs) + 0.03


def test_the_weight_and_the_people_multiply_as_the_formula_says() -> None:
    votes, truth = _crowd(200, np.array([0.6, 0.7, 0.8]), 3, 5)
    good = 0.6 * np.eye(3)[truth] + 0.4 / 3
    found = weigh(votes, good)
    assert found.weight in WEIGHTS[1:]
    matrices = np.broadcast_to(found.matrices, (3, 3, 3))
    assert found.people == "voting"
    for i in range(200):
        weight = good[i] ** found.weight
        for j, c in zip(
            votes.people[votes.items == i], votes.classes[votes.items == i], strict=True
        ):
            weight = weight * matrices[j, :, c]
        assert np.allclose(found.probs[i], weight / weight.sum(), atol=1e-6)


def test_an_item_without_a_prediction_is_resolved_by_people() -> None:
    votes, truth = _crowd(200, np.array([0.6, 0.7, 0.8]), 3, 5)
    annotations = [
        (f"i{i:03}", f"p{j}", ABC[c])
        for i, j, c in zip(votes.items, votes.people, votes.classes, strict=True)
    ]
    good = {f"i{i:03}": 0.6 * np.eye(3)[truth[i]] + 0.4 / 3 for i in range(100)}
    found = crowdlab(annotations, ABC, probs=good)
    first = np.mean([found[f"i{i:03}"].label == ABC[truth[i]] for i in range(100)])
    later = np.mean([found[f"i{i:03}"].label == ABC[truth[i]] for i in range(100, 200)])
    assert first > later


# --- the choice of a model of people ----------------------------------------------------------


def test_the_plainest_within_one_standard_error_is_taken() -> None:
    rng = np.random.default_rng(0)
    best = rng.normal(-0.5, 0.2, 400)
    near = best - rng.normal(0.001, 0.2, 400)
    far = best - 0.1
    assert reliability.plainest(np.stack([far, near, best])) == 1
    assert reliability.plainest(np.stack([far, best])) == 1
    assert reliability.plainest(np.stack([best, far])) == 0
    assert reliability.plainest(np.stack([best, best])) == 0


def test_what_is_held_out_leaves_its_item_another_answer_to_begin_with() -> None:
    votes, _ = _crowd(50, np.array([0.7, 0.8, 0.9]), 2, 0)
    single = Votes(
        np.append(votes.items, 50),
        np.append(votes.people, 0),
        np.append(votes.classes, 0),
        51,
        3,
        3,
    )
    folds = reliability.held_out(single)
    assert not any(held[-1] for held in folds)
    assert np.sum(folds, axis=0)[:-1].tolist() == [1] * len(votes)
    assert reliability.choose(single.take(np.array([len(single) - 1]))) is reliability.VOTING


def test_two_classes_have_no_confusions() -> None:
    assert [c.name for c in reliability.candidates(2)] == ["voting", "accuracy"]
    assert len(reliability.candidates(3)) == 6


# --- scales -----------------------------------------------------------------------------------


def test_on_a_scale_the_label_costs_least() -> None:
    rng = np.random.default_rng(0)
    for kind, values in (("ordinal", (0.0, 1.0, 2.0, 5.0)), ("interval", (0.0, 1.0, 2.0, 5.0))):
        scale = Scale(kind, values)  # type: ignore[arg-type]
        probs = rng.dirichlet(np.ones(4), 200)
        for row, label in zip(probs, scale.decide(probs), strict=True):
            at = range(4) if kind == "ordinal" else values
            power = 1 if kind == "ordinal" else 2
            costs = [sum(p * abs(x - y) ** power for p, x in zip(row, at, strict=True)) for y in at]
            assert costs[label] == pytest.approx(min(costs))


def test_an_ordinal_label_is_a_median_and_an_interval_one_is_near_the_mean() -> None:
    probs = np.array([[0.4, 0.0, 0.35, 0.25]])
    assert Scale("ordinal", (1, 2, 3, 4)).decide(probs).tolist() == [2]  # half lies below 3
    assert Scale("interval", (1, 2, 3, 4)).decide(probs).tolist() == [1]  # the mean is 2.45


def test_a_class_without_a_place_is_the_label_only_where_it_is_likeliest() -> None:
    scale = Scale("ordinal", (1, 2, 3, None))
    probs = np.array([[0.3, 0.1, 0.2, 0.4], [0.3, 0.1, 0.35, 0.25]])
    assert scale.decide(probs).tolist() == [3, 1]
    assert scale.apart().tolist() == [[0, 1, 2, 2], [1, 0, 1, 2], [2, 1, 0, 2], [2, 2, 2, 0]]


def test_errors_of_people_on_a_scale_fall_off_with_the_distance() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 5, 300)
    rows = [
        (i, j, int(np.clip(t + rng.choice([-1, 0, 0, 0, 1]), 0, 4)))
        for i, t in enumerate(truth)
        for j in range(4)
    ]
    items, who, said = np.array(rows).T
    votes = Votes(items, who, said, 300, 4, 5)
    apart = Scale("ordinal", (1, 2, 3, 4, 5)).apart()
    found = fit(votes, strength=np.inf, own_accuracy=True, prior=np.full(5, 0.2), apart=apart)
    row = found.matrices[0, 0]
    assert row[0] > row[1] > row[2] > row[3] > row[4]
    plain = fit(votes, strength=np.inf, own_accuracy=True, prior=np.full(5, 0.2))
    assert found.log_likelihood > plain.log_likelihood


# --- beside other programs --------------------------------------------------------------------


def _frame(votes: Votes) -> Any:
    pd = pytest.importorskip("pandas")
    # crowd-kit's MACE numbers people and classes in the order in which they appear, and sums in sorted order.
    return (
        pd.DataFrame(
            {
                "task": pd.factorize(votes.items)[0],
                "worker": pd.factorize(votes.people)[0],
                "label": pd.factorize(votes.classes)[0],
            }
        ),
        pd.unique(votes.classes),
        pd.unique(votes.items),
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_dawid_skene_and_mace_come_to_what_crowd_kit_comes_to() -> None:
    aggregation = pytest.importorskip("crowdkit.aggregation")
    from labelwright.loop.people import mace

    votes, _ = _crowd(60, np.linspace(0.4, 0.95, 8), 4, 2)
    frame, classes, items = _frame(votes)
    theirs = (
        # Its stopping rule ends too early where its loss falls once: it is run to the end.
        aggregation.DawidSkene(n_iter=100, tol=-1e9).fit_predict(frame),
        aggregation.MACE(n_restarts=1, n_iter=40).fit_predict(frame),
    )
    ours = (fit(votes).probs, mace.fit(votes).probs)
    for their, our in zip(theirs, ours, strict=True):
        labels = np.empty(60, dtype=np.int64)
        labels[items[their.index]] = classes[their.to_numpy()]
        assert (labels == our.argmax(axis=1)).mean() >= 0.985
