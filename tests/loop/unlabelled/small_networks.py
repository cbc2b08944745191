"""A task and an encoder with a small network, for tests of learning from unlabelled items."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.task import Task
from labelwright.loop.learn.scratch import scratch
from labelwright.loop.plugins import Installed
from labelwright.loop.ports import Context, Pseudo

_TASK = """task small
class a
class b
data {{
  source  = csv("x.csv")
  columns = [x, y]
}}
pseudo_labels {{
  method = {}
}}
train {{
  finetune = scratch
  {}
}}
"""


def task_of(method: str, augment: str = "", more: str = "") -> Task:
    """A task with this method, augmentation and further lines in `train`."""
    lines = [f"augment = {augment}" if augment else "", more]
    text = _TASK.format(method, "\n  ".join(line for line in lines if line))
    found = read(SourceText("small", text), Installed())
    assert found.task is not None, [d.message for d in found.diagnostics]
    return found.task


class Net(torch.nn.Module):
    """Two layers."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(columns, 16), torch.nn.ReLU(), torch.nn.Linear(16, 8), torch.nn.ReLU()
        )
        self.dim = 8

    def forward(self, batch: torch.Tensor) -> Any:
        return self.layers(batch.float())


@dataclass
class Numbers:
    """An encoder of tables, as far as a learner sees one."""

    columns: int
    identity: str = "small numbers"

    @property
    def deviations(self) -> tuple[float, ...]:
        return (1.0,) * self.columns

    def network(self, seed: int) -> torch.nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return Net(self.columns)


def learner(method: str, cache: Path, columns: int = 2, augment: str = "", more: str = "") -> Any:
    """The learner `scratch` on a small network."""
    context = Context(task_of(method, augment, more), Path(), cache)
    return scratch(encoder=Numbers(columns), context=context, random_state=0)


def made(
    method: str, cache: Path, X: np.ndarray, y: np.ndarray, U: np.ndarray, **more: str
) -> Pseudo:
    """What the method makes of labels and unlabelled items, with a small network."""
    own = learner(method, cache, X.shape[1], **more)
    settings = own.context.task.pseudo_labels
    found: Pseudo = Installed().invoke(
        "pseudo", settings.method, learner=own, X_labelled=X, targets=np.eye(2)[y],
        X_unlabelled=U, settings=settings, class_ids=("a", "b"), random_state=0, context=own.context,
    )  # fmt: skip
    return found


def moons(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two half circles that a line cannot part, and which is which."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    angle = rng.uniform(0, np.pi, size=n)
    X = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    X[y == 1] = np.array([1.0, 0.4]) - X[y == 1]
    return X + 0.08 * rng.normal(size=X.shape), y
