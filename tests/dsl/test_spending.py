"""How a budget falls on its purposes."""

from __future__ import annotations

from labelwright.dsl.spending import Spending, split_of_budget
from labelwright.dsl.task import Annotators, Budget, Call, ExistingLabels, Gold, Holdout
from tests.dsl.conftest import MakeTask


def test_every_judgement_is_counted(make_task: MakeTask) -> None:
    task = make_task(
        annotators=Annotators(source=Call(name="label_studio"), overlap=2, gold=Gold(items=40)),
        budget=Budget(annotations=2_300),
        holdout=Holdout(size=0.2, annotations=601),
        existing_labels=ExistingLabels(label="desk", audit=200),
    )
    spending = split_of_budget(task)
    assert spending == Spending(
        training=1_145, holdout=601, gold=154, audit=400, training_items=572, holdout_items=300
    )
    assert spending.all == 2_300


def test_gold_from_a_file_costs_nothing(make_task: MakeTask) -> None:
    task = make_task(
        annotators=Annotators(source=Call(name="label_studio"), gold=Gold(file="gold.csv")),
        budget=Budget(annotations=100),
        holdout=Holdout(size=0.2, annotations=120),
    )
    spending = split_of_budget(task)
    assert (spending.training, spending.gold, spending.training_items) == (-20, 0, 0)
