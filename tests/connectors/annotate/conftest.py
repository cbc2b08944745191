"""What tests of annotator sources share: a store, its outbox, folders of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labelwright.connectors.annotate.files import Files, files
from labelwright.dsl.task import Task
from labelwright.loop.outbox import Outbox
from labelwright.loop.ports import Context
from labelwright.loop.store import Store

from .exchanged import BODIES, CLASSES, Folder


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "state") as opened:
        yield opened


@pytest.fixture
def make_folder(
    make_context: Callable[..., Context],
    make_task: Callable[..., Task],
    make_items: Callable[..., Any],
    store: Store,
) -> Callable[..., Folder]:
    def make(
        format: str = "jsonl", bodies: list[str] = BODIES, classes: Any = CLASSES, **task: Any
    ) -> Folder:
        made = make_task(classes, text=("body",)).model_copy(update=task)
        context = make_context(made)
        source = files("exchange", format, context=context, outbox=Outbox(store))
        assert isinstance(source, Files)
        return Folder(source, make_items(body=bodies), context.data_root / "exchange")

    return make


@pytest.fixture(params=["jsonl", "csv"])
def folder(request: pytest.FixtureRequest, make_folder: Callable[..., Folder]) -> Folder:
    made = make_folder(request.param)
    made.send()
    return made


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Store(tmp_path / "state") as store:
        yield Outbox(store)
