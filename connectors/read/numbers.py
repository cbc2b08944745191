"""Which columns of a CSV are numbers, and turning their cells into them.

A column is `int64` or `double` where every non-empty cell of the sample is written as one. `007`,
`+5`, `1,000` and integers of more than 18 digits are text: nothing is lost by reading it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

CellType = Literal["int", "float", "str"]

_INT = r"0|-?[1-9][0-9]{0,17}"
_FLOAT = r"(?:-?(?:0|[1-9][0-9]{0,14})\.[0-9]+|0|-?[1-9][0-9]{0,14})(?:[eE][+-]?[0-9]{1,2})?"
_is_int = re.compile(_INT).fullmatch
_is_float = re.compile(_FLOAT).fullmatch


def cell_type(cells: Iterable[str]) -> CellType:
    """The narrowest type that holds every non-empty cell; text where there is none."""
    found: CellType = "str"
    for cell in cells:
        if not cell:
            continue
        if _is_int(cell):
            found = found if found == "float" else "int"
        elif _is_float(cell):
            found = "float"
        else:
            return "str"
    return found


def arrow_type(kind: CellType) -> pa.DataType:
    """The Arrow type of a column."""
    import pyarrow as pa

    return {"int": pa.int64(), "float": pa.float64(), "str": pa.string()}[kind]


def column(cells: tuple[str, ...], kind: CellType) -> tuple[pa.Array, np.ndarray | None]:
    """Cells as an array, empty ones null, and which did not fit: (n,) bool, None where all did."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pa.array([cell or None for cell in cells], pa.string())
    if kind == "str":
        return text, None
    pattern = f"^({_INT if kind == 'int' else _FLOAT})$"
    fits = pc.fill_null(pc.match_substring_regex(text, pattern), True)
    wrong: np.ndarray | None = None
    if not pc.all(fits).as_py():
        wrong = ~np.asarray(fits.to_numpy(zero_copy_only=False))
        text = pc.if_else(fits, text, pa.scalar(None, pa.string()))
    return text.cast(arrow_type(kind)), wrong
