"""What the language needs to know about plug-ins: their names and their arguments.

The language never imports a plug-in. Whoever calls `read` hands it a `Catalogue`; the checks of
call arguments then use the signatures found there, so that a wrong argument gets a caret.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from labelwright.dsl.frozen import Frozen

Kind = Literal[
    "query",
    "learn",
    "encode",
    "annotate",
    "read",
    "pseudo",
    "pretrain",
    "augment",
    "resolve",
    "property",
    "track",
]

ArgumentType = Literal["int", "float", "str", "bool", "call", "list", "any"]
"""`str` takes a string or a bare word; `float` also an integer or a percent.

`call` takes a plug-in of the same kind, with or without brackets; a percent as its first positional
argument is its share, not one of its own arguments: `mix(margin, random(10%))`.
"""


class Parameter(Frozen):
    """One argument a plug-in takes in the task file."""

    name: str
    type: ArgumentType
    required: bool = True
    default: Any = None
    positional: bool = True
    variadic: bool = False  # takes all remaining positional arguments
    open: bool = False  # `**names`: any further `name = value` (npz: image = train_images)


class Signature(Frozen):
    """A plug-in as the task file sees it; `help` is the first line of its docstring."""

    kind: Kind
    name: str
    parameters: tuple[Parameter, ...] = ()
    help: str = ""
    needs: str | None = None
    """Of learn and pretrain: what the encoder must have, `network` or `table`."""
    gives: tuple[str, ...] | None = None
    """Of encode: what it has beside vectors; None where it does not say."""


class Catalogue(Protocol):
    """The plug-ins that are installed."""

    def find(self, kind: Kind, name: str) -> Signature | None:
        """The signature of `name`, or None where no such plug-in is installed."""

    def names(self, kind: Kind) -> Sequence[str]:
        """All names of a kind, sorted; for did-you-mean and messages."""
