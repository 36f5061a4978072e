import os

import pytest

from spargen.errors import SceneError
from spargen.scene.adapter import TERMS_FILE, SceneAdapter


class Scans(SceneAdapter):
    dataset = "mine"
    terms_of_use = "ask me"

    def scenes(self):
        return []

    def load(self, scene_id):
        raise NotImplementedError


def test_a_folder_without_terms_has_those_of_its_data_set(tmp_path):
    assert Scans(tmp_path).terms() == "ask me"


@pytest.mark.parametrize("text", ["free to use", "\n free to use \r\n\n", "\ufefffree to use\n"])
def test_the_terms_that_a_folder_brings_win(tmp_path, text):
    (tmp_path / TERMS_FILE).write_text(text, "utf-8")
    assert Scans(tmp_path).terms() == "free to use"


def test_what_an_adapter_does_not_say_of_its_files_is_not_known(tmp_path):
    assert Scans(tmp_path).fingerprint("any") == ""


def test_an_empty_file_brings_no_terms(tmp_path):
    (tmp_path / TERMS_FILE).write_text("\n  \n")
    assert Scans(tmp_path).terms() == "ask me"


def test_terms_that_cannot_be_read_are_no_reason_to_name_others(tmp_path):
    (tmp_path / TERMS_FILE).write_bytes(b"\xe9tude")
    with pytest.raises(SceneError, match="not UTF-8") as caught:
        Scans(tmp_path).terms()
    assert caught.value.where.endswith(f"{TERMS_FILE}:1")
    (tmp_path / TERMS_FILE).unlink()
    (tmp_path / TERMS_FILE).mkdir()
    with pytest.raises(SceneError, match="no regular file"):
        Scans(tmp_path).terms()
    (tmp_path / TERMS_FILE).rmdir()
    os.mkfifo(tmp_path / TERMS_FILE)
    with pytest.raises(SceneError, match="no regular file"):
        Scans(tmp_path).terms()
