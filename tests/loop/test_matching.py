from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from labelwright.dsl.task import Class
from labelwright.loop.matching import ClassMatcher, fold, is_missing


def matcher(*classes: Class) -> ClassMatcher:
    task: Any = SimpleNamespace(classes=classes)
    return ClassMatcher(task)


def test_id_name_title_and_alias_in_that_order() -> None:
    found = matcher(
        Class(id="A", title="B"),
        Class(id="B", title="Straße", aliases=("a", "café")),
        Class(id="P.C", title="Third", parent="P", aliases=("third", "3")),
    )
    assert [found.match(v) for v in ("a", "b", " B ", "STRASSE", "CAFE\u0301", "c", "p.c", "3")] == [
        "A", "B", "B", "B", "B", "P.C", "P.C", "P.C",
    ]  # fmt: skip


@pytest.mark.parametrize("value", [3, 3.0, "3", np.int64(3), np.float32(3), np.str_("3"), " 3"])
def test_whole_numbers_match_however_they_are_stored(value: Any) -> None:
    assert matcher(Class(id="3", title="three")).match(value) == "3"


@pytest.mark.parametrize("value", [None, "", "  ", float("nan"), np.float64("nan"), "four", 3.5])
def test_what_is_missing_or_unknown_matches_nothing(value: Any) -> None:
    assert matcher(Class(id="3", title="three")).match(value) is None


def test_a_word_for_two_classes_means_neither() -> None:
    found = matcher(
        Class(id="Billing.Other", title="Other", parent="Billing"),
        Class(id="Travel.Other", title="Other", parent="Travel"),
    )
    assert found.match("Other") is None
    assert found.match("billing.other") == "Billing.Other"


def test_folding_is_idempotent() -> None:
    for text in ("ǰ", "İ", "ΐ", "각", "Ǆ"):
        assert fold(fold(text)) == fold(text)
    assert is_missing(None)
    assert not is_missing(0)
