"""A strategy's module with a fault planted in its source: an oracle that does not notice is none."""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path
from types import ModuleType


def planted(module: str, old: str, new: str) -> ModuleType:
    """`labelwright.loop.query.MODULE`, run from its source with `old`, which stands there once, as `new`."""
    name = f"labelwright.loop.query.{module}"
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    source = spec.loader.get_source(name)  # type: ignore[union-attr]
    assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in {module}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{module}.py"
        path.write_text(source.replace(old, new), encoding="utf-8")
        broken = importlib.util.spec_from_file_location(name, path)
        assert broken is not None
        assert broken.loader is not None
        made = importlib.util.module_from_spec(broken)
        broken.loader.exec_module(made)
    return made
