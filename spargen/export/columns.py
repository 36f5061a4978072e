"""Parquet files with the features that Hugging Face's datasets read out of them, images included."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spargen.errors import JobError
from spargen.export.row import ExportRow
from spargen.export.store import Store
from spargen.run.files import whole

if TYPE_CHECKING:
    import pyarrow as pa

IMAGES_A_ROW_GROUP = 128
"""Rows are written when they have so many images: what a reader that streams has in memory at a time."""

STRING: dict[str, Any] = {"dtype": "string", "_type": "Value"}
INTEGER: dict[str, Any] = {"dtype": "int64", "_type": "Value"}
IMAGE_LIST: dict[str, Any] = {"feature": {"_type": "Image"}, "_type": "Sequence"}

Render = Callable[[ExportRow], dict[str, Any]]


def parquet_writer(
    features: Mapping[str, Any], render: Render, images: str = "images"
) -> Callable[[Path, Sequence[ExportRow], Store], None]:
    """Return what writes rows as Parquet: the rendered columns, and one with the bytes of the image files.

    Parameters
    ----------
    features : the columns but that of the images, as Hugging Face's datasets describe them in JSON.
    render : gives their values.
    images : name of the column of images.
    """
    whole_features = {**features, images: IMAGE_LIST}

    def write(path: Path, rows: Sequence[ExportRow], store: Store) -> None:
        pyarrow = load_pyarrow()
        from pyarrow import parquet

        described = json.dumps({"info": {"features": whole_features}})
        fields = [(name, _type(pyarrow, feature)) for name, feature in whole_features.items()]
        schema = pyarrow.schema(fields, metadata={"huggingface": described})
        with whole(path) as file, parquet.ParquetWriter(file, schema) as writer:
            for group in _row_groups(rows):
                values = [{**render(row), images: _images(row, store)} for row in group]
                writer.write_table(pyarrow.Table.from_pylist(values, schema=schema))

    return write


def load_pyarrow() -> Any:
    """Return pyarrow; `JobError` where it is not installed."""
    try:
        import pyarrow
    except ImportError as error:
        raise JobError(
            "pyarrow is not installed", where="Parquet files", mend='pip install "spargen[export]"'
        ) from error
    return pyarrow


def _row_groups(rows: Sequence[ExportRow]) -> list[list[ExportRow]]:
    groups: list[list[ExportRow]] = [[]]
    for row in rows:
        groups[-1].append(row)
        if sum(len(r.images) for r in groups[-1]) >= IMAGES_A_ROW_GROUP:
            groups.append([])
    return [group for group in groups if group]


def _images(row: ExportRow, store: Store) -> list[dict[str, Any]]:
    return [{"bytes": store.read(image), "path": Path(image.name).name} for image in row.images]


def _type(pa: Any, feature: Any) -> pa.DataType:
    """Return the Arrow type of a feature."""
    if isinstance(feature, list):
        return pa.list_(_type(pa, feature[0]))
    if "_type" not in feature:
        return pa.struct([(name, _type(pa, inner)) for name, inner in feature.items()])
    if feature["_type"] == "Sequence":
        return pa.list_(_type(pa, feature["feature"]))
    if feature["_type"] == "Image":
        return pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    return getattr(pa, feature["dtype"])()
