from __future__ import annotations

import os
from pathlib import Path

import pytest

from labelwright.connectors.paths import data_files, data_path, fingerprint, glob_files
from labelwright.loop.errors import DataError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "sub" / ".hidden").mkdir(parents=True)
    for name in ("b.csv", "a.csv", "sub/c.csv", "sub/.hidden/d.csv", "odd[1].csv"):
        (root / name).write_text("x\n")
    (tmp_path / "secret.csv").write_text("secret\n")
    return root


def test_patterns_are_sorted_and_leave_out_hidden_files(root: Path) -> None:
    assert [p.name for p in data_files("?.csv", root)] == ["a.csv", "b.csv"]
    assert data_files("**/c*.csv", root) == (root / "sub/c.csv",)
    assert [p.name for p in glob_files("**/*", root, root)] == [
        "a.csv", "b.csv", "odd[1].csv", "c.csv",
    ]  # fmt: skip


def test_a_file_whose_name_looks_like_a_pattern_is_found(root: Path) -> None:
    assert data_files("odd[1].csv", root) == (root / "odd[1].csv",)


def test_a_missing_file_names_path_root_and_how_to_move_the_root(root: Path) -> None:
    for path in ("none.csv", "none*.csv"):
        with pytest.raises(DataError) as caught:
            data_files(path, root)
        assert path in caught.value.message
        assert str(root) in caught.value.message
        assert "LABELWRIGHT_DATA" in caught.value.remedy
        assert "--data-root" in caught.value.remedy


@pytest.mark.parametrize(
    "path",
    [
        "../secret.csv",
        "sub/../../secret.csv",
        "sub\\..\\..\\secret.csv",
        "../*.csv",
        "/etc/passwd",
        "C:\\data.csv",
        "~/x.csv",
        "",
        "a\0.csv",
    ],
)
def test_paths_out_of_the_root_are_refused(root: Path, path: str) -> None:
    with pytest.raises(DataError):
        data_files(path, root)


def test_a_link_out_of_the_root_is_refused(root: Path) -> None:
    (root / "link.csv").symlink_to(root.parent / "secret.csv")
    (root / "folder").symlink_to(root.parent)
    for path in ("link.csv", "link*.csv", "folder/secret.csv"):
        with pytest.raises(DataError, match="out of the data root"):
            data_files(path, root)


def test_a_link_within_the_root_and_a_root_that_is_a_link_are_fine(root: Path) -> None:
    (root / "inside.csv").symlink_to(root / "a.csv")
    assert data_files("inside.csv", root) == (root / "inside.csv",)
    alias = root.parent / "alias"
    alias.symlink_to(root)
    assert data_path("sub/c.csv", alias).read_text() == "x\n"


def test_broken_and_circular_links_are_errors_not_crashes(root: Path) -> None:
    (root / "loop1").symlink_to(root / "loop2")
    (root / "loop2").symlink_to(root / "loop1")
    (root / "dangling.csv").symlink_to(root / "gone.csv")
    for path in ("loop1", "dangling.csv", "dangl*.csv"):
        with pytest.raises(DataError):
            data_files(path, root)


def test_a_folder_is_not_a_file(root: Path) -> None:
    with pytest.raises(DataError, match="not a file"):
        data_files("sub", root)


def test_the_fingerprint_changes_with_content_time_and_arguments(root: Path) -> None:
    files = data_files("a.csv", root)
    before = fingerprint(files, root, ["csv", ","])
    assert before == fingerprint(files, root, ["csv", ","])
    assert before != fingerprint(files, root, ["csv", ";"])
    stat = files[0].stat()
    os.utime(files[0], ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    later = fingerprint(files, root, ["csv", ","])
    assert later != before
    files[0].write_text("longer\n")
    os.utime(files[0], ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert fingerprint(files, root, ["csv", ","]) != later
