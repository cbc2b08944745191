"""What a task file says of its items before anybody labelled one, as probabilities of the classes.

Class names, descriptions and examples are encoded like items, and items compared with them; rules that
fire shift the odds, as far as their label model trusts them (`rules/learned.py`). It serves where labels
are few, and is no label: a strategy spreads its questions over the classes by it (`query/auto.py`),
nothing is learned from it.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from labelwright.loop.conditions import fields
from labelwright.loop.constraints import lineage
from labelwright.loop.items import CONTENT, ITEM, Snapshot, content_hash
from labelwright.loop.query.blocks import blocks
from labelwright.loop.query.kernel import unit
from labelwright.loop.rules.at_work import rules_at
from labelwright.loop.rules.firing import firing
from labelwright.loop.supported import single
from labelwright.loop.workbench import save_array

if TYPE_CHECKING:
    from labelwright.dsl.task import Class, Task
    from labelwright.loop.items import Inputs
    from labelwright.loop.workbench import Workbench

_SHARPNESS = 2.0  # log-odds of an item one standard deviation nearer to a class than others are
_RULE = float(np.log(5))  # log-odds of one vote: rules are taken to be right five times in six


def prior(bench: Workbench, round_: int) -> np.ndarray | None:
    """(n_items, n_labels) float32, rows sum to one; None where the file says nothing of the items.

    Raises what the encoder raises, and DataError where a rule does not fit the data.
    """
    task = bench.task
    if task.kind == "spans":
        return None
    vectors = _class_vectors(bench, round_)
    log_odds = None if vectors is None else by_texts(_of_text(bench, round_), vectors)
    if (votes := _votes(bench, round_)) is not None:
        log_odds = votes if log_odds is None else log_odds + votes
    return None if log_odds is None else _softmax(log_odds)


def by_texts(features: Any, vectors: np.ndarray) -> np.ndarray:
    """How near each item is to each class, (n, n_classes) float32, in standard deviations times 2.

    features (n, dim) around the pool's mean, vectors (n_classes, dim) of the encoder. The classes' own
    mean is taken off: what all class texts have in common says nothing.
    """
    directions = unit(vectors - vectors.mean(axis=0)).astype(np.float32)
    found = np.empty((len(features), len(vectors)), dtype=np.float32)
    for start, rows in blocks(features):
        found[start : start + len(rows)] = rows @ directions.T
    found -= found.mean(axis=0)
    spread = found.std(axis=0)
    scaled = np.divide(found, spread, out=np.zeros_like(found), where=spread > 0)
    return np.asarray(scaled * np.float32(_SHARPNESS))


def by_rules(task: Task, fired: dict[str, np.ndarray], n: int) -> np.ndarray:
    """The rules' votes as log-odds, (n, n_labels) float32; a vote for a class is one for those within."""
    above = lineage(task)
    found = np.zeros((n, len(task.labels)), dtype=np.float32)
    for rule in task.rules:
        if rule.label is None or rule.name not in fired:
            continue
        within = np.array([rule.label in above[each.id] for each in task.labels])
        sign = 1 if rule.action == "vote" else -1
        found += np.float32(sign * rule.weight * _RULE) * np.outer(fired[rule.name], within)
    return found


def class_texts(each: Class) -> list[str]:
    """What the file says in words of a class: name, description, examples."""
    name = each.title.replace("_", " ")
    examples = [sample.value for sample in each.examples if sample.kind == "text"]
    return [name, *([f"{name}: {each.describe}"] if each.describe else []), *examples]


def _softmax(log_odds: np.ndarray) -> np.ndarray:
    log_odds -= log_odds.max(axis=1, keepdims=True)
    np.exp(log_odds, out=log_odds)
    log_odds /= log_odds.sum(axis=1, keepdims=True)
    return log_odds


def _votes(bench: Workbench, round_: int) -> np.ndarray | None:
    if single(bench.task):
        rules = rules_at(bench, round_)
        if rules is None:
            return None
        shift = np.log(np.maximum(rules.probabilities(), 1e-12)) - np.log(rules.model.classes)
        return np.asarray(shift, dtype=np.float32)
    return _counted(bench, round_)


def _counted(bench: Workbench, round_: int) -> np.ndarray | None:
    """Where an item may have several classes: votes by their weights."""
    table = bench.items(round_).table
    known = set(table.column_names)
    rules = tuple(r for r in bench.task.rules if r.when is None or fields(r.when) <= known)
    if not any(rule.label for rule in rules):
        return None
    task = bench.task.model_copy(update={"rules": rules})
    return by_rules(task, firing(task, table), table.num_rows)


def _class_vectors(bench: Workbench, round_: int) -> np.ndarray | None:
    """(n_labels, dim) of the encoder of text, kept in a file; None where no text is encoded."""
    inputs = bench.items(round_).inputs
    if not inputs.text or not _reads_text(bench.encoder(inputs), inputs):
        return None
    texts = [class_texts(each) for each in bench.task.labels]
    made_of = json.dumps([bench.needed(round_, "embed")["file"], texts], ensure_ascii=False)
    name = f"classes/{hashlib.sha256(made_of.encode()).hexdigest()[:32]}.npy"
    path = bench.store.file(name) or bench.store.write_file(
        name, lambda p: save_array(p, _encoded(bench, round_, texts))
    )
    return np.asarray(np.load(path, allow_pickle=False))


def _reads_text(encoder: Any, inputs: Inputs) -> bool:
    """Whether texts alone can be encoded: by an encoder of text, or by one that joins it with others."""
    if hasattr(encoder, "parts"):
        return "text" in encoder.parts
    return not (inputs.image or inputs.columns)


def _of_text(bench: Workbench, round_: int) -> Any:
    """(n_items, dim) the features, or those of them that are of text."""
    encoder: Any = bench.fitted_encoder(round_)
    features = bench.features(round_)
    return features[:, encoder.place("text")] if hasattr(encoder, "place") else features


def _encoded(bench: Workbench, round_: int, texts: list[list[str]]) -> np.ndarray:
    """The mean vector of each class's texts, each brought to length one."""
    items = bench.items(round_)
    encoder: Any = bench.fitted_encoder(round_)
    encoder = encoder.parts["text"] if hasattr(encoder, "parts") else encoder
    every = [text for some in texts for text in some]
    vectors = unit(bench.encode(encoder, _as_items(every, items.inputs), bench.context))
    starts = np.cumsum([0, *map(len, texts[:-1])])
    sums = np.add.reduceat(vectors, starts, axis=0)
    return np.asarray(sums / np.array([[len(some)] for some in texts]), dtype=np.float32)


def _as_items(texts: list[str], inputs: Inputs) -> Snapshot:
    first, *others = inputs.text
    rows: list[dict[str, str | None]] = [
        {first: text, **dict.fromkeys(others, None)} for text in texts
    ]
    table = pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in inputs.text]))
    table = table.append_column(ITEM, pa.array([str(n) for n in range(len(texts))], pa.string()))
    hashes = pa.array([content_hash(row) for row in rows], pa.binary(16))
    return Snapshot(table.append_column(CONTENT, hashes), inputs)
