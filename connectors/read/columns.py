"""What all data sources share: asking for columns that exist, and limits."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labelwright.loop.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST = 16 * 2**20
"""Characters that one row of text may have; a longer one is a fault."""

BATCH_ROWS = 4096
BATCH_CHARACTERS = 8 * 2**20


def require(columns: Sequence[str], schema: pa.Schema, file: str, hint: str = "") -> None:
    """Refuse columns that `schema` lacks. Raises DataError, with the nearest name and all names."""
    for name in columns:
        if name not in schema.names:
            near = nearest(name, schema.names)
            guess = f"did you mean `{near}`? " if near else ""
            listed = ", ".join(schema.names[:50]) + (", …" if len(schema.names) > 50 else "")
            raise DataError(
                f"{file} has no column `{name}`", f"{guess}its columns are: {listed}{hint}"
            )


def nearest(name: str, names: Sequence[str]) -> str | None:
    """The most similar of `names`, or None; Hangul is compared by jamo."""
    folded = {_fold(n): n for n in reversed(names)}
    found = difflib.get_close_matches(_fold(name), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def _fold(name: str) -> str:
    return unicodedata.normalize("NFD", name.casefold())
