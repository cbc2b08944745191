"""A block's statements, sorted by the vocabulary: what is known is kept, what is not is reported.

`gather` is the only reader of statements. It knows no block by name: the table says what may stand
where. What is not known here is reported by `unknown.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from labelwright.dsl import tree
from labelwright.dsl.context import Context, Place, fold
from labelwright.dsl.diagnostics import Fix, Label
from labelwright.dsl.forms import read_value
from labelwright.dsl.unknown import unknown_block, unknown_setting
from labelwright.dsl.vocabulary import BLOCKS, Block, Setting, reserved


@dataclass
class Section:
    """What one block says. `values` holds the settings that could be read."""

    entry: Block
    place: Place
    values: dict[str, Any] = field(default_factory=dict)
    about: list[tuple[Setting, tree.Setting]] = field(default_factory=list)  # `threshold of Fraud`
    clauses: dict[str, tree.Condition] = field(default_factory=dict)
    blocks: list[tuple[Block, tree.Block | tree.Sentence]] = field(default_factory=list)
    lines: list[tree.CriterionLine | tree.RuleLine | tree.ConstraintLine] = field(
        default_factory=list
    )


def gather(
    ctx: Context, entry: Block, items: tuple[tree.Statement, ...], place: Place = ()
) -> Section:
    """Sort the statements of one block, or with the entry `FILE` of the whole file."""
    section = Section(entry, place)
    seen: dict[str, tree.Node] = {}
    for item in items:
        match item:
            case tree.Setting():
                _setting(ctx, section, item, seen)
            case tree.Block() | tree.Sentence():
                _block_or_clause(ctx, section, item, seen)
            case tree.CriterionLine():
                _line(ctx, section, item, "criteria", "a comparison", "accept")
            case tree.RuleLine():
                _line(ctx, section, item, "rules", "a rule", "rules")
            case tree.ConstraintLine():
                _line(ctx, section, item, "constraints", "a constraint", "constraints")
    return section


def _setting(
    ctx: Context, section: Section, item: tree.Setting, seen: dict[str, tree.Node]
) -> None:
    entry, subject = section.entry, item.subject
    word = fold(subject.name.text)
    if not entry.name and ctx.cautious:
        return  # the line above it may have been the head of its block
    known = next((s for s in entry.settings if s.name == word), None)
    later = reserved(entry.name, word) or (
        subject.of and word == "guide" and reserved("task", "title")
    )
    if later and (known is None or subject.of):
        _not_yet(ctx, subject, ctx.text(subject), later.what)
        return
    if known is None:
        unknown_setting(ctx, entry, section.place, item)
        return
    place = (*section.place, known.name)
    about = _about(ctx, known, subject)
    if about is None:
        ctx.broken.add(place)
        return
    key = f"{known.name} of {about}" if about else known.name
    if (first := seen.get(key)) is not None:
        if not ctx.gap_between(first.span, item.span):
            ctx.error(
                "E212",
                subject,
                f"`{key}` is given twice",
                "keep one of them",
                labels=(Label(first.span, "given here first"),),
            )
        return
    seen[key] = subject
    if about:
        section.about.append((known, item))
        return
    ctx.places[place] = item.value.span
    value = read_value(ctx, entry.name, known, item.value)
    if value is None:
        ctx.broken.add(place)
    else:
        section.values[known.name] = value


def _about(ctx: Context, known: Setting, subject: tree.Subject) -> str | None:
    """What a setting is said of, folded: "" for nothing, None if it may not be said of this."""
    if subject.args:
        ctx.error(
            "E225", subject, f"`{known.name}` takes no brackets here", f"write `{known.name} = …`"
        )
        return None
    if subject.of is None:
        return ""
    if known.of and isinstance(subject.of, tree.Ref):
        return fold(subject.of.text)
    ctx.error(
        "E225",
        subject.of,
        f"`{known.name}` cannot be said `of` " + ("each class" if known.of else "something"),
        f"write `{known.name} = …`" + (" for all" if known.of else ""),
    )
    return None


def _block_or_clause(
    ctx: Context,
    section: Section,
    item: tree.Block | tree.Sentence,
    seen: dict[str, tree.Node],
) -> None:
    entry, word = section.entry, fold(item.head.text)
    clause = next((c for c in entry.clauses if c.name == word), None)
    if clause is not None and isinstance(item, tree.Sentence) and item.guard and not item.labels:
        _clause(ctx, section, clause.name, item, item.guard, seen)
        return
    if clause is not None:
        ctx.error(
            "E231",
            item.head,
            f"`{clause.name}` is a sentence",
            f"write `{clause.name} when {clause.example}`",
        )
        return
    if later := reserved(entry.name, word) or reserved("", word):
        _not_yet(ctx, item.head, item.head.text, later.what)
        return
    block = BLOCKS.get(word)
    meant = block or unknown_block(ctx, entry, section.place, item)
    if meant is not None:
        _take(ctx, section, meant, item, seen, misspelt=block is None)


def _take(
    ctx: Context,
    section: Section,
    block: Block,
    item: tree.Block | tree.Sentence,
    seen: dict[str, tree.Node],
    *,
    misspelt: bool,
) -> None:
    """Keep a block. One that stands in the wrong place is kept too, to be read at the top."""
    if misspelt and not block.named and item.labels:
        inside = item.items if isinstance(item, tree.Block) else ()
        item = tree.Block(item.span, item.head, (), item.guard, inside)
    if block.name not in section.entry.blocks:
        home = next((b.name for b in BLOCKS.values() if block.name in b.blocks), "")
        if not ctx.cautious:
            where = f"in `{section.entry.name}`" if section.entry.name else "outside a block"
            hint = f"it belongs in `{home}`" if home else "close the block above with `}` first"
            ctx.error("E226", item.head, f"`{block.name}` does not belong {where}", hint)
        if home:
            return
    elif not block.many:
        if (first := seen.get(f"{block.name} {{")) is not None:
            if not misspelt and not ctx.gap_between(first.span, item.span):
                ctx.error(
                    "E213",
                    item.head,
                    f"there is a second `{block.name}` block",
                    "put both in one",
                    labels=(Label(first.span, "the first is here"),),
                )
            return
        seen[f"{block.name} {{"] = item.head
    section.blocks.append((block, item))


def _clause(
    ctx: Context,
    section: Section,
    name: str,
    item: tree.Sentence,
    guard: tree.Guard,
    seen: dict[str, tree.Node],
) -> None:
    if guard.word != "when":
        ctx.error("E231", guard, f"`{name}` is said with `when`", f"write `{name} when …`")
        ctx.broken.add((*section.place, name))
    elif (first := seen.get(name)) is not None:
        if not ctx.gap_between(first.span, item.span):
            ctx.error(
                "E212",
                item.head,
                f"`{name} when` is given twice",
                "join them with `and`",
                labels=(Label(first.span, "given here first"),),
            )
    else:
        seen[name] = item.head
        ctx.places[(*section.place, name)] = guard.condition.span
        section.clauses[name] = guard.condition


def _line(
    ctx: Context,
    section: Section,
    item: tree.CriterionLine | tree.RuleLine | tree.ConstraintLine,
    lines: str,
    what: str,
    home: str,
) -> None:
    if section.entry.lines == lines:
        section.lines.append(item)
        return
    if not section.entry.name and ctx.cautious:
        return
    if isinstance(item, tree.CriterionLine):
        word = fold(item.subject.name.text)
        known = next((s for s in section.entry.settings if s.name == word), None)
        if known is not None:
            ctx.error(
                "E231",
                item.op,
                f"`{known.name}` is a setting",
                "write `=`",
                fix=Fix(item.op.span, "=", "write `=`"),
            )
            ctx.broken.add((*section.place, known.name))
            return
    where = f"in `{section.entry.name}`" if section.entry.name else "outside a block"
    ctx.error("E226", item, f"{what} does not belong {where}", f"it belongs in `{home}`")


def _not_yet(ctx: Context, at: tree.Node, word: str, what: str) -> None:
    ctx.error(
        "E290",
        at,
        f"`{word}` is not yet part of the language",
        "leave it out",
        notes=(f"{what} will come with a later version.",),
    )
