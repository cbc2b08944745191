"""Augmentations as they reach a network: bytes in, bytes out; what does not fit is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from labelwright.dsl.task import Argument, Call
from labelwright.loop.augment.change import Augmentation, kind_of
from labelwright.loop.augment.views import STRONG, WEAK, View, strong_calls, view, weak_calls
from labelwright.loop.errors import PluginError
from labelwright.loop.plugins import Installed
from labelwright.loop.ports import Context
from tests.loop.unlabelled.small_networks import task_of

PICTURES = np.random.default_rng(0).integers(0, 256, size=(6, 9, 8, 1), dtype=np.uint8)


def _context(augment: str = "") -> Context:
    return Context(task_of("threshold", augment), Path(), Path())


def _rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _view(*names: str) -> View:
    return view([Call(name=n) for n in names], PICTURES, None, _context())


def test_pictures_come_and_go_as_bytes() -> None:
    batch = torch.from_numpy(PICTURES)
    for made in (
        _view("crop", "flip")(batch, _rng()),
        _view("randaugment", "cutout")(batch, _rng()),
    ):
        assert (made.shape, made.dtype) == (batch.shape, batch.dtype)
        assert not torch.equal(made, batch)
    assert torch.equal(_view()(batch, _rng()), batch)
    still = view([Call(name="flip", args=(Argument(value=0),))], PICTURES, None, _context())
    assert torch.equal(still(batch, _rng()), batch)  # no byte is changed on the way


def test_they_follow_one_another_in_order() -> None:
    told: list[str] = []

    def noting(name: str) -> Augmentation:
        return Augmentation(name, "numbers", lambda x, rng: (told.append(name), x)[1])

    View("numbers", (), (noting("first"), noting("second")))(torch.zeros(2, 2), _rng())
    assert told == ["first", "second"]


def test_what_is_done_where_nothing_is_named() -> None:
    plain, named = _context(), _context("[crop, flip]")
    assert weak_calls(plain, PICTURES) == WEAK["pictures"]
    assert [c.name for c in weak_calls(named, PICTURES)] == ["crop", "flip"]
    assert strong_calls(named, PICTURES) == (*weak_calls(named, PICTURES), *STRONG["pictures"])
    other = [Call(name="color_jitter")]
    assert [c.name for c in strong_calls(plain, PICTURES, other)] == ["crop", "color_jitter"]
    for kind, calls in [*WEAK.items(), *STRONG.items()]:
        for call in calls:  # each is installed, and of that kind
            assert Installed().find("augment", call.name) is not None, kind


def test_another_kind_of_input_is_refused() -> None:
    numbers = np.zeros((3, 2))
    with pytest.raises(PluginError, match="flip changes pictures, but the encoder reads tables"):
        view([Call(name="flip")], numbers, None, _context())
    with pytest.raises(PluginError, match="the encoder reads none"):
        view([Call(name="word_drop")], PICTURES, None, _context())
    with pytest.raises(PluginError, match="no augmentation knows inputs"):
        kind_of(np.zeros((2, 3, 4)))


class _Tokens(torch.nn.Module):
    """A network that shows its token embedding as transformers' models do."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(9, 5)
        self.backbone = self

    def get_input_embeddings(self) -> torch.nn.Module:
        return self.table

    def forward(self, ids: torch.Tensor) -> Any:
        return self.table(ids.long()).mean(dim=1)


def test_noise_on_embeddings_lasts_for_one_pass() -> None:
    ids = torch.from_numpy(np.arange(12, dtype=np.int32).reshape(3, 4) % 9)
    network = _Tokens()
    noise = view([Call(name="embedding_noise")], ids.numpy(), None, _context())
    plain = network(ids)
    noisy = noise.through(network, ids, _rng())
    assert 0 < float((noisy - plain).detach().abs().max()) < 1
    assert torch.equal(noisy, noise.through(network, ids, _rng()))
    assert torch.equal(network(ids), plain)
    with pytest.raises(PluginError, match="this network shows none"):
        noise.through(torch.nn.Linear(4, 2), ids.float(), _rng())
