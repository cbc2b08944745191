"""Paths as task files write them: relative to the data root, never out of it.

A pattern may hold `*`, `?`, `[…]` and `**`. Absolute paths, `..`, and links that lead out of the
data root are refused: a task file that somebody sent must not read the rest of the disk.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from labelwright.loop.errors import DataError

_ROOT_REMEDY = (
    "paths are relative to the data root, now {root}; "
    "set LABELWRIGHT_DATA or write --data-root to read from another folder"
)


def data_path(path: str, root: Path) -> Path:
    """`path` under `root`, existing and inside it. Raises DataError, which names path and root."""
    _refuse_foreign(path, root)
    found = root / path
    if not found.exists():
        raise DataError(f"there is no {path} under {root}", _remedy(root))
    return _inside(found, path, root)


def data_folder(path: str, root: Path) -> Path:
    """The folder `path` under `root`, inside it; it need not be there yet. Raises DataError."""
    _refuse_foreign(path, root)
    found = root / path
    if found.exists():
        return _inside(found, path, root)
    if not found.resolve().is_relative_to(root.resolve()):
        raise _leads_out(path, root)
    return found


def data_files(pattern: str, root: Path) -> tuple[Path, ...]:
    """The files that `pattern` names, sorted by their path; at least one. Raises DataError."""
    _refuse_foreign(pattern, root)
    if (root / pattern).exists() or not _is_pattern(pattern):
        files: tuple[Path, ...] = (data_path(pattern, root),)
        if not files[0].is_file():
            raise DataError(
                f"{pattern} under {root} is not a file",
                "name a file in it, or a pattern such as " + str(PurePosixPath(pattern) / "*"),
            )
    else:
        files = glob_files(pattern, root, root)
    if not files:
        raise DataError(f"no file under {root} fits {pattern}", _remedy(root))
    return files


def glob_files(pattern: str, folder: Path, root: Path) -> tuple[Path, ...]:
    """Files in `folder` that fit `pattern`, hidden ones left out, sorted. Raises DataError."""
    _refuse_foreign(pattern, root)
    try:
        found = [p for p in folder.glob(pattern) if not p.is_dir() and not _hidden(p, folder)]
    except (ValueError, NotImplementedError) as error:
        raise DataError(f"{pattern!r} is no pattern of paths: {error}") from error
    found.sort(key=lambda p: p.relative_to(folder).as_posix())
    return tuple(_inside(p, shown(p, root), root) for p in found)


def shown(path: Path, root: Path) -> str:
    """`path` as a task file would write it: relative to `root`, with `/`."""
    return path.relative_to(root).as_posix()


def fingerprint(files: Iterable[Path], root: Path, arguments: Sequence[Any]) -> str:
    """Hash over the files' names, sizes and times (ns) and over the call's arguments."""
    seen = [(shown(f, root), s.st_size, s.st_mtime_ns) for f in files for s in (f.stat(),)]
    return hashlib.sha256(json.dumps([seen, list(arguments)]).encode()).hexdigest()


def _is_pattern(path: str) -> bool:
    return any(mark in path for mark in "*?[")


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _refuse_foreign(path: str, root: Path) -> None:
    if not path or "\0" in path:
        raise DataError(f"{path!r} is no path", _remedy(root))
    if Path(path).is_absolute() or PureWindowsPath(path).drive or path.startswith("~"):
        raise DataError(f"{path} is not relative to the data root", _remedy(root))
    if ".." in PurePosixPath(path.replace("\\", "/")).parts:
        raise DataError(f"{path} leads out of the data root by way of `..`", _remedy(root))


def _inside(found: Path, written: str, root: Path) -> Path:
    try:
        real = found.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise DataError(f"{written} under {root} cannot be read: {error}", _remedy(root)) from error
    if not real.is_relative_to(root.resolve()):
        raise _leads_out(written, root)
    return found


def _leads_out(written: str, root: Path) -> DataError:
    return DataError(
        f"{written} is a link that leads out of the data root {root}",
        "copy the file into the data root, or make the folder that holds it the data root",
    )


def _remedy(root: Path) -> str:
    return _ROOT_REMEDY.format(root=root)
