"""The canonical spelling of single values reads back as it was."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.dsl import printing
from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.task import Task
from tests.dsl.catalogues import EVERYTHING
from tests.dsl.tasks import free_texts

fast = settings(max_examples=60)


def with_guide(value: str) -> Task:
    text = f'task t {{\n  guide = {value}\n}}\nclass A\nclass B\ndata {{ source = csv("x") }}\n'
    reading = read(SourceText("t.task", text), EVERYTHING)
    assert reading.task is not None, [d.message for d in reading.errors]
    return reading.task


@fast
@given(free_texts)
def test_texts(value: str) -> None:
    assert with_guide(printing.text(value)).guide == value
    assert with_guide(printing.text(value, indent=2)).guide == value


@given(st.floats(0, 1))
def test_shares(value: float) -> None:
    written = printing.share(value)
    back = float(written[:-1]) / 100 if written.endswith("%") else float(written.replace("_", ""))
    assert back == value


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**12), 10**12))
def test_numbers(value: float) -> None:
    assert float(printing.number(value).replace("_", "")) == value


def test_people_write_so() -> None:
    assert printing.number(2300) == "2_300"
    assert printing.number(0.3) == "0.3"
    assert printing.money(0.3) == "0.30"
    assert printing.money(700) == "700"
    assert printing.share(0.955) == "95.5%"
    assert printing.column("native-country") == '"native-country"'
    assert printing.column("meta.lang") == "meta.lang"
    assert printing.word("not") == '"not"'
    assert printing.pattern("a/b\\/c", "i") == "/a\\/b\\/c/i"
    assert printing.class_name("1.Other") == '"1.Other"'
