"""The speed bench at toy size: its pool, what a child measures, and its verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import selection_speed as bench
from selection_speed import Case, Took


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LARGE": 900, "CHOSEN": 7, "LABELLED": 40, "_BLOCK": 500}.items():
        monkeypatch.setattr(bench, name, value)


def test_the_pool_is_of_unit_vectors_and_the_same_again(toy: None) -> None:
    first, again, other = (
        np.concatenate([X for X, _ in bench.vectors(900, seed)]) for seed in (1, 1, 2)
    )
    assert first.shape == (900, bench.DIM)
    assert np.linalg.norm(first, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_child_chooses_out_of_the_file(toy: None, tmp_path: Path) -> None:
    bench.make(tmp_path)
    assert np.load(tmp_path / "pool.npy", mmap_mode="r").dtype == np.float16
    for name, cold in (("margin", False), ("max_herding", True)):
        took = bench.scale(tmp_path, name, n_pool=600, cold=cold)
        assert took.seconds > 0
        assert 0 < took.gigabytes < 20


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    def child(what: str, **given: Any) -> Took:
        return Took(*measured[given["n_pool"]])

    monkeypatch.setattr(bench, "child", child)
    measured = {bench.SMALL: (1.0, 0.5), bench.LARGE: (9.0, 1.0, ("a note",))}
    found, verdicts = bench.at_scale([Case("margin", 15)], "")
    assert [met for met, _ in verdicts] == [True, True, True]
    assert "| margin | 1.0 s | 9.0 s | 15 s | 9.0 | 1.00 GB |" in bench.scale_table(found)
    assert "margin: a note" in bench.scale_table(found)
    measured = {bench.SMALL: (1.0, 0.5), bench.LARGE: (16.0, 7.0)}
    assert not any(met for met, _ in bench.at_scale([Case("margin", 15)], "")[1])


def test_peers_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def child(what: str, *, library: str, name: str) -> Took:
        return Took(0.1 if library == "ours" else {"CoreSet": 2.5, "Badge": 1.5}[name], 1)

    monkeypatch.setattr(bench, "child", child)
    _, verdicts = bench.beside_peers(["coreset", "badge"])
    assert [met for met, _ in verdicts] == [True, False]
