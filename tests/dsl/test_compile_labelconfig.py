from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.dsl.compile.errors import CompileError
from labelwright.dsl.compile.labelconfig import label_config
from labelwright.dsl.task import Argument, Call, Class, Data, Task, Word

CSV = Call(name="csv", args=(Argument(value="items.csv"),))

HIERARCHY = (
    Class(id="Politics", title="정치"),
    Class(id="Politics.Election", title="선거", parent="Politics", hotkey="e"),
    Class(id="Politics.Other", title="Other", parent="Politics"),
    Class(id="Economy", title="경제", color="#F28E2B"),
    Class(id="Crime", title="Crime"),
    Class(id="Crime.Other", title="Other", parent="Crime"),
)


def parse(task: Task, **options: object) -> ET.Element:
    return ET.fromstring(label_config(task, **options))  # type: ignore[arg-type]


def choices(root: ET.Element, tag: str = "Choice") -> dict[str, str]:
    return {c.attrib["alias"]: c.attrib["value"] for c in root.iter(tag)}


def test_whole_page(make_task) -> None:
    task = make_task(
        classes=(
            Class(id="Politics", title="정치", describe="Parliament\nand parties.", hotkey="p"),
            Class(id="경제", title='Markets & "money" <now>', color="#F28E2B"),
        )
    )
    head, style, page = re.split("<Style>|</Style>", label_config(task))
    assert head == '<View className="lw">\n  '
    assert "$" not in style
    assert page == (
        '\n  <View className="lw-said lw-note">\n    <Header value="$lw_note" size="5" />\n  </View>'
        '\n  <View className="lw-said lw-hint">\n    <Header value="$lw_hint" size="5" />\n  </View>'
        '\n  <View className="lw-beside">\n    <View className="lw-item">'
        '\n      <Text name="body" value="$body" />\n    </View>\n    <View className="lw-choices">'
        '\n      <Choices name="label" toName="body" required="true" '
        'requiredMessage="Choose one class." choice="single-radio" layout="vertical">\n        '
        '<Choice value="정치" alias="Politics" hotkey="p" hint="Parliament and parties." '
        'style="border-left: 4px solid transparent; padding-left: 6px" />\n        '
        '<Choice value="Markets &amp; &quot;money&quot; &lt;now&gt;" alias="경제" hotkey="1" '
        'style="border-left: 4px solid #F28E2B; padding-left: 6px" />\n      </Choices>'
        "\n    </View>\n  </View>\n</View>\n"
    )


@pytest.mark.parametrize(
    ("choose", "empty", "required"),
    [
        ("one", "forbidden", "true"),
        ("many", "forbidden", "true"),
        ("many", "allowed", "false"),
    ],
)
def test_answer(make_task, choose: str, empty: str, required: str) -> None:
    control = parse(make_task(choose=choose, empty=empty)).find(".//Choices")
    assert control is not None
    assert control.attrib["choice"] == {"one": "single-radio", "many": "multiple"}[choose]
    assert control.attrib["required"] == required


def test_leaves_stand_under_their_parents(make_task) -> None:
    root = parse(make_task(classes=HIERARCHY))
    control = root.find(".//Choices")
    assert control is not None
    assert [child.tag for child in control] == ["View", "Choice", "View"]
    headers = [h.attrib["value"] for h in control.iter("Header")]
    assert headers == ["정치", "Crime"]
    assert choices(root) == {
        "Politics.Election": "선거",
        "Politics.Other": "정치 › Other",  # the title alone would stand there twice
        "Economy": "경제",
        "Crime.Other": "Crime › Other",
    }
    assert [c.attrib["hotkey"] for c in root.iter("Choice")] == ["e", "1", "2", "3"]


def test_parents_that_may_be_chosen_make_a_tree(make_task) -> None:
    root = parse(make_task(classes=HIERARCHY, choosable="any"))
    control = root.find(".//Taxonomy")
    assert control is not None
    assert control.attrib["leafsOnly"] == "false"
    assert control.attrib["maxUsages"] == "1"
    assert control.attrib["placeholder"] == "Choose one class."
    assert choices(root) == {c.id: c.title for c in HIERARCHY}
    politics = control[0]
    assert [child.attrib["alias"] for child in politics] == ["Politics.Election", "Politics.Other"]
    assert not any("hotkey" in c.attrib for c in root.iter("Choice"))
    many = parse(make_task(classes=HIERARCHY, choosable="any", choose="many")).find(".//Taxonomy")
    assert many is not None
    assert "maxUsages" not in many.attrib
    assert many.attrib["placeholder"] == "Choose at least one class."


def test_many_leaves_make_a_tree_of_leaves(make_task) -> None:
    leaves = [Class(id=f"P.C{n}", title=f"Class {n}", parent="P") for n in range(41)]
    root = parse(make_task(classes=(Class(id="P", title="P"), *leaves)))
    control = root.find(".//Taxonomy")
    assert control is not None
    assert control.attrib["leafsOnly"] == "true"


def test_spans(make_task) -> None:
    task = make_task(
        kind="spans",
        classes=(Class(id="Buyer", title="Buyer", hotkey="b", color="#4E79A7"),),
        data=Data(source=CSV, text=("본문",), show=("section", "published")),
    )
    root = parse(task)
    control = root.find(".//Labels")
    assert control is not None
    assert control.attrib["toName"] == "field_1"  # `본문` is not a name Label Studio reads
    assert control[0].attrib == {
        "value": "Buyer",
        "alias": "Buyer",
        "hotkey": "b",
        "background": "#4E79A7",
    }
    assert [t.attrib["value"] for t in root.iter("Text")] == ["$field_1"]
    assert [h.attrib["value"] for h in root.iter("Header")] == ["$lw_note", "$lw_hint", "본문"]


@pytest.mark.parametrize("columns", [{"text": ("title", "body")}, {"image": ("photo",)}])
def test_spans_need_one_text(make_task, columns) -> None:
    with pytest.raises(CompileError, match="one text"):
        label_config(make_task(kind="spans", data=Data(source=CSV, **columns)))


def test_a_column_is_shown_as_one_thing(make_task) -> None:
    with pytest.raises(CompileError, match="a twice"):
        label_config(make_task(data=Data(source=CSV, text=("a",), image=("b", "a"))))


def test_several_fields_stand_together(make_task) -> None:
    data = Data(
        source=CSV, text=("title", "body"), image=("photo",), columns=("age",), show=("title", "x")
    )
    root = parse(make_task(data=data))
    assert [t.attrib["value"] for t in root.iter("Text")] == ["$title", "$body"]
    assert [t.attrib["value"] for t in root.iter("Image")] == ["$photo"]
    assert [t.attrib["value"] for t in root.iter("Table")] == ["$columns", "$shown_beside"]
    control = root.find(".//Choices")
    assert control is not None
    assert control.attrib["toName"] == "title"
    names = [e.attrib["name"] for e in root.iter() if "name" in e.attrib]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("column", ["label", "lw_uid", "columns", "true", "NaN", "a.b", "1", "가"])
def test_columns_whose_names_label_studio_cannot_use(make_task, column) -> None:
    root = parse(make_task(data=Data(source=CSV, text=(column,))))
    (text,) = root.iter("Text")
    assert text.attrib == {"name": "field_1", "value": "$field_1"}


@pytest.mark.parametrize(
    ("source", "encoder", "tag"),
    [
        (Call(name="bundled", args=(Argument(value=Word(name="digits")),)), "pixels", "Image"),
        (Call(name="bundled", args=(Argument(value=Word(name="wine")),)), "table", "Table"),
        (Call(name="npz", args=(Argument(value="a.npz"),)), "pixels", "Image"),
        (CSV, "tfidf", "Text"),
        (CSV, "table", "Table"),
    ],
)
def test_without_named_columns_the_source_tells(make_task, source, encoder, tag) -> None:
    task = make_task(data=Data(source=source))
    train = task.train.model_copy(
        update={"encoder": task.train.encoder.model_copy(update={"default": Call(name=encoder)})}
    )
    root = parse(task.model_copy(update={"train": train}))
    assert root.find(f".//{tag}") is not None


def test_the_source_may_say_what_its_columns_hold(make_task) -> None:
    fields = {"scan": "image", "note": "text", "age": "column"}
    root = parse(make_task(data=Data(source=CSV)), fields=fields)
    assert [
        e.attrib["value"] for e in root.iter() if e.attrib.get("value", "").startswith("$")
    ] == [
        "$lw_note",
        "$lw_hint",
        "$note",
        "$scan",
        "$columns",
    ]
    with pytest.raises(CompileError, match="nothing"):
        label_config(make_task(data=Data(source=CSV)), {})


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ([{"id": "A", "title": "Spam"}, {"id": "B", "title": "spam"}], "title"),
        ([{"id": "A", "title": "Spam"}, {"id": "a", "title": "Ham"}], "id"),
        ([{"id": "A", "title": "가"}, {"id": "B", "title": "가"}], "title"),  # NFC, NFD
        (
            [{"id": "A", "title": "a", "hotkey": "K"}, {"id": "B", "title": "b", "hotkey": "k"}],
            "hotkey",
        ),
        ([{"id": "A", "title": "a", "hotkey": "a,b"}], "hotkey"),
        ([{"id": "A", "title": "a", "hotkey": " "}], "hotkey"),
        ([{"id": "A", "title": "a", "color": 'red" onload="x'}], "color"),
        ([{"id": "A", "title": "  "}], "empty"),
        ([{"id": "A", "title": "$body"}], r"\$"),
        ([{"id": "A", "title": "under $50"}], r"\$"),
        ([{"id": "A", "title": "a\x00b"}], "control"),
        ([{"id": "A", "title": "two\nlines"}], "control"),
        ([{"id": "A", "title": "\ud800"}], "control"),
        ([], "no class"),
    ],
)
def test_refused(make_task, classes, said) -> None:
    task = make_task(classes=tuple(Class(**c) for c in classes))
    with pytest.raises(CompileError, match=said) as caught:
        label_config(task)
    assert caught.value.remedy


def test_many_choices_stand_in_columns_below_the_item(make_task) -> None:
    root = parse(make_task(*(f"T{n}" for n in range(20))))
    control = root.find("Choices")
    assert control is not None
    assert control.attrib["layout"] == "inline"
    assert {c.attrib["style"] for c in control} == {"width: 220px"}
    assert root.find("Text") is not None


def test_a_class_that_is_called_a_digit_has_that_key(make_task) -> None:
    classes = (
        Class(id="0", title="zero"),
        Class(id="Size.7", title="seven", parent="Size"),
        Class(id="Two", title="2"),
        Class(id="One", title="one", hotkey="0"),
        Class(id="Size", title="size"),
    )
    root = parse(make_task(classes=classes))
    keys = {c.attrib["alias"]: c.attrib["hotkey"] for c in root.iter("Choice")}
    assert keys == {"0": "1", "Size.7": "7", "Two": "2", "One": "0"}
    digits = tuple(Class(id=str(n), title=f"number {n}") for n in range(10))
    root = parse(make_task(classes=digits))
    assert [c.attrib["hotkey"] for c in root.iter("Choice")] == list("0123456789")


def test_own_hotkeys_are_never_given_twice(make_task) -> None:
    classes = tuple(
        Class(id=f"C{n}", title=f"T{n}", hotkey="1" if n == 7 else None) for n in range(40)
    )
    keys = [c.attrib.get("hotkey") for c in parse(make_task(classes=classes)).iter("Choice")]
    given = [k for k in keys if k is not None]
    assert len(given) == len(set(given)) == 25
    assert keys[7] == "1"
    assert keys[0] == "2"


LINE = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn"), exclude_characters="$"), min_size=1
).filter(lambda s: s.strip())


@given(titles=st.lists(LINE, min_size=1, max_size=6), describe=st.text(), column=LINE)
def test_any_titles_come_back(make_task, titles, describe, column) -> None:
    classes = tuple(
        Class(id=f"C{n}", title=title, describe=describe) for n, title in enumerate(titles)
    )
    task = make_task(classes=classes, data=Data(source=CSV, text=(column, "other")))
    try:
        text = label_config(task)
    except CompileError as refused:
        assert "title" in refused.message  # noqa: PT017
        return
    root = ET.fromstring(text)
    assert choices(root) == {c.id: c.title for c in classes}
    assert {e.tag for e in root.iter()} == {
        *("View", "Style", "Header", "Text", "Choices", "Choice")
    }
    assert label_config(task) == text


@given(text=st.text(min_size=1, max_size=20))
def test_no_title_is_interpolated_or_breaks_the_page(make_task, text) -> None:
    try:
        root = parse(make_task(text, "fixed title of the other"))
    except CompileError:
        return
    value = next(root.iter("Choice")).attrib["value"]
    assert value == text
    assert not value.startswith("$")
