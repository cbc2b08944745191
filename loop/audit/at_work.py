"""The audit of a campaign's existing labels: what speaks against them, kept in a file; whom to ask about.

What models make of the labels hangs on the items, their vectors and the labels as they were given, not on
people's answers: so it is made once, and again only where one of these changed. A campaign that is resumed
reads the file, or makes the same again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.audit.audit import FEWEST, Labelled, evidence_of, told
from labelwright.loop.audit.contradictions import against
from labelwright.loop.audit.copies import codes, text_keys
from labelwright.loop.audit.queue import Evidence, Suspect, ranked
from labelwright.loop.labels import in_force
from labelwright.loop.seeds import derive_seed
from labelwright.loop.split import POOL, mix
from labelwright.loop.supported import single
from labelwright.loop.trusting import USUAL, Trust, trust

if TYPE_CHECKING:
    from labelwright.loop.workbench import Workbench


AT_RANDOM = "audit, at random"
"""The reason of the random half."""


_RECIPE = 2
"""How models judge labels: another number where what they say of the same labels changes."""


@dataclass(frozen=True)
class Given:
    """Labels that were there: rows (n,) of the pool, given (n,) class indices, and what people said of them.

    found: by row, whether people's answers come to the same label; only where somebody answered.
    """

    rows: np.ndarray
    given: np.ndarray
    found: Mapping[int, bool]


def audited(bench: Workbench) -> bool:
    """Whether the task has labels of one class an item that are looked at again, or weighed."""
    block = bench.task.existing_labels
    return block is not None and single(bench.task) and (block.trust == "noisy" or block.audit > 0)


def given_labels(bench: Workbench, round_: int, watermark: int) -> Given:
    """What is there, and what people found, by the events up to the watermark."""
    from labelwright.loop.labels import resolve

    names = {c.id: i for i, c in enumerate(bench.task.labels)}
    split, items = bench.split(round_), bench.items(round_)
    judged = in_force(bench.events(watermark), items, bench.translation)
    there = {
        row: names[e.labels[0]]
        for row, e in judged
        if e.source == "existing" and split[row] == POOL and e.labels and e.labels[0] in names
    }
    people = [(row, e) for row, e in judged if e.source != "existing" and row in there]
    mine = split == POOL
    answers = resolve(bench.task, bench.context.plugins, people, mine)
    found = {
        int(row): int(k) == there[int(row)]
        for row, k in zip(answers.rows, answers.classes, strict=True)
    }
    found |= {int(row): False for row in answers.unusable}
    rows = np.array(sorted(there), dtype=np.int64)
    return Given(rows, np.array([there[int(r)] for r in rows], dtype=np.int64), found)


def models_say(bench: Workbench, round_: int, labels: Given) -> np.ndarray | None:
    """(n, n_classes) for the labelled rows, each by what did not see its label; None of too few labels."""
    if len(labels.rows) < FEWEST or len(np.unique(labels.given)) < 2:
        return None
    name = _file(bench, round_, labels)

    def make() -> np.ndarray:
        from safetensors.numpy import load_file, save_file

        path = bench.store.file(name)
        if path is None:
            items = _labelled(bench, round_, labels)
            probs = told(
                items, derive_seed(bench.context.seed, "audit"), bench.context.progress
            ).probs

            def write(at: Path) -> None:
                save_file({"probs": np.ascontiguousarray(probs)}, at)

            path = bench.store.write_file(name, write)
        return np.asarray(load_file(path)["probs"])

    return bench.once(("audit", name), make)  # type: ignore[no-any-return]


def _file(bench: Workbench, round_: int, labels: Given) -> str:
    contents = np.ascontiguousarray(bench.items(round_).contents[labels.rows])
    whole = hashlib.blake2b(repr(bench.needed(round_, "embed")["key"]).encode(), digest_size=8)
    names = [c.id for c in bench.task.labels]
    for part in (
        repr((_RECIPE, names)).encode(),
        contents.tobytes(),
        labels.given.tobytes(),
        labels.rows.tobytes(),
    ):
        whole.update(part)
    return f"audit-{whole.hexdigest()}.safetensors"


def _labelled(bench: Workbench, round_: int, labels: Given) -> Labelled:
    """The labelled items as an audit wants them; near copies are not sought in every campaign."""
    items = bench.items(round_).take(labels.rows)
    texts = None
    if items.inputs.text:
        columns = items.columns(items.inputs.text).to_pydict().values()
        texts = ["\n".join(t or "" for t in parts) for parts in zip(*columns, strict=True)]
    plain_text = texts is not None and not items.inputs.image and not items.inputs.columns
    return Labelled(
        given=labels.given,
        names=tuple(c.id for c in bench.task.labels),
        order=items.order,
        vectors={"vectors": np.asarray(bench.features(round_)[labels.rows])},
        same=codes(
            text_keys(texts) if plain_text and texts else [bytes(c) for c in items.contents]
        ),
        texts=texts,
        table=bool(items.inputs.columns) and texts is None and not items.inputs.image,
        rules=against(bench.task, items.table, labels.given),
    )


def evidence(bench: Workbench, round_: int, labels: Given) -> Evidence | None:
    """All that speaks against the labels; None where there are too few to compare."""
    probs = models_say(bench, round_, labels)
    return None if probs is None else evidence_of(_labelled(bench, round_, labels), probs)


def random_part(bench: Workbench, round_: int, rows: np.ndarray) -> np.ndarray:
    """The half of the audit that is drawn at random from the labelled rows: the greater half, whole items."""
    block = bench.task.existing_labels
    assert block is not None
    seed = derive_seed(bench.context.seed, "audit sample")
    order = np.argsort(mix(bench.items(round_).order[rows], seed), kind="stable")
    return np.asarray(rows[order][: (block.audit + 1) // 2])


def suspects(bench: Workbench, round_: int, labels: Given) -> list[Suspect]:
    """The queue, by positions in `labels.rows`; empty where there are too few labels to compare."""
    found = evidence(bench, round_, labels)
    if found is None:
        return []
    items = bench.items(round_)
    names = [c.id for c in bench.task.labels]
    order = items.order[labels.rows]
    return ranked(found, names, order, lambda i: items.id_of(int(labels.rows[i])), least=0.0)


def trusted(bench: Workbench, round_: int, watermark: int) -> Trust:
    """How far each label is trusted, by the answers up to the watermark."""

    def make() -> Trust:
        labels = given_labels(bench, round_, watermark)
        probs = models_say(bench, round_, labels)
        p = (
            np.full(len(labels.rows), USUAL)
            if probs is None
            else probs[np.arange(len(labels.rows)), labels.given]
        )
        drawn = frozenset(map(int, _asked_at_random(bench, round_, labels)))
        return trust(labels.rows, labels.given, p, labels.found, drawn, len(bench.task.labels))

    return bench.once(("trust", round_, watermark, len(bench.versions)), make)  # type: ignore[no-any-return]


def _asked_at_random(bench: Workbench, round_: int, labels: Given) -> np.ndarray:
    """The beginning of the random half as far as it was asked.

    Items behind it that were asked for another reason say nothing of the share: they were doubted.
    """
    drawn = random_part(bench, round_, labels.rows)
    asked = [
        c.item for c in bench.store.choices() if c.purpose == "audit" and c.reason == AT_RANDOM
    ]
    places = np.flatnonzero(np.isin(drawn, bench.items(round_).rows_of(asked)))
    return drawn[: int(places.max()) + 1 if len(places) else 0]
