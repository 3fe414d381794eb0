"""The page of the check: what a browser would find."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from metrics.captions.test_check import checked
from report.test_page import HOSTILE, Reader

from limelight.metrics.caption_check import NO_CHANGE_DB, Effect
from limelight.metrics.caption_page import captions_page, said_of_effect, said_of_embeddings, said_of_grounding
from limelight.vision.pretrained.captions import Consistency, Grounding


def test_the_page_opens_offline_and_all_text_is_escaped() -> None:
    path = Path("/films/" + HOSTILE.replace("/", "∕") + ".mp4")
    found = checked(HOSTILE, "plain")
    page = captions_page(replace(found, info=replace(found.info, path=path)))
    reader = Reader(page)
    addresses = [a[key] for _, a in reader.elements for key in ("src", "href") if key in a]
    assert len(addresses) == 2
    assert all(address.startswith("data:image/jpeg;base64,") for address in addresses)
    assert not reader.having("script")
    assert "default-src 'none'" in page
    assert "alert(1)" in reader.said
    assert "plain" in reader.said


def test_what_was_found_is_told_in_sentences() -> None:
    ground = Grounding(np.array([0.3, 0.2]), np.array([0.1, 0.1]), 1.0)
    assert "own picture 0.250, with others 0.100; own is nearest for 100 % (by chance 50 %)" in said_of_grounding(
        ground
    )
    assert "speak of their pictures" in said_of_grounding(ground)
    assert "other pictures as well" in said_of_grounding(replace(ground, others=ground.own))
    assert "not 1" in said_of_embeddings(Consistency(8, 3, 1, 0.5, 1.0))
    assert "all of length 1" in said_of_embeddings(Consistency(8, 3, 1, 1.0, 1.0))
    assert "nothing differs with shuffled" in said_of_effect(Effect(-3.0, NO_CHANGE_DB, -10.0))
    assert "does not listen" in said_of_effect(Effect(-3.0, NO_CHANGE_DB, NO_CHANGE_DB))
