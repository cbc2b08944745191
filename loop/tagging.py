"""Spans in a round: what the tagger reads and learns, how its marks are measured, and what strategies see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.loop.errors import DataError, StrategyError
from labelwright.loop.history import Doubt, Marked
from labelwright.loop.measure import metrics
from labelwright.loop.measure.counted import Counted
from labelwright.loop.ports import Span, Suggestion
from labelwright.loop.seeds import derive_seed
from labelwright.loop.spans.kept import tokenized
from labelwright.loop.spans.tokens import Tokens, as_array, marks_array

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.items import Snapshot
    from labelwright.loop.labels import Labels
    from labelwright.loop.learn.tagger import Found
    from labelwright.loop.ports import Context, Encoder
    from labelwright.loop.workbench import Workbench

Place = tuple[int, int, int]
"""start, end, class index."""

_MOST_DOUBTS = 20
MOST_TEXTS = 20_000
"""Texts of which a tagger is asked: their words are encoded one by one."""
_KEPT = 200_000  # texts whose tokens stay in memory


def reader_of(
    items: Snapshot, encoder: Encoder, context: Context
) -> Callable[[Sequence[int] | np.ndarray], np.ndarray]:
    """From rows of the items to what a tagger reads of them, (n,) `Tokens`; each is made once."""
    known: dict[int, Tokens] = {}

    def read(rows: Sequence[int] | np.ndarray) -> np.ndarray:
        wanted = [int(row) for row in rows]
        missing = [row for row in dict.fromkeys(wanted) if row not in known]
        made = dict(
            zip(
                missing,
                tokenized(encoder, texts_of(items.take(missing)), context.cache, context.progress),
                strict=True,
            )
        )
        if len(known) + len(made) <= _KEPT:
            known.update(made)
        return as_array(made[row] if row in made else known[row] for row in wanted)

    return read


def texts_of(items: Snapshot) -> list[str]:
    """The texts in which people mark parts: the first column of text; empty where there is none."""
    if not items.inputs.text:
        raise DataError("the task does not say in which text spans are marked", "write `text = …`")
    column = items.table[items.inputs.text[0]].to_pylist()
    return ["" if text is None else str(text) for text in column]


def marks_of(task: Task, labels: Labels) -> np.ndarray:
    """(n_labels,) the marks of each label, as a tagger learns them."""
    return marks_array(places(task, labels))


def places(task: Task, labels: Labels) -> list[list[Place]]:
    """For each label its marks (start, end, class index)."""
    index = {c.id: i for i, c in enumerate(task.labels)}
    return [
        [(s.start, s.end, index[c]) for c, s in zip(answer, spans, strict=True)]
        for answer, spans in zip(labels.answers, labels.spans, strict=True)
    ]


def hot(task: Task, labels: Labels) -> np.ndarray:
    """(n_labels, n_classes) 0 or 1: which classes are marked in each."""
    index = {c.id: i for i, c in enumerate(task.labels)}
    found = np.zeros((len(labels), len(index)))
    for row, answer in zip(found, labels.answers, strict=True):
        row[[index[c] for c in answer]] = 1
    return found


# --- measuring --------------------------------------------------------------------------------


def evidence_of(
    truth: Sequence[Iterable[Place]],
    said: Sequence[Sequence[Found]],
    classes: tuple[str, ...],
    parents: Mapping[str, frozenset[int]],
    **rest: Any,
) -> Counted:
    """Evidence of marks: one is right where start, end and class are.

    parents: by id, the indices of a class and of all within: a mark of a child is one of its parent. The
    calibration is that of the marks that were said.
    """
    true = [set(marks) for marks in truth]
    found = [{(f.start, f.end, f.label) for f in marks} for marks in said]
    n = len(true)
    gaps = np.zeros((n, metrics.ECE_BINS))
    total = 0
    for i, marks in enumerate(said):
        for f in marks:
            place = min(int(f.prob * metrics.ECE_BINS), metrics.ECE_BINS - 1)
            gaps[i, place] += ((f.start, f.end, f.label) in true[i]) - f.prob
            total += 1
    return Counted(
        right=np.array([a == b for a, b in zip(true, found, strict=True)], dtype=bool),
        counts=counts_of(true, found, len(classes)),
        classes=classes,
        together={
            members: _together(true, found, members)
            for members in parents.values()
            if len(members) != 1
        },
        gaps=gaps if total else None,
        decisions=total / n if n else 1,
        **rest,
    )


def counts_of(
    truth: Sequence[set[Place]], found: Sequence[set[Place]], n_classes: int
) -> np.ndarray:
    """(n_items, n_classes, 3) marks found, made up and missed."""
    counts = np.zeros((len(truth), n_classes, 3), dtype=int)
    for row, (a, b) in enumerate(zip(truth, found, strict=True)):
        for cell, marks in enumerate((a & b, b - a, a - b)):
            for _, _, label in marks:
                counts[row, label, cell] += 1
    return counts


def _together(
    truth: Sequence[set[Place]], found: Sequence[set[Place]], members: frozenset[int]
) -> np.ndarray:
    def as_one(marks: set[Place]) -> set[Place]:
        return {(start, end, 0) for start, end, label in marks if label in members}

    return counts_of([as_one(a) for a in truth], [as_one(b) for b in found], 1)[:, 0]


# --- suggesting -------------------------------------------------------------------------------


def suggestion_of(task: Task, text: str, found: Sequence[Found], version: str) -> Suggestion:
    """The marks of a text as people may be shown them; the score is the mean probability of a mark.

    Where none is said, the score is 0: Label Studio sorts by it, and there is nothing to check.
    """
    return Suggestion(
        labels=tuple(task.labels[f.label].id for f in found),
        score=float(np.mean([f.prob for f in found])) if found else 0.0,
        version=version,
        spans=tuple(Span(f.start, f.end, text[f.start : f.end]) for f in found),
    )


# --- choosing ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class TaggerView:
    """A tagger as query strategies see it (implements `ports.QueryLearner`).

    X_training: vectors of the labelled texts, for strategies that cover the pool. y_training: (n, n_classes)
    which classes are marked in each.
    """

    X_training: np.ndarray
    y_training: np.ndarray
    classes: tuple[str, ...]
    model: Any
    seen: Callable[[Sequence[int] | np.ndarray], np.ndarray]

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """A text is of no class."""
        raise StrategyError(
            "this query strategy asks for the class of a whole item, and parts of texts are marked",
            "choose by auto, token_log_probability, k_means or random",
        )

    def fit_again(self, rows: np.ndarray, seed: int) -> Any:
        """As `predict_proba`."""
        return self.predict_proba(self.X_training[rows])

    def predict_tokens(self, X: np.ndarray) -> list[np.ndarray]:
        """Of texts as the tagger reads them: see `tagger.Tagged`."""
        if self.model is None:
            raise StrategyError(
                "this query strategy needs labels to learn from, and there are none yet",
                "name `auto`, which needs none, or begin with a phase that does not: `phase cold until "
                "labels >= 20 { strategy = k_means }`",
            )
        found: list[np.ndarray] = self.model.predict_tokens(X)
        return found

    def tokens(self, rows: np.ndarray) -> Callable[[np.ndarray], list[np.ndarray]]:
        """`predict_tokens` of positions in these rows: what strategies get as `tokens`."""
        return lambda positions: self.predict_tokens(self.seen(rows[positions]))

    def beliefs(self, rows: np.ndarray) -> np.ndarray | None:
        """(n_rows, n_classes) how likely each text has a span of each class; None before the first label."""
        if self.model is None:
            return None
        return np.asarray(self.model.predict_proba(self.seen(rows)))


# --- showing ----------------------------------------------------------------------------------


def marked(labels: Sequence[str], spans: Sequence[Span]) -> tuple[Marked, ...]:
    """Marks as the report shows them."""
    return tuple(
        Marked(label=c, start=s.start, end=s.end) for c, s in zip(labels, spans, strict=True)
    )


def unsure_of_marks(bench: Workbench, round_: int, rows: np.ndarray, labels: Labels) -> list[Doubt]:
    """Texts whose tags are least probable, token by token, with the marks that the model makes there.

    Of more than 20,000 rows as many are drawn at random and looked at.
    """
    if len(rows) > MOST_TEXTS:
        seed = derive_seed(bench.context.seed, "doubts", round_)
        rows = np.sort(np.random.default_rng(seed).permutation(rows)[:MOST_TEXTS])
    model: Any = bench.final(round_)
    X = bench.seen(round_, rows)
    unsure = np.array(
        [-np.log(p.max(axis=1)).mean() if len(p) else 0.0 for p in model.predict_tokens(X)]
    )
    doubtful = np.argsort(-unsure, kind="stable")[:_MOST_DOUBTS]
    known = {
        int(row): (answer, spans)
        for row, answer, spans in zip(labels.rows, labels.answers, labels.spans, strict=True)
    }
    items, names = bench.items(round_), [c.id for c in bench.task.labels]
    doubts = []
    for i, found in zip(doubtful, model.predict_spans(X[doubtful]), strict=True):
        least = min(found, key=lambda f: f.prob, default=None)
        label = known.get(int(rows[i]))
        doubts.append(
            Doubt(
                item=items.id_of(rows[i]),
                predicted=names[least.label] if least else "",
                probability=float(least.prob) if least else float(np.exp(-unsure[i])),
                runner_up="",
                runner_up_probability=0.0,
                marks=tuple(Marked(label=names[f.label], start=f.start, end=f.end) for f in found),
                true_marks=marked(*label) if label else None,
                label=", ".join(label[0]) if label else None,
            )
        )
    return doubts
