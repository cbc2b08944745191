"""Running a network over many inputs, without training it: long ones together, and in the order given."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from labelwright.loop.ports import Progress, no_progress

_BATCH = 64
_AT_A_TIME = 4096  # inputs whose lengths are looked at together


def outputs(
    module: torch.nn.Module,
    X: np.ndarray,
    *,
    lengths: np.ndarray | None = None,
    device: torch.device | None = None,
    progress: Progress = no_progress,
    what: str = "predicting",
) -> np.ndarray:
    """(n, ...) float32: what the module, in evaluation mode, makes of X (n, ...), without gradients."""
    from labelwright.loop.train.training import best_device

    module.to(device or best_device()).eval()
    where = next(module.parameters()).device
    order = np.arange(len(X)) if lengths is None else np.argsort(-lengths, kind="stable")
    made: np.ndarray | None = None
    with torch.inference_mode():
        for start in range(0, len(X), _BATCH):
            progress(what, start, len(X))
            rows = order[start : start + _BATCH]
            batch = torch.from_numpy(np.ascontiguousarray(X[rows])).to(where)
            found = module(batch).float().cpu().numpy()
            made = np.empty((len(X), *found.shape[1:]), dtype=np.float32) if made is None else made
            made[rows] = found
    progress(what, len(X), len(X))
    return np.empty((0, 0), dtype=np.float32) if made is None else made


def lengths_of(network: Any, X: np.ndarray) -> np.ndarray | None:
    """(n,) how long the network finds each input; None where all are of one length to it."""
    if not hasattr(network, "lengths"):
        return None
    parts = [X[start : start + _AT_A_TIME] for start in range(0, len(X), _AT_A_TIME)]
    found = [network.lengths(torch.from_numpy(np.ascontiguousarray(part))) for part in parts]
    return torch.cat(found).numpy() if found else np.zeros(0, dtype=np.int64)
