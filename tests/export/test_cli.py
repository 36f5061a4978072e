import pytest
from hand_written import ROWS


def test_an_export_from_the_command_line(spargen, out, tmp_path):
    result = spargen("export", out, "--to", "sharegpt", "--dest", tmp_path / "e", "--workers", 1)
    assert result.exit_code == 0, result.output
    assert f"[{ROWS}/{ROWS}] {ROWS} rows written" in result.stdout
    assert f"{ROWS} rows with 185 images in {tmp_path / 'e'}" in result.stdout
    assert (tmp_path / "e/dataset_info.json").exists()


def test_options_reach_the_export(spargen, out, tmp_path, monkeypatch):
    told = {}

    def export(out, to, dest, **more):
        told.update(more, out=out, to=to, dest=dest)
        return type("Summary", (), {"rows": 3, "images": 5, "left_out": 2})

    monkeypatch.setattr("spargen.export.run.export", export)
    names = ["--tasks", "room_size,obj_count", "--forms", "fill", "--datasets", "scannet", "--splits", "val"]
    shown = ["--no-draw-marks", "--image-size", 448, "--frames", 8, "--limit", 7, "--shuffle", "--workers", 1]
    result = spargen("export", out, "--to", "trl", "--dest", tmp_path, *names, "--ratio", "fill=0.1", *shown)
    assert result.exit_code == 0, result.output
    assert "left out: 2 rows of more than 8 images" in result.stdout
    choice, pictures = told["choice"], told["pictures"]
    assert (choice.tasks, choice.forms, choice.datasets, choice.splits) == (
        ["room_size", "obj_count"],
        ["fill"],
        ["scannet"],
        ["val"],
    )
    assert (choice.ratio, choice.limit, choice.frames, choice.shuffle) == ({"fill": 0.1}, 7, 8, True)
    assert (pictures.draw, pictures.size_px, told["to"], told["workers"]) == (False, 448, "trl", 1)


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["--to", "sharegtp"], "did you mean sharegpt"),
        (["--to", "sharegpt", "--ratio", "fill"], "no share of a form's rows"),
        (["--to", "sharegpt", "--ratio", "fill=2"], "no share of a form's rows"),
        (["--to", "sharegpt", "--ratio", "fil=0.5"], "did you mean fill"),
        (["--to", "sharegpt", "--tasks", "nonsense"], "no task 'nonsense'"),
    ],
)
def test_mistakes_are_one_message(spargen, out, tmp_path, args, text):
    result = spargen("export", out, "--dest", tmp_path / "e", *args)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert text in result.stderr
    assert "Traceback" not in result.output
