import io

import numpy as np
import pytest
from PIL import Image

from spargen.errors import OutputError
from spargen.run.generate import generate
from spargen.run.sheets import contact_sheets


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


def test_one_sheet_a_task(pictured):
    sheets = contact_sheets(pictured)
    assert [s.name for s in sheets] == [
        "depth_prediction_oc.jpg",
        "distance_prediction_oo.jpg",
        "distance_prediction_oo_video.jpg",
    ]
    assert sorted(p.name for p in (pictured / "sheets").iterdir()) == [s.name for s in sheets]


def test_a_sheet_has_six_samples_with_text_below(pictured):
    sheet = np.asarray(Image.open(contact_sheets(pictured)[0]).convert("RGB")).astype(int)
    picture = (np.abs(sheet - [0, 128, 128]) < 12).all(-1)
    assert 6 * 560 * 420 * 0.98 < picture.sum() < 6 * 560 * 420 * 1.02
    assert (sheet[~picture].max(-1) < 60).any()


def test_images_that_were_not_written_are_missed_by_name(job):
    made = job(images="none")
    generate(made)
    with pytest.raises(OutputError, match="images: copy or link"):
        contact_sheets(made.out)
