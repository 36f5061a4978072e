"""Who reads each format, told without loading what writes them."""

from __future__ import annotations

READERS = {
    "sharegpt": "LLaMA-Factory",
    "swift": "ms-swift",
    "qwen-vl": "the finetune script of Qwen2.5-VL and Qwen3-VL",
    "internvl": "InternVL",
    "llava": "LLaVA-NeXT",
    "openai": "chat messages with data URLs",
    "trl": "TRL's SFTTrainer",
    "parquet": "Hugging Face datasets",
    "webdataset": "webdataset",
    "rl": "verl and EasyR1; no sentences, which no rule scores",
}
"""By the names of `spargen.export.table.FORMATS`, in their order."""
