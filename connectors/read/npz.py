"""NumPy archives: several arrays, one entry an item; never with pickled objects in them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from labelwright.connectors.paths import data_files, fingerprint, shown
from labelwright.connectors.pictures import picture_column, picture_type
from labelwright.connectors.read.columns import nearest, require
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context, Faults, Source

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_BATCH_BYTES = 8 * 2**20
_BATCH_ROWS = 4096


def npz(path: str, *, context: Context, **arrays: str) -> Source:
    """A NumPy archive: `npz("f.npz", image = train_images, label = train_labels)`.

    Names are columns, values the archive's arrays; without any, every array is a column of its own
    name. Arrays of numbers, true/false or text have one axis; uint8 arrays (n, height, width[,
    channels]) are pictures.
    """
    return _Npz(path, context.data_root, dict(arrays))


@dataclass(eq=False)
class _Npz:
    path: str
    root: Path
    arrays: dict[str, str]

    @cached_property
    def _file(self) -> Path:
        files = data_files(self.path, self.root)
        if len(files) > 1:
            raise DataError(f"{self.path} fits {len(files)} archives", "name one of them")
        return files[0]

    @cached_property
    def roles(self) -> dict[str, str | tuple[str, ...]]:
        """The only column of pictures is the image; columns called id and label are just that."""
        pictures = [name for name, array in self._columns.items() if array.ndim > 1]
        found: dict[str, str | tuple[str, ...]] = {
            name: name for name in ("id", "label") if name in self._columns
        }
        return found | ({"image": pictures[0]} if len(pictures) == 1 else {})

    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        import numpy as np

        name = shown(self._file, self.root)
        try:
            with self._file.open("rb") as stream:
                archive = np.load(stream, allow_pickle=False)
                if isinstance(archive, np.ndarray):
                    raise ValueError("it holds a single array (.npy)")
                wanted = self.arrays or {n: n for n in archive.files}
                for array in wanted.values():
                    _require_array(array, archive.files, name)
                found = {column: archive[array] for column, array in wanted.items()}
        except (ValueError, OSError, EOFError, zipfile.BadZipFile, MemoryError) as error:
            raise DataError(
                f"{name} is no archive of plain arrays: {error}",
                "write it with numpy.savez and arrays of numbers or text; objects are not read",
            ) from error
        for column, values in found.items():
            _check(column, values, name)
        lengths = {column: len(values) for column, values in found.items()}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{column} {n:,}" for column, n in lengths.items())
            raise DataError(
                f"{name}: the arrays differ in length: {listed}", "name arrays of the same items"
            )
        return found

    def schema(self) -> pa.Schema:
        import pyarrow as pa

        return pa.schema(
            [
                (name, picture_type() if a.ndim > 1 else pa.array(a[:0].tolist(), _scalar(a)).type)
                for name, a in self._columns.items()
            ]
        )

    def fingerprint(self) -> str:
        arguments = ("npz", self.path, sorted(self.arrays.items()))
        return fingerprint([self._file], self.root, arguments)

    def batches(self, columns: Sequence[str], faults: Faults) -> Iterator[pa.RecordBatch]:
        """Batches of rows; an archive has no bad ones."""
        require(columns, self.schema(), self.path)
        return self._read(columns)

    def _read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        arrays = [self._columns[name] for name in columns]
        n = len(arrays[0]) if arrays else 0
        widest = max((a.nbytes // max(n, 1) for a in arrays), default=1)
        step = min(_BATCH_ROWS, max(1, _BATCH_BYTES // max(widest, 1)))
        for start in range(0, n, step):
            parts = [a[start : start + step] for a in arrays]
            made = [
                picture_column(p) if p.ndim > 1 else pa.array(p.tolist(), _scalar(p)) for p in parts
            ]
            yield pa.RecordBatch.from_arrays(made, names=list(columns))


def _require_array(array: str, known: Sequence[str], file: str) -> None:
    if array not in known:
        near = nearest(array, known)
        raise DataError(
            f"{file} has no array `{array}`",
            (f"did you mean `{near}`? " if near else "") + f"it holds: {', '.join(known)}",
        )


def _check(column: str, values: np.ndarray, file: str) -> None:
    pictures = values.dtype == "uint8" and (
        values.ndim == 3 or (values.ndim == 4 and values.shape[3] in (1, 3))
    )
    plain = values.ndim == 1 and values.dtype.kind in "biufU"
    if not (plain or (pictures and min(values.shape[1:]) > 0)):
        raise DataError(
            f"{file}: the array for column {column} is {values.dtype} of shape {values.shape}",
            "a column is one number, truth value or text an item, or a uint8 picture "
            "(n, height, width[, 1 or 3 channels])",
        )


def _scalar(values: np.ndarray) -> pa.DataType:
    import pyarrow as pa

    if values.dtype.kind == "u" and values.dtype.itemsize == 8:
        return pa.uint64()
    return {"b": pa.bool_(), "i": pa.int64(), "u": pa.int64(), "f": pa.float64(), "U": pa.string()}[
        values.dtype.kind
    ]
