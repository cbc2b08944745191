from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelwright.connectors.encode import token_table
from labelwright.connectors.encode.static import means, static
from labelwright.connectors.encode.token_table import RARITY, reduced, weights
from labelwright.loop.errors import PluginError

from .tiny_korean import tiny_model

Make = Callable[..., Any]
KOREAN = ["환율이 크게 올랐다", "축구 경기에서 이겼다", "오늘 저녁에 비가 온다", "책을 읽었다"]


def test_means_are_of_unit_length_and_those_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(20, 5)).astype(np.float32)
    ids = [[3], [], [1, 1, 7], list(rng.integers(0, 20, 30))]
    for found, each in zip(means(ids, table), ids, strict=True):
        total = [sum(float(table[i, d]) for i in each) for d in range(5)]
        length = sum(x * x for x in total) ** 0.5
        np.testing.assert_allclose(found, [x / (length or 1) for x in total], atol=1e-5)
    assert means([], table).shape == (0, 5)


def test_rare_tokens_weigh_more_by_zipfs_law() -> None:
    found = weights(1000)
    total = sum(1 / rank for rank in range(2, 1002))
    for place in (0, 1, 999):
        p = 1 / (place + 2) / total
        assert found[place] == pytest.approx(RARITY / (RARITY + p), rel=1e-5)
    assert (np.diff(found) > 0).all()


def test_the_principal_components_are_those_of_scikit_learn() -> None:
    from sklearn.decomposition import PCA

    vectors = np.random.default_rng(0).normal(size=(200, 12)).astype(np.float32) * np.arange(1, 13)
    ours = reduced(vectors.astype(np.float32), 4)
    theirs = PCA(4, svd_solver="full").fit_transform(vectors)
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-3)
    assert reduced(vectors, 99).shape == (200, 12)


@pytest.fixture
def teacher(make_context: Make) -> Path:
    pytest.importorskip("sentence_transformers")
    return tiny_model(make_context().data_root / "tiny", KOREAN * 3, 200)


def test_a_teacher_is_distilled_once_and_goes_on_where_it_was_killed(
    make_context: Make, make_items: Make, teacher: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = make_context(text=("t",))
    items = make_items(t=[*KOREAN, "", None, "Ω≈ç"])
    monkeypatch.setattr("labelwright.connectors.encode_cache.SHARD", 20)
    asked: list[int] = []
    encode = token_table.encode_tokens

    def killed(model: Any, read: Any, step: int) -> Any:
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(len(read["input_ids"]))
        return encode(model, read, step)

    monkeypatch.setattr(token_table, "encode_tokens", killed)
    with pytest.raises(KeyboardInterrupt):
        static("tiny", dim=8, context=context).encode(items)
    again: list[int] = []

    def counted(model: Any, read: Any, step: int) -> Any:
        again.append(len(read["input_ids"]))
        return encode(model, read, step)

    monkeypatch.setattr(token_table, "encode_tokens", counted)
    encoder = static("tiny", dim=8, context=context)
    vectors = encoder.encode(items)
    n_tokens = encoder.teacher.model[0].tokenizer.vocab_size
    assert sum(asked) + sum(again) == n_tokens - 5  # all but the special ones, each once
    assert vectors.shape == (7, 8)
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(lengths, [1, 1, 1, 1, 0, 0, 0], atol=1e-5)

    def never(*_: Any) -> Any:
        raise AssertionError("it was distilled already")

    monkeypatch.setattr(token_table, "encode_tokens", never)
    other = static("tiny", dim=8, context=context)
    np.testing.assert_array_equal(other.encode(items), vectors)
    table = next((context.cache / "static").glob("*/tokens.safetensors"))
    table.write_bytes(table.read_bytes()[:-1])  # damaged: made again from the tokens that are kept
    np.testing.assert_array_equal(static("tiny", dim=8, context=context).encode(items), vectors)


def test_the_identity_follows_teacher_and_settings(make_context: Make, teacher: Path) -> None:
    context = make_context(text=("t",))
    before = static("tiny", dim=8, context=context).identity
    assert before == static("tiny", dim=8, context=context).identity
    assert before != static("tiny", dim=9, context=context).identity
    settings = teacher / "1_Pooling" / "config.json"
    settings.write_text(settings.read_text() + " ")
    assert before != static("tiny", dim=8, context=context).identity


def test_bad_arguments_and_tasks(make_context: Make) -> None:
    with pytest.raises(PluginError, match="dim = 0"):
        static(dim=0, context=make_context(text=("t",)))
    with pytest.raises(PluginError, match="needs `text`"):
        static(context=make_context(image=("i",)))
