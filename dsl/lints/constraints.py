"""The lint on constraints that say what holds already: by the tree of classes, or by another one."""

from __future__ import annotations

from collections.abc import Iterator

from labelwright.dsl import task as t
from labelwright.dsl.context import Context
from labelwright.dsl.diagnostics import Label
from labelwright.dsl.frozen import Frozen
from labelwright.dsl.lints.written import Written, without_line


class Claim(Frozen):
    """What a constraint says of one of its objects."""

    line: int
    part: int
    subject: str
    relation: str
    object: str

    def implies(self, other: Claim) -> bool:
        """Whether the other says nothing beyond this one; a child counts as its parents."""
        if self.relation != other.relation:
            return False
        if self.relation == "requires":
            return within(other.subject, self.subject) and within(self.object, other.object)
        return any(
            within(other.subject, one) and within(other.object, two)
            for one, two in ((self.subject, self.object), (self.object, self.subject))
        )

    def same(self, other: Claim) -> bool:
        """Whether the two say the same of the same classes, in either order."""
        return {self.subject, self.object} == {other.subject, other.object}


def lint_constraints(ctx: Context, draft: t.Task, written: Written) -> None:
    """Add every part of a constraint that says nothing new.

    `A requires P` where P is above A; a line that repeats another (`B excludes A` repeats `A excludes
    B`); a line on a child where another says the same, or more, of its parent.
    """
    claims = [
        Claim(line, part, constraint.subject, constraint.relation, object_)
        for line, constraint in enumerate(draft.constraints)
        for part, object_ in enumerate(constraint.objects)
    ]
    filed: dict[tuple[str, str, str], list[Claim]] = {}
    for claim in claims:
        for key in _filed_under(claim):
            filed.setdefault((claim.relation, *key), []).append(claim)
    for claim in claims:
        if claim.relation == "requires" and within(claim.subject, claim.object):
            itself = claim.subject == claim.object
            message = f"every {claim.subject} is in {claim.object} already"
            message = f"{claim.subject} requires itself" if itself else message
            _say(ctx, draft, written, claim, message)
        elif (other := _said_by(filed, claim)) is not None:
            message = f"`{claim.subject} {claim.relation} {claim.object}` is said already"
            _say(ctx, draft, written, claim, message, other)


def _said_by(filed: dict[tuple[str, str, str], list[Claim]], claim: Claim) -> Claim | None:
    """The claim that implies this one: of two that say the same, the first one stays."""
    objects = [claim.object] if claim.relation == "requires" else list(_upwards(claim.object))
    for subject in _upwards(claim.subject):
        for object_ in objects:
            for other in filed.get((claim.relation, subject, object_), ()):
                earlier = (other.line, other.part) < (claim.line, claim.part)
                if other is not claim and (earlier or not claim.implies(other)):
                    return other
    return None


def _why(claim: Claim, other: Claim | None) -> str:
    if other is None or not other.same(claim):
        return "A child counts as its parents."
    if other.subject != claim.subject:
        return "`excludes` holds in both directions."
    return "Once is enough."


def _filed_under(claim: Claim) -> set[tuple[str, str]]:
    """Subject and object of each claim that is looked up to find this one."""
    if claim.relation == "requires":
        return {(claim.subject, above) for above in _upwards(claim.object)}
    return {(claim.subject, claim.object), (claim.object, claim.subject)}


def _upwards(class_id: str) -> Iterator[str]:
    parts = class_id.split(".")
    for count in range(len(parts), 0, -1):
        yield ".".join(parts[:count])


def within(class_id: str, other: str) -> bool:
    """Whether the class is the other one, or below it."""
    return class_id == other or class_id.startswith(f"{other}.")


def _say(
    ctx: Context,
    draft: t.Task,
    written: Written,
    claim: Claim,
    message: str,
    other: Claim | None = None,
) -> None:
    line = ctx.places["constraints", str(claim.line)]
    node = written.constraint(line)
    alone = len(draft.constraints[claim.line].objects) == 1
    labels: tuple[Label, ...] = ()
    if other is not None and other.line != claim.line:
        labels = (Label(ctx.places["constraints", str(other.line)], "this says it"),)
    ctx.error(
        "L302",
        line if alone else node.objects[claim.part],
        message,
        "take this line away" if alone else f"leave {claim.object} out",
        labels=labels,
        notes=(_why(claim, other),),
        fix=without_line(ctx, line, "take the constraint away") if alone else None,
        warning=True,
    )
