"""The compiled task definition: frozen, validated, serialisable.

A `Task` is what a task file means once read and checked, every default filled in. It holds no
source positions and no reference to data: the same text always gives the same Task, and everything
else (what annotators see, what Label Studio gets, what the model is trained with) follows from it.
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType

Operator = Literal["==", "!=", ">=", "<=", ">", "<"]


class Model(BaseModel):
    """Base of everything in a Task: immutable and closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- values and calls -------------------------------------------------------------------------


class Percent(Model):
    """A value written with a percent sign; `percent=97` is `97%`."""

    type: Literal["percent"] = "percent"
    percent: float

    @property
    def fraction(self) -> float:
        """The share as a number in 0..1."""
        return self.percent / 100


class Word(Model):
    """A bare, possibly dotted, name in argument position: a column, a class, a plug-in."""

    type: Literal["word"] = "word"
    name: str


class Day(Model):
    """A bare date, `2026-09-01`."""

    type: Literal["date"] = "date"
    day: date


class Call(Model):
    """A plug-in with its arguments: `badge(subsample = 4_000)`, `mix(margin, random(10%))`.

    A plug-in named without brackets is a Call without arguments.
    """

    type: Literal["call"] = "call"
    name: str
    args: tuple["Argument", ...] = ()

    def python_arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments as plain Python values (Call stays a Call)."""
        positional = [plain(a.value) for a in self.args if a.name is None]
        named = {a.name: plain(a.value) for a in self.args if a.name is not None}
        return positional, named


Value = TypeAliasType(
    "Value",
    "Annotated[Percent | Word | Day | Call, Field(discriminator='type')]"
    " | bool | int | float | str | tuple[Value, ...]",
)


class Argument(Model):
    """One argument of a call; `name` is None for a positional one."""

    name: str | None = None
    value: Value


def plain(value: Value) -> Any:
    """`value` as Python: a percent becomes a fraction, a word its name, a list a list."""
    if isinstance(value, Percent):
        return value.fraction
    if isinstance(value, Word):
        return value.name
    if isinstance(value, Day):
        return value.day
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


# --- conditions -------------------------------------------------------------------------------


class FieldRef(Model):
    """A field of an item: a column, a dotted path, or a function of one (`words(body)`)."""

    path: tuple[str, ...]
    function: str | None = None

    @property
    def name(self) -> str:
        """The column's name."""
        return ".".join(self.path)


class Compare(Model):
    """`field OP value`; false where the field is missing."""

    type: Literal["compare"] = "compare"
    field: FieldRef
    op: Operator
    value: Value


class Matches(Model):
    """`field matches /pattern/flags` (RE2)."""

    type: Literal["matches"] = "matches"
    field: FieldRef
    pattern: str
    flags: str = ""


class Contains(Model):
    """`field contains [any|all] values`; folds case and NFC."""

    type: Literal["contains"] = "contains"
    field: FieldRef
    quantifier: Literal["any", "all"] = "any"
    values: tuple[str, ...]


class Member(Model):
    """`field [not] in [values]`."""

    type: Literal["member"] = "member"
    field: FieldRef
    values: tuple[Value, ...]
    negated: bool = False


class Missing(Model):
    """`field is [not] missing`."""

    type: Literal["missing"] = "missing"
    field: FieldRef
    negated: bool = False


class MetricTest(Model):
    """A measured or counted quantity in a phase condition: `labels of each class >= 20`."""

    type: Literal["metric"] = "metric"
    metric: str
    of: str | None = None  # a class id, or EACH_CLASS
    op: Operator
    value: float


class Not(Model):
    type: Literal["not"] = "not"
    operand: "Condition"


class And(Model):
    type: Literal["and"] = "and"
    operands: tuple["Condition", ...]


class Or(Model):
    type: Literal["or"] = "or"
    operands: tuple["Condition", ...]


Condition = Annotated[
    Compare | Matches | Contains | Member | Missing | MetricTest | Not | And | Or,
    Field(discriminator="type"),
]

EACH_CLASS = "each class"
EACH_SLICE = "each slice"


# --- blocks -----------------------------------------------------------------------------------


class Sample(Model):
    """An example or counterexample shown to annotators.

    `kind` is text, image (value = path) or span (value = the text, `marked` = the part of it).
    """

    kind: Literal["text", "image", "span"] = "text"
    value: str
    marked: str | None = None


class Class(Model):
    """One class. `id` is stable for life: the dotted path of names (`Politics.Election`)."""

    id: str
    title: str  # what people read; the name where no title is given
    parent: str | None = None
    describe: str = ""
    examples: tuple[Sample, ...] = ()
    counterexamples: tuple[Sample, ...] = ()
    aliases: tuple[str, ...] = ()  # other spellings in the data; integers as text
    hotkey: str | None = None
    color: str | None = None
    value: float | None = None  # on a scale
    role: Literal["label", "unusable"] = "label"
    was: tuple[str, ...] = ()
    split_of: str | None = None

    @property
    def name(self) -> str:
        """The last part of the id."""
        return self.id.rpartition(".")[2]


class Near(Model):
    """`dedupe = near(0.92)`: near duplicates above this similarity; `exact` has no threshold."""

    method: Literal["exact", "near"] = "exact"
    threshold: float | None = None


class Join(Model):
    source: Call
    key: str


class Data(Model):
    source: Call
    id: str | None = None  # None: the source's own, else derived from the content
    text: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    join: Join | None = None
    show: tuple[str, ...] = ()
    group: str | None = None
    unit: Literal["document", "sentence"] = "document"
    dedupe: Near | None = None
    keep: Condition | None = None


class ExistingLabels(Model):
    source: Call | None = None  # None: the task's own data
    key: str | None = None
    label: str
    trust: Literal["noisy", "people", "verified"] = "noisy"
    audit: int = 0  # items


class Holdout(Model):
    """What measures. Exactly one of `size` (share of the items) and `when` is set."""

    size: float | None = None
    when: Condition | None = None
    annotations: int  # judgements people spend on it
    measure: Literal["uniform", "stratified", "active"] = "uniform"


class Rule(Model):
    name: str
    action: Literal["vote", "against", "veto"]
    label: str | None = None  # class id; None for veto
    when: Condition | None = None
    weight: float = 1.0


class Constraint(Model):
    subject: str  # class id
    relation: Literal["requires", "excludes"]
    objects: tuple[str, ...]  # class ids


class Slice(Model):
    name: str
    when: Condition


class Gold(Model):
    """Known answers hidden in every batch: a number of items, or a file of them."""

    items: int | None = None
    file: str | None = None


class Annotators(Model):
    source: Call  # the setting is written `from`
    overlap: int = 1  # people per item
    resolve: str = "crowdlab"
    suggestions: Literal["none", "rules", "model"] = "none"
    adjudicator: str | None = None
    gold: Gold | None = None
    adjudicate_below: float | None = None  # `adjudicate when agreement < 0.67`
    pause_below: float | None = None  # `pause when gold < 80%`


class Money(Model):
    amount: float
    currency: str


class Budget(Model):
    annotations: int  # every judgement: training, holdout, gold and audit
    money: Money | None = None
    price: Money | None = None  # per annotation
    hours: float | None = None  # of annotators' time
    per_round: int = 20  # items
    rounds: int | None = None
    stop: Literal["stable", "small_gain"] | None = None  # ends it sooner, beside criteria met


class Phase(Model):
    name: str
    strategy: Call
    until: Condition | None = None


class Query(Model):
    phases: tuple[Phase, ...]
    order: Literal["chosen", "theme"] = "chosen"  # of a batch, as people see it
    second_opinions: float = Field(
        default=0.0, description="The most of a round's questions; 0 is `none`, 1 is `auto`."
    )
    control: float = 0.0  # share of each batch drawn at random, to compare with


class Cap(Model):
    """`cap = 3 per label`: at most this many pseudo-labels for each label."""

    per_label: float


class PseudoLabels(Model):
    method: Call
    threshold: float = 0.95
    thresholds: dict[str, float] = Field(default_factory=dict)  # class id -> threshold
    cap: Cap | None = None
    distribution_alignment: bool = True


class Encoders(Model):
    """What turns items into vectors; one per kind of input (`encoder of image = …`)."""

    default: Call | None = None
    of: dict[Literal["text", "image", "columns"], Call] = Field(default_factory=dict)


class Train(Model):
    encoder: Encoders
    pretrain: Call | None = None
    finetune: Call
    epochs: int | None = None
    augment: tuple[Call, ...] = ()
    seeds: tuple[int, ...] = (0,)


class Criterion(Model):
    """One line of `accept`. `confidence` is one-sided; None means a point estimate."""

    metric: str
    args: tuple[Argument, ...] = ()
    of: str | None = None  # class id or EACH_CLASS
    op: Operator
    value: float
    unit: str | None = None
    confidence: float | None = None
    at: tuple[float, str] | None = None  # (0.9, "precision") for `at 90% precision`
    on: str | None = None  # slice name or EACH_SLICE
    text: str = ""  # as written, for people


class Accept(Model):
    confidence: float | None = None
    criteria: tuple[Criterion, ...] = ()


class Output(Model):
    dataset: Call | None = None
    model: Call | None = None
    report: Call | None = None
    track: Call | None = None


class Task(Model):
    """A whole task definition; see the module's docstring."""

    name: str
    title: str
    kind: Literal["classification", "spans"] = "classification"
    choose: Literal["one", "many"] = "one"
    empty: Literal["allowed", "forbidden"] = "forbidden"
    choosable: Literal["leaves", "any"] = "leaves"  # the setting is written `classes`
    scale: Literal["nominal", "ordinal", "interval"] = "nominal"
    nesting: Literal["flat", "nested", "overlapping"] = "flat"
    guide: str = ""
    classes: tuple[Class, ...]  # file order, parents before their children
    data: Data
    existing_labels: ExistingLabels | None = None
    holdout: Holdout
    rules: tuple[Rule, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    slices: tuple[Slice, ...] = ()
    annotators: Annotators
    budget: Budget
    query: Query
    pseudo_labels: PseudoLabels | None = None
    train: Train
    accept: Accept = Accept()
    output: Output = Output()

    def children(self, parent: str | None) -> tuple[Class, ...]:
        """Classes directly under `parent` (None: the top ones), in file order."""
        return tuple(c for c in self.classes if c.parent == parent)

    @property
    def choices(self) -> tuple[Class, ...]:
        """Classes an answer may name, in file order, unusable ones included."""
        if self.choosable == "any":
            return self.classes
        parents = {c.parent for c in self.classes}
        return tuple(c for c in self.classes if c.id not in parents)

    @property
    def labels(self) -> tuple[Class, ...]:
        """Choices a model learns and criteria range over: all but the unusable ones."""
        return tuple(c for c in self.choices if c.role == "label")
