from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from labelwright.dsl.plugins import Parameter
from labelwright.dsl.task import Argument, Call, Percent, Word
from labelwright.loop.errors import PluginError
from labelwright.loop.plugins import Installed, signature

MODULE = """
from __future__ import annotations


def oldest(learner: Any, X: numpy.ndarray, n_instances: int, *, random_state: int,
           column: str, share: float = 0.5, names: list[str] | None = None) -> Chosen:
    \"\"\"The items that waited longest.

    More words.
    \"\"\"
    return learner, X, n_instances, random_state, column, share, names


def modal_like(classifier, X, n_instances=1, random_tie_break=False, **predict_kwargs):
    return classifier, X, n_instances, random_tie_break, predict_kwargs


def reader(path: str, *more: str, context, limit: int | None = None, **arrays: str):
    return path, more, context, limit, arrays


def blend(learner, X, n_instances, *strategies: Call, random_state, plugins):
    return strategies, plugins
"""


def _distribution(folder: Path, name: str, entry_points: str) -> None:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "somebodys_strategies.py").write_text(MODULE)
    (tmp_path / "broken_strategies.py").write_text("raise RuntimeError('no licence')\n")
    _distribution(
        tmp_path,
        "somebodys-strategies",
        "[labelwright.query]\n"
        "oldest = somebodys_strategies:oldest\n"
        "modal_like = somebodys_strategies:modal_like\n"
        "blend = somebodys_strategies:blend\n"
        "margin = somebodys_strategies:oldest\n"
        "broken = broken_strategies:anything\n"
        "constant = somebodys_strategies:__doc__\n"
        "[labelwright.read]\nreader = somebodys_strategies:reader\n",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "somebodys_strategies", raising=False)
    return tmp_path


@pytest.mark.usefixtures("third_party")
def test_a_third_party_plug_in_is_found_described_and_called() -> None:
    installed = Installed()
    found = installed.find("query", "oldest")
    assert found is not None
    assert found.help == "The items that waited longest."
    assert found.parameters == (
        Parameter("column", "str", required=True, positional=False),
        Parameter("share", "float", required=False, default=0.5, positional=False),
        Parameter("names", "list", required=False, default=None, positional=False),
    )
    call = Call(
        name="oldest",
        args=(
            Argument(name="column", value=Word(name="date")),
            Argument(name="share", value=Percent(percent=10)),
        ),
    )
    result = installed.invoke(
        "query", call, learner="L", X="X", n_instances=3, random_state=7, context="C"
    )
    assert result == ("L", "X", 3, 7, "date", 0.1, None)


@pytest.mark.usefixtures("third_party")
def test_a_function_written_for_modal_gets_its_learner_whatever_it_is_called() -> None:
    call = Call(name="modal_like", args=(Argument(name="random_tie_break", value=True),))
    result = Installed().invoke("query", call, learner="L", X="X", n_instances=3, random_state=7)
    assert result == ("L", "X", 3, True, {})


@pytest.mark.usefixtures("third_party")
def test_variadic_and_open_arguments() -> None:
    installed = Installed()
    found = installed.find("read", "reader")
    assert found is not None
    assert found.parameters == (
        Parameter("path", "str", required=True),
        Parameter("more", "str", required=False, variadic=True),
        Parameter("limit", "int", required=False, positional=False),
        Parameter("arrays", "str", required=False, positional=False, open=True),
    )
    call = Call(
        name="reader",
        args=(
            Argument(value="a.npz"),
            Argument(value="b.npz"),
            Argument(name="image", value=Word(name="train_images")),
        ),
    )
    result = installed.invoke("read", call, context="C")
    assert result == ("a.npz", ("b.npz",), "C", None, {"image": "train_images"})


@pytest.mark.usefixtures("third_party")
def test_nested_calls_stay_calls_and_the_catalogue_supplies_itself() -> None:
    installed = Installed()
    arm = Call(name="random", args=(Argument(value=Percent(percent=10)),))
    call = Call(name="blend", args=(Argument(value=Word(name="margin")), Argument(value=arm)))
    strategies, plugins = installed.invoke(
        "query", call, learner=None, X=None, n_instances=1, random_state=0
    )
    assert strategies == ("margin", arm)
    assert plugins is installed


@pytest.mark.usefixtures("third_party")
def test_the_own_plug_in_wins_over_another_of_its_name() -> None:
    assert Installed().load("query", "margin").__module__ == "labelwright.loop.query.margin"


@pytest.mark.usefixtures("third_party")
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("broken", "cannot be imported: RuntimeError: no licence"),
        ("constant", "is not callable"),
        ("nothing", "no query strategy is called nothing"),
    ],
)
def test_what_cannot_be_loaded_says_so(name: str, says: str) -> None:
    with pytest.raises(PluginError, match=says):
        Installed().load("query", name)


def test_an_unknown_name_is_none_and_the_error_names_what_there_is() -> None:
    installed = Installed()
    assert installed.find("query", "marginn") is None
    with pytest.raises(PluginError) as caught:
        installed.load("query", "marginn")
    assert "margin" in caught.value.remedy


def test_two_packages_with_one_name_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _distribution(tmp_path, "one", "[labelwright.query]\nsame = one:f\n")
    _distribution(tmp_path, "two", "[labelwright.query]\nsame = two:f\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(PluginError, match="more than one query strategy is called same"):
        Installed().find("query", "same")


@pytest.mark.usefixtures("third_party")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "needs the argument column"),
        (
            (Argument(name="column", value="a"), Argument(name="colum", value="b")),
            "no argument colum",
        ),
        ((Argument(value="a"),), "needs the argument column"),
    ],
)
def test_arguments_that_do_not_fit(arguments: tuple[Argument, ...], says: str) -> None:
    call = Call(name="oldest", args=arguments)
    with pytest.raises(PluginError, match=says):
        Installed().invoke("query", call, learner=0, X=0, n_instances=1, random_state=0)


def test_what_the_plug_in_needs_must_be_supplied() -> None:
    with pytest.raises(PluginError, match="needs random_state"):
        Installed().invoke("query", Call(name="random"), learner=None, X=None, n_instances=1)


@pytest.mark.parametrize(
    ("annotation", "type_"),
    [
        ("int", "int"),
        (int, "int"),
        ("float | None", "float"),
        (float | None, "float"),
        ("int | float", "float"),
        ("Call", "call"),
        ("Sequence[str]", "list"),
        (list[str], "list"),
        ("Literal['a', 'b']", "str"),
        ("numpy.ndarray", "any"),
    ],
)
def test_annotations_become_the_languages_types(annotation: object, type_: str) -> None:

    def with_learner(learner, argument): ...  # type: ignore[no-untyped-def]

    with_learner.__annotations__["argument"] = annotation
    (parameter,) = signature("query", "x", with_learner).parameters
    assert parameter.type == type_


def test_looking_up_built_in_plug_ins_loads_nothing_heavy() -> None:
    code = (
        "import sys; from labelwright.loop.plugins import Installed; i = Installed();"
        "assert all(i.find('query', n) for n in ('random','margin','committee','k_means','mix'));"
        "assert i.find('learn', 'head') and i.find('pseudo', 'threshold');"
        "assert i.find('resolve', 'majority');"
        "heavy = {'numpy','torch','sklearn','scipy','pyarrow','modAL'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
