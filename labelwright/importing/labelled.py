"""What labelled rows add to a proposal: examples, counterexamples and rules.

Reads a bounded part of the rows, evenly spread over the file, and never those that will measure where
the data say which these are. The label column is looked at only to know what a row is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labelwright.dsl.naming import shortened
from labelwright.dsl.printing import condition
from labelwright.dsl.scaffold import ProposedRule
from labelwright.dsl.scaffold_classes import ProposedClass, in_order, named_classes
from labelwright.importing.exemplars import LONGEST, exemplars, vectors
from labelwright.importing.mining import CONFIDENCE, Found, mine

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from labelwright.loop.ports import Source

MOST_ROWS = 20_000
_MOST_SHOWN = 4_000  # rows that examples are chosen from
_LEAST_SHOWN = 20  # of each class, where there are so many


def spread(
    source: Source,
    label: str,
    columns: Sequence[str],
    rows: int,
    *,
    leave_out: tuple[str, str] | None = None,
) -> tuple[pa.Table, list[Any]]:
    """At most `MOST_ROWS` of the rows, evenly spread: `columns` as a table, and their labels.

    `leave_out` is a column and a value of it: the rows that measure.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    step = max(1, -(-rows // MOST_ROWS))
    wanted = tuple(dict.fromkeys([label, *columns, *(leave_out[:1] if leave_out else ())]))
    taken: list[pa.RecordBatch] = []
    seen = 0
    for batch in source.batches(wanted, lambda fault: None):
        places = pa.array(range(-seen % step, batch.num_rows, step), pa.int64())
        seen += batch.num_rows
        batch = batch.take(places)
        if leave_out is not None:
            column, value = leave_out
            other = pc.not_equal(batch.column(column).cast(pa.string()), value)
            batch = batch.filter(pc.fill_null(other, True))
        taken.append(batch)
    table = pa.Table.from_batches(taken)
    return table.select(list(dict.fromkeys(columns))), table[label].to_pylist()


def members_of(
    labels: Sequence[Any], classes_of: Callable[[Any], list[int]], order: Sequence[int]
) -> np.ndarray:
    """(n_rows, n_classes) bool; `order` holds for each class the index that `classes_of` gives."""
    import numpy as np

    place = {index: position for position, index in enumerate(order)}
    members = np.zeros((len(labels), len(order)), dtype=bool)
    for row, label in enumerate(labels):
        for index in classes_of(label):
            members[row, place[index]] = True
    return members


def with_examples(
    classes: Sequence[ProposedClass], table: pa.Table, members: np.ndarray, text: Sequence[str]
) -> tuple[ProposedClass, ...]:
    """The classes with real items as examples and counterexamples; rows of several show none."""
    import numpy as np

    single = members.sum(axis=1) == 1
    targets = np.where(single, members.argmax(axis=1), -1)
    each = max(_LEAST_SHOWN, _MOST_SHOWN // max(1, members.shape[1]))
    rows = np.sort(
        np.concatenate([np.flatnonzero(targets == k)[:each] for k in range(members.shape[1])])
    )
    cells = zip(*(table[name].take(rows).to_pylist() for name in text), strict=True)
    texts = ["\n".join(str(cell) for cell in row if cell is not None) for row in cells]
    if not any(t.strip() for t in texts):
        return tuple(classes)
    shown = exemplars(vectors(texts), targets[rows], texts, members.shape[1])
    flat = in_order(classes)
    place = iter(range(len(flat)))

    def filled(proposed: ProposedClass) -> ProposedClass:
        k = next(place)
        children = tuple(filled(child) for child in proposed.children)
        examples = tuple(shortened(texts[row], LONGEST) for row in shown.examples[k])
        return replace(
            proposed,
            samples=() if examples else proposed.samples,
            examples=examples,
            counterexamples=tuple(
                (shortened(texts[row], LONGEST), flat[other].shown)
                for row, other in shown.counterexamples[k]
            ),
            children=children,
        )

    return tuple(filled(proposed) for proposed in classes)


def rules_for(
    classes: Sequence[ProposedClass],
    table: pa.Table,
    members: np.ndarray,
    *,
    text: Sequence[str],
    columns: Sequence[str],
    file: str,
) -> tuple[ProposedRule, ...]:
    """Rules that held on rows they were not made from, each with what was seen."""
    found = mine(table, members, text=text, columns=columns)
    named = named_classes(classes)
    names: set[str] = set()
    rules = []
    for each in found:
        stem = f"{named[each.of].id.replace('.', '_')}_{_about(each, text)}"
        stem = f"n{stem}" if stem[0].isdecimal() else stem
        name, again = stem, 2
        while name.casefold() in names:
            name, again = f"{stem}_{again}", again + 1
        names.add(name.casefold())
        remark = (
            f"{each.right:,} of {each.fired:,} in the other half of {file}: "
            f"precision at least {_floor(each.bound)} with {CONFIDENCE:.0%} confidence"
        )
        rules.append(ProposedRule(name, each.of, condition(each.when), remark))
    return tuple(rules)


def _about(each: Found, text: Sequence[str]) -> str:
    from labelwright.dsl.naming import valid_name
    from labelwright.loop.conditions import fields

    if text:
        return "words"
    return valid_name(next(iter(fields(each.when)))) or "value"


def _floor(bound: float) -> str:
    """Two decimals, never rounded up."""
    return f"{int(bound * 100) / 100:.2f}"
