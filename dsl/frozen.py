"""Frozen values that cost little to define."""

from __future__ import annotations

from typing import Any, ClassVar

from typing_extensions import dataclass_transform


@dataclass_transform(frozen_default=True)
class Frozen:
    """A base class: its subclasses are frozen, compared by value, and made like dataclasses.

    `dataclass` itself writes and compiles the methods of each class, a millisecond or two every time: for
    the many classes that `labelwright check` needs that is a fifth of all the time it takes.
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        own = tuple(cls.__dict__.get("__annotations__", ()))  # noqa: RUF063 - inspect is slow to load
        cls._fields = (*cls._fields, *own)
        cls._defaults = {n: cls.__dict__[n] for n in own if n in cls.__dict__}
        cls.__match_args__ = cls._fields  # type: ignore[misc,attr-defined]

    def __init__(self, *values: Any, **named: Any) -> None:
        if not named and len(values) == len(self._fields):  # most nodes of a tree are made so
            self.__dict__.update(zip(self._fields, values, strict=True))
            return
        given = dict(zip(self._fields, values, strict=False)) | named
        if len(given) < len(self._fields):
            given = self._defaults | given
        if given.keys() != set(self._fields) or len(values) > len(self._fields):
            raise TypeError(f"{type(self).__name__} takes {', '.join(self._fields)}")
        self.__dict__.update(given)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *(self.__dict__[name] for name in self._fields)))

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self._fields)
        return f"{type(self).__name__}({told})"
