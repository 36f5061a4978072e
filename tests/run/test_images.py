import os

import numpy as np
import pytest

from spargen.run.generate import generate
from spargen.run.naming import clip_path, color_path, depth_path, intrinsic_path, pose_path


def test_names_are_spars():
    assert color_path("s", "120") == "s/image_color/120.jpg"
    assert color_path("s", "120", ".png") == "s/image_color/120.png"
    assert color_path("s", "120", clip_index=3) == "s/video_color/frame3_120.jpg"
    assert depth_path("s", "120") == "s/image_depth/120.png"
    assert depth_path("s", "120", clip_index=0) == "s/video_depth/frame0_120.png"
    assert pose_path("s", "120") == "s/pose/120.txt"
    assert pose_path("s", "120", clip_index=31) == "s/video_pose/frame31_120.txt"
    assert intrinsic_path("s", "intrinsic_color") == "s/intrinsic/intrinsic_color.txt"
    assert clip_path("s") == "s/video_idx.txt"


def written(out):
    folder = out / "spar/scannet/images/b_00"
    return {str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file()}


def test_only_named_images_are_written_untouched(job):
    made = job(tasks=["depth_prediction_oc"])
    generate(made, scenes=["b_00"])
    files = written(made.out)
    assert sorted(files) == [f"image_color/{n}.jpg" for n in (0, 10, 20, 30, 40)]
    assert files["image_color/20.jpg"].read_bytes() == b"b_00 picture 2"


def test_an_rgbd_run_adds_depth_poses_as_released_and_intrinsics(job):
    made = job(rgbd=True)
    generate(made, scenes=["b_00"])
    files = written(made.out)
    assert files["image_depth/20.png"].read_bytes() == b"depth b_00 2"
    assert files["pose/20.txt"].read_text().splitlines()[1] == "0.000000 3.000000 0.000000 0.000000"
    assert files["video_depth/frame31_310.png"].read_bytes() == b"depth b_00 31"
    assert files["video_pose/frame0_0.txt"].exists()
    assert sorted(p.name for n, p in files.items() if n.startswith("intrinsic/")) == [
        "extrinsic_color.txt",
        "intrinsic_color.txt",
    ]
    assert files["video_idx.txt"].read_text() == "".join(f"{10 * i}\n" for i in range(32))


def test_of_intrinsics_a_frame_only_those_of_named_images_are_written(job, tiny, monkeypatch):
    own = {f"intrinsic_color_{10 * n}": np.eye(4) * n for n in range(40)} | {"intrinsic_color_all": np.eye(4)}
    monkeypatch.setattr(tiny.TinyStore, "intrinsics_as_released", lambda self: own)
    made = job(rgbd=True, tasks=["depth_prediction_oc"])
    generate(made, scenes=["b_00"])
    found = sorted(p.name for n, p in written(made.out).items() if n.startswith("intrinsic/"))
    assert found == ["intrinsic_color_0.txt"] + [f"intrinsic_color_{n}.txt" for n in (10, 20, 30, 40, "all")]


def test_none_writes_none_but_leaves_the_folders(job):
    made = job(images="none")
    generate(made)
    assert not list((made.out / "spar/scannet/images").iterdir())
    folders = sorted(p.name for p in (made.out / "spar").iterdir() if p.is_dir())
    assert folders == ["rxr", "scannet", "scannetpp", "structured3d"]


def test_link_shares_the_file_and_writes_what_has_no_path(job, root):
    made = job(images="link", rgbd=True)
    generate(made)
    files = written(made.out)
    assert files["image_color/20.jpg"].samefile(root / "b_00/2.jpg")
    assert not files["image_depth/20.png"].is_symlink()
    generate(made)
    (made.out / ".parts/scannet/train/b_00/done.json").unlink()
    generate(made)
    assert not list((made.out / "spar").rglob("*.tmp"))


def refuse(*args, **kwargs):
    raise OSError(18, "Invalid cross-device link")


def test_link_across_file_systems_is_symbolic(job, root, monkeypatch):
    monkeypatch.setattr(os, "link", refuse)
    made = job(images="link")
    generate(made)
    image = written(made.out)["image_color/20.jpg"]
    assert image.is_symlink()
    assert image.read_bytes() == b"b_00 picture 2"


@pytest.mark.parametrize("hard", [True, False])
def test_of_a_source_that_is_a_link_itself_the_file_is_linked(job, root, monkeypatch, hard):
    """Its way to the file holds where it stands, not where the image does."""
    (root / "b_00/2.jpg").rename(root / "b_00/kept.jpg")
    (root / "b_00/2.jpg").symlink_to("kept.jpg")
    if not hard:
        monkeypatch.setattr(os, "link", refuse)
    made = job(images="link")
    generate(made, scenes=["b_00"])
    image = written(made.out)["image_color/20.jpg"]
    assert image.samefile(root / "b_00/kept.jpg")
    assert not image.is_symlink() if hard else image.readlink() == (root / "b_00/kept.jpg").resolve()


def test_rows_that_name_what_the_scene_has_not_fail_the_scene(job, tiny, monkeypatch):
    monkeypatch.setattr(tiny.TinyStore, "depth", lambda self, frame: None)
    report = generate(job(rgbd=True), scenes=["b_00"])
    assert "rows name b_00/image_depth/0.png" in report.failed["scannet/train/b_00"]


@pytest.mark.parametrize("mode", ["copy", "link"])
def test_an_output_that_was_copied_elsewhere_still_resumes(job, mode, tmp_path):
    made = job(images=mode)
    generate(made)
    made.out.rename(tmp_path / "moved")
    seen = []
    generate(job("moved", images=mode), watch=lambda outcome, *_: seen.append(outcome.status))
    assert set(seen) == {"kept"}


def test_a_linked_image_of_another_size_is_made_anew(job, root):
    """Nobody took a digest of it: it is the data set's own."""
    made = job(images="link")
    generate(made, scenes=["b_00"])
    image = written(made.out)["image_color/20.jpg"]
    image.unlink()
    image.write_bytes(b"cut short")
    generate(made, scenes=["b_00"])
    assert image.samefile(root / "b_00/2.jpg")
