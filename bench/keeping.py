"""Runs that are kept between calls of a bench, as long as nothing that they are made of changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sets

_ROOT = Path(__file__).parent.parent


def place(bench: str, told: str, sources: Sequence[str], ending: str = "json") -> Path:
    """Where a run is kept. told: all that decides it; sources: files and folders of code that it runs."""
    import torch

    whole = hashlib.blake2b(f"{told} {torch.__version__}".encode(), digest_size=12)
    for name in sources:
        there = _ROOT / name
        for file in sorted(there.glob("*.py")) if there.is_dir() else [there]:
            whole.update(file.read_bytes())
    return sets.cache_folder() / bench / f"{whole.hexdigest()}.{ending}"


def kept(path: Path, of: type[Any], make: Callable[[], Any], *, fresh: bool = False) -> Any:
    """The dataclass `of` that lies at `path`, else what `make` gives, which lies there then."""
    if path.exists() and not fresh:
        return of(**json.loads(path.read_text("utf-8")))
    done = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(done)), encoding="utf-8")
    return done
