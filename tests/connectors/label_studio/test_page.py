"""The compiled labelling page as Label Studio's SDK and a real server read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from labelwright.connectors.label_studio.checking import check_config
from labelwright.connectors.label_studio.page import Page
from labelwright.dsl.compile.errors import CompileError
from labelwright.dsl.compile.instructions import instructions_fragment
from labelwright.dsl.compile.labelconfig import label_config
from labelwright.dsl.task import Task
from labelwright.loop.errors import ConnectorError
from tests.dsl.conftest import _make_task
from tests.dsl.tasks import tasks
from tests.studio_server import Studio

if TYPE_CHECKING:
    pass


@st.composite
def compiled(draw: st.DrawFn) -> tuple[Task, str]:
    """Any task that can be shown, with its page; half of those with spans are given one text."""
    task = draw(tasks())
    if task.kind == "spans" or draw(st.booleans()):
        data = task.data.model_copy(update={"text": task.data.text[:1] or ("body",), "image": ()})
        task = task.model_copy(update={"data": data})
    try:
        return task, label_config(task)
    except CompileError:
        assume(False)
        raise


# --- the SDK ----------------------------------------------------------------------------------


@given(compiled())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_the_sdk_reads_exactly_the_tasks_question(made: tuple[Task, str]) -> None:
    task, xml = made
    check_config(Page.of(task), xml)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('alias="C2"', 'alias="C3"'), "C2, C3"),
        (('toName="body"', 'toName="other"'), "other"),
        (('name="label"', 'name="topic"'), "label"),
        (("</View>", ""), "refuses"),
        (("<Choice ", "<Choice selected='x' "), None),
    ],
)
def test_a_page_changed_by_hand_is_told(change: tuple[str, str], said: str | None) -> None:
    task = _make_task("정치", "경제")
    changed = label_config(task).replace(*change)
    if said is None:
        check_config(Page.of(task), changed)
        return
    with pytest.raises(ConnectorError, match=said) as caught:
        check_config(Page.of(task), changed)
    assert caught.value.remedy
    spans = _make_task("정치", "경제", kind="spans")
    with pytest.raises(ConnectorError, match="Labels"):
        check_config(Page.of(task), label_config(spans))


# --- the server -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(studio: Studio) -> Iterator[httpx.Client]:
    with studio.client() as client:
        yield client


@pytest.fixture(scope="module")
def blank(server: httpx.Client) -> Iterator[int]:
    """One project without tasks, whose page every example replaces."""
    project = server.post("/api/projects/", json={"title": "Any page"}).raise_for_status().json()
    yield project["id"]
    server.delete(f"/api/projects/{project['id']}/").raise_for_status()


def _accepted(server: httpx.Client, project: int, task: Task, xml: str) -> None:
    """The server takes page and guide, gives both back, and has read exactly our classes."""
    page = Page.of(task)
    checked = server.post(f"/api/projects/{project}/validate/", json={"label_config": xml})
    assert checked.status_code == 200, checked.text
    body = {"label_config": xml, "expert_instruction": instructions_fragment(task)}
    answer = server.patch(f"/api/projects/{project}/", json=body)
    assert answer.status_code == 200, answer.text
    stored = answer.json()
    assert stored["label_config"] == xml.strip()
    assert stored["expert_instruction"] == body["expert_instruction"]
    read = stored["parsed_label_config"]
    assert set(read) == {"label"}
    assert read["label"]["to_name"] == [page.to]
    expected = [c for c in page.paths if page.key == "taxonomy" or c in page.choices]
    assert read["label"]["labels"] == expected


_KEEP = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much]
_QUICK = (Phase.explicit, Phase.reuse, Phase.generate)  # shrinking would ask the server for minutes


@given(made=compiled())
@settings(max_examples=40, suppress_health_check=_KEEP, phases=_QUICK)
def test_the_server_takes_any_task(server: httpx.Client, blank: int, made: Any) -> None:
    _accepted(server, blank, *made)


@pytest.mark.slow
@given(made=compiled())
@settings(max_examples=200, suppress_health_check=_KEEP, phases=_QUICK)
def test_the_server_takes_any_task_at_length(server: httpx.Client, blank: int, made: Any) -> None:
    _accepted(server, blank, *made)
