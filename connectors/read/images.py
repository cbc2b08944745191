"""A folder of pictures. Every file is decoded once, so that none fails in the middle of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.connectors.paths import data_path, fingerprint, glob_files, shown
from labelwright.connectors.pictures import PictureError, upright_size
from labelwright.connectors.read.columns import require
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context, Fault, Faults, Progress, Source

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 256


def images(path: str, *, pattern: str = "**/*", context: Context) -> Source:
    """A folder of pictures: columns path, folder (the one a picture lies in), width, height."""
    return _Images(path, pattern, context.data_root, context.progress)


def _roles() -> dict[str, str | tuple[str, ...]]:
    return {"id": "path", "image": "path", "label": "folder"}


@dataclass(eq=False)
class _Images:
    path: str
    pattern: str
    root: Path
    progress: Progress
    roles: dict[str, str | tuple[str, ...]] = field(default_factory=_roles)
    _checked: dict[Path, tuple[int, int] | Fault] = field(default_factory=dict)

    @cached_property
    def _files(self) -> tuple[Path, ...]:
        folder = data_path(self.path, self.root)
        if not folder.is_dir():
            raise DataError(
                f"{self.path} under {self.root} is not a folder", "name the folder of the pictures"
            )
        files = glob_files(self.pattern, folder, self.root)
        if not files:
            raise DataError(
                f"no file in {self.path} under {self.root} fits {self.pattern}",
                'name another folder, or a pattern such as "**/*.jpg"',
            )
        return files

    def schema(self) -> pa.Schema:
        import pyarrow as pa

        _ = self._files
        text, number = pa.string(), pa.int32()
        return pa.schema([("path", text), ("folder", text), ("width", number), ("height", number)])

    def fingerprint(self) -> str:
        return fingerprint(self._files, self.root, ("images", self.path, self.pattern))

    def batches(self, columns: Sequence[str], faults: Faults) -> Iterator[pa.RecordBatch]:
        require(columns, self.schema(), self.path)
        return self._read(columns, faults)

    def _read(self, columns: Sequence[str], faults: Faults) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        schema = pa.schema([self.schema().field(name) for name in columns])
        for start in range(0, len(self._files), _BATCH):
            rows: list[dict[str, Any]] = []
            for file in self._files[start : start + _BATCH]:
                found = self._check(file)
                if isinstance(found, Fault):
                    faults(found)
                    continue
                width, height = found
                name = shown(file, self.root)
                row = {"path": name, "folder": file.parent.name, "width": width, "height": height}
                rows.append({column: row[column] for column in columns})
            self.progress(
                "looking at pictures", min(start + _BATCH, len(self._files)), len(self._files)
            )
            yield pa.RecordBatch.from_pylist(rows, schema=schema)

    def _check(self, file: Path) -> tuple[int, int] | Fault:
        if file not in self._checked:
            name = shown(file, self.root)
            try:
                self._checked[file] = upright_size(file, name)
            except PictureError as error:
                self._checked[file] = Fault(name, None, error.reason, error.detail)
        return self._checked[file]
