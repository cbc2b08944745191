"""The compiled page in a real browser: what the editor stores is what we read and would write."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest

from labelwright.connectors.label_studio.page import Page
from labelwright.connectors.label_studio.payload import Card, picture, task_data
from labelwright.connectors.label_studio.results import Decoded, decode, encode
from labelwright.connectors.pictures import picture_column
from labelwright.dsl.compile.fields import shown
from labelwright.dsl.compile.instructions import instructions_fragment
from labelwright.dsl.compile.labelconfig import label_config
from labelwright.dsl.compile.settings import project_settings
from labelwright.dsl.task import Call, Class, Data, Task
from labelwright.loop.ports import Span
from tests.dsl.conftest import _make_task
from tests.studio_server import Studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

TEXT = "😀 코스피가 급락했다. 👩‍🔬 각\r\n<b>굵게</b> A&B"
TREE = (
    Class(id="Politics", title="정치"),
    Class(id="Politics.Election", title="선거", parent="Politics"),
    Class(id="Economy", title="경제"),
)
PLAIN = Card("u1", "b1")


@pytest.fixture(scope="module")
def tab(studio: Studio, browser: Browser) -> Iterator[Tab]:
    """A page of the browser, logged in."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(f"{studio.url}/user/login/")
    tab.fill("input[name=email]", studio.username)
    tab.fill("input[name=password]", studio.password)
    tab.click("button[type=submit]")
    tab.wait_for_url(lambda url: "login" not in url)
    yield tab
    tab.close()


@pytest.fixture
def open_items(studio: Studio, tab: Tab, make_items: Any) -> Iterator[Callable[..., None]]:
    """`open_items(task, cards, column=[…])`: a project's stream of items, the first one open."""
    made: list[int] = []
    with studio.client() as client:

        def go(
            task: Task, cards: Sequence[Card] = (PLAIN,), addresses: Any = None, **columns: Any
        ) -> None:
            settings = {**project_settings(task), "label_config": label_config(task)}
            settings |= {"expert_instruction": instructions_fragment(task)}
            project = _json(client.post("/api/projects/", json=settings))["id"]
            made.append(project)
            data = task_data(shown(task), make_items(**columns), cards, addresses)
            path = f"/api/projects/{project}/import"
            client.post(path, json=[{"data": d} for d in data]).raise_for_status()
            tab.goto(f"{studio.url}/projects/{project}/data?labeling=1")
            tab.wait_for_selector(".lw-guide")
            tab.keyboard.press("Escape")
            tab.wait_for_selector(".lw-guide", state="detached")
            tab.wait_for_selector(".lw")

        yield go
        for project in made:
            client.delete(f"/api/projects/{project}/").raise_for_status()


def _json(response: httpx.Response) -> Any:
    return response.raise_for_status().json()


def submit(tab: Tab) -> list[dict[str, Any]]:
    """Press the button; returns the result that the server then holds."""
    with tab.expect_response(
        lambda r: r.request.method == "POST" and "/annotations" in r.url
    ) as sent:
        tab.get_by_test_id("bottombar-submit-button").click()
    assert sent.value.status == 201
    result: list[dict[str, Any]] = sent.value.json()["result"]
    return result


def nameless(result: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**part, "id": ""} for part in result]


def click(tab: Tab, title: str) -> None:
    choice = tab.locator(".lsf-choice", has_text=title)
    choice.locator("input[type=radio], input[type=checkbox]").click(force=True)


_PLACES = """([start, end]) => {
  const walker = document.createTreeWalker(
    document.querySelector('.lsf-htx-richtext'), NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node, at = 0; node = walker.nextNode(); at += node.length) {
    if (at <= start && start <= at + node.length) range.setStart(node, start - at);
    if (at <= end && end <= at + node.length) { range.setEnd(node, end - at); break; }
  }
  const all = [...range.getClientRects()], first = all[0], last = all[all.length - 1];
  return [first.left + 1, first.top + first.height / 2, last.right - 1, last.top + last.height / 2];
}"""


def mark(tab: Tab, key: str, start: int, end: int) -> None:
    """Choose a label by its key and draw over a text; places in UTF-16 units of what is shown."""
    left, top, right, bottom = tab.evaluate(_PLACES, [start, end])
    tab.keyboard.press(key)
    tab.mouse.move(left, top)
    tab.mouse.down()
    tab.mouse.move(right, bottom, steps=5)
    tab.mouse.up()
    tab.wait_for_timeout(200)


# --- answers ----------------------------------------------------------------------------------


def test_choices_by_click_and_by_key(tab: Tab, open_items: Any) -> None:
    task = _make_task("정치", "경제", "사회", choose="many")
    page = Page.of(task)
    cards = [PLAIN, Card("u2", "b1")]
    open_items(task, cards, body=[TEXT, "둘째"])
    click(tab, "사회")
    tab.keyboard.press("1")
    result = submit(tab)
    assert decode(page, result) == Decoded(("C1", "C3"))
    assert nameless(result) == nameless(encode(page, ("C1", "C3"), origin="manual"))
    tab.wait_for_selector("text=둘째")
    tab.keyboard.press("2")
    assert decode(page, submit(tab)) == Decoded(("C2",))


def test_one_choice_with_its_own_key(tab: Tab, open_items: Any) -> None:
    classes = (Class(id="A", title="정치", hotkey="k"), Class(id="B", title="경제", color="#abc"))
    task = _make_task(classes=classes)
    open_items(task, body=[TEXT])
    tab.keyboard.press("1")
    tab.keyboard.press("k")
    result = submit(tab)
    assert nameless(result) == nameless(encode(Page.of(task), ("A",), origin="manual"))


def test_a_tree(tab: Tab, open_items: Any) -> None:
    task = _make_task(classes=TREE, choosable="any", choose="many")
    page = Page.of(task)
    open_items(task, body=[TEXT])
    tab.locator(".htx-taxonomy").click()
    tab.locator(".ant-select-tree-switcher_close").click()
    for title in ("선거", "경제"):
        node = tab.locator(".ant-select-tree-treenode", has_text=title)
        node.locator(".ant-select-tree-checkbox").click()
    tab.keyboard.press("Escape")
    tab.mouse.click(400, 600)
    result = submit(tab)
    answer = ("Politics.Election", "Economy")
    assert decode(page, result) == Decoded(answer)
    assert nameless(result) == nameless(encode(page, answer, origin="manual"))


def test_marks(tab: Tab, open_items: Any) -> None:
    task = _make_task("사람", "기관", kind="spans", choose="many")
    page = Page.of(task)
    open_items(task, body=[TEXT])
    mark(tab, "1", 0, 2)
    mark(tab, "2", 3, 7)
    mark(tab, "1", 14, 19)
    mark(tab, "2", 20, 30)  # over the end of the line, which is no character of what is shown
    result = submit(tab)
    found = decode(page, result, TEXT)
    assert isinstance(found, Decoded), found
    assert [s.text for s in found.spans] == ["😀", "코스피가", "👩‍🔬", "각\r\n<b>굵게</b"]
    assert found.labels == ("C1", "C2", "C1", "C2")
    written = encode(page, found.labels, found.spans, origin="manual")
    for ours, editors in zip(written, result, strict=True):
        ours["value"].pop("text")
        editors["value"].pop("text")  # blanks run together in the editor's
    assert nameless(written) == nameless(result)


def test_suggested_marks_come_back_as_they_were(studio: Studio, tab: Tab, open_items: Any) -> None:
    task = _make_task("사람", "기관", kind="spans")
    page = Page.of(task)
    open_items(task, body=[TEXT])
    spans = (Span(0, 1, "😀"), Span(13, 18, TEXT[13:18]))
    result = encode(page, ("C1", "C2"), spans)
    with studio.client() as client:
        project = tab.url.partition("/projects/")[2].partition("/")[0]
        (item,) = _json(client.get("/api/tasks/", params={"project": project}))["tasks"]
        body = {"task": item["id"], "result": result, "model_version": "round 3", "score": 0.5}
        client.post("/api/predictions/", json=body).raise_for_status()
        settings = {"show_collab_predictions": True, "model_version": "round 3"}
        client.patch(f"/api/projects/{project}/", json=settings).raise_for_status()
    tab.reload()
    tab.wait_for_selector(".lw-guide")
    tab.keyboard.press("Escape")
    tab.wait_for_selector("text=코스피가")
    tab.wait_for_selector(".htx-highlight")
    assert submit(tab) == result


# --- what is shown ----------------------------------------------------------------------------


def test_note_and_hints_take_room_only_where_they_say_something(tab: Tab, open_items: Any) -> None:
    data = Data(
        source=Call(name="csv"), text=("title", "body"), columns=("age",), show=("section",)
    )
    task = _make_task("정치", "경제", data=data)
    said = Card("u2", "b1", "“정치”는 “경제”와 함께 고를 수 없습니다.", ("Hint $one.", "둘째 <b>."))
    columns = {
        "title": ["가", "나"],
        "body": [TEXT, ""],
        "age": [3.5, None],
        "section": ["s", None],
    }
    open_items(task, [PLAIN, said], **columns)
    note, hint = tab.locator(".lw-note"), tab.locator(".lw-hint")
    assert (note.bounding_box(), hint.bounding_box()) == (None, None)
    assert tab.locator(".lw").inner_text().split("\n")[0] == "title"
    assert tab.locator(".lw-item", has_text="3.5").count() == 1
    item, choices = (tab.locator(f".lw-{n}").bounding_box() for n in ("item", "choices"))
    assert item is not None
    assert choices is not None
    assert choices["x"] >= item["x"] + item["width"]
    click(tab, "정치")
    submit(tab)
    tab.wait_for_selector("text=함께 고를 수 없습니다")
    assert note.inner_text() == said.note
    assert hint.inner_text() == "Hint $one.\n둘째 <b>."
    assert tab.locator(".lw-item", has_text="—").count() == 1


def test_a_small_picture_is_enlarged_and_not_cut(tab: Tab, open_items: Any, tmp_path: Path) -> None:
    pixels = picture_column(np.arange(64, dtype=np.uint8).reshape(1, 8, 8) * 4)
    made = picture(pixels[0].as_py(), tmp_path)
    address = f"data:{made.type};base64,{base64.b64encode(made.content).decode()}"
    task = _make_task(*"0123456789", data=Data(source=Call(name="csv"), image=("scan",)))
    open_items(task, addresses={("i0", "scan"): address}, scan=pixels)
    shown_at = tab.locator(".lw-item img").first.bounding_box()
    item = tab.locator(".lw-item").bounding_box()
    assert shown_at is not None
    assert item is not None
    assert (shown_at["width"], shown_at["height"]) == (256, 256)
    assert shown_at["x"] >= item["x"]
    assert shown_at["y"] >= item["y"]
    tab.keyboard.press("0")
    assert decode(Page.of(task), submit(tab)) == Decoded(("C1",))
