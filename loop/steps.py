"""A round, step by step. The list `STEPS` is the round; there is no other order anywhere.

Each step is a function of the workbench and the round that returns its outcome. It may be repeated
without a second effect: what it computes follows from the outcomes before it, what it sends and
collects is known by name to whoever is asked. `None` means: not yet, people are still answering.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from labelwright.loop.asking import choose
from labelwright.loop.budget import spent
from labelwright.loop.collecting import collect
from labelwright.loop.errors import DataError
from labelwright.loop.existing import existing_events, withdrawn
from labelwright.loop.forecast.control import control
from labelwright.loop.forecast.steady import stability
from labelwright.loop.forecast.telling import expected_gain
from labelwright.loop.history import RoundRecord
from labelwright.loop.items import Snapshot, ingest, open_source
from labelwright.loop.measuring import measure
from labelwright.loop.pausing import names
from labelwright.loop.pretraining import pretrain
from labelwright.loop.pseudo import refuse_misfits
from labelwright.loop.sending import send
from labelwright.loop.shift.comparing import comparisons
from labelwright.loop.split import ASIDE, HOLDOUT, POOL, by_condition, by_size, extend
from labelwright.loop.store import Choice
from labelwright.loop.supported import learnable
from labelwright.loop.workbench import (
    Workbench,
    learner_call,
    pseudo_file,
    save_array,
    snapshot_name,
)


@dataclass(frozen=True)
class Outcome:
    """What a step decided: JSON-able values, and the choices to store with them."""

    values: dict[str, Any]
    choices: Sequence[Choice] = ()


@dataclass(frozen=True)
class Step:
    """A named part of a round."""

    name: str
    do: Callable[[Workbench, int], Outcome | None]


def split(bench: Workbench, round_: int) -> Outcome:
    """Read the data if they changed, and say for every item whether it teaches or measures."""
    source = open_source(bench.context)
    name = snapshot_name(source, bench.task)
    before = bench.store.outcome(round_ - 1, "split") if round_ else None
    if before is not None and before["snapshot"] == name:
        if before.get("applied", 1) != len(bench.versions):
            _read_existing(bench, bench.snapshot(name), bench.split_file(before["split"]), round_)
        return Outcome({**before, "new": 0, **_told(bench)})
    found: dict[str, Any] = {}

    def write(path: Any) -> None:
        found["inputs"], found["faults"] = ingest(bench.context, source, path)

    path = bench.store.write_file(name, write)
    bench.store.add_set_aside(name, found["faults"])
    snapshot = Snapshot.open(path, found["inputs"])
    parts = parts_of(bench, snapshot, before)
    file = f"split-{round_}.npy"
    bench.store.write_file(file, lambda p: save_array(p, parts))
    counts = {k: int((parts == v).sum()) for k, v in (("pool", POOL), ("holdout", HOLDOUT))}
    _require_both(counts)
    _read_existing(bench, snapshot, parts, round_)
    known = before["items"] if before else 0
    return Outcome(
        {
            "snapshot": name,
            "split": file,
            "inputs": asdict(found["inputs"]),
            "items": len(snapshot),
            **counts,
            "leaking": int((parts == ASIDE).sum()),
            "set_aside": len(found["faults"]),
            "new": max(0, len(snapshot) - known),
            **_told(bench),
        }
    )


def _read_existing(bench: Workbench, snapshot: Snapshot, parts: np.ndarray, round_: int) -> None:
    """Store the labels that were there already, and take those back that no longer are."""
    found = existing_events(bench, snapshot, parts, round_)
    bench.store.add_events([*withdrawn(bench, snapshot, parts, found), *found])


def _told(bench: Workbench) -> dict[str, int]:
    """What a reading of the data leaves to remember of labels: how many, up to which event."""
    return {
        "existing": sum(e.source == "existing" for e in bench.store.events()),
        "watermark": bench.store.last_event(),
        "applied": len(bench.versions),
    }


def parts_of(bench: Workbench, snapshot: Snapshot, before: dict[str, Any] | None) -> np.ndarray:
    """(n_items,) which items teach and which measure; before: the outcome of the split before."""
    from labelwright.loop.conditions import mask

    task = bench.task
    units, hashes = snapshot.units(task.data.group)
    when = task.holdout.when
    matches = None if when is None else mask(when, snapshot.table)
    if before is not None:
        earlier = bench.snapshot(before["snapshot"])
        rows = earlier.rows_in(snapshot)
        old = np.load(bench.store.folder / before["split"], allow_pickle=False)
        known = np.where(rows >= 0, old[np.maximum(rows, 0)].astype(np.int64), -1)
        return extend(units, known, matches)
    if matches is not None:
        return by_condition(units, matches)
    return by_size(units, hashes, task.holdout.size or 0.0, bench.context.seed)


def _require_both(counts: dict[str, int]) -> None:
    if not counts["pool"]:
        raise DataError("no item is left to learn from: the holdout takes all of them",
                        "look at `holdout` and at `group`")  # fmt: skip
    if not counts["holdout"]:
        raise DataError("the holdout is empty: nothing would be measured",
                        "look at `items when …` or raise `size` in `holdout`")  # fmt: skip


def embed(bench: Workbench, round_: int) -> Outcome:
    """Turn all items into vectors, once for each snapshot and encoder."""
    refuse_misfits(bench, round_)
    encoder = bench.encoder(bench.items(round_).inputs)
    before = bench.store.outcome(round_ - 1, "embed") if round_ else None
    key = [encoder.identity, bench.needed(round_, "split")["split"]]
    if (pretrained := (bench.store.outcome(round_, "pretrain") or {}).get("file")) is not None:
        key.append(pretrained)
    if before is not None and before["key"] == key:
        return Outcome(before)
    name = f"features-{round_}.npy"
    path = bench.write_features(round_, name)
    dim = np.load(path, mmap_mode="r", allow_pickle=False).shape[1]
    return Outcome({"file": name, "key": key, "dim": int(dim)})


def resolve(bench: Workbench, round_: int) -> Outcome:
    """Resolve the answers into labels and count them."""
    training, held = bench.labels(round_, bench.needed(round_, "collect")["watermark"])
    return Outcome(
        {
            "labels": len(training),
            "holdout_labels": len(held),
            "labels_per_class": training.per_class(bench.task),
            "unusable": len(training.unusable) + len(held.unusable),
            "skipped": len(training.skipped) + len(held.skipped),
        }
    )


def learn(bench: Workbench, round_: int) -> Outcome:
    """Train on the labels, where this version has a model for them."""
    if not learnable(bench.task):
        return Outcome({"file": None})
    if not bench.needed(round_, "resolve")["labels"]:
        watermark = bench.needed(round_, "collect")["watermark"]
        if (
            bench.ask_again(round_, watermark, after=True)
            or names(bench, watermark)
            or not bench.store.choices(round_)
        ):
            # A change, or a pause, set every label aside: a later round asks again, within the budget.
            return Outcome({"file": None})
        raise DataError(
            f"round {round_} ended without a single label to learn from",
            "every item asked so far was skipped or called unusable: look at the guide and the data",
        )
    call = learner_call(bench.task).model_dump(mode="json")
    return Outcome({"file": bench.write_model(round_), "learner": call})


def pseudo(bench: Workbench, round_: int) -> Outcome:
    """Learn from unlabelled items too, where that is shown to help."""
    if bench.task.pseudo_labels is None or not bench.learned(round_):
        return Outcome({"gate": "off", "why": "", "count": 0})
    made = bench.write_pseudo(round_)
    count = len(made.rows) if made.gate == "open" else 0
    return Outcome(
        {"gate": made.gate, "why": made.why, "count": count, "file": pseudo_file(round_)}
    )


def decide(bench: Workbench, round_: int) -> Outcome:
    """Sum the round up; whether to go on is decided from this by `deciding`."""
    outcome = {name: bench.needed(round_, name) for name in _BEFORE_DECIDE}
    used = spent(bench.events(outcome["collect"]["watermark"]))
    price = bench.task.budget.price
    record = RoundRecord(
        round=round_,
        definition=bench.versions.of_round(round_),
        annotations=used.training,
        holdout_annotations=used.holdout,
        gold_annotations=used.gold,
        adjudications=used.adjudicated,
        audit_annotations=used.audit,
        labels=outcome["resolve"]["labels"],
        labels_per_class=outcome["resolve"]["labels_per_class"],
        asked=outcome["choose"]["asked"],
        asked_again=outcome["choose"].get("again", 0),
        second_opinions=outcome["choose"].get("second_opinions", 0),
        rechecks=outcome["choose"].get("rechecks", 0),
        audits=outcome["choose"].get("audits", 0),
        unusable=outcome["resolve"]["unusable"],
        phase=outcome["choose"]["phase"],
        strategy=outcome["choose"]["strategy"],
        pseudo_labels=outcome["pseudo_label"]["count"],
        gate=outcome["pseudo_label"]["gate"],
        gate_why=outcome["pseudo_label"]["why"],
        utility_spread=outcome["choose"]["spread"],
        choosing=outcome["choose"].get("choosing"),
        holdout_stage=outcome["choose"].get("holdout_stage"),
        money=used.money(bench.task),
        currency=price.currency if price else None,
        hours=used.hours,
        stability=stability(bench, round_),
        control=control(bench, round_),
        shift=outcome["measure"].get("shift", ()),
        measurement=outcome["measure"]["measurement"],
    )
    gain = expected_gain(bench, record)
    return Outcome(record.model_copy(update={"gain": gain}).model_dump(mode="json"))


def shift(bench: Workbench, round_: int) -> dict[str, Any]:
    """How the parts of the data compare."""
    return {"shift": [each.model_dump(mode="json") for each in comparisons(bench, round_)]}


_BEFORE_DECIDE = ("choose", "collect", "resolve", "pseudo_label", "measure")

STEPS = (
    Step("split", split),
    Step("pretrain", lambda b, r: Outcome(pretrain(b, r))),
    Step("embed", embed),
    Step("choose", lambda b, r: Outcome(*choose(b, r))),
    Step("send", lambda b, r: Outcome(send(b, r))),
    Step("collect", lambda b, r: None if (done := collect(b, r)) is None else Outcome(done)),
    Step("resolve", resolve),
    Step("learn", learn),
    Step("pseudo_label", pseudo),
    Step("measure", lambda b, r: Outcome({**measure(b, r), **shift(b, r)})),
    Step("decide", decide),
)
