"""What else speaks against labels that people gave: worked into what models say, before it is weighed.

So a label that a strong rule contradicts, or that a copy of the item does not have, goes back to somebody
else sooner, by the same door as all second opinions (`loop/second_opinions.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.audit.contradictions import against, updated
from labelwright.loop.audit.copies import conflicts
from labelwright.loop.audit.queue import among

if TYPE_CHECKING:
    import pyarrow as pa

    from labelwright.dsl.task import Task


def doubted(
    task: Task, table: pa.Table, contents: np.ndarray, given: np.ndarray, probs: np.ndarray
) -> np.ndarray:
    """(n, n_classes) probabilities of n labelled items with rules and copies worked in.

    table: what the rules read; contents: (n, 16) uint8 hashes; given: (n,) class indices of the labels.
    """
    found = updated(probs, against(task, table, given)) if task.rules else probs.copy()
    same = np.unique(contents, axis=0, return_inverse=True)[1].reshape(-1)
    for rows in conflicts(same, given):
        logs = np.log(np.maximum(found[rows], 1e-12))
        found[rows] = among(np.exp(logs.mean(axis=0)), given[rows])
    return found
