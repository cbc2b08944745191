"""The compiler's own words to annotators, in the language that the task itself is written in.

A task says no language; it is Korean where most letters of its title, guide and descriptions are
Hangul, and English otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labelwright.dsl.task import Constraint, Task


@dataclass(frozen=True)
class Words:
    """All fixed phrases of one language; `requires` and `excludes` are formats."""

    lang: Literal["en", "ko"]
    classes: str
    examples: str
    counterexamples: str
    together: str
    one: str
    many: str
    many_or_none: str
    spans: str
    nesting: dict[str, str]
    any_level: str
    leaves: str
    keys: str
    skip: str
    unusable: str
    need_one: str
    need_many: str
    requires: str
    excludes: str
    every: str  # between the last two of "A, B and C"
    either: str  # and of "A, B or C"
    hint: str  # a rule that votes for a class fires on the item
    hint_against: str
    hint_not: str  # a counterexample
    mend: str  # an answer breaks a constraint
    mend_there: str  # the same, of an earlier item
    further: str  # a further opinion is asked

    def how(self, task: Task, *, keys: bool) -> str:
        """One paragraph: what an answer is."""
        if task.kind == "spans":
            said = [self.spans, self.nesting[task.nesting]]
        elif task.choose == "one":
            said = [self.one]
        else:
            said = [self.many if task.empty == "forbidden" else self.many_or_none]
        if any(c.parent for c in task.classes):
            said.append(self.any_level if task.choosable == "any" else self.leaves)
        if keys:
            said.append(self.keys)
        return " ".join([*said, self.skip])

    def constraint(self, constraint: Constraint, titles: dict[str, str]) -> str:
        """A constraint as a sentence."""
        requires = constraint.relation == "requires"
        last = self.every if requires else self.either
        objects = [f"“{titles[o]}”" for o in constraint.objects]
        listed = (
            objects[0] if len(objects) == 1 else f"{', '.join(objects[:-1])}{last}{objects[-1]}"
        )
        said = self.requires if requires else self.excludes
        return said.format(subject=f"“{titles[constraint.subject]}”", objects=listed)


ENGLISH = Words(
    lang="en",
    classes="Classes",
    examples="Examples",
    counterexamples="Not this",
    together="What goes together",
    one="Choose exactly one class.",
    many="Choose every class that holds; at least one.",
    many_or_none="Choose every class that holds; submit without any where none does.",
    spans="Mark each part of the text and say what it is.",
    nesting={
        "flat": "Marks never overlap.",
        "nested": "A mark may lie inside another, but two never cross.",
        "overlapping": "Marks may overlap.",
    },
    any_level="Choose the most exact class that is right; a wider class may be chosen too.",
    leaves="Classes with others inside are headings: choose one of those inside.",
    keys="A key in a box chooses the class beside it.",
    skip="Skip an item you cannot judge.",
    unusable="Not a class of its own: an item marked so is dropped.",
    need_one="Choose one class.",
    need_many="Choose at least one class.",
    requires="An item with {subject} also has {objects}.",
    excludes="{subject} never goes together with {objects}.",
    every=" and ",
    either=" or ",
    hint="Rule {rule}: {title}?",
    hint_against="Rule {rule}: not {title}?",
    hint_not="Not {title}: “{text}”",
    mend="{who}: your answer does not count ({why}). Please mend it.",
    mend_there="Please also look at task {number} again. {what}",
    further="Another person’s opinion is wanted here. Please skip it if you are {who}.",
)

KOREAN = Words(
    lang="ko",
    classes="분류",
    examples="예",
    counterexamples="이것은 아님",
    together="함께 고르기",
    one="분류를 꼭 하나만 고르세요.",
    many="맞는 분류를 모두 고르세요. 적어도 하나는 골라야 합니다.",
    many_or_none="맞는 분류를 모두 고르세요. 맞는 것이 없으면 고르지 않고 제출하세요.",
    spans="글에서 해당하는 부분을 표시하고 무엇인지 고르세요.",
    nesting={
        "flat": "표시는 서로 겹치지 않습니다.",
        "nested": "표시 안에 다른 표시가 들어갈 수 있지만, 서로 엇갈리지는 않습니다.",
        "overlapping": "표시는 서로 겹쳐도 됩니다.",
    },
    any_level="맞는 것 가운데 가장 자세한 분류를 고르세요. 넓은 분류를 골라도 됩니다.",
    leaves="아래에 다른 분류가 있는 것은 제목입니다. 그 아래에서 고르세요.",
    keys="네모 안의 키를 누르면 그 분류가 선택됩니다.",
    skip="판단할 수 없는 항목은 건너뛰세요.",
    unusable="내용에 대한 분류가 아닙니다. 이렇게 표시한 항목은 쓰지 않습니다.",
    need_one="분류를 하나 고르세요.",
    need_many="분류를 하나 이상 고르세요.",
    requires="반드시 함께 골라야 함: {subject} → {objects}",
    excludes="함께 고를 수 없음: {subject} ↔ {objects}",
    every=", ",
    either=", ",
    hint="규칙 {rule}: {title}?",
    hint_against="규칙 {rule}: {title} 아님?",
    hint_not="{title} 아님: “{text}”",
    mend="{who}: 이 답은 집계되지 않습니다 ({why}). 고쳐 주세요.",
    mend_there="작업 {number}도 다시 보아 주세요. {what}",
    further="다른 사람의 의견이 필요합니다. {who} 님은 건너뛰어 주세요.",
)


def words(task: Task) -> Words:
    """The words for the annotators of this task."""
    text = " ".join([task.title, task.guide, *(f"{c.title} {c.describe}" for c in task.classes)])
    letters = [ch for ch in text if ch.isalpha()]
    hangul = sum(1 for ch in letters if "\uac00" <= ch <= "\ud7a3" or "\u1100" <= ch <= "\u11ff")
    return KOREAN if 2 * hangul > len(letters) else ENGLISH
