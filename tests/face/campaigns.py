"""Campaigns that never happened, real enough to look at: what the face's tests are run on."""

from __future__ import annotations

import io
from functools import cache

import numpy as np

from labelwright.dsl.task import (
    Argument,
    Call,
    Class,
    Word,
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
from .campaign_steady import steady
from .campaigns_of_text import banking, korean


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
