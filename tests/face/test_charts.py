from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from labelwright.charts import curve_svg
from labelwright.exporting import curve_json
from labelwright.loop.history import Estimate
from labelwright.summary import Target, accuracy_targets

from .campaigns import ALL, digits, empty, korean, steady

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return ["".join(t.itertext()) for t in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("narrow", [False, True])
def test_is_one_well_formed_svg_that_refers_to_nothing_outside(name: str, narrow: bool) -> None:
    case = ALL[name]()
    svg = curve_svg(case.campaign, targets=accuracy_targets(case.task), narrow=narrow)
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert "width" not in root.attrib
    assert "height" not in root.attrib
    assert root.attrib["aria-label"]
    for element in root.iter():
        assert not element.tag.endswith(("script", "image", "foreignObject", "metadata"))
        for key, value in element.attrib.items():
            if key.endswith("href"):
                assert value.startswith("#")
    assert not re.search(r"url\((?!#)", svg)


def test_the_same_campaign_gives_the_same_bytes() -> None:
    case = digits()
    targets = accuracy_targets(case.task)
    assert curve_svg(case.campaign, targets=targets) == curve_svg(case.campaign, targets=targets)


def test_the_same_bytes_in_another_process() -> None:
    code = (
        "import sys, types; made = types.ModuleType('made'); made.__path__ = [sys.argv[1]];"
        "sys.modules['made'] = made; from made.campaigns import steady;"
        "from labelwright.charts import curve_svg;"
        "sys.stdout.write(curve_svg(steady().campaign))"
    )
    where = str(Path(__file__).parent)
    run = subprocess.run([sys.executable, "-c", code, where], capture_output=True, check=True)
    assert run.stdout.decode() == curve_svg(steady().campaign)


def test_ids_of_both_shapes_differ_so_that_one_page_can_hold_them() -> None:
    campaign = digits().campaign
    ids = [re.findall(r'id="([^"]+)"', curve_svg(campaign, narrow=n)) for n in (False, True)]
    assert ids[0]
    assert not set(ids[0]) & set(ids[1])


def test_follows_the_readers_scheme() -> None:
    svg = curve_svg(digits().campaign)
    assert "prefers-color-scheme:dark" in svg
    assert set(re.findall(r"var\((--lw-[a-z]+)\)", svg)) >= {
        "--lw-ink",
        "--lw-estimate",
        "--lw-truth",
    }
    drawn = re.sub(r"<style>.*?</style>", "", svg, flags=re.S)
    assert not re.search(r"#0[1-7]0[1-7]0[1-7]|#[0-9a-f]{6}", drawn)


def test_words_of_the_task_are_text_in_any_script() -> None:
    hostile = "정확도 >= 90% </text><script>alert(1)</script>\x1b"
    svg = curve_svg(korean().campaign, targets=[Target(0.9, hostile)])
    assert "정확도 >= 90% </text><script>alert(1)</script>" in texts(svg)
    assert "<script" not in svg


def test_truth_is_drawn_in_rehearsals_only() -> None:
    assert any("true" in t for t in texts(curve_svg(digits().campaign)))
    assert not any("true" in t for t in texts(curve_svg(korean().campaign)))


def test_rounds_carry_their_figures_as_tooltips() -> None:
    svg = curve_svg(steady().campaign)
    titles = [t.text for t in ElementTree.fromstring(svg).iter(f"{SVG}title")]
    assert "round 2: 95.0% (93.0–97.0%) after 300 annotations on training" in titles


def test_a_changed_definition_breaks_the_line() -> None:
    campaign = steady().campaign
    *before, last = campaign.rounds
    changed = campaign.model_copy(
        update={"rounds": (*before, last.model_copy(update={"definition": 2}))}
    )
    assert "definition 2" not in texts(curve_svg(campaign))
    svg = curve_svg(changed)
    assert texts(svg).count("definition 2") == 1
    assert "interval" in " ".join(texts(svg))
    assert [r["definition"] for r in curve_json(changed)["rounds"]] == [1] * len(before) + [2]


def test_no_round_and_unknown_accuracy() -> None:
    assert "no round yet" in texts(curve_svg(empty().campaign))
    case = steady()
    first, *others = case.campaign.rounds
    blank = first.measurement.model_copy(update={"accuracy": Estimate(estimate=None)})
    rounds = (first.model_copy(update={"measurement": blank}), *others)
    svg = curve_svg(case.campaign.model_copy(update={"rounds": rounds}))
    assert "lw-round-0" not in svg
    assert "lw-round-1" in svg


def test_importing_loads_nothing_heavy() -> None:
    heavy = ("matplotlib", "numpy", "rich", "pyarrow", "jinja2", "torch")
    code = (
        "import sys, labelwright.charts, labelwright.terminal, labelwright.exporting;"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout.strip() == "[]"
