"""The formats by name."""

from __future__ import annotations

from spargen.export.format import Format
from spargen.export.internvl import INTERNVL
from spargen.export.llava import LLAVA
from spargen.export.openai import OPENAI
from spargen.export.parquet import PARQUET
from spargen.export.qwen_vl import QWEN_VL
from spargen.export.rl import RL
from spargen.export.sharegpt import SHAREGPT
from spargen.export.swift import SWIFT
from spargen.export.trl import TRL
from spargen.export.webdataset import WEBDATASET

FORMATS: dict[str, Format] = {
    "sharegpt": SHAREGPT,
    "swift": SWIFT,
    "qwen-vl": QWEN_VL,
    "internvl": INTERNVL,
    "llava": LLAVA,
    "openai": OPENAI,
    "trl": TRL,
    "parquet": PARQUET,
    "webdataset": WEBDATASET,
    "rl": RL,
}
