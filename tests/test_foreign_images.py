"""Rows that somebody else made: what they name as images is read only if it is one, and inside of its folder."""

import os
import signal

import hand_written
import orjson
import pytest
import toy_output
from PIL import Image
from spar_tree import honest, write_tree
from test_bounds import png

from spargen.audit.pictures import pictures
from spargen.audit.tree import Asked, Tree
from spargen.bench.row import read_replies
from spargen.errors import OutputError
from spargen.export.run import Pictures, export
from spargen.gallery.write import write_gallery
from spargen.run.read import read
from spargen.run.sheets import draw_tile
from spargen.run.shown import shown
from spargen.verify.record import _image_fault
from spargen.verify.rows import index_rows

NO_IMAGES = {
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a pipe": os.mkfifo,
    "a loop": lambda path: path.symlink_to(path.name),
    "a folder": os.mkdir,
    "a secret": lambda path: path.symlink_to("/etc/passwd"),
    "nothing": lambda path: path.write_bytes(b""),
    "a text": lambda path: path.write_text("404 not found\n" * 40),
    "a bomb": lambda path: path.write_bytes(png(100_000, 100_000, b"")),
    "no camera's": lambda path: path.write_bytes(png(13_000, 13_000, b"")),
}
PATIENCE_S = 120
NAMES = [
    "/etc/passwd",
    "../../../../../../etc/passwd",
    "s_00/../../secret.jpg",
    "",
    "a//b.jpg",
    ".hidden/a.jpg",
    7,
    None,
]


@pytest.fixture(autouse=True)
def patience():
    """Fail a test that waits, for somebody who writes into a pipe, say."""
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it waits"))
    signal.alarm(PATIENCE_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(params=list(NO_IMAGES))
def spoil(request):
    """Return a function that puts something else in the place of an image."""

    def put(path):
        path.unlink()
        NO_IMAGES[request.param](path)

    return put


def rename(file, names):
    """Let the first row of a file name other images."""
    first, *others = file.read_bytes().splitlines(keepends=True)
    row = orjson.loads(first)
    row["image"] = names(row["image"])
    file.write_bytes(orjson.dumps(row) + b"\n" + b"".join(others))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_is_no_image_is_not_decoded(tmp_path, spoil):
    path = tmp_path / "0.jpg"
    Image.new("RGB", (8, 8)).save(path)
    with shown(path) as image:
        assert image.convert("RGB").size == (8, 8)
    assert _image_fault(path, (8, 8)) == ""
    spoil(path)
    with pytest.raises(OutputError, match="the image cannot be read"), shown(path) as image:
        image.load()
    assert _image_fault(path, (8, 8)).startswith(("cannot be decoded", "is not there", "has (13000"))


def test_an_image_that_is_damaged_behind_its_header_is_told_when_it_is_decoded(tmp_path):
    (tmp_path / "0.png").write_bytes(png(8, 8, b"\xff"))
    with pytest.raises(OutputError, match="the image cannot be read"), shown(tmp_path / "0.png") as image:
        image.load()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("draw", [True, False])
def test_no_export_holds_what_is_no_image(tmp_path, spoil, draw):
    out = hand_written.write_output(tmp_path / "out")
    for path in sorted((out / "spar").rglob("images/*/*/*.jpg")):
        spoil(path)
    with pytest.raises(OutputError, match="the image cannot be read"):
        export(out, "llava", tmp_path / "dest", pictures=Pictures(draw=draw))
    assert not list((tmp_path / "dest").rglob("*.jpg"))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_no_gallery_and_no_sheet_shows_what_is_no_image(tmp_path, spoil):
    out = toy_output.write_output(tmp_path / "out", tmp_path)
    for path in sorted((out / "spar").rglob("images/*/*/*.jpg")):
        spoil(path)
    with pytest.raises(OutputError, match="the image cannot be read"):
        write_gallery(out, trust=True)
    row = next(read(out))
    with pytest.raises(OutputError, match="the image cannot be read"):
        draw_tile(row.record, row.cell.form, row.folder)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_the_page_of_an_audit_says_which_images_are_none(tmp_path, spoil):
    tree = Tree(write_tree(tmp_path, {("depth_prediction_oc", "select"): honest}, scenes=1, rows=1))
    (row,) = tree.rows(tree.asked[0])
    path = row.folder / row.images[0]
    spoil(path)
    (caption, url), *others = pictures(row)
    assert (caption.startswith("image 1 of 2: the image cannot be read"), url) == (True, "")
    assert all(url for _, url in others)
    path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    assert pictures(row) == others  # a tree may have been published without some of its images


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", ["image", "depth"])
def test_rows_name_nothing_outside_of_the_folder_of_images(tmp_path, name, key):
    out = hand_written.write_output(tmp_path / "out")
    files = sorted((out / "spar").rglob("*.jsonl"))
    for file in files:
        lines = [orjson.loads(line) for line in file.read_bytes().splitlines()]
        lines[0][key] = [name]
        file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    for act in (lambda: list(read(out)), lambda: export(out, "llava", tmp_path / "a/b/dest")):
        with pytest.raises(OutputError, match=r"jsonl:1: this row names images outside of their folder"):
            act()


@pytest.mark.parametrize("name", NAMES)
def test_rows_of_any_tree_name_nothing_outside_of_it(tmp_path, name):
    root = write_tree(tmp_path, {("depth_prediction_oc", "select"): honest}, scenes=1, rows=2)
    (file,) = root.rglob("*.jsonl")
    rename(file, lambda names: names[0])
    assert len(list(Tree(root).rows(Asked("depth_prediction_oc", "select")))) == 2
    rename(file, lambda _: name if isinstance(name, str) else [name])
    with pytest.raises(OutputError, match=r"jsonl:1: this line is no row"):
        list(Tree(root).rows(Asked("depth_prediction_oc", "select")))


@pytest.mark.parametrize("kind", ["a folder", "a pipe", "a device"])
def test_files_of_rows_facts_and_replies_are_regular_ones(tmp_path, kind):
    out, bare = hand_written.write_output(tmp_path / "out"), tmp_path / "bare"
    write_tree(bare, {("depth_prediction_oc", "select"): honest}, scenes=1, rows=2)
    replies, tree = tmp_path / "replies.jsonl", Tree(bare)
    for file in (*(out / "facts").rglob("*.jsonl"), *bare.rglob("*.jsonl")):
        file.unlink()
        NO_IMAGES[kind](file)
    NO_IMAGES[kind](replies)
    acts = [lambda: list(read(out)), lambda: list(tree.rows(tree.asked[0])), lambda: read_replies(replies, [])]
    for file in (out / "spar").rglob("*.jsonl"):
        file.unlink()
        NO_IMAGES[kind](file)
    for act in (*acts, lambda: index_rows(out)):
        with pytest.raises(OutputError, match="no regular file"):
            act()


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"terms_of_use": 1}', b"\xff"])
def test_a_damaged_manifest_or_record_ends_an_export_in_a_message(tmp_path, text):
    out = hand_written.write_output(tmp_path / "out")
    export(out, "llava", tmp_path / "dest")
    (tmp_path / "dest/export.json").write_bytes(text)
    with pytest.raises(OutputError, match="the record of this export is damaged"):
        export(out, "llava", tmp_path / "dest")
    (out / "manifest.json").write_bytes(text)
    with pytest.raises(OutputError, match=r"manifest\.json: the manifest is damaged"):
        export(out, "llava", tmp_path / "other")
