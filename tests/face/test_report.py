from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from labelwright.dsl.task import Class, Constraint, Sample
from labelwright.loop.history import Arm, Choosing
from labelwright.report import view
from labelwright.report.page import render_report
from labelwright.report.shown import ShownItem, samples, shown_ids

from .campaign_makers import Case, task_of
from .campaigns import ALL, banking, digits, empty, korean, steady, two_classes

VOID = {"meta", "link", "img", "br", "hr", "input"}
CHROMIUM = Path("/usr/bin/chromium")
SECTIONS = ["verdict", "task", "curve", "classes", "people", "asked", "data", "run"]


class Page(HTMLParser):
    """Reads a page strictly: every element closed where it was opened, ids unique."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({k for k, _ in attrs}) == len(attrs), f"<{tag}> repeats an attribute"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))


@cache
def rendered(make: Callable[[], Case]) -> str:
    case = make()
    return render_report(case.task, case.campaign, case.items)


@pytest.mark.parametrize("name", ALL)
def test_every_campaign_gives_a_well_formed_page_with_all_sections(name: str) -> None:
    page = Page(rendered(ALL[name]))
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert [i for i in ids if i in SECTIONS] == SECTIONS
    headings = re.findall(r"h2", " ".join(tag for tag, _ in page.tags))
    assert len(headings) == 8


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_fetched_and_nothing_runs(name: str) -> None:
    html = rendered(ALL[name])
    page = Page(html)
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    for tag, attributes in page.tags:
        assert tag not in {"script", "iframe", "object", "embed", "form", "base", "foreignobject"}
        for key, value in attributes.items():
            assert not key.startswith("on")
            if key in ("src", "href", "xlink:href"):
                assert value is not None
                assert value.startswith(("data:", "#"))
    styles = "".join(re.findall(r"<style>.*?</style>", html, flags=re.S))
    assert "@import" not in styles
    assert "url(" not in styles


def test_hostile_words_stay_words() -> None:
    html = rendered(two_classes)
    page = Page(html)
    assert "<script" not in html
    assert "onerror=alert(1)>" in page.text
    assert "<script>alert(1)</script> taken for ham" in page.text
    assert "x.test" not in "".join(a.get("style") or "" for _, a in page.tags)
    assert "\x00" not in html
    assert "\x1b" not in html


def test_the_same_arguments_give_the_same_page() -> None:
    case = digits()
    assert render_report(case.task, case.campaign, case.items) == rendered(digits)


def test_verdicts_in_words_and_marks() -> None:
    passed, failed, open_ = (Page(rendered(c)).text for c in (steady, banking, korean))
    assert "✓ PASS Every criterion holds on the holdout." in passed
    assert "✗ FAIL The budget of 4,600 annotations is spent." in failed
    assert "? NOT YET KNOWN Round 5 waits" in open_
    assert "accuracy >= 90% with 95% confidence" in passed
    assert "95.0%at least 93.0%" in passed
    assert "recall of each class >= 75%lowest: 좋음 94.7%" in passed


def test_a_rehearsal_is_marked_and_a_campaign_with_people_is_not() -> None:
    rehearsed, real = Page(rendered(digits)).text, Page(rendered(korean)).text
    assert "Rehearsal." in rehearsed
    assert "True accuracy rehearsal" in rehearsed
    assert "on the whole holdout of 539 items" in rehearsed
    assert "ehearsal" not in real
    assert "True accuracy" not in real


def test_the_bill() -> None:
    text = Page(rendered(korean)).text
    assert "Annotations spent900 of 1,500500 on training, 400 on the holdout" in text
    assert "108.00 USDof 180.00 USD, at 0.12 USD an annotation" in text
    assert "1.8 hof 12.0 h" in text
    assert "holdout 400 48.00 USD" in text


def test_the_parts_of_the_budget_add_up() -> None:
    for make in ALL.values():
        case = make()
        from labelwright.summary import bill

        spent = bill(case.task, case.campaign)
        parts = view.spending(case.task, case.campaign, spent)
        assert sum(p.annotations for p in parts) == spent.limit
        assert sum(p.share for p in parts) == pytest.approx(1)


def test_few_classes_have_a_matrix_and_many_have_pairs() -> None:
    few, many = rendered(digits), rendered(banking)
    assert '<table class="matrix' in few
    assert '<table class="matrix' not in many
    assert "The pairs most often confused" in many
    assert many.count(" taken for ") == view.PAIRS
    assert "Weakest F1 first" in many


def test_matrix_holds_every_count() -> None:
    case = digits()
    now = case.campaign.rounds[-1].measurement
    found = view.matrix(now, {})
    assert found is not None
    assert tuple(tuple(c.items for c in row) for row in found.rows) == now.confusion
    assert all(sum(c.heat for c in row) == pytest.approx(1) for row in found.rows)
    assert [[c.right for c in row].index(True) for row in found.rows] == list(range(10))


def test_before_the_first_round_it_says_what_is_not_known() -> None:
    text = Page(rendered(empty)).text
    assert "No round has finished yet. The curve begins with the first." in text
    assert "not knownnothing measured yet" in text
    assert text.count("NOT YET KNOWN") == 3
    assert "Nobody has answered yet." in text


def test_the_task_as_annotators_read_it() -> None:
    text = Page(rendered(korean)).text
    assert "말로 들었다고" in text  # stressed, its asterisks gone
    assert "<em>말로</em>" in rendered(korean)
    assert "✓창문 좀 닫아 줘" in text
    assert "<mark>닫아 줘</mark>" in rendered(korean)
    assert "✗누가 창문을 안 닫고 싶겠어" in text
    assert "drops the item" in text


def test_brackets_say_which_part_of_an_example_is_marked() -> None:
    assert view.marked(Sample(kind="span", value="a b [a] c", marked="a")) == ("a b ", "a", " c")
    assert view.marked(Sample(kind="span", value="a b", marked="b")) == ("a ", "b", "")
    assert view.marked(Sample(kind="span", value="a b", marked="x")) == ("a b", "", "")


def test_examples_that_are_pictures_and_classes_that_exclude_each_other() -> None:
    base = digits()
    picture = next(iter(base.items.values())).picture
    classes = [
        Class(id="a", title="A", examples=(Sample(kind="image", value="guide/a.png"),)),
        Class(id="b", title="B", examples=(Sample(kind="image", value="guide/b.png"),)),
    ]
    task = task_of("t", "t", classes).model_copy(
        update={"constraints": (Constraint(subject="a", relation="excludes", objects=("b",)),)}
    )
    campaign = empty().campaign
    items = {"guide/a.png": ShownItem("guide/a.png", picture=picture)}
    html = render_report(task, campaign, items)
    assert 'alt="example: guide/a.png"' in html
    assert "picture guide/b.png" in Page(html).text
    assert "A never goes together with B." in Page(html).text


def test_it_asks_only_for_what_it_shows() -> None:
    for make in ALL.values():
        case = make()
        ids = shown_ids(case.campaign)
        assert len(ids) == len(set(ids))
        part = {i: case.items[i] for i in ids if i in case.items}
        assert render_report(case.task, case.campaign, part) == rendered(make)


def test_samples_come_from_first_last_and_between() -> None:
    found = samples(digits().campaign)
    assert [s.record.round for s in found] == [0, 3, 6, 9]
    assert all(len(s.chosen) == 6 and s.of == 20 for s in found)
    assert all([c.rank for c in s.chosen] == list(range(6)) for s in found)


def test_an_item_that_is_missing_is_shown_by_its_id() -> None:
    case = digits()
    text = Page(render_report(case.task, case.campaign, {})).text
    assert shown_ids(case.campaign)[0] in text


def test_pictures_are_png() -> None:
    with pytest.raises(ValueError, match="not a PNG"):
        ShownItem("a", picture=b"<svg onload=alert(1)>")


def test_long_text_is_cut_between_characters() -> None:
    case = korean()
    ids = shown_ids(case.campaign)
    text = "👨\u200d👩\u200d👧" * 400
    html = render_report(case.task, case.campaign, {ids[0]: ShownItem(ids[0], (("text", text),))})
    shown = re.search(r'<p class="text" dir="auto">(.*?)</p>', html)
    assert shown is not None
    assert shown[1].endswith("👨\u200d👩\u200d👧…")


# --- in a browser -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        reason = "Chromium is not installed here (apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
        "--disable-background-networking --disable-component-update --disable-sync"
    )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags.split())
        yield chromium
        chromium.close()


def opened(browser: Any, path: Path, *, width: int, scheme: str, script: bool = True) -> Any:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
    )
    page = context.new_page()
    page.noticed = []
    page.on("request", lambda r: page.noticed.append(("request", r.url)))
    page.on("console", lambda m: page.noticed.append(("console", m.text)))
    page.on("pageerror", lambda e: page.noticed.append(("error", str(e))))
    page.goto(path.as_uri(), wait_until="networkidle")
    return page


@pytest.mark.parametrize("name", ALL)
def test_a_browser_asks_for_the_file_and_nothing_else(
    name: str, browser: Any, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    path.write_text(rendered(ALL[name]), encoding="utf-8")
    for width, scheme in ((1100, "light"), (375, "dark")):
        page = opened(browser, path, width=width, scheme=scheme)
        asked = [n for n in page.noticed if not n[1].startswith("data:")]
        assert asked == [("request", path.as_uri())]
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide == width, "the page scrolls sideways"
        broken = page.evaluate("[...document.images].filter(i => !i.naturalWidth).length")
        assert broken == 0
        page.context.close()


def test_dark_and_light_and_paper_differ(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(rendered(steady), encoding="utf-8")
    grounds = {}
    for scheme in ("light", "dark"):
        page = opened(browser, path, width=1100, scheme=scheme)
        ground = "getComputedStyle(document.body).backgroundColor"
        grounds[scheme] = page.evaluate(ground)
        page.emulate_media(media="print")
        grounds[f"{scheme} paper"] = page.evaluate(ground)
        page.context.close()
    assert grounds["light"] != grounds["dark"]
    assert grounds["dark paper"] == grounds["light"]


def test_works_without_javascript(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(rendered(digits), encoding="utf-8")
    page = opened(browser, path, width=1100, scheme="light", script=False)
    assert page.locator("h2").count() == 8
    assert page.locator(".for-wide svg").is_visible()
    assert not page.locator(".for-narrow svg").is_visible()
    page.context.close()


def test_how_the_rounds_chose() -> None:
    case = digits()
    arms = (
        Arm(strategy="margin", items=18, utilities=(0.4, 0.5, 0.6, 0.7, 0.8), ties=2, distinct=15),
        Arm(strategy="random", items=2, utilities=(0, 0, 0, 0, 0), distinct=1, constant=True),
        Arm(strategy="theirs", items=2),
    )
    told = Choosing(
        pool=1258, arms=arms, notes=("chosen among 50,000",), drawn=22, by_chance=1,
        by_chance_expected=0.38, likeness=0.5, likeness_by_chance=0.4,
    )  # fmt: skip
    flat = arms[0].model_copy(update={"utilities": (1,) * 5, "distinct": 1, "constant": True})
    rounds = [r.model_copy(update={"choosing": told}) for r in case.campaign.rounds]
    rounds[3] = rounds[3].model_copy(
        update={"choosing": told.model_copy(update={"arms": (flat, arms[1])})}
    )
    campaign = case.campaign.model_copy(update={"rounds": tuple(rounds)})
    page = Page(render_report(case.task, campaign, case.items))
    assert "margin: 0.4 | 0.5 · 0.6 · 0.7 | 0.8, 2 tied with the last" in page.text
    assert "random: all 0" in page.text
    assert "theirs: none" in page.text
    assert "chosen among 50,000" in page.text
    assert "1 of 22 (0.4)" in page.text
    assert "0.50 (0.40)" in page.text
    assert "Round 3 Margin gave all items that it chose the same utility" in page.text
    assert "How the rounds chose" not in Page(rendered(digits)).text
