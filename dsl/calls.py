"""Names with arguments: `mix(margin, random(10%))` to a `Call`, checked against its signature.

What a plug-in takes is known from the catalogue alone. The Call itself never depends on it: the
same text gives the same Task whatever is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from labelwright.dsl import task as t
from labelwright.dsl import tree
from labelwright.dsl.context import Context, did_you_mean, listed
from labelwright.dsl.diagnostics import Fix, Label
from labelwright.dsl.endings import reader_for
from labelwright.dsl.plugins import Kind, Parameter
from labelwright.dsl.suggest import closest
from labelwright.dsl.vocabulary import reserved

KINDS: dict[Kind, str] = {
    "query": "query strategy",
    "learn": "way of training",
    "encode": "encoder",
    "annotate": "source of annotators",
    "read": "data source",
    "pseudo": "pseudo-labelling method",
    "pretrain": "way of pretraining",
    "augment": "augmentation",
    "resolve": "way to resolve answers",
    "track": "tracker",
}
"""What a plug-in of each kind is called in a message."""

_TAKES = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text or a name",
    "bool": "`true` or `false`",
    "list": "a list in `[` and `]`",
    "any": "a value",
}


def lower_day(ctx: Context, node: tree.Date) -> t.Day | None:
    """A bare date; one that the calendar lacks is an error."""
    try:
        return t.Day(day=date.fromisoformat(node.text))
    except ValueError:
        ctx.error("E219", node, f"there is no day {node.text}", "a date is year-month-day")
        return None


def lower_value(ctx: Context, node: tree.Value) -> t.Value | None:
    """A value in argument position; None, with a diagnostic, where it cannot stand there."""
    match node:
        case tree.Text(value=text):
            return text
        case tree.Boolean(value=switch):
            return switch
        case tree.PercentValue(percent=percent):
            return t.Percent(percent=percent)
        case tree.Date():
            return lower_day(ctx, node)
        case tree.Path():
            return t.Word(name=node.text)
        case tree.CallValue():
            return lower_call(ctx, node)
        case tree.List(items=items):
            values = [lower_value(ctx, item) for item in items]
            good = tuple(v for v in values if v is not None)
            return good if len(good) == len(values) else None
        case tree.Number(value=number, unit=None, per=None):
            return number
        case tree.Number():
            ctx.error(
                "E217", node, "an argument takes a number without a unit", "leave the unit out"
            )
        case tree.Regex():
            ctx.error("E215", node, "an argument cannot be a pattern", "write a quoted text")
    return None


def lower_call(ctx: Context, node: tree.CallValue) -> t.Call | None:
    """A call with its arguments, whatever it names."""
    arguments: list[t.Argument] = []
    whole = True
    for arg in node.args:
        value = lower_value(ctx, arg.value)
        if value is None:
            whole = False
        else:
            arguments.append(t.Argument(name=arg.name.text if arg.name else None, value=value))
    return t.Call(name=node.name.text, args=tuple(arguments)) if whole else None


def lower_plugin(ctx: Context, node: tree.Value, kind: Kind) -> t.Call | None:
    """A plug-in: a bare word, a call, or for an encoder a quoted name; known and called rightly."""
    before = len(ctx.found)
    call: t.Call | None
    if kind == "read" and _bare_file(ctx, node):
        return None
    match node:
        case tree.Text(value=text) if kind == "encode":
            call = t.Call(name="pretrained", args=(t.Argument(value=text),))
        case tree.Path():
            call = t.Call(name=node.text)
        case tree.CallValue():
            call = lower_call(ctx, node)
        case tree.Text():
            call = None
            ctx.error(
                "E215", node, f"a {KINDS[kind]} is named without quotes", "leave the quotes out"
            )
        case _:
            call = None
            ctx.error("E215", node, f"this is not the name of a {KINDS[kind]}", "write its name")
    if len(ctx.found) == before:
        _check_plugin(ctx, node, kind)
    return call if len(ctx.found) == before else None


def _bare_file(ctx: Context, node: tree.Value) -> bool:
    """Report `"reviews.csv"` or `reviews.csv` where `csv("reviews.csv")` is meant."""
    match node:
        case tree.Text(value=path, long=False):
            code, quoted = "E215", ctx.text(node)
        case tree.Path(parts=(_, _, *_), text=path):
            code, quoted = "E206", f'"{path}"'
        case _:
            return False
    name = reader_for(path)
    known = name is not None and ctx.catalogue.find("read", name) is not None
    if code == "E206" and not known:
        return False
    meant = f"{name}({quoted})"
    ctx.error(
        code,
        node,
        "a data source says how its file is read",
        f"write `{meant}`" if known else 'for example `csv("reviews.csv")`',
        notes=() if known else (f"Installed: {listed(ctx.catalogue.names('read'))}.",),
        fix=Fix(node.span, meant, f"write `{name}(…)`") if known else None,
    )
    return True


def _check_plugin(ctx: Context, node: tree.Value, kind: Kind) -> None:
    match node:
        case tree.CallValue(name=name, args=args):
            _check_call(ctx, kind, name.text, name, args, node)
        case tree.Path():
            _check_call(ctx, kind, node.text, node, (), node)
        case tree.Text():
            _check_call(ctx, kind, "pretrained", node, (tree.Arg(node.span, None, node),), node)


def _check_call(
    ctx: Context,
    kind: Kind,
    name: str,
    at: tree.Node,
    args: Sequence[tree.Arg],
    whole: tree.Node,
) -> None:
    if kind == "annotate" and (later := reserved("annotators", name, "from")):
        ctx.error(
            "E290",
            at,
            f"`{name}` is not yet part of the language",
            "leave it out",
            notes=(f"{later.what} will come with a later version.",),
        )
        return
    signature = ctx.catalogue.find(kind, name)
    if signature is None:
        known = ctx.catalogue.names(kind)
        near = closest(name, known)
        ctx.error(
            "E206",
            at,
            f"no {KINDS[kind]} is called `{name}`",
            f"did you mean `{near}`?" if near else "",
            notes=(f"Installed: {listed(known)}." if known else "None is installed.",),
            fix=Fix(at.span, near, f"write `{near}`") if near and ctx.text(at) == name else None,
        )
        return
    if kind != "resolve":  # named only: what it is called with is the engine's
        match_arguments(ctx, name, kind, signature.parameters, args, whole)


def match_arguments(
    ctx: Context,
    name: str,
    kind: Kind,
    parameters: Sequence[Parameter],
    args: Sequence[tree.Arg],
    whole: tree.Node,
) -> None:
    """Report every argument that does not fit `parameters`, and those that are missing."""
    takes = {p.name: p for p in parameters if not (p.variadic or p.open)}
    rest = next((p for p in parameters if p.variadic), None)
    further = next((p for p in parameters if p.open), None)
    slots = [p for p in takes.values() if p.positional]
    given: dict[str, tree.Arg] = {}
    missing_may_follow = True
    for position, arg in enumerate(a for a in args if a.name is None):
        if position < len(slots):
            parameter = slots[position]
            given[parameter.name] = arg
        elif rest is not None:
            parameter = rest
            given.setdefault(rest.name, arg)
        else:
            count = {0: "no argument", 1: "1 argument"}.get(len(slots), f"{len(slots)} arguments")
            named = [n for n, p in takes.items() if n not in given]
            ctx.error(
                "E222",
                arg,
                f"`{name}` takes {count} without a name",
                f"by name it takes {listed(named)}" if named else "leave this one out",
            )
            missing_may_follow = False
            continue
        _check_type(ctx, name, kind, parameter, arg)
    for arg in (a for a in args if a.name is not None):
        assert arg.name is not None
        key = arg.name.text
        if key in given:
            ctx.error(
                "E224",
                arg.name,
                f"`{name}` is given `{key}` twice",
                "keep one of them",
                labels=(Label(given[key].span, "given here first"),),
            )
        elif key in takes:
            given[key] = arg
            _check_type(ctx, name, kind, takes[key], arg)
        elif further is not None:
            given[key] = arg
            _check_type(ctx, name, kind, further, arg)
        else:
            hint = did_you_mean(key, [n for n in takes if n not in given])
            takes_what = f"It takes {listed(takes)}." if takes else "It takes no arguments."
            ctx.error(
                "E220", arg.name, f"`{name}` has no argument `{key}`", hint, notes=(takes_what,)
            )
            missing_may_follow = False
    missing = [p.name for p in parameters if p.required and not p.open and p.name not in given]
    if missing and missing_may_follow:
        ctx.error(
            "E221",
            whole,
            f"`{name}` needs {listed(missing)}",
            f"write `{name}({_sample(parameters)})`",
        )


def _sample(parameters: Sequence[Parameter]) -> str:
    needed = [p for p in parameters if p.required and not p.open]
    return ", ".join("…" if p.positional else f"{p.name} = …" for p in needed)


def _check_type(ctx: Context, name: str, kind: Kind, parameter: Parameter, arg: tree.Arg) -> None:
    value = arg.value
    match parameter.type:
        case "any":
            return
        case "call":
            if isinstance(value, tree.Path | tree.CallValue) or (
                kind == "encode" and isinstance(value, tree.Text)
            ):
                _check_plugin(ctx, _without_share(value), kind)
                return
            takes = f"a {KINDS[kind]}"
        case _:
            if _fits(parameter.type, value):
                return
            takes = _TAKES[parameter.type]
    usual = parameter.default
    example = str(usual).lower() if isinstance(usual, bool) else f"{usual}"
    simple = isinstance(usual, bool | int | float)
    hint = f"for example `{parameter.name} = {example}`" if simple else ""
    ctx.error("E223", value, f"`{parameter.name}` of `{name}` takes {takes}", hint)


def _without_share(value: tree.Value) -> tree.Value:
    """A call inside a call may begin with its share, `random(10%)`: that is for the outer one."""
    match value:
        case tree.CallValue(args=(tree.Arg(name=None, value=tree.PercentValue()), *rest)):
            return tree.CallValue(value.span, value.name, tuple(rest))
    return value


def _fits(wanted: str, value: tree.Value) -> bool:
    match value:
        case tree.Number():
            return wanted == "float" or (wanted == "int" and isinstance(value.value, int))
        case tree.PercentValue():
            return wanted == "float"
        case tree.Text() | tree.Path():
            return wanted == "str"
        case tree.Boolean():
            return wanted == "bool"
        case tree.List():
            return wanted == "list"
    return False
