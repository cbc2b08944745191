"""Plug-ins: found through entry points, described for the language, called by the engine.

A plug-in of kind `query` is an entry point in the group `labelwright.query`, and so on. Those of
labelwright's own distribution come first and cost one small file to read; other distributions are
looked through only when a name is not found there, or when all names are asked for. No module is
imported before its plug-in is looked up by name, and no annotation is ever evaluated.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from importlib import metadata
from typing import Any, get_args

from labelwright.dsl.plugins import ArgumentType, Kind, Parameter, Signature
from labelwright.dsl.task import Call
from labelwright.loop.errors import PluginError
from labelwright.loop.ports import SUPPLIED

_NOUNS: dict[str, str] = {
    "query": "query strategy",
    "learn": "learner",
    "encode": "encoder",
    "annotate": "annotator source",
    "read": "data source",
    "pseudo": "pseudo-labelling method",
    "pretrain": "pretraining method",
    "augment": "augmentation",
    "resolve": "way to resolve answers",
    "property": "property of pictures",
    "track": "tracker",
}

_OWN = "labelwright"

_TYPES: dict[str, ArgumentType] = {
    "int": "int",
    "float": "float",
    "int | float": "float",
    "float | int": "float",
    "str": "str",
    "bool": "bool",
    "Call": "call",
}

_Table = Mapping[tuple[str, str], tuple[metadata.EntryPoint, ...]]


class Installed:
    """The plug-ins of this Python environment; a `labelwright.dsl.plugins.Catalogue`.

    `find` and `names` serve the language's checks, `load` and `invoke` the engine.
    """

    def __init__(self) -> None:
        self._signatures: dict[tuple[str, str], Signature | None] = {}

    def find(self, kind: Kind, name: str) -> Signature | None:
        """What the task file may write for `name`, or None where no such plug-in is installed.

        Raises PluginError where it is installed but cannot be imported.
        """
        if (kind, name) not in self._signatures:
            known = self._entry_point(kind, name) is not None
            self._signatures[kind, name] = (
                signature(kind, name, self.load(kind, name)) if known else None
            )
        return self._signatures[kind, name]

    def names(self, kind: Kind) -> Sequence[str]:
        """All names of a kind, sorted."""
        tables = (self._own, self._others)
        return sorted({name for table in tables for group, name in table if group == kind})

    def own(self, kind: Kind, name: str) -> bool:
        """Whether the plug-in of this name is one of labelwright's own distribution."""
        return (kind, name) in self._own

    def load(self, kind: Kind, name: str) -> Callable[..., Any]:
        """The callable behind `name`. Raises PluginError: not installed, or broken."""
        entry = self._entry_point(kind, name)
        if entry is None:
            raise PluginError(
                f"no {_NOUNS[kind]} is called {name}",
                f"installed are: {', '.join(self.names(kind)) or 'none'}",
            )
        where = f"{_NOUNS[kind]} {name} ({entry.value})"
        try:
            function = entry.load()
        except Exception as error:
            raise PluginError(
                f"{where} cannot be imported: {type(error).__name__}: {error}",
                "reinstall the package that brings it, or name another one",
            ) from error
        if not callable(function):
            raise PluginError(f"{where} is not callable", "tell its author; name another one")
        return function  # type: ignore[no-any-return]

    def invoke(self, kind: Kind, call: Call, **supplied: Any) -> Any:
        """Call the plug-in that `call` names with its arguments and what the engine supplies.

        Of `supplied` (names out of `ports.SUPPLIED`) only what the plug-in takes is passed; this
        catalogue itself is supplied as `plugins`. Raises PluginError where arguments do not fit.
        """
        function = self.load(kind, call.name)
        given = {"plugins": self, **supplied}
        args, named = _arguments(kind, function, call, given)
        return function(*args, **named)

    def takes(self, kind: Kind, name: str, supplied: str) -> bool:
        """Whether the plug-in has this parameter that the engine supplies: some cost much to make."""
        return any(role == supplied for role, _ in _roles(kind, self.load(kind, name)))

    def _entry_point(self, kind: Kind, name: str) -> metadata.EntryPoint | None:
        found = self._own.get((kind, name)) or self._others.get((kind, name))
        if not found:
            return None
        if len({entry.value for entry in found}) > 1:
            values = ", ".join(sorted(entry.value for entry in found))
            raise PluginError(
                f"more than one {_NOUNS[kind]} is called {name}: {values}",
                "uninstall all but one of the packages that bring it",
            )
        return found[0]

    @cached_property
    def _own(self) -> _Table:
        found = list(metadata.Distribution.discover(name=_OWN))
        if not found:
            raise PluginError(
                "labelwright runs from source and was not installed, so that it finds no plug-ins",
                "run `pip install -e .` in its folder",
            )
        # A checkout may hold build leftovers that Python finds before the real installation.
        merged: _Table = {}
        for distribution in reversed(found):
            merged = {**merged, **_table(distribution.entry_points)}
        return merged

    @cached_property
    def _others(self) -> _Table:
        first: dict[str, metadata.Distribution] = {}
        for distribution in metadata.distributions():
            # Looked at as text first: to parse every distribution's metadata takes long.
            if "[labelwright." in (distribution.read_text("entry_points.txt") or ""):
                first.setdefault(distribution.name, distribution)
        first.pop(_OWN, None)
        return _table(entry for name in sorted(first) for entry in first[name].entry_points)


def signature(kind: Kind, name: str, function: Callable[..., Any]) -> Signature:
    """What a task file may write between the brackets, read from the callable's parameters."""
    parameters = tuple(
        _describe(parameter) for role, parameter in _roles(kind, function) if role is None
    )
    text = inspect.getdoc(function) or ""
    needs, gives = getattr(function, "needs", None), getattr(function, "gives", None)
    return Signature(kind, name, parameters, text.partition("\n")[0], needs, gives)


def _roles(kind: Kind, function: Callable[..., Any]) -> list[tuple[str | None, inspect.Parameter]]:
    """Each parameter with the supplied name that fills it, None where the task file does.

    A query strategy's first parameter is its learner, whatever it is called: modAL's own strategies
    say `classifier` or `committee`.
    """
    roles: list[tuple[str | None, inspect.Parameter]] = []
    for position, parameter in enumerate(inspect.signature(function).parameters.values()):
        gathers = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if kind == "query" and position == 0 and not gathers:
            roles.append(("learner", parameter))
        elif parameter.name in SUPPLIED and not gathers:
            roles.append((parameter.name, parameter))
        else:
            roles.append((None, parameter))
    return roles


def _describe(parameter: inspect.Parameter) -> Parameter:
    variadic = parameter.kind is parameter.VAR_POSITIONAL
    open_ = parameter.kind is parameter.VAR_KEYWORD
    has_default = parameter.default is not parameter.empty
    return Parameter(
        name=parameter.name,
        type=_argument_type(parameter.annotation),
        required=not (has_default or variadic or open_),
        default=parameter.default if has_default else None,
        positional=parameter.kind is not parameter.KEYWORD_ONLY and not open_,
        variadic=variadic,
        open=open_,
    )


def _argument_type(annotation: Any) -> ArgumentType:
    """The language's type for an annotation, read as text: evaluating it might import anything."""
    if annotation is inspect.Parameter.empty:
        return "any"
    text = annotation.__name__ if _is_plain(annotation) else str(annotation)
    text = text.replace("typing.", "").strip("'\"")
    if text.startswith("Optional[") and text.endswith("]"):
        text = text[len("Optional[") : -1]
    text = " | ".join(part for part in text.split(" | ") if part != "None")
    if text.startswith(("list", "tuple", "Sequence", "collections.abc.Sequence")):
        return "list"
    if text.startswith("Literal["):
        return "str"
    return _TYPES.get(text, "any")


def _is_plain(annotation: Any) -> bool:
    return isinstance(annotation, type) and not get_args(annotation)


def _arguments(
    kind: Kind, function: Callable[..., Any], call: Call, supplied: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments for `function`, in Python's order."""
    positional, named = call.python_arguments()
    args: list[Any] = []
    keywords: dict[str, Any] = {}
    for role, parameter in _roles(kind, function):
        by_name = parameter.kind is parameter.KEYWORD_ONLY
        if role is not None:
            if role not in supplied:
                if parameter.default is parameter.empty:
                    raise PluginError(f"{_NOUNS[kind]} {call.name} needs {role}, not known here")
                value = parameter.default
            else:
                value = supplied[role]
        elif parameter.kind is parameter.VAR_POSITIONAL:
            args += positional
            positional = []
            continue
        elif parameter.kind is parameter.VAR_KEYWORD:
            keywords |= named
            named = {}
            continue
        elif positional and not by_name:
            value = positional.pop(0)
        elif parameter.name in named:
            value = named.pop(parameter.name)
        elif parameter.default is not parameter.empty:
            value = parameter.default
        else:
            raise PluginError(f"{_NOUNS[kind]} {call.name} needs the argument {parameter.name}")
        if by_name:
            keywords[parameter.name] = value
        else:
            args.append(value)
    if positional or named:
        extra = [str(value) for value in positional] + list(named)
        raise PluginError(
            f"{_NOUNS[kind]} {call.name} takes no argument {extra[0]}",
            f"it takes: {', '.join(_argument_names(kind, function)) or 'none'}",
        )
    return args, keywords


def _argument_names(kind: Kind, function: Callable[..., Any]) -> list[str]:
    return [parameter.name for role, parameter in _roles(kind, function) if role is None]


def _table(entries: Iterable[metadata.EntryPoint]) -> _Table:
    prefix = "labelwright."
    table: dict[tuple[str, str], tuple[metadata.EntryPoint, ...]] = {}
    for entry in entries:
        if entry.group.startswith(prefix):
            key = (entry.group.removeprefix(prefix), entry.name)
            table[key] = (*table.get(key, ()), entry)
    return table
