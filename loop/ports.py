"""The engine's view of the outside: protocols, and the small values that cross them.

A plug-in is a callable found through an entry point (`labelwright.query`, `.learn`, `.encode`,
`.annotate`, `.read`, `.pseudo`, `.resolve`, `.property`). Its parameters are what the task file may
write between the brackets, except those named in `SUPPLIED`, which the engine fills in.

Plug-in modules must import fast: numpy, torch, scikit-learn, pyarrow only inside functions (or under
`TYPE_CHECKING`), because `labelwright check` imports the modules that a task file names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from labelwright.dsl.frozen import Frozen

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from labelwright.dsl.task import Task
    from labelwright.loop.history import Campaign, Elsewhere
    from labelwright.loop.plugins import Installed
    from labelwright.loop.versions import Reading

SUPPLIED = frozenset(
    {"context", "random_state", "plugins"}  # all
    | {"learner", "X", "n_instances"}  # query
    | {"prior"}  # query: what the task file says of each item, (n_items, n_classes) or None
    | {"tokens"}  # query, of spans: positions in X -> the probabilities of their tokens' tags
    | {"beliefs"}  # query, of spans: that a text has a span of each class, (n_items, n_classes)
    | {"encoder"}  # learn, pretrain: the task's, fitted on the pool (an `encoding.Trainable`)
    | {"outbox"}  # annotate
    | {"outputs"}  # track: the folder that paths of outputs are relative to
    | {"X_labelled", "targets", "X_unlabelled", "settings", "class_ids"}  # pseudo
    | {"probs"}  # resolve: item -> (n_classes,) by models that did not see the item, or None
    | {"on_scale"}  # resolve: a `people.scale.Scale` where the classes lie on one, else None
    | {"votes"}  # pseudo: of the rules on X_labelled's items, then on X_unlabelled's, or None
)
"""Parameter names that the engine supplies; never arguments in a task file."""

T = TypeVar("T")

Progress = Callable[[str, int, int], None]
"""`progress(what, done, total)`; called from long work, cheap to call."""


def no_progress(what: str, done: int, total: int) -> None:
    """The progress of somebody who does not look."""


def _installed() -> Installed:
    from labelwright.loop.plugins import Installed

    return Installed()


@dataclass(frozen=True)
class Context:
    """What a plug-in may know: the task, where data lie, where to cache, the seed, progress."""

    task: Task
    data_root: Path
    cache: Path  # shared between tasks; content-addressed; may be deleted at any time
    seed: int = 0
    progress: Progress = no_progress
    plugins: Installed = field(default_factory=_installed, repr=False)
    models: Path | None = None  # where folders of pretrained models lie; None: under the data root

    @property
    def model_root(self) -> Path:
        """What the folder of a pretrained model is relative to."""
        return self.models or self.data_root


# --- reading ----------------------------------------------------------------------------------


class Fault(Frozen):
    """A row that was set aside: where, which kind of fault, and the detail."""

    file: str
    row: int | None  # 1-based, header excluded; None where rows cannot be counted
    reason: str  # a short stable phrase, counted: "duplicate id", "undecodable bytes", …
    detail: str = ""


Faults = Callable[[Fault], None]


class Source(Protocol):
    """Rows of a data set, in a stable order, read in batches (label_reader: `labelwright.read`).

    `roles` names default columns: keys `id`, `text`, `image`, `columns` (a tuple), `label`. A column of
    pictures is either `string` (paths relative to the data root) or
    `struct<data: binary, height: int32, width: int32, channels: int32>` (uint8, row-major).
    """

    @property
    def roles(self) -> dict[str, str | tuple[str, ...]]: ...

    def schema(self) -> pa.Schema:
        """Column names and types. Raises DataError where the source cannot be opened."""

    def fingerprint(self) -> str:
        """Changes whenever the content may have changed (files, sizes, times, arguments)."""

    def batches(self, columns: Sequence[str], faults: Faults) -> Iterator[pa.RecordBatch]:
        """All good rows, `columns` only, at most some thousands a batch; bad rows go to `faults`."""


class Picture:
    """One picture of the data on its way through the properties that conditions name.

    value: what stands in its column, a path or a struct of raw pixels; `root`: the data root.
    """

    def __init__(self, value: str | Mapping[str, Any], root: Path) -> None:
        self.value = value
        self.root = root
        self._made: dict[str, Any] = {}

    def made(self, name: str, make: Callable[[], T]) -> T:
        """What `make` returns, made once for all properties of this picture: the decoded pixels."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]  # type: ignore[no-any-return]


Property = Callable[[Picture], float]
"""A property of pictures (`labelwright.property`). Raises DataError where a picture cannot be read."""


# --- items ------------------------------------------------------------------------------------


class Items(Protocol):
    """A view of items: ids and columns, read lazily from a memory-mapped file."""

    @property
    def ids(self) -> Sequence[str]: ...

    @property
    def contents(self) -> np.ndarray:
        """Content hash of every item's inputs, (n_items, 16) uint8."""

    def __len__(self) -> int: ...

    def columns(self, names: Sequence[str]) -> pa.Table:
        """These columns, in order, as a table of n_items rows."""

    def take(self, rows: Sequence[int] | np.ndarray) -> Items:
        """The items at these positions."""


class Encoder(Protocol):
    """Items to vectors. `identity` names all that the vectors depend on beside the content.

    An encoder with `fitted = True` learns from the pool (tfidf vocabulary, scaling); its vectors are
    valid for that pool only. The others are cached item by item under content hash and identity.
    """

    @property
    def identity(self) -> str: ...

    @property
    def fitted(self) -> bool: ...

    def fit(self, items: Items) -> None:
        """Learn from the pool, without labels; does nothing where `fitted` is False."""

    def encode(self, items: Items) -> np.ndarray:
        """(n_items, dim) float32. Raises DataError naming the item that cannot be read."""


# --- learning ---------------------------------------------------------------------------------


class Model(Protocol):
    """A trained model."""

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, (n_items, n_classes) float64.

        Rows sum to one, but where the task has several classes an item (`choose = many`): then each
        number is the probability of its class by itself. Such a model may have `thresholds`, (n_classes,):
        the probability from which on a class is given, 50% where it has none.
        """

    def state(self) -> dict[str, np.ndarray]:
        """All that was learned, as arrays; what is saved (safetensors) and hashed."""


class Learner(Protocol):
    """Trains models. Deterministic for the same arguments."""

    @property
    def reads(self) -> Literal["vectors", "inputs", "tokens"]:
        """What X is: the encoder's vectors, its network's inputs (`encoding.Trainable`), `spans.Tokens`."""

    def fit(
        self,
        X: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray | None = None,
        *,
        calibrate: bool | float = True,
    ) -> Model:
        """Train on X (n, ...), targets (n, n_classes) soft labels, weights (n,).

        Rows of targets sum to one, but with `choose = many`: then each number is the share of its class.
        `calibrate` may be a temperature, where the caller has measured it out of fold.
        Classes never seen in `targets` get a small, equal probability, never NaN.
        """

    def restore(self, state: dict[str, np.ndarray]) -> Model:
        """The model whose `state()` this is."""


class Pseudo(Frozen):
    """What a pseudo-labelling method made of the unlabelled items."""

    model: Model  # the one to use: the supervised one where the gate closed
    rows: np.ndarray  # (m,) positions in the unlabelled X that were used
    labels: np.ndarray  # (m,) class index given
    gate: Literal["open", "closed"]
    why: str  # one sentence for people: the cross-validated figures that decided
    supervised_score: float  # cross-validated mean log-loss without pseudo-labels
    score: float  # and with them


# --- choosing ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chosen:
    """Items that a strategy chose, best first.

    Unpacks as `(indices, utilities)`, the pair that modAL's own strategies return, so that ours drop
    into modAL (whose `query` takes a bare array of two indices apart).

    indices: (n,) positions in X. utilities: (n,) higher is better. probabilities: (n,) the chance each
    item had of being chosen (1 for a deterministic rule). reasons: one short sentence an item.
    notes: what whoever reads the report should know of the choice: "chosen among 50,000 items drawn
    at random out of 1,000,000". Shown, never swallowed.
    """

    indices: np.ndarray
    utilities: np.ndarray
    probabilities: np.ndarray
    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Any]:
        return iter((self.indices, self.utilities))


class QueryLearner(Protocol):
    """The learner as a strategy sees it (modAL's attribute names).

    `X_training` (n, dim) and `y_training` (n,) class indices are what people labelled so far; where an item
    may have several classes, `y_training` is (n, n_classes) of 0 and 1, and `predict_proba`
    gives each class's own probability. With no label yet both are empty and `predict_proba`
    raises StrategyError("… needs labels").
    """

    X_training: np.ndarray
    y_training: np.ndarray
    classes: tuple[str, ...]  # ids, by class index

    def predict_proba(self, X: np.ndarray) -> np.ndarray: ...

    def fit_again(self, rows: np.ndarray, seed: int) -> Model:
        """A model trained on these rows (with repetition) of X_training: a committee's member."""


# --- tracking ----------------------------------------------------------------------------------


class Tracker(Protocol):
    """Where a campaign is logged, beside its own store (`labelwright.track`)."""

    def log(
        self, key: str, campaign: Campaign, settings: Mapping[str, str], files: Mapping[str, Path]
    ) -> str:
        """Log what is not there yet; may be repeated. Returns where it is. Raises ConnectorError.

        key: names the campaign, the same at every call. settings: the task's, as written. files: what else to
        keep, by what it is.
        """


# --- annotating -------------------------------------------------------------------------------


class Span(Frozen):
    """One marked part of an item's text; offsets in Unicode code points, `text` is what lies there."""

    start: int
    end: int
    text: str


class Suggestion(Frozen):
    """What a model, or a rule, proposes for an item before anybody looked at it."""

    labels: tuple[str, ...]
    score: float  # the model's probability of it
    version: str  # which model, in words: "round 3"
    spans: tuple[Span, ...] = ()  # as many as labels, where parts of a text are marked


class Request(Frozen):
    """One item to ask people about.

    suggestion and hints may be shown with it, where the source can: never on what measures.
    not_by: who has answered it before, where a further opinion is asked: not handed to them where the source
    can help it, and what they say is not what was asked for. not_to: not handed to these either, where the
    source can help it, and nobody is told: they are paused, or it is gold that they have seen. only_by: who
    alone is asked; nobody else is to see it.
    """

    item: str
    people: int  # how many different people are to answer
    purpose: Literal["train", "holdout", "gold", "audit", "adjudicate"] = "train"
    suggestion: Suggestion | None = None
    hints: tuple[str, ...] = ()  # a sentence each
    not_by: tuple[str, ...] = ()
    not_to: tuple[str, ...] = ()
    only_by: tuple[str, ...] = ()


class Answer(Frozen):
    """One person's judgement of one item. `labels` are class ids; empty with `skipped`.

    spans: with `kind = spans` as long as `labels`, which may repeat then; ordered by place.
    withdrawn: it was deleted where it was given; it is told all the same, so that the store hears of it.
    """

    item: str
    annotator: str
    labels: tuple[str, ...]
    seconds: float | None = None
    skipped: bool = False
    reference: str = ""  # the source's own stable name for it, so that none is counted twice
    spans: tuple[Span, ...] = ()
    withdrawn: bool = False


class Flag(Frozen):
    """An answer that does not count because it breaks a constraint of the task, and why."""

    item: str
    annotator: str
    reference: str  # the source's own name for the answer
    labels: tuple[str, ...]
    why: tuple[str, ...]  # a sentence each, for the person who gave it


class AnnotatorSource(Protocol):
    """People, wherever they are (`labelwright.annotate`). Both calls may be repeated safely."""

    rehearsal: bool
    """True where the answers are simulated: reports must say so."""

    def send(self, batch: str, requests: Sequence[Request], items: Items) -> None:
        """Make the batch available to people; sending the same batch id again changes nothing."""

    def collect(self, batch: str, requests: Sequence[Request]) -> Sequence[Answer]:
        """All answers given so far for the batch, each with a stable `reference`."""


class Pulling(Protocol):
    """What a source can do beside: fetch from where people answer, for all batches at once."""

    def pull(self) -> None:
        """Fetch what is new or changed; `collect` then tells it from memory, for earlier batches too."""

    def undelivered(self, batch: str) -> bool:
        """Whether part of a batch is to be sent (again): `send` is called once more then."""


class Migrating(Protocol):
    """What a source that holds answers elsewhere can do beside: follow a change of the definition.

    readings: by reference, what the answers that the store knows are under the new definition.
    """

    def drift(self) -> tuple[str, ...]:
        """What somebody else changed where people answer, a sentence each. Asks the server."""

    def foresee(
        self, old: Task, readings: Mapping[str, Reading], drift: tuple[str, ...]
    ) -> Elsewhere:
        """What `stage` and `finish` would do. Asks nobody."""

    def stage(self, old: Task, readings: Mapping[str, Reading], drift: tuple[str, ...]) -> None:
        """Write down what has to be done, within the transaction that applies the definition."""

    def finish(self) -> int:
        """Do what is written down and not done yet; may be repeated. How many things were done."""


class Placed(Protocol):
    """What a source can do beside: say where people answer, and what it found there. Asks nobody."""

    def where(self) -> str | None:
        """An address, or a file's path; None before anything was sent."""

    def told(self) -> tuple[str, ...]:
        """What the last pull found that somebody should know, a sentence each."""


class Examining(Protocol):
    """What a source can do beside: say what is sound where people answer. Changes nothing."""

    def examine(self) -> Iterator[tuple[bool, str, str]]:
        """For each thing that was looked at: whether it is sound, what was found, what to do if not."""


class Peopled(Protocol):
    """What a source can do beside: say who answers. Without it, whoever answered lately is known."""

    def people(self) -> Collection[str]:
        """Everybody who can be asked."""


class Assigning(Protocol):
    """What a source can do beside: hand each item to some people and keep it from others."""

    assigns: bool
    """True where `Request.not_to` is honoured; without it, everybody may see everything."""


class Nameless(Protocol):
    """What a source can have beside: answers without a name."""

    anonymous: str
    """What all are called who gave none: it may be anybody, so it is never known to be somebody else."""


class Flagging(Protocol):
    """What a source can do beside: tell people which of their answers do not count."""

    def flag(self, batch: str, flags: Sequence[Flag]) -> None:
        """These answers of the batch break a constraint now, and no others; told at every collecting.

        May be repeated: the same flags again change nothing, and an answer that is no longer among
        them was mended.
        """


class Checking(Protocol):
    """What a source can do beside: say before anybody is asked that its answers could not be read."""

    def check(self) -> None:
        """Raise DataError where answers would name what is no class of the task."""


class Rehearsal(Protocol):
    """What a simulated source can do beside: tell the truth, for display only."""

    def truth(self, ids: Sequence[str]) -> dict[str, str]:
        """True class id by item id, where the data say it."""
