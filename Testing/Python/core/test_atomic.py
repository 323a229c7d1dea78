"""Whole files or none: on errors, cancel, full disks and unwritable places."""

import contextlib
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from MedProcLib.core.atomic import (
    discard_unfinished,
    require_writable,
    require_writable_folder,
    whole_file,
    whole_folder,
    write_text,
    written_together,
)
from MedProcLib.core.errors import Cancelled, InputError

ROOT = Path(__file__).resolve().parents[3]


def test_a_file_appears_when_it_is_whole(tmp_path):
    target = tmp_path / "result.txt"
    with whole_file(target) as temporary:
        temporary.write_text("new")
        assert not target.exists() and temporary.parent == tmp_path and temporary.suffix == ".txt"
    assert target.read_text() == "new" and list(tmp_path.iterdir()) == [target]


def test_an_existing_file_stays_when_the_work_fails(tmp_path):
    target = tmp_path / "result.txt"
    target.write_text("old")
    with pytest.raises(Cancelled), whole_file(target) as temporary:
        temporary.write_text("half")
        raise Cancelled
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


def test_text_is_utf8_with_line_feeds(tmp_path):
    write_text("ä\n", tmp_path / "text")
    assert (tmp_path / "text").read_bytes() == b"\xc3\xa4\n"


def test_a_missing_folder_is_named(tmp_path):
    for write in (lambda path: write_text("x", path), require_writable):
        with pytest.raises(InputError, match=r"there is no folder .*missing; make it first"):
            write(tmp_path / "missing" / "file.txt")


def test_a_place_below_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="there is no folder"):
        require_writable(tmp_path / "file" / "below.txt")
    with pytest.raises(InputError, match="is a file"):
        require_writable_folder(tmp_path / "file" / "below")
    with pytest.raises(InputError, match="is a file; name a folder"):
        require_writable_folder(tmp_path / "file")
    with pytest.raises(InputError, match="cannot be written to"), whole_folder(tmp_path / "file" / "below"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_read_only_place_cannot_be_written():
    """/proc takes no new files, even from root."""
    if not Path("/proc/self").is_dir():
        pytest.skip("there is no /proc")
    with pytest.raises(InputError, match=r"/proc/result\.txt cannot be written"):
        require_writable("/proc/result.txt")
    with pytest.raises(InputError, match="cannot be written"):
        require_writable_folder("/proc/result")


def test_a_folder_where_a_file_should_come_is_refused(tmp_path):
    with pytest.raises(InputError, match="is a folder; name a file"):
        require_writable(tmp_path)


def test_files_of_a_folder_appear_together_and_others_stay(tmp_path):
    target = tmp_path / "new" / "results"
    with whole_folder(target) as hidden:
        (hidden / "a.txt").write_text("a")
        assert [path.name for path in target.iterdir()] == [hidden.name]
        (hidden / "b.txt").write_text("b")
    assert sorted(path.name for path in target.iterdir()) == ["a.txt", "b.txt"]
    (target / "others.txt").write_text("stays")
    with whole_folder(target) as hidden:
        (hidden / "a.txt").write_text("newer")
    assert (target / "a.txt").read_text() == "newer" and (target / "others.txt").read_text() == "stays"


def test_a_failing_folder_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), whole_folder(tmp_path / "new" / "results") as hidden:
        (hidden / "a.txt").write_text("a")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_failing_folder_leaves_what_was_there(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(RuntimeError), whole_folder(tmp_path) as hidden:
        (hidden / "a.txt").write_text("half")
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"] and (tmp_path / "a.txt").read_text() == "old"


def test_a_folder_with_the_name_of_a_result_is_not_touched(tmp_path):
    (tmp_path / "b.txt").mkdir()
    with pytest.raises(InputError, match=r"b\.txt is a folder; move it away"), whole_folder(tmp_path) as hidden:
        (hidden / "a.txt").write_text("a")
        (hidden / "b.txt").write_text("b")
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def test_what_is_unfinished_can_be_discarded_from_outside(tmp_path):
    """As the command line does before it leaves a computation that does not stop."""
    file, folder = whole_file(tmp_path / "file.txt"), whole_folder(tmp_path / "new" / "results")
    file.__enter__().write_text("half")
    (folder.__enter__() / "a.txt").write_text("half")
    discard_unfinished()
    assert list(tmp_path.iterdir()) == []


def test_a_thread_that_still_writes_does_not_fill_a_discarded_folder_again(tmp_path):
    """Files that came while the folder was removed kept it there."""
    folder = whole_folder(tmp_path / "results")
    hidden = folder.__enter__()

    def write():
        with contextlib.suppress(FileNotFoundError):
            for number in range(100_000):
                (hidden / f"{number}.txt").write_text("half")

    writer = threading.Thread(target=write)
    writer.start()
    while len(list(hidden.iterdir())) < 300:
        pass
    discard_unfinished()
    assert list(tmp_path.iterdir()) == []
    writer.join()
    assert list(tmp_path.iterdir()) == []


def test_it_is_told_whether_anything_was_written_whole_before(tmp_path):
    code = (
        "import sys; from pathlib import Path; from MedProcLib.core.atomic import *\n"
        "folder = Path(sys.argv[1]); inside = whole_folder(folder / 'maps'); hidden = inside.__enter__()\n"
        "write_text('in a folder that goes', hidden / 'a.txt'); print(discard_unfinished())\n"
        "write_text('stays', folder / 'b.txt'); print(discard_unfinished())"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert said.stdout.split() == ["False", "True"]
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def test_a_full_disk_leaves_the_old_file(tmp_path):
    """A limit on file size in a process of its own stands in for a full disk."""
    code = (
        "import resource, signal, sys; sys.path.insert(0, sys.argv[2]);"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000));"
        "import numpy as np, SimpleITK as sitk;"
        "from MedProcLib.core.files import write_image; from MedProcLib.core.errors import InputError;"
        "image = sitk.GetImageFromArray(np.random.default_rng(0).random((30, 40, 50)))\n"
        "try: write_image(image, sys.argv[1])\n"
        "except InputError as error: print('REFUSED', error)"
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] != 0
    for name in ("image.nii.gz", "image.nii", "image.nrrd", "image.mha"):
        target = tmp_path / name
        target.write_text("old")
        ended = subprocess.run(
            [sys.executable, "-c", code, str(target), str(ROOT)], capture_output=True, text=True, cwd=tmp_path
        )
        assert "REFUSED" in ended.stdout, (name, ended.stdout, ended.stderr)
        assert target.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 4


def test_several_results_appear_together(tmp_path):
    folder = tmp_path / "maps"
    with written_together():
        write_text("a", tmp_path / "a.txt")
        with whole_folder(folder) as hidden:
            (hidden / "map.txt").write_text("m")
        assert not (tmp_path / "a.txt").exists() and not (folder / "map.txt").exists()
        write_text("b", tmp_path / "b.txt")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.txt", "b.txt", "map.txt", "maps"]
    write_text("later", tmp_path / "c.txt")
    assert (tmp_path / "c.txt").read_text() == "later"


@pytest.mark.parametrize("failure", [Cancelled(), InputError("no")])
def test_of_several_results_none_is_left_when_one_fails(tmp_path, failure):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(type(failure)), written_together():
        write_text("new", tmp_path / "a.txt")
        with whole_folder(tmp_path / "maps") as hidden:
            (hidden / "map.txt").write_text("m")
        raise failure
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"] and (tmp_path / "a.txt").read_text() == "old"


def test_of_several_results_none_is_left_when_a_folder_is_in_the_way_of_one(tmp_path):
    (tmp_path / "maps" / "map.txt").mkdir(parents=True)
    with pytest.raises(InputError, match=r"map\.txt is a folder; move it away"), written_together():
        write_text("new", tmp_path / "a.txt")
        with whole_folder(tmp_path / "maps") as hidden:
            (hidden / "map.txt").write_text("m")
    assert [path.name for path in tmp_path.rglob("*")] == ["maps", "map.txt"]


def test_what_waits_for_others_is_removed_at_an_exit(tmp_path):
    with pytest.raises(InputError, match="cannot be written"), written_together():
        write_text("new", tmp_path / "a.txt")
        discard_unfinished()
        assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_named_as_it_was_given():
    with pytest.raises(InputError, match=r"^Folder /proc/new cannot be written to: "):
        require_writable_folder("/proc/new")
