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
from limelight.app.judge.trial import Trial
from limelight.errors import ModelError
from limelight.evaluation.analysed import Analysed, harm, papers
from limelight.evaluation.artefacts import si_sdr_db
from limelight.evaluation.known_stems import with_stems
from limelight.evaluation.pretrained.listeners import Image
from limelight.signals import Samples


@dataclass(frozen=True, eq=False, repr=False)
class Truth:
    """What the outputs for a clip are compared with, prepared once for all methods."""

    trial: Trial
    networks: Networks = NO_NETWORKS
    images: Sequence[Image] = ()

    @cached_property
    def target(self) -> Analysed:
        return Analysed(mono(self.trial.target))

    @cached_property
    def stems(self) -> NDArray[np.float32]:
        """[K, N] as metrics hear them."""
        return monos(self.trial.stems)

    def figures(self, method: Method) -> dict[str, float]:
        """Raw values by name; NaN is a figure that there is none of. Raises ModelError for what is no mix of the clip."""
        output = Analysed(mono(_remixed(method, self.trial)))
        given_good = Analysed(mono(_remixed(method, self.trial.well_mixed)))
        return {
            **papers(output, self.target),
            "si_sdr_db": si_sdr_db(output.samples, self.target.samples),
            **with_stems(output.samples, self.target.samples, self.stems),
            "harm": harm(given_good, self.target),
            **self.networks.figures(output.samples, self.target.samples, self.images),
        }


def _remixed(method: Method, trial: Trial) -> Samples:
    output = method.remix(trial)
    if output.shape != trial.input.shape or not np.isfinite(output).all():
        raise ModelError(
            f"Wanted a mix {trial.input.shape} of {trial.name} from {method.name}, got {output.shape}"
            f"{'' if np.isfinite(output).all() else ' with NaN or infinity'}; leave that method out."
        )
    return output
