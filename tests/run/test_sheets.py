import io
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from spargen.errors import OutputError
from spargen.run.generate import generate
from spargen.run.read import read
from spargen.run.sheets import draw_tile, sheet


@pytest.fixture
def pictured(job, root):
    """Return a finished output whose images can be opened."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(buffer, "JPEG")
    for file in root.glob("*/*.jpg"):
        file.write_bytes(buffer.getvalue())
    made = job()
    generate(made)
    return made.out


def tiles(out):
    return [draw_tile(row.record, row.cell.form, row.folder) for row in islice(read(out), 6)]


def test_a_sheet_has_its_samples_with_text_below(pictured):
    picture = sheet(tiles(pictured))
    pixels = np.asarray(picture).astype(int)
    teal = (np.abs(pixels - [0, 128, 128]) < 12).all(-1)
    assert 6 * 560 * 420 * 0.98 < teal.sum() < 6 * 560 * 420 * 1.02
    assert (pixels[~teal].max(-1) < 60).any()


def test_images_that_were_not_written_are_missed_by_name(job):
    made = job(images="none")
    generate(made)
    with pytest.raises(OutputError, match="images: copy or link"):
        tiles(made.out)
