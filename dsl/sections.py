"""A block's statements, sorted by the vocabulary: what is known is kept, what is not is reported.

`gather` is the only reader of statements. It knows no block by name: the table says what may stand
where. A word that nobody knows is looked for among synonyms, then in the other blocks, then by
likeness, so that a person gets the word to write and not a list to search.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from labelwright.dsl import tree
from labelwright.dsl.context import Context, Place, fold, listed
from labelwright.dsl.diagnostics import Fix, Label
from labelwright.dsl.forms import read_value
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.suggest import closest
from labelwright.dsl.vocabulary import BLOCKS, Block, Setting, plain_word, reserved


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
        _unknown_setting(ctx, section, item)
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


def _unknown_setting(ctx: Context, section: Section, item: tree.Setting) -> None:
    entry, name = section.entry, item.subject.name
    if entry.lines == "criteria" and (metric := _metric(name.text)):
        better = "<=" if METRICS[metric].better == "lower" else ">="
        after = ctx.source.text.find("=", item.subject.span.end, item.value.span.start)
        fix = Fix(tree.Span(after, after + 1), better, f"write `{better}`") if after >= 0 else None
        ctx.error(
            "E229", item, "a criterion compares: `=` sets a value", f"write `{better}`", fix=fix
        )
        return
    names = [s.name for s in entry.settings]
    synonym = next((s.name for s in entry.settings if plain_word(name.text) in _words(s)), None)
    elsewhere = [
        b.name for b in BLOCKS.values() if any(s.name == fold(name.text) for s in b.settings)
    ]
    near = closest(name.text, names)
    where = f"in `{entry.name}`" if entry.name else "outside a block"
    if synonym:
        ctx.error(
            "E202",
            name,
            f"unknown setting `{name.text}` {where}",
            f"here it is called `{synonym}`",
            fix=Fix(name.span, synonym, f"write `{synonym}`"),
        )
    elif near and not (elsewhere and len(name.text) < 5):
        ctx.error(
            "E202",
            name,
            f"unknown setting `{name.text}` {where}",
            f"did you mean `{near}`?",
            fix=Fix(name.span, near, f"write `{near}`"),
        )
    elif elsewhere:
        ctx.error(
            "E226",
            name,
            f"`{name.text}` does not belong {where}",
            f"it belongs in {listed(elsewhere)}",
        )
    else:
        has = f"`{entry.name}` has {listed(names, most=20)}." if names else ""
        ctx.error(
            "E202", name, f"unknown setting `{name.text}` {where}", notes=(has,) if has else ()
        )
    if synonym or near:
        ctx.broken.add((*section.place, synonym or near or ""))


def _words(entry: Setting) -> set[str]:
    return {plain_word(w) for w in (entry.name, *entry.also)}


def _metric(text: str) -> str | None:
    return next(
        (
            m.name
            for m in METRICS.values()
            if plain_word(text) in map(plain_word, (m.name, *m.also))
        ),
        None,
    )


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
    block = BLOCKS.get(word) or _meant(ctx, section, item)
    if block is None:
        return
    if block.name not in entry.blocks:
        top = "phase" not in block.name
        if not ctx.cautious and entry.name:
            ctx.error(
                "E226",
                item.head,
                f"`{block.name}` does not belong in `{entry.name}`",
                "close the block above with `}` first" if top else "it belongs in `query`",
            )
        elif not ctx.cautious:
            ctx.error(
                "E226",
                item.head,
                f"`{block.name}` does not belong outside a block",
                "it belongs in `query`",
            )
        if not top:
            return
    elif not block.many:
        if (first := seen.get(f"{block.name} {{")) is not None:
            if not ctx.gap_between(first.span, item.span):
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


def _meant(ctx: Context, section: Section, item: tree.Block | tree.Sentence) -> Block | None:
    """Report an unknown block; what it was meant to be, to read its inside by."""
    head = item.head
    said = "".join([head.text, *(n.text for n in item.labels if isinstance(n, tree.Name))])
    here = [BLOCKS[name] for name in section.entry.blocks]
    by_synonym = next(
        (
            b
            for b in (*here, *BLOCKS.values())
            for spelling in (plain_word(said), plain_word(head.text))
            if spelling in map(plain_word, (b.name, *b.also))
        ),
        None,
    )
    near = closest(head.text, [b.name for b in here])
    meant = by_synonym or (BLOCKS[near] if near else None)
    kind = "block" if isinstance(item, tree.Block) else "statement"
    setting = next((s for s in section.entry.settings if s.name == fold(head.text)), None)
    if setting is not None:
        ctx.error(
            "E231",
            head,
            f"`{setting.name}` is a setting",
            f"write `{setting.name} = {setting.example}`",
        )
        ctx.broken.add((*section.place, setting.name))
        return None
    clause = closest(head.text, [c.name for c in section.entry.clauses])
    if by_synonym:
        whole = (
            head.span if by_synonym.named or not item.labels else head.span | item.labels[-1].span
        )
        ctx.error(
            "E203",
            whole,
            f"unknown {kind} `{ctx.text(whole)}`",
            f"here it is called `{by_synonym.name}`",
            fix=Fix(whole, by_synonym.name, f"write `{by_synonym.name}`"),
        )
    elif near:
        ctx.error(
            "E203",
            head,
            f"unknown {kind} `{head.text}`",
            f"did you mean `{near}`?",
            fix=Fix(head.span, near, f"write `{near}`"),
        )
    elif clause and isinstance(item, tree.Sentence):
        ctx.error(
            "E203",
            head,
            f"unknown statement `{head.text}`",
            f"did you mean `{clause}`?",
            fix=Fix(head.span, clause, f"write `{clause}`"),
        )
        ctx.broken.add((*section.place, clause))
    else:
        names = [*section.entry.blocks, *(f"{c.name} when …" for c in section.entry.clauses)]
        where = f"`{section.entry.name}`" if section.entry.name else "A file"
        notes = (f"{where} may hold {listed(names, most=20)}.",) if names else ()
        ctx.error("E203", head, f"unknown {kind} `{head.text}`", notes=notes)
    if meant is not None and meant.name not in section.entry.blocks:
        return None
    if meant is not None and meant.guard == "" and not meant.named and item.labels:
        bare = tree.Block(item.span, head, (), item.guard, getattr(item, "items", ()))
        return _swap(section, meant, bare)
    return meant


def _swap(section: Section, meant: Block, bare: tree.Block) -> Block | None:
    section.blocks.append((meant, bare))
    return None


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
