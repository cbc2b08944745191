"""Sampling the holdout: which of its items to ask in a round, and what was drawn so far.

`measure = uniform` asks a uniform sample at once (`claims.holdout`). `active` and `stratified` ask in stages:
a uniform pilot in round 0, then, as the training labels come in, stages whose probabilities follow the
doubts of the model of the round before. The pilot's labels say first whether these doubts are worth
anything; where they are not, a stage is uniform. Its probabilities are fixed before any of its labels is
seen, and kept with its choices: everything can be computed again from the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.budget import (
    holdout_items,
    holdout_room,
    next_items,
    training_annotations,
)
from labelwright.loop.draft import Claim, Draft, Pick
from labelwright.loop.holdout_answers import Answers, answers
from labelwright.loop.measure import designs
from labelwright.loop.measure.estimators import label_weights, stage_weights
from labelwright.loop.seeds import derive_seed
from labelwright.loop.split import HOLDOUT
from labelwright.loop.suggesting import model_before

if TYPE_CHECKING:
    from labelwright.loop.workbench import Workbench

_SMALLEST = 10  # labels that are worth a stage, but for the last one
_EARLY = 2.0  # the holdout is asked so many times as fast as training is


@dataclass(frozen=True)
class Sample:
    """The holdout items drawn so far, (n,) each, in the order of the draws.

    rows: in the snapshot, as it is now. stage: index of the stage; q: with what probability it drew the item.
    frames, drawn: (K,) how many items each stage could draw, and drew. labelled: those that had a label
    before they could be drawn (brought along, not asked) are in it with q = 1. designs: (K,) names.
    """

    rows: np.ndarray
    stage: np.ndarray
    q: np.ndarray
    frames: tuple[int, ...]
    drawn: tuple[int, ...]
    designs: tuple[str, ...]
    asked: int  # of the rows, those that people were asked about: the first ones

    @property
    def uniform(self) -> bool:
        """Whether every stage was."""
        return all(design == "uniform" for design in self.designs)

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """(n,) v and s of `estimators.label_weights`."""
        return label_weights(self.stage, self.q, stage_weights(self.frames, self.drawn))


def claim(draft: Draft) -> Claim:
    """The round's stage, and items whose answers a change of the definition set aside."""
    bench, round_, task = draft.bench, draft.round_, draft.task
    people, used = task.annotators.overlap, draft.used()
    again = draft.to_ask_again(HOLDOUT)
    again = again[: holdout_room(task, used, len(again))]
    sample = drawn(bench, round_, before=True)
    chance = dict(zip(sample.rows.tolist(), sample.q.tolist(), strict=True))
    picks = [
        Pick(row, "holdout", people, chance.get(row, 1.0), f"asked again: {draft.again[row]}", again=True)
        for row in again
    ]  # fmt: skip
    used = used.plus([("holdout", people)] * len(again))
    frame = draft.in_order(_frame(draft, sample), derive_seed(bench.context.seed, "holdout sample"))
    m = holdout_room(task, used, min(_due(draft, sample), len(frame)))
    if m <= 0:
        return Claim(tuple(picks))
    model = model_before(bench, round_) if sample.asked else None
    if sample.asked and model is None and not _last(draft):
        return Claim(tuple(picks))  # no model of these classes and features: the next round has one
    told = None if model is None else answers(bench, round_, model)
    design, why, gain = _design(draft, sample, told)
    unsure = np.ones(len(frame)) if told is None else told.unsure[told.places(frame)]
    order = designs.order_of(design, unsure)
    frame, unsure = frame[order], unsure[order]
    q = designs.propensities_of(design, unsure, m)
    if (
        design == "uniform" and sample.uniform
    ):  # the sample of `measure = uniform`, as far as it goes
        hit = np.arange(len(q)) < m
    else:
        start = np.random.default_rng(derive_seed(bench.context.seed, "holdout", round_)).random()
        hit = designs.systematic(q, float(start))
    picks += [
        Pick(int(row), "holdout", people, float(p), REASONS[design])
        for row, p in zip(frame[hit], q[hit], strict=True)
    ]
    stage = {
        "design": design,
        "why": why,
        "evidence": gain,
        "frame": len(frame),
        "drawn": int(hit.sum()),
        "least": float(q.min()),
        "most": float(q.max()),
    }
    return Claim(tuple(picks), {"holdout_stage": stage})


REASONS = {
    "uniform": "holdout, at random",
    "active": "holdout, at random, doubtful items more often",
    "stratified": "holdout, at random within strata of doubt",
}
"""What a choice is stored with, by the design of its stage."""


def in_stages(draft: Draft) -> bool:
    """Whether the holdout is drawn in stages: the task says so, or an earlier round did."""
    return draft.task.holdout.measure != "uniform" or staged(draft.bench, draft.round_ - 1)


def staged(bench: Workbench, round_: int) -> bool:
    """Whether a round up to this one drew the holdout in stages."""
    told = (bench.store.outcome(r, "choose") or {} for r in range(round_ + 1))
    return any("holdout_stage" in outcome for outcome in told)


def drawn(bench: Workbench, round_: int, *, before: bool = False) -> Sample:
    """What was drawn up to a round (before: up to the one before it), of the items as this round has them.

    An item edited since is open again. Rounds before stages were known, or of `measure = uniform`, are
    uniform stages of what was left of the holdout.
    """
    store, items, split = bench.store, bench.items(round_), bench.split(round_)
    n_held = int((split == HOLDOUT).sum())
    last = round_ - 1 if before else round_
    choices = [c for c in store.choices() if c.purpose == "holdout" and c.round <= last]
    rows_of = items.rows_of([c.item for c in choices])
    contents = items.contents
    seen: set[str] = set()
    rows: list[int] = []
    stage: list[int] = []
    q: list[float] = []
    frames: list[int] = []
    sizes: list[int] = []
    names: list[str] = []
    rounds: list[int] = []
    for each in sorted({c.round for c in choices}):
        mine = [(c, int(row)) for c, row in zip(choices, rows_of, strict=True) if c.round == each]
        new = [(c, row) for c, row in mine if f"{c.item} {c.content}" not in seen]
        told = (store.outcome(each, "choose") or {}).get("holdout_stage")
        if not new:
            continue
        frame = told["frame"] if told else n_held - len(seen)
        for c, row in new:
            seen.add(f"{c.item} {c.content}")
            if row >= 0 and bytes(contents[row]).hex() == c.content and split[row] == HOLDOUT:
                rows.append(row)
                stage.append(len(frames))
                q.append(c.probability if told else len(new) / max(frame, len(new)))
        frames.append(int(frame))
        sizes.append(int(told["drawn"]) if told else len(new))
        names.append(told["design"] if told else "uniform")
        rounds.append(each)
    asked = len(rows)
    brought = _brought(bench, round_, rounds, set(rows))
    return Sample(
        rows=np.array(rows + [row for row, _ in brought], dtype=np.int64),
        stage=np.array(stage + [k for _, k in brought], dtype=np.int64),
        q=np.array(q + [1.0] * len(brought)),
        frames=tuple(frames),
        drawn=tuple(sizes),
        designs=tuple(names),
        asked=asked,
    )


def _brought(
    bench: Workbench, round_: int, rounds: list[int], asked: set[int]
) -> list[tuple[int, int]]:
    """(row, first stage that knew it) of holdout items whose label was there already, and never drawn."""
    found: dict[int, int] = {}
    for k, each in enumerate(rounds):
        if bench.needed(each, "split")["snapshot"] != bench.needed(round_, "split")["snapshot"]:
            continue
        for row in _existing(bench, each):
            if row not in asked:
                found.setdefault(row, k)
    return sorted(found.items())


def _existing(bench: Workbench, round_: int) -> list[int]:
    """Holdout rows that had a label when the round began, without having been asked."""
    watermark = bench.watermark(round_)
    if not any(event.source == "existing" for event in bench.events(watermark)):
        return []
    _, held = bench.labels(round_, watermark)
    return [int(r) for r, s in zip(held.rows, held.sources, strict=True) if s == "existing"]


def _frame(draft: Draft, sample: Sample) -> np.ndarray:
    """Rows of the holdout that were not asked, and have no label."""
    rows = draft.held_rows()
    done = np.concatenate(
        [sample.rows, np.array(_existing(draft.bench, draft.round_), dtype=np.int64)]
    )
    found: np.ndarray = rows[~np.isin(rows, done)]
    return found


def _due(draft: Draft, sample: Sample) -> int:
    """How many labels the round asks for: the pilot, then more as training goes on, all in the last one."""
    total = holdout_items(draft.task)
    left = total - sample.asked
    if _last(draft):
        return left
    start = designs.pilot(total)
    if not sample.asked:
        return start
    most = training_annotations(draft.task, draft.spent)
    part = draft.spent.training / most if most else 1.0
    if draft.task.budget.rounds:
        part = max(part, draft.round_ / draft.task.budget.rounds)
    due = round(start + (total - start) * min(1.0, _EARLY * part)) - sample.asked
    return due if due >= min(_SMALLEST, left) else 0


def _last(draft: Draft) -> bool:
    """Whether no round comes after this one, as far as the budget tells."""
    task, people = draft.task, draft.task.annotators.overlap
    if task.budget.rounds is not None and draft.round_ + 1 >= task.budget.rounds:
        return True
    used = draft.used(train=False)
    now = next_items(task, used, len(draft.open_rows()) + len(draft.again))
    return next_items(task, used.plus([("train", people)] * now), len(draft.open_rows()) - now) == 0


def _design(draft: Draft, sample: Sample, told: Answers | None) -> tuple[str, str, float | None]:
    """The stage's design, why, and by how many nats the labels so far speak for the model's confidences."""
    wanted = draft.task.holdout.measure
    if wanted == "uniform":
        return "uniform", "the task file asks for a uniform sample", None
    if not sample.asked:
        return "uniform", "the pilot: is the model less sure where it errs?", None
    if told is None:
        return "uniform", "no model knows these items yet", None
    rows, right, v = _judged(draft, sample, told)
    if len(rows) < min(designs.FEWEST // 2, sample.asked):
        return (
            "uniform",
            f"{len(rows)} labels do not tell whether the confidences mean anything",
            None,
        )
    gain = designs.evidence_for(right, told.sure[told.places(rows)], v)
    if gain <= designs.DOUBT:
        return (
            "uniform",
            f"on {len(rows):,} labels the model's confidences do not tell where it errs",
            gain,
        )
    return wanted, f"on {len(rows):,} labels the model's confidences tell where it errs", gain


def _judged(
    draft: Draft, sample: Sample, told: Answers
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of the sample with a label, whether the model's answer to them is right, and their weights."""
    bench, round_ = draft.bench, draft.round_
    _, held = bench.labels(round_, bench.watermark(round_))
    v, _ = sample.weights()
    weight = dict(zip(sample.rows.tolist(), v.tolist(), strict=True))
    here = np.array([int(row) in weight for row in held.rows], dtype=bool)
    right = told.right(bench.task, held)
    rows = held.rows[here]
    return rows, right[here], np.array([weight[int(row)] for row in rows])
