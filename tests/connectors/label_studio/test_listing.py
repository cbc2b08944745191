"""Lists of tasks, read while people work in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from labelwright.connectors.label_studio.client import Gone, LabelStudio
from labelwright.connectors.label_studio.filters import Filter, equal
from labelwright.connectors.label_studio.listing import Json, stable
from labelwright.loop.errors import ConnectorError

from .standin import StandIn

CONFIG = '<View><Text name="text" value="$text"/></View>'


@pytest.fixture
def client(standin: StandIn) -> Iterator[LabelStudio]:
    with LabelStudio(standin.url, standin.token) as client:
        yield client


@pytest.fixture
def project(standin: StandIn) -> int:
    id = int(standin.memory.create_project(1, {"label_config": CONFIG})["id"])
    standin.memory.import_tasks(1, id, [{"text": f"t{n}"} for n in range(7)])
    return id


def test_a_page_that_is_not_full_is_one_request(client: LabelStudio, project: int) -> None:
    assert len(list(client.tasks(project))) == 7
    assert client.requests == 1
    assert len(list(client.tasks(project, ordering=["tasks:updated_at"]))) == 7
    assert client.requests == 2
    assert not list(client.tasks(project, filters=[equal("data.text", "no")], page_size=3))
    assert client.requests == 3


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
@pytest.mark.parametrize("ordering", [[], ["tasks:updated_at"], ["-tasks:id"]])
def test_every_task_comes_once(
    size: int, ordering: list[str], client: LabelStudio, project: int
) -> None:
    found = [task["id"] for task in client.tasks(project, ordering=ordering, page_size=size)]
    assert found == sorted(found, reverse=ordering == ["-tasks:id"])
    assert len(found) == 7


def test_what_is_deleted_on_an_earlier_page_shifts_nothing(
    client: LabelStudio, standin: StandIn, project: int
) -> None:
    found = client.tasks(project, page_size=2)
    seen = [next(found)["id"]]
    standin.remove_task(1)
    standin.remove_task(2)
    standin.answer(4, 1, [])
    assert [*seen, *(task["id"] for task in found)] == [1, 2, 3, 4, 5, 6, 7]


def test_a_project_that_is_gone_is_an_error(client: LabelStudio) -> None:
    with pytest.raises(Gone):
        list(client.tasks(99))


class Moving:
    """A list in which something happens between two pages, `restless` times."""

    def __init__(self, restless: int) -> None:
        self.left = restless
        self.rows = [{"id": n, "updated_at": n} for n in range(6)]
        self.pages = 0

    def page(self, number: int) -> Json | None:
        self.pages += 1
        found = self.rows[(number - 1) * 2 : number * 2]
        answer = {"tasks": [dict(row) for row in found], "total": len(self.rows)}
        if self.left and number == 1:
            self.left -= 1
            first = self.rows.pop(0)
            self.rows.append({**first, "updated_at": self.rows[-1]["updated_at"] + 1})
        return answer if found else None


def test_a_list_that_moves_is_read_until_two_readings_agree() -> None:
    moving = Moving(restless=2)
    found = list(stable(moving.page, by_id=False))
    assert found == moving.rows
    assert [task["id"] for task in found] == [2, 3, 4, 5, 0, 1]
    assert moving.pages == 4 * 4  # two that were disturbed, two that agree; each ends past the end


def test_a_list_that_never_rests_is_an_error() -> None:
    with pytest.raises(ConnectorError, match="different in each of 8 readings") as raised:
        list(stable(Moving(restless=99).page, by_id=False))
    assert raised.value.retry


@pytest.mark.parametrize("by_id", [True, False])
def test_pages_that_the_server_cuts_short_are_read_to_the_end(by_id: bool) -> None:
    rows = [{"id": n, "updated_at": n} for n in range(7)]

    def page(number: int, more: Sequence[Filter] = ()) -> Json | None:
        left = [row for row in rows if not more or row["id"] > more[0]["value"]]  # type: ignore[operator]
        found = left[(number - 1) * 2 : number * 2]  # two at most, whatever is asked for
        return {"tasks": found, "total": len(left)} if found else None

    assert list(stable(page, by_id=by_id)) == rows
