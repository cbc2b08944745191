"""What lints measure by: distances of colours, overlap of texts, what a constraint implies; and time."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.lints.colors import as_seen, distance
from labelwright.dsl.lints.constraints import Claim, within
from labelwright.dsl.lints.descriptions import LIMIT, near_pairs, pieces
from tests.dsl.catalogues import EVERYTHING
from tests.dsl.test_lints import BASE

CIEDE2000 = [  # Sharma, Wu and Dalal 2005, table 1: pairs that tell right formulas from wrong ones
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0009), 7.1792),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0011), 7.2195),
    ((50.0, -0.0010, 2.4900), (50.0, 0.0011, -2.4900), 4.7461),
    ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "apart"), CIEDE2000)
def test_the_distance_of_colours_is_the_published_one(one, other, apart) -> None:
    assert distance(one, other) == pytest.approx(apart, abs=5e-5)
    assert distance(other, one) == pytest.approx(apart, abs=5e-5)


def test_colours_as_they_look() -> None:
    white, *weak = as_seen("#fff")
    assert white == pytest.approx((100, 0, 0), abs=0.02)
    assert all(seen == pytest.approx((100, 0, 0), abs=0.1) for seen in weak)  # rows sum to one
    assert as_seen("#f00")[0] == pytest.approx((53.24, 80.09, 67.20), abs=0.02)
    red, green = as_seen("#D62728"), as_seen("#2CA02C")
    usual, *weakly = (distance(a, b) for a, b in zip(red, green, strict=True))
    assert usual > 60
    assert min(weakly) == weakly[1] < 12  # green: far nearer


WORDS = st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta", "주가", "환율"]), max_size=7)


@given(st.lists(WORDS.map(" ".join), max_size=12))
def test_near_pairs_are_those_of_comparing_all(texts: list[str]) -> None:
    cut = [pieces(text) for text in texts]
    expected = []
    for this, own in enumerate(cut):
        for that in range(this):
            alike = len(own & cut[that]) / len(own | cut[that])
            if alike >= LIMIT:
                expected.append((this, that, alike))
                break
    assert list(near_pairs(texts)) == expected


IDS = ["A", "A.B", "A.B.C", "A.D", "E", "E.F"]
CLAIMS = st.builds(
    Claim,
    line=st.integers(0, 9),
    part=st.just(0),
    subject=st.sampled_from(IDS),
    relation=st.sampled_from(["requires", "excludes"]),
    object=st.sampled_from(IDS),
)


def answers() -> list[set[str]]:
    """All that an answer can come to: a set of classes, and with each all classes above it."""
    found = []
    for bits in range(2 ** len(IDS)):
        named = {c for n, c in enumerate(IDS) if bits >> n & 1}
        found.append({a for a in IDS for c in named if c == a or c.startswith(f"{a}.")})
    return found


ANSWERS = answers()


def breaks(claim: Claim, answer: set[str]) -> bool:
    if claim.subject not in answer:
        return False
    return (claim.object in answer) == (claim.relation == "excludes")


def nested(claim: Claim) -> bool:
    return within(claim.subject, claim.object) or within(claim.object, claim.subject)


@settings(max_examples=300)
@given(CLAIMS, CLAIMS)
def test_a_constraint_is_implied_where_no_answer_tells_them_apart(one: Claim, other: Claim) -> None:
    """Sound always; complete for claims of one kind on classes of which neither holds the other."""
    follows = all(breaks(one, a) for a in ANSWERS if breaks(other, a))
    if one.implies(other):
        assert follows
    elif one.relation == other.relation and not (nested(one) or nested(other)):
        assert not follows


# --- how long it takes ------------------------------------------------------------------------


def many_classes(count: int) -> str:
    rng = random.Random(7)
    vowels = ["".join(rng.choices("aeiou", k=2)) for _ in range(400)]
    lines = [
        f'class C{n} "Class {n}" {{\n  describe = "Questions about '
        f"{' '.join(rng.choice(vowels) + rng.choice('bdfgkl') for _ in range(6))}, and what "
        f'belongs to them."\n  examples = ["example {n}"]\n  color = "#{n % 4096:03x}"\n}}'
        for n in range(count)
    ]
    return BASE + "\n".join(lines) + "\n"


def test_the_time_grows_with_the_file_not_with_its_square() -> None:
    from labelwright.dsl.context import Context
    from labelwright.dsl.lints import lint
    from labelwright.dsl.lower import lower
    from labelwright.dsl.reader import parse

    def seconds(count: int) -> float:
        source = SourceText("big.task", many_classes(count))
        file, unread = parse(source)
        assert unread == ()
        ctx = Context(source, EVERYTHING)
        draft = lower(ctx, file)
        took = []
        for _ in range(2):
            start = time.process_time()
            lint(ctx, file, draft)
            took.append(time.process_time() - start)
        return min(took)

    small, large = seconds(1_000), seconds(3_000)
    assert large < 2 * 3 * small
