"""When to stop: a training is watched by a figure on items that it does not learn from (Prechelt 1998)."""

from __future__ import annotations

from collections.abc import Callable

import torch

from labelwright.loop.train.average import changing


class Watch:
    """Looks at `measure(module)`, smaller is better, before the first step and after every `every`.

    `stop` says whether nothing was better for `patience` looks. At the end `put` gives the module the
    weights of the best look. `values` are all figures, the first of them from before the training.
    """

    def __init__(
        self, measure: Callable[[torch.nn.Module], float], every: int, patience: int = 3
    ) -> None:
        if every < 1 or patience < 1:
            raise ValueError(f"a watch looks every {every} steps and waits {patience} looks")
        self.measure, self.every, self.patience = measure, every, patience
        self.values: list[float] = []
        self.weights: dict[str, torch.Tensor] = {}

    @property
    def best(self) -> int:
        """The look of the smallest figure, the first of several."""
        return min(range(len(self.values)), key=self.values.__getitem__)

    def begin(self, module: torch.nn.Module) -> None:
        """Before the first step; nothing where the training goes on from a checkpoint."""
        if not self.values:
            self._look(module)

    def stop(self, module: torch.nn.Module, step: int) -> bool:
        """After a step (from 0): whether to go no further."""
        if (step + 1) % self.every:
            return False
        self._look(module)
        return len(self.values) - 1 - self.best >= self.patience

    @torch.no_grad()
    def put(self, module: torch.nn.Module) -> None:
        """Give the module the weights of the best look."""
        for name, value in changing(module):
            value.copy_(self.weights[name])

    def _look(self, module: torch.nn.Module) -> None:
        training = module.training
        with torch.random.fork_rng(devices=_cuda(module)), torch.no_grad():
            self.values.append(float(self.measure(module)))
        module.train(training)
        if self.best == len(self.values) - 1:
            self.weights = {name: value.detach().clone() for name, value in changing(module)}


def _cuda(module: torch.nn.Module) -> list[torch.device]:
    devices = {p.device for p in module.parameters()}
    return [device for device in devices if device.type == "cuda"]
