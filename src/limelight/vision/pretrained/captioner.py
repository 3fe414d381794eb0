"""A vision-language model is asked about pictures: InternVL through transformers, and the questions of `prompts.toml`.

VisAH and SemMix ask InternVL2-8B. That one runs only with code of its own, which we never do; ours is its successor in
transformers' own format, `OpenGVLab/InternVL3-8B-hf` (Qwen licence). Smaller: `OpenGVLab/InternVL3-1B-hf` and
`-2B-hf`. A picture goes in whole, without close-up tiles, and the answer is the likeliest one: no dice. Many questions are
answered together, padded to one length on the left, so that every answer begins at the same place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from limelight.vision.contexts import GENERAL
from limelight.vision.cues import KINDS
from limelight.vision.pretrained.loading import best_device, load, load_network
from limelight.vision.pretrained.sampling import Image, whole_of

PROMPTS = Path(__file__).with_name("prompts.toml")


class Style(StrEnum):
    """How the questions are put."""

    minimal = "minimal"  # SemMix's six cues, each by its name alone
    focused = "focused"  # the same, held to what can be seen
    general = "general"  # VisAH's one question about the whole frame


def read_prompts(style: Style = Style.focused) -> dict[str, str]:
    """Kind of cue to question, in the order of the catalogue; of the general style there is one."""
    questions = tomllib.loads(PROMPTS.read_text(encoding="utf-8"))[style]
    kinds = (GENERAL,) if style == Style.general else KINDS
    return {kind: str(questions[kind]) for kind in kinds}


INTERNVL_8B = "OpenGVLab/InternVL3-8B-hf"
LONGEST_ANSWER = 60  # tokens; 25 words are about 35


class Captioner(Protocol):
    """A way to get an answer about a picture."""

    @property
    def name(self) -> str: ...

    def ask(self, images: Sequence[Image], questions: Sequence[str]) -> list[str]:
        """A line about each picture [H, W, 3], by the question beside it."""
        ...


class InternVl:
    """An InternVL in transformers' format, by name or folder; pictures should be 448 lines high or more."""

    def __init__(self, name: str = INTERNVL_8B, *, device: str | None = None, offline: bool = False) -> None:
        """Raises ModelError."""
        self.name = name
        self._device = device or best_device()
        self._tokenizer: Any = load("AutoTokenizer", name, offline=offline)
        self._network: Any = load_network(
            "InternVLForConditionalGeneration", name, device=self._device, offline=offline
        )

    def ask(self, images: Sequence[Image], questions: Sequence[str]) -> list[str]:
        """The likeliest answers, white space made plain."""
        import torch

        config = self._network.config
        pixels = torch.from_numpy(whole_of(images, int(config.vision_config.image_size[0])))
        told = [self._conversation(question) for question in questions]
        tokens = self._tokenizer(told, padding=True, padding_side="left", return_tensors="pt").to(self._device)
        with torch.inference_mode():
            said = self._network.generate(
                input_ids=tokens.input_ids,
                attention_mask=tokens.attention_mask,
                pixel_values=pixels.to(self._device, self._network.dtype),
                max_new_tokens=LONGEST_ANSWER,
                do_sample=False,
                pad_token_id=self._tokenizer.pad_token_id,
            )
        answers = said[:, tokens.input_ids.shape[1] :]
        return [" ".join(self._tokenizer.decode(answer, skip_special_tokens=True).split()) for answer in answers]

    def _conversation(self, question: str) -> str:
        """ChatML, as InternVL was taught it; the picture stands where its placeholders are, one each 28 × 28 points."""
        config = self._network.config
        placeholder = self._tokenizer.convert_ids_to_tokens(config.image_token_id)
        picture = f"<img>{placeholder * config.image_seq_length}</img>"
        return f"<|im_start|>user\n{picture}\n{question}<|im_end|>\n<|im_start|>assistant\n"
