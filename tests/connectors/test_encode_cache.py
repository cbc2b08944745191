from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelwright.connectors import encode_cache
from labelwright.connectors.encode_cache import encode_cached
from labelwright.loop.errors import PluginError, StoreError
from labelwright.loop.ports import no_progress

Make = Callable[..., Any]


@dataclass
class Numbers:
    """Encodes column n as (n, n²) and remembers what it was asked for."""

    identity: str = "numbers 1"
    fitted: bool = False
    fail_at: int | None = None
    seen: list[int] = field(default_factory=list)

    def fit(self, items: Any) -> None: ...

    def encode(self, items: Any) -> np.ndarray:
        if self.fail_at is not None and len(self.seen) >= self.fail_at:
            raise KeyboardInterrupt
        n = np.array(items.columns(["n"]).column("n").to_pylist(), dtype=np.float32)
        self.seen += n.astype(int).tolist()
        return np.column_stack([n, n * n])


def expected(numbers: Any) -> np.ndarray:
    n = np.array(list(numbers), dtype=np.float32)
    return np.column_stack([n, n * n])


def run(encoder: Any, items: Any, cache: Path) -> np.ndarray:
    vectors = encode_cached(encoder, items, cache, no_progress)
    assert vectors.dtype == np.float32
    return vectors


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode_cache, "SHARD", 10)


def test_an_item_is_encoded_once_whatever_the_order(make_items: Make, tmp_path: Path) -> None:
    encoder = Numbers()
    first = [5, 3, 5, 9, 3]
    np.testing.assert_array_equal(run(encoder, make_items(n=first), tmp_path), expected(first))
    assert encoder.seen == [5, 3, 9]
    more = [9, 1, 5, 1]
    np.testing.assert_array_equal(run(encoder, make_items(n=more), tmp_path), expected(more))
    assert encoder.seen == [5, 3, 9, 1]


def test_encoders_do_not_share(make_items: Make, tmp_path: Path) -> None:
    run(Numbers(), make_items(n=[1]), tmp_path)
    other = Numbers(identity="numbers 2")
    run(other, make_items(n=[1]), tmp_path)
    assert other.seen == [1]


def test_a_fitted_encoder_is_not_cached(make_items: Make, tmp_path: Path) -> None:
    encoder = Numbers(fitted=True)
    for _ in range(2):
        run(encoder, make_items(n=[1, 1]), tmp_path)
    assert encoder.seen == [1, 1, 1, 1]
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_goes_on_where_it_was(make_items: Make, tmp_path: Path) -> None:
    items = make_items(n=list(range(35)))
    with pytest.raises(KeyboardInterrupt):
        run(Numbers(fail_at=20), items, tmp_path)
    resumed = Numbers()
    np.testing.assert_array_equal(run(resumed, items, tmp_path), expected(range(35)))
    assert resumed.seen == list(range(20, 35))


def test_what_is_corrupt_is_encoded_again_and_mended(make_items: Make, tmp_path: Path) -> None:
    items = make_items(n=list(range(40)))
    run(Numbers(), items, tmp_path)
    manifests = sorted(tmp_path.rglob("*.json"))
    assert len(manifests) == 4
    manifests[0].with_suffix(".vectors.npy").unlink()
    raw = bytearray((damaged := manifests[1].with_suffix(".vectors.npy")).read_bytes())
    raw[-3] ^= 1
    damaged.write_bytes(bytes(raw))
    manifests[2].write_text("{")
    keys = manifests[3].with_suffix(".keys.npy")
    keys.write_bytes(keys.read_bytes()[:-1])
    again = Numbers()
    np.testing.assert_array_equal(run(again, items, tmp_path), expected(range(40)))
    assert sorted(again.seen) == list(range(40))
    last = Numbers()
    np.testing.assert_array_equal(run(last, items, tmp_path), expected(range(40)))
    assert last.seen == []


def test_leftovers_of_a_killed_run_do_no_harm(make_items: Make, tmp_path: Path) -> None:
    run(Numbers(), make_items(n=[1]), tmp_path)
    (folder,) = (tmp_path / "embeddings").iterdir()
    (folder / ".new-abc").write_bytes(b"half")
    (folder / "ff.keys.npy").write_bytes(b"no manifest yet")
    encoder = Numbers()
    run(encoder, make_items(n=[1, 2]), tmp_path)
    assert encoder.seen == [2]


def test_no_items(make_items: Make, tmp_path: Path) -> None:
    assert run(Numbers(), make_items(n=[1]).take([]), tmp_path).shape == (0, 2)


def test_bad_vectors_are_refused(make_items: Make, tmp_path: Path) -> None:
    class Bad(Numbers):
        def encode(self, items: Any) -> np.ndarray:
            return np.full((len(items), 2), np.nan)

    with pytest.raises(PluginError, match="not finite"):
        run(Bad(), make_items(n=[1]), tmp_path)
    assert list(tmp_path.rglob("*.npy")) == []


def test_a_cache_that_cannot_be_written(make_items: Make, tmp_path: Path) -> None:
    (tmp_path / "embeddings").write_text("a file stands where the folder should be")
    with pytest.raises(StoreError, match="cannot be written"):
        run(Numbers(), make_items(n=[1]), tmp_path)


_CHILD = """
import sys, time
import numpy as np, pyarrow as pa
from pathlib import Path
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("small", {small!r})
small = module_from_spec(spec)
sys.modules["small"] = small
spec.loader.exec_module(small)
from labelwright.connectors import encode_cache
encode_cache.SHARD = 10
class Slow:
    identity = "slow"; fitted = False
    def fit(self, items): pass
    def encode(self, items):
        time.sleep({wait})
        n = np.array(items.columns(["n"]).column("n").to_pylist(), dtype=np.float32)
        print(len(n), flush=True)
        return np.column_stack([n, n * n])
items = small.TableItems(pa.table({{"n": list(range(100))}}), tuple(map(str, range(100))))
out = encode_cache.encode_cached(Slow(), items, Path({cache!r}), lambda *a: None)
assert (out[:, 1] == np.arange(100.0) ** 2).all()
"""


def child(cache: Path, wait: float) -> subprocess.Popen[str]:
    small = Path(__file__).parents[1] / "small.py"
    code = _CHILD.format(small=str(small), cache=str(cache), wait=wait)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_killed_in_between_and_two_processes_at_once(tmp_path: Path) -> None:
    first = child(tmp_path, 0.05)
    assert first.stdout is not None
    for _ in range(4):
        first.stdout.readline()
    first.kill()
    first.communicate()
    kept = len(list(tmp_path.rglob("*.json")))
    assert 3 <= kept < 10
    both = [child(tmp_path, 0.01) for _ in range(2)]
    outputs = [p.communicate(timeout=60)[0] for p in both]
    assert [p.returncode for p in both] == [0, 0]
    assert all(len(o.split()) <= 10 - kept for o in outputs)


def test_many_items_are_looked_up_fast(
    make_items: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encode_cache, "SHARD", 2048)
    n = 100_000
    contents = np.random.default_rng(0).integers(0, 256, (n, 16), dtype=np.uint8)

    @dataclass
    class Many:
        rows: np.ndarray

        @property
        def contents(self) -> np.ndarray:
            return contents[self.rows]

        def __len__(self) -> int:
            return len(self.rows)

        def take(self, rows: Any) -> Many:
            return Many(self.rows[rows])

    class Wide:
        identity, fitted = "wide", False

        def encode(self, items: Many) -> np.ndarray:
            return np.repeat(items.rows[:, None].astype(np.float32), 64, axis=1)

    run(Wide(), Many(np.arange(n)), tmp_path)
    order = np.random.default_rng(1).permutation(n)
    started = time.monotonic()
    vectors = run(Wide(), Many(order), tmp_path)
    assert time.monotonic() - started < 3
    np.testing.assert_array_equal(vectors[:, 5], order.astype(np.float32))


@dataclass
class Letters:
    """Something to encode that is no item: it has no id and no column."""

    text: str

    @property
    def contents(self) -> np.ndarray:
        return np.array([[ord(c)] * 16 for c in self.text], dtype=np.uint8)

    def __len__(self) -> int:
        return len(self.text)

    def take(self, rows: Any) -> Letters:
        return Letters("".join(self.text[int(row)] for row in rows))


@dataclass
class Spelling:
    """Encodes letters, and cannot do anything else."""

    identity: str = "letters 1"
    fitted: bool = False
    seen: str = ""

    def encode(self, items: Letters) -> np.ndarray:
        self.seen += items.text
        return np.array([[ord(c)] for c in items.text], dtype=np.float32)


def test_the_cache_asks_no_more_than_contents_of_what_it_keeps(tmp_path: Path) -> None:
    encoder = Spelling()
    for text in ("abca", "cad"):
        made = encode_cached(encoder, Letters(text), tmp_path, no_progress)
        np.testing.assert_array_equal(made[:, 0], [ord(c) for c in text])
    assert encoder.seen == "abcd"
