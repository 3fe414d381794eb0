"""An InternVL with a tiny model and a tiny vocabulary, saved in the real format."""

from __future__ import annotations

from pathlib import Path

MARKS = ["<|im_start|>", "<|im_end|>", "<img>", "</img>", "<IMG_CONTEXT>", "<pad>"]
WORDS = [*MARKS, "?", "\n", "user", "assistant", "what", "is", "seen", "red", "blue", "door", "a"]


def tiny_internvl(folder: Path) -> Path:
    """Writes it into a folder."""
    import torch
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import InternVLConfig, InternVLForConditionalGeneration, PreTrainedTokenizerFast

    torch.manual_seed(1)
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\n|\w+|[^\w\s]"), "isolated")
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<|im_end|>", additional_special_tokens=MARKS[:5]
    ).save_pretrained(folder)
    config = InternVLConfig(
        vision_config={"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
                       "image_size": [28, 28], "patch_size": [7, 7]},
        text_config={"model_type": "qwen2", "vocab_size": len(WORDS), "hidden_size": 16, "intermediate_size": 32,
                     "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
                     "eos_token_id": 1, "bos_token_id": 0, "pad_token_id": 5},
        image_token_id=MARKS.index("<IMG_CONTEXT>"), image_seq_length=4,
    )  # fmt: skip
    network = InternVLForConditionalGeneration(config)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(8)  # so that a picture makes a difference
    network.save_pretrained(folder)
    return folder
