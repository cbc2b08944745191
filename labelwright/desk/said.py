"""What the desk says to annotators, in the language that the task itself is written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labelwright.desk.keymap import Command
from labelwright.dsl.compile.words import words
from labelwright.dsl.task import Task


@dataclass(frozen=True)
class Said:
    """All fixed phrases of one language; some are formats."""

    commands: Mapping[Command, str]
    of: str  # which item, of how many
    suggested: str
    earlier: str
    skipped: str
    nothing: str
    chosen: str
    done: str
    itself: str
    up: str
    more: str
    spans: str
    remove: str
    rest: str
    back: str
    last: str
    finish: str
    unknown: str
    refused: str
    nothing_to_undo: str


ENGLISH = Said(
    commands={"guide": "guide", "undo": "undo", "skip": "skip", "quit": "quit"},
    of="{n} of {all}",
    suggested="Suggested: {labels} ({version})",
    earlier="Your answer was: {labels}",
    skipped="skipped",
    nothing="none of these",
    chosen="Chosen: {labels}",
    done="done",
    itself="{title} itself",
    up="back",
    more="more classes ({n}/{all})",
    spans='3-5 {key} or "words" {key}: mark as {title}',
    remove="-1: take mark 1 away",
    rest="▼ {n} more lines",
    back="any key: back",
    last="Nothing more is open to you.",
    finish="finish",
    unknown="{key} is no key here",
    refused="Not taken: {why}",
    nothing_to_undo="There is nothing to take back.",
)

KOREAN = Said(
    commands={"guide": "안내", "undo": "되돌리기", "skip": "건너뛰기", "quit": "끝내기"},
    of="{n} / {all}",
    suggested="제안: {labels} ({version})",
    earlier="앞서 고른 답: {labels}",
    skipped="건너뜀",
    nothing="해당 없음",
    chosen="고른 것: {labels}",
    done="완료",
    itself="{title} 자체",
    up="위로",
    more="분류 더 보기 ({n}/{all})",
    spans='3-5 {key} 또는 "글자" {key}: {title}(으)로 표시',
    remove="-1: 1번 표시 지우기",
    rest="▼ {n}줄 더",
    back="아무 키나 누르면 돌아갑니다",
    last="더 할 것이 없습니다.",
    finish="마치기",
    unknown="{key}: 여기서 쓰지 않는 키입니다",
    refused="받을 수 없음: {why}",
    nothing_to_undo="되돌릴 것이 없습니다.",
)


def said(task: Task) -> Said:
    """The words for the annotators of this task."""
    return KOREAN if words(task).lang == "ko" else ENGLISH
