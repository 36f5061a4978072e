"""The command and what it writes: trees that it reads or refuses, counts, the page, the same bytes twice."""

import random
import sys

import orjson
import pytest
import spar_tree
from spar_tree import by_told_value, honest, metres, select, write_tree
from toy_output import write_output
from typer.testing import CliRunner

from spargen.audit.against import counts_of, difference, histograms_apart
from spargen.audit.counts import Counts, asked_twice, holm
from spargen.audit.learn import sklearn
from spargen.audit.tree import Asked, Tree
from spargen.cli import app
from spargen.errors import JobError, OutputError
from spargen.gallery.figures import Histogram

SELECT, FILL = Asked("depth_prediction_oc", "select"), Asked("depth_prediction_oc", "fill")
SCRIPT = "<script>alert(1)</script>"


def scripted(rng):
    """A shortcut, with markup wherever a text can hold some."""
    question, answer, keys = by_told_value(rng)
    return question.replace("bed", SCRIPT), answer, keys


def run(*arguments):
    pytest.importorskip("sklearn", reason="blind models are scikit-learn's")
    return CliRunner().invoke(app, ["audit", *map(str, arguments), "--workers", "1"])


@pytest.fixture(scope="module")
def leaky(tmp_path_factory):
    return write_tree(tmp_path_factory.mktemp("leaky"), {SELECT: scripted}, rows=16)


@pytest.fixture(scope="module")
def audited(leaky, tmp_path_factory):
    """Return what the command printed, and its page and JSON."""
    folder = tmp_path_factory.mktemp("audited")
    page, found = folder / "audit.html", folder / "audit.json"
    result = run(leaky, "--page", page, "--json", found, "--fail-above", 3, "--against", leaky)
    return result, page.read_text(), found.read_bytes()


# --------------------------------------------------------------------------------------------------------------- trees
@pytest.mark.parametrize("below", ["", "spar", "spar/scannet"])
def test_a_bare_tree_is_read_from_any_of_its_folders(tmp_path, below):
    write_tree(tmp_path / "spar", {SELECT: honest}, scenes=2, rows=3)
    tree = Tree(tmp_path / below)
    assert tree.asked == [SELECT]
    rows = list(tree.rows(SELECT))
    assert len(rows) == 6
    assert not tree.has_facts
    assert {row.place for row in rows} == {"scannet/scene0000", "scannet/scene0001"}
    assert not any("<image>" in row.question for row in rows)
    assert all((row.folder / row.images[0]).exists() for row in rows)


def test_an_output_is_read_with_its_facts(tmp_path):
    write_output(tmp_path / "out", tmp_path)
    tree = Tree(tmp_path / "out")
    rows = list(tree.rows(FILL))
    assert {row.dataset for row in rows} == {"toy", "other"}
    assert tree.has_facts
    assert all(row.fact["id"] == row.id for row in rows)


def test_a_folder_without_rows_and_a_damaged_line_are_refused(tmp_path):
    with pytest.raises(OutputError, match="no rows"):
        Tree(tmp_path)
    write_tree(tmp_path, {SELECT: honest}, scenes=2, rows=1)
    (file,) = tmp_path.glob("*/qa_jsonl/*/*/*/*.jsonl")
    file.write_bytes(file.read_bytes() + b'{"id": 3}\n')
    with pytest.raises(OutputError, match=r"_2\.jsonl:3: .*no row"):
        list(Tree(tmp_path).rows(SELECT))


def test_scans_of_one_room_are_one_place(tmp_path):
    write_tree(tmp_path, {SELECT: honest}, scenes=1, rows=1)
    (row,) = Tree(tmp_path).rows(SELECT)
    row.record["image"][0] = "scene0000_02/image_color/1.jpg"
    assert row.place == "scannet/scene0000"


def test_fewer_than_ten_scenes_are_refused(tmp_path):
    write_tree(tmp_path, {SELECT: honest}, scenes=9, rows=2)
    result = run(tmp_path)
    assert result.exit_code == 1
    assert "9 scenes" in result.output + result.stderr


def test_without_scikit_learn_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(JobError, match=r'pip install "spargen\[audit\]"'):
        sklearn("base")


# -------------------------------------------------------------------------------------------------------------- counts
def counted(tmp_path, make, asked=SELECT, **how):
    write_tree(tmp_path, {asked: make}, **how)
    return counts_of(Tree(tmp_path), asked)


def test_uneven_letters_are_told_from_even_ones(tmp_path):
    even, uneven = counted(tmp_path / "a", honest), counted(tmp_path / "b", spar_tree.by_letter)
    assert even.p_value > 0.01
    assert uneven.p_value < 1e-6
    assert sum(even.expected.values()) == pytest.approx(even.rows)


def test_p_values_are_adjusted_as_by_hand():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}) == pytest.approx(
        {"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02}
    )
    assert holm({"a": 0.6, "b": 0.9}) == {"a": 1.0, "b": 1.0}


def test_repetitions_are_counted(tmp_path):
    one = counted(
        tmp_path / "a", lambda rng: select("How deep is the bed (red point)?", [1.0, 2.0], 0), scenes=2, rows=3
    )
    found = one.as_json()
    assert found["duplicates"] == pytest.approx(4 / 6, abs=1e-3)
    assert found["same_things_in_another_row"] == 1
    assert found["largest_share_of_one_set_of_things"] == 0.5
    assert (found["labels"], found["wordings"]) == (1, 1)


@pytest.mark.parametrize(("images", "share"), [([0, 0], 1.0), ([0, 1], 0.0)])
def test_questions_that_one_image_answers_are_counted(tmp_path, images, share):
    def make(rng):
        keys = {"red_point": [[1, 1]], "blue_point": [[9, 9]], "point_img_idx": [images]}
        return select("How deep?", metres(rng), 0, **keys)

    asked = Asked("distance_prediction_oo_mv", "select")
    assert counted(tmp_path, make, asked, scenes=1, rows=4).as_json()["one_image_shows_all_marks"] == share


def test_facts_in_two_forms_are_counted():
    first, second = Counts(), Counts()
    first.facts, second.facts = {b"1", b"2", b"3", b"4"}, {b"4", b"5"}
    assert asked_twice([first], [second]) == 0.25
    assert asked_twice([first], []) is None


def test_another_tree_is_as_far_as_its_answers_are(tmp_path):
    a = counted(tmp_path / "a", lambda rng: ("How far is the bed (red point)?", "1.0", {}), FILL, scenes=1, rows=4)
    numbers = iter(["1.0", "1.0", "1.0", "9.0"])
    b = counted(
        tmp_path / "b", lambda rng: ("How far is the sofa (red point)?", next(numbers), {}), FILL, scenes=1, rows=4
    )
    found = difference(a, b)
    assert (found.answers, found.labels, found.pairs, found.rows) == (0.25, 1.0, None, 4)
    assert difference(a, a).lengths == 0


def test_histograms_are_compared_in_the_coarser_steps():
    fine, coarse = Histogram(0.1), Histogram(0.1)
    for value in (0.1, 0.2):
        fine.add(value)
    for value in (0.1, 0.2, 20.0, 20.1):
        coarse.add(value)
    assert coarse.step > fine.step
    assert histograms_apart(fine, coarse) == 0.5


# ------------------------------------------------------------------------------------------------- the command's output
def test_a_shortcut_fails_the_command(audited):
    result, _, found = audited
    assert result.exit_code == 1
    assert "1 cells gain more than 3 points" in result.output + result.stderr
    (cell,) = orjson.loads(found)["cells"]
    assert cell["blind"]["text"]["gain"] > 0.2
    assert cell["scenes"] == 10


def test_an_honest_tree_does_not(tmp_path):
    write_tree(tmp_path, {SELECT: honest}, rows=12)
    result = run(tmp_path, "--fail-above", 3)
    assert result.exit_code == 0, result.output
    assert "depth_prediction_oc" in result.output


def test_the_same_seed_gives_the_same_bytes(leaky, audited, tmp_path):
    _, page, found = audited
    run(leaky, "--page", tmp_path / "a.html", "--json", tmp_path / "a.json", "--fail-above", 3, "--against", leaky)
    assert (tmp_path / "a.json").read_bytes() == found
    assert (tmp_path / "a.html").read_text() == page


def test_the_page_escapes_what_came_from_files_and_needs_nothing_beside_it(audited):
    page = audited[1]
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert 'src="data:image/jpeg;base64,' in page
    assert "http://" not in page
    assert "https://" not in page


def test_the_page_shows_failing_cells_with_rows_and_what_was_used(audited):
    page = audited[1]
    assert page.count('class="row"') == 3
    assert "off told 0" in page
    assert "Against leaky" in page


def test_rows_without_their_images_are_shown_by_their_text(leaky, tmp_path):
    from spargen.audit.pictures import pictures

    row = next(Tree(leaky).rows(SELECT))
    assert [caption for caption, _ in pictures(row)] == ["image 1 of 2", "image 2 of 2"]
    row.record["image"][0] = "scene0000_00/gone.jpg"
    assert len(pictures(row)) == 1


def test_rows_that_are_sampled_do_not_depend_on_the_order_of_lines(tmp_path):
    from spargen.audit import cell

    write_tree(tmp_path, {SELECT: honest}, scenes=2, rows=8)
    (file,) = tmp_path.glob("*/qa_jsonl/*/*/*/*.jsonl")
    before = cell.audit_cell(Tree(tmp_path), SELECT, 0, [])
    lines = file.read_bytes().splitlines(keepends=True)
    random.Random(0).shuffle(lines)
    file.write_bytes(b"".join(lines))
    after = cell.audit_cell(Tree(tmp_path), SELECT, 0, [])
    assert before.why_not == after.why_not == "only 2 scenes"
    assert before.sampled == after.sampled == 16
