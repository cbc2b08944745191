"""Lints: what is legal and doubtful. `# allow CODE` on the line above permits one of them.

Reading order: `written.py` (where things stand), then what is known from the text alone:
`classes.py`, `descriptions.py`, `colors.py`, `constraints.py`,
`accept.py`, `phases.py`; then what the data must say: `columns.py`,
`data.py`. A lint speaks only of places that were read as they stand (`Context.sure`), and
each takes time that grows with the file, not with its square.
"""

from __future__ import annotations

from labelwright.dsl import task as t
from labelwright.dsl import tree
from labelwright.dsl.context import Context
from labelwright.dsl.lints.accept import lint_accept, lint_evidence
from labelwright.dsl.lints.classes import lint_classes
from labelwright.dsl.lints.colors import lint_colors
from labelwright.dsl.lints.constraints import lint_constraints
from labelwright.dsl.lints.descriptions import lint_descriptions
from labelwright.dsl.lints.phases import lint_phases
from labelwright.dsl.lints.written import Written
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
        from labelwright.dsl.lints.columns import check_columns
        from labelwright.dsl.lints.data import lint_data

        check_columns(ctx, file, draft)
        lint_data(ctx, draft, written)
