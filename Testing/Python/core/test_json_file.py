"""JSON files of users: what is read, and what is wrong with one in one line."""

import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.core.json_file import read_json


def test_text_of_any_editor(tmp_path):
    path = tmp_path / "Größe.json"
    for encoding in ("utf-8", "utf-8-sig"):
        path.write_text('{"a": "Ä"}', encoding=encoding)
        assert read_json(path, "Recipe") == {"a": "Ä"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not valid JSON: Expecting value"),
        (b"{'a': 1}", "is not valid JSON: Expecting property name"),
        (b"[" * 100_000, "is not valid JSON"),
        (b"1" * 5000, "is not valid JSON: Exceeds the limit"),
        (b"\xff\xfe{}", "cannot be read: it is not text in UTF-8"),
    ],
)
def test_what_is_no_json(tmp_path, content, reason):
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_json(path, "Recipe")
    assert str(caught.value).startswith(f"Recipe {path} {reason}") and "\n" not in str(caught.value)


def test_what_is_no_file(tmp_path):
    with pytest.raises(InputError, match=r"Recipe .*none\.json cannot be read: No such file"):
        read_json(tmp_path / "none.json", "Recipe")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_json(tmp_path, "Recipe")
