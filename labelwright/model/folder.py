"""The folder of a model on disk: written whole or not at all, and read only where it is whole.

Every file but the card, which people may go on writing, is named in `model.json` with its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from labelwright.dsl.task import Task
from labelwright.exporting import ExportError
from labelwright.loop import disk
from labelwright.model.manifest import FORMAT, VERSION, FileEntry, Manifest, ModelError

if TYPE_CHECKING:
    import numpy as np

MANIFEST, ARRAYS, TASK, CARD = "model.json", "model.safetensors", "task.json", "README.md"
BASE = "base"
"""The folder of a pretrained encoder's own files, where they were asked for."""


@dataclass(frozen=True, eq=False)
class Content:
    """What a folder holds beside its card. Names of arrays begin with `model/`, `encoder/` or `scaling/`."""

    manifest: Manifest
    task: Task
    arrays: dict[str, np.ndarray]

    def part(self, name: str) -> dict[str, np.ndarray]:
        """The arrays whose names begin with `name/`, without it."""
        start = f"{name}/"
        return {k.removeprefix(start): v for k, v in self.arrays.items() if k.startswith(start)}


def write(folder: Path, content: Content) -> Manifest:
    """Write the files into a folder that is there; returns the manifest with their hashes."""
    import numpy as np
    from safetensors.numpy import save_file

    (folder / TASK).write_text(content.task.model_dump_json(indent=2) + "\n", encoding="utf-8")
    whole = {k: np.ascontiguousarray(v) for k, v in content.arrays.items()}
    save_file(whole, folder / ARRAYS)
    shutil.copymode(folder / TASK, folder / ARRAYS)  # safetensors writes for the owner alone
    apart = (folder / CARD, folder / MANIFEST)
    found = (p for p in sorted(folder.rglob("*")) if p.is_file() and p not in apart)
    files = {p.relative_to(folder).as_posix(): entry(p) for p in found}
    manifest = content.manifest.model_copy(update={"files": files})
    text = json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return manifest


def entry(path: Path) -> FileEntry:
    """A file's hash and size."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileEntry(sha256=digest, bytes=path.stat().st_size)


def read(folder: Path) -> Content:
    """What the folder holds. Raises ModelError: no model, damaged, or of a later version."""
    from safetensors.numpy import load_file

    manifest = read_manifest(folder)
    for name, told in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise ModelError(f"{path} is missing", "export the model again")
        if entry(path) != told:
            raise ModelError(
                f"{path} is damaged: it is not the file that {MANIFEST} describes",
                "copy the folder again, or export the model again",
            )
    try:
        task = Task.model_validate_json((folder / TASK).read_bytes())
    except ValidationError as error:
        raise ModelError(
            f"{folder / TASK} is of another version of labelwright: {error.errors()[0]['msg']}",
            f"it was written by {manifest.made_by}",
        ) from error
    return Content(manifest, task, dict(load_file(folder / ARRAYS)))


def read_manifest(folder: Path) -> Manifest:
    """What `model.json` says. Raises ModelError."""
    path = folder / MANIFEST
    if not path.is_file():
        what = f"there is no folder {folder}" if not folder.exists() else f"{folder} holds no model"
        raise ModelError(f"{what}", "name a folder that `labelwright export TASK --model` wrote")
    try:
        told: Any = json.loads(path.read_bytes())
    except ValueError as error:
        raise ModelError(f"{path} is damaged: {error}", "export the model again") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ModelError(
            f"{folder} holds no model of labelwright: {MANIFEST} says something else",
            "name a folder that `labelwright export TASK --model` wrote",
        )
    if not isinstance(told.get("version"), int) or told["version"] > VERSION:
        raise ModelError(
            f"{folder} is of format {told.get('version')}, and this version reads {VERSION}",
            f"install the labelwright that wrote it or a later one ({told.get('made_by', '?')})",
        )
    try:
        return Manifest.model_validate(told)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise ModelError(
            f"{path} is damaged: {where}: {error.errors()[0]['msg']}", "export the model again"
        ) from error


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new folder that takes the place of `folder` once it is whole and on disk, or never.

    What stands there is replaced where it is a model's folder with nothing else in it, or empty. Raises
    ExportError otherwise, and where the disk refuses.
    """
    refuse_foreign(folder)
    made = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        yield made
        disk.sync_folder(made)
        _put(made, folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExportError(
            f"{folder} cannot be written: {reason}", "name another place, or make room there"
        ) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _put(made: Path, folder: Path) -> None:
    if not folder.exists():
        made.rename(folder)
        return
    before = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    folder.rename(before)
    try:
        made.rename(folder)
    except OSError:
        before.rename(folder)
        raise
    shutil.rmtree(before, ignore_errors=True)


def refuse_foreign(folder: Path) -> None:
    """Raise ExportError where something else than a model's folder, or an empty one, lies there."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ExportError(f"{folder} is there already and is no folder", "name another place")
    if not folder.exists():
        return
    known = {MANIFEST, ARRAYS, TASK, CARD, BASE}
    found = {p.name for p in folder.iterdir()}
    if found and (MANIFEST not in found or found - known):
        other = sorted(found - known) or sorted(found)
        raise ExportError(
            f"{folder} is there already and holds what is none of a model's: {', '.join(other[:5])}",
            "name another folder, or move that away",
        )
