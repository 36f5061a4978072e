"""RxR and R2R: walks through Matterport3D scans, shown by views that are cut from the skyboxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple, get_args

import numpy as np

from scene_adapters.formats.connectivity import read_graph
from scene_adapters.formats.guides import Instruction, read_guide, read_r2r
from scene_adapters.matterport_folders import part_of, scan_folders
from scene_adapters.rxr_walks import ShownWalks
from spargen.errors import SceneError, nearest
from spargen.fingerprint import contents, digest, sizes, times
from spargen.scene.adapter import SceneAdapter
from spargen.scene.types import Mesh, Objects, Scene
from spargen.scene.walks import WALKS

WalksName = Literal["rxr", "r2r"]

_SPLITS = {"train": "train", "val_unseen": "val"}
"""Parts of the data sets by their names in files, and the split that each is; val_seen walks through train scans."""
_GRAPHS = "connectivity"
_SKYBOXES = "matterport_skybox_images"
_NONE = np.zeros((0, 3))


class _Source(NamedTuple):
    """How files of walks are called, where they are looked for, and how they are read."""

    names: tuple[str, ...]
    places: tuple[str, ...]
    read: Callable[[Path], list[Instruction]]


_SOURCES: dict[str, _Source] = {
    "rxr": _Source(("rxr_{}_guide.jsonl.gz", "rxr_{}_guide.jsonl"), (".", "rxr", "rxr-data", "RxR"), read_guide),
    "r2r": _Source(("R2R_{}.json",), (".", "r2r", "R2R", "tasks/R2R/data"), read_r2r),
}


class RxrAdapter(SceneAdapter):
    """Reads walks through Matterport3D scans, with the words that tell them.

    ::

        ROOT/                                         that of the adapter `matterport`
          v1/scans/17DRP5sb8fy/matterport_skybox_images/
            <panorama>_skybox{1..4}_sami.jpg          the sides around; or <panorama>_skybox_small.jpg
          connectivity/17DRP5sb8fy_connectivity.json  the graph of the Matterport3D simulator
          rxr_train_guide.jsonl.gz  rxr_val_unseen_guide.jsonl.gz       also in rxr/, rxr-data/ or RxR/
          R2R_train.json  R2R_val_unseen.json         for `walks: r2r`; also in r2r/, R2R/ or tasks/R2R/data/

    Parameters
    ----------
    root : the folder.
    walks : ``rxr``, the English rows of the guides, or ``r2r``.

    A scene is a scan. It has no mesh and no objects, only walks (`Scene.extras`) and their frames: at each viewpoint
    one view towards the next, before it one more for each 60 degrees that one has to turn, in equal steps from where
    one looked on arriving, or in the first viewpoint from the heading that the walk begins with; at the last viewpoint
    one view in the heading of arrival. Views are level, 640x480, 60 degrees high.

    Left out and counted are walks over viewpoints that the graph does not have, that are not included in it (their
    edges are still in the file), or that have no skybox; walks along what is no edge of the graph; walks without
    instruction or goal; and walks of fewer than 4 or more than 32 views.

    `split()` is ``train`` for scans of the train file and ``val`` for those of val_unseen. What is called val_seen are
    other walks through scans of train; they are not read, nor is what followers did, nor the test sets.
    """

    dataset: ClassVar[str] = "rxr"
    terms_of_use: ClassVar[str] = (
        "RxR annotations: CC BY 4.0, https://github.com/google-research-datasets/RxR; images: Matterport3D Terms of "
        "Use, https://kaldir.vc.in.tum.de/matterport/MP_TOS.pdf (on request; no redistribution)"
    )

    def __init__(self, root: Path, walks: WalksName = "rxr") -> None:
        super().__init__(root)
        if walks not in get_args(WalksName):
            mend = nearest(str(walks), get_args(WalksName), "rxr or r2r")
            raise SceneError(f"there are no walks {walks!r}", where="option walks", mend=mend)
        self.walks = walks

    def scenes(self) -> Sequence[str]:
        """Return the scans that walks lead through and that lie here, sorted."""
        folders = scan_folders(self.root)
        found = sorted(scan for scan in self._told if scan in folders)
        if not found:
            what = f"walks are told, but none of their {len(self._told)} scans lies here"
            raise SceneError(what, where=self.root, mend="download v1/scans/<scan>/matterport_skybox_images")
        return found

    def load(self, scene_id: str) -> Scene:
        """Read the walks through one scan; those that cannot be shown are left out and counted in the notes."""
        told, folder = self._told_of(scene_id), self._folder(scene_id)
        file, skyboxes = self._graph(scene_id), part_of(folder, _SKYBOXES)
        found = ShownWalks(read_graph(file), skyboxes)
        for instruction in told:
            found.add(instruction)
        if not found.walks:
            counted = "; ".join(f"{what}: {count}" for what, count in found.left_out.items())
            mend = "download the skyboxes and the graph of this scan, or leave it out"
            raise SceneError(f"none of its {len(told)} walks can be shown: {counted}", where=skyboxes, mend=mend)
        store = found.frames()
        return Scene(
            id=scene_id,
            dataset=self.dataset,
            surface=Mesh(_NONE, np.zeros((0, 3), dtype=np.int32), np.zeros(0, dtype=np.int32)),
            objects=Objects(np.zeros(0, dtype=np.int64), (), _NONE, _NONE, np.zeros((0, 3, 3))),
            cameras=store.cameras,
            frames=tuple(found.names),
            store=store,
            fingerprint=digest(contents(self.root, [file]), sizes(skyboxes, store.files), [list(row) for row in told]),
            notes={"walks left out because " + why: count for why, count in found.left_out.items()},
            extras={WALKS: tuple(found.walks)},
        )

    def fingerprint(self, scene_id: str) -> str:
        """Return a digest of names, sizes and times of change of all files that `load` may read."""
        skyboxes = part_of(self._folder(scene_id), _SKYBOXES)
        images = [path for path in skyboxes.iterdir() if path.is_file()] if skyboxes.is_dir() else []
        graph = self._graph(scene_id)
        return times(self.root, sorted([*images, *self._files.values(), *([graph] if graph.is_file() else [])]))

    def split(self, scene_id: str) -> str:
        """Return ``train`` or ``val``, by the file that tells of walks through the scan."""
        return self._told[scene_id][0] if scene_id in self._told else "train"

    @cached_property
    def _files(self) -> dict[str, Path]:
        """The files of walks, by their split."""
        source = _SOURCES[self.walks]
        places = [self.root / place / name for place in source.places for name in source.names]
        named = [(split, Path(str(path).format(part))) for part, split in _SPLITS.items() for path in places]
        found = {split: path for split, path in reversed(named) if path.is_file()}
        if not found:
            mend = f"put {source.names[0].format('train')} into {self.root}"
            raise SceneError(f"no file of {self.walks} walks is here", where=self.root, mend=mend)
        return found

    @cached_property
    def _told(self) -> dict[str, tuple[str, list[Instruction]]]:
        """The split of each scan that walks lead through, and what is told of them there."""
        found: dict[str, tuple[str, list[Instruction]]] = {}
        for split in _SPLITS.values():
            for instruction in _SOURCES[self.walks].read(self._files[split]) if split in self._files else ():
                own, walks = found.setdefault(instruction.scan, (split, []))
                if own == split:  # a scan never stands in two splits
                    walks.append(instruction)
        return found

    def _told_of(self, scene_id: str) -> list[Instruction]:
        if scene_id not in self._told:
            mend = nearest(scene_id, sorted(self._told), "see scenes() for the scans that are there")
            raise SceneError(f"no walk leads through a scan {scene_id!r}", where=self.root, mend=mend)
        return self._told[scene_id][1]

    def _folder(self, scene_id: str) -> Path:
        folders = scan_folders(self.root)
        if scene_id not in folders:
            what = f"the scan {scene_id!r} is not here"
            raise SceneError(what, where=self.root, mend=f"download v1/scans/{scene_id}/{_SKYBOXES}")
        return folders[scene_id]

    def _graph(self, scene_id: str) -> Path:
        return self.root / _GRAPHS / f"{scene_id}_connectivity.json"
