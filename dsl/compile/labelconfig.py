"""The labelling page: a Task as Label Studio's XML.

`value` is the title, which people read and which may change at no cost; `alias` is the class id,
which is what Label Studio stores. Built with a serialiser, so that no title can become markup.
The page never asks the server to fetch anything and never interprets an item's text as HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from labelwright.dsl.compile.errors import CompileError
from labelwright.dsl.compile.fields import HINT, NOTE, Kind, Shown, shown
from labelwright.dsl.compile.options import (
    SEPARATOR,
    Option,
    checked_text,
    is_tree,
    is_xml,
    options,
)
from labelwright.dsl.compile.words import words
from labelwright.dsl.task import Task

CONTROL = "label"
"""`from_name` of every answer."""

_LONG_LIST = 12  # up to so many choices stand beside the item; more, in columns below it
_ZOOM = {
    "zoom": "true",
    "zoomControl": "true",
    "defaultZoom": "auto",  # without it a picture smaller than its room is cut at the edges
}
_COLUMN_STYLE = "width: 220px"
_TREE_WIDTH = "320px"
_MARKED_STYLE = "border-left: 4px solid {}; padding-left: 6px"

# What stands above an item takes no room where it says nothing. Choices stay in sight beside a long
# item, and labels above one. Rows of a table stand close together.
_STYLE = """
.lw { word-break: keep-all; overflow-wrap: anywhere; }
.lw h4 { font-size: 14px !important; margin: 6px 0 !important; opacity: .75; }
.lw .lw-said { border-left: 4px solid; border-radius: 4px; padding: 2px 12px; margin-bottom: 8px; }
.lw .lw-said:has(:empty) { display: none; }
.lw .lw-said h4 { opacity: 1; font-weight: 400; line-height: 1.5; white-space: pre-line; }
.lw .lw-note { border-color: #d08a1d; background: #d08a1d22; }
.lw .lw-hint { border-color: #4e79a7; background: #4e79a722; }
.lw .lw-beside { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: flex-start; }
.lw .lw-item { flex: 3 1 320px; min-width: 0; }
.lw .lw-choices { flex: 1 1 180px; position: sticky; top: 8px; }
.lw .lw-labels { position: sticky; top: 0; z-index: 2; background: var(--color-neutral-background); }
.lw .lw-group { border-left: 2px solid #8888; padding-left: 10px; margin: 6px 0; }
.lw .lsf-htx-richtext { line-height: 1.5; }
.lw .ant-table-wrapper { margin: 12px 0; }
.lw .ant-table-thead { display: none; }
.lw .ant-table, .lw .ant-table-cell { background: none !important; color: inherit !important; }
.lw .ant-table-cell { padding: 5px 12px !important; vertical-align: top; }
.lw .ant-table * { border-color: #8884 !important; }
.lw .ant-table-cell:nth-child(odd) { opacity: .75; }
.lw .ant-table-cell:first-child { width: 30%; }
.lw .lsf-choices label { line-height: 1.4; }
.lw .lsf-choices_layout_inline .lsf-choice { vertical-align: top; }
"""


def label_config(task: Task, fields: Mapping[str, Kind] | None = None) -> str:
    """Label Studio's labelling configuration of a task, as XML text.

    `fields` as in `shown`. Raises CompileError for a page that Label Studio would show wrongly:
    repeated or empty titles, repeated hotkeys, `$` in a title, spans over anything but one text.
    """
    parts = shown(task, fields)
    choices = options(task)
    page = ET.Element("View", className="lw")
    ET.SubElement(page, "Style").text = _STYLE
    for key in (NOTE, HINT):
        box = _box(page, f"lw-said {key.replace('_', '-')}")
        ET.SubElement(box, "Header", value=f"${key}", size="5")
    if task.kind == "spans":
        _spans(page, task, parts, choices)
    elif is_tree(task) or len(task.choices) > _LONG_LIST:
        _control(page, task, choices, _objects(page, parts)[0])
    else:
        both = _box(page, "lw-beside")
        names = _objects(_box(both, "lw-item"), parts)
        _control(_box(both, "lw-choices"), task, choices, names[0])
    ET.indent(page)
    return ET.tostring(page, encoding="unicode") + "\n"


def _box(page: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(page, "View", className=name)


# --- what is shown ----------------------------------------------------------------------------


def _objects(page: ET.Element, parts: Sequence[Shown]) -> list[str]:
    """Append the items' parts; returns their names."""
    several = len(parts) > 1
    names: list[str] = []
    for part in parts:
        box = ET.SubElement(page, "View") if several else page
        if several and part.heading:
            heading = checked_text(part.heading, "the name of a column")
            ET.SubElement(box, "Header", value=heading, size="5")
        name, value = part.key, f"${part.key}"
        names.append(name)
        if part.kind == "text":
            ET.SubElement(box, "Text", name=name, value=value)
        elif part.kind == "image":
            ET.SubElement(box, "Image", {"name": name, "value": value, **_ZOOM})
        else:
            ET.SubElement(box, "Table", name=name, value=value)
    return names


# --- what is chosen ---------------------------------------------------------------------------


def _control(page: ET.Element, task: Task, choices: Sequence[Option], to: str) -> None:
    required = task.choose == "one" or task.empty == "forbidden"
    common = {
        "name": CONTROL,
        "toName": to,
        "required": "true" if required else "false",
    }
    if required:
        common["requiredMessage"] = (
            words(task).need_one if task.choose == "one" else words(task).need_many
        )
    if is_tree(task):
        _tree(page, task, choices, common)
    else:
        _list(page, task, choices, common)


def _list(
    page: ET.Element, task: Task, choices: Sequence[Option], common: Mapping[str, str]
) -> None:
    """Choices; leaves of a hierarchy stand in a box under their parents' titles."""
    chosen = [o for o in choices if o.chosen]
    columns = len(chosen) > _LONG_LIST
    marked = any(o.color for o in chosen)
    control = ET.SubElement(
        page,
        "Choices",
        {
            **common,
            "choice": "single-radio" if task.choose == "one" else "multiple",
            "layout": "inline" if columns else "vertical",
        },
    )
    box, path = control, tuple[str, ...]()
    for option in chosen:
        if option.path != path:
            path = option.path
            box = control
            if path:
                box = _box(control, "lw-group")
                ET.SubElement(box, "Header", value=SEPARATOR.join(path), size="5")
        styles = [_COLUMN_STYLE] if columns else []
        if marked:
            styles.append(_MARKED_STYLE.format(option.color or "transparent"))
        ET.SubElement(box, "Choice", _attributes(option, style="; ".join(styles)))


def _tree(
    page: ET.Element, task: Task, choices: Sequence[Option], common: Mapping[str, str]
) -> None:
    """Taxonomy; an answer is the path of ids, its last one is the class."""
    control = ET.SubElement(
        page,
        "Taxonomy",
        {
            **common,
            "leafsOnly": "true" if task.choosable == "leaves" else "false",
            "showFullPath": "true",
            "pathSeparator": SEPARATOR,
            "placeholder": common.get("requiredMessage", words(task).classes),
            "minWidth": _TREE_WIDTH,
        },
    )
    if task.choose == "one":
        control.set("maxUsages", "1")
    nodes: dict[str, ET.Element] = {}
    parents = {c.id: c.parent for c in task.classes}
    for option in choices:
        parent = parents[option.id]
        box = control if parent is None else nodes[parent]
        attributes = _attributes(option, color=option.color or "")
        nodes[option.id] = ET.SubElement(box, "Choice", attributes)


def _spans(page: ET.Element, task: Task, parts: Sequence[Shown], choices: Sequence[Option]) -> None:
    texts = [part for part in parts if part.kind == "text"]
    if len(texts) != 1 or any(part.kind == "image" for part in parts):
        raise CompileError(
            "spans are marked in one text, and this task has "
            + (f"{len(texts)}: {', '.join(p.heading for p in texts)}" if texts else "none"),
            "name one column in `text`, and the others in `show`",
        )
    control = ET.SubElement(
        _box(page, "lw-labels"),
        "Labels",
        {
            "name": CONTROL,
            "toName": texts[0].key,
            "choice": "single" if task.choose == "one" else "multiple",
            "showInline": "true",
        },
    )
    for option in choices:
        if option.chosen:
            attributes = _attributes(option, background=option.color or "")
            ET.SubElement(control, "Label", attributes)
    _objects(page, parts)


def _attributes(option: Option, **more: str) -> dict[str, str]:
    attributes = {"value": option.title, "alias": option.id}
    if option.hotkey:
        attributes["hotkey"] = option.hotkey
    if option.describe.strip() and is_xml(option.describe):
        attributes["hint"] = " ".join(option.describe.split())
    return attributes | {name: value for name, value in more.items() if value}
