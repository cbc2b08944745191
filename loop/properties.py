"""Properties of pictures that conditions name (`sharpness < 35`), measured once while data are read.

A field that is no column of the data is a property where a plug-in of kind `property` has its name:
`brightness` of the task's picture, or `front.brightness` where it has several. A column of the data wins.
Each becomes a column of numbers. A row whose picture cannot be read is set aside as a fault; one that
has no picture has no property either, and a test on what is missing never fires.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.dsl.frozen import Frozen
from labelwright.loop.errors import DataError, LabelwrightError, PluginError
from labelwright.loop.fields import resolve
from labelwright.loop.ports import Fault, Picture, Property

if TYPE_CHECKING:
    import pyarrow as pa

    from labelwright.dsl.task import FieldRef
    from labelwright.loop.plugins import Installed


class Measured(Frozen):
    """A property to measure: `name` as conditions write it, of the pictures in `column`."""

    name: str
    column: str
    property: str


def measured(
    fields: Sequence[FieldRef], images: Sequence[str], known: Sequence[str], plugins: Installed
) -> dict[str, Measured]:
    """Those of the fields that are properties, by name, in order of first mention.

    images: the columns of pictures; known: all columns. Raises DataError where a property does not
    say of which of several pictures it is meant.
    """
    found: dict[str, Measured] = {}
    for field in fields:
        *before, last = field.path
        inside = not before or ".".join(before) in images
        if not images or not inside or field.name in found or _is_column(field, images, known):
            continue
        if plugins.find("property", last) is None:
            continue
        if not before and len(images) > 1:
            raise DataError(
                f"{last} of which picture? the items have {', '.join(images)}",
                f"write for example `{images[0]}.{last}`",
            )
        found[field.name] = Measured(field.name, ".".join(before) or images[0], last)
    return found


def _is_column(field: FieldRef, images: Sequence[str], known: Sequence[str]) -> bool:
    """Whether the data have the field: a column of that name, or a way into one (not into pixels)."""
    place = resolve(field.path, known)
    return place is not None and not (place[1] and place[0] in images)


def measure(
    table: pa.Table,
    wanted: Sequence[Measured],
    plugins: Installed,
    root: Path,
    file: str,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[pa.Table, list[Fault]]:
    """The rows whose pictures can be read, with a column for each property; the others as faults."""
    import pyarrow as pa

    if not wanted:
        return table, []
    functions: dict[str, Property] = {
        m.property: plugins.load("property", m.property) for m in wanted
    }
    columns = {name: table[name] for name in dict.fromkeys(m.column for m in wanted)}
    values: dict[str, list[float | None]] = {m.name: [] for m in wanted}
    kept, faults = [], []
    for row in range(table.num_rows):
        cells = {name: column[row].as_py() for name, column in columns.items()}
        try:
            figures = _figures(cells, wanted, functions, root)
        except DataError as error:
            faults.append(_fault(error, cells, file))
            continue
        kept.append(row)
        for name, figure in figures.items():
            values[name].append(figure)
        progress(row + 1)
    if len(kept) < table.num_rows:
        table = table.take(pa.array(kept, pa.int64()))
    for name, figures_ in values.items():
        table = table.append_column(name, pa.array(figures_, pa.float64()))
    return table, faults


def _figures(
    cells: Mapping[str, Any],
    wanted: Sequence[Measured],
    functions: Mapping[str, Property],
    root: Path,
) -> dict[str, float | None]:
    pictures = {
        column: None if value is None else Picture(value, root) for column, value in cells.items()
    }
    figures: dict[str, float | None] = {}
    for each in wanted:
        picture = pictures[each.column]
        figures[each.name] = None if picture is None else _figure(each, functions, picture)
    return figures


def _figure(wanted: Measured, functions: Mapping[str, Property], picture: Picture) -> float | None:
    try:
        figure = float(functions[wanted.property](picture))
    except LabelwrightError:
        raise
    except Exception as error:
        raise PluginError(
            f"property {wanted.property} failed on {_shown(picture.value)}: "
            f"{type(error).__name__}: {error}",
            "tell its author, or take the rule that names it out of the file",
        ) from error
    return figure if figure == figure else None


def _fault(error: DataError, cells: Mapping[str, Any], file: str) -> Fault:
    reason = str(getattr(error, "reason", "unreadable picture"))
    detail = str(getattr(error, "detail", error.message))
    names = ", ".join(_shown(value) for value in cells.values() if value is not None)
    return Fault(file, None, reason, f"{names}: {detail}")


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else "raw pixels"
