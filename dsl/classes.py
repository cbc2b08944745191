"""Classes: the tree of them, their ids, and how a name elsewhere finds one.

A class's id is the dotted path of names. A name elsewhere may leave out the parents where that is
clear; names compare NFC and case-folded. A quoted name is a title.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from labelwright.dsl import task as t
from labelwright.dsl import tree
from labelwright.dsl.context import Context, fold, listed
from labelwright.dsl.diagnostics import Fix, Label
from labelwright.dsl.sections import Section, gather
from labelwright.dsl.suggest import closest
from labelwright.dsl.vocabulary import CLASS, Block


@dataclass
class ClassTable:
    """All classes in file order, with where their names stand."""

    classes: list[t.Class] = field(default_factory=list)
    hoisted: list[tuple[Block, tree.Block | tree.Sentence]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ids: dict[tuple[str, ...], str] = {}
        self._unknown_at: dict[str, int] = {}
        self._named: dict[tuple[str, ...], list[str]] = {}

    def add(self, item: t.Class) -> None:
        """Take a class in; its id is known not to be taken."""
        self.classes.append(item)
        path = _path(item.id)
        self._ids[path] = item.id
        for start in range(len(path)):
            self._named.setdefault(path[start:], []).append(item.id)

    def taken(self, class_id: str) -> str | None:
        """The id that compares equal to this one, if there is."""
        return self._ids.get(_path(class_id))

    def find(self, ref: tree.Ref) -> list[str]:
        """The ids of the classes that `ref` may name: one where that is clear."""
        if ref.quoted:
            exact = self.taken(ref.text)
            titled = [c.id for c in self.classes if fold(c.title) == fold(ref.text)]
            return [exact] if exact else titled
        path = tuple(fold(p.text) for p in ref.parts)
        exact = self._ids.get(path)
        return [exact] if exact else self._named.get(path, [])

    def resolve(self, ctx: Context, ref: tree.Ref) -> str | None:
        """The id of the class that `ref` names; None, with a diagnostic, where there is none."""
        found = self.find(ref)
        if len(found) == 1:
            return found[0]
        if found:
            ctx.error("E230", ref, f"`{ref.text}` may be {_either(found)}", "write which")
        else:
            self._unknown(ctx, ref)
        return None

    def _unknown(self, ctx: Context, ref: tree.Ref) -> None:
        if ctx.lost_class or any(fold(p.text) in ctx.lost for p in ref.parts):
            return  # the class itself could not be read, which was said there
        word = fold(ref.text)
        if (first := self._unknown_at.setdefault(word, len(ctx.found))) < len(ctx.found):
            again = Label(ref.span, "and here")
            ctx.found[first] = replace(ctx.found[first], labels=(*ctx.found[first].labels, again))
            return
        instead = ""
        hint = ""
        for item in self.classes:
            was = [*item.was, *([item.split_of] if item.split_of else [])]
            if word in map(fold, was):
                heirs = [
                    c.id for c in self.classes if word in map(fold, (*c.was, c.split_of or ""))
                ]
                instead = item.id if len(heirs) == 1 else ""
                hint = f"`{ref.text}` is now {_either(heirs)}"
                break
            if word == fold(item.title) or word in map(fold, item.aliases):
                instead, hint = item.id, f"write `{item.id}`"
                break
        else:
            short = {p[-1]: i for p, i in self._ids.items()}
            spelled = {i: i for i in self._ids.values()}
            spelled |= {i.rpartition(".")[2]: i for i in short.values()}
            near = closest(ref.text, [*spelled, *(c.title for c in self.classes)])
            if near:
                by_title = next((c.id for c in self.classes if c.title == near), near)
                instead = near if near in spelled else by_title
                hint = f"did you mean `{instead}`?"
        if ctx.cautious and not instead:
            return  # it may stand in what could not be read
        names = [c.id for c in self.classes]
        notes = () if instead or not names else (f"The classes are {listed(names)}.",)
        fix = Fix(ref.span, instead, f"write `{instead}`") if instead else None
        ctx.error("E201", ref, f"no class is called {ref.text}", hint, notes=notes, fix=fix)


def _path(class_id: str) -> tuple[str, ...]:
    return tuple(fold(part) for part in class_id.split("."))


def _either(ids: list[str]) -> str:
    return " or ".join(f"`{i}`" for i in ids)


def read_classes(
    ctx: Context, blocks: list[tuple[Block, tree.Block | tree.Sentence]]
) -> ClassTable:
    """Every class of the file, parents before their children."""
    table = ClassTable()
    for entry, node in blocks:
        if entry is CLASS:
            _class(ctx, table, node, None)
    _check_hotkeys(ctx, table)
    _check_spellings(ctx, table)
    return table


def name_and_title(
    ctx: Context, entry: Block, node: tree.Block | tree.Sentence
) -> tuple[tree.Name, str | None] | None:
    """The name and perhaps the title that follow a block's head."""
    match node.labels:
        case (tree.Name() as name,):
            return name, None
        case (tree.Name() as name, tree.Text(value=title)) if entry.titled:
            return name, title
        case (tree.Text(value=title), *_) if entry.titled:
            ctx.error(
                "E231",
                node.labels[0],
                f"a {entry.name} has a name before its title",
                f'write `{entry.name} NAME "{title}"`',
            )
        case ():
            ctx.error(
                "E231", node.head, f"this {entry.name} has no name", f"write `{entry.name} NAME`"
            )
        case (_, wrong, *_):
            title = ", then perhaps a title in quotes" if entry.titled else ""
            ctx.error(
                "E231",
                wrong,
                f"a {entry.name} has one name{title}",
                "names are one word: join the words with `_`",
            )
        case (wrong, *_):
            ctx.error("E231", wrong, f"a {entry.name} has a bare name", "leave the quotes out")
    return None


def _class(
    ctx: Context, table: ClassTable, node: tree.Block | tree.Sentence, parent: str | None
) -> None:
    if node.guard is not None:
        ctx.error(
            "E231",
            node.guard,
            f"a class has no `{node.guard.word}`",
            "leave it out; rules say when a class is likely",
        )
    named = name_and_title(ctx, CLASS, node)
    if named is None:
        ctx.lost_class = True
        return
    name, title = named
    class_id = f"{parent}.{name.text}" if parent else name.text
    if (taken := table.taken(class_id)) is not None:
        ctx.error(
            "E210",
            name,
            f"there are two classes called {name.text}",
            "give one another name",
            notes=_same_after_folding(taken, class_id),
            labels=(Label(ctx.places[("class", taken)], "the first is here"),),
        )
        return
    place = ("class", class_id)
    ctx.places[place] = name.span
    section = gather(ctx, CLASS, node.items if isinstance(node, tree.Block) else (), place)
    title_node = node.labels[-1]
    if title is not None and (not title.strip() or title.startswith("$")):
        why = (
            "is empty"
            if not title.strip()
            else "begins with `$`, which stands for a field of the data"
        )
        ctx.error("E216", title_node, f"this title {why}", "write what people should read")
        title = None
    table.add(_build(section, class_id, title if title is not None else name.text, parent))
    for entry, inner in section.blocks:
        if entry is CLASS:
            _class(ctx, table, inner, class_id)
        else:
            table.hoisted.append((entry, inner))


def _same_after_folding(first: str, second: str) -> tuple[str, ...]:
    if first == second:
        return ()
    return ("Names that differ only by case or by how letters are encoded are the same.",)


def _build(section: Section, class_id: str, title: str, parent: str | None) -> t.Class:
    get = section.values.get
    return t.Class(
        id=class_id,
        title=title,
        parent=parent,
        describe=get("describe", ""),
        examples=get("examples", ()),
        counterexamples=get("counterexamples", ()),
        aliases=get("aliases", ()),
        hotkey=get("hotkey"),
        color=get("color"),
        value=get("value"),
        role=get("role", "label"),
        was=get("was", ()),
        split_of=get("split_of"),
    )


def _check_hotkeys(ctx: Context, table: ClassTable) -> None:
    first: dict[str, str] = {}
    for item in table.classes:
        if item.hotkey is None:
            continue
        key = fold(item.hotkey)
        if key in first:
            here = ctx.places[("class", item.id, "hotkey")]
            there = ctx.places[("class", first[key], "hotkey")]
            ctx.error(
                "E211",
                here,
                f"the hotkey {item.hotkey} is taken",
                "choose another key",
                labels=(Label(there, f"class {first[key]} has it"),),
            )
        else:
            first[key] = item.id


def _check_spellings(ctx: Context, table: ClassTable) -> None:
    """A value in the data must mean one class: an alias may not be another class's."""
    means: dict[str, str] = {}
    for item in table.classes:
        for word in (item.id, item.title):
            means.setdefault(fold(word), item.id)
    for item in table.classes:
        for alias in item.aliases:
            owner = means.setdefault(fold(alias), item.id)
            if owner != item.id:
                ctx.error(
                    "E210",
                    ctx.places[("class", item.id, "aliases")],
                    f"`{alias}` already means class {owner}",
                    f"leave it out of {item.id}",
                    labels=(Label(ctx.places[("class", owner)], "this class"),),
                )
                break
    titled: dict[tuple[str | None, str], str] = {}
    for item in table.classes:
        owner = titled.setdefault((item.parent, fold(item.title)), item.id)
        if owner != item.id:
            ctx.error(
                "E210",
                ctx.places[("class", item.id)],
                f"two classes read {item.title} to people",
                "give one another title",
                labels=(Label(ctx.places[("class", owner)], "the other is here"),),
            )
