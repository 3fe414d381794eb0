"""A tiny CLIP with random weights and an alphabet for a vocabulary, saved in the real format. Needs transformers."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

SMALL = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
START, END = "<|startoftext|>", "<|endoftext|>"


def tiny_clip(folder: Path) -> Path:
    """Both halves and the tokenizer."""
    import torch
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

    torch.manual_seed(1)
    letters = [*string.ascii_lowercase, *string.punctuation, *string.digits]
    words = [*letters, *(f"{letter}</w>" for letter in letters), START, END]
    vocabulary = {word: number for number, word in enumerate(words)}
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    text: dict[str, Any] = {"vocab_size": len(words), "bos_token_id": len(words) - 2, "eos_token_id": len(words) - 1,
                            "pad_token_id": len(words) - 1}  # fmt: skip
    config = CLIPConfig(
        vision_config={**SMALL, "image_size": 32, "patch_size": 8, "projection_dim": 12},
        text_config={**SMALL, **text, "projection_dim": 12},
        projection_dim=12,
    )
    CLIPModel(config).save_pretrained(folder)
    CLIPTokenizer.from_pretrained(folder).save_pretrained(folder)
    return folder
