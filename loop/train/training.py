"""The loop: a network is trained step by step, on a CPU or a GPU by the same code.

The same arguments give the same weights, bit by bit, whether or not the training was interrupted: rows,
dropout and whatever else is random in a step follow from the seed and the step's number.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from labelwright.loop.errors import DataError
from labelwright.loop.ports import Progress, no_progress
from labelwright.loop.seeds import derive_seed
from labelwright.loop.train.average import Average, changing
from labelwright.loop.train.batches import Batches
from labelwright.loop.train.checkpoint import Checkpoint
from labelwright.loop.train.objective import Extra, Objective, device_of
from labelwright.loop.train.settings import Settings
from labelwright.loop.train.watch import Watch


@dataclass(frozen=True)
class Trained:
    """How a training went: the loss of every step, and the step it went on from (0: the first)."""

    losses: tuple[float, ...]
    resumed: int = 0


def train(
    module: torch.nn.Module,
    batches: Batches,
    objective: Objective,
    settings: Settings,
    *,
    checkpoint: Checkpoint | None = None,
    progress: Progress = no_progress,
    what: str = "training the network",
    extra: Extra | None = None,
    average: Average | None = None,
    watch: Watch | None = None,
    device: torch.device | None = None,
) -> Trained:
    """Train the parameters of `module` that require gradients, in place; it is left in evaluation mode.

    extra: one more loss a step, of what has no label; it may draw torch's random numbers, and any others from
    the step. average: is told of every step. watch: may stop the training, and then decides which weights
    are kept. Raises DataError where the loss is no number any more.
    """
    device = device or best_device()
    module.to(device).train()
    optimiser = _optimiser(module, settings)
    losses = _resume(module, optimiser, average, watch, extra, checkpoint)
    resumed = len(losses)
    with _random(device), _precise(device):
        if watch is not None:
            watch.begin(module)
        for step in range(resumed, settings.steps):
            progress(what, step, settings.steps)
            torch.manual_seed(derive_seed(settings.seed, "step", step))
            for group in optimiser.param_groups:
                group["lr"] = group["most"] * settings.share(step)
            with _mixed(device):
                loss = objective(module, batches.rows(step), step)
                if extra is not None:
                    loss = loss + extra(module, step)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            _clip(module, settings, step)
            optimiser.step()
            if average is not None:
                average.update(module)
            losses.append(float(loss.detach()))
            if watch is not None and watch.stop(module, step):
                break
            if checkpoint is not None and checkpoint.due and step + 1 < settings.steps:
                checkpoint.write(*_snapshot(module, optimiser, average, watch, extra, losses))
    if watch is not None:
        watch.put(module)
    progress(what, settings.steps, settings.steps)
    if checkpoint is not None:
        checkpoint.done()
    module.eval()
    return Trained(tuple(losses), resumed)


def best_device() -> torch.device:
    """The GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _optimiser(module: torch.nn.Module, settings: Settings) -> torch.optim.AdamW:
    """A group for each rate, with and without decay; `most` is its largest rate."""
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, p in module.named_parameters():
        if p.requires_grad:
            key = settings.rate_of(name), settings.decay if p.ndim > 1 else 0.0
            groups.setdefault(key, []).append(p)
    return torch.optim.AdamW(
        [
            {"params": some, "lr": rate, "most": rate, "weight_decay": decay}
            for (rate, decay), some in groups.items()
        ]
    )


def _clip(module: torch.nn.Module, settings: Settings, step: int) -> None:
    norm = torch.nn.utils.clip_grad_norm_(
        [p for p in module.parameters() if p.grad is not None], settings.clip
    )
    if not torch.isfinite(norm):
        raise DataError(
            f"the training broke down at step {step + 1}: its loss is no number any more",
            "look for inputs that are not finite, or train with a smaller rate",
        )


# --- what goes on after an interruption --------------------------------------------------------


def _snapshot(
    module: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    average: Average | None,
    watch: Watch | None,
    extra: Extra | None,
    losses: list[float],
) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    arrays = {f"module.{name}": value for name, value in changing(module)}
    for name, p in module.named_parameters():
        for key, value in optimiser.state.get(p, {}).items():
            arrays[f"optimiser.{name}.{key}"] = value
    if average is not None:
        arrays |= {f"average.{name}": value for name, value in average.weights.items()}
    if watch is not None:
        arrays |= {f"watch.{name}": value for name, value in watch.weights.items()}
    if extra is not None and hasattr(extra, "arrays"):
        arrays |= {f"extra.{name}": value for name, value in extra.arrays().items()}
    facts = {
        "losses": losses,
        "average": None if average is None else average.steps,
        "watch": None if watch is None else watch.values,
    }
    return arrays, facts


def _resume(
    module: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    average: Average | None,
    watch: Watch | None,
    extra: Extra | None,
    checkpoint: Checkpoint | None,
) -> list[float]:
    """Put back what the last checkpoint kept; the losses of the steps done."""
    kept = checkpoint.read() if checkpoint is not None else None
    if kept is None:
        return []
    arrays, facts = kept
    with torch.no_grad():
        for name, value in changing(module):
            value.copy_(arrays[f"module.{name}"])
    for name, p in module.named_parameters():
        start = f"optimiser.{name}."
        state = {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}
        if state:
            optimiser.state[p] = {k: v if k == "step" else v.to(p.device) for k, v in state.items()}
    if average is not None:
        average.steps = int(facts["average"])
        average.weights = {n: arrays[f"average.{n}"] for n in average.weights}
    if watch is not None:
        watch.values = [float(value) for value in facts["watch"]]
        watch.weights = {n: arrays[f"watch.{n}"].to(device_of(module)) for n, _ in changing(module)}
    if extra is not None and hasattr(extra, "put"):
        kept_by = {k.removeprefix("extra."): v for k, v in arrays.items() if k.startswith("extra.")}
        extra.put(kept_by)
    return [float(loss) for loss in facts["losses"]]


# --- the machine -------------------------------------------------------------------------------


@contextmanager
def _random(device: torch.device) -> Iterator[None]:
    """torch's generators, given back as they were."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield


@contextmanager
def _precise(device: torch.device) -> Iterator[None]:
    """On a GPU: algorithms that give the same result twice."""
    with ExitStack() as stack:
        if device.type == "cuda":
            stack.enter_context(torch.backends.cudnn.flags(benchmark=False, deterministic=True))
        yield


def _mixed(device: torch.device) -> torch.autocast:
    """bfloat16 where a GPU has it, for what it is enough for."""
    enabled = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)
