"""A person at work in Label Studio: what they see in Chromium, and what their hands do there.

person = Annotator(browser, studio, "jiwoo@example.com", "a password")
person.enter(project)
while not person.is_done:
    person.press("1")
    person.submit()
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .studio_server import Studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Response

NUMBER = ".lsf-current-task__task-id"
FORM = ".lw"
DONE = "No More Tasks Left in Queue"
_BOX = """([element, start, end]) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    let before = 0;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const after = before + node.length;
        if (before <= start && start < after) range.setStart(node, start - before);
        if (before < end && end <= after) { range.setEnd(node, end - before); break; }
        before = after;
    }
    const box = range.getBoundingClientRect();
    return [box.left, box.top, box.right, box.bottom];
}"""


@dataclass
class Annotator:
    """One person with a browser window of their own, signed in."""

    browser: Browser
    studio: Studio
    email: str
    password: str = field(repr=False)
    page: Page = field(init=False, repr=False)
    guide: str = ""  # what the instructions said
    sent: list[dict[str, Any]] = field(default_factory=list)  # bodies of what the page posted

    def __post_init__(self) -> None:
        context = self.browser.new_context(viewport={"width": 1280, "height": 800})
        self.page = context.new_page()
        self.page.set_default_timeout(30_000)
        self.page.goto(f"{self.studio.url}/user/login/")
        self.page.fill("input[name=email]", self.email)
        self.page.fill("input[name=password]", self.password)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(lambda url: "login" not in url)

    def leave(self) -> None:
        """Close the window."""
        self.page.context.close()

    # --- what they see ------------------------------------------------------------------------

    def enter(self, project: int) -> None:
        """Press the button that serves the project's tasks, read the instructions and close them."""
        self.page.goto(f"{self.studio.url}/projects/{project}/data")
        self.page.get_by_role("button", name="Label All Tasks").click()
        self.page.locator(NUMBER).or_(self.page.get_by_text(DONE)).first.wait_for()
        if not self.is_done:
            guide = self.page.locator(".lsf-modal-ls__content")
            guide.wait_for()
            self.guide = guide.inner_text()
            self.page.keyboard.press("Escape")
            guide.wait_for(state="hidden")
            self._wait_for_form()

    def open(self, project: int, task: int) -> None:
        """Open one task by its number, as from the list of all."""
        self.page.goto(f"{self.studio.url}/projects/{project}/data?task={task}")
        self.page.locator(NUMBER).wait_for()
        self._wait_for_form()

    @property
    def is_done(self) -> bool:
        """Whether Label Studio has nothing more for this person."""
        return self.page.get_by_text(DONE).is_visible()

    @property
    def number(self) -> int:
        """The number of the task in front of them."""
        return int(self.page.locator(NUMBER).inner_text().split()[0].lstrip("#"))

    @property
    def text(self) -> str:
        """The text of the item, as it is read."""
        return self.page.locator(".lsf-htx-richtext").inner_text()

    @property
    def said(self) -> list[str]:
        """What stands above the item: notes and hints, as far as there are any."""
        boxes = self.page.locator(".lw-said").filter(visible=True)
        return boxes.all_inner_texts()

    @property
    def chosen(self) -> list[str]:
        """The titles of the choices that are ticked."""
        ticked = self.page.locator(".lsf-choice input:checked").all()
        return [str(each.get_attribute("name")) for each in ticked]

    @property
    def marks(self) -> list[str]:
        """The parts of the text that are marked, in reading order."""
        return self.page.locator(".lsf-htx-richtext .htx-highlight").all_inner_texts()

    @property
    def rows(self) -> list[tuple[str, str]]:
        """What the tables say, row by row."""
        rows = self.page.locator(".lw .ant-table-row").all()
        cells = [row.locator(".ant-table-cell").all_inner_texts() for row in rows]
        return [(name, value) for name, value in cells]

    def sees_pictures(self) -> bool:
        """Whether there are pictures on the page, and none is broken."""
        pictures = self.page.locator(".lw img").filter(visible=True)
        pictures.first.wait_for()
        whole = "images => images.length > 0 && images.every(i => i.complete && i.naturalWidth > 0)"
        return bool(pictures.evaluate_all(whole))

    # --- what they do -------------------------------------------------------------------------

    def choose(self, title: str) -> None:
        """Click a choice."""
        self._choice(title).click()

    def press(self, key: str) -> None:
        """Press a key, such as a choice's own."""
        self.page.keyboard.press(key)

    def pick(self, *path: str) -> None:
        """Open the tree, unfold what lies above, and tick the last of these titles."""
        self.page.locator(".htx-taxonomy").first.click()
        for step in path[:-1]:
            self.page.locator(".ant-select-tree-treenode", has_text=step).locator(
                ".ant-select-tree-switcher"
            ).first.click()
        self.page.locator(".ant-select-tree-treenode", has_text=path[-1]).locator(
            ".ant-select-tree-checkbox"
        ).click()
        self.press("Escape")

    def drag(self, part: str) -> None:
        """Mark a part of the text by dragging over it."""
        left, top, right, bottom = self._box(part)
        middle = (top + bottom) / 2
        mouse = self.page.mouse
        mouse.move(left + 1, middle)
        mouse.down()
        mouse.move((left + right) / 2, middle, steps=3)
        mouse.move(right - 1, middle, steps=3)
        mouse.up()

    def double_click(self, word: str) -> None:
        """Mark a word by a double click on it."""
        left, top, right, bottom = self._box(word)
        self.page.mouse.dblclick((left + right) / 2, (top + bottom) / 2)

    def submit(self) -> None:
        """Hand the answer in, and wait for the next item."""
        self._leave_by(self.page.get_by_test_id("bottombar-submit-button"))

    def submit_by_key(self) -> None:
        """The same without the mouse."""
        before = self.number
        with self.page.expect_response(_is_answer) as answer:
            self.page.keyboard.press("Control+Enter")
        self._handed_in(answer.value, before)

    def skip(self) -> None:
        """Skip the item, and wait for the next one."""
        self._leave_by(self.page.get_by_test_id("bottombar-skip-button"))

    def go_back(self, steps: int = 1) -> None:
        """Return to items that this person has answered."""
        for _ in range(steps):
            self._turn("prev-task")

    def go_on(self, steps: int = 1) -> None:
        """Go forward again, to the item that waits where the steps are as many as those back."""
        for _ in range(steps):
            self._turn("next-task")

    def update(self) -> None:
        """Hand a mended answer in."""
        button = self.page.get_by_test_id("bottombar-update-button")
        with self.page.expect_response(_is_answer) as answer:
            button.click()
        self._keep(answer.value)

    def _turn(self, button: str) -> None:
        before = self.number
        self.page.get_by_test_id(button).click()
        self._wait_for_another_than(before)

    def _leave_by(self, button: Locator) -> None:
        before = self.number
        with self.page.expect_response(_is_answer) as answer:
            button.click()
        self._handed_in(answer.value, before)

    def _handed_in(self, answer: Response, before: int) -> None:
        self._keep(answer)
        self._wait_for_another_than(before)

    def _keep(self, answer: Response) -> None:
        assert answer.ok, f"the server refused an answer: {answer.status}"
        self.sent.append(json.loads(answer.request.post_data or "{}"))

    def _wait_for_form(self) -> None:
        """The number of a task stands there before its form is drawn."""
        self.page.locator(FORM).first.wait_for()

    def _wait_for_another_than(self, number: int) -> None:
        self.page.wait_for_function(
            """([number, selector, form, done]) => {
                if (document.body.innerText.includes(done)) return true;
                const now = document.querySelector(selector);
                return now && parseInt(now.innerText.replace('#', '')) !== number
                    && document.querySelector(form);
            }""",
            arg=[number, NUMBER, FORM, DONE],
        )

    def _choice(self, title: str) -> Locator:
        return self.page.locator(f'.lsf-choice input[name="{title}"]')

    def _box(self, part: str) -> tuple[float, float, float, float]:
        """Where a part of the text is on the screen: left, top, right, bottom in pixels."""
        shown = self.page.locator(".lsf-htx-richtext")
        text = str(shown.text_content())
        start = len(text[: text.index(part)].encode("utf-16-le")) // 2
        end = start + len(part.encode("utf-16-le")) // 2
        left, top, right, bottom = shown.evaluate(
            f"(e, [s, t]) => ({_BOX})([e, s, t])", [start, end]
        )
        return left, top, right, bottom


def _is_answer(response: Response) -> bool:
    return "/annotations" in response.url and response.request.method in ("POST", "PATCH")
