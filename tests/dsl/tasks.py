"""Strategies for whole Tasks that a file can say, with every block and kind of value in play.

Consistent by construction: names are unique, budgets add up, criteria can pass. So `read` must find
nothing wrong with what `show` prints of them.
"""

from __future__ import annotations

from datetime import date
from functools import cache

from hypothesis import strategies as st

from labelwright.dsl import task as t
from labelwright.dsl.context import fold
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.printing import criterion_text

Draw = st.DrawFn

NAMES = "a b x_1 _ é Z9 경제 선거 정치_2 Politics topic label items task class data k"
WORDS = NAMES.split(" ")
TEXTS = (
    "", "plain", " blank before", "after ", "경제 · News", 'say "hi"', "back\\slash", "\\", '"',
    "a\nb", "one\n\n  two\n three", "\n", "\ttab\t", '"""', 'x"""y\nz', "{ } = >= [", "/slash/",
    "50%", "true", "2026-09-01", "7_000", "$x", "“quoted”", "é", "👩‍🔬", "hours-per-week", "a.b",
    "not", "'", "\u00a0x", "#4E79A7",
)  # fmt: skip

words = st.sampled_from(WORDS)
texts = st.sampled_from(TEXTS)
said = texts.filter(lambda s: s.strip() != "")
columns = st.sampled_from([*WORDS, *(s.strip() for s in TEXTS if s.strip() and "\n" not in s)])
free_texts = st.text(st.characters(exclude_categories=("Cs", "Cc"))) | st.text('\n\t "\\#a가')
"""Any text at all, for single texts; a whole Task draws from the list above, which is faster."""

counts = st.integers(1, 5_000)
shares = st.one_of(
    st.integers(1, 99).map(lambda n: n / 100),
    st.floats(0.001, 0.999).map(lambda x: round(x, 6)),
)
points = st.one_of(st.integers(0, 100).map(float), st.floats(0, 1e6).map(lambda x: round(x, 4)))
numbers = st.one_of(
    st.integers(-(10**6), 10**6), st.floats(-1e9, 1e9, allow_nan=False, allow_infinity=False)
)
days = st.dates(date(1000, 1, 1)).map(lambda d: t.Day(day=d))
percents = points.map(lambda p: t.Percent(percent=p))
operators = st.sampled_from(["==", "!=", ">=", "<=", ">", "<"])

PATTERNS = ["a/b", r"\d{1,2}\s*[-:]", "코스피|환율", r"\\/x", r"\p{Hangul}+", "(a|b)+"]


@cache
def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    """None, or one of these. Strategies are built once: building them is what takes the time."""
    return st.one_of(st.none(), strategy)


@cache
def pick(*values: object) -> st.SearchStrategy:
    return st.sampled_from(values)


@cache
def several(strategy: st.SearchStrategy, most: int = 3) -> st.SearchStrategy[tuple]:
    return st.lists(strategy, max_size=most).map(tuple)


# --- calls ------------------------------------------------------------------------------------

scalars = st.one_of(
    numbers, texts, st.booleans(), percents, days, words.map(lambda w: t.Word(name=w))
)


def _call(name: str, *args: object, **named: object) -> t.Call:
    return t.Call(
        name=name,
        args=tuple(t.Argument(value=a) for a in args)
        + tuple(t.Argument(name=k, value=v) for k, v in named.items()),
    )


caps = counts.map(lambda n: t.Cap(per_label=n / 4))
names_of_things = st.lists(words, max_size=3, unique_by=fold).map(tuple)
column_lists = st.lists(columns, max_size=3, unique=True).map(tuple)

strategies = st.recursive(
    st.sampled_from(["margin", "entropy", "k_means"]).map(_call),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(
        lambda calls: _call("mix", *[t.Word(name=c.name) if not c.args else c for c in calls])
    ),
    max_leaves=4,
)
encoders = st.one_of(
    st.sampled_from(["tfidf", "minilm", "pixels"]).map(_call),
    said.map(lambda name: _call("pretrained", name)),
    st.integers(1, 50).map(lambda depth: _call("resnet", depth=depth)),
)
augmentations = st.one_of(
    st.just(_call("crop")),
    st.integers(0, 100).map(lambda n: _call("cutoff", t.Percent(percent=n))),
)
sources = st.one_of(
    said.map(lambda path: _call("csv", path)),
    st.tuples(said, words).map(lambda a: _call("npz", a[0], image=t.Word(name=a[1]))),
    st.just(_call("bundled", t.Word(name="digits"))),
)

# --- conditions -------------------------------------------------------------------------------

fields = st.builds(
    t.FieldRef,
    path=st.lists(columns, min_size=1, max_size=2).map(tuple),
    function=st.sampled_from([None, None, "words", "length", "lower"]),
)
values = st.one_of(numbers, texts, st.booleans(), percents, days)
item_tests = st.one_of(
    st.builds(t.Compare, field=fields, op=operators, value=values),
    st.builds(
        t.Matches,
        field=fields,
        pattern=st.sampled_from(PATTERNS),
        flags=st.sampled_from(["", "i", "im"]),
    ),
    st.builds(
        t.Contains,
        field=fields,
        quantifier=st.sampled_from(["any", "all"]),
        values=st.lists(texts.filter(bool), min_size=1, max_size=3).map(tuple),
    ),
    st.builds(
        t.Member,
        field=fields,
        values=st.lists(values, min_size=1, max_size=3).map(tuple),
        negated=st.booleans(),
    ),
    st.builds(t.Missing, field=fields, negated=st.booleans()),
)


def _joined(tests: st.SearchStrategy) -> st.SearchStrategy:
    return st.recursive(
        tests,
        lambda inner: st.one_of(
            st.builds(t.Not, operand=inner),
            st.builds(t.And, operands=st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(t.Or, operands=st.lists(inner, min_size=2, max_size=3).map(tuple)),
        ),
        max_leaves=5,
    )


conditions = _joined(item_tests)

untils = maybe(
    _joined(
        st.builds(
            t.MetricTest,
            metric=st.just("labels"),
            of=st.sampled_from([None, t.EACH_CLASS, "SpareOne"]),
            op=operators,
            value=st.integers(0, 5_000).map(float),
        )
    )
)


# --- blocks -----------------------------------------------------------------------------------

samples = st.one_of(
    texts.map(lambda s: t.Sample(value=s)),
    texts.map(lambda s: t.Sample(kind="image", value=s)),
    st.tuples(texts, said, texts).map(
        lambda p: t.Sample(kind="span", value="".join(p), marked=p[1])
    ),
)


@st.composite
def class_trees(draw: Draw) -> tuple[t.Class, ...]:
    """Two to six classes, some inside others, with all their settings."""
    seen: set[str] = set()
    titles: set[str] = set()
    ids: list[str] = []
    built: dict[str, t.Class] = {}
    keys = iter("abcdefgh가")
    for n in range(draw(st.integers(2, 6))):
        parent = draw(pick(None, None, *ids)) if ids else None
        name = f"{draw(words)}{n}" if draw(st.booleans()) else str(n)
        class_id = f"{parent}.{name}" if parent else name
        title = draw(st.one_of(st.just(name), said.filter(lambda s: not s.startswith("$"))))
        spelled = {fold(class_id), fold(title)}
        if fold(class_id) in seen or fold(title) in titles or spelled & titles:
            continue
        seen.add(fold(class_id))
        titles |= spelled
        aliases = tuple(a for a in draw(several(texts)) if fold(a) not in titles)
        aliases = tuple(dict.fromkeys(aliases))
        titles |= set(map(fold, aliases))
        ids.append(class_id)
        built[class_id] = t.Class(
            id=class_id,
            title=title,
            parent=parent,
            describe=draw(texts),
            examples=draw(several(samples)),
            counterexamples=draw(several(samples, 1)),
            aliases=aliases,
            hotkey=next(keys) if draw(st.booleans()) else None,
            color=draw(pick(None, "#4E79A7", "#abc")),
            value=draw(st.one_of(st.none(), st.floats(-1e6, 1e6))),
            was=(f"Old{n}", f"Gone.{n}") if draw(st.booleans()) and n % 2 else (),
            split_of="Ancient" if n % 3 == 2 and draw(st.booleans()) else None,
        )
    for name in ("SpareOne", "SpareTwo"):
        built[name] = t.Class(id=name, title=name)
    return _in_order(built)


def _in_order(built: dict[str, t.Class]) -> tuple[t.Class, ...]:
    """As a file has them: each class directly followed by its children."""

    def below(parent: str | None) -> list[t.Class]:
        return [c for own in built.values() if own.parent == parent for c in (own, *below(own.id))]

    return tuple(below(None))


csv_sources = sources.filter(lambda c: c.name == "csv")
joins = maybe(st.builds(t.Join, source=csv_sources, key=columns))
nears = maybe(shares.map(lambda s: t.Near(method="near", threshold=s)) | st.just(t.Near()))


@st.composite
def data_blocks(draw: Draw) -> t.Data:
    return t.Data(
        source=draw(sources),
        id=draw(maybe(columns)),
        text=draw(column_lists),
        image=draw(column_lists),
        columns=draw(column_lists),
        join=draw(joins),
        show=draw(column_lists),
        group=draw(maybe(columns)),
        unit=draw(pick("document", "sentence")),
        dedupe=draw(nears),
        keep=draw(maybe(conditions)),
    )


@st.composite
def accept_blocks(
    draw: Draw, classes: list[str], slices: list[str], kind: str, choose: str
) -> t.Accept:
    confidence = draw(pick(None, 0.95, 0.9))
    fitting = [
        m
        for m in METRICS.values()
        if m.task in ("any", kind)
        and (kind == "spans" or m.choose in ("any", choose))
        and not m.scale
        and m.needs != "people"
    ]
    criteria = []
    for _ in range(draw(st.integers(0, 4))):
        metric = draw(st.sampled_from(fitting))
        counted = metric.kind == "count"
        of = None
        if metric.of == "must" or (metric.of == "may" and draw(st.booleans())):
            of = draw(pick(t.EACH_CLASS, *classes))
        own = draw(pick(None, 0.9, 0.8))
        criterion = t.Criterion(
            metric=metric.name,
            args=(t.Argument(name="k", value=2),)
            if metric.parameters and draw(st.booleans())
            else (),
            of=of,
            op=">=" if metric.better == "higher" else "<=",
            value=float(draw(st.integers(0, 5))) if counted else draw(shares) * 0.5,
            unit="items" if counted and draw(st.booleans()) else None,
            confidence=None if counted else own or confidence,
            at=(0.9, metric.operating_point[0])
            if metric.operating_point and draw(st.booleans())
            else None,
            on=draw(pick(None, t.EACH_SLICE, *slices)) if slices and not counted else None,
        )
        percent = not counted and draw(st.booleans()) and exact(criterion.value)
        text = criterion_text(criterion, confidence, percent=percent)
        criteria.append(criterion.model_copy(update={"text": text}))
    return t.Accept(confidence=confidence, criteria=tuple(criteria))


def exact(value: float) -> bool:
    """Whether a share can be written in percent and read back the same."""
    return "%" in criterion_text(
        t.Criterion(metric="accuracy", op=">=", value=value), None, percent=True
    )


outputs = st.builds(
    t.Output,
    dataset=pick(None, _call("parquet", "out/a b.parquet")),
    model=pick(None, _call("folder", "out/모델")),
    report=pick(None, _call("html", 'out/"x".html')),
)
encoder_blocks = encoders.map(lambda e: t.Encoders(default=e)) | st.tuples(
    encoders, encoders, encoders
).map(lambda e: t.Encoders(of=dict(zip(("text", "image", "columns"), e, strict=True))))
with_network = st.fixed_dictionaries(
    {
        "pretrain": pick(None, _call("contrastive", epochs=3)),
        "finetune": pick(_call("head"), _call("lora", r=8)),
    }
)


def has_network(encoders: t.Encoders) -> bool:
    """Whether the encoder can be trained: of several, that of none can."""
    one = encoders.default
    return one is not None and one.name in ("minilm", "pretrained", "resnet")


guides = texts | st.lists(texts, max_size=4).map("\n  ".join)
seed_lists = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=3).map(tuple)


@st.composite
def tasks(draw: Draw) -> t.Task:
    """A Task that `show` prints and `read` gives back."""
    classes = draw(class_trees())
    ids = [c.id for c in classes]
    kind = draw(pick("classification", "spans"))
    choose = draw(pick("one", "many"))
    names = draw(names_of_things)
    overlap = draw(st.integers(1, 3))
    gold = draw(pick(None, t.Gold(items=30), t.Gold(file="gold.csv")))
    existing = draw(existing_blocks())
    holdout_annotations = draw(st.integers(400, 900)) * overlap
    budget = (
        holdout_annotations
        + 30
        + existing_audit(existing) * overlap
        + draw(st.integers(100, 9_999))
    )
    by_share = draw(st.booleans())
    price = draw(pick(None, 0.3, 1.255, 2.0))
    data = draw(data_blocks())
    phases = [
        t.Phase(
            name=name,
            strategy=draw(strategies),
            until=draw(untils),
        )
        for name in (*names, "last")
    ]
    encoder = draw(encoder_blocks)
    head = st.just({"finetune": _call("head")})
    trained = draw(with_network if has_network(encoder) else head)
    finetune = trained.get("finetune", _call("head")).name
    return t.Task(
        name=draw(words),
        title=draw(said),
        kind=kind,
        choose=choose,
        empty=draw(pick("allowed", "forbidden")),
        choosable=draw(pick("leaves", "any")),
        scale=draw(pick("nominal", "ordinal", "interval")),
        nesting=draw(pick("flat", "nested", "overlapping")),
        guide=draw(guides),
        classes=classes,
        data=data,
        existing_labels=existing,
        holdout=t.Holdout(
            size=draw(shares) if by_share else None,
            when=None if by_share else draw(conditions),
            annotations=holdout_annotations,
            measure=draw(pick("uniform", "stratified", "active")),
        ),
        rules=tuple(draw(rules(name, ids, kind)) for name in names),
        slices=tuple(t.Slice(name=name, when=draw(conditions)) for name in names),
        annotators=t.Annotators(
            source=draw(
                st.sampled_from(
                    [
                        _call("label_studio"),
                        _call("simulate", column=t.Word(name="label"), people=3),
                    ]
                )
            ),
            overlap=overlap,
            resolve=draw(pick("majority", "crowdlab")),
            adjudicator=draw(maybe(said)),
            gold=gold,
            adjudicate_below=draw(maybe(shares)),
            pause_below=draw(maybe(shares)),
        ),
        budget=t.Budget(
            annotations=budget,
            price=t.Money(amount=price, currency="USD") if price else None,
            money=draw(pick(None, t.Money(amount=1e6, currency="USD"))),
            hours=draw(pick(None, 12.0, 7.5)),
            per_round=draw(counts),
            rounds=draw(maybe(counts)),
            stop=draw(pick(None, "stable", "small_gain")),
        ),
        query=t.Query(
            phases=tuple(phases),
            order=draw(pick("chosen", "theme")),
            second_opinions=draw(pick(0.0, 0.25, 1.0)),
            control=draw(pick(0.0, 0.1, 0.25)),
        ),
        pseudo_labels=draw(pseudo_blocks(ids, finetune)),
        train=t.Train(
            encoder=encoder,
            **trained,
            epochs=draw(maybe(counts)),
            augment=draw(several(augmentations)),
            seeds=draw(seed_lists),
        ),
        accept=draw(accept_blocks(ids, list(names), kind, choose)),
        output=draw(outputs),
    )


@st.composite
def existing_blocks(draw: Draw) -> t.ExistingLabels | None:
    which = draw(pick("none", "own", "file"))
    if which == "none":
        return None
    own = which == "own"
    return t.ExistingLabels(
        source=None if own else draw(csv_sources),
        key=None if own else draw(columns),
        label=draw(columns),
        trust=draw(pick("noisy", "people", "verified")),
        audit=draw(st.integers(0, 300)),
    )


def existing_audit(existing: t.ExistingLabels | None) -> int:
    return existing.audit if existing else 0


@st.composite
def rules(draw: Draw, name: str, ids: list[str], kind: str) -> t.Rule:
    action = draw(pick("vote", "against", "veto"))
    when = draw(maybe(conditions))
    if kind == "spans" and (action != "veto" or when is not None):
        when = _marking(when)
    return t.Rule(
        name=name,
        action=action,
        label=None if action == "veto" else draw(st.sampled_from(ids)),
        when=when,
        weight=draw(pick(1.0, 2.0, 0.25, 1500.0)),
    )


def _marking(condition: t.Condition | None) -> t.Condition:
    """The condition of a rule that says which text it marks."""
    span = t.FieldRef(path=("span",))
    found = t.Contains(field=span, quantifier="any", values=("x",))
    return found if condition is None else t.And(operands=(found, condition))


@st.composite
def pseudo_blocks(draw: Draw, ids: list[str], finetune: str) -> t.PseudoLabels | None:
    if draw(st.booleans()):
        return None
    return t.PseudoLabels(
        method=_call(draw(pick("threshold", "infomax" if finetune == "head" else "fixmatch"))),
        threshold=draw(shares),
        thresholds=draw(st.dictionaries(st.sampled_from(ids), shares, max_size=2)),
        cap=draw(maybe(caps)),
        distribution_alignment=draw(st.booleans()),
    )
