"""Lints: what is legal and doubtful. `# allow CODE` on the line above permits one of them.

Reading order: `lints_tree.py` (where things stand), then what is known from the text alone:
`lints_classes.py`, `lints_descriptions.py`, `lints_colors.py`, `lints_constraints.py`,
`lints_accept.py`, `lints_phases.py`; then what the data must say: `lints_columns.py`,
`lints_data.py`. A lint speaks only of places that were read as they stand (`Context.sure`), and
each takes time that grows with the file, not with its square.
"""

from __future__ import annotations

from labelwright.dsl import task as t
from labelwright.dsl import tree
from labelwright.dsl.context import Context
from labelwright.dsl.lints_accept import lint_accept, lint_evidence
from labelwright.dsl.lints_classes import lint_classes
from labelwright.dsl.lints_colors import lint_colors
from labelwright.dsl.lints_constraints import lint_constraints
from labelwright.dsl.lints_descriptions import lint_descriptions
from labelwright.dsl.lints_phases import lint_phases
from labelwright.dsl.lints_tree import Written
from labelwright.dsl.surroundings import Surroundings


def lint(ctx: Context, file: tree.File, draft: t.Task) -> None:
    """Add every doubt about a draft, and what the data say about it where they are known."""
    written = Written(file)
    lint_classes(ctx, draft, written)
    lint_descriptions(ctx, draft)
    lint_colors(ctx, draft)
    lint_constraints(ctx, draft, written)
    lint_accept(ctx, draft, written)
    lint_evidence(ctx, draft)
    lint_phases(ctx, draft, written)
    if ctx.surroundings != Surroundings():
        from labelwright.dsl.lints_columns import check_columns
        from labelwright.dsl.lints_data import lint_data

        check_columns(ctx, file, draft)
        lint_data(ctx, draft, written)
