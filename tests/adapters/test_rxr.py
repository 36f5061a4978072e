"""The adapter of walks: a tiny graph with skyboxes that tell where one looks, every known trap, broken files."""

from __future__ import annotations

import inspect
import io
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scene_adapters import rxr
from scene_adapters.formats.connectivity import read_graph
from scene_adapters.formats.guides import read_guide, read_r2r
from scene_adapters.rxr import RxrAdapter
from scene_adapters.rxr_walks import views_of
from spargen.errors import SceneError
from spargen.scene.adapter import SceneAdapter
from spargen.scene.types import Scene
from spargen.scene.walks import walks_of
from tests.adapters.rxr_files import (
    AT,
    NAMES,
    SCAN,
    Site,
    colour_of,
    entry,
    front,
    guide_row,
    write_guide,
    write_site,
    write_skyboxes,
)

GUIDE, GRAPH, SKYBOXES = (
    "rxr_train_guide.jsonl.gz",
    f"connectivity/{SCAN}_connectivity.json",
    "matterport_skybox_images",
)


def loaded(root: Path, *rows: dict) -> Scene:
    write_site(root, Site(rows=list(rows)) if rows else None)
    return RxrAdapter(root).load(SCAN)


def test_one_adapter_in_the_module() -> None:
    own = [c for c in vars(rxr).values() if inspect.isclass(c) and issubclass(c, SceneAdapter)]
    assert [c for c in own if c.__module__ == rxr.__name__] == [RxrAdapter]
    assert RxrAdapter.dataset == "rxr"


# --- walks ------------------------------------------------------------------------------------------------------------


def test_walks_have_views_in_walking_order(tmp_path: Path) -> None:
    scene = loaded(tmp_path)
    walks = walks_of(scene)
    assert [walk.id for walk in walks] == ["1", "2"]
    assert walks[0].instruction == "Walk along 1. Then stop."
    # North to B, there a right turn of 90 degrees: one more view; another at C; the last in the heading of arrival.
    assert walks[0].frames == (0, 1, 2, 3, 4, 5)
    assert scene.frames[:6] == ("1_0", "1_1", "1_2", "1_3", "1_4", "1_5")
    assert walks[0].told["viewpoints"] == [NAMES[k] for k in "abbccd"]
    assert walks[0].told["headings_deg"] == [0, 0, 90, 90, 180, 180]
    # Begun with the heading 0, while the way leads north as well; then left turns.
    assert walks[1].told["headings_deg"] == [0, 0, 270, 270, 180, 180]
    assert not set(walks[0].frames) & set(walks[1].frames)


def test_views_are_level_and_look_where_the_walk_goes(tmp_path: Path) -> None:
    cameras = loaded(tmp_path).cameras
    np.testing.assert_allclose(cameras.position_m[:6], [AT[k] for k in "abbccd"])
    np.testing.assert_allclose(cameras.elevation_deg, 0, atol=1e-9)
    np.testing.assert_allclose(cameras.roll_deg, 0, atol=1e-9)
    ahead = cameras.T_world_camera[:6, :3, 2]
    np.testing.assert_allclose(ahead, [[0, 1, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0], [0, -1, 0], [0, -1, 0]], atol=1e-9)
    assert cameras.size_px.tolist() == [[640, 480]] * 12
    np.testing.assert_allclose(2 * np.degrees(np.arctan(240 / cameras.K[0, 1, 1])), 60)


@pytest.mark.parametrize("small", [False, True])
def test_views_show_what_lies_there(tmp_path: Path, small: bool) -> None:
    """Each pixel has the colour of its direction in the world, across edges, whichever way side 3 looks."""
    folder = write_site(tmp_path)
    if small:
        for file in (folder / SKYBOXES).iterdir():
            file.unlink()
        write_skyboxes(folder / SKYBOXES, small=True)
    scene = RxrAdapter(tmp_path).load(SCAN)
    rows, columns = np.array([10, 240, 470]), np.array([5, 160, 320, 480, 634])
    v, u = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
    for frame in range(6):
        blob = scene.store.color(frame)
        assert blob.suffix == ".jpg"
        pixels = np.asarray(Image.open(io.BytesIO(blob.read()))).astype(float)
        assert pixels.shape == (480, 640, 3)
        rays = np.stack([u + 0.5, v + 0.5, np.ones(len(u))], axis=-1) @ np.linalg.inv(scene.cameras.K[frame]).T
        expected = colour_of(rays @ scene.cameras.T_world_camera[frame, :3, :3].T)
        np.testing.assert_allclose(pixels[v, u], expected, atol=5)


def test_a_turn_has_one_more_view_for_each_sixty_degrees() -> None:
    def headings(start_deg: float, onward_deg: float) -> list[float]:
        h = np.radians(onward_deg)
        a, b = np.eye(4), np.eye(4)
        b[:2, 3] = np.sin(h), np.cos(h)
        views = views_of([a, b], np.radians(start_deg))
        assert [at for at, _ in views] == [0] * (len(views) - 1) + [1]
        return [round(float(np.degrees(heading)) % 360, 3) for _, heading in views]

    assert headings(10, 69) == [69, 69]
    assert headings(10, 71) == [10, 71, 71]
    assert headings(0, 130) == [0, 65, 130, 130]
    assert headings(350, 60) == [350, 60, 60]
    assert headings(60, 350) == [60, 350, 350]
    assert headings(0, 179) == [0, 89.5, 179, 179]


def test_a_hop_straight_up_keeps_the_heading() -> None:
    a, b = np.eye(4), np.eye(4)
    b[2, 3] = 3.0
    assert views_of([a, b], 0.7) == [(0, 0.7), (1, 0.7)]


def test_a_scene_survives_pickling(tmp_path: Path) -> None:
    before = loaded(tmp_path)
    scene = pickle.loads(pickle.dumps(before))
    assert scene.store.color(1).read() == before.store.color(1).read()


def test_poses_and_intrinsics_are_those_of_the_views(tmp_path: Path) -> None:
    scene = loaded(tmp_path)
    np.testing.assert_array_equal(scene.store.pose_as_released(3), scene.cameras.T_world_camera[3])
    np.testing.assert_array_equal(scene.store.intrinsics_as_released()["intrinsic_color"][:3, :3], scene.cameras.K[0])


# --- what is left out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (guide_row(2, "abce"), "a viewpoint is not included in the graph"),
        (guide_row(2, "abcf"), "a viewpoint is not in the graph"),
        (guide_row(2, "abd"), "something is in the way between two viewpoints"),
        (guide_row(2, "a"), "its goal is not told"),
        (guide_row(2, "ab"), "it has fewer than 4 or more than 32 views"),
        (guide_row(2, "ab" * 20), "it has fewer than 4 or more than 32 views"),
        (guide_row(2, "abcd", instruction=" "), "its instruction, heading or id is none"),
        (guide_row("../2", "abcd"), "its instruction, heading or id is none"),
        (guide_row(1, "abcd"), "its id repeats"),
    ],
)
def test_walks_that_cannot_be_shown_are_counted(tmp_path: Path, row: dict, why: str) -> None:
    scene = loaded(tmp_path, guide_row(1, "abcd"), row)
    assert [walk.id for walk in walks_of(scene)] == ["1"]
    assert dict(scene.notes) == {f"walks left out because {why}": 1}


def test_a_viewpoint_without_skybox_is_missing(tmp_path: Path) -> None:
    folder = write_site(tmp_path, Site(rows=[guide_row(1, "abcd"), guide_row(2, "abcba")]))
    (folder / SKYBOXES / f"{NAMES['d']}_skybox2_sami.jpg").unlink()
    scene = RxrAdapter(tmp_path).load(SCAN)
    assert [walk.id for walk in walks_of(scene)] == ["2"]
    assert dict(scene.notes) == {"walks left out because a viewpoint has no skybox": 1}


def test_sides_above_and_below_are_not_needed(tmp_path: Path) -> None:
    folder = write_site(tmp_path)
    for side in (0, 5):
        for k in "abcd":
            (folder / SKYBOXES / f"{NAMES[k]}_skybox{side}_sami.jpg").unlink()
    assert len(walks_of(RxrAdapter(tmp_path).load(SCAN))) == 2


def test_excluded_viewpoints_keep_their_edges_in_the_file_only(tmp_path: Path) -> None:
    write_site(tmp_path)
    graph = read_graph(tmp_path / GRAPH)
    assert sorted(graph.T_world_camera) == [NAMES[k] for k in "abcd"]
    assert (NAMES["c"], NAMES["d"]) in graph.edges
    assert (NAMES["c"], NAMES["e"]) not in graph.edges
    np.testing.assert_allclose(graph.T_world_camera[NAMES["c"]], front("c"), atol=1e-6)


def test_a_viewpoint_whose_pose_is_lost_is_not_included(tmp_path: Path) -> None:
    site = Site(rows=[guide_row(1, "abcd"), guide_row(2, "abcba")])
    site.graph[3]["pose"][0] = None
    write_site(tmp_path, site)
    assert [walk.id for walk in walks_of(RxrAdapter(tmp_path).load(SCAN))] == ["2"]


# --- guides -----------------------------------------------------------------------------------------------------------


def test_only_english_rows_are_read(tmp_path: Path) -> None:
    languages = ("en-IN", "hi-IN", "te-IN", "en-US")
    rows = [guide_row(k, "abcd", language=language, instruction="चलो") for k, language in enumerate(languages)]
    write_guide(tmp_path / "x.gz", rows)
    assert [walk.id for walk in read_guide(tmp_path / "x.gz")] == ["0", "3"]


def test_a_guide_may_be_unpacked_and_keep_its_name(tmp_path: Path) -> None:
    write_site(tmp_path, Site(packed=False))
    assert len(walks_of(RxrAdapter(tmp_path).load(SCAN))) == 2


@pytest.mark.parametrize("place", ["rxr", "rxr-data"])
def test_guides_are_looked_for_beside_the_scans(tmp_path: Path, place: str) -> None:
    write_site(tmp_path)
    (tmp_path / place).mkdir()
    (tmp_path / GUIDE).rename(tmp_path / place / "rxr_train_guide.jsonl.gz")
    assert RxrAdapter(tmp_path).scenes() == [SCAN]


def test_a_scan_stands_in_one_split(tmp_path: Path) -> None:
    rows = [guide_row(5, "abcd"), guide_row(6, "abcd", scan="other")]
    write_site(tmp_path, Site(unseen=rows))
    write_guide(tmp_path / "rxr_val_seen_guide.jsonl.gz", [guide_row(7, "abcd")])
    (tmp_path / "v1/scans/other").mkdir()
    adapter = RxrAdapter(tmp_path)
    assert adapter.scenes() == [SCAN, "other"]
    assert (adapter.split(SCAN), adapter.split("other")) == ("train", "val")
    assert [walk.id for walk in walks_of(adapter.load(SCAN))] == ["1", "2"]


def test_scans_that_do_not_lie_here_are_not_listed(tmp_path: Path) -> None:
    write_site(tmp_path, Site(rows=[guide_row(1, "abcd"), guide_row(2, "abcd", scan="elsewhere")]))
    adapter = RxrAdapter(tmp_path)
    assert adapter.scenes() == [SCAN]
    with pytest.raises(SceneError, match=r"the scan 'elsewhere' is not here"):
        adapter.load("elsewhere")
    with pytest.raises(SceneError, match=r"no walk leads through a scan 'nowhere'"):
        adapter.load("nowhere")


def test_r2r_has_several_instructions_a_path_and_test_sets_without_goal(tmp_path: Path) -> None:
    path = [NAMES[k] for k in "abcd"]
    row = {"distance": 6.0, "scan": SCAN, "path_id": 12, "path": path, "heading": 0.5, "instructions": ["Go.", "Walk."]}
    hidden = {"scan": SCAN, "path_id": 13, "path": path[:1], "heading": 0.5, "instructions": ["Go on."]}
    write_site(tmp_path)
    (tmp_path / "R2R_train.json").write_text(json.dumps([row, hidden]))
    assert [walk.id for walk in read_r2r(tmp_path / "R2R_train.json")] == ["12_0", "12_1", "13_0"]
    scene = RxrAdapter(tmp_path, walks="r2r").load(SCAN)
    assert [(walk.id, walk.instruction) for walk in walks_of(scene)] == [("12_0", "Go."), ("12_1", "Walk.")]
    assert dict(scene.notes) == {"walks left out because its goal is not told": 1}


def test_fingerprints_change_with_each_file(tmp_path: Path) -> None:
    folder = write_site(tmp_path)
    before, content = RxrAdapter(tmp_path).fingerprint(SCAN), RxrAdapter(tmp_path).load(SCAN).fingerprint
    assert RxrAdapter(tmp_path).load(SCAN).fingerprint == content
    skybox = folder / SKYBOXES / f"{NAMES['a']}_skybox1_sami.jpg"
    skybox.write_bytes(skybox.read_bytes() + b"\n")
    second = RxrAdapter(tmp_path).load(SCAN).fingerprint
    write_guide(tmp_path / GUIDE, [guide_row(1, "abcd"), guide_row(2, "dcba", instruction="Other words.")])
    third = RxrAdapter(tmp_path).load(SCAN).fingerprint
    (tmp_path / GRAPH).write_text((tmp_path / GRAPH).read_text() + "\n")
    fourth = RxrAdapter(tmp_path).load(SCAN).fingerprint
    assert len({content, second, third, fourth}) == 4
    assert RxrAdapter(tmp_path).fingerprint(SCAN) != before


# --- broken files -----------------------------------------------------------------------------------------------------


def write(file: str, data: bytes) -> Callable[[Path], None]:
    return lambda root: (root / file).write_bytes(data) and None


def graph_with(**changes: object) -> Callable[[Path], None]:
    entries = [{**entry(k), **changes} for k in sorted(AT)]
    return write(GRAPH, json.dumps(entries).encode())


def rows(*listed: dict) -> Callable[[Path], None]:
    return lambda root: write_guide(root / GUIDE, list(listed))


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda root: (root / GRAPH).unlink(), r"connectivity\.json: the file is missing"),
        (write(GRAPH, b"[{"), r"connectivity\.json: it is not a list of viewpoints"),
        (write(GRAPH, b"[]"), r"connectivity\.json: its viewpoints repeat, or edges name others"),
        (write(GRAPH, b"{}"), r"connectivity\.json: its viewpoints repeat|it is not a list of viewpoints"),
        (graph_with(pose=[1, 2]), r"it is not a list of viewpoints"),
        (graph_with(unobstructed=[True]), r"its viewpoints repeat, or edges name others"),
        (graph_with(image_id="same"), r"its viewpoints repeat, or edges name others"),
        (write(GUIDE, b"\x1f\x8bcut short"), r"guide\.jsonl\.gz: the file cannot be unpacked"),
        (write(GUIDE, b"no json\n"), r"guide\.jsonl\.gz: line 1 is no row of a guide"),
        (rows(guide_row(1, "abcd"), {"demonstration_id": 1, "path": []}), r"line 2 is no row of a guide"),
        (rows({**guide_row(1, "abcd"), "path": "abcd"}), r"line 1 is no row of a guide"),
        (rows(guide_row(1, "abcd", instruction=None)), r"line 1 is no row of a guide"),
        (lambda root: (root / GUIDE).unlink(), r"no file of rxr walks is here"),
        (rows(guide_row(1, "abce")), r"none of its 1 walks can be shown: a viewpoint is not included in the graph: 1"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, harm: Callable[[Path], None], message: str) -> None:
    write_site(tmp_path)
    harm(tmp_path)
    with pytest.raises(SceneError, match=message):
        RxrAdapter(tmp_path).load(SCAN)


def test_a_damaged_r2r_file_is_named(tmp_path: Path) -> None:
    for data in (b"[{", b'[{"path_id": 1}]', b'[{"path_id": 1, "instructions": "Go"}]', b"[1]"):
        (tmp_path / "x.json").write_bytes(data)
        with pytest.raises(SceneError, match=r"x\.json: it is not a list of paths"):
            read_r2r(tmp_path / "x.json")


def test_a_damaged_skybox_is_named_when_it_is_cut(tmp_path: Path) -> None:
    folder = write_site(tmp_path)
    file = folder / SKYBOXES / f"{NAMES['a']}_skybox2_sami.jpg"
    file.write_bytes(file.read_bytes()[:400])
    scene = RxrAdapter(tmp_path).load(SCAN)
    with pytest.raises(SceneError, match=r"skybox\d_sami\.jpg: the skybox cannot be read"):
        scene.store.color(0)


def test_options_are_known() -> None:
    with pytest.raises(SceneError, match=r"there are no walks 'rxrr'(?s:.*)did you mean rxr"):
        RxrAdapter(Path(), walks="rxrr")
