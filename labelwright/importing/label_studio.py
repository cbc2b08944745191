"""A Label Studio labelling config as the beginning of a task: the inverse of the compiled page.

One control becomes the task: the first `Choices`, `Taxonomy` or `Labels` over a text or a picture
whose choices stand in the config. Whatever else the page holds is named among the remarks, never
dropped silently. A choice's `alias` is what Label Studio stores, so it becomes the class's name; its
`value` is what people read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labelwright.dsl.naming import one_line
from labelwright.dsl.scaffold import Answer
from labelwright.importing.choices import Tree
from labelwright.importing.found import (
    Imported,
    fault,
)
from labelwright.importing.markup import Element, parse

_CLASSIFY = {"choices": "choice", "taxonomy": "choice"}
_MARK = {"labels": "label", "hypertextlabels": "label", "paragraphlabels": "label"}
_CONTROLS = _CLASSIFY | _MARK
_TEXTS, _IMAGES, _TABLES = ("text", "hypertext", "paragraphs"), ("image",), ("table",)
_OBJECTS = (*_TEXTS, *_IMAGES, *_TABLES)
_NO_CONTROL = (
    "view",
    "header",
    "style",
    "choice",
    "label",
    "collapse",
    "panel",
    "filter",
    "shortcut",
)
_LONG_TITLE = 80
_OVERLAP = "Label Studio lets spans overlap: so does `nesting = overlapping`"


def label_studio(path: Path, text: str, control: str | None = None) -> Imported:
    """What a labelling config says. Raises ImportingError, naming the line.

    `control` is the name of the control to take, where the page has several.
    """
    page = parse(path, text)
    named = {e.get("name"): e for e in page.walk() if e.get("name")}
    taken = _chosen(path, page, named, control)
    shown = [e for e in page.walk() if e.tag in _OBJECTS]
    tree = Tree(path, taken, _CONTROLS[taken.tag])
    classes = tree.classes()
    kind = "spans" if taken.tag in _MARK else "classification"
    inputs = _inputs(taken, named, shown, spans=kind == "spans")
    title = _title(page, taken)
    long = len(title) > _LONG_TITLE
    return Imported(
        classes=classes,
        answer=_answer(taken, nested=any(c.children for c in classes)),
        title="" if long else title,
        guide=title if long else "",
        text=inputs.text,
        image=inputs.image,
        show=inputs.show,
        remarks=(
            *tree.remarks,
            *inputs.remarks,
            *_left_out(page, taken),
            *([_OVERLAP] if kind == "spans" else []),
        ),
    )


# --- which control ----------------------------------------------------------------------------


def _chosen(path: Path, page: Element, named: dict[str, Element], wanted: str | None) -> Element:
    controls = [e for e in page.walk() if e.tag in _CONTROLS]
    if wanted is not None:
        element = named.get(wanted)
        if element is None or element.tag not in _CONTROLS:
            names = ", ".join(e.get("name") for e in controls if e.get("name"))
            raise fault(
                path,
                element.line if element else None,
                f"no Choices, Taxonomy or Labels is called {wanted!r}",
                f"there are: {names}" if names else "leave `--control` out",
            )
        if (why := _unusable(element, named)) is not None:
            raise fault(path, element.line, f"{_called(element)} {why}", _REMEDY)
        return element
    usable = [e for e in controls if _unusable(e, named) is None]
    if usable:
        return next((e for e in usable if not _depends(e)), usable[0])
    if controls:
        why = _unusable(controls[0], named)
        raise fault(path, controls[0].line, f"{_called(controls[0])} {why}", _REMEDY)
    others = ", ".join(dict.fromkeys(_tag(e) for e in page.walk() if _is_control(e)))
    raise fault(
        path,
        page.line,
        "the page asks for no classes: it has no Choices, Taxonomy or Labels"
        + (f", only {others}" if others else ""),
        "name a labelling config that offers classes to choose from",
    )


_REMEDY = "name a config whose choices stand in it, over a text or a picture"


def _unusable(control: Element, named: dict[str, Element]) -> str | None:
    if control.get("value").startswith("$"):
        return f"takes its choices from each item's data ({control.get('value')})"
    if not any(e.tag == _CONTROLS[control.tag] for e in control.walk()):
        return "has no choice in it"
    for name in _targets(control):
        target = named.get(name)
        if target is not None and target.tag not in _OBJECTS:
            return f"is about {_tag(target)}, which no task can be about yet"
    if control.tag in _MARK and not any(
        named[n].tag in _TEXTS for n in _targets(control) if n in named
    ):
        return "marks no text"
    return None


def _targets(control: Element) -> list[str]:
    return [name.strip() for name in control.get("toName").split(",") if name.strip()]


def _depends(control: Element) -> bool:
    """Whether it is asked of a region, or after another control was answered in some way."""
    return any(
        e.get("perRegion") == "true" or e.get("visibleWhen") or e.get("whenTagName")
        for e in (control, *control.above())
    )


def _is_control(element: Element) -> bool:
    return bool(element.get("toName")) and element.tag not in (*_OBJECTS, *_NO_CONTROL)


_SPELT = {
    "hypertext": "HyperText", "hypertextlabels": "HyperTextLabels", "paragraphlabels": "ParagraphLabels",
    "rectanglelabels": "RectangleLabels", "polygonlabels": "PolygonLabels", "brushlabels": "BrushLabels",
    "keypointlabels": "KeyPointLabels", "ellipselabels": "EllipseLabels", "textarea": "TextArea",
    "timeseries": "TimeSeries", "timeserieslabels": "TimeSeriesLabels", "datetime": "DateTime",
}  # fmt: skip


def _tag(element: Element) -> str:
    return _SPELT.get(element.tag, element.tag.capitalize())


def _called(element: Element) -> str:
    return f"{_tag(element)} {element.get('name')}".rstrip()


def _left_out(page: Element, taken: Element) -> Iterator[str]:
    for element in page.walk():
        if element is taken or not _is_control(element):
            continue
        other = element.tag in _CONTROLS
        yield (
            f"Left out: {_called(element)} (line {element.line}): a task asks one question"
            + (f"; `--control {element.get('name')}` takes this one instead" if other else "")
        )
    for element in page.walk():
        if element.tag in ("relations", "relation"):
            yield f"Left out: {_tag(element)} (line {element.line}): relations come later"
            break


# --- the answer, the inputs, the title --------------------------------------------------------


def _answer(control: Element, *, nested: bool) -> Answer:
    if control.tag in _MARK:
        return Answer("spans", "many" if control.get("choice") == "multiple" else "one")
    if control.tag == "taxonomy":
        many = control.get("maxUsages") != "1"
        any_level = nested and control.get("leafsOnly") != "true"
    else:
        many = control.get("choice") == "multiple"
        any_level = nested and control.get("allowNested") == "true"
    may_be_empty = many and control.get("required") != "true"
    return Answer(
        choose="many" if many else "one",
        empty="allowed" if may_be_empty else "forbidden",
        classes="any" if any_level else "leaves",
    )


@dataclass
class _Inputs:
    text: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    show: tuple[str, ...] = ()
    remarks: list[str] = field(default_factory=list)


def _inputs(
    control: Element, named: dict[str, Element], shown: Sequence[Element], *, spans: bool
) -> _Inputs:
    """What the page shows of an item. Label Studio does not say which of it a model may see."""
    found = _Inputs()
    about = {id(named[n]) for n in _targets(control) if n in named}
    for element in shown:
        value = element.get("value")
        if not value.startswith("$"):
            continue  # the same words beside every item
        column = value[1:]
        if element.tag in _TABLES:
            found.remarks.append(
                f"The page shows a table (line {element.line}): name its columns in `columns` or `show`"
            )
            continue
        if spans and id(element) not in about:
            found.show += (column,)
        elif element.tag in _TEXTS:
            found.text += (column,)
        else:
            found.image += (column,)
        if element.get("valueType") == "url" or element.tag in ("hypertext", "paragraphs"):
            found.remarks.append(
                f"{_tag(element)} on line {element.line}: column {column} must hold the text itself, "
                "not its address, no HTML and no list"
            )
    beside = [
        e for e in shown if id(e) not in about and e.get("value")[1:] in (*found.text, *found.image)
    ]
    if beside and not spans:
        names = ", ".join(e.get("value")[1:] for e in beside)
        found.remarks.append(f"The model sees {names} too: move to `show` what it must not see")
    return found


def _title(page: Element, control: Element) -> str:
    """The heading of the question: the last one above the control, else the page's first."""
    headings: list[Element] = []
    for element in page.walk():
        if element is control and headings:
            return one_line(headings[-1].get("value"))
        inside = element.parent is not None and any(
            e.tag in _CONTROLS for e in (element.parent, *element.parent.above())
        )
        if element.tag == "header" and not inside and not _over_an_object(element):
            value = element.get("value")
            if value and not value.startswith("$"):
                headings.append(element)
    return one_line(headings[0].get("value")) if headings else ""


def _over_an_object(heading: Element) -> bool:
    """Whether a heading stands in a box with an object alone: it names a column, no question."""
    box = heading.parent
    if box is None or box.parent is None:
        return False
    tags = [e.tag for e in box.walk()]
    return any(t in _OBJECTS for t in tags) and not any(t in _CONTROLS for t in tags)
