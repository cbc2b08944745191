"""A made set in which names follow certain words, and Korean names have particles behind them."""

from __future__ import annotations

import numpy as np

from labelwright.loop.spans.tokens import Tokens, as_array, marks_array
from labelwright.loop.spans.words import words

PEOPLE = ("Kim", "Lee", "Maria", "Otto", "Ada", "Bo", "Jin", "Zoe")
PLACES = ("Seoul", "Paris", "Old Town", "Busan", "Rome", "New York", "Oslo", "Ghent")
OTHER = ("rain", "again", "and so on", "tea", "we went on", "nothing more", "bread", "it is late")
KOREAN = ("서울", "부산", "대전", "광주", "제주", "인천")


def sentences(n: int, seed: int) -> list[tuple[str, list[tuple[int, int, int]]]]:
    """Texts with their marks: people are class 0, places class 1."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        text, marks = "", []
        for kind in rng.permutation(["mr", "in", "other", "korean"])[: rng.integers(1, 4)]:
            lead, names, label, tail = {
                "mr": ("hello Mr ", PEOPLE, 0, " , "),
                "in": ("we live in ", PLACES, 1, " . "),
                "other": ("we like ", OTHER, None, " . "),
                "korean": ("지금 ", KOREAN, 1, "에서 만나요 "),
            }[str(kind)]
            name = str(rng.choice(names))
            text += lead
            if label is not None:
                marks.append((len(text), len(text) + len(name), label))
            text += name + tail
        made.append((text, marks))
    return made


def given(n: int, seed: int, dim: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(X, targets) of a tagger; vectors of `dim` numbers that know a name's class, dimly."""
    rng = np.random.default_rng(seed)
    X, marks = [], []
    for text, of_text in sentences(n, seed):
        places = words(text)
        vectors = rng.normal(size=(len(places), dim)).astype(np.float16)
        for start, end, label in of_text:
            inside = (places[:, 0] < end) & (places[:, 1] > start)
            if dim:
                vectors[inside, label] += 3
        X.append(Tokens(text, places, vectors))
        marks.append(of_text)
    return as_array(X), marks_array(marks)
