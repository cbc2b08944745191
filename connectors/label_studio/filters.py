"""Filters of the server's task list, as it takes them. Columns: `id`, `updated_at`, `data.NAME`, …"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

Filter = dict[str, object]


def equal(column: str, value: str) -> Filter:
    """Tasks whose text in this column is exactly this."""
    return _filter(column, "equal", "String", value)


def in_list(column: str, values: Sequence[str]) -> Filter:
    """Tasks whose text in this column is one of these; a thousand at most, for the address's length."""
    return _filter(column, "in_list", "List", list(values))


def after(column: str, moment: datetime) -> Filter:
    """Tasks whose time in this column is later. moment: with its time zone."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return _filter(column, "greater", "Datetime", text)


def above(column: str, number: int) -> Filter:
    """Tasks whose number in this column is greater."""
    return _filter(column, "greater", "Number", number)


def _filter(column: str, operator: str, kind: str, value: object) -> Filter:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}
