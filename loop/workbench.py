"""What the steps of a round work with: the task, the outside, the store, and what is derived from it.

Derived things (features, models) are read from their files; one that is missing or does not match
its hash is made again, from the same inputs and seed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from labelwright.dsl.defaults import ENCODERS
from labelwright.dsl.task import Argument, Call, Task
from labelwright.loop.assisted import predictions
from labelwright.loop.errors import StoreError
from labelwright.loop.history import Measurement
from labelwright.loop.items import (
    Inputs,
    Snapshot,
    ingest,
    inputs_of,
    open_source,
    visible_columns,
)
from labelwright.loop.labels import Labels, in_force, present, resolve, to_ask_again
from labelwright.loop.learn.head import head
from labelwright.loop.ports import (
    AnnotatorSource,
    Context,
    Encoder,
    Items,
    Learner,
    Model,
    Pseudo,
    Source,
)
from labelwright.loop.pretraining import begin, prepared
from labelwright.loop.pseudo import pseudo_label
from labelwright.loop.scaling import Scaling
from labelwright.loop.seeds import derive_seed
from labelwright.loop.sets import Sets
from labelwright.loop.split import HOLDOUT, POOL
from labelwright.loop.store import Event, Store
from labelwright.loop.supported import several
from labelwright.loop.versions import Translation, Versions
from labelwright.loop.weighing import weighed

_ROWS, _LABELS = "pseudo.rows", "pseudo.labels"

Encode = Callable[[Encoder, Items, Context], np.ndarray]
"""Encodes items, through a cache where the encoder allows it: (n_items, dim) float32."""


@dataclass
class Workbench:
    """One task at work. Holds no state of its own but what it has read."""

    task: Task
    definition: str
    context: Context
    store: Store
    annotators: AnnotatorSource
    encode: Encode
    _kept: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False)

    def once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What `make` gave when it was asked for the first time under this key."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    # --- items --------------------------------------------------------------------------------

    def snapshot(self, name: str) -> Snapshot:
        """The items of a snapshot, by its file name."""
        return self.once(("snapshot", name), lambda: self._open_snapshot(name))  # type: ignore[no-any-return]

    def _open_snapshot(self, name: str) -> Snapshot:
        outcome = next(o for o in self.store.outcomes("split") if o["snapshot"] == name)
        path = self.store.file(name)
        if path is None:
            source = open_source(self.context)
            if snapshot_name(source, self.task) != name:
                raise StoreError(
                    f"{self.store.folder / name} is missing or damaged, and the data changed since",
                    "restore the file or the data from a backup",
                )
            path = self.store.write_file(name, lambda p: _ingest_only(self.context, source, p))
        return Snapshot.open(path, Inputs.of(outcome["inputs"]))

    def source_changed(self, round_: int) -> bool:
        """Whether the data are not what this round read."""
        name = snapshot_name(open_source(self.context), self.task)
        return name != str(self.needed(round_, "split")["snapshot"])

    def items(self, round_: int) -> Snapshot:
        """The items as they were read for this round."""
        return self.snapshot(self.needed(round_, "split")["snapshot"])

    def split(self, round_: int) -> np.ndarray:
        """(n_items,) POOL, HOLDOUT or ASIDE."""
        return self.once(("split", round_), lambda: self._read_split(round_))  # type: ignore[no-any-return]

    def _read_split(self, round_: int) -> np.ndarray:
        return self.split_file(self.needed(round_, "split")["split"])

    def split_file(self, name: str) -> np.ndarray:
        """The split in this file. Raises StoreError where it is not what was written."""
        path = self.store.file(name)
        if path is None:
            raise StoreError(
                f"{self.store.folder / name} is missing or damaged: it says what measures",
                "restore the state folder from a backup",
            )
        return np.asarray(np.load(path, allow_pickle=False))

    def features(self, round_: int) -> np.ndarray:
        """(n_items, dim) float32, centred on the pool, mean squared norm 1 there; memory-mapped."""
        return self.once(("features", round_), lambda: self._read_features(round_))  # type: ignore[no-any-return]

    def _read_features(self, round_: int) -> np.ndarray:
        name = self.needed(round_, "embed")["file"]
        path = self.store.file(name) or self.write_features(round_, name)
        features: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
        return features

    def encoder(self, inputs: Inputs) -> Encoder:
        """The task's encoder, for what the items are made of; not fitted."""
        made: Encoder = self.context.plugins.invoke(
            "encode",
            encoder_call(self.task, inputs),
            context=replace(self.context, task=complete(self.task, inputs)),
        )
        return prepared(self.task, made, self.context)

    def fitted_encoder(self, round_: int) -> Encoder:
        """The task's encoder, which has learned from the pool what it learns from it."""

        def make() -> Encoder:
            return begin(self, round_, self.fitted_on_pool(round_))

        return self.once(("encoder", round_), make)  # type: ignore[no-any-return]

    def fitted_on_pool(self, round_: int) -> Encoder:
        """A new encoder of the task, fitted on the pool, but for the weights of a pretraining."""
        items, split = self.items(round_), self.split(round_)
        encoder = self.encoder(items.inputs)
        if encoder.fitted:
            encoder.fit(items.take(np.flatnonzero(split == POOL)))
        return encoder

    def write_features(self, round_: int, name: str) -> Path:
        """Encode all items of the round and write the file."""
        items, split = self.items(round_), self.split(round_)
        vectors = self.encode(self.fitted_encoder(round_), items, self.context)
        scaling = Scaling.of(vectors, split == POOL)
        return self.store.write_file(name, lambda p: scaling.write(p, vectors))

    # --- definitions --------------------------------------------------------------------------

    @property
    def versions(self) -> Versions:
        """The definitions that were in force."""
        key = ("versions", self.store.last_applied())
        return self.once(key, lambda: Versions.read(self.store))  # type: ignore[no-any-return]

    @property
    def translation(self) -> Translation:
        """How answers read under this task. Raises DefinitionChanged where it was not applied."""
        versions = self.versions
        key = ("translation", len(versions))
        return self.once(key, lambda: versions.translation(self.task, self.definition))  # type: ignore[no-any-return]

    def current(self, round_: int) -> bool:
        """Whether a finished round's model and measurement are of the classes as they are now."""
        outcome = self.store.outcome(round_, "measure") if round_ >= 0 else None
        if outcome is None or round_ < self.versions.since:
            return False
        now = [c.id for c in self.task.labels]
        return [c["id"] for c in outcome["measurement"]["classes"]] == now

    # --- labels -------------------------------------------------------------------------------

    def events(self, until: int | None = None) -> list[Event]:
        """Judgements in force, as they were when `until` was the last event."""
        return self.store.events(until)

    def labels(self, round_: int, watermark: int) -> tuple[Labels, Labels]:
        """(training, holdout) labels, from the events up to the watermark."""

        def make() -> tuple[Labels, Labels]:
            split = self.split(round_)
            judged = self.labelling(round_, watermark)
            plugins = self.context.plugins
            probs = predictions(self, round_, judged)
            pool = resolve(self.task, plugins, judged, split == POOL, probs=probs)
            held = resolve(self.task, plugins, judged, split == HOLDOUT, alone=True)
            return weighed(self, round_, watermark, pool), held

        key = ("labels", round_, watermark, len(self.versions))
        return self.once(key, make)  # type: ignore[no-any-return]

    def labelling(self, round_: int, watermark: int) -> list[tuple[int, Event]]:
        """The judgements that make labels: no gold, none of people who are paused, decisions alone."""
        from labelwright.loop.adjudicating import decided
        from labelwright.loop.gold import without_gold
        from labelwright.loop.pausing import without_paused

        events = without_paused(self, without_gold(self.events(watermark)), watermark)
        return decided(self, in_force(events, self.items(round_), self.translation))

    def ask_again(self, round_: int, watermark: int, *, after: bool = False) -> dict[int, str]:
        """Rows to ask again because a change set their answers aside, and why.

        As the round finds it; `after`: as it leaves it, what it asked itself behind it.
        """
        asked = self.asked_last(round_ if after else round_ - 1)
        events = [e for e in self.events(watermark) if e.purpose != "gold"]
        judged = present(events, self.items(round_))
        return to_ask_again(judged, self.translation, asked, self.task.annotators.overlap)

    def asked_last(self, until: int | None = None) -> dict[str, int]:
        """By item, the last round (up to `until`) that asked about it, but for further opinions: these leave
        the answers before them as they are.
        """
        choices = [c for c in self.store.choices() if until is None or c.round <= until]
        further = {r: self.not_by(r) for r in {c.round for c in choices}}
        return {c.item: c.round for c in choices if c.item not in further[c.round]}

    def not_by(self, round_: int) -> dict[str, tuple[str, ...]]:
        """By item that the round asks a further opinion about, who gave the others."""
        told = (self.store.outcome(round_, "choose") or {}).get("not_by", {})
        return {item: tuple(people) for item, people in told.items()}

    def only_by(self, round_: int) -> dict[str, tuple[str, ...]]:
        """By item that the round asks of some people alone, of whom."""
        return self._people_of(round_, "only_by")

    def not_to(self, round_: int) -> dict[str, tuple[str, ...]]:
        """By item that the round keeps from some people, from whom; those who are paused not counted."""
        return self._people_of(round_, "not_to")

    def paused_at(self, round_: int) -> tuple[str, ...]:
        """Who was paused when the round began."""
        return tuple((self.store.outcome(round_, "choose") or {}).get("paused", ()))

    def _people_of(self, round_: int, name: str) -> dict[str, tuple[str, ...]]:
        def make() -> dict[str, tuple[str, ...]]:
            told = (self.store.outcome(round_, "choose") or {}).get(name, {})
            return {item: tuple(people) for item, people in told.items()}

        if self.store.outcome(round_, "choose") is None:
            return {}
        return self.once((name, round_), make)  # type: ignore[no-any-return]

    def asked_rows(self, round_: int) -> np.ndarray:
        """Rows of items that were chosen in an earlier round, as they are now."""
        items = self.items(round_)
        choices = [c for c in self.store.choices() if c.round < round_]
        rows = items.rows_of([c.item for c in choices])
        contents = items.contents
        return np.array(
            [
                row
                for row, choice in zip(rows, choices, strict=True)
                if row >= 0 and bytes(contents[row]).hex() == choice.content
            ],
            dtype=np.int64,
        )

    # --- models -------------------------------------------------------------------------------

    def learner(self, round_: int) -> Learner:
        """The task's learner; of a round that has learned, the one that it learned with."""
        call, plugins = self.learner_call(round_), self.context.plugins
        needs_encoder = plugins.takes("learn", call.name, "encoder")
        made: Learner = plugins.invoke(
            "learn",
            call,
            context=self.context,
            random_state=derive_seed(self.context.seed, "learn"),
            **({"encoder": self.fitted_encoder(round_)} if needs_encoder else {}),
        )
        return made

    def learner_call(self, round_: int) -> Call:
        """What `finetune` means in a round: the file may say something else since it learned."""
        told = (self.store.outcome(round_, "learn") or {}).get("learner")
        return learner_call(self.task) if told is None else Call.model_validate(told)

    def seen(self, round_: int, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """What the task's learner reads of these rows: vectors, or the inputs of the encoder's network."""
        return self.reader(round_)(rows)

    def reader(self, round_: int) -> Callable[[Sequence[int] | np.ndarray], np.ndarray]:
        """`seen` for a round, which does not need the store any more."""
        if self.task.kind == "spans":
            return self.tokens(round_)
        if reads_vectors(self.learner(round_)):
            features = self.features(round_)
            return lambda rows: np.asarray(features[rows])
        encoder: Any = self.fitted_encoder(round_)
        items = self.items(round_)
        return lambda rows: np.asarray(encoder.inputs(items.take(rows)))

    def tokens(self, round_: int) -> Callable[[Sequence[int] | np.ndarray], np.ndarray]:
        """From rows to their texts' tokens, as a learner of spans reads them."""
        from labelwright.loop.tagging import reader_of

        def make() -> Callable[[Sequence[int] | np.ndarray], np.ndarray]:
            return reader_of(self.items(round_), self.fitted_encoder(round_), self.context)

        key = ("tokens", self.needed(round_, "split")["snapshot"])
        return self.once(key, make)  # type: ignore[no-any-return]

    def chooser(self, round_: int) -> Learner:
        """The learner that choosing works with: on vectors, and fast.

        Where the task's own trains a network, a head on the encoder's vectors stands in for it:
        "Selection via Proxy" (Coleman et al. 2020).
        """
        own = self.learner(round_)
        return (
            own
            if reads_vectors(own)
            else head(random_state=derive_seed(self.context.seed, "learn"), context=self.context)
        )

    def targets(self, labels: Labels) -> np.ndarray:
        """(n_labels, n_classes) one-hot, or all that an answer names; shares of people where these teach."""
        if self.task.kind == "spans":
            from labelwright.loop.tagging import marks_of

            return marks_of(self.task, labels)
        if several(self.task):
            return Sets(self.task).hot(labels.answers, labels.shares)
        targets = np.eye(len(self.task.labels))[labels.classes]
        index = {c.id: i for i, c in enumerate(self.task.labels)}
        for row, shares in zip(targets, labels.shares, strict=False):
            told = [(index[c], share) for c, share in shares.items() if c in index]
            if told:
                row[:] = 0
                row[[i for i, _ in told]] = [share for _, share in told]
                row /= row.sum()
        return np.asarray(targets)

    def learned(self, round_: int) -> bool:
        """Whether the round had a label to learn from: after a change it may have had none."""
        return self.needed(round_, "learn")["file"] is not None

    def supervised(self, round_: int) -> Model:
        """The model trained on the labels of this round, without pseudo-labels."""
        return self._restored(round_, "learn", self.write_model)

    def final(self, round_: int) -> Model:
        """The model that the round measures: with pseudo-labels where their gate was open."""
        if self.needed(round_, "pseudo_label")["gate"] != "open":
            return self.supervised(round_)
        return self._restored(round_, "pseudo_label", self.write_pseudo)

    def given(self, round_: int, probs: np.ndarray) -> np.ndarray:
        """(n, n_classes) bool: the classes that the round's final model gives, of its probabilities."""
        return Sets(self.task).decide(probs, getattr(self.final(round_), "thresholds", None))

    def pseudo_labels(self, round_: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows that were pseudo-labelled in a round, and their class indices; none if it closed."""
        nothing = np.empty(0, dtype=np.int64)
        outcome = self.needed(round_, "pseudo_label")
        if outcome["gate"] != "open" or not self.current(round_):
            return nothing, nothing
        self.final(round_)  # makes the file again where it is damaged
        arrays = _load_arrays(self.store.folder / outcome["file"])
        return arrays[_ROWS], arrays[_LABELS]

    def write_model(self, round_: int) -> str:
        """Train on the round's labels and write what was learned; returns the file's name."""
        training, _ = self.labels(round_, self.needed(round_, "collect")["watermark"])
        X = self.seen(round_, training.rows)
        model = self.learner(round_).fit(X, self.targets(training), training.weights)
        return self._write_arrays(f"model-{round_}.safetensors", model.state())

    def write_pseudo(self, round_: int) -> Pseudo:
        """Learn from the round's unlabelled items too; write it where the gate is open."""
        made = pseudo_label(self, round_)
        if made.gate == "open":
            arrays = {**made.model.state(), _ROWS: made.rows, _LABELS: made.labels}
            self._write_arrays(pseudo_file(round_), arrays)
        return made

    def _restored(self, round_: int, step: str, write: Callable[[int], Any]) -> Model:
        def load() -> Model:
            name = self.needed(round_, step)["file"]
            if self.store.file(name) is None:
                write(round_)
            arrays = _load_arrays(self.store.folder / name)
            return self.learner(round_).restore(
                {k: v for k, v in arrays.items() if k not in (_ROWS, _LABELS)}
            )

        return self.once(("model", step, round_), load)  # type: ignore[no-any-return]

    def _write_arrays(self, name: str, arrays: dict[str, np.ndarray]) -> str:
        from safetensors.numpy import save_file

        whole = {k: np.ascontiguousarray(v) for k, v in arrays.items()}
        self.store.write_file(name, lambda p: save_file(whole, p))
        return name

    # --- history ------------------------------------------------------------------------------

    def needed(self, round_: int, step: str) -> dict[str, Any]:
        """The outcome of a step that must have been done."""
        outcome = self.store.outcome(round_, step)
        if outcome is None:
            raise StoreError(f"round {round_} has no outcome of its step {step}", "run it again")
        return outcome

    def watermark(self, round_: int) -> int:
        """The last event that the round before this one had collected."""
        before = self.store.outcome(round_ - 1, "collect") if round_ else None
        if before:
            return int(before["watermark"])
        return int(self.needed(round_, "split")["watermark"])

    def measured(self, round_: int) -> Measurement | None:
        """The round's measurement, if it was made, and of the classes as they are now."""
        if not self.current(round_):
            return None
        return Measurement.model_validate(self.needed(round_, "measure")["measurement"])


def learner_call(task: Task) -> Call:
    """What `finetune` means: the head of a task that marks parts of texts stands on tokens."""
    call = task.train.finetune
    return (
        call.model_copy(update={"name": "tagger"})
        if task.kind == "spans" and call.name == "head"
        else call
    )


def reads_vectors(learner: Learner) -> bool:
    """Whether a learner's X are vectors (and not the inputs of a network)."""
    return getattr(learner, "reads", "vectors") == "vectors"


def encoder_call(task: Task, inputs: Inputs) -> Call:
    """The encoder that the task names, else the one that suits its input; `joined` of several kinds."""
    encoders = task.train.encoder
    if encoders.default is not None:
        return encoders.default
    kinds = [kind for kind in ENCODERS if getattr(inputs, kind)]
    calls = {kind: encoders.of.get(kind, ENCODERS[kind]) for kind in kinds}
    if len(kinds) == 1:
        return calls[kinds[0]]
    return Call(name="joined", args=tuple(Argument(name=k, value=c) for k, c in calls.items()))


def complete(task: Task, inputs: Inputs) -> Task:
    """The task with the inputs that its source proposes, where it names none itself."""
    named = {"text": inputs.text, "image": inputs.image, "columns": inputs.columns}
    return task.model_copy(update={"data": task.data.model_copy(update=named)})


def snapshot_name(source: Source, task: Task) -> str:
    """The file of a snapshot: the same data, and the same columns of it, give the same name."""
    visible = visible_columns(task, inputs_of(task.data, source))
    told = "\0".join([source.fingerprint(), task.data.model_dump_json(), *sorted(visible)])
    return f"items-{hashlib.blake2b(told.encode(), digest_size=8).hexdigest()}.arrow"


def pseudo_file(round_: int) -> str:
    """The file of a round's model that learned from unlabelled items."""
    return f"pseudo-{round_}.safetensors"


def _ingest_only(context: Context, source: Any, path: Path) -> None:
    ingest(context, source, path)


def save_array(path: Path, array: np.ndarray) -> None:
    """Write one array as .npy."""
    with path.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)


def _load_arrays(path: Path) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return dict(load_file(path))
