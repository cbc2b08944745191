"""Whether a refit on cleaned labels helps: labels turned on purpose, in four ways, in 3,000 items a set.

AUROC of the audit's pool before the refit, after it, and of the geometric mean of both, as the queue has it.
One deal of the folds, the same for all three. Ways: `sym5`, `sym20`, any other class with a chance of 5% or
20%; `pair25`, the next class with 25% (of two classes, only one is turned); `item20`, the 20% that a weak
model (logistic regression on 300 right labels, or 6 a class) doubts most, its next best class.

The mean was chosen on ag_news, sst2, sms_spam and fashion_mnist; korean_3i4k was looked at afterwards.
What a set's class and vectors are, is told in `load`.

    LABELWRIGHT_DATA=… python bench/label_refit.py [--sets ag_news …]
"""

from __future__ import annotations

import argparse

import numpy as np
import sets

from labelwright.loop.audit.views import View

ITEMS, SEED = 3_000, 3
WAYS = ("sym5", "sym20", "pair25", "item20")
SETS = ("ag_news", "sst2", "sms_spam", "fashion_mnist", "korean_3i4k")


def load(name: str) -> tuple[list[View], np.ndarray, np.ndarray]:
    """What looks at the items, (n,) their true classes, (n, dim) vectors that turn labels.

    ag_news: ready MiniLM vectors and n-grams. fashion_mnist: 80 principal components. Others: n-grams,
    60 components of TF-IDF for the turning.
    """
    from sklearn.decomposition import PCA, TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    from labelwright.loop.audit.views import Linear, Neighbours, Words

    rng = np.random.default_rng(7)
    folder = sets.data_folder()
    if name == "fashion_mnist":
        with np.load(folder / name / f"{name}.npz") as file:
            X, y = file["train_images"], file["train_labels"]
        rows = rng.permutation(len(X))[:ITEMS]
        X = PCA(80, random_state=0).fit_transform(X[rows].reshape(ITEMS, -1) / 255.0)
        X = X.astype(np.float32)
        return [Linear(X), Neighbours(X)], np.unique(y[rows], return_inverse=True)[1], X
    table = sets._table(name)
    rows = np.arange(len(table))
    if name == "ag_news":
        rows = np.flatnonzero(table["human_noisy_label"].isna().to_numpy())
    rows = rng.permutation(rows)[:ITEMS]
    y = np.unique(table["label"].to_numpy(str)[rows], return_inverse=True)[1]
    texts = table["text"].to_numpy()[rows].tolist()
    words: list[View] = [Words(texts), Words(texts, characters=True)]
    if name == "ag_news":
        with np.load(folder.parent / "embeddings" / "ag_news.npz") as ready:
            X = ready["embedding"][rows].astype(np.float32)
        return [Linear(X), Neighbours(X), *words], y, X
    told = TfidfVectorizer(min_df=2).fit_transform(texts)
    return words, y, TruncatedSVD(60, random_state=0).fit_transform(told).astype(np.float32)


def turned(way: str, truth: np.ndarray, X: np.ndarray) -> np.ndarray:
    """The labels (n,), some of them another one."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(SEED)
    given, n, classes = truth.copy(), len(truth), int(truth.max()) + 1
    if way in ("sym5", "sym20"):
        wrong = rng.random(n) < int(way[3:]) / 100
        given[wrong] = (given[wrong] + rng.integers(1, classes, wrong.sum())) % classes
    elif way == "pair25":
        wrong = (rng.random(n) < 0.25) & ((truth % 2 == 0) | (classes > 2))
        given[wrong] = (given[wrong] + 1) % classes
    else:
        few = rng.permutation(n)[: max(300, 6 * classes)]
        weak = LogisticRegression(C=1, max_iter=300).fit(X[few], truth[few])
        probs = np.zeros((n, classes))
        probs[:, weak.classes_] = weak.predict_proba(X)
        own = probs[np.arange(n), truth]
        probs[np.arange(n), truth] = -1
        doubt = probs.max(axis=1) / (own + 1e-9) + rng.gumbel(0, 0.3, n)
        wrong = np.argsort(-doubt)[: n // 5]
        given[wrong] = probs.argmax(axis=1)[wrong]
    return given


def main() -> None:
    """Print the table."""
    from sklearn.metrics import roc_auc_score

    from labelwright.loop.audit.pooling import pooled
    from labelwright.loop.audit.views import deal

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    print(f"{'':24}{'wrong':>7}{'before':>8}{'after':>8}{'mean':>8}")
    for name in parser.parse_args().sets:
        looking, truth, X = load(name)
        at = np.arange(len(truth))
        for way in WAYS:
            given = turned(way, truth, X)
            for view in looking:
                view._chosen.clear()  # type: ignore[attr-defined]
            found = pooled(looking, given, deal(given, at, 0), int(truth.max()) + 1)
            told = (found.first, found.refit, found.probs)
            aurocs = [roc_auc_score(given != truth, -p[at, given]) for p in told]
            print(f"{name + ' ' + way:24}{(given != truth).mean():>7.1%}"
                  + "".join(f"{a:>8.3f}" for a in aurocs), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
