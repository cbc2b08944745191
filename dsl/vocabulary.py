"""Every word of the language: one table that checking, hover, completion and the docs read.

A `Block` lists what may stand between its braces: settings, sentences (`keep when …`), blocks and
lines of one special form. A `Setting` says what it takes, its unit, its default as a person would
write it, an example, one line of help, and what others call it. Metrics are in `metrics.py`.

Adding a setting: one entry here, a field in `task.py`, one line in the room of `lower.py` that
builds the block, one in `show.py`. `tests/dsl/test_vocabulary.py` fails on an entry that is dead.
"""

from __future__ import annotations

from typing import Literal

from labelwright.dsl.frozen import Frozen
from labelwright.dsl.plugins import Kind

Type = Literal[
    "text", "word", "column", "columns", "count", "number", "share", "money", "price", "rate",
    "switch", "plugin", "plugins", "file", "class", "classes", "samples", "spellings", "integers",
    "key", "color", "dedupe", "gold", "labelled", "opinions",
]  # fmt: skip

TYPES: dict[Type, str] = {
    "text": "a quoted text",
    "word": "one of its words",
    "column": "a column's name",
    "columns": "a column's name, or a list of them",
    "count": "a whole number",
    "number": "a number",
    "share": "a share between 0% and 100%",
    "money": "an amount with its currency",
    "price": "an amount with its currency, per annotation",
    "rate": "a number per label",
    "switch": "true or false",
    "plugin": "a name, with arguments in brackets where it needs them",
    "plugins": "a list of names, with arguments in brackets where they need them",
    "file": "a form and a path",
    "class": "the name of the old class",
    "classes": "the name of an old class, or a list of them",
    "samples": "a list of quoted texts, `image(…)` or `span(…)`",
    "spellings": "a list of spellings",
    "integers": "a list of whole numbers",
    "key": "a key, quoted",
    "color": "a colour as `\"#rrggbb\"`",
    "dedupe": "`exact`, or `near(…)` with a similarity",
    "gold": "a number of items, or `file(…)`",
    "labelled": "a source with the columns to join by",
    "opinions": "`none`, `auto`, or `at_most(…)` with a share of the questions",
}  # fmt: skip
"""What a setting of each type takes, in words."""


class Setting(Frozen):
    """`name = value` inside a block."""

    name: str
    type: Type
    help: str
    example: str  # a value as written
    default: str = ""  # as written; empty: none, or worked out from the rest of the file
    words: tuple[str, ...] = ()  # for `word` and `file`
    unit: str = ""  # what may follow the number
    least: float | None = None
    most: float | None = None
    of: Literal["", "class", "input"] = ""  # may be said `of` a class, or `of` text, image, columns
    plugin: Kind | None = None  # for `plugin` and `plugins`
    also: tuple[str, ...] = ()  # what others call it
    required: bool = False


class Clause(Frozen):
    """A sentence inside a block: `keep when …`."""

    name: str
    help: str
    example: str  # the condition, as written
    subject: Literal["item", "agreement", "gold"] = "item"  # what the condition is about
    also: tuple[str, ...] = ()


class Block(Frozen):
    """A block, or a sentence at the top of the file, and all that may stand in it."""

    name: str
    help: str
    settings: tuple[Setting, ...] = ()
    clauses: tuple[Clause, ...] = ()
    blocks: tuple[str, ...] = ()  # blocks that may stand in it
    lines: Literal["", "rules", "constraints", "criteria"] = ""
    named: bool = False  # a name follows
    titled: bool = False  # and perhaps a quoted title
    guard: Literal["", "when", "until"] = ""
    body: Literal["must", "may", "no"] = "must"
    many: bool = False  # may be repeated
    required: bool = False
    also: tuple[str, ...] = ()

    def setting(self, name: str) -> Setting:
        """The setting of this name, which must exist."""
        return next(s for s in self.settings if s.name == name)


S = Setting

TASK = Block(
    "task", "What people are asked, and what kind of answer they give.", named=True, titled=True,
    body="may", required=True, also=("project",), settings=(
        S("kind", "word", "What is labelled: whole items, or spans of text in them.",
          "classification", "classification", words=("classification", "spans"),
          also=("type", "task_type")),
        S("choose", "word", "How many classes one answer names.", "one", "one",
          words=("one", "many"), also=("multi_label", "choice")),
        S("empty", "word", "With `choose = many`: may an answer name no class at all?", "forbidden",
          "forbidden", words=("allowed", "forbidden"), also=("allow_empty",)),
        S("classes", "word", "May a class that has children be chosen itself?", "leaves", "leaves",
          words=("leaves", "any")),
        S("scale", "word", "Whether classes are only different, ordered, or numbers.", "nominal",
          "nominal", words=("nominal", "ordinal", "interval")),
        S("nesting", "word", "Spans: may one lie within another, or cross it?", "flat", "flat",
          words=("flat", "nested", "overlapping")),
        S("guide", "text", "What annotators read before they begin.",
          '"Choose the main topic."', also=("instructions", "instruction", "guidelines", "prompt")),
    ),
)  # fmt: skip

CLASS = Block(
    "class", "One class that an answer may name; a class inside a class is its child.", named=True,
    titled=True, body="may", many=True, required=True, blocks=("class",),
    also=("label", "category", "tag", "option", "choice"), settings=(
        S("describe", "text", "What belongs to the class, in a sentence.", '"Matches, athletes."',
          also=("description", "definition", "help")),
        S("examples", "samples", "Items that belong to it.", '["Kim scored twice"]',
          also=("example",)),
        S("counterexamples", "samples", "Items that look like it and do not belong.",
          '["A stadium tax"]', also=("counterexample", "negatives")),
        S("aliases", "spellings", "Other spellings of the class in the data.", '[sport, "체육", 3]',
          also=("alias", "synonyms", "spellings")),
        S("hotkey", "key", "The key that chooses it.", '"s"', also=("shortcut", "key")),
        S("color", "color", "Its colour for annotators and in reports.", '"#59A14F"',
          also=("colour", "background")),
        S("value", "number", "Its place on the task's scale.", "3"),
        S("role", "word", "`unusable` drops an item from training and measuring.", "label", "label",
          words=("label", "unusable")),
        S("was", "classes", "The class or classes whose labels it takes over.", "Matches",
          also=("renamed_from", "formerly")),
        S("split_of", "class", "The class it was split off; those labels are asked again.", "Play",
          also=("split_from",)),
    ),
)  # fmt: skip

DATA = Block(
    "data", "Where the items come from and what of them is used.", required=True,
    also=("dataset", "input", "inputs", "source"), settings=(
        S("source", "plugin", "Where the items are read from.", 'csv("news.csv")', plugin="read",
          required=True, also=("path", "file", "files")),
        S("id", "column", "The column that names an item; else derived from its content.",
          "article_id", also=("key", "item_id", "index")),
        S("text", "columns", "The columns of text that are labelled.", "body", also=("texts",)),
        S("image", "columns", "The columns of pictures that are labelled.", "photo",
          also=("images", "picture")),
        S("columns", "columns", "The columns of a table that are labelled.", "[age, income]",
          also=("features", "fields")),
        S("join", "labelled", "More columns from a second source, joined by a key.",
          'csv("more.csv", key = article_id)', plugin="read"),
        S("show", "columns", "What annotators see beside the item; the model does not.",
          "[section]", also=("display", "context")),
        S("group", "column", "Items that share it never part across pool and holdout.", "author",
          also=("groups", "group_by", "cluster")),
        S("unit", "word", "What one item is: a document, or each of its sentences.", "document",
          "document", words=("document", "sentence"), also=("granularity",)),
        S("dedupe", "dedupe", "Drop repeated items: exact ones, or near ones too.", "near(0.92)",
          also=("deduplicate", "duplicates")),
    ),
    clauses=(Clause("keep", "Only these items are used.", "body is not missing",
                    also=("filter", "where")),),
)  # fmt: skip

EXISTING_LABELS = Block(
    "existing_labels", "Labels that are there already, and how far to trust them.",
    also=("seed_labels", "initial_labels", "gold_labels", "ground_truth"), settings=(
        S("source", "labelled", "Where they are; without it, in the task's own data.",
          'csv("old.csv", key = id, label = topic)', plugin="read"),
        S("label", "column", "The column that holds them.", "topic", also=("column", "target")),
        S("trust", "word",
          "`verified`: as people's answers; `noisy`: as far as models trust them; `people`: a vote each.",
          "noisy", "noisy",
          words=("noisy", "people", "verified"), also=("quality",)),
        S("audit", "count", "How many of them people look at again.", "200 items", "0 items",
          unit="items", least=0, also=("review",)),
    ),
)  # fmt: skip

HOLDOUT = Block(
    "holdout", "What measures: split off once, never queried, never trained on.",
    also=("test", "test_set", "validation", "eval", "evaluation", "dev_set"),
    settings=(
        S("size", "share", "The share of all items that is split off.", "20%", "20%",
          also=("fraction", "test_size", "ratio", "share")),
        S("annotations", "count", "How many annotations measuring may use, of the budget.", "300",
          least=1, also=("labels", "budget")),
        S("measure", "word", "Which of its items people judge.", "uniform", "uniform",
          words=("uniform", "stratified", "active"), also=("sampling",)),
    ),
    clauses=(Clause("items", "The items that measure, instead of a share.", 'split == "test"',
                    also=("where",)),),
)  # fmt: skip

RULES = Block(
    "rules", "Weak hints: each votes for or against a class, or vetoes an item.", lines="rules",
    also=("labeling_functions", "labelling_functions", "lfs", "heuristics", "weak_supervision",
          "labeling_function"),
)  # fmt: skip

CONSTRAINTS = Block(
    "constraints",
    "What an answer may not combine; one that does is wrong.",
    lines="constraints",
    also=("constraint", "exclusions"),
)

SLICE = Block(
    "slice",
    "A part of the items that criteria can name.",
    named=True,
    guard="when",
    body="no",
    many=True,
    also=("subset", "segment", "subgroup"),
)

ANNOTATORS = Block(
    "annotators", "Who judges, how many of them, and how their answers become one.",
    also=("annotator", "people", "workers", "labelers", "labellers", "raters", "crowd"), settings=(
        S("from", "plugin", "Where the people are.", "label_studio", "label_studio",
          plugin="annotate", also=("source", "backend", "platform")),
        S("overlap", "count", "How many people judge each item.", "2", "1", unit="people", least=1,
          also=("redundancy", "votes", "raters_per_item", "annotations_per_item")),
        S("resolve", "plugin",
          "How several answers become one label (spans, and several classes an item: `majority`).",
          "dawid_skene", "crowdlab",
          plugin="resolve", also=("aggregation", "aggregate", "consensus")),
        S("suggestions", "word", "What people are shown as a first answer, never on the holdout.",
          "model", "none", words=("none", "rules", "model"),
          also=("preannotations", "prelabels")),
        S("adjudicator", "text", "Who decides where people disagree.", '"news-desk"',
          also=("reviewer", "expert")),
        S("gold", "gold", "Items with known answers, hidden in every batch.", "40 items",
          unit="items", also=("honeypot", "honeypots", "control", "test_questions")),
    ),
    clauses=(
        Clause("adjudicate", "Items below this agreement go to the adjudicator.",
               "agreement < 0.67", subject="agreement", also=("review",)),
        Clause("pause", "People below this on gold items are paused.", "gold < 80%",
               subject="gold", also=("ban", "block")),
    ),
)  # fmt: skip

BUDGET = Block(
    "budget", "What the labels may cost.", also=("cost", "limits"), settings=(
        S("annotations", "count", "Every judgement: training, holdout, gold and audit.", "2_300",
          "1_000", least=1, also=("labels", "total", "judgements", "judgments", "max_labels")),
        S("money", "money", "The most that may be spent.", "700 USD", also=("cost", "spend")),
        S("price", "price", "What one annotation costs.", "0.30 USD per annotation",
          also=("rate", "wage")),
        S("hours", "number", "The most of annotators' time.", "40", unit="hours", least=0,
          also=("time",)),
        S("per_round", "count", "How many items are asked at a time.", "50 items", "20 items",
          unit="items", least=1, also=("batch", "batch_size", "per_batch", "n_instances")),
        S("rounds", "count", "The most rounds.", "12", least=1,
          also=("iterations", "cycles", "max_rounds")),
        S("stop", "word",
          "What ends it sooner, beside criteria met: predictions that settle, or little left to gain.",
          "stable", words=("stable", "small_gain"), also=("stopping", "early_stopping")),
    ),
)  # fmt: skip

QUERY = Block(
    "query", "Which items are asked next.", blocks=("phase",),
    also=("strategy", "acquisition", "sampling", "active_learning", "selection"), settings=(
        S("order", "word", "How a batch is laid out: best first, or like items one after the other.",
          "theme", "chosen", words=("chosen", "theme"), also=("sort", "ordering")),
        S("second_opinions", "opinions",
          "Questions to somebody else about an answered item, where worth more than a new one.",
          "at_most(25%)", "none", also=("relabel", "relabelling", "relabeling", "recheck")),
        S("control", "share",
          "The share of each batch drawn at random, to show what choosing saves; it trains too.",
          "10%", also=("random_arm", "control_group", "baseline")),
    ),
)  # fmt: skip

PHASE = Block(
    "phase", "A stretch of the campaign with its own query strategy.", named=True, guard="until",
    many=True, also=("stage", "step"), settings=(
        S("strategy", "plugin", "How items are chosen in this phase.", "mix(margin, random(10%))",
          plugin="query", required=True, also=("query", "acquisition", "sampling")),
    ),
)  # fmt: skip

PSEUDO_LABELS = Block(
    "pseudo_labels", "Labels that the model gives itself where it is sure.",
    also=("self_training", "semi_supervised", "pseudo_labelling"), settings=(
        S("method", "plugin", "How they are found.", "infomax", "infomax", plugin="pseudo",
          also=("algorithm",)),
        S("threshold", "share", "How sure the model must be.", "95%", "95%", of="class",
          also=("confidence", "cutoff", "tau")),
        S("cap", "rate", "At most so many for each label that people gave.", "3 per label",
          unit="label", also=("max", "limit", "ratio")),
        S("distribution_alignment", "switch", "Keep the classes in the proportions people found.",
          "false", "true", also=("alignment", "da")),
    ),
)  # fmt: skip

TRAIN = Block(
    "train", "What learns from the labels.", also=("training", "model", "learner"), settings=(
        S("encoder", "plugin", "What turns items into vectors; a quoted name is a pretrained one.",
          "tfidf", plugin="encode", of="input",
          also=("backbone", "embedding", "embedder", "features", "base_model")),
        S("pretrain", "plugin", "How it first learns from unlabelled items.",
          "contrastive(epochs = 20)", plugin="pretrain", also=("pretraining", "self_supervised")),
        S("finetune", "plugin", "What is trained on the labels.", "head", "head", plugin="learn",
          also=("learner", "classifier", "peft", "tune")),
        S("epochs", "count", "How often training passes over the labels.", "8", least=1,
          also=("num_epochs", "n_epochs")),
        S("augment", "plugins", "Changes that leave the label as it is.", "[crop, flip]",
          plugin="augment", also=("augmentation", "augmentations", "transforms")),
        S("seeds", "integers", "One model is trained for each.", "[1, 2, 3]", "[0]",
          also=("seed", "random_state")),
    ),
)  # fmt: skip

ACCEPT = Block(
    "accept", "When the labels and the model are good enough.", lines="criteria",
    also=("acceptance", "goals", "goal", "targets", "criteria", "metrics", "done", "stop"),
    settings=(
        S("confidence", "share", "How sure the verdict must be, one-sided; for all criteria.",
          "95%", least=0.5, also=("ci", "confidence_level")),
    ),
)  # fmt: skip

OUTPUT = Block(
    "output", "What is written at the end, and where.", also=("outputs", "export", "save"),
    settings=(
        S("dataset", "file", "The labelled items.", 'parquet("out/news.parquet")',
          words=("parquet", "jsonl", "csv", "folder"), also=("data", "labels")),
        S("model", "file", "The trained model.", 'folder("out/model")', words=("folder",),
          also=("checkpoint", "weights")),
        S("report", "file", "The report for people.", 'html("out/news.html")', words=("html",)),
        S("track", "plugin", "Where every round is logged too.", 'mlflow("mlflow.db")',
          plugin="track", also=("tracker", "tracking", "logger", "experiment")),
    ),
)  # fmt: skip

FILE = Block(
    "", "The whole file.",
    blocks=("task", "class", "data", "existing_labels", "holdout", "rules", "constraints", "slice",
            "annotators", "budget", "query", "pseudo_labels", "train", "accept", "output"),
)  # fmt: skip

BLOCKS: dict[str, Block] = {
    b.name: b
    for b in (TASK, CLASS, DATA, EXISTING_LABELS, HOLDOUT, RULES, CONSTRAINTS, SLICE, ANNOTATORS,
              BUDGET, QUERY, PHASE, PSEUDO_LABELS, TRAIN, ACCEPT, OUTPUT)
}  # fmt: skip
"""All blocks by name, in the order in which a file states them."""

FUNCTIONS: dict[str, str] = {
    "words": "How many words a text has.",
    "length": "How many characters a text has.",
    "lower": "The text in lower case.",
}
"""What may be computed of a field in a condition."""

INPUTS: tuple[Literal["text", "image", "columns"], ...] = ("text", "image", "columns")
"""What `encoder of …` may name, in the order of `data`."""

SAMPLES = ("image", "span")
"""What an example may be beside a plain text."""


class Reserved(Frozen):
    """A word kept for a later version, in one place of the language."""

    block: str  # where it stands; "" = the top of the file, "*" = anywhere
    word: str
    what: str
    value_of: str = ""  # a value of this setting; else a block, a setting or a sentence


RESERVED = (
    Reserved("", "relation", "Relations between spans"),
    Reserved("", "costs", "Costs of single mistakes"),
    Reserved("", "decide", "Decision thresholds for each class"),
    Reserved("", "team", "Teams of annotators"),
    Reserved("", "question", "A second question about the same item"),
    Reserved("*", "drift", "Watching for drift"),
    Reserved("task", "title", "Titles in several languages"),
    Reserved("task", "discontinuous", "Spans with gaps"),
    Reserved("task", "discontinuous", "Spans with gaps", "nesting"),
    Reserved("task", "preference", "Comparing two items", "kind"),
    Reserved("task", "ranking", "Ranking items", "kind"),
    Reserved("task", "boxes", "Boxes in pictures", "kind"),
    Reserved("class", "title", "Titles in several languages"),
    Reserved("data", "time", "Items ordered in time"),
    Reserved("data", "language", "The language of an item"),
    Reserved("holdout", "split", "Holdouts by time"),
    Reserved("annotators", "model", "Models as annotators", "from"),
    Reserved("annotators", "llm", "Models as annotators", "from"),
)
"""Refused with "not yet", so that the grammar never has to change for them."""


def reserved(block: str, word: str, value_of: str = "") -> Reserved | None:
    """The reserved word that stands here, if it is one."""
    for entry in RESERVED:
        here = entry.block in (block, "*")
        if here and entry.word == word.casefold() and entry.value_of == value_of:
            return entry
    return None


def plain_word(word: str) -> str:
    """`word` as synonyms are compared: case folded, without `_`, `-` and spaces."""
    return "".join(ch for ch in word.casefold() if ch not in "_- ")
