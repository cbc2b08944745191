"""Campaigns that never happened, real enough to look at: what the face's tests are run on."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from labelwright.dsl.task import (
    Accept,
    Annotators,
    Argument,
    Budget,
    Call,
    Class,
    Criterion,
    Data,
    Encoders,
    Holdout,
    Money,
    Percent,
    Phase,
    PseudoLabels,
    Query,
    Sample,
    Task,
    Train,
    Word,
)
from labelwright.loop.history import (
    AnnotatorScore,
    Campaign,
    ChosenItem,
    ClassScore,
    Doubt,
    Estimate,
    Measurement,
    RoundRecord,
    Verdict,
)
from labelwright.report.shown import ShownItem

MARGIN = Call(
    name="mix",
    args=(
        Argument(value=Call(name="margin")),
        Argument(value=Call(name="random", args=(Argument(value=Percent(percent=10)),))),
    ),
)


@dataclass(frozen=True)
class Case:
    """All that `render_report` is given."""

    task: Task
    campaign: Campaign
    items: Mapping[str, ShownItem]


def task_of(
    name: str,
    title: str,
    classes: Sequence[Class],
    *,
    criteria: Sequence[Criterion] = (),
    guide: str = "",
    source: Call | None = None,
    data: Mapping[str, tuple[str, ...]] | None = None,
    annotators: Call | None = None,
    overlap: int = 1,
    budget: Budget | None = None,
) -> Task:
    return Task(
        name=name,
        title=title,
        guide=guide,
        classes=tuple(classes),
        data=Data(source=source or Call(name="csv"), **(data or {})),
        holdout=Holdout(size=0.3, annotations=300),
        annotators=Annotators(source=annotators or Call(name="simulate", args=()), overlap=overlap),
        budget=budget or Budget(annotations=600, per_round=20),
        query=Query(
            phases=(
                Phase(name="cold", strategy=Call(name="k_means")),
                Phase(name="main", strategy=MARGIN),
            )
        ),
        pseudo_labels=PseudoLabels(method=Call(name="threshold"), threshold=0.95),
        train=Train(
            encoder=Encoders(default=Call(name="pixels")), finetune=Call(name="head"), seeds=(0,)
        ),
        accept=Accept(confidence=0.95, criteria=tuple(criteria)),
    )


def measurement_of(
    classes: Sequence[Class],
    accuracy: float,
    holdout: int,
    rng: np.random.Generator,
    criteria: Sequence[Criterion],
    *,
    weights: Sequence[float] | None = None,
    alpha: float | None = None,
    rehearsal: bool = True,
) -> Measurement:
    k = len(classes)
    weight = np.asarray(weights if weights is not None else np.ones(k), float)
    support = rng.multinomial(holdout, weight / weight.sum())
    confusion = np.zeros((k, k), int)
    ease = np.clip(rng.normal(accuracy, (1 - accuracy) * 0.5, k), 0.02, 0.999)
    for i in range(k):
        wrong = rng.dirichlet(np.full(k, 0.25))
        wrong[i] = 0
        p = (1 - ease[i]) * wrong / max(wrong.sum(), 1e-12)
        p[i] = max(0.0, 1 - p.sum())
        confusion[i] = rng.multinomial(support[i], p / p.sum())
    right = int(np.trace(confusion))
    scores = []
    for i, c in enumerate(classes):
        predicted = int(confusion[:, i].sum())
        hit = int(confusion[i, i])
        precision, recall = wilson(hit, predicted), wilson(hit, int(support[i]))
        f1 = None
        if predicted + support[i]:
            f1 = 2 * hit / (predicted + int(support[i]))
        width = ((recall.high or 1) - (recall.low or 0)) / 2
        scores.append(
            ClassScore(
                id=c.id,
                support=int(support[i]),
                predicted=predicted,
                precision=precision,
                recall=recall,
                f1=Estimate(
                    estimate=f1,
                    low=None if f1 is None else max(0.0, f1 - width),
                    high=None if f1 is None else min(1.0, f1 + width * 0.8),
                    n=int(support[i]),
                    method="bootstrap",
                ),
            )
        )
    total = wilson(right, holdout)
    f1s = [s.f1.estimate or 0.0 for s in scores]
    macro = float(np.mean(f1s))
    return Measurement(
        holdout_labels=holdout,
        accuracy=total,
        macro_f1=Estimate(
            estimate=macro, low=max(0, macro - 0.04), high=min(1, macro + 0.03), n=holdout
        ),
        ece=Estimate(estimate=0.031, low=0.018, high=0.052, n=holdout, method="bootstrap"),
        alpha=Estimate(estimate=alpha, low=alpha and alpha - 0.05, high=alpha and alpha + 0.04),
        classes=tuple(scores),
        confusion=tuple(tuple(int(v) for v in row) for row in confusion),
        verdicts=tuple(_verdict(c, total, scores) for c in criteria),
        true_accuracy=float(np.clip(accuracy + rng.normal(0, 0.008), 0, 1)) if rehearsal else None,
    )


def _verdict(criterion: Criterion, total: Estimate, scores: Sequence[ClassScore]) -> Verdict:
    if criterion.of is None:
        low, value, n, note = total.low or 0.0, total.estimate or 0.0, total.n, ""
        high = total.high or 1.0
    else:
        worst = min(scores, key=lambda s: 1.0 if s.recall.estimate is None else s.recall.estimate)
        value, n = worst.recall.estimate or 0.0, worst.support
        low, high = worst.recall.low or 0.0, worst.recall.high or 1.0
        note = f"lowest: {worst.id} {value:.2f}"
    status = "PASS" if low >= criterion.value else "FAIL"
    if low < criterion.value <= high:
        status = "NOT YET KNOWN"
    return Verdict(
        criterion=criterion.text,
        status=status,
        estimate=value,
        bound=low,
        target=criterion.value,
        n=n,
        note=note,
    )


def wilson(hits: int, n: int, z: float = 1.96) -> Estimate:
    if n == 0:
        return Estimate(estimate=None)
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Estimate(
        estimate=p,
        low=float(max(0.0, middle - half)),
        high=float(min(1.0, middle + half)),
        n=n,
        method="exact",
    )


def rounds_of(
    task: Task,
    path: Sequence[float],
    *,
    holdout: int = 300,
    seed: int = 0,
    weights: Sequence[float] | None = None,
    alpha: float | None = None,
    rehearsal: bool = True,
    gate: bool = True,
) -> tuple[RoundRecord, ...]:
    rng = np.random.default_rng(seed)
    step = task.budget.per_round * task.annotators.overlap
    price = task.budget.price
    records = []
    names = [c.id for c in task.labels]
    for number, accuracy in enumerate(path):
        spent = step * (number + 1)
        labels = task.budget.per_round * (number + 1)
        share = rng.multinomial(labels, np.full(len(names), 1 / len(names)))
        open_ = gate and number >= 3
        records.append(
            RoundRecord(
                round=number,
                annotations=spent,
                holdout_annotations=holdout,
                labels=labels - number // 3,
                labels_per_class={n: int(s) for n, s in zip(names, share, strict=True)},
                asked=task.budget.per_round,
                unusable=number // 3,
                phase="cold" if number == 0 else "main",
                strategy="k_means" if number == 0 else "mix(margin, random(10%))",
                pseudo_labels=180 + 31 * number if open_ else 0,
                gate="open" if open_ else ("closed" if gate and number else "off"),
                gate_why=(
                    "Cross-validated log-loss falls from 0.412 to 0.371 with pseudo-labels."
                    if open_
                    else "Cross-validated log-loss would rise from 0.612 to 0.655."
                    if gate and number
                    else ""
                ),
                utility_spread=(0.41, 0.77, 0.98) if number else None,
                money=(spent + holdout) * price.amount if price else None,
                currency=price.currency if price else None,
                hours=(spent + holdout) * 7.3 / 3600,
                seconds=0.3 + 0.01 * number,
                measurement=measurement_of(
                    task.labels,
                    accuracy,
                    holdout,
                    rng,
                    task.accept.criteria,
                    weights=weights,
                    alpha=alpha,
                    rehearsal=rehearsal,
                ),
            )
        )
    return tuple(records)


def campaign_of(task: Task, rounds: tuple[RoundRecord, ...], **more: object) -> Campaign:
    values: dict[str, object] = {
        "task": task.name,
        "title": task.title,
        "definition": "3f9a1c55d0e2b7746a8f20c3d1be9f07",
        "version": "0.1.0",
        "seed": 7,
        "rehearsal": True,
        "items": 1797,
        "pool": 1258,
        "holdout": 539,
        "set_aside": {},
        "rounds": rounds,
        "chosen": (),
        "doubts": (),
        "annotators": (),
        "decision": "passed",
        "reason": "Every criterion holds.",
    }
    return Campaign.model_validate(values | more)


ACCURACY = Criterion(
    metric="accuracy",
    op=">=",
    value=0.90,
    confidence=0.95,
    text="accuracy >= 90% with 95% confidence",
)
RECALL = Criterion(
    metric="recall",
    of="each class",
    op=">=",
    value=0.75,
    text="recall of each class >= 75%",
)


def at_least(criterion: Criterion, percent: int) -> Criterion:
    """The criterion with another target."""
    text = criterion.text.replace(f"{criterion.value:.0%}", f"{percent}%")
    return criterion.model_copy(update={"value": percent / 100, "text": text})


@cache
def digits() -> Case:
    """Ten classes, pictures, a rehearsal that passes."""
    from sklearn.datasets import load_digits

    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    task = task_of(
        "digits",
        "Handwritten digits",
        [Class(id=str(i), title=n, hotkey=str(i)) for i, n in enumerate(names)],
        criteria=(ACCURACY, at_least(RECALL, 60)),
        guide="Which digit was written? If two are possible, choose the one you would read aloud.",
        source=Call(name="bundled", args=(Argument(value=Word(name="digits")),)),
    )
    path = [0.58, 0.72, 0.80, 0.85, 0.89, 0.915, 0.93, 0.945, 0.95, 0.962]
    rounds = rounds_of(task, path, seed=3)
    images = load_digits().images
    rng = np.random.default_rng(0)
    ids = [f"digits-{n:04d}" for n in rng.choice(len(images), 240, replace=False)]
    items = {
        id: ShownItem(id=id, fields=(), picture=png(images[int(id[-4:])]), pixelated=True)
        for id in ids
    }
    chosen = [
        ChosenItem(
            item=ids[r * 20 + rank],
            round=r,
            rank=rank,
            purpose="train",
            utility=None if r == 0 else 0.98 - rank * 0.01,
            probability=1.0,
            reason=(
                "closest to the middle of cluster 7 of 20"
                if r == 0
                else f"margin {0.02 + rank / 100:.2f} between {names[rank % 10]} "
                f"and {names[(rank + 5) % 10]}"
            ),
            label=str((rank + r) % 10) if r < 9 else None,
        )
        for r in range(10)
        for rank in range(20)
    ]
    doubts = [
        Doubt(
            item=ids[200 + n],
            predicted=str(n % 10),
            probability=0.36 + n / 200,
            runner_up=str((n + 5) % 10),
            runner_up_probability=0.35 - n / 150,
        )
        for n in range(12)
    ]
    people = [
        AnnotatorScore(annotator=f"annotator {n}", annotations=k, agreement=a, seconds=s)
        for n, k, a, s in ((1, 168, None, 2.1), (2, 171, 0.985, 1.9), (3, 161, 0.961, 2.4))
    ]
    return Case(
        task,
        campaign_of(
            task,
            rounds,
            chosen=tuple(chosen),
            doubts=tuple(doubts),
            annotators=tuple(people),
            reason="Every criterion holds after round 9.",
        ),
        items,
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


@cache
def two_classes() -> Case:
    """Two classes, one round, hostile names."""
    task = task_of(
        "spam",
        "<script>alert('title')</script> Spam & ham",
        [
            Class(id="ham", title='ham "<b>bold</b>"', color="red;background:url(http://x.test/)"),
            Class(id="spam", title="<script>alert(1)</script>", describe="</style><script>x()"),
        ],
        criteria=(ACCURACY,),
        guide="</div><img src=http://x.test/a.png onerror=alert(1)>",
    )
    rounds = rounds_of(task, [0.88], holdout=80)
    items = {
        "<i>1</i>": ShownItem(
            id="<i>1</i>",
            fields=(("body<u>", "<script>fetch('http://x.test')</script>\x00\x1b[31m"),),
        )
    }
    chosen = (
        ChosenItem(
            item="<i>1</i>",
            round=0,
            rank=0,
            purpose="train",
            utility=None,
            probability=1,
            reason="<img src=x onerror=alert(2)>",
            label="spam",
        ),
    )
    doubt = Doubt(
        item="<i>1</i>",
        predicted="ham",
        probability=0.51,
        runner_up="spam",
        runner_up_probability=0.49,
    )
    campaign = campaign_of(
        task,
        rounds,
        items=400,
        pool=320,
        holdout=80,
        chosen=chosen,
        doubts=(doubt,),
        annotators=(
            AnnotatorScore(
                annotator="<script>alert(3)</script>", annotations=100, agreement=None, seconds=None
            ),
        ),
        set_aside={"<b>odd</b>": 2},
        decision="running",
        reason="Round 1 comes next. <script>alert(4)</script>",
    )
    return Case(task, campaign, items)


@cache
def steady() -> Case:
    """Two classes, three rounds, every figure written down: the same wherever it is made."""
    classes = [Class(id="good", title="좋음"), Class(id="bad", title="bad")]
    task = task_of(
        "reviews",
        "리뷰 · Reviews",
        classes,
        criteria=(ACCURACY, RECALL),
        budget=Budget(
            annotations=1200,
            price=Money(amount=0.25, currency="USD"),
            money=Money(amount=300, currency="USD"),
        ),
    )
    figures = ((0.61, 0.52, 0.70, 0.63), (0.84, 0.76, 0.90, 0.85), (0.95, 0.93, 0.97, 0.94))
    rounds = []
    for number, (estimate, low, high, true) in enumerate(figures):
        accuracy = Estimate(estimate=estimate, low=low, high=high, n=300, method="exact")
        hits = round(150 * estimate)
        recall = Estimate(estimate=hits / 150, low=low - 0.02, high=min(1, high + 0.02), n=150)
        scores = [
            ClassScore(
                id=c.id, support=150, predicted=150, precision=recall, recall=recall, f1=recall
            )
            for c in classes
        ]
        verdicts = (
            Verdict(
                criterion=ACCURACY.text,
                status="PASS" if low >= 0.9 else "FAIL" if high < 0.9 else "NOT YET KNOWN",
                estimate=estimate,
                bound=low,
                target=0.9,
                n=300,
            ),
            Verdict(
                criterion=RECALL.text,
                status="PASS" if estimate >= 0.75 else "FAIL",
                estimate=hits / 150,
                target=0.75,
                n=150,
                note=f"lowest: good {hits / 150:.2f}",
            ),
        )
        spent = 100 * (number + 1)
        rounds.append(
            RoundRecord(
                round=number,
                annotations=spent,
                holdout_annotations=300,
                labels=spent,
                labels_per_class={"good": spent // 2, "bad": spent // 2},
                asked=100,
                phase="main" if number else "cold",
                strategy="mix(margin, random(10%))" if number else "k_means",
                money=(spent + 300) * 0.25,
                currency="USD",
                hours=0.5 * (number + 1),
                seconds=0.4 * (number + 1),
                measurement=Measurement(
                    holdout_labels=300,
                    accuracy=accuracy,
                    macro_f1=accuracy,
                    ece=Estimate(estimate=0.04, low=0.02, high=0.06, n=300),
                    alpha=Estimate(estimate=None),
                    classes=tuple(scores),
                    confusion=((hits, 150 - hits), (150 - hits, hits)),
                    verdicts=verdicts,
                    true_accuracy=true,
                ),
            )
        )
    people = (
        AnnotatorScore(annotator="김서연", annotations=350, agreement=0.97, seconds=5.0),
        AnnotatorScore(annotator="annotator 2", annotations=250, agreement=None, seconds=None),
    )
    campaign = campaign_of(
        task, tuple(rounds), annotators=people, reason="every criterion holds on the holdout"
    )
    return Case(task, campaign, {})


@cache
def empty() -> Case:
    """Before the first round."""
    case = digits()
    campaign = campaign_of(
        case.task, (), decision="running", reason="No round has finished yet.", chosen=(), doubts=()
    )
    return Case(case.task, campaign, {})


def png(pixels: np.ndarray) -> bytes:
    """A grey picture (values 0..16) as PNG, dark on light."""
    from PIL import Image

    file = io.BytesIO()
    grey = (255 - np.clip(pixels * 16, 0, 255)).astype("uint8")
    Image.fromarray(grey).save(file, format="PNG")
    return file.getvalue()


ALL = {
    "digits": digits,
    "korean": korean,
    "banking": banking,
    "two": two_classes,
    "empty": empty,
    "steady": steady,
}
