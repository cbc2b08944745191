"""Campaigns on text that never happened: one in Korean, one of 77 classes."""

from __future__ import annotations

from functools import cache

from labelwright.dsl.task import (
    Argument,
    Budget,
    Call,
    Class,
    Money,
    Sample,
)
from labelwright.loop.history import (
    AnnotatorScore,
    ChosenItem,
    Doubt,
)
from labelwright.report.shown import ShownItem

from .campaign_makers import (
    ACCURACY,
    RECALL,
    Case,
    at_least,
    campaign_of,
    rounds_of,
    task_of,
)

KOREAN = (
    "내일 오전까지 회의 자료 좀 정리해서 보내 줄 수 있을까",
    "오늘 비가 온다고 해서 우산을 챙겨 나왔는데 하늘이 너무 맑다",
    "그걸 지금 나한테 말하면 어떡하자는 거야 진작 말했어야지",
    "창문 닫고 에어컨 온도 이십사도로 맞춰 줘",
    "혹시 이 근처에 늦게까지 여는 약국이 있는지 아세요",
    "누가 그런 걸 모르겠어",
    "다음 주 수요일 세 시",
    "조용히 좀 해 줄래",
)


@cache
def korean() -> Case:
    """Korean text, real people, overlap 2, money; not yet known, waiting for answers."""
    classes = [
        Class(
            id="서술",
            title="서술문 · Statement",
            describe="사실이나 의견을 말하는 문장. 상대에게 대답이나 행동을 요구하지 않는다.",
            examples=(Sample(value="오늘은 아침부터 눈이 많이 왔어요."),),
            counterexamples=(Sample(value="오늘 눈이 왔나요?"),),
            color="#4E79A7",
            hotkey="1",
        ),
        Class(
            id="질문",
            title="질문 · Question",
            describe="A real question: the speaker wants an answer.",
            examples=(Sample(value="지금 몇 시야"), Sample(value="이 버스 시청까지 가나요")),
            hotkey="2",
            color="#F28E2B",
        ),
        Class(
            id="명령",
            title="명령 · Command",
            describe="상대에게 어떤 행동을 하게 하는 말.",
            examples=(Sample(kind="span", value="창문 좀 닫아 줘", marked="닫아 줘"),),
            counterexamples=(Sample(value="누가 창문을 안 닫고 싶겠어"),),
            hotkey="3",
            color="#59A14F",
        ),
        Class(
            id="수사의문",
            title="수사 의문문 · Rhetorical question",
            describe="Has the form of a question, but nobody is expected to answer.",
            hotkey="4",
            color="#E15759",
        ),
        Class(
            id="들리지않음",
            title="알아들을 수 없음",
            describe="Cut off or garbled. Drops the item.",
            role="unusable",
            hotkey="x",
        ),
    ]
    task = task_of(
        "intent",
        "한국어 발화 의도 · What does the speaker want?",
        classes,
        criteria=(at_least(ACCURACY, 80), at_least(RECALL, 70)),
        guide=(
            "문장을 *말로* 들었다고 생각하고 고르세요. 글자보다 말하는 사람의 뜻이 먼저입니다.\n\n"
            "If two fit, choose the one that the listener would act on."
        ),
        source=Call(name="parquet", args=(Argument(value="intent/data.parquet"),)),
        data={"text": ("text",)},
        annotators=Call(name="label_studio"),
        overlap=2,
        budget=Budget(
            annotations=1500,
            price=Money(amount=0.12, currency="USD"),
            money=Money(amount=180, currency="USD"),
            hours=12,
            per_round=50,
        ),
    )
    rounds = rounds_of(
        task,
        [0.55, 0.66, 0.74, 0.79, 0.82],
        holdout=400,
        seed=5,
        weights=[4, 3, 2, 0.6],
        alpha=0.74,
        rehearsal=False,
    )
    ids = [f"utt-{n:05d}" for n in range(60)]
    long = " ".join(KOREAN) + " " + "Long English text follows the Korean one and wraps too. " * 12
    items = {
        id: ShownItem(id=id, fields=(("text", long if n == 3 else KOREAN[n % len(KOREAN)]),))
        for n, id in enumerate(ids)
    }
    names = [c.id for c in task.labels]
    chosen = tuple(
        ChosenItem(
            item=ids[r * 10 + rank],
            round=r,
            rank=rank,
            purpose="train",
            utility=0.9 - rank / 50,
            probability=1.0 if rank < 9 else 0.012,
            reason=f"margin 0.0{rank} between {names[rank % 4]} and {names[(rank + 1) % 4]}"
            if rank < 9
            else "drawn at random, 1 of 10",
            label=names[rank % 4],
        )
        for r in range(5)
        for rank in range(10)
    )
    doubts = tuple(
        Doubt(
            item=ids[n],
            predicted=names[n % 4],
            probability=0.34 + n / 90,
            runner_up=names[(n + 1) % 4],
            runner_up_probability=0.31,
            label=names[(n + 2) % 4] if n % 3 == 0 else None,
        )
        for n in range(9)
    )
    people = (
        AnnotatorScore(annotator="김서연", annotations=402, agreement=0.91, seconds=6.2),
        AnnotatorScore(annotator="Jonas Weber", annotations=377, agreement=0.88, seconds=7.9),
        AnnotatorScore(
            annotator="박민준 (part-time)", annotations=121, agreement=0.71, seconds=4.1
        ),
    )
    campaign = campaign_of(
        task,
        rounds,
        rehearsal=False,
        items=61255,
        pool=55134,
        holdout=6121,
        set_aside={"duplicate content": 214, "missing text": 12, "undecodable bytes": 3},
        chosen=chosen,
        doubts=doubts,
        annotators=people,
        decision="waiting",
        reason="Round 5 waits for 41 of 100 annotations.",
        existing_labels=120,
    )
    return Case(task, campaign, items)


@cache
def banking() -> Case:
    """77 classes, text, stopped with a failure when the budget was spent."""
    things = ("card", "transfer", "top-up", "cash withdrawal", "exchange rate", "PIN", "account")
    faults = (
        "not working", "pending", "declined", "charged twice", "fee", "limit", "lost",
        "arrival time", "cancel", "reverted", "not recognised",
    )  # fmt: skip
    names = [f"{thing} {fault}" for thing in things for fault in faults]
    classes = [
        Class(
            id=name.replace(" ", "_").replace("-", "_"),
            title=name,
            describe=f"The customer writes about: {name}." if n % 2 else "",
        )
        for n, name in enumerate(names)
    ]
    task = task_of(
        "banking77",
        "Customer messages: which of 77 intents?",
        classes,
        criteria=(ACCURACY, RECALL),
        source=Call(name="parquet", args=(Argument(value="banking77/data.parquet"),)),
        data={"text": ("text",)},
        budget=Budget(annotations=4600, per_round=100),
    )
    rounds = rounds_of(
        task,
        [0.9 - 0.62 * 0.955**n for n in range(36)],
        holdout=1000,
        seed=2,
    )
    ids = [f"m{n}" for n in range(40)]
    text = "I still have not received my new card, I ordered it over two weeks ago. What now?"
    items = {id: ShownItem(id=id, fields=(("text", text),)) for id in ids}
    ids_of = [c.id for c in classes]
    chosen = tuple(
        ChosenItem(
            item=ids[rank],
            round=r,
            rank=rank,
            purpose="train",
            utility=0.5,
            probability=1.0,
            reason="margin 0.01",
            label=ids_of[(r * 3 + rank) % 77],
        )
        for r in (0, 12, 35)
        for rank in range(8)
    )
    doubts = tuple(
        Doubt(
            item=ids[n],
            predicted=ids_of[n],
            probability=0.12,
            runner_up=ids_of[n + 9],
            runner_up_probability=0.11,
        )
        for n in range(6)
    )
    campaign = campaign_of(
        task,
        rounds,
        items=13083,
        pool=10003,
        holdout=3080,
        chosen=chosen,
        doubts=doubts,
        decision="spent",
        reason="The budget of 4,600 annotations is spent.",
    )
    return Case(task, campaign, items)
