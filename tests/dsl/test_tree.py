"""Nodes behave like frozen dataclasses, though they are not made by `dataclass`."""

from __future__ import annotations

import pytest

from labelwright.dsl.tree import Arg, Name, Number, Span, Text

SPAN = Span(2, 5)


def test_nodes_are_values() -> None:
    number = Number(SPAN, 3, per=Name(SPAN, "label"))
    assert number == Number(span=SPAN, value=3, unit=None, per=Name(SPAN, "label"))
    assert number != Number(SPAN, 4)
    assert number != Text(SPAN, "3")
    assert len({number, Number(SPAN, 3, None, Name(SPAN, "label"))}) == 1
    assert "per=Name(" in repr(number)
    assert Span(1, 3) | SPAN == Span(1, 5)


def test_nodes_are_frozen_and_refuse_what_does_not_fit() -> None:
    with pytest.raises(AttributeError, match="frozen"):
        Text(SPAN, "a").value = "b"  # type: ignore[misc]
    for make in (lambda: Text(SPAN), lambda: Text(SPAN, "a", nope=1), lambda: Arg(1, 2, 3, 4)):  # type: ignore[call-arg,arg-type]
        with pytest.raises(TypeError, match="takes span"):
            make()


def test_nodes_match_by_position_and_name() -> None:
    match Arg(SPAN, None, Text(SPAN, "a")):
        case Arg(_, None, Text(value=value)):
            assert value == "a"
        case _:
            pytest.fail("does not match")
