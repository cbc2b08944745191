"""What every word of the language means: its own words, what others call them, plug-ins.

A user who meets a word asks once, whatever it is: a block, a setting, a metric, a keyword. What is
known of it comes from `vocabulary.py`, `metrics.py`, the catalogue, and of keywords from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from labelwright.dsl.calls import KINDS
from labelwright.dsl.frozen import Frozen
from labelwright.dsl.metrics import METRICS, Metric
from labelwright.dsl.plugins import Catalogue, Signature
from labelwright.dsl.vocabulary import (
    BLOCKS,
    FUNCTIONS,
    RESERVED,
    Block,
    Clause,
    Reserved,
    Setting,
    plain_word,
)


class Keyword(Frozen):
    """A word of the grammar: what it says, and a statement with it inside a block."""

    name: str
    help: str
    block: str
    example: str


_K = Keyword
_ON_ITEMS = "data"

KEYWORDS: dict[str, Keyword] = {
    k.name: k
    for k in (
        _K("when", "Begins the condition under which a sentence holds.", _ON_ITEMS,
           "keep when words(body) > 3"),
        _K("until", "Begins the condition that ends a phase.", "query",
           "phase first until labels >= 50 { strategy = random }"),
        _K("of", "Says which class, or which input, is meant.", "accept",
           "recall of A >= 80% with 95% confidence"),
        _K("each", "Every class, or every slice, for itself.", "accept",
           "recall of each class >= 60% with 95% confidence"),
        _K("with", "Says how sure the verdict on one criterion must be.", "accept",
           "accuracy >= 80% with 95% confidence"),
        _K("confidence", "How sure a verdict is: the bound of a one-sided interval must hold.",
           "accept", "accuracy >= 80% with 95% confidence"),
        _K("at", "Measures recall where precision has this value, or the other way round.",
           "accept", "recall of A >= 60% at 90% precision"),
        _K("on", "Measures on one slice of the holdout, or on each of them.", "accept",
           "accuracy >= 80% with 95% confidence on S"),
        _K("vote", "The rule speaks for a class.", "rules", 'r: vote A when body contains "goal"'),
        _K("against", "With `vote`: the rule speaks against a class.", "rules",
           'r: vote against A when section == "money"'),
        _K("veto", "No rule speaks on an item on which this one does.", "rules",
           "r: veto when words(body) < 3"),
        _K("weight", "How much a rule's vote counts beside the others'; 1 by default.", "rules",
           'r: vote A when body contains "goal" weight 2'),
        _K("requires", "An answer that names the one class names the others too.", "constraints",
           "A requires B"),
        _K("excludes", "No answer names both.", "constraints", "A excludes B"),
        _K("or", "One of the conditions holds, or several.", _ON_ITEMS,
           'keep when lang == "en" or lang == "ko"'),
        _K("and", "All of the conditions hold.", _ON_ITEMS,
           'keep when lang == "en" and words(body) > 3'),
        _K("not", "The condition does not hold.", _ON_ITEMS, 'keep when not lang == "en"'),
        _K("matches", "The text holds what the pattern (RE2) describes.", _ON_ITEMS,
           "keep when body matches /[0-9]+ points/"),
        _K("contains", "The text holds these words; case does not matter.", _ON_ITEMS,
           'keep when body contains "goal"'),
        _K("any", "With `contains`: at least one of the texts in the list.", _ON_ITEMS,
           'keep when body contains any ["goal", "match"]'),
        _K("all", "With `contains`: every text in the list.", _ON_ITEMS,
           'keep when body contains all ["goal", "match"]'),
        _K("in", "The value is one of the list.", _ON_ITEMS, 'keep when lang in ["en", "ko"]'),
        _K("is", "With `missing`: asks whether a field has a value.", _ON_ITEMS,
           "keep when body is not missing"),
        _K("missing", "A field without a value; any other test on it never fires.", _ON_ITEMS,
           "keep when body is not missing"),
        _K("true", "Switches a setting on.", "pseudo_labels", "distribution_alignment = true"),
        _K("false", "Switches a setting off.", "pseudo_labels", "distribution_alignment = false"),
        _K("per", "For each: an amount for each annotation, a number for each label.", "budget",
           "price = 0.30 USD per annotation"),
    )
}  # fmt: skip
"""Every word that the grammar keeps for itself."""

Entry = Block | Setting | Clause | Metric | Keyword | Reserved | Signature | str


class Meaning(Frozen):
    """One thing that a word is. `entry` holds what is known of it; a function is its help."""

    kind: str  # "block", "setting", "sentence", "metric", "function", "keyword", "plug-in", "later"
    name: str  # as the language calls it
    entry: Entry
    block: str = ""  # where it stands; of a plug-in, what it is
    how: Literal["name", "synonym", "value"] = "name"  # what the word that was asked for is of it

    @property
    def full_name(self) -> str:
        """The name, with the block of a setting or a sentence before it: `budget.money`."""
        return f"{self.block}.{self.name}" if self.kind in ("setting", "sentence") else self.name


def look_up(word: str, catalogue: Catalogue) -> tuple[Meaning, ...]:
    """All that a word means: by its name, else as others call it, else as a value of a setting.

    `budget.money` asks for a setting of one block. Nothing where the language has no such word.
    """
    home, _, name = word.rpartition(".")
    plain, inside = plain_word(name), plain_word(home)
    if not plain:
        return ()
    if inside:
        blocks = {b.name: b for b in BLOCKS.values() if inside in _called(b)}
        plugins: tuple[Meaning, ...] = ()
    else:
        blocks = BLOCKS
        plugins = tuple(_plugins_called(name, catalogue))
    for found in (
        (*_by_name(plain, blocks), *plugins),
        tuple(_by_synonym(plain, blocks)),
        tuple(_by_value(plain, blocks)),
    ):
        here = tuple(m for m in found if not inside or m.block in blocks)
        if here:
            return here
    return ()


def words(catalogue: Catalogue) -> list[str]:
    """Every word that `look_up` knows, for did-you-mean: names before what others call them."""
    names: list[str] = [*BLOCKS, *METRICS, *FUNCTIONS, *KEYWORDS]
    others: list[str] = []
    for block in BLOCKS.values():
        inner: tuple[Setting | Clause, ...] = (*block.settings, *block.clauses)
        names += [entry.name for entry in inner]
        others += [*block.also, *(w for entry in inner for w in entry.also)]
        others += [w for setting in block.settings for w in setting.words]
    others += [w for metric in METRICS.values() for w in metric.also]
    others += [name for kind in KINDS for name in catalogue.names(kind)]
    return list(dict.fromkeys([*names, *others]))


def _called(entry: Block | Setting | Clause | Metric) -> set[str]:
    return {plain_word(w) for w in (entry.name, *entry.also)}


def _inside(blocks: dict[str, Block]) -> Iterator[tuple[str, str, Setting | Clause]]:
    for block in blocks.values():
        for setting in block.settings:
            yield "setting", block.name, setting
        for clause in block.clauses:
            yield "sentence", block.name, clause


def _by_name(plain: str, blocks: dict[str, Block]) -> Iterator[Meaning]:
    for block in BLOCKS.values():
        if plain == plain_word(block.name):
            yield Meaning("block", block.name, block)
    for kind, home, entry in _inside(blocks):
        if plain == plain_word(entry.name):
            yield Meaning(kind, entry.name, entry, block=home)
    for metric in METRICS.values():
        if plain == plain_word(metric.name):
            yield Meaning("metric", metric.name, metric)
    for name, help in FUNCTIONS.items():
        if plain == plain_word(name):
            yield Meaning("function", name, help)
    if plain in KEYWORDS:
        yield Meaning("keyword", plain, KEYWORDS[plain])


def _by_synonym(plain: str, blocks: dict[str, Block]) -> Iterator[Meaning]:
    for block in BLOCKS.values():
        if plain in _called(block):
            yield Meaning("block", block.name, block, how="synonym")
    for kind, home, entry in _inside(blocks):
        if plain in _called(entry):
            yield Meaning(kind, entry.name, entry, block=home, how="synonym")
    for metric in METRICS.values():
        if plain in _called(metric):
            yield Meaning("metric", metric.name, metric, how="synonym")


def _by_value(plain: str, blocks: dict[str, Block]) -> Iterator[Meaning]:
    for _, home, entry in _inside(blocks):
        if isinstance(entry, Setting) and plain in map(plain_word, entry.words):
            yield Meaning("setting", entry.name, entry, block=home, how="value")
    for reserved in RESERVED:
        if plain == plain_word(reserved.word):
            yield Meaning("later", reserved.word, reserved, block=reserved.block)


def _plugins_called(name: str, catalogue: Catalogue) -> Iterator[Meaning]:
    for kind, noun in KINDS.items():
        if (signature := catalogue.find(kind, name.casefold())) is not None:
            yield Meaning("plug-in", signature.name, signature, block=noun)
