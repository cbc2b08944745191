"""What a strategy must return, checked after every call: nothing broken is passed on or mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.ports import QueryLearner

_REMEDY = "this is a fault of the strategy; choose another one, or tell its author"


def of_several(learner: QueryLearner) -> bool:
    """Whether items may have several classes: then `y_training` has a column a class."""
    import numpy as np

    return np.ndim(learner.y_training) == 2


def checked(chosen: Any, n_pool: int, n_instances: int) -> Chosen:
    """`chosen` as a Chosen of between 1 and `n_instances` different positions below `n_pool`.

    Takes what strategies written for modAL return as well: an array of indices (utility 0), or the
    pair (indices, metric), a tuple or a list of two arrays. An array of two indices is two items.
    Raises StrategyError on a duplicate, an index out of range, too many or no items, a
    utility that is not a finite number, or a probability outside 0 < p <= 1.
    """
    import numpy as np

    if not isinstance(chosen, Chosen):
        chosen = _from_modal(chosen)
    indices = _indices(chosen.indices)
    n = len(indices)
    utilities = _numbers(chosen.utilities, n, "utilities")
    probabilities = _numbers(chosen.probabilities, n, "probabilities")
    if n_pool and n_instances and n == 0:
        raise _broken("chose nothing")
    if n > n_instances:
        raise _broken(f"chose {n} items where {n_instances} were asked for")
    outside = indices[(indices < 0) | (indices >= n_pool)]
    if len(outside):
        raise _broken(f"chose position {outside[0]} in a pool of {n_pool}")
    values, counts = np.unique(indices, return_counts=True)
    if n and counts.max() > 1:
        raise _broken(f"chose position {values[counts.argmax()]} more than once")
    if not ((probabilities > 0) & (probabilities <= 1)).all():
        raise _broken("gave a selection probability outside 0 < p <= 1")
    if len(chosen.reasons) != n:
        raise _broken(f"gave {len(chosen.reasons)} reasons for {n} items")
    return Chosen(indices, utilities, probabilities, tuple(chosen.reasons), tuple(chosen.notes))


def nothing() -> Chosen:
    """No item: of an empty pool, or where none is asked for."""
    import numpy as np

    return Chosen(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), ())


def top(utilities: np.ndarray, n_instances: int) -> np.ndarray:
    """Positions of the greatest utilities, best first; of equal ones the lower comes first.

    Raises StrategyError where a utility is not a finite number: sorting would hide it.
    """
    import numpy as np

    if not np.isfinite(utilities).all():
        row = int(np.flatnonzero(~np.isfinite(utilities))[0])
        raise _broken(f"gave item {row} the utility {utilities[row]}")
    return np.argsort(-utilities, kind="stable")[:n_instances]


def _from_modal(returned: Any) -> Chosen:
    import numpy as np

    metric: Any = None
    if isinstance(returned, tuple | list) and len(returned) == 2 and np.ndim(returned[0]) > 0:
        returned, metric = returned
    indices = _indices(returned)
    n = len(indices)
    utilities = np.zeros(n) if metric is None else _numbers(metric, n, "utilities")
    reasons = ("",) * n if metric is None else tuple(f"utility {value:.3g}" for value in utilities)
    return Chosen(indices, utilities, np.ones(n), reasons)


def _indices(values: Any) -> np.ndarray:
    import numpy as np

    array = np.atleast_1d(np.asarray(values))
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise _broken(f"returned {array.dtype} of shape {array.shape}, not a row of indices")
    return array.astype(np.int64)


def _numbers(values: Any, n: int, what: str) -> np.ndarray:
    import numpy as np

    array = np.asarray(values, dtype=np.float64).reshape(-1)
    if len(array) != n:
        raise _broken(f"gave {len(array)} {what} for {n} items")
    if not np.isfinite(array).all():
        raise _broken(f"gave {what} that are not finite numbers")
    return array


def _broken(what: str) -> StrategyError:
    return StrategyError(f"the query strategy {what}", _REMEDY)
