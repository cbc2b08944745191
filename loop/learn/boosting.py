"""Gradient boosting of trees on a table's own columns: what usually learns tables best from many labels.

Histogram-based (Ke et al. 2017, "LightGBM"), by scikit-learn: missing values and categories are
known as such, numbers need no scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import PluginError
from labelwright.loop.learn.suiting import needs

if TYPE_CHECKING:
    from labelwright.loop.ports import Learner

_MOST_TREES = 5_000
_LEAVES_AT_MOST = 16
_FEWEST_IN_A_LEAF, _MOST_IN_A_LEAF = 2, 20


@needs("table")
def boosting(
    trees: int = 200, learning_rate: float = 0.05, *, encoder: Any, random_state: int
) -> Learner:
    """Gradient-boosted trees on the columns of a table, calibrated; needs `encoder = table`."""
    from labelwright.loop.learn.refitted import Refitting

    if not 1 <= trees <= _MOST_TREES:
        raise PluginError(f"boosting: trees = {trees} makes no sense", f"write 1 to {_MOST_TREES}")
    if not 0 < learning_rate <= 1:
        raise PluginError(
            f"boosting: learning_rate = {learning_rate:g} makes no sense", "write above 0, up to 1"
        )
    categorical = getattr(encoder, "categorical", None)
    if categorical is None:
        raise PluginError(
            "finetune = boosting reads the columns of a table, and the encoder is none of a table",
            "write `encoder = table`, or `finetune = head`",
        )
    settings = {
        "trees": trees,
        "learning_rate": learning_rate,
        "categorical": [bool(c) for c in categorical],
    }
    return Refitting("boosting", _make, settings, random_state, "inputs")


def _make(n: int, settings: Mapping[str, Any], seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    categorical = settings["categorical"]
    return HistGradientBoostingClassifier(
        learning_rate=settings["learning_rate"],
        max_iter=settings["trees"],
        max_leaf_nodes=_LEAVES_AT_MOST,
        min_samples_leaf=smallest_leaf(n),
        l2_regularization=1.0,
        max_features=0.5,
        categorical_features=categorical if any(categorical) else None,
        early_stopping=False,
        random_state=seed,
    )


def smallest_leaf(n: int) -> int:
    """Items that a leaf must hold, of n: a twentieth, 2 to 20. scikit-learn's 20 learn nothing from 39."""
    return min(max(n // 20, _FEWEST_IN_A_LEAF), _MOST_IN_A_LEAF)
