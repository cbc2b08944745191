"""A training's state on disk while it lasts: one safetensors file, replaced at once.

`key` names all that decides the training; a file of another training, or one that is damaged, is not used.
What is random in a step follows from its number, so that no generator has to be kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

_RECIPE = 1


@dataclass
class Checkpoint:
    """`path` is written when `every` seconds have passed since it was last, and taken away at the end."""

    path: Path
    key: str
    every: float = 30.0
    _last: float = field(default_factory=time.monotonic, init=False)

    @classmethod
    def under(cls, folder: Path, *parts: object, every: float = 30.0) -> Checkpoint:
        """One in a folder of caches, its name and key made of all that decides the training.

        parts: arrays, and anything whose `repr` says what it is.
        """
        whole = hashlib.blake2b(digest_size=16)
        whole.update(f"{_RECIPE} {torch.__version__}".encode())
        for part in parts:
            if isinstance(part, np.ndarray):
                whole.update(f"\0{part.dtype} {part.shape}\0".encode())
                whole.update(np.ascontiguousarray(part).data)
            else:
                whole.update(b"\0" + repr(part).encode())
        key = whole.hexdigest()
        return cls(folder / "training" / f"{key}.safetensors", key, every)

    @property
    def due(self) -> bool:
        """Whether it is time to write."""
        return time.monotonic() - self._last >= self.every

    def read(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
        """Arrays and facts of the last write; None where there is none to go on from."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, framework="pt") as file:
                facts = json.loads((file.metadata() or {}).get("facts", "{}"))
                if facts.get("key") != self.key:
                    return None
                return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118
        except (OSError, SafetensorError, ValueError):
            return None  # damaged or gone: the training begins again and comes to the same end

    def write(self, arrays: dict[str, torch.Tensor], facts: dict[str, Any]) -> None:
        """Replace the file."""
        from safetensors.torch import save_file

        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(f".{os.getpid()}")
        whole = {name: array.detach().cpu().contiguous() for name, array in arrays.items()}
        save_file(whole, temporary, {"facts": json.dumps({**facts, "key": self.key})})
        os.replace(temporary, self.path)
        self._last = time.monotonic()

    def done(self) -> None:
        """Take the file away."""
        self.path.unlink(missing_ok=True)
