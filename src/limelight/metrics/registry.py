"""The metrics by name: what each is called, its unit, which way is better, what it needs, and how it is measured.

    @metric("mag", "MAG", section=PAPERS)
    def _mag(of: Comparison) -> float: ...

A function that is registered here is measured everywhere: by `limelight score` and `evaluate`, in the validation of a
training, in ablation tables. Whoever wants figures of arrays asks `measure`. A metric whose needs are not met is left out;
NaN is a figure that there is none of (the balance of a single stem). What a metric means stands in docs/judge.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from limelight.metrics import balance, papers
from limelight.metrics import balance as artefacts
from limelight.metrics.balance import validate_stems
from limelight.metrics.bootstrap import Statistic, mean_of
from limelight.metrics.comparison import DECISION, EMBEDDER, MIXTURE, STEMS, TAGGER, Comparison, Reference
from limelight.metrics.papers import POOL, Analysed, Signal, mean_distance, root_mean_square
from limelight.metrics.pretrained import NO_NETWORKS, Image, MetricNetworks

__all__ = [
    "BALANCE",
    "BY_NAME",
    "DECIDED",
    "DECISION",
    "EMBEDDER",
    "HUNDREDTHS",
    "MIXTURE",
    "OTHERS",
    "PAPERS",
    "STEMS",
    "TAGGER",
    "Comparison",
    "Metric",
    "Reference",
    "measure",
    "measure_all",
    "metric",
    "pooled_over_clips",
    "registered",
    "size_of_mean",
]

Array = NDArray[np.floating]

HUNDREDTHS = "× 100"
PAPERS = "The papers' figures, which mostly tell the level"
BALANCE = "Balance, artefacts, and what is done to a clean mix"
DECIDED = "What was decided, before any stem was cut out"
OTHERS = "Further figures"


@dataclass(frozen=True)
class Metric:
    """One column of a table."""

    name: str  # as in JSON
    title: str
    measure: Callable[[Comparison], float] = field(repr=False)  # raw
    unit: str = HUNDREDTHS
    section: str = OTHERS
    needs: frozenset[str] = frozenset()
    higher_is_better: bool = False
    perfect_untouched: bool = False  # whoever does nothing has the best figure there is
    of_clean_mix: bool = False  # what is made of a mix that is right
    over_clips: Statistic = mean_of  # from the figures of clips to that of a table
    version: int = 1  # another number, and it is measured again

    def shown(self, value: float) -> float:
        """A raw value as it is printed."""
        return 100 * value if self.unit == HUNDREDTHS else value

    @property
    def digits(self) -> int:
        """After the point, as it is printed."""
        return 1 if self.unit == "LU" or self.higher_is_better else 2

    def answers(self, of: Comparison) -> bool:
        """Whether it can be measured."""
        return self.needs <= of.offers and (of.clean or not self.of_clean_mix)


BY_NAME: dict[str, Metric] = {}


def metric(
    name: str,
    title: str,
    *,
    unit: str = HUNDREDTHS,
    section: str = OTHERS,
    needs: Collection[str] = (),
    higher_is_better: bool = False,
    perfect_untouched: bool = False,
    of_clean_mix: bool = False,
    over_clips: Statistic = mean_of,
    version: int = 1,
) -> Callable[[Callable[[Comparison], float]], Callable[[Comparison], float]]:
    """Registers a function under a name, in the order of calls. Raises ValueError for a name that is taken."""

    def register(function: Callable[[Comparison], float]) -> Callable[[Comparison], float]:
        if name in BY_NAME:
            raise ValueError(f"there is a metric {name!r} already; call the new one something else")
        BY_NAME[name] = Metric(
            name=name,
            title=title,
            measure=function,
            unit=unit,
            section=section,
            needs=frozenset(needs),
            higher_is_better=higher_is_better,
            perfect_untouched=perfect_untouched,
            of_clean_mix=of_clean_mix,
            over_clips=over_clips,
            version=version,
        )
        return function

    return register


def registered() -> tuple[Metric, ...]:
    """All metrics, in the order of a table."""
    return tuple(BY_NAME.values())


def measure(
    output: Signal,
    target: Signal,
    *,
    mixture: Signal | None = None,
    stems: Array | None = None,
    clean: bool = False,
    networks: MetricNetworks = NO_NETWORKS,
    pictures: Sequence[Image] = (),
    only: Collection[str] | None = None,
) -> dict[str, float]:
    """Raw figures by name, of mono signals [N] at 44.1 kHz and the target's stems [K, N], as far as these are known.

    `clean`: the output was made of the target itself. `only`: some metrics by name. Raises ValueError for signals that
    cannot be compared, KeyError for a name that is none.
    """
    before = None if mixture is None else Analysed(mixture)
    known = Reference(Analysed(target), before, stems, networks=networks, pictures=pictures)
    asked = registered() if only is None else tuple(BY_NAME[name] for name in only)
    return measure_all(Comparison(Analysed(output), known, clean=clean), asked)


def measure_all(of: Comparison, metrics: Collection[Metric]) -> dict[str, float]:
    """The same of a comparison that was prepared. Raises ValueError."""
    papers.validate(of.output.samples, of.target.samples)
    if of.reference.stems is not None:
        validate_stems(of.output.samples, of.reference.stems)
    return {one.name: float(one.measure(of)) for one in metrics if one.answers(of)}


def pooled_over_clips(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """ENV as the released code pools it, twenty clips under one root, of each draw [draws, n]."""
    starts = np.arange(0, drawn.shape[1], POOL)
    sizes = np.diff(np.append(starts, drawn.shape[1]))
    return np.asarray(np.sqrt(np.add.reduceat(np.square(drawn), starts, axis=1) / sizes).mean(axis=1))


def size_of_mean(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """|mean| of each draw: what is over in one clip makes up for what lacks in another."""
    return np.asarray(np.abs(drawn.mean(axis=1)))


@metric("mag", "MAG", section=PAPERS)
def _mag(of: Comparison) -> float:
    return mean_distance(of.output.magnitudes, of.target.magnitudes)


@metric("env", "ENV", section=PAPERS)
def _env(of: Comparison) -> float:
    return root_mean_square(of.output.envelope, of.target.envelope)


@metric("env_pooled", "ENV, pooled", section=PAPERS, over_clips=pooled_over_clips)
def _env_pooled(of: Comparison) -> float:
    return _env(of)


@metric("w_dis", "W-dis", section=PAPERS)
def _w_dis(of: Comparison) -> float:
    return float(np.mean(np.abs(of.output.in_order - of.target.in_order)))


@metric("kld", "KLD", section=PAPERS, needs=[TAGGER])
def _kld(of: Comparison) -> float:
    return papers.kld(of.reference.networks.logits(of.output.samples), of.reference.logits)


@metric("delta_ib", "ΔIB", section=PAPERS, needs=[EMBEDDER])
def _delta_ib(of: Comparison) -> float:
    return abs(_relevance_gap(of))


@metric("delta_ib_of_means", "ΔIB, of means", section=PAPERS, needs=[EMBEDDER], over_clips=size_of_mean)
def _relevance_gap(of: Comparison) -> float:
    return papers.relevance_gap(of.embedding, of.reference.embedding, of.reference.seen)


@metric("mag_level_matched", "level-matched MAG", section=BALANCE)
def _mag_level_matched(of: Comparison) -> float:
    return mean_distance(of.output.magnitudes, of.target.magnitudes, of.gain)


@metric("env_level_matched", "level-matched ENV", section=BALANCE)
def _env_level_matched(of: Comparison) -> float:
    return root_mean_square(of.gain * of.output.envelope, of.target.envelope)


@metric("gain_error_db", "gain error", unit="dB", section=BALANCE, needs=[STEMS])
def _gain_error_db(of: Comparison) -> float:
    return balance.gain_error_db(of.output.samples, of.target.samples, of.stems)


@metric("balance_error_lu", "balance error", unit="LU", section=BALANCE, needs=[STEMS])
def _balance_error_lu(of: Comparison) -> float:
    speech, true_speech = of.parts[0], of.stems[0]
    return balance.balance_error_of_parts_lu(
        speech, of.output.samples - speech, true_speech, of.target.samples - true_speech
    )


@metric(
    "artefacts_db",
    "artefacts",
    unit="dB",
    section=BALANCE,
    needs=[STEMS],
    higher_is_better=True,
    perfect_untouched=True,
)
def _artefacts_db(of: Comparison) -> float:
    return artefacts.artefacts_of_parts_db(of.parts, of.output.samples, of.stems)


@metric("si_sdr_db", "SI-SDR", unit="dB", section=BALANCE, higher_is_better=True)
def _si_sdr_db(of: Comparison) -> float:
    return artefacts.si_sdr_db(of.output.samples, of.target.samples)


@metric("clean_mix_change", "clean-mix change", section=BALANCE, perfect_untouched=True, of_clean_mix=True)
def _clean_mix_change(of: Comparison) -> float:
    """The output is compared with what was given, which should have been left alone. Loudness is no harm."""
    return _mag_level_matched(of)


@metric(
    "clean_mix_gain_db",
    "clean-mix change, gains",
    unit="dB",
    section=BALANCE,
    needs=[STEMS],
    perfect_untouched=True,
    of_clean_mix=True,
)
def _clean_mix_gain_db(of: Comparison) -> float:
    return balance.gain_change_db(of.output.samples, of.target.samples, of.stems)


@metric("decided_error_db", "error of the decided gains", unit="dB", section=DECIDED, needs=[DECISION])
def _decided_error_db(of: Comparison) -> float:
    if of.reference.right_db is None:
        return float("nan")
    assert of.decided_db is not None
    assert of.reference.present is not None
    return balance.decided_error_db(of.decided_db, of.reference.right_db, of.reference.present)


@metric(
    "clean_mix_decided_db",
    "decided change of a clean mix",
    unit="dB",
    section=DECIDED,
    needs=[DECISION],
    perfect_untouched=True,
    of_clean_mix=True,
)
def _clean_mix_decided_db(of: Comparison) -> float:
    assert of.decided_db is not None
    assert of.reference.present is not None
    return balance.decided_change_db(of.decided_db, of.reference.present)
