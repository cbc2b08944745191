from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from labelwright.connectors.encode.pretrained import pretrained
from labelwright.connectors.encode.vision import vision
from labelwright.connectors.encode_cache import encode_cached
from labelwright.connectors.pictures import picture_column
from labelwright.loop.errors import DataError, PluginError
from tests.connectors.encode.tiny_vision import FAMILIES, make

Make = Callable[..., Any]
SHAPES = {"vit": (16, 16), "dinov2": (16, 16), "convnext": (32, 32), "resnet": (32, 32)}


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def photographs(make_context: Make, make_items: Make) -> Any:
    """Files of several sizes and both proportions, one of them grey."""
    root: Path = make_context(image=("image",)).data_root
    names = []
    for i, shape in enumerate([(40, 30, 3), (25, 61, 3), (33, 33), (300, 200, 3)]):
        coarse = Image.fromarray(noise(*(s if s == 3 else s // 5 for s in shape), seed=i))
        coarse.resize(shape[1::-1], Image.Resampling.BICUBIC).save(root / f"{i}.png")
        names.append(f"{i}.png")
    return make_items(image=names)


def made(make_context: Make, family: str, **data: Any) -> tuple[Any, Any, dict[str, Any]]:
    context = make_context(**(data or {"image": ("image",)}))
    model, wants = make(family, context.data_root / "models" / family)
    return vision(f"models/{family}", context=context), model, wants


def processor(wants: dict[str, Any]) -> Any:
    """transformers' own preparation, by Pillow: what ours is held against."""
    from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
    from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    kind = str(wants.get("image_processor_type") or wants.get("feature_extractor_type"))
    known = {"V": ViTImageProcessorPil, "B": BitImageProcessorPil, "C": ConvNextImageProcessorPil}
    return known[kind[0]].from_dict(dict(wants))


@pytest.mark.parametrize("family", FAMILIES)
def test_vectors_are_those_of_transformers_own_preparation_and_model(
    make_context: Make, photographs: Any, family: str
) -> None:
    encoder, model, wants = made(make_context, family)
    read = encoder.inputs(photographs)
    assert (read.shape, read.dtype) == ((4, *SHAPES[family], 3), np.uint8)
    root = make_context(image=("image",)).data_root
    files = photographs.table.column("image").to_pylist()
    pictures = [np.asarray(Image.open(root / name).convert("RGB")) for name in files]
    pixels = processor(wants)(pictures, return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        out = model(pixel_values=pixels)
    hidden = out.last_hidden_state
    expected = hidden[:, 0] if hidden.ndim == 3 else out.pooler_output.flatten(1)
    vectors = encoder.encode(photographs)
    assert vectors.shape == (4, 16)
    np.testing.assert_allclose(vectors, expected, atol=1e-3)
    assert np.ptp(vectors, axis=0).max() > 0.01, "all pictures look alike: nothing is tested"


@pytest.mark.parametrize("family", FAMILIES)
def test_its_network_gives_what_encode_gives_and_can_be_trained(
    make_context: Make, photographs: Any, family: str
) -> None:
    encoder, _, _ = made(make_context, family)
    network = encoder.network(0)
    batch = torch.from_numpy(encoder.inputs(photographs))
    with torch.inference_mode():
        np.testing.assert_allclose(network(batch), encoder.encode(photographs), atol=1e-5)
        maps = network.maps(batch)
    side = {"vit": 4, "dinov2": 4, "convnext": 1, "resnet": 1}[family]
    assert maps.shape == (4, 16, side, side)
    before = encoder.encode(photographs)
    network.train()(batch).square().sum().backward()
    untouched = [name for name, p in network.named_parameters() if p.grad is None]
    assert [n for n in untouched if not n.endswith("mask_token")] == []
    torch.optim.SGD(network.parameters(), 0.1).step()
    np.testing.assert_array_equal(encoder.encode(photographs), before)
    again = encoder.network(1)
    with torch.inference_mode():
        np.testing.assert_allclose(again(batch), before, atol=1e-5)


def test_pictures_of_an_item_are_encoded_each_by_itself(
    make_context: Make, make_items: Make
) -> None:
    left, right = noise(3, 20, 20, 3), noise(3, 30, 18, seed=1)
    both = make_items(left=picture_column(left), right=picture_column(right))
    encoder, _, _ = made(make_context, "vit", image=("left", "right"))
    assert encoder.inputs(both).shape == (3, 16, 16, 6)
    vectors = encoder.encode(both)
    for column, part in (("left", vectors[:, :16]), ("right", vectors[:, 16:])):
        alone, _, _ = made(make_context, "vit", image=(column,))
        np.testing.assert_allclose(alone.encode(both), part, atol=1e-5)


def test_a_picture_of_another_size_than_the_model_learned_on(
    make_context: Make, make_items: Make
) -> None:
    context = make_context(image=("image",))
    folder = context.data_root / "m"
    make("vit", folder)
    told = json.loads((folder / "preprocessor_config.json").read_text())
    told["size"] = {"height": 24, "width": 32}
    (folder / "preprocessor_config.json").write_text(json.dumps(told))
    encoder: Any = vision("m", context=context)
    items = make_items(image=picture_column(noise(2, 50, 50)))
    assert encoder.inputs(items).shape == (2, 24, 32, 3)
    assert encoder.encode(items).shape == (2, 16)
    assert encoder.network(0).maps(torch.from_numpy(encoder.inputs(items))).shape == (2, 16, 6, 8)


def test_vectors_are_kept_by_content_and_identity_follows_the_files(
    make_context: Make, make_items: Make
) -> None:
    context = make_context(image=("image",))
    encoder, _, _ = made(make_context, "convnext")
    items = make_items(image=picture_column(noise(5, 12, 12)))
    first = encode_cached(encoder, items, context.cache, context.progress)
    seen: list[str] = []
    again = encode_cached(encoder, items, context.cache, lambda what, *_: seen.append(what))
    np.testing.assert_array_equal(first, again)
    assert seen == []
    path = context.data_root / "models/convnext/preprocessor_config.json"
    path.write_text(path.read_text().replace("0.875", "0.9"))
    assert vision("models/convnext", context=context).identity != encoder.identity


def test_a_quoted_name_is_a_vision_model_where_items_are_pictures(
    make_context: Make, make_items: Make
) -> None:
    context = make_context(image=("image",))
    make("resnet", context.data_root / "m")
    items = make_items(image=picture_column(noise(2, 12, 12)))
    encoder = pretrained("m", context=context)
    np.testing.assert_array_equal(encoder.encode(items), vision("m", context=context).encode(items))


def test_no_item_gives_no_vectors(make_context: Make, make_items: Make) -> None:
    encoder, _, _ = made(make_context, "vit")
    assert encoder.encode(make_items(image=picture_column(noise(2, 9, 9))).take([])).shape == (
        0,
        16,
    )


def test_what_cannot_be_read_is_named(make_context: Make, make_items: Make) -> None:
    encoder, _, _ = made(make_context, "vit")
    with pytest.raises(DataError, match="item i0"):
        encoder.encode(make_items(image=["none.png"]))


def damage(folder: Path, what: str) -> None:
    config, wants = folder / "config.json", folder / "preprocessor_config.json"
    told: dict[str, Any] = json.loads(config.read_text())
    if what == "no preprocessor_config.json":
        wants.unlink()
    elif what == "is not understood":
        wants.write_text('{"size": {"height": 16}}')
    elif what == "out of range":
        wants.write_text(wants.read_text().replace("16", "160000"))
    elif what == "no safetensors":
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    elif what == "code of its own":
        config.write_text(json.dumps({**told, "auto_map": {"AutoModel": "evil.Model"}}))
    elif what == "readable config.json":
        config.write_text("{")
    elif what == "lacks weights":
        config.write_text(json.dumps({**told, "num_hidden_layers": 3}))
    elif what == "cannot be loaded":
        path = folder / "model.safetensors"
        path.write_bytes(path.read_bytes()[:200])
    elif what == "does not read pictures alone":
        import transformers

        small = transformers.BertConfig(
            vocab_size=9, hidden_size=4, num_hidden_layers=1, num_attention_heads=1,
            intermediate_size=4, max_position_embeddings=4,
        )  # fmt: skip
        transformers.BertModel(small).save_pretrained(folder, safe_serialization=True)


@pytest.mark.parametrize(
    "what",
    [
        "no preprocessor_config.json", "is not understood", "out of range", "no safetensors",
        "code of its own", "readable config.json", "lacks weights", "cannot be loaded",
        "does not read pictures alone",
    ],
)  # fmt: skip
def test_a_folder_that_is_no_vision_model_is_refused(
    make_context: Make, make_items: Make, what: str
) -> None:
    context = make_context(image=("image",))
    make("vit", context.data_root / "m")
    damage(context.data_root / "m", what)
    encoder = vision("m", context=context)
    with pytest.raises(PluginError, match=what):
        encoder.encode(make_items(image=picture_column(noise(1, 16, 16))))


def test_a_model_that_is_nowhere_is_said_to_be(make_context: Make) -> None:
    with pytest.raises(DataError):
        vision("../outside", context=make_context(image=("image",)))
    with pytest.raises(PluginError, match="text"):
        vision("m", context=make_context(text=("text",)))
