"""Every figure of one method on one clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from limelight.app.judge.methods import Method
from limelight.app.judge.networks import NO_NETWORKS, Networks
from limelight.app.judge.plane import mono, monos
from limelight.app.judge.trial import Mix, Trial
from limelight.errors import ModelError
from limelight.evaluation.analysed import Analysed, harm, papers
from limelight.evaluation.artefacts import si_sdr_db
from limelight.evaluation.balance import gain_change_db
from limelight.evaluation.decided import decided_change_db, decided_error_db, there
from limelight.evaluation.known_stems import with_stems
from limelight.evaluation.pretrained.listeners import Image


@dataclass(frozen=True, eq=False, repr=False)
class Truth:
    """What the outputs for a clip are compared with, prepared once for all methods."""

    trial: Trial
    networks: Networks = NO_NETWORKS
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
            **papers(output, self.target),
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
            "harm": harm(output, self.target),
            "harm_gain_db": gain_change_db(output.samples, self.target.samples, self.stems),
        }
        if given_good.gains_db is not None:
            found["decided_harm_db"] = decided_change_db(given_good.gains_db, self.present)
        return found


def _remixed(method: Method, trial: Trial) -> Mix:
    mix = method.remix(trial)
    finite = bool(np.isfinite(mix.samples).all())
    if mix.samples.shape != trial.input.shape or not finite:
        raise ModelError(
            f"Wanted a mix {trial.input.shape} of {trial.name} from {method.name}, got {mix.samples.shape}"
            f"{'' if finite else ' with NaN or infinity'}; leave that method out."
        )
    return mix
