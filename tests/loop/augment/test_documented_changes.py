"""The augmentations that docs/augmentation.md shows, as they stand there; and its table of all of them."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from labelwright.loop.augment.tokens import Tokens
from labelwright.loop.plugins import Installed

PAGE = (Path(__file__).parents[3] / "docs" / "augmentation.md").read_text(encoding="utf-8")


def _shown(name: str, folder: Path) -> Any:
    (block,) = [
        b for b in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if f"def {name}(" in b
    ]
    path = folder / f"shown_{name}.py"
    path.write_text(block, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def test_invert(tmp_path: Path) -> None:
    x = torch.rand(40, 3, 4, 4)
    made = _shown("invert", tmp_path)(0.5).change(x, torch.Generator().manual_seed(0))
    turned = [torch.equal(a, 1 - b) for a, b in zip(made, x, strict=True)]
    kept = [torch.equal(a, b) for a, b in zip(made, x, strict=True)]
    assert all(t or k for t, k in zip(turned, kept, strict=True))
    assert 5 < sum(turned) < 35


def test_there_and_back(tmp_path: Path) -> None:
    words = ["[PAD]", "a", "good", "film", "movie"]

    class Encoder:
        tokens = Tokens(
            0,
            None,
            np.array([True, False, False, False, False]),
            np.ones(5, dtype=bool),
            lambda rows: [" ".join(words[i] for i in row if i) for row in rows],
            lambda texts: np.array([[words.index(w) for w in t.split()] for t in texts]),
        )

    made = _shown("there_and_back", tmp_path)(encoder=Encoder())
    ids = torch.tensor([[1, 2, 3], [1, 2, 2]])
    assert made.change(ids, torch.Generator()).tolist() == [[1, 2, 4], [1, 2, 2]]


def test_the_table_names_all_of_them_with_their_defaults() -> None:
    written = dict(re.findall(r"\| `(\w+)\(([^)]* = [^)]*)\)` \|", PAGE))
    plugins = Installed()
    ours = [name for name in plugins.names("augment") if plugins.own("augment", name)]
    assert sorted(written) == sorted(ours)
    for name, arguments in written.items():
        signature = plugins.find("augment", name)
        assert signature is not None
        told = dict(part.split(" = ") for part in arguments.split(", "))
        assert list(told) == [p.name for p in signature.parameters]
        for parameter in signature.parameters:
            said = told[parameter.name]
            value = float(said.rstrip("%")) / (100 if said.endswith("%") else 1)
            assert value == pytest.approx(parameter.default)
