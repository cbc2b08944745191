"""Labelling configs: what people have, what we compile ourselves, and what would do harm."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from labelwright.dsl.compile.errors import CompileError
from labelwright.dsl.compile.labelconfig import label_config
from labelwright.dsl.compile.options import is_tree, options
from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.scaffold import scaffold
from labelwright.dsl.scaffold_classes import ProposedClass, in_order
from labelwright.dsl.task import (
    Annotators,
    Budget,
    Call,
    Class,
    Data,
    Encoders,
    Holdout,
    Query,
    Task,
    Train,
)
from labelwright.importing.found import Imported, ImportingError
from labelwright.importing.label_studio import label_studio
from labelwright.importing.markup import parse
from labelwright.loop.plugins import Installed

PATH = Path("page.xml")
INSTALLED = Installed()


def brought(text: str, control: str | None = None) -> Imported:
    return label_studio(PATH, text, control)


def task_of(found: Imported) -> Task:
    """The Task of the file that is written from an import."""
    text = scaffold(
        "made",
        title=found.title or "made",
        classes=found.classes,
        answer=found.answer,
        guide=found.guide,
        source_call='csv("items.csv")',
        text=found.text,
        image=found.image,
        show=found.show,
    )
    reading = read(SourceText("made.task", text), INSTALLED)
    assert [d.message for d in reading.errors] == [], text
    assert reading.task is not None
    return reading.task


# --- pages that people write ------------------------------------------------------------------

SENTIMENT = """<!-- {"data": {"text": "x"}} -->
<View>
  <Text name="text" value="$text"/>
  <View style="box-shadow: 2px 2px 5px #999">
    <Header value="Choose text sentiment"/>
    <Choices name="sentiment" toName="text" choice="single" showInLine="true">
      <Choice value="Positive" hotkey="p" background="green"/>
      <Choice value="매우 부정" alias="neg" hotkey="P"/>
      <Choice value="Sci/Tech &amp; more" hint="about science" color="nonsense" hotkey="enter"/>
    </Choices>
    <Rating name="stars" toName="text"/>
    <Choices name="more" toName="text" choice="multiple"><Choice value="a"/><Choice value="b"/></Choices>
  </View>
</View>
"""


def test_choices() -> None:
    found = brought(SENTIMENT)
    assert found.title == "Choose text sentiment"
    assert (found.answer.kind, found.answer.choose, found.text) == (
        "classification",
        "one",
        ("text",),
    )
    task = task_of(found)
    assert [(c.id, c.title, c.aliases, c.hotkey, c.color) for c in task.classes] == [
        ("Positive", "Positive", (), "p", "#008000"),
        ("neg", "매우 부정", (), None, None),
        ("SciTechMore", "Sci/Tech & more", ("Sci/Tech & more",), None, None),
    ]
    assert task.classes[2].describe == "about science"
    assert found.remarks == (
        "Left out: the hotkey 'P' of 매우 부정: another class has it",
        "Left out: the hotkey 'enter' of Sci/Tech & more: it is no single key",
        "Left out: the colour 'nonsense' of Sci/Tech & more: not known",
        "Left out: Rating stars (line 11): a task asks one question",
        "Left out: Choices more (line 12): a task asks one question; "
        "`--control more` takes this one instead",
    )
    other = brought(SENTIMENT, "more")
    assert (other.answer.choose, other.answer.empty) == ("many", "allowed")
    assert [c.shown for c in other.classes] == ["a", "b"]


def test_a_question_about_each_region_comes_last() -> None:
    found = brought(
        '<View><Text name="t" value="$body"/>'
        '<Choices name="why" toName="t" perRegion="true"><Choice value="x"/><Choice value="y"/></Choices>'
        '<View visibleWhen="choice-selected">'
        '<Choices name="then" toName="t"><Choice value="x"/></Choices></View>'
        '<Labels name="l" toName="t" choice="multiple"><Label value="PER" background="#FFA39E"/>'
        '<Label value="ORG" background="rgb(1, 2, 3)"/></Labels>'
        '<Text name="ctx" value="$before"/><Text name="fixed" value="the same for all"/></View>'
    )
    task = task_of(found)
    assert (task.kind, task.choose, task.data.text, task.data.show) == (
        "spans",
        "many",
        ("body",),
        ("before",),
    )
    assert [(c.id, c.color) for c in task.classes] == [("PER", "#FFA39E"), ("ORG", "#010203")]
    assert any("nesting = overlapping" in r for r in found.remarks)


def test_a_taxonomy_and_nested_choices() -> None:
    inner = (
        '<Choice value="Animals"><Choice value="Cat"/><Choice value="Other"/></Choice>'
        '<Choice value="Plants"><Choice value="Other"/></Choice>'
    )
    page = '<View><Image name="i" value="$photo"/>{}</View>'
    found = brought(page.format(f'<Taxonomy name="x" toName="i">{inner}</Taxonomy>'))
    assert (found.answer.choose, found.answer.empty, found.answer.classes) == (
        "many",
        "allowed",
        "any",
    )
    task = task_of(found)
    assert task.data.image == ("photo",)
    assert [c.id for c in task.classes] == [
        "Animals", "Animals.Cat", "Animals.Other", "Plants", "Plants.Other",
    ]  # fmt: skip
    one = brought(
        page.format(
            f'<Taxonomy name="x" toName="i" maxUsages="1" leafsOnly="true">{inner}</Taxonomy>'
        )
    )
    assert (one.answer.choose, one.answer.classes) == ("one", "leaves")
    nested = brought(
        page.format(f'<Choices name="x" toName="i" allowNested="true">{inner}</Choices>')
    )
    assert (nested.answer.choose, nested.answer.classes) == ("one", "any")
    grouped = brought(
        page.format(
            '<Choices name="x" toName="i"><View><Header value="Group one"/><Choice value="a"/></View>'
            '<View><Header value="Group two"/><Choice value="b"/></View></Choices>'
        )
    )
    assert [c.id for c in task_of(grouped).classes] == [
        "GroupOne", "GroupOne.a", "GroupTwo", "GroupTwo.b",
    ]  # fmt: skip


def test_a_long_heading_is_the_guide_and_a_heading_of_a_column_none() -> None:
    long = "Read the whole text before you decide, and choose what it is about. " * 2
    found = brought(
        f'<View><Header value={quoteattr(long)}/><Text name="t" value="$t"/>'
        '<View><Header value="the column"/><Text name="u" value="$u"/></View>'
        '<Choices name="c" toName="t"><Choice value="a"/><Choice value="b"/></Choices></View>'
    )
    assert (found.title, found.guide) == ("", long.strip())
    assert found.text == ("t", "u")
    assert "The model sees u too: move to `show` what it must not see" in found.remarks


PAGE = '<View>\n<Text name="t" value="$t"/>\n{}\n</View>'
DEEP = '<Choice value="a">' * 13 + "</Choice>" * 13
AB = '<Choice value="a"/><Choice value="b"/>'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: this is no XML: no element found"),
        ("<View>\n<Choices>\n</View>", "line 3: this is no XML: mismatched tag"),
        (PAGE.format('<Choices name="c"><Choice value="a & b"/></Choices>'), "line 3: this is no XML"),
        (PAGE.format(""), "line 1: the page asks for no classes"),
        (
            PAGE.format('<TextArea name="x" toName="t"/><RectangleLabels name="r" toName="t"/>'),
            "only TextArea, RectangleLabels",
        ),
        (PAGE.format('<Choices name="c" toName="t" value="$o"/>'), "line 3: Choices c takes its"),
        (PAGE.format('<Choices name="c" toName="t"/>'), "line 3: Choices c has no choice"),
        (
            PAGE.format(f'<Audio name="a" value="$a"/><Choices name="c" toName="a">{AB}</Choices>'),
            "Choices c is about Audio",
        ),
        (PAGE.format('<Choices name="c" toName="t"><Choice value=" "/></Choices>'), "has no value"),
        (PAGE.format('<Choices name="c" toName="t"><Choice value="$x"/></Choices>'), "($x)"),
        (
            PAGE.format(f'<Choices name="c" toName="t">\n{AB}\n<Choice value="A"/></Choices>'),
            "line 5: the choice 'A' is there already (line 4)",
        ),
        (
            PAGE.format('<Choices name="c" toName="t">' + DEEP + "</Choices>"),
            "stands too deep",
        ),
        ("<View>" * 61 + "</View>" * 61, "nested more than 60 deep"),
        ("<View>" + "<View/>" * 50_001 + "</View>", "more than 50,000 elements"),
        (PAGE.format('<Labels name="l" toName="i"><Label value="a"/></Labels><Image name="i" value="$i"/>'),
         "Labels l marks no text"),
    ],
)  # fmt: skip
def test_pages_that_no_task_can_be_made_of(text: str, said: str) -> None:
    with pytest.raises(ImportingError) as caught:
        brought(text)
    assert said in caught.value.message
    assert caught.value.message.startswith("page.xml")
    assert caught.value.remedy


def test_a_control_that_is_not_there() -> None:
    with pytest.raises(
        ImportingError, match="no Choices, Taxonomy or Labels is called 'x'"
    ) as caught:
        brought(SENTIMENT, "x")
    assert "sentiment, more" in caught.value.remedy
    with pytest.raises(ImportingError, match="'stars'"):
        brought(SENTIMENT, "stars")


BOMB = """<?xml version="1.0"?>
<!DOCTYPE View [
 <!ENTITY a "aaaaaaaaaa">
 <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
]>
<View>&b;</View>"""


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE View SYSTEM "file:///etc/hostname"><View/>',
        '<!DOCTYPE View [<!ENTITY x SYSTEM "file:///etc/hostname">]><View a="&x;"/>',
        '<!DOCTYPE View [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]><View/>',
        "<!DOCTYPE View><View/>",
    ],
)
def test_document_types_and_entities_are_never_read(text: str) -> None:
    with pytest.raises(ImportingError, match="declares a document type"):
        parse(PATH, text)


@settings(max_examples=150)
@given(st.text('<>/="$ &;!?[]-ViewChoicsnamtTx1\n', max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    for inside in (text, PAGE.format(f'<Choices name="c" toName="t">{text}</Choices>')):
        try:
            found = brought(inside)
        except ImportingError:
            continue
        assert found.classes


# --- compiled, and imported again -------------------------------------------------------------


def made(classes: tuple[Class, ...], **changes: Any) -> Task:
    call = Call(name="label_studio")
    base: dict[str, Any] = {
        "name": "t",
        "title": "T",
        "classes": classes,
        "data": Data(source=Call(name="csv"), text=("body",)),
        "holdout": Holdout(size=0.2, annotations=1),
        "annotators": Annotators(source=call),
        "budget": Budget(annotations=10),
        "query": Query(phases=()),
        "train": Train(encoder=Encoders(default=call), finetune=call),
    }
    return Task(**{**base, **changes})


TITLES = st.text(
    st.characters(exclude_categories=("C", "Z", "M"), exclude_characters="$"),
    min_size=1,
    max_size=8,
) | st.sampled_from(["경제", "Sci/Tech", 'a "b" & <c>', "two words", "A › B", "1", "per"])
IDS = st.sampled_from(["a", "b2", "경제", "Sports", "x_y", "7", "Other", "정치"])
COLORS = st.none() | st.sampled_from(["#4E79A7", "#abc", "#F28E2B"])


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    """A Task whose page can be compiled: flat or with children, of every kind of answer."""
    spans = draw(st.booleans())
    nested = not spans and draw(st.booleans())
    found: list[Class] = []
    keys = iter(draw(st.permutations("qwertyuiopasdfgh")))
    titles = draw(st.lists(TITLES, min_size=12, max_size=12, unique_by=lambda t: t.casefold()))
    used = iter(titles)

    def add(name: str, parent: str | None) -> str:
        id_ = f"{parent}.{name}" if parent else name
        title = next(used)
        found.append(
            Class(
                id=id_,
                title=title,
                parent=parent,
                describe=draw(st.sampled_from(["", "What it is: <all> of it."])),
                hotkey=next(keys) if draw(st.booleans()) else None,
                color=draw(COLORS),
            )
        )
        return id_

    for name in draw(st.lists(IDS, min_size=2, max_size=4, unique=True)):
        id_ = add(name, None)
        if nested and draw(st.booleans()):
            for inner in draw(st.lists(IDS, min_size=1, max_size=2, unique=True)):
                add(inner, id_)
    many = draw(st.booleans())
    return made(
        tuple(found),
        kind="spans" if spans else "classification",
        choose="many" if many else "one",
        empty=draw(st.sampled_from(["allowed", "forbidden"]))
        if many and not spans
        else "forbidden",
        choosable=draw(st.sampled_from(["leaves", "any"])),
    )


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(tasks())
def test_a_compiled_page_comes_back(task: Task) -> None:
    try:
        page = label_config(task)
    except CompileError:
        assume(False)
    back = task_of(brought(page))
    assert (back.kind, back.choose, back.empty) == (task.kind, task.choose, task.empty)
    assert back.data.text == task.data.text
    wanted, found = options(task), options(back)
    chosen = [o for o in wanted if o.chosen or is_tree(task)]
    found_chosen = [o for o in found if o.chosen or is_tree(task)]
    assert [(o.id, o.title, o.color) for o in found_chosen] == [
        (o.id, o.title, o.color) for o in chosen
    ]
    assert [o.path for o in found_chosen] == [o.path for o in chosen]
    if not is_tree(task):
        assert [o.hotkey for o in found_chosen] == [o.hotkey for o in chosen]
    # What is compiled from it is the same page, but for the words to annotators.
    said = re.compile(r' requiredMessage="[^"]*"')
    assert said.sub("", label_config(back)) == said.sub("", page)


def test_a_hierarchy_that_is_shown_as_a_list_keeps_its_parents() -> None:
    task = made(
        (
            Class(id="Politics", title="정치"),
            Class(id="Politics.Election", title="선거", parent="Politics", hotkey="e"),
            Class(id="Politics.Other", title="Other", parent="Politics"),
            Class(id="Crime", title="Crime"),
            Class(id="Crime.Other", title="Other", parent="Crime"),
        )
    )
    found = brought(label_config(task))
    assert [(c.name or c.spellings[0], c.shown) for c in in_order(found.classes)] == [
        ("Politics", "정치"),
        ("Election", "선거"),
        ("Other", "Other"),
        ("Crime", "Crime"),
        ("Other", "Other"),
    ]
    assert [c.id for c in task_of(found).classes] == [c.id for c in task.classes]


def test_what_label_studio_stores_is_a_spelling() -> None:
    found = brought(
        PAGE.format(
            '<Choices name="c" toName="t"><Choice value="Very good" alias="very-good"/>'
            '<Choice value="Bad"/></Choices>'
        )
    )
    assert found.classes[0] == ProposedClass(("very-good",), title="Very good")
    first = task_of(found).classes[0]
    assert (first.id, first.title, first.aliases) == ("VeryGood", "Very good", ("very-good",))
