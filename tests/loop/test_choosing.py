"""A round's choice as the engine makes it: nothing falls back, and what it looks like is kept."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelwright import Project
from labelwright.doctor import examine
from labelwright.exporting import status_json
from labelwright.loop import choosing, scaling
from labelwright.loop.alarms import alarms
from labelwright.loop.chosen import arm_of, likeness
from labelwright.loop.errors import StrategyError
from labelwright.loop.history import Arm, Choosing, RoundRecord
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import Rows
from labelwright.loop.store import Choice, Store
from labelwright.terminal import status_view

TASK = """
task small "Small" {{}}
class Red {{}}
class Blue {{}}
data {{
  source = csv("items.csv")
  id     = id
  text   = body
  {data}
}}
holdout {{
  size        = 20%
  annotations = 8
}}
annotators {{ from = simulate(column = label) }}
budget {{
  annotations = {annotations}
  per_round   = {per_round} items
}}
query {{
  {order}
  phase cold until labels >= {per_round} {{ strategy = k_means }}
  phase main {{ strategy = {strategy} }}
}}
"""

WORDS = {
    "Red": ("rose", "blood", "brick", "fire", "apple", "wine", "ruby", "poppy"),
    "Blue": ("sea", "sky", "ink", "ice", "sapphire", "plum", "denim", "river"),
}

STRATEGIES = '''
import numpy as np
from labelwright.loop.ports import Chosen

SEEN = []


def failing(learner, X, n_instances, *, random_state):
    raise ValueError("no licence")


def nan(learner, X, n_instances, *, random_state):
    return np.arange(n_instances), np.full(n_instances, np.nan)


def flat(learner, X, n_instances, *, random_state):
    return np.arange(n_instances), np.full(n_instances, 0.5)


def bare(learner, X, n_instances, *, random_state):
    return np.arange(n_instances)


def chance(learner, X, n_instances, *, random_state):
    """Falls back silently, on a random order."""
    picked = np.random.default_rng(random_state).permutation(len(X))[:n_instances]
    return picked, np.linspace(1, 2, n_instances)


def seeing(learner, X, n_instances, *, random_state):
    SEEN.append(type(X))
    reasons = tuple(f"item {i}" for i in range(n_instances))
    return Chosen(np.arange(n_instances), np.arange(n_instances, 0.0, -1), np.ones(n_instances),
                  reasons, ("chosen from the front",))
'''


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "site"
    info = folder / "odd-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    names = re.findall(r"^def (\w+)", STRATEGIES, re.MULTILINE)
    lines = "".join(f"{name} = odd_strategies:{name}\n" for name in names)
    (info / "entry_points.txt").write_text(f"[labelwright.query]\n{lines}")
    (folder / "odd_strategies.py").write_text(STRATEGIES)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "odd_strategies", raising=False)


def bodies(n: int = 120) -> list[tuple[str, str]]:
    """(body, label), every body once."""
    rng = np.random.default_rng(3)
    found = []
    for i in range(n):
        label = ("Red", "Blue")[i % 2]
        words = rng.choice(WORDS[label], 4, replace=False)
        found.append((f"{' '.join(words)} {i * 7919 % 1000:03d}", label))
    return found


def project(
    folder: Path,
    strategy: str,
    rows: Sequence[Sequence[str]] | None = None,
    *,
    columns: Sequence[str] = ("body", "label"),
    data: str = "",
    order: str = "",
    per_round: int = 10,
    rounds: int = 2,
) -> Project:
    with (folder / "items.csv").open("w", encoding="utf-8", newline="") as file:
        found = bodies() if rows is None else rows
        csv.writer(file).writerows(
            [("id", *columns), *((f"n{i:03d}", *row) for i, row in enumerate(found))]
        )
    text = TASK.format(
        strategy=strategy, data=data, order=order, per_round=per_round,
        annotations=8 + rounds * per_round,
    )  # fmt: skip
    path = folder / "small.task"
    path.write_text(text, encoding="utf-8")
    return Project(path, state=folder / "state")


def choices(at_work: Project, round_: int | None = None, purpose: str = "train") -> list[Choice]:
    with Store(at_work.state) as store:
        return [c for c in store.choices(round_) if c.purpose == purpose]


def records(at_work: Project) -> list[RoundRecord]:
    return at_work.rounds_so_far()


# --- nothing falls back -----------------------------------------------------------------------


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(
    ("strategy", "says"),
    [
        ("failing", "the query strategy failing failed: ValueError: no licence"),
        ("nan", "gave utilities that are not finite numbers"),
        ("mix(random(50%), failing)", "the query strategy failing failed: ValueError: no licence"),
    ],
)
def test_a_strategy_that_fails_stops_the_round(tmp_path: Path, strategy: str, says: str) -> None:
    at_work = project(tmp_path, strategy)
    with pytest.raises(StrategyError, match=re.escape(says)):
        at_work.run()
    with Store(at_work.state) as store:
        assert store.outcome(1, "embed") is not None
        assert store.outcome(1, "choose") is None  # what was done stays; the choice was not made
    assert choices(at_work, 1) == []


@pytest.mark.usefixtures("plugins")
def test_one_utility_for_all_is_told_wherever_somebody_looks(tmp_path: Path) -> None:
    at_work = project(tmp_path, "flat")
    at_work.run()
    told = alarms(records(at_work)[1])
    assert told == ["flat gave all items that it chose the same utility: it told none apart"]
    wrong = [f for f in examine(at_work) if not f.ok]
    assert [f.found for f in wrong] == [f"round 1: {told[0]}"]
    assert "lat gave all items that it chose the same" in at_work.report().read_text("utf-8")
    assert f"warning: round 1: {told[0]}" in status_view(
        at_work.task, at_work.campaign(), width=200
    )
    assert status_json(at_work.task, at_work.campaign())["warnings"] == [
        {"round": 1, "warning": told[0]}
    ]


@pytest.mark.usefixtures("plugins")
def test_a_random_order_in_disguise_is_seen(tmp_path: Path) -> None:
    at_work = project(tmp_path, "chance")
    at_work.run()
    record = records(at_work)[1]
    assert record.choosing is not None
    assert record.choosing.by_chance == record.choosing.drawn == 10
    assert "10 of 10 items are those that a random draw" in alarms(record)[0]


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize("strategy", ["random", "margin", "bare", "mix(margin, random(20%))"])
def test_no_alarm_where_nothing_is_wrong(tmp_path: Path, strategy: str) -> None:
    at_work = project(tmp_path, strategy)
    at_work.run()
    assert [alarms(record) for record in records(at_work)] == [[], []]


# --- what is kept of a choice -----------------------------------------------------------------


def test_the_figures_of_a_round(tmp_path: Path) -> None:
    at_work = project(tmp_path, "mix(margin, random(20%))")
    at_work.run()
    told = records(at_work)[1].choosing
    assert told is not None
    assert [(arm.strategy, arm.items) for arm in told.arms] == [("margin", 8), ("random", 2)]
    chosen = choices(at_work, 1)
    utilities = [c.utility for c in chosen[:8]]
    assert told.arms[0].utilities == pytest.approx(np.quantile(utilities, (0, 0.25, 0.5, 0.75, 1)))
    assert told.pool == 96 - 10
    assert told.by_chance_expected == pytest.approx(10 * 10 / 86, abs=1e-6)
    with at_work.looking() as bench:
        items, features = bench.items(1), np.asarray(bench.features(1), np.float64)
        rows = [items.rows_of([c.item for c in choices(at_work, r)]) for r in (1, 0)]
        here, before = (features[r] / np.linalg.norm(features[r], axis=1)[:, None] for r in rows)
    assert told.likeness == pytest.approx((here @ before.T).max(axis=1).mean(), abs=1e-5)
    assert records(at_work)[0].choosing is not None
    assert records(at_work)[0].choosing.likeness is None  # type: ignore[union-attr]


@pytest.mark.usefixtures("plugins")
def test_notes_are_kept(tmp_path: Path) -> None:
    at_work = project(tmp_path, "seeing")
    at_work.run()
    told = records(at_work)[1].choosing
    assert told is not None
    assert told.notes == ("chosen from the front",)


def test_a_store_of_an_earlier_version_still_reads() -> None:
    old = {"round": 3, "annotations": 1, "holdout_annotations": 1, "labels": 1, "labels_per_class": {},
           "asked": 9, "phase": "main", "strategy": "margin", "utility_spread": (0.5, 0.5, 0.5),
           "measurement": None}  # fmt: skip
    record = RoundRecord.model_construct(**{**old, "choosing": None})
    assert alarms(record) == [
        "margin gave all items that it chose the same utility: it told none apart"
    ]


@pytest.mark.parametrize(
    ("arm", "pool", "alarmed"),
    [
        (Arm(strategy="margin", items=5, utilities=(1,) * 5, distinct=1, constant=True), 50, True),
        (Arm(strategy="margin", items=5, utilities=(1,) * 5, distinct=1, constant=True), 5, False),
        (Arm(strategy="random", items=5, utilities=(0,) * 5, distinct=1, constant=True), 50, False),
        (Arm(strategy="k_means", items=5, utilities=(1,) * 5, distinct=1, constant=True), 9, False),
        (Arm(strategy="k_means", items=5, utilities=(0,) * 5, distinct=1, constant=True), 9, True),
        (Arm(strategy="bare", items=5), 50, False),
    ],
)
def test_when_equal_utilities_are_an_alarm(arm: Arm, pool: int, alarmed: bool) -> None:
    record = RoundRecord.model_construct(
        choosing=Choosing(pool=pool, arms=(arm,)), strategy=arm.strategy, utility_spread=None
    )
    assert bool(alarms(record)) == alarmed


def test_an_arm_in_figures() -> None:
    chosen = Chosen(np.arange(4), np.array([3.0, 2, 1, 1]), np.ones(4), ("a", "b", "c", "d"))
    assert arm_of("s", chosen) == Arm(
        strategy="s", items=4, utilities=(1, 1, 1.5, 2.25, 3), ties=1, distinct=3
    )
    bare = Chosen(np.arange(2), np.zeros(2), np.ones(2), ("", ""))
    assert arm_of("s", bare) == Arm(strategy="s", items=2)


def test_likeness_of_batches() -> None:
    features = np.array([[1, 0], [0, 2], [3, 3], [0, 0]], np.float32)
    assert likeness(features, np.array([0, 2]), np.array([0, 1])) == pytest.approx(
        (1 + 0.5**0.5) / 2, abs=1e-6
    )
    assert likeness(features, np.array([3]), np.array([0])) == 0
    assert likeness(features, np.array([0]), np.empty(0, int)) is None


# --- how the pool is handed over --------------------------------------------------------------


@pytest.mark.usefixtures("plugins")
def test_large_pools_are_read_lazily_by_our_strategies_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    plain = project(tmp_path, "mix(margin, seeing(), random(20%))")
    plain.run()
    expected = [(c.item, c.utility) for c in choices(plain)]
    monkeypatch.setattr(choosing, "LARGE", 0)
    monkeypatch.setattr(choosing, "Rows", lambda m, r: seen.append(1) or Rows(m, r))
    (tmp_path / "again").mkdir()
    lazily = project(tmp_path / "again", "mix(margin, seeing(), random(20%))")
    lazily.run()
    assert [(c.item, c.utility) for c in choices(lazily)] == expected
    assert len(seen) == 3  # k_means, margin, random
    assert set(sys.modules["odd_strategies"].SEEN) == {np.ndarray}


# --- batches that people can work with --------------------------------------------------------


def test_repeats_and_groups(tmp_path: Path) -> None:
    rows = [(*row, f"g{i % 40}") for i, row in enumerate(bodies())]
    rows += [(body.upper(), label, f"h{i}") for i, (body, label, _) in enumerate(rows[:60])]
    at_work = project(
        tmp_path, "mix(margin, random(20%))", rows, columns=("body", "label", "author"),
        data="group = author", rounds=6,
    )  # fmt: skip
    at_work.run()
    with at_work.looking() as bench:
        table = bench.items(0).columns(("lw_item", "body", "author")).to_pylist()
    known = {row["lw_item"]: row for row in table}
    seen: set[str] = set()
    for round_ in range(6):
        batch = [known[c.item] for c in choices(at_work, round_)]
        texts = [row["body"].casefold() for row in batch]
        assert len(batch) == len(set(texts)) == len({row["author"] for row in batch}) == 10
        assert not seen & set(texts)  # what repeats an item asked before is at the back
        seen |= set(texts)


def test_at_the_end_repeats_are_asked_too(tmp_path: Path) -> None:
    rows = bodies(30)
    rows += rows[:10]  # equal content stays on one side of the holdout
    at_work = project(tmp_path, "random", rows, rounds=9)
    decision = at_work.run()
    assert decision.reason.startswith("no item is left")
    asked = [c.item for c in choices(at_work)]
    assert len(asked) == len(set(asked)) == records(at_work)[-1].labels
    with at_work.looking() as bench:
        pool = bench.items(0).take(np.flatnonzero(bench.split(0) == 0))
    assert sorted(asked) == sorted(pool.ids)


def test_the_shares_of_a_mix_hold_where_items_are_left_out(tmp_path: Path) -> None:
    rows = bodies(40) + [("blood wine and the deep blue sea 000", "Red")] * 60
    at_work = project(tmp_path, "mix(margin, random(20%))", rows, rounds=3)
    at_work.run()
    for record in records(at_work)[1:]:
        assert record.choosing is not None
        assert [(a.strategy, a.items) for a in record.choosing.arms] == [
            ("margin", 8),
            ("random", 2),
        ]


def test_a_batch_by_theme(tmp_path: Path) -> None:
    (tmp_path / "chosen").mkdir()
    plain, themed = (
        project(folder, "margin", order=order)
        for folder, order in ((tmp_path / "chosen", ""), (tmp_path, "order = theme"))
    )
    plain.run(), themed.run()
    for round_ in (0, 1):
        for purpose in ("train", "holdout"):
            first, second = (choices(p, round_, purpose) for p in (plain, themed))
            assert {c.item for c in first} == {c.item for c in second}
    with themed.looking() as bench, Store(themed.state) as store:
        whole = store.choices(0)
        purposes = [c.purpose for c in whole]
        assert purposes != sorted(purposes, reverse=True)  # the holdout lies among its like
        assert [c.rank for c in whole] == list(range(len(whole)))
        vectors = np.asarray(bench.features(0)[bench.items(0).rows_of([c.item for c in whole])])
    unit = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    along = (unit[1:] * unit[:-1]).sum(axis=1).mean()
    assert along > (unit @ unit.T).mean() + 0.1


def test_features_are_the_same_however_many_are_written_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = project(tmp_path, "random", rounds=1)
    whole.run()
    monkeypatch.setattr(scaling, "_AT_A_TIME", 7)
    (tmp_path / "again").mkdir()
    parts = project(tmp_path / "again", "random", rounds=1)
    parts.run()
    one, other = (np.load(p.state / "features-0.npy") for p in (whole, parts))
    np.testing.assert_allclose(one, other, atol=1e-6)
    with whole.looking() as bench:
        pool = one[bench.split(0) == 0].astype(np.float64)
    assert abs(pool.mean(axis=0)).max() < 1e-6
    assert (pool**2).sum(axis=1).mean() == pytest.approx(1)
