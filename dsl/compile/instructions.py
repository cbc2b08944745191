"""The annotators' guide: a Task as an HTML page.

Built as a tree and serialised, so that every word of the task file is text and never markup. The
page carries its own style, loads nothing, and follows the reader's light or dark setting.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from labelwright.dsl.compile.options import Option, is_tree, is_xml, options
from labelwright.dsl.compile.words import Words, words
from labelwright.dsl.task import Class, Sample, Task

_PAGE_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.6 system-ui, "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic",
       NanumGothic, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
"""

# Says everything, because a page that the guide is put into may have taken all margins away.
_GUIDE_STYLE = """
.lw-guide { line-height: 1.6; word-break: keep-all; overflow-wrap: anywhere; }
.lw-guide h1 { font-size: 1.5rem; line-height: 1.3; margin: 0 0 .6rem; }
.lw-guide h2 { font-size: 1.2rem; margin: 1.4rem 0 .4rem; }
.lw-guide h3, .lw-guide h4, .lw-guide h5, .lw-guide h6 { font-size: 1rem; font-weight: 600; margin: 0; }
.lw-guide p { margin: .3rem 0; }
.lw-guide .class { border-left: .3rem solid #8888; padding-left: .8rem; margin: .9rem 0; }
.lw-guide .class p { margin: .1rem 0; }
.lw-guide kbd { border: 1px solid #8888; border-radius: .25rem; padding: 0 .35rem; font-size: .85em; }
.lw-guide dl { margin: 0; }
.lw-guide dt { font-size: .9em; font-weight: 600; margin-top: .4rem; }
.lw-guide dd { margin: 0; }
.lw-guide ul { list-style: disc; margin: 0; padding-left: 1.2rem; }
.lw-guide .note { opacity: .75; }
.lw-guide mark { background: #f2c14e66; color: inherit; padding: 0 .1rem; }
"""

# No letter of the Latin kind may touch the stars from outside; a Korean particle may.
_EMPHASIS = re.compile(r"(?<![A-Za-z0-9_*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![A-Za-z0-9_*])")


def instructions_html(task: Task) -> str:
    """The guide as a whole HTML document, to be opened or sent to annotators."""
    html = ET.Element("html", lang=words(task).lang)
    head = ET.SubElement(html, "head")
    ET.SubElement(head, "meta", charset="utf-8")
    ET.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _text(ET.SubElement(head, "title"), task.title)
    ET.SubElement(head, "style").text = _PAGE_STYLE + _GUIDE_STYLE
    body = ET.SubElement(html, "body")
    body.append(_main(task))
    ET.indent(head)
    return "<!DOCTYPE html>\n" + ET.tostring(html, encoding="unicode", method="html") + "\n"


def instructions_fragment(task: Task) -> str:
    """The same guide as Label Studio's `expert_instruction` takes it, and gives it back unchanged.

    Its server removes every attribute that holds a style, and keeps what a `style` element says.
    """
    main = _main(task)
    rules = []
    for number, section in enumerate(main.iter("section")):
        if color := section.attrib.pop("style", None):
            section.set("class", f"class lw-{number}")
            rules.append(f".lw-guide .lw-{number} {{ {color}; }}\n")
    style = ET.Element("style")
    style.text = _GUIDE_STYLE + "".join(rules)
    main.insert(0, style)
    return ET.tostring(main, encoding="unicode", method="html")


def _main(task: Task) -> ET.Element:
    main = ET.Element("main", {"class": "lw-guide"})
    _text(ET.SubElement(main, "h1"), task.title)
    _paragraphs(main, task.guide)
    said = words(task)
    by_id = {o.id: o for o in options(task)}
    ET.SubElement(main, "p", {"class": "note"}).text = said.how(task, keys=not is_tree(task))
    classes = ET.SubElement(main, "section")
    ET.SubElement(classes, "h2").text = said.classes
    for each in task.children(None):
        _class(classes, task, each, by_id, said, level=3)
    if task.constraints:
        rules = ET.SubElement(main, "section")
        ET.SubElement(rules, "h2").text = said.together
        items = ET.SubElement(rules, "ul")
        titles = {c.id: c.title for c in task.classes}
        for constraint in task.constraints:
            _text(ET.SubElement(items, "li"), said.constraint(constraint, titles))
    return main


def _class(
    box: ET.Element,
    task: Task,
    each: Class,
    by_id: dict[str, Option],
    said: Words,
    *,
    level: int,
) -> None:
    option = by_id[each.id]
    section = ET.SubElement(box, "section", {"class": "class"})
    if option.color:
        section.set("style", f"border-left-color: {option.color}")
    heading = ET.SubElement(section, f"h{min(level, 6)}")
    _text(heading, each.title)
    if option.hotkey:
        heading.text = f"{heading.text} "
        _text(ET.SubElement(heading, "kbd"), option.hotkey)
    _paragraphs(section, each.describe)
    if each.role == "unusable":
        ET.SubElement(section, "p", {"class": "note"}).text = said.unusable
    if each.examples or each.counterexamples:
        samples = ET.SubElement(section, "dl")
        _samples(samples, said.examples, each.examples)
        _samples(samples, said.counterexamples, each.counterexamples)
    for child in task.children(each.id):
        _class(section, task, child, by_id, said, level=level + 1)


def _samples(box: ET.Element, heading: str, samples: tuple[Sample, ...]) -> None:
    if not samples:
        return
    ET.SubElement(box, "dt").text = heading
    items = ET.SubElement(ET.SubElement(box, "dd"), "ul")
    for sample in samples:
        item = ET.SubElement(items, "li")
        if sample.kind == "image":
            _text(ET.SubElement(item, "code"), sample.value)
        elif sample.kind == "span" and sample.marked:
            _span(item, sample.value, sample.marked)
        else:
            _text(item, sample.value)


def _span(item: ET.Element, text: str, marked: str) -> None:
    """The text with its marked part; `[brackets]` in it say which occurrence is meant."""
    before, found, after = text.partition(f"[{marked}]")
    if not found:
        before, found, after = text.partition(marked)
    _text(item, before)
    if found:
        mark = ET.SubElement(item, "mark")
        _text(mark, marked)
        mark.tail = _clean(after)


def _paragraphs(box: ET.Element, text: str) -> None:
    """Blank lines part paragraphs; `*word*` is stressed."""
    for block in re.split(r"\n\s*\n", _clean(text)):
        if not block.strip():
            continue
        paragraph = ET.SubElement(box, "p")
        pieces = _EMPHASIS.split(" ".join(block.split()))
        paragraph.text = pieces[0]
        for stressed, after in zip(pieces[1::2], pieces[2::2], strict=True):
            element = ET.SubElement(paragraph, "em")
            element.text, element.tail = stressed, after


def _text(element: ET.Element, text: str) -> None:
    element.text = _clean(text)


def _clean(text: str) -> str:
    """Characters that no document may hold, replaced."""
    return text if is_xml(text) else "".join(ch if is_xml(ch) else "\ufffd" for ch in text)
