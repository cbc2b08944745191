"""The lint on descriptions that overlap, and how alike two texts are.

The measure: each text is decomposed (NFKD, so that Hangul falls into its letters), case folded, and
cut into words joined by one space; its pieces are all runs of three characters. Two texts overlap
by the share of all their pieces that both have (Jaccard 1901). From `LIMIT` on they are nearly the
same. Pairs are found without comparing all: texts that overlap so much share some of their rarest
pieces (Wang, Li and Feng 2012, "Can we beat the prefix filtering?", with prefixes of one length).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from labelwright.dsl import task as t
from labelwright.dsl.context import Context
from labelwright.dsl.diagnostics import Label

LIMIT = 0.8
_SHARED = 4  # decisive pieces that two near texts share
_MOST_WITH_A_PIECE = 32  # a piece that more texts have tells none of them apart
_WORD = re.compile(r"\w+")


def lint_descriptions(ctx: Context, draft: t.Task) -> None:
    """Add every class that is described nearly like one before it; each class once."""
    described = [
        item
        for item in draft.classes
        if item.describe.strip() and ctx.sure(("class", item.id, "describe"))
    ]
    for this, that, alike in near_pairs([c.describe for c in described]):
        item, other = described[this], described[that]
        same = alike == 1
        ctx.error(
            "L203",
            ctx.places["class", item.id, "describe"],
            f"{other.id} and {item.id} are described "
            + ("in the same words" if same else "nearly alike"),
            f"say what sets it apart from {other.id}",
            labels=(Label(ctx.places["class", other.id, "describe"], f"class {other.id}"),),
            notes=() if same else (f"The two share {alike * 100:.0f}% of their wording.",),
            warning=True,
        )


def pieces(text: str) -> frozenset[str]:
    """All runs of three characters of a text, as the module's docstring says."""
    words = " ".join(_WORD.findall(unicodedata.normalize("NFKD", text).casefold()))
    whole = words or text.strip()
    return frozenset(whole[i : i + 3] for i in range(max(1, len(whole) - 2)))


def near_pairs(texts: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """For each text that overlaps one before it: its position, the first such one's, the overlap."""
    cut = [pieces(text) for text in texts]
    common = Counter(piece for each in cut for piece in each)
    holders: dict[str, list[int]] = {}
    least = [math.ceil(LIMIT * len(own)) for own in cut]  # pieces that a near text must have too
    for this, own in enumerate(cut):
        rarest = sorted(own, key=lambda piece: (common[piece], piece))
        decisive = rarest[: len(own) - least[this] + min(_SHARED, least[this])]
        shared = Counter(chain.from_iterable(holders.get(piece, ()) for piece in decisive))
        for that in sorted(
            i for i, n in shared.items() if n >= min(_SHARED, least[this], least[i])
        ):
            both = len(own & cut[that])
            alike = both / (len(own) + len(cut[that]) - both)
            if alike >= LIMIT:
                yield this, that, alike
                break
        for piece in decisive:
            known = holders.setdefault(piece, [])
            if len(known) < _MOST_WITH_A_PIECE:
                known.append(this)
