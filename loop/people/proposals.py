"""Lines for the task file: an item on which people were divided, as a counterexample of the class it is not.

What measures is never proposed: an item of the holdout, or a gold one, that annotators read in the guide
measures nothing any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labelwright.dsl.printing import sample
from labelwright.dsl.task import Class, Sample
from labelwright.loop.people.records import ConfusedPair, Counterexample, SplitItem

LONGEST = 200  # characters of a text
_AROUND = 80  # characters kept on either side of a mark
_EACH = 2  # items for each class


def proposed(
    pair: ConfusedPair, classes: Mapping[str, Class], samples: Mapping[str, Sample]
) -> tuple[tuple[Counterexample, ...], str]:
    """The lines, and why there is none where there is none.

    samples: by item, or `item@start-end` of a marked part, how the item stands in a task file; items that
    cannot stand there are left out.
    """
    free = [i for i in pair.items if not i.measures]
    if not free:
        return (
            (),
            "every item that people are divided on measures: shown in the guide, it would not",
        )
    there = [i for i in free if key(i) in samples]
    if not there:
        return (), "the items have no text and no picture's path that a task file could show"
    ranked = sorted(there, key=lambda i: _order(i, samples[key(i)]))
    decided = [i for i in ranked if i.label in (pair.one, pair.other)]
    titles = {c: classes[c].title for c in (pair.one, pair.other)}
    lines = []
    for is_not, is_it in ((pair.other, pair.one), (pair.one, pair.other)):
        chosen = [i for i in decided if i.label == is_it][:_EACH]
        if chosen:
            why = f"people take it for {titles[is_not]}; most say that it is {titles[is_it]}"
            lines.append(_line(classes[is_not], chosen, samples, why))
        elif not decided:
            why = f"people are evenly divided: if you decide that it is {titles[is_it]}"
            lines.append(_line(classes[is_not], ranked[:1], samples, why))
    return tuple(lines), ""


def key(item: SplitItem) -> str:
    """How `samples` calls it."""
    return item.item if item.marked is None else f"{item.item}@{item.marked[0]}-{item.marked[1]}"


def of_text(text: str) -> Sample | None:
    """A text as an example, cut at a space where it is too long; None where it is empty."""
    words = " ".join(text.split())
    if len(words) > LONGEST:
        words = words[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
    return Sample(value=words) if words else None


def of_mark(text: str, start: int, end: int) -> Sample | None:
    """A marked part with the words around it; in brackets where it stands there more than once."""
    marked = text[start:end]
    if not marked.strip():
        return None
    before, after = text[:start], text[end:]
    if len(before) > _AROUND:
        before = "…" + before[-_AROUND:].split(" ", 1)[-1]
    if len(after) > _AROUND:
        after = after[:_AROUND].rsplit(" ", 1)[0] + "…"
    once = (before + marked + after).count(marked) == 1
    inside = marked if once else f"[{marked}]"
    return Sample(kind="span", value=before + inside + after, marked=marked)


def _order(item: SplitItem, shown: Sample) -> tuple[float, int, int, str]:
    """The clearest answer first, then the one of most people, the shortest text, by id."""
    one, other = len(item.one), len(item.other)
    return -abs(one - other) / (one + other), -(one + other), len(shown.value), key(item)


def _line(
    each: Class, items: Sequence[SplitItem], samples: Mapping[str, Sample], why: str
) -> Counterexample:
    """The class's `counterexamples`, those that it has and these."""
    whole = dict.fromkeys((*each.counterexamples, *(samples[key(i)] for i in items)))
    return Counterexample(
        cls=each.id,
        item=items[0].item,
        line=f"counterexamples = [{', '.join(map(sample, whole))}]",
        why=why,
    )
