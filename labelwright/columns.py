"""What the language calls a column of the data."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from labelwright.dsl.surroundings import ColumnType


def column_type(field: pa.Field, pictures: Collection[str] = ()) -> ColumnType:
    """The type of a column; `pictures` are those that the task says hold pictures."""
    from pyarrow import types

    kind = field.type.value_type if types.is_dictionary(field.type) else field.type
    tests: tuple[tuple[bool, ColumnType], ...] = (
        (field.name in pictures, "picture"),
        (types.is_struct(kind) and kind.get_field_index("channels") >= 0, "picture"),
        (types.is_string(kind) or types.is_large_string(kind), "text"),
        (types.is_boolean(kind), "switch"),
        (types.is_temporal(kind), "date"),
        (types.is_integer(kind) or types.is_floating(kind), "number"),
        (types.is_decimal(kind), "number"),
    )
    return next((type_ for holds, type_ in tests if holds), "other")
