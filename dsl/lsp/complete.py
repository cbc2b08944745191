"""What may be written at a place of a text, whether or not the line can be read yet.

The place is found in the outline: the block, and the tokens of the statement before the cursor.
`complete_values.py` has what may follow `=`, `complete_tests.py` conditions and criteria.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lark import Token

from labelwright.dsl.context import fold
from labelwright.dsl.frozen import Frozen
from labelwright.dsl.lsp import words
from labelwright.dsl.lsp.complete_tests import condition_items, criterion_items
from labelwright.dsl.lsp.complete_values import value_items, value_sample
from labelwright.dsl.lsp.documents import Document
from labelwright.dsl.lsp.items import Item, Kind, choice, hole
from labelwright.dsl.lsp.names import Names
from labelwright.dsl.lsp.offers import Offers, class_items
from labelwright.dsl.lsp.outline import Piece
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.plugins import Catalogue
from labelwright.dsl.surroundings import Surroundings
from labelwright.dsl.tree import Span
from labelwright.dsl.vocabulary import BLOCKS, INPUTS, Block, Setting


class _Place(Frozen):
    """A place in a statement: its block, what stands before and after, and a dotted path begun."""

    piece: Piece
    block: Block
    before: tuple[Token, ...]
    path: tuple[str, ...]  # `Politics.` before the word
    after: tuple[Token, ...]
    word: Span


def complete(
    document: Document,
    offset: int,
    catalogue: Catalogue,
    around: Surroundings | None = None,
    *,
    by_space: bool = False,
) -> tuple[list[Item], Span]:
    """What may stand at an offset, the likeliest first, and the span of the word it replaces.

    by_space: asked because a space was typed; nothing is offered then where a statement begins.
    """
    outline = document.outline
    before, word, after = outline.statement_at(offset)
    if outline.within(offset) or (by_space and not before):
        return [], word
    piece = outline.block_at(offset)
    if piece.entry is None:
        return [], word
    before, path = _without_path(before)
    place = _Place(piece, piece.entry, before, path, after, word)
    offers = Offers(Names(outline), catalogue, around or Surroundings(), path)
    found = [i for i in _items(place, offers) if not path or i.kind is Kind.Class]
    return found, word


def _without_path(before: Sequence[Token]) -> tuple[tuple[Token, ...], tuple[str, ...]]:
    """`of Politics.` as `of` and `Politics`."""
    tokens = list(before)
    path: list[str] = []
    while len(tokens) > 1 and tokens[-1].type == "DOT" and tokens[-2].type in ("NAME", "INT"):
        path.insert(0, str(tokens[-2]))
        del tokens[-2:]
    return tuple(tokens), tuple(path)


def _items(place: _Place, offers: Offers) -> Iterator[Item]:
    block, before = place.block, place.before
    if not before:
        yield from _statements(place, offers)
        return
    equal = _assignment(before)
    first = fold(str(before[0]))
    guard = next((k for k, t in enumerate(before) if t in ("when", "until") and k > 0), None)
    if equal is not None:
        setting = next((s for s in block.settings if s.name == first), None)
        if setting is not None:
            yield from value_items(offers, setting, before[equal + 1 :])
    elif guard is not None:
        clause = next((c for c in block.clauses if c.name == first), None)
        if clause is not None and clause.subject != "item":
            if not before[guard + 1 :]:
                yield Item(clause.example, Kind.Value, clause.help)
            return
        measured = before[guard] == "until"
        rule = block.lines == "rules"
        yield from condition_items(offers, before[guard + 1 :], measured=measured, rule=rule)
    elif first in block.blocks or (first in BLOCKS and not block.name):
        yield from _after_head(BLOCKS[first], before)
    elif any(c.name == first for c in block.clauses):
        yield Item("when", Kind.Keyword, words.keyword("when"))
    elif setting := next((s for s in block.settings if s.name == first), None):
        yield from _after_setting(setting, before, offers)
    elif block.lines == "criteria" and first in METRICS:
        yield from criterion_items(offers, METRICS[first], before)
    elif block.lines == "rules":
        yield from _rule(before, offers)
    elif block.lines == "constraints":
        yield from _constraint(before, offers)


def _assignment(before: Sequence[Token]) -> int | None:
    """Where the `=` of a setting stands; one in brackets is an argument's."""
    for k, token in enumerate(before):
        if token.type in ("EQUAL", "LPAR", "COLON", "OP"):
            return k if token.type == "EQUAL" else None
    return None


# --- where a statement begins -----------------------------------------------------------------


def _statements(place: _Place, offers: Offers) -> Iterator[Item]:
    block = place.block
    if block.lines == "constraints":
        yield from class_items(offers)
    if place.path:
        return
    said = _said(place)
    assigned = bool(place.after) and place.after[0].type == "EQUAL"
    for setting in block.settings:
        if setting.name not in said or setting.of:
            yield _setting(setting, block, bare=assigned)
    if assigned:
        return
    for clause in block.clauses:
        if clause.name not in said:
            text = f"{clause.name} when {hole(1, clause.example)}"
            help_ = words.clause_help(clause)
            yield Item(clause.name, Kind.Keyword, clause.help, text, help_)
    for name in block.blocks:
        entry = BLOCKS[name]
        if entry.many or name not in said:
            help_ = words.block_help(entry)
            yield Item(name, Kind.Module, entry.help, _block(entry), help_)
    if block.lines == "rules":
        text = f"{hole(1, 'name')}: vote {hole(2, _first_class(offers))} when $0"
        yield Item("rule", Kind.Snippet, "A weak hint: votes for a class.", text)
    if block.lines == "criteria":
        for metric in METRICS.values():
            form = words.metric_forms(metric)[-1 if metric.of == "must" else 0]
            form = form.partition(" at ")[0]
            subject, op, value = form.rsplit(" ", 2)
            text = f"{subject} {op} {hole(1, value)}"
            yield Item(metric.name, Kind.Function, metric.help, text, words.metric_help(metric))


def _said(place: _Place) -> set[str]:
    """Settings, sentences and blocks that stand in the block already, but for the one at hand."""
    others = (c for c in place.piece.children if c.span.start != place.word.start)
    return {
        c.head
        for c in others
        if c.body is not None
        or c.entry is not None
        or (len(c.tokens) > 1 and c.tokens[1] in ("=", "when", "of"))
    }


def _setting(setting: Setting, block: Block, *, bare: bool) -> Item:
    text = setting.name if bare else f"{setting.name} = {value_sample(setting)}"
    help_ = words.setting_help(setting, block.name)
    return Item(setting.name, Kind.Property, setting.help, text, help_)


def _block(entry: Block) -> str:
    """A block to be filled in."""
    if entry.name == "slice":
        return f"slice {hole(1, 'name')} when $0"
    name = f" {hole(1, 'name')}" if entry.named else ""
    title = f' "{hole(2, "Title")}"' if entry.titled else ""
    needed = [s for s in entry.settings if s.required]
    inside = "".join(f"\n  {s.name} = {hole(k, s.example)}" for k, s in enumerate(needed, start=3))
    return f"{entry.name}{name}{title} {{{inside or chr(10) + '  $0'}\n}}"


def _first_class(offers: Offers) -> str:
    classes = offers.names.classes
    return offers.names.shortest(classes[0].id) if classes else "CLASS"


# --- after the first word ---------------------------------------------------------------------


def _after_head(entry: Block, before: tuple[Token, ...]) -> Iterator[Item]:
    if entry.guard and len(before) == 2:
        yield Item(entry.guard, Kind.Keyword, words.keyword(entry.guard))


def _after_setting(setting: Setting, before: tuple[Token, ...], offers: Offers) -> Iterator[Item]:
    if len(before) == 1:
        yield Item("=", Kind.Operator, setting.help, f"= {value_sample(setting)}")
        if setting.of:
            yield Item("of", Kind.Keyword, "say it of one alone")
    elif before[-1] == "of":
        if setting.of == "class":
            yield from class_items(offers)
        else:
            yield from (Item(word, Kind.EnumMember) for word in INPUTS)


def _rule(before: tuple[Token, ...], offers: Offers) -> Iterator[Item]:
    if len(before) == 1:
        actions = ("vote ", "vote against ", "veto when ")
        yield Item(":", Kind.Operator, "what the rule does", f": {choice(1, actions)}")
        return
    last = before[-1]
    if before[1].type != "COLON":
        return
    if len(before) == 2:
        yield from (
            Item(word, Kind.Keyword, words.keyword(word.split()[-1]))
            for word in ("vote", "vote against", "veto")
        )
    elif last in ("vote", "against"):
        if last == "vote":
            yield Item("against", Kind.Keyword, words.keyword("against"))
        yield from class_items(offers)
    elif last != "weight" and "weight" not in before:
        yield from (Item(w, Kind.Keyword, words.keyword(w)) for w in ("when", "weight"))


def _constraint(before: tuple[Token, ...], offers: Offers) -> Iterator[Item]:
    related = any(t in ("requires", "excludes") for t in before)
    if before[-1].type == "COMMA" or before[-1] in ("requires", "excludes"):
        yield from class_items(offers)
    elif not related:
        for word in ("requires", "excludes"):
            yield Item(word, Kind.Keyword, words.keyword(word))
