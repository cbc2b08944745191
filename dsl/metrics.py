"""What can be measured, and so stand in `accept` and in the conditions of a phase.

One table: what a metric is called, what kind of number it is, whether it is said of a class, which
way is better, and what must be known for it. Averages are always named: a bare `f1` means too
many things, so it is an error that offers the names.
"""

from __future__ import annotations

from typing import Literal

from labelwright.dsl.frozen import Frozen
from labelwright.dsl.plugins import Parameter


class Metric(Frozen):
    """One subject of a criterion."""

    name: str
    help: str
    kind: Literal["proportion", "score", "count", "error"]
    of: Literal["no", "may", "must"] = "no"  # said of a class?
    better: Literal["higher", "lower"] = "higher"
    least: float = 0.0
    most: float | None = 1.0
    needs: Literal["holdout", "people", "labels"] = "holdout"
    task: Literal["any", "classification", "spans"] = "any"
    choose: Literal["any", "one", "many"] = "any"
    scale: bool = False  # only where classes stand on a scale
    operating_point: tuple[str, ...] = ()  # what `at N% …` may name
    parameters: tuple[Parameter, ...] = ()
    instead: tuple[str, ...] = ()  # what a bare one, without `of`, may have meant
    also: tuple[str, ...] = ()


_K = Parameter("k", "int", required=False, default=1)
_M = Metric

METRICS: dict[str, Metric] = {
    m.name: m
    for m in (
        _M("accuracy", "The share of items whose label the model gets right.", "proportion",
           task="classification", choose="one", parameters=(_K,), also=("acc", "correct")),
        _M("exact_match", "The share of items whose whole set of classes is right.", "proportion",
           task="classification", choose="many", also=("subset_accuracy", "em")),
        _M("precision", "Of what the model calls a class, the share that is.", "proportion",
           of="must", operating_point=("recall",), instead=("macro_precision", "micro_precision"),
           also=("ppv",)),
        _M("recall", "Of what is a class, the share that the model finds.", "proportion",
           of="must", operating_point=("precision",), parameters=(_K,),
           instead=("macro_recall", "micro_recall"), also=("sensitivity", "tpr")),
        _M("f1", "The harmonic mean of a class's precision and recall.", "score", of="must",
           instead=("macro_f1", "micro_f1"), also=("f_score", "f_measure")),
        _M("macro_f1", "The mean of the classes' f1, each counting the same.", "score",
           also=("f1_macro", "average_f1")),
        _M("micro_f1", "f1 over all decisions together.", "score", also=("f1_micro",)),
        _M("weighted_f1", "The mean of the classes' f1, weighted by how common they are.", "score",
           also=("f1_weighted",)),
        _M("macro_precision", "The mean of the classes' precision.", "score",
           also=("precision_macro",)),
        _M("micro_precision", "Precision over all decisions together.", "score",
           also=("precision_micro",)),
        _M("macro_recall", "The mean of the classes' recall.", "score",
           also=("balanced_accuracy", "recall_macro")),
        _M("micro_recall", "Recall over all decisions together.", "score", also=("recall_micro",)),
        _M("average_precision", "The area under a class's precision-recall curve.", "score",
           of="must", task="classification", instead=("macro_average_precision",),
           also=("pr_auc", "auprc")),
        _M("macro_average_precision", "The mean of the classes' average precision.", "score",
           task="classification", also=("mean_average_precision",)),
        _M("auroc", "The chance that an item of the class is ranked above one that is not.",
           "score", of="must", task="classification", instead=("macro_auroc",),
           also=("roc_auc", "auc")),
        _M("macro_auroc", "The mean of the classes' auroc.", "score", task="classification"),
        _M("quadratic_kappa", "Agreement with the labels beyond chance, far misses counting more.",
           "score", least=-1.0, scale=True, also=("qwk", "weighted_kappa")),
        _M("mae", "The mean distance to the label on the task's scale.", "error", better="lower",
           most=None, scale=True, also=("mean_absolute_error",)),
        _M("ece", "How far the model's confidence is from its accuracy, on average.", "error",
           better="lower", task="classification",
           also=("calibration", "calibration_error", "expected_calibration_error")),
        _M("brier", "The mean squared error of the probabilities.", "error", better="lower",
           most=2.0, task="classification", also=("brier_score",)),
        _M("log_loss", "The mean negative log-probability of the label.", "error", better="lower",
           most=None, task="classification", also=("cross_entropy", "nll")),
        _M("alpha", "Krippendorff's: agreement of people beyond chance.", "score", least=-1.0,
           needs="people", also=("krippendorff", "agreement", "krippendorff_alpha")),
        _M("kappa", "Fleiss': agreement of people beyond chance.", "score", least=-1.0,
           needs="people", task="classification", also=("fleiss_kappa", "cohen_kappa")),
        _M("gamma", "Agreement of people on spans: where they lie and what they are.", "score",
           least=-1.0, needs="people", task="spans"),
        _M("labels", "How many items have a label that trains.", "count", of="may", most=None,
           needs="labels", also=("support", "items", "count", "label_count")),
    )
}  # fmt: skip
"""All metrics by name."""
