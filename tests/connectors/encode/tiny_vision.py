"""Tiny vision models of each family, with weights drawn by a seed, in folders as the hub has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers

MEAN, STD = [0.4, 0.5, 0.6], [0.2, 0.3, 0.4]


def _vit() -> tuple[Any, dict[str, Any]]:
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        image_size=16, patch_size=4,
    )  # fmt: skip
    wants = {
        "image_processor_type": "ViTImageProcessor",
        "size": {"height": 16, "width": 16},
        "resample": 2,
    }
    return transformers.ViTModel(config), wants


def _dinov2() -> tuple[Any, dict[str, Any]]:
    config = transformers.Dinov2Config(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, mlp_ratio=2, image_size=28,
        patch_size=4,
    )  # fmt: skip
    wants = {
        "image_processor_type": "BitImageProcessor",
        "size": {"shortest_edge": 20},
        "do_center_crop": True,
        "crop_size": {"height": 16, "width": 16},
        "resample": 3,
    }
    return transformers.Dinov2Model(config), wants


def _convnext() -> tuple[Any, dict[str, Any]]:
    config = transformers.ConvNextConfig(hidden_sizes=[8, 8, 12, 16], depths=[1, 1, 1, 1])
    wants = {
        "image_processor_type": "ConvNextImageProcessor",
        "size": {"shortest_edge": 32},
        "crop_pct": 0.875,
        "resample": 3,
    }
    return transformers.ConvNextModel(config), wants


def _resnet() -> tuple[Any, dict[str, Any]]:
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 12, 16, 16], depths=[1, 1, 1, 1], layer_type="basic"
    )
    wants = {
        "feature_extractor_type": "ConvNextFeatureExtractor",
        "size": 32,
        "crop_pct": 0.875,
        "resample": 3,
    }
    return transformers.ResNetModel(config), wants


FAMILIES = {"vit": _vit, "dinov2": _dinov2, "convnext": _convnext, "resnet": _resnet}


def make(family: str, folder: Path) -> Any:
    """Write a tiny model of the family into the folder; gives the model and what it wants."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model, wants = FAMILIES[family]()
        for parameter in model.parameters():
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=0.2)
    wants |= {
        "do_resize": True, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
        "image_mean": MEAN, "image_std": STD,
    }  # fmt: skip
    model.save_pretrained(folder, safe_serialization=True)
    (folder / "preprocessor_config.json").write_text(json.dumps(wants))
    return model.eval(), wants
