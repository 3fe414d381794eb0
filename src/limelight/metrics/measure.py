"""KLD and ΔIB in a run: the networks that are asked for, loaded once by each process, and what they hear of a clip.

Every figure of one method on one clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from limelight.dataset.clips import CLIPS
from limelight.dataset.manifest import Entry
from limelight.errors import InputError, ModelError
from limelight.metrics.analysed import Analysed, clean_mix_change, papers_metrics
from limelight.metrics.artefacts import si_sdr_db
from limelight.metrics.balance import decided_change_db, decided_error_db, gain_change_db, there
from limelight.metrics.clips import EvalClip, Mix, mono, monos
from limelight.metrics.methods import Method
from limelight.metrics.papers import delta_ib, kld
from limelight.metrics.pretrained import Embedder, Image, Tagger, embedder_of, tagger_of
from limelight.metrics.registry import with_stems

Mono = NDArray[np.float32]


@dataclass(frozen=True)
class MetricNetworks:
    """By the names of `listeners`; "" for none."""

    tagger: str = ""
    embedder: str = ""

    def check(self, entries: Sequence[Entry]) -> None:
        """Loads what is asked for, before any work is done. Raises ModelError, InputError where there are no pictures."""
        if self.tagger:
            _tagger(self.tagger)
        if self.embedder:
            _embedder(self.embedder)
            missing = next((entry.name for entry in entries if not picture_names(entry)), None)
            if missing:
                raise InputError(
                    f"Wanted pictures for --embedder, {missing} has none; build the data set again with --frames."
                )

    def figures(self, output: Mono, target: Mono, images: Sequence[Image]) -> dict[str, float]:
        """Raw values by name, of mono sounds at 44.1 kHz and a clip's pictures."""
        found = {}
        if self.tagger:
            tagger = _tagger(self.tagger)
            found["kld"] = kld(tagger.logits(output), tagger.logits(target))
        if self.embedder:
            embedder = _embedder(self.embedder)
            pictures = embedder.pictures(images)
            found["delta_ib"] = delta_ib(embedder.sound(output), embedder.sound(target), pictures)
        return found


NO_NETWORKS = MetricNetworks()


def picture_names(entry: Entry) -> list[str]:
    """The pictures that a clip keeps, in order."""
    return sorted(name for name in entry.files if name.startswith("frames/"))


def read_pictures(folder: Path, entry: Entry) -> list[Image]:
    """The pictures of a clip, [H, W, 3] in RGB. Raises InputError."""
    images = []
    for name in picture_names(entry):
        path = folder / CLIPS / entry.name / name
        image = cv2.imread(str(path)) if path.is_file() else None
        if image is None:
            raise InputError(f"Wanted {path} of the data set, which cannot be read; build it again.")
        images.append(np.ascontiguousarray(image[:, :, ::-1], np.uint8))
    return images


@cache
def _tagger(name: str) -> Tagger:
    return tagger_of(name)


@cache
def _embedder(name: str) -> Embedder:
    return embedder_of(name)


@dataclass(frozen=True, eq=False, repr=False)
class Reference:
    """What the outputs for a clip are compared with, prepared once for all methods."""

    trial: EvalClip
    networks: MetricNetworks = NO_NETWORKS
    images: Sequence[Image] = ()
    harm_too: bool = True

    @cached_property
    def target(self) -> Analysed:
        return Analysed(mono(self.trial.target))

    @cached_property
    def stems(self) -> NDArray[np.float32]:
        """[K, N] as metrics hear them."""
        return monos(self.trial.stems)

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """Which stems are there at all, [K]."""
        return there(self.trial.stems)

    def figures(self, method: Method) -> dict[str, float]:
        """Raw values by name; NaN is a figure that there is none of. Raises ModelError for what is no mix of the clip."""
        mix = _remixed(method, self.trial)
        output = Analysed(mono(mix.samples))
        found = {
            **papers_metrics(output, self.target),
            "si_sdr_db": si_sdr_db(output.samples, self.target.samples),
            **with_stems(output.samples, self.target.samples, self.stems),
            **self.networks.figures(output.samples, self.target.samples, self.images),
        }
        if mix.gains_db is not None:
            found["decided_error_db"] = decided_error_db(mix.gains_db, self.trial.right_db, self.present)
        if self.trial.is_good:
            found |= self._harm(mix)
        elif self.harm_too and method.kind != "picture":  # a wrong picture is not what a film gets, and it takes long
            found |= self._harm(_remixed(method, self.trial.well_mixed))
        return found

    def _harm(self, given_good: Mix) -> dict[str, float]:
        """What was made of the mix as it should be."""
        output = Analysed(mono(given_good.samples))
        found = {
            "harm": clean_mix_change(output, self.target),
            "harm_gain_db": gain_change_db(output.samples, self.target.samples, self.stems),
        }
        if given_good.gains_db is not None:
            found["decided_harm_db"] = decided_change_db(given_good.gains_db, self.present)
        return found


def _remixed(method: Method, trial: EvalClip) -> Mix:
    mix = method.remix(trial)
    finite = bool(np.isfinite(mix.samples).all())
    if mix.samples.shape != trial.input.shape or not finite:
        raise ModelError(
            f"Wanted a mix {trial.input.shape} of {trial.name} from {method.name}, got {mix.samples.shape}"
            f"{'' if finite else ' with NaN or infinity'}; leave that method out."
        )
    return mix
