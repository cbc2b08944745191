"""Whether what a file says makes sense as a whole: the parts beside each other, without data."""

from __future__ import annotations

from labelwright.dsl import task as t
from labelwright.dsl.context import Context


def check(ctx: Context, draft: t.Task) -> None:
    """Add every contradiction in a draft; parts that were broken are left out of it."""
