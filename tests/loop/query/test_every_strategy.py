"""Every query strategy that comes with labelwright, where strategies are known to fail silently.

Each chooses what its contract allows, or says in a StrategyError what to do instead.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from learners import blobs
from modAL.models import ActiveLearner
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from labelwright.dsl.printing import call as call_text
from labelwright.dsl.task import Argument, Call, Percent
from labelwright.loop.asking import Trained
from labelwright.loop.errors import StrategyError
from labelwright.loop.learn.head import head
from labelwright.loop.plugins import Installed
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import Rows, labelled
from labelwright.loop.query.contract import checked
from labelwright.loop.query.modal import Refitted
from labelwright.loop.supported import WITHOUT_MODEL

PLUGINS = Installed()
STRATEGIES = [name for name in PLUGINS.names("query") if PLUGINS.own("query", name)]


def _call(name: str, *values: Any, **named: Any) -> Call:
    args = [Argument(value=value) for value in values]
    args += [Argument(name=key, value=value) for key, value in named.items()]
    return Call(name=name, args=tuple(args))


NEEDED = {"mix": (_call("margin"), _call("random", Percent(percent=50)))}
"""Arguments without which a strategy cannot be called."""

OTHERWISE = (
    _call("auto", random_share=1.0),
    _call("class_balancing", toward="pool", within="likely"),
    _call("clue", temperature=0.05),
    _call("committee", by="learners"),
    _call("committee", disagreement="max_disagreement"),
    _call("density_weighted", similarity="cosine"),
    _call("discriminative", n_sub=1),
    _call("max_herding", kernel="rbf"),
    _call("multilabel_margin", over="most"),
    _call("power_bald", beta=0.0),
    _call("prob_cover", delta=0.5),
    _call("token_log_probability", measure="total_entropy"),
    _call("u_herding", kernel="cosine", temperature=2.0),
)
"""Arguments with which a strategy goes another way."""

BLIND = ("random",)
"""Strategies that never look at a vector."""

DOUBTING = ("clue",)
"""Strategies that have nothing to choose by where the model is sure of every item."""

CALLS = [_call(name, *NEEDED.get(name, ())) for name in STRATEGIES] + list(OTHERWISE)
every = pytest.mark.parametrize("call", CALLS, ids=call_text)

POOL = blobs(12, n_classes=3, dim=4, seed=1)[0]
KNOWN = blobs(9, n_classes=3, dim=4, seed=2)[0]
LABELS = np.array([0, 1, 2] * 3)
CLASSES = ("a", "b", "c")
ABSENT = {"the first": LABELS % 2 + 1, "one between": LABELS % 2 * 2, "the last": LABELS % 2}
"""Labels among which one class is not."""


class Learner(Trained):
    """The engine's learner; its spans are tokens that are as probable as the item's classes."""

    def predict_tokens(self, X: np.ndarray) -> list[np.ndarray]:
        return [np.repeat(probs[None], 2, axis=0) for probs in self.predict_proba(X)]


@dataclass(frozen=True)
class Estimated:
    """Trains what scikit-learn has: a class without labels gets the probability 0."""

    estimator: Callable[[], Any] = LogisticRegression

    def fit(self, X: np.ndarray, targets: np.ndarray, *_: Any, calibrate: bool = True) -> Any:
        fitted = self.estimator().fit(X, targets.argmax(axis=1))
        return Refitted(fitted, np.arange(targets.shape[1]))

    def restore(self, state: dict[str, np.ndarray]) -> Any:
        raise NotImplementedError


SURE = Estimated(partial(KNeighborsClassifier, 1))
"""Says 1 of a class and 0 of the others, whatever the item."""


def _learner(known: np.ndarray = KNOWN, labels: np.ndarray = LABELS, by: Any = None) -> Learner:
    by = by or head(random_state=0)
    targets = np.eye(len(CLASSES))[labels]
    model = by.fit(known, targets) if len(labels) else None
    return Learner(known.copy(), labels.copy(), CLASSES, by, model, targets)


def _chosen(call: Call, learner: Learner, X: Any, n: int) -> Chosen:
    """As many as there are, finite, and nothing that was handed over is changed."""
    given = (X, learner.X_training, learner.y_training)
    before = [np.array(values) for values in given]
    returned = PLUGINS.invoke("query", call, learner=learner, X=X, n_instances=n, random_state=3)
    assert all(map(partial(np.array_equal, equal_nan=True), before, map(np.asarray, given)))
    chosen = checked(returned, len(X), n)
    assert len(chosen.indices) == min(n, len(X))
    assert all(chosen.reasons)
    return chosen


def _same(one: Chosen, other: Chosen) -> bool:
    return (one.indices.tolist(), one.utilities.tolist()) == (
        other.indices.tolist(),
        other.utilities.tolist(),
    )


def test_the_model_free_ones_are_strategies() -> None:
    assert set(WITHOUT_MODEL) <= set(STRATEGIES)


@every
def test_two_are_two_and_the_same_two_again(call: Call) -> None:
    assert _same(_chosen(call, _learner(), POOL, 2), _chosen(call, _learner(), POOL, 2))


@every
def test_the_last_item_is_chosen_whatever_is_asked_for(call: Call) -> None:
    assert _chosen(call, _learner(), POOL[:1], 1).indices.tolist() == [0]
    assert _chosen(call, _learner(), POOL[:1], 5).indices.tolist() == [0]


@every
def test_of_nothing_nothing_is_chosen(call: Call) -> None:
    _chosen(call, _learner(), POOL[:0], 3)
    _chosen(call, _learner(), POOL, 0)


@every
def test_more_than_there_are_is_all(call: Call) -> None:
    assert sorted(_chosen(call, _learner(), POOL, 50).indices) == list(range(len(POOL)))


@every
@pytest.mark.parametrize(("value", "n"), [(0, 5), (1 / 3, 12)])
def test_equal_items_fill_the_batch(call: Call, value: float, n: int) -> None:
    X = np.full(POOL.shape, value, np.float32)
    for known in (KNOWN, X[: len(KNOWN)]):
        learner = _learner(known)
        assert _same(_chosen(call, learner, X, n), _chosen(call, learner, X, n))


@every
@pytest.mark.parametrize(("position", "value"), [(0, np.nan), (7, np.inf), (11, -np.inf)])
def test_an_item_without_a_sound_vector_is_named(call: Call, position: int, value: float) -> None:
    X = POOL.copy()
    X[position, 2] = value
    if call.name in BLIND:
        _chosen(call, _learner(), X, 3)
        return
    with pytest.raises(StrategyError, match=rf"\bitem {position} of the pool") as raised:
        _chosen(call, _learner(), X, 3)
    assert raised.value.remedy


@every
@pytest.mark.parametrize("by", [None, Estimated()], ids=["little", "zero"])
@pytest.mark.parametrize("labels", ABSENT.values(), ids=ABSENT)
def test_a_class_may_have_no_label_yet(call: Call, labels: np.ndarray, by: Any) -> None:
    _chosen(call, _learner(labels=labels, by=by), POOL, 4)


@every
@pytest.mark.parametrize("number", [0, 2])
@pytest.mark.parametrize("n_labels", [1, 9])
def test_all_labels_may_be_of_one_class(call: Call, number: int, n_labels: int) -> None:
    _chosen(call, _learner(KNOWN[:n_labels], np.full(n_labels, number)), POOL, 4)


@every
@pytest.mark.parametrize("labels", [LABELS, np.full(9, 2)], ids=["of all classes", "of one"])
def test_a_model_may_be_sure_of_everything(call: Call, labels: np.ndarray) -> None:
    learner = _learner(labels=labels, by=SURE)
    if call.name not in DOUBTING:
        _chosen(call, learner, POOL, 4)
        return
    with pytest.raises(StrategyError, match="sure of every item") as raised:
        _chosen(call, learner, POOL, 4)
    assert _names_one_without_model(raised.value.remedy)


@every
def test_without_labels_it_chooses_or_says_what_can(call: Call) -> None:
    learner = _learner(KNOWN[:0], LABELS[:0])
    if call.name in WITHOUT_MODEL:
        _chosen(call, learner, POOL, 4)
        return
    with pytest.raises(StrategyError, match="needs labels") as raised:
        _chosen(call, learner, POOL, 4)
    assert _names_one_without_model(raised.value.remedy)


def _names_one_without_model(remedy: str) -> bool:
    return not set(WITHOUT_MODEL).isdisjoint(re.findall(r"\w+", remedy))


@every
def test_half_precision_is_as_good_in_memory_or_out_of_it(call: Call) -> None:
    half = POOL.astype(np.float16)
    stored = np.full((40, 4), np.nan, np.float16)
    rows = np.random.default_rng(0).permutation(40)[: len(half)]
    stored[rows] = half
    stored.flags.writeable = False
    whole = _chosen(call, _learner(), half.astype(np.float32), 4)
    assert _same(_chosen(call, _learner(), half, 4), whole)
    assert _same(_chosen(call, _learner(), Rows(stored, rows), 4), whole)


@every
@pytest.mark.parametrize("n", [1, 2])
def test_in_modals_active_learner_it_chooses_the_same(call: Call, n: int) -> None:
    estimator = LogisticRegression().fit(KNOWN, np.array(CLASSES)[LABELS])
    theirs = ActiveLearner(estimator, query_strategy=_function(call))
    theirs.X_training, theirs.y_training = KNOWN, np.array(CLASSES)[LABELS]
    if call.name == "token_log_probability":
        with pytest.raises(StrategyError, match="predict_tokens") as raised:
            theirs.query(POOL, n, random_state=3)
        assert raised.value.remedy
        return
    indices, rows = theirs.query(POOL, n, random_state=3)
    expected = _chosen(call, _learner(by=Estimated()), POOL, n)
    assert indices.tolist() == expected.indices.tolist()
    assert np.array_equal(rows, POOL[indices])


@pytest.mark.parametrize("call", [c for c in CALLS if c.name in WITHOUT_MODEL], ids=call_text)
def test_the_model_free_ones_serve_modals_first_query(call: Call) -> None:
    theirs = ActiveLearner(LogisticRegression(), query_strategy=_function(call))
    if call == _call("prob_cover"):  # modAL does not know yet how many classes there are
        with pytest.raises(StrategyError) as raised:
            theirs.query(POOL, 2, random_state=3)
        assert "prob_cover(delta = 0.5)" in raised.value.remedy
        return
    indices, _ = theirs.query(POOL, 2, random_state=3)
    assert len(checked(indices, len(POOL), 2).indices) == 2


@pytest.mark.parametrize("call", [c for c in CALLS if c.name not in WITHOUT_MODEL], ids=call_text)
def test_the_others_say_that_modals_learner_is_not_fitted_yet(call: Call) -> None:
    theirs = ActiveLearner(LogisticRegression(), query_strategy=_function(call))
    with pytest.raises(StrategyError, match="need") as raised:
        theirs.query(POOL, 2, random_state=3)
    assert raised.value.remedy


def test_a_broken_vector_of_a_labelled_item_is_called_so() -> None:
    broken = KNOWN.copy()
    broken[1, 0] = np.nan
    with pytest.raises(StrategyError, match="labelled item 1 holds"):
        labelled(replace(_learner(), X_training=broken), POOL)


def _function(call: Call) -> Callable[..., Chosen]:
    """The strategy as modAL calls it; what a task file writes between the brackets is bound."""
    function = PLUGINS.load("query", call.name)
    positional, named = call.python_arguments()
    if "plugins" in inspect.signature(function).parameters:
        named["plugins"] = PLUGINS

    def query(learner: Any, X: np.ndarray, n: int, **more: Any) -> Chosen:
        return function(learner, X, n, *positional, **named, **more)

    return query
