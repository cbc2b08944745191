"""A strategy's module with a fault planted in its source: an oracle that does not notice is none."""

from __future__ import annotations

import importlib.util
from types import ModuleType


def planted(module: str, old: str, new: str) -> ModuleType:
    """`labelwright.loop.query.MODULE`, run from its source with `old`, which stands there once, as `new`."""
    name = f"labelwright.loop.query.{module}"
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    source = spec.loader.get_source(name)  # type: ignore[union-attr]
    assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in {module}"
    made = ModuleType(name)
    made.__dict__["__file__"] = spec.origin
    exec(compile(source.replace(old, new), spec.origin, "exec"), made.__dict__)
    return made
