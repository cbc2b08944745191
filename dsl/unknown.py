"""Words that are not known where they stand: what was meant, said once.

Looked for in this order: what others call it, what is spelt like it, where else the language has it.
What was meant is remembered as broken, so that nothing later takes it for missing.
"""

from __future__ import annotations

from collections.abc import Iterable

from labelwright.dsl import tree
from labelwright.dsl.context import Context, Place, fold, listed
from labelwright.dsl.diagnostics import Fix
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.suggest import closest
from labelwright.dsl.vocabulary import BLOCKS, Block, Setting, plain_word

_HEADS = {
    "task": ("`task` is a block, not a setting", 'write `task NAME "Title" { … }`'),
    "classes": ("each class is a statement of its own", "write `class NAME` on a line each"),
}
"""What a newcomer sets at the head of a file: what is wrong with it, and what to write."""


def unknown_setting(ctx: Context, entry: Block, place: Place, item: tree.Setting) -> None:
    """Report a setting that this block does not have."""
    name = item.subject.name
    if entry.lines == "criteria" and (metric := _metric(name.text)):
        _set_for_compared(ctx, item, metric)
        return
    where = f"in `{entry.name}`" if entry.name else "outside a block"
    message = f"unknown setting `{name.text}` {where}"
    if not entry.name and fold(name.text) in _HEADS:
        ctx.error("E202", name, *_HEADS[fold(name.text)])
        ctx.lost_class |= fold(name.text) == "classes"
        ctx.broken.add((fold(name.text),))
        return
    known, spelt = _likely(name.text, entry.settings)
    homes = [b.name for b in BLOCKS.values() if any(s.name == fold(name.text) for s in b.settings)]
    if known and (spelt == "same" or not homes):
        hint = f"here it is called `{known}`" if spelt == "same" else f"did you mean `{known}`?"
        fix = Fix(name.span, known, f"write `{known}`")
        ctx.error("E202", name, message, hint, fix=fix)
        ctx.broken.add((*place, known))
    elif homes:
        inner = next((h for h in homes if h in entry.blocks), None)
        hint = f"it belongs in {listed(homes)}"
        if inner:
            hint = f"write `{inner} NAME {{ {name.text} = … }}`"
        ctx.error("E226", name, f"`{name.text}` does not belong {where}", hint)
    else:
        names = [s.name for s in entry.settings]
        has = (f"`{entry.name}` has {listed(names, most=20)}.",) if names else ()
        ctx.error("E202", name, message, notes=has)


def unknown_block(
    ctx: Context, entry: Block, place: Place, item: tree.Block | tree.Sentence
) -> Block | None:
    """Report a block or sentence that does not stand here; the block that was meant, if one was."""
    head = item.head
    kind = "block" if isinstance(item, tree.Block) else "statement"
    if setting := next((s for s in entry.settings if s.name == fold(head.text)), None):
        hint = f"write `{setting.name} = {setting.example}`"
        ctx.error("E231", head, f"`{setting.name}` is a setting", hint)
        ctx.broken.add((*place, setting.name))
        return None
    is_line = isinstance(item, tree.Sentence) and fold(head.text) not in BLOCKS
    if entry.lines == "rules" and is_line:
        meant = f"NAME: {'veto' if head.text == 'veto' else 'vote CLASS'} when CONDITION"
        ctx.error("E203", head, "a rule begins with a name and a colon", f"write `{meant}`")
        return None
    here = [BLOCKS[name] for name in entry.blocks]
    if not closest(head.text, [b.name for b in here if b.name != "class"]):
        ctx.lost_class |= "class" in entry.blocks
    if block := _called(item, here) or _called(item, BLOCKS.values()):
        whole = head.span
        if not block.named and item.labels:
            whole = head.span | item.labels[-1].span
        ctx.error(
            "E203",
            whole,
            f"unknown {kind} `{ctx.text(whole)}`",
            f"here it is called `{block.name}`",
            fix=Fix(whole, block.name, f"write `{block.name}`"),
        )
        return block if block in here else None
    clauses = [c.name for c in entry.clauses if isinstance(item, tree.Sentence)]
    if near := closest(head.text, [*entry.blocks, *clauses]):
        ctx.error(
            "E203",
            head,
            f"unknown {kind} `{head.text}`",
            f"did you mean `{near}`?",
            fix=Fix(head.span, near, f"write `{near}`"),
        )
        if near in entry.blocks:
            return BLOCKS[near]
        ctx.broken.add((*place, near))
        return None
    home, name = _setting_anywhere(head.text)
    if home and name:
        hint = f"it is a setting: `{name.name} = {name.example}` in `{home}`"
        ctx.error("E203", head, f"unknown {kind} `{head.text}`", hint)
        ctx.broken.add((home, name.name))
        return None
    names = [*entry.blocks, *(f"{c.name} when …" for c in entry.clauses)]
    where = f"`{entry.name}`" if entry.name else "A file"
    notes = (f"{where} may hold {listed(names, most=20)}.",) if names else ()
    ctx.error("E203", head, f"unknown {kind} `{head.text}`", notes=notes)
    return None


def _likely(word: str, settings: tuple[Setting, ...]) -> tuple[str | None, str]:
    """The setting that others call so (`same`), or that is spelt so or so called (`near`)."""
    plain = plain_word(word)
    called = {plain_word(w): s.name for s in settings for w in (s.name, *s.also)}
    if plain in called:
        return called[plain], "same"
    near = closest(word, [s.name for s in settings])
    if near is None and (synonym := closest(plain, called)):
        near = called[synonym]
    return near, "near"


def _called(item: tree.Block | tree.Sentence, blocks: Iterable[Block]) -> Block | None:
    """The block that others call by this head, alone or with the words after it (`test set`)."""
    choices = tuple(blocks)
    words = [item.head.text, *(n.text for n in item.labels if isinstance(n, tree.Name))]
    for spelling in (plain_word("".join(words)), plain_word(item.head.text)):
        for block in choices:
            if spelling in map(plain_word, (block.name, *block.also)):
                return block
    return None


def _setting_anywhere(word: str) -> tuple[str, Setting] | tuple[None, None]:
    for block in BLOCKS.values():
        for setting in block.settings:
            if plain_word(word) in map(plain_word, (setting.name, *setting.also)):
                return block.name, setting
    return None, None


def _metric(word: str) -> str | None:
    plain = plain_word(word)
    for metric in METRICS.values():
        if plain in map(plain_word, (metric.name, *metric.also)):
            return metric.name
    return None


def _set_for_compared(ctx: Context, item: tree.Setting, metric: str) -> None:
    better = "<=" if METRICS[metric].better == "lower" else ">="
    at = ctx.source.text.find("=", item.subject.span.end, item.value.span.start)
    sign = tree.Span(at, at + 1) if at >= 0 else item.span
    ctx.error(
        "E229",
        sign,
        f"`{metric}` is compared: `=` sets a value",
        f"write `{better}`",
        fix=Fix(sign, better, f"write `{better}`") if at >= 0 else None,
    )
