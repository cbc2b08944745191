"""Estimators of scikit-learn by name, on the encoder's vectors: a fixed list, so that no file names code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    from labelwright.loop.ports import Learner

_FOREST: dict[str, type] = {"n_estimators": int, "max_depth": int, "min_samples_leaf": int}
_ALLOWED: dict[str, dict[str, type]] = {
    "logistic_regression": {"C": float},
    "random_forest": _FOREST,
    "extra_trees": _FOREST,
    "svm": {"C": float, "gamma": float},
    "k_nearest": {"n_neighbors": int},
}
"""Estimator -> the settings of its own that may be given."""


def sklearn(name: str, *, random_state: int, **settings: float) -> Learner:
    """scikit-learn's logistic_regression, random_forest, extra_trees, svm or k_nearest, calibrated."""
    from labelwright.loop.learn.refitted import Refitting

    if name not in _ALLOWED:
        hint = "write `finetune = boosting`; or " if name == "boosting" else ""
        raise PluginError(
            f"sklearn: there is no estimator {name}", f"{hint}choose one of {', '.join(_ALLOWED)}"
        )
    for key, value in settings.items():
        kind = _ALLOWED[name].get(key)
        if kind is None:
            raise PluginError(
                f"sklearn: {name} takes no {key} here", f"it takes {', '.join(_ALLOWED[name])}"
            )
        if isinstance(value, bool) or not isinstance(value, (int, kind)) or value <= 0:
            raise PluginError(
                f"sklearn: {key} = {value!r} makes no sense",
                f"write a {'whole ' if kind is int else ''}number above 0",
            )
    return Refitting(f"sklearn {name}", _maker(name), settings, random_state, "vectors")


def _maker(name: str) -> Any:
    def make(n: int, settings: Mapping[str, Any], seed: int) -> Any:
        from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.svm import SVC

        if name == "k_nearest":
            given: dict[str, Any] = {"n_neighbors": 5, "weights": "distance"} | dict(settings)
            return KNeighborsClassifier(**given | {"n_neighbors": min(given["n_neighbors"], n)})
        if name == "svm":
            return SVC(**settings)
        if name == "logistic_regression":
            return LogisticRegression(**{"C": 10.0, "max_iter": 1000, **settings})
        forest = RandomForestClassifier if name == "random_forest" else ExtraTreesClassifier
        return forest(**{"n_estimators": 300, **settings}, random_state=seed)

    return make
