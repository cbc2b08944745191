"""`render_report`: a task, its campaign and the items to show, as one offline HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from labelwright import figures, shift_view
from labelwright.charts import curve_svg
from labelwright.coverage_chart import coverage_svg
from labelwright.dsl.task import Task
from labelwright.forecast_view import forecast_lines
from labelwright.loop.history import Campaign
from labelwright.loop.shift import words as shift_words
from labelwright.report import view
from labelwright.report.marks import stretches
from labelwright.report.people import section
from labelwright.report.shown import ShownItem, doubted, samples
from labelwright.report.written import settings
from labelwright.rules_view import worse
from labelwright.summary import (
    MARKS,
    accuracy_targets,
    bill,
    ceiling_words,
    class_names,
    last_round,
    measured,
    more_words,
    nothing_learned,
    outcome,
    questions,
    verdicts,
)
from labelwright.words import clean, shorten

TEXT_LIMIT = 300  # characters of one field on a card


def render_report(task: Task, campaign: Campaign, items: Mapping[str, ShownItem]) -> str:
    """The report as HTML, UTF-8 expected; the same text for the same arguments.

    `items` holds the items that `shown_ids(campaign)` names; a missing one is shown by its id.
    Pictures given as examples in the task are shown where `items` has their path as an id.
    """
    names = class_names(task)
    last, now = last_round(campaign), measured(campaign)
    spent = bill(task, campaign)
    rows = [
        view.verdict_row(v, names, more_words(task, campaign, v)) for v in verdicts(task, campaign)
    ]
    result = outcome(task, campaign)
    targets = accuracy_targets(task)
    early, late = view.rounds_in_short(campaign.rounds)
    return (
        _environment(names)
        .get_template("report.html.j2")
        .render(
            task=task,
            campaign=campaign,
            items=items,
            last=last,
            now=now,
            nothing=nothing_learned(task, now) if now else None,
            outcome=result,
            mark=MARKS[result],
            verdicts=rows,
            ceiling=ceiling_words(task, now) if now else "",
            bill=spent,
            alarms=view.alarmed(campaign),
            choosing=view.choosing(campaign),
            spending=view.spending(task, campaign, spent),
            questions=questions(campaign),
            guide=view.guide(task),
            cards=view.class_cards(task),
            ahead={"forecast": forecast_lines(campaign), "stopping": campaign.stopping},
            curve=Markup(curve_svg(campaign, targets=targets)),  # noqa: S704 - our own SVG, escaped
            curve_narrow=Markup(curve_svg(campaign, targets=targets, narrow=True)),  # noqa: S704
            coverage_picture=Markup(_coverage(campaign)),  # noqa: S704
            class_rows=view.class_rows(last, names) if last else [],
            sorted_rows=len(task.labels) > view.WEAKEST_FIRST,
            matrix=view.matrix(now, names) if now else None,
            pairs=view.pairs(now) if now else (),
            rounds_early=early,
            rounds_late=late,
            samples=samples(campaign),
            doubts=doubted(campaign),
            people=section(task, campaign, names, _texts(items)),
            settings=settings(task),
        )
    )


def _coverage(campaign: Campaign) -> str:
    covered = campaign.distribution.coverage
    return "" if covered is None else coverage_svg(covered)


def _texts(items: Mapping[str, ShownItem]) -> dict[str, str]:
    """By id, the text of an item; of several, with a dot between them."""
    return {i: " · ".join(text for _, text in s.fields) for i, s in items.items() if s.fields}


def _environment(names: Mapping[str, str]) -> Environment:
    """Everything that the template prints is cleaned, then escaped."""
    environment = Environment(
        autoescape=True,
        loader=PackageLoader("labelwright.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters |= {
        "percent": figures.percent,
        "decimal": figures.decimal,
        "count": figures.count,
        "counted": figures.counted,
        "money": figures.money,
        "duration": figures.duration,
        "hours": figures.hours,
        "interval": figures.interval,
        "every": figures.every,
        "interval_decimal": partial(figures.interval, number=figures.decimal),
        "title": lambda id: names.get(id, id),
        "sentence": _sentence,
        "capital": lambda text: text[:1].upper() + text[1:],
        "titles": lambda ids: ", ".join(names.get(id, id) for id in ids.split(", ")),
        "marked": view.marked,
        "rule_worse": worse,
        "parts_named": shift_words.names,
        "compared": shift_words.sentence,
        "compared_remedy": shift_words.remedy,
        "tests_shown": shift_view.shown,
        "test_effect": shift_view.effect,
        "probability": shift_view.probability,
        "stretches": partial(stretches, limit=TEXT_LIMIT),
        "short": lambda text: shorten(text, TEXT_LIMIT),
    }
    return environment


def _sentence(text: str) -> str:
    """With a capital and a full stop."""
    ended = text if text.endswith((".", "!", "?")) else text + "."
    return ended[:1].upper() + ended[1:]


def _finalize(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return clean(value, keep_lines=True)
    return value
