"""Class blocks of a new task file: names, titles, other spellings, examples, children."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from labelwright.dsl.naming import one_line, quoted, shortened, valid_name

_COMMENT_WIDTH = 72
_WIDTH = 98  # a list that would go beyond it stands on several lines


@dataclass(frozen=True)
class ProposedClass:
    """A class found in a column or a file: its spellings in the data, the commonest first.

    People read `title`; where it is empty, the first spelling. `name` is the name it would like.
    A counterexample comes with the title of the class that it belongs to.
    """

    spellings: tuple[str, ...]
    count: int | None = None
    samples: tuple[str, ...] = ()
    name: str = ""
    title: str = ""
    describe: str = ""
    examples: tuple[str, ...] = ()
    counterexamples: tuple[tuple[str, str], ...] = ()
    hotkey: str | None = None
    color: str | None = None
    children: tuple[ProposedClass, ...] = ()

    @property
    def shown(self) -> str:
        """What people read."""
        return self.title or self.spellings[0]


@dataclass(frozen=True)
class Named:
    """A class with the name that it got; `id` is the dotted path of names."""

    proposed: ProposedClass
    id: str
    parent: str | None
    aliases: tuple[str, ...]
    children: tuple[Named, ...]

    @property
    def name(self) -> str:
        """The last part of the id."""
        return self.id.rpartition(".")[2]


def in_order(classes: Sequence[ProposedClass]) -> list[ProposedClass]:
    """All classes, parents before their children, as the file states them."""
    return [c for each in classes for c in (each, *in_order(each.children))]


def named_classes(classes: Sequence[ProposedClass]) -> list[Named]:
    """Every class with a name of its own among its siblings, in the order of `in_order`."""
    means: dict[str, int] = {}  # how many classes a word is a title or spelling of
    for each in in_order(classes):
        for word in {_fold(w) for w in (each.shown, *each.spellings)}:
            means[word] = means.get(word, 0) + 1
    return _flat(_siblings(classes, None, means))


def class_block(each: Named, margin: str = "") -> str:
    """The block of a class and of those inside it, with what was seen of it as comments."""
    proposed = each.proposed
    # Label Studio puts an item's data where a title says `$word`.
    title = one_line(proposed.shown.replace("$", "＄"))
    head = f"class {each.name}" + (f" {quoted(title)}" if title != each.name else "")
    lines: list[tuple[str, str]] = []
    if proposed.describe.strip():
        lines.append(("describe", quoted(proposed.describe.strip())))
    else:
        lines.append(("describe", '""  # what belongs here, and what does not'))
    if proposed.examples:
        lines.append(("examples", _list([(e, "") for e in proposed.examples], margin)))
    if proposed.counterexamples:
        lines.append(("counterexamples", _list(proposed.counterexamples, margin)))
    if each.aliases:
        lines.append(("aliases", f"[{', '.join(_spelling(a) for a in each.aliases)}]"))
    if proposed.hotkey:
        lines.append(("hotkey", quoted(proposed.hotkey)))
    if proposed.color:
        lines.append(("color", quoted(proposed.color)))
    width = max(len(setting) for setting, _ in lines)
    inside = [f"{margin}  {setting:<{width}} = {value}" for setting, value in lines]
    for child in each.children:
        inside += ["", class_block(child, margin + "  ")]
    return "\n".join([*_remarks(proposed, margin), f"{margin}{head} {{", *inside, f"{margin}}}"])


# --- names ------------------------------------------------------------------------------------


def _siblings(
    classes: Sequence[ProposedClass], parent: str | None, means: dict[str, int]
) -> list[Named]:
    spelt = [{_fold(s) for s in each.spellings} for each in classes]
    names: set[str] = set()
    found = []
    for position, each in enumerate(classes):
        # A name must not be how the data spell another class: a value would then match both.
        others = set[str]().union(*spelt[:position], *spelt[position + 1 :])
        name = _free_name(each.name or each.spellings[0], position + 1, names | others)
        names.add(_fold(name))
        whole = f"{parent}.{name}" if parent else name
        children = tuple(_siblings(each.children, whole, means))
        found.append(Named(each, whole, parent, _aliases(each, name, means), children))
    return found


def _aliases(each: ProposedClass, name: str, means: dict[str, int]) -> tuple[str, ...]:
    """The spellings to write down: those that are not the name and mean no other class too."""
    return tuple(s for s in each.spellings if s != name and means[_fold(s)] == 1)


def _free_name(raw: str, number: int, taken: set[str]) -> str:
    stem = valid_name(raw) or f"Class{number}"
    name, again = stem, 2
    while _fold(name) in taken:
        name, again = f"{'N' if stem.isdecimal() else ''}{stem}_{again}", again + 1
    return name


def _flat(named: Sequence[Named]) -> list[Named]:
    return [n for each in named for n in (each, *_flat(each.children))]


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip()).casefold()


# --- text -------------------------------------------------------------------------------------


def _spelling(alias: str) -> str:
    return alias if alias.isascii() and alias.isdecimal() else quoted(alias)


def _list(values: Sequence[tuple[str, str]], margin: str) -> str:
    """Quoted texts, each with a remark; on one line where they fit there and none is remarked."""
    plain = f"[{', '.join(quoted(text) for text, _ in values)}]"
    if not any(remark for _, remark in values) and len(plain) + len(margin) + 20 <= _WIDTH:
        return plain
    lines = [
        f"{margin}    {quoted(text)}," + (f"  # {one_line(remark)}" if remark else "")
        for text, remark in values
    ]
    return "\n".join(["[", *lines, f"{margin}  ]"])


def _remarks(each: ProposedClass, margin: str) -> list[str]:
    remarks = [f"{margin}# {each.count:,} items"] if each.count is not None else []
    return remarks + [f"{margin}#   {shortened(sample, _COMMENT_WIDTH)}" for sample in each.samples]
