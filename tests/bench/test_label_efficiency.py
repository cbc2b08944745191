"""The verdicts of the bench, and what makes a kept run out of date."""

from __future__ import annotations

from pathlib import Path

import label_efficiency as bench
import numpy as np
import pytest
import runs
from runs import Run


def arm(names: tuple[str, ...], **methods: float) -> bench.Arm:
    """Straight curves from .5 to .9, each method's raised by so much, on two equal seeds."""
    found = {}
    for name in names:
        line = np.linspace(0.5, 0.9, len(bench.budgets(name)))
        peers = {"random": 0.0, **{m.replace("_of_", ": "): up for m, up in methods.items()}}
        found[name] = {m: np.stack([line + up, line + up]) for m, up in peers.items()}
    return bench.Arm(found, 0)


def test_the_saving_of_auto_decides() -> None:
    sets = ("ag_news", "sst2")
    assert all(met for met, _ in bench.enough_saved(arm(sets, auto=0.3)))
    assert not any(met for met, _ in bench.enough_saved(arm(sets, auto=-0.1)))
    enough, sure, nowhere_worse = bench.enough_saved(arm(sets, auto=0.05))
    assert not enough[0]
    assert not sure[0]
    assert nowhere_worse[0]


def test_auto_may_lie_a_little_below_the_best_peer_and_no_more() -> None:
    sets = ("ag_news", "sst2", "adult")
    better = bench.as_good_as_peers(arm(sets, auto=0.2, a_of_one=0.1, b_of_two=0.19))
    assert all(met for met, _ in better)
    *each, together = bench.as_good_as_peers(arm(sets, auto=0.2, a_of_one=0.205))
    assert all(met for met, _ in each)  # half a point below everywhere is allowed
    assert not together[0]  # but not that it is so on every set
    worse = bench.as_good_as_peers(arm(sets, auto=0.1, a_of_one=0.12))
    assert not any(met for met, _ in worse)


def test_the_first_batch_decides() -> None:
    def cold(auto: float) -> bench.Arm:
        of_set = {"random": np.full((2, 1), 0.5), "auto": np.full((2, 1), 0.5 + auto)}
        return bench.Arm({"ag_news": of_set}, 0)

    assert bench.warm_enough(cold(0.041))[0][0]
    assert not bench.warm_enough(cold(0.039))[0][0]


def test_tables_name_all_that_was_run() -> None:
    shown = bench.table(arm(("ag_news",), auto=0.2))
    assert "| ag_news | auto | 1.1000 ± 0.0000 | 0.9000 ± 0.0000 | 1.90 | 1.90 to 1.90 |" in shown


def test_a_kept_run_is_found_by_all_that_decides_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    runs._sources.cache_clear()
    places = {
        runs._path(run)
        for run in (
            Run("ag_news", "margin", 0),
            Run("ag_news", "margin", 1),
            Run("ag_news", "entropy", 0),
            Run("sst2", "margin", 0),
            Run("ag_news", "margin", 0, pool=3000),
            Run("ag_news", "margin", 0, at=40),
        )
    }
    assert len(places) == 6
    assert all(place.is_relative_to(tmp_path) for place in places)


def test_a_strategys_sources_are_its_own_and_what_it_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "contract.py").write_text("")
    (tmp_path / "first.py").write_text("from labelwright.loop.query.second import rank\n")
    (tmp_path / "second.py").write_text("")
    (tmp_path / "all.py").write_text('plugins.invoke("query", Call(name="first"))\n')
    (tmp_path / "other.py").write_text("")
    monkeypatch.setattr(runs, "_QUERY", tmp_path)
    assert {p.stem for p in runs._closure(["first"])} == {"first", "second", "contract"}
    assert {p.stem for p in runs._closure(["all"])} == {"all", "first", "second", "contract"}
