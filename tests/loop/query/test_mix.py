from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from learners import blobs, trained

from labelwright.dsl.task import Argument, Call, Percent, Word
from labelwright.loop.errors import PluginError, StrategyError
from labelwright.loop.plugins import Installed
from labelwright.loop.ports import Chosen
from labelwright.loop.query.contract import checked
from labelwright.loop.query.margin import margin
from labelwright.loop.query.mix import apportion, divide, mix


def _arm(name: str, share: float | None = None, **arguments: object) -> Call:
    args = () if share is None else (Argument(value=Percent(percent=share)),)
    return Call(name=name, args=(*args, *(Argument(name=k, value=v) for k, v in arguments.items())))


def _mix(*arms: Call | str, n: int = 20, pool: int = 200, seed: int = 0) -> Chosen:
    X = blobs(pool, seed=1)[0]
    chosen = mix(trained(), X, n, *arms, random_state=seed, plugins=Installed())
    return checked(chosen, pool, n)


def test_each_arm_gets_its_share_and_keeps_its_reasons_and_chances() -> None:
    chosen = _mix(_arm("margin"), _arm("random", 10))
    assert len(chosen.indices) == 20
    best = margin(trained(), blobs(200, seed=1)[0], 18)
    assert chosen.indices[:18].tolist() == best.indices.tolist()
    assert chosen.utilities[:18].tolist() == best.utilities.tolist()
    assert chosen.probabilities.tolist() == [1] * 18 + [2 / 182] * 2
    assert chosen.reasons[:18] == best.reasons  # they say "margin" themselves
    assert chosen.reasons[18:] == ("random: by chance",) * 2


def test_arms_come_as_words_and_as_calls_with_their_own_arguments() -> None:
    chosen = _mix("margin", _arm("committee", 50, size=3), n=8)
    assert sum(reason.startswith("committee: 3 models say") for reason in chosen.reasons) == 4
    task_file = Call(
        name="mix", args=(Argument(value=Word(name="margin")), Argument(value=_arm("random", 10)))
    )
    chosen = Installed().invoke(
        "query",
        task_file,
        learner=trained(),
        X=blobs(50)[0],
        n_instances=10,
        random_state=0,
    )
    assert len(chosen.indices) == 10


def test_no_item_comes_twice_though_the_arms_agree() -> None:
    assert len(_mix("margin", "least_confidence", "entropy", n=60, pool=60).indices) == 60


def test_two_arms_of_one_name_draw_differently() -> None:
    chosen = _mix(_arm("random", 50), _arm("random", 50), n=10, pool=40)
    assert len(set(chosen.indices.tolist())) == 10


def test_a_nested_mix() -> None:
    inner = Call(name="mix", args=(Argument(value=Percent(percent=50)), Argument(value="margin")))
    assert len(_mix(inner, "random", n=10).indices) == 10


def test_an_unknown_arm_is_named() -> None:
    with pytest.raises(PluginError, match="no query strategy is called marginn"):
        _mix("marginn", _arm("random", 10))


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        ([0.7, 0.7], "add up to 140%"),
        ([0.5, 0.2], "add up to 70%"),
        ([1.0, None], "leave nothing"),
        ([-0.5, None], "add up to"),
        ([], "needs strategies"),
    ],
)
def test_shares_that_make_no_whole(shares: list[float | None], says: str) -> None:
    with pytest.raises(StrategyError, match=says):
        divide(shares)


def test_arms_without_a_share_divide_the_rest() -> None:
    assert divide([None, 0.1]) == pytest.approx([0.9, 0.1])
    assert divide([None, 0.4, None]) == pytest.approx([0.3, 0.4, 0.3])
    assert divide([0.25, 0.75]) == [0.25, 0.75]


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 50), st.integers(0, 1000)
)
def test_counts_add_up_and_are_rounded_one_way_or_the_other(
    parts: list[int], n: int, seed: int
) -> None:
    shares = [part / sum(parts) for part in parts]
    counts = apportion(shares, n, seed)
    assert sum(counts) == n
    for share, count in zip(shares, counts, strict=True):
        assert share * n - 1 < count < share * n + 1


def test_shares_hold_on_average_even_in_batches_of_one() -> None:
    counts = np.mean([apportion([0.9, 0.1], 1, seed) for seed in range(4000)], axis=0)
    assert counts == pytest.approx([0.9, 0.1], abs=0.02)
