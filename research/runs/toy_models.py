"""Every pretrained network of the road at toy size, with random weights, saved in the real format.

`python -m research.runs.toy_models FOLDER` writes clip, internvl, t5, ast and pe-av; `road.sh` names them where a user names
weights from the hub. They answer nonsense, but they are loaded, asked and measured by the code that loads the real ones.
"""

from __future__ import annotations

import io
import json
import string
import sys
from pathlib import Path
from typing import Any

LAYER = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
MARKS = ["<|im_start|>", "<|im_end|>", "<img>", "</img>", "<IMG_CONTEXT>", "<pad>"]
WORDS = ["a", "woman", "man", "street", "room", "dark", "bright", "wide", "close", "shot", "of", "in", "the", "speaks"]
CLIP_WIDTH, TEXT_WIDTH = 12, 24


def clip(folder: Path) -> None:
    """CLIP, 12 numbers a frame."""
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

    letters = [*string.ascii_lowercase, *string.punctuation, *string.digits]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    end = len(words) - 1
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    text: dict[str, Any] = {"vocab_size": len(words), "bos_token_id": end - 1, "eos_token_id": end, "pad_token_id": end}
    CLIPModel(
        CLIPConfig(
            vision_config={**LAYER, "image_size": 32, "patch_size": 8, "projection_dim": CLIP_WIDTH},
            text_config={**LAYER, **text, "projection_dim": CLIP_WIDTH},
            projection_dim=CLIP_WIDTH,
        )
    ).save_pretrained(folder)
    CLIPTokenizer.from_pretrained(folder).save_pretrained(folder)


def internvl(folder: Path) -> None:
    """InternVL with a vocabulary of twenty words."""
    import torch
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import InternVLConfig, InternVLForConditionalGeneration, PreTrainedTokenizerFast

    words = [*MARKS, "?", "\n", "user", "assistant", *WORDS]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\n|\w+|[^\w\s]"), "isolated")
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<|im_end|>", additional_special_tokens=MARKS[:5]
    ).save_pretrained(folder)
    text = {"model_type": "qwen2", "vocab_size": len(words), "num_key_value_heads": 1, **LAYER}
    config = InternVLConfig(
        vision_config={**LAYER, "image_size": [28, 28], "patch_size": [7, 7]},
        text_config={**text, "eos_token_id": 1, "bos_token_id": 0, "pad_token_id": 5},
        image_token_id=MARKS.index("<IMG_CONTEXT>"),
        image_seq_length=4,
    )
    network = InternVLForConditionalGeneration(config)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(8)  # so that a picture makes a difference
    network.save_pretrained(folder)


def t5(folder: Path) -> None:
    """T5, 24 numbers a sentence."""
    import sentencepiece
    from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

    sentences = [f"{first} {second} {third}" for first in WORDS for second in WORDS[:6] for third in WORDS[6:9]]
    folder.mkdir(parents=True)
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences), model_writer=trained, vocab_size=60, model_type="unigram", pad_id=0, eos_id=1,
        unk_id=2, bos_id=-1, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    (folder / "spiece.model").write_bytes(trained.getvalue())
    T5Tokenizer.from_pretrained(folder).save_pretrained(folder)
    config = T5Config(
        vocab_size=200, d_model=TEXT_WIDTH, d_kv=8, d_ff=32, num_layers=1, num_heads=2, decoder_start_token_id=0
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)


def ast(folder: Path) -> None:
    """An AudioSet tagger of eleven classes."""
    from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

    ASTForAudioClassification(ASTConfig(**LAYER, num_labels=11, max_length=64)).save_pretrained(folder)
    ASTFeatureExtractor(max_length=64).save_pretrained(folder)


def plain_pictures() -> None:
    """PE-AV's picture half is a network of timm, which `eval` brings; a toy is saved and loaded with a ViT instead."""
    from transformers import PeVideoEncoderConfig, ViTConfig
    from transformers.configuration_utils import SubConfigSpec

    PeVideoEncoderConfig.sub_configs_defaults["vision_config"] = SubConfigSpec(config_class=ViTConfig)


def pe_av(folder: Path) -> None:
    """Sounds and films in one space of twelve numbers."""
    from transformers import PeAudioVideoConfig, PeAudioVideoModel, PeVideoEncoderConfig, ViTConfig

    plain_pictures()
    layer = {**LAYER, "head_dim": 8}
    marks = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}
    dac = {"model_type": "dac", "downsampling_ratios": [2, 8, 10, 12], "encoder_hidden_size": 4, "hidden_size": 32}
    pictures = ViTConfig(**LAYER, image_size=336, patch_size=112, num_labels=16)
    config = PeAudioVideoConfig(
        text_config={"model_type": "modernbert", "vocab_size": 8, **LAYER, "hidden_size": 12, **marks},
        audio_video_config={
            **layer,
            "audio_config": {"model_type": "pe_audio_encoder", **layer, "dac_config": {**dac, "codebook_dim": 8}},
            "video_config": PeVideoEncoderConfig(**layer, vision_config=pictures),
        },
    )
    PeAudioVideoModel(config).save_pretrained(folder)


def main(folder: Path) -> None:
    """Each in a folder of its name; what is there stays."""
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.manual_seed(1)
    for name, make in (("clip", clip), ("internvl", internvl), ("t5", t5), ("ast", ast), ("pe-av", pe_av)):
        if not (folder / name).exists():
            make(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
