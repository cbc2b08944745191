from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from labelwright.dsl.compile.instructions import instructions_fragment, instructions_html
from labelwright.dsl.compile.labelconfig import label_config
from labelwright.dsl.task import Class, Constraint, Sample

HEALTHY = Class(id="Healthy", title="Healthy", describe="No lesion.", hotkey="h", color="#59A14F")
FUNGAL = Class(id="Fungal", title="Fungal")
RUST = Class(
    id="Fungal.Rust",
    title="녹병",
    parent="Fungal",
    examples=(Sample(kind="image", value="guide/rust <1>.jpg"), Sample(value="주황색 & 갈색")),
    counterexamples=(Sample(kind="span", value="an [adviser] to the adviser", marked="adviser"),),
)
BLURRED = Class(id="Blurred", title="Blurred", role="unusable")


class Outline(HTMLParser):
    """Tags with their attributes, and the text of the page without its style."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.text = ""
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.text += data


def outline(html: str) -> Outline:
    parser = Outline()
    parser.feed(html)
    parser.close()
    return parser


def test_everything_annotators_need_is_there(make_task) -> None:
    task = make_task(
        title="Leaf <disease> & co",
        guide="Mark *every* disease you can\nsee.\n\nUse Healthy only on its own.",
        choose="many",
        classes=(HEALTHY, FUNGAL, RUST, BLURRED),
        constraints=(
            Constraint(subject="Healthy", relation="excludes", objects=("Fungal", "Blurred")),
            Constraint(subject="Fungal.Rust", relation="requires", objects=("Fungal",)),
        ),
    )
    html = instructions_html(task)
    page = outline(html)
    for text in (
        "Leaf <disease> & co",
        "Mark every disease you can see.",
        "No lesion.",
        "녹병",
        "guide/rust <1>.jpg",
        "주황색 & 갈색",
        "an adviser to the adviser",
        "at least one",
        "“Healthy” never goes together with “Fungal” or “Blurred”.",
        "An item with “녹병” also has “Fungal”.",
        "is dropped",
    ):
        assert text in page.text, text
    assert "<em>every</em>" in html
    assert "an <mark>adviser</mark> to the adviser" in html
    assert "Healthy <kbd>h</kbd>" in html
    assert ("section", (("class", "class"), ("style", "border-left-color: #59A14F"))) in page.tags
    assert [tag for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")] == [
        *("h1", "h2", "h3", "h3", "h4", "h3", "h2")
    ]
    assert "color-scheme: light dark" in html
    assert instructions_html(task) == html


def test_nothing_is_loaded(make_task) -> None:
    page = outline(instructions_html(make_task(classes=(FUNGAL, RUST))))
    assert not {tag for tag, _ in page.tags} & {"img", "link", "script", "iframe", "a"}
    assert not {name for _, attributes in page.tags for name, _ in attributes} & {"src", "href"}


def test_a_tree_has_no_keys(make_task) -> None:
    task = make_task(classes=(HEALTHY, FUNGAL, RUST), choosable="any")
    assert "<kbd>" not in instructions_html(task)
    assert "A key in a box" not in outline(instructions_html(task)).text


def test_stars_that_stress_nothing_stay(make_task) -> None:
    page = outline(instructions_html(make_task(guide="2*3*4 and * this * and **that**")))
    assert "2*3*4 and * this * and **that**" in page.text
    assert not any(tag == "em" for tag, _ in page.tags)


@given(st.text(), st.text(), st.text())
def test_no_text_becomes_markup(make_task, guide, describe, example) -> None:
    def page(*texts: str) -> Outline:
        first, second, third = texts
        each = Class(id="A", title="A", describe=second, examples=(Sample(value=third),))
        return outline(instructions_fragment(make_task(guide=first, classes=(each,))))

    known = page("x", "x", "x").tags
    mark = [t for t in page(guide, describe, example).tags if t not in (("p", ()), ("em", ()))]
    assert mark == [t for t in known if t != ("p", ())]


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1))
def test_examples_come_back_letter_by_letter(make_task, example) -> None:
    example = "".join(ch for ch in example if ch not in "\ufffe\uffff") or "x"
    each = Class(id="A", title="A", examples=(Sample(value=f"⟦{example}⟧"),))
    page = outline(instructions_fragment(make_task(classes=(each,))))
    assert f"⟦{example}⟧" in page.text


def test_attack_by_title_and_description(make_task) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    task = make_task(
        title=evil, guide=evil, classes=(Class(id="A", title=evil, describe=evil, hotkey="<b>"),)
    )
    page = outline(instructions_html(task))
    assert not {tag for tag, _ in page.tags} & {"script", "img", "b"}
    assert page.text.count(evil) == 5  # the title of the tab too


def test_a_korean_task_speaks_korean(make_task) -> None:
    classes = (
        Class(id="Buyer", title="사는 쪽", describe="회사나 사람."),
        Class(id="Target", title="팔리는 쪽", examples=(Sample(value="x"),)),
        Class(id="X", title="Price 가격", role="unusable"),
    )
    task = make_task(
        title="기업 인수",
        guide="맞는 것을 *모두*를 고르세요.",
        choose="many",
        classes=classes,
        constraints=(
            Constraint(subject="Buyer", relation="requires", objects=("Target", "X")),
            Constraint(subject="X", relation="excludes", objects=("Target",)),
        ),
    )
    html = instructions_html(task)
    page = outline(html)
    assert '<html lang="ko">' in html
    assert "<em>모두</em>를" in html  # a particle follows
    assert "반드시 함께 골라야 함: “사는 쪽” → “팔리는 쪽”, “Price 가격”" in page.text
    assert "함께 고를 수 없음: “Price 가격” ↔ “팔리는 쪽”" in page.text
    for english in ("Classes", "Examples", "Choose", "Skip", "dropped"):
        assert english not in page.text
    assert "분류를 하나 이상 고르세요." in label_config(task)


def test_an_english_task_with_korean_titles_speaks_english(make_task) -> None:
    task = make_task("정치", "경제", guide="Choose the topic that the article is about.")
    assert '<html lang="en">' in instructions_html(task)


def test_colours_of_the_fragment_stand_in_no_attribute(make_task) -> None:
    """Label Studio's server takes every style attribute away."""
    html = instructions_fragment(make_task(classes=(HEALTHY, FUNGAL, RUST)))
    page = outline(html)
    assert not any(name == "style" for _, attributes in page.tags for name, _ in attributes)
    assert ("section", (("class", "class lw-1"),)) in page.tags
    assert ".lw-guide .lw-1 { border-left-color: #59A14F; }" in html
