"""How fast rows become Parquet with drawn marks, beside what decoding and encoding their images alone would take."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from measure import limit, line, peak_bytes, title

FRAMES, SIZE_PX, SHOWN_PX = 400, (1296, 968), 448
MARKS = [("red", (250, 400)), ("blue", (700, 300)), ("green", (500, 800))]


def measure_export(root: Path, rows: int) -> None:
    """Print rates and memory of an export of so many rows, half of one image and half of three, by one worker."""
    out = root / "export-rows"
    if not (out / "manifest.json").exists():
        write_output(out, rows)
    encoded, both = _codec(out)
    with TemporaryDirectory(dir=root) as dest:
        command = [sys.executable, __file__, str(out), dest]
        begin = time.perf_counter()
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
        wall = time.perf_counter() - begin
        size = sum(p.stat().st_size for p in Path(dest).rglob("*.parquet"))
    drawn, cpu, peak = (float(word) for word in answer.stdout.split()[-3:])
    title(f"EXPORT  {rows:,} rows, {2 * rows:,} images of {SIZE_PX[0]} px, to Parquet at {SHOWN_PX} px, one worker")
    line("rows a second of the processor", rows / cpu, "rows/s")
    line("rows a second on the wall", rows / wall, "rows/s")
    line("written", size / cpu / 1e6, "MB/s")
    line("images drawn, a second", drawn / cpu, "images/s")
    limit("the JPEG encoder alone, at that size", encoded, "images/s", drawn / cpu / encoded)
    limit("decoder, scaling and encoder", both, "images/s", drawn / cpu / both)
    line("peak memory", peak / 1e6, "MB", most=1000)


def write_output(out: Path, rows: int) -> None:
    """Write an output folder of rows with three marks each, none like another."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    folder = out / "spar/scannet/images/s_00/image_color"
    folder.mkdir(parents=True, exist_ok=True)
    for frame in range(FRAMES):
        coarse = Image.fromarray(rng.integers(0, 255, (24, 32, 3), dtype=np.uint8))
        coarse.resize(SIZE_PX, Image.Resampling.BICUBIC).save(folder / f"{frame}.jpg", quality=90)
    for task, images in (("depth_prediction_oo", 1), ("depth_prediction_oo_mv", 3)):
        count = rows // 2
        records, facts = zip(*(_row(task, images, n) for n in range(count)), strict=True)
        for name, values in (
            (f"spar/scannet/qa_jsonl/train/{task}/fill/fill_{count}.jsonl", records),
            (f"facts/scannet/train/{task}/fill.jsonl", facts),
        ):
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_text("".join(json.dumps(value) + "\n" for value in values))
    (out / "manifest.json").write_text('{"terms_of_use": {}}')


def _row(task: str, images: int, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    names = [f"s_00/image_color/{(number + 7 * i) % FRAMES}.jpg" for i in range(images)]
    talk = [{"from": "human", "value": "How far apart in depth are they? " * 6}, {"from": "gpt", "value": "1.5"}]
    moved = number // FRAMES
    marks = [
        {"colour": c, "kind": "point", "object": 1, "at": [(x + moved) % 1000, y], "image": i % images}
        for i, (c, (x, y)) in enumerate(MARKS)
    ]
    record = {"id": f"s_00_{number}", "conversations": talk, "image": names, "type": task}
    return record, {"id": f"s_00_{number}", "scene": "s_00", "marks": marks}


def _codec(out: Path) -> tuple[float, float]:
    """Return images a second of the encoder alone, and of decoder, scaling and encoder."""
    from PIL import Image

    from spargen.export.store import QUALITY

    files = sorted((out / "spar/scannet/images/s_00/image_color").iterdir())[:100]
    encode = 0.0
    begin = time.process_time()
    for file in files:
        with Image.open(file) as image:
            image.thumbnail((SHOWN_PX, SHOWN_PX), reducing_gap=1.0)
            before = time.process_time()
            image.save(io.BytesIO(), "JPEG", quality=QUALITY)
            encode += time.process_time() - before
    return len(files) / encode, len(files) / (time.process_time() - begin)


def work(out: Path, dest: Path) -> None:
    """Export in this process; print images drawn, seconds of the processor and peak memory in bytes."""
    from spargen.export.run import Pictures, export
    from spargen.export.store import Store

    drawn = 0
    genuine = Store._drawn

    def counted(self: Store, image: Any) -> Any:
        nonlocal drawn
        drawn += 1
        return genuine(self, image)

    Store._drawn = counted  # type: ignore[method-assign]
    begin = time.process_time()
    export(out, "parquet", dest, pictures=Pictures(size_px=SHOWN_PX))
    print(drawn, time.process_time() - begin, peak_bytes())


if __name__ == "__main__":
    work(Path(sys.argv[1]), Path(sys.argv[2]))
