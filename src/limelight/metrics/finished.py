"""Do no harm: what a model does to films that are finished, where the right answer is to leave them alone.

    film ──► plan ──► nothing changes: untouched
                 └──► mix, stretch by stretch of 30 s ──► change, worst moments

Untouched: no gain reaches 0.1 dB. Change: Σ ‖Y| − |X‖ / Σ |X| over MAG's STFT of the mono downmix, Y brought to X by the one
gain that fits best in each stretch, so louder as a whole is no change. A film that is not touched counts 0.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.api import decide, mixer_of, usual_encoder
from limelight.audio.convert import downmix_weights, resample
from limelight.dataset.build import find_films
from limelight.errors import LimelightError, OutputError, SomeFailed
from limelight.media.audio_files import sound_bytes
from limelight.media.probe import counted
from limelight.media.target import naming_write_errors
from limelight.metrics.papers import SAMPLE_RATE, magnitudes
from limelight.mixing.controls import Controls
from limelight.mixing.job import Job, Scratch, analyse
from limelight.mixing.mixers import Mixer
from limelight.mixing.plan import MixPlan
from limelight.models.registry import DEFAULT_DIRECTOR, is_remixer, load_director, load_remixer, load_separator
from limelight.report.templating import write_text
from limelight.types import STEMS, Samples

STRETCH_SECONDS = 30
SECOND_FRAMES = 100  # of MAG's STFT
MOMENT_SECONDS = 8.0  # of a worst moment that can be heard
WORST_MOMENTS = 3  # of one film
GAIN_EVERY, GAIN_SEARCHES = 6, 24  # frames on which the best gain is sought; golden sections
RESULTS, CLIPS = "finished.json", "moments"
Magnitudes = NDArray[np.floating]
Progress = Callable[[float, float], None]


@dataclass(frozen=True)
class Moment:
    """The second that was changed most in a stretch, and the clips in which it can be heard."""

    start_seconds: float
    change: float  # of that second, share of its magnitude
    gains_db: dict[str, float]
    reason: str
    clip: str  # files CLIP-before.m4a and CLIP-after.m4a; "" where nothing was kept


@dataclass(frozen=True)
class FinishedFilm:
    """What became of one film."""

    name: str
    seconds: float
    untouched: bool
    change: float  # share of the film's magnitude
    gains_db: dict[str, float]  # mean absolute gain of each stem, less what all share
    moments: tuple[Moment, ...] = ()
    key: str = ""  # of the file and the models, so that nothing is measured twice


@dataclass(frozen=True)
class Finished:
    """All films, and where it is written."""

    films: tuple[FinishedFilm, ...]
    failed: dict[str, str] = field(default_factory=dict)
    written: tuple[Path, ...] = ()

    @property
    def untouched_share(self) -> float:
        return float(np.mean([film.untouched for film in self.films])) if self.films else float("nan")

    @property
    def mean_change(self) -> float:
        return float(np.mean([film.change for film in self.films])) if self.films else float("nan")

    def for_programs(self) -> dict[str, object]:
        """Everything, as JSON has it."""
        return {
            "films": len(self.films),
            "untouched_share": self.untouched_share if self.films else None,
            "mean_change": self.mean_change if self.films else None,
            "found": [asdict(film) for film in self.films],
            "failed": self.failed,
        }

    def check(self) -> None:
        """Raises SomeFailed where films could not be measured."""
        if self.failed:
            first = next(iter(self.failed.items()))
            raise SomeFailed(
                f"{counted(len(self.failed), 'film')} could not be measured; the first: {first[0]}: {first[1]}"
            )


def evaluate_finished(
    films: Iterable[Path | str],
    into: Path | str,
    *,
    model: str,
    controls: Controls | None = None,
    progress: Progress | None = None,
) -> Finished:
    """Plans and mixes every film, measures the change, writes `finished.json` and a page to listen to.

    model: SEPARATOR, SEPARATOR+DIRECTOR or the file of a remixer. What is known of a file and these models is not measured
    again. One bad film is passed over and listed. Raises InputError without films, ModelError, OutputError.
    """
    from limelight.metrics.finished_page import finished_page

    into, paths, controls = Path(into), find_films(films), controls or Controls()
    mixer = mixer_named(model)
    with naming_write_errors(into):
        (into / CLIPS).mkdir(parents=True, exist_ok=True)
    known = {film.key: film for film in read_results(into / RESULTS)}
    done: list[FinishedFilm] = []
    failed: dict[str, str] = {}
    for number, path in enumerate(paths):
        key = _key(path, model, mixer, controls)
        try:
            done.append(known.get(key) or measure_film(path, mixer, controls, into / CLIPS, key=key))
        except OutputError:
            raise
        except LimelightError as error:
            failed[path.name] = str(error)
        write_text(json.dumps([asdict(film) for film in done], indent=1, ensure_ascii=False) + "\n", into / RESULTS)
        if progress:
            progress(number + 1, len(paths))
    found = Finished(tuple(done), failed)
    page = write_text(finished_page(found, into / CLIPS, model=model), into / "finished.html")
    return Finished(found.films, failed, (into / RESULTS, page))


def mixer_named(name: str) -> Mixer:
    """The way to a mix that a name stands for. Raises ModelError."""
    if is_remixer(name):
        return mixer_of(None, None, load_remixer(name))
    separator, _, director = name.partition("+")
    return mixer_of(load_separator(separator), load_director(director or DEFAULT_DIRECTOR), None)


def read_results(path: Path) -> list[FinishedFilm]:
    """What was measured before; nothing where there is no such file, or it is of another form."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [FinishedFilm(**row | {"moments": tuple(Moment(**one) for one in row["moments"])}) for row in rows]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def measure_film(path: Path, mixer: Mixer, controls: Controls, clips: Path, *, key: str = "") -> FinishedFilm:
    """One film through the main path, but for writing it. Raises InputError, NoSoundtrack, ModelError, OutputError."""
    mixer.check(controls)
    job = Job.of(path)
    with Scratch(clips / path.name) as job.scratch:
        plan = decide(job, mixer, analyse(job, usual_encoder(mixer)), controls)
        seconds = job.info.duration_seconds
        if plan.changes_nothing:
            return FinishedFilm(path.name, seconds, True, 0.0, _gains(plan), key=key)
        rate, weights = job.soundtrack.sample_rate, downmix_weights(job.soundtrack.layout)
        pairs = stretches(job.original(), mixer.blocks(job, plan), weights, samples=STRETCH_SECONDS * rate)
        found = [compared(given, made, rate) for given, made in pairs]
        worst = sorted(range(len(found)), key=lambda n: -found[n].worst)[:WORST_MOMENTS]
        moments = [_moment(n, found[n], plan, clips, f"{key[:12]}-{n}") for n in sorted(worst) if found[n].worst > 0]
    whole = sum(one.whole for one in found)
    change = sum(one.changed for one in found) / whole if whole > 0 else 0.0
    return FinishedFilm(
        path.name, seconds, untouched=False, change=change, gains_db=_gains(plan), moments=tuple(moments), key=key
    )


@dataclass(frozen=True, repr=False)
class Compared:
    """A stretch before and after: magnitudes, and its worst second with what is around it."""

    changed: float
    whole: float
    worst: float  # share of that second's magnitude, weighed by how loud it is in the stretch
    worst_change: float
    worst_second: int
    excerpt_start_seconds: float
    before: Samples  # [1, n] at SAMPLE_RATE
    after: Samples


def compared(given: NDArray[np.float32], made: NDArray[np.float32], sample_rate: int) -> Compared:
    """Two mono stretches [N]."""
    x, y = (resample(sound[None], sample_rate, SAMPLE_RATE)[0] for sound in (given, made))
    if np.array_equal(x, y):
        return Compared(0.0, float(magnitudes(x).sum()), 0.0, 0.0, 0, 0.0, x[None, :0], y[None, :0])
    before, after = magnitudes(x), magnitudes(y)
    gain = best_gain(after, before)
    difference = np.abs(gain * after - before).sum(axis=0)
    loud = before.sum(axis=0)
    edges = np.arange(0, len(loud), SECOND_FRAMES)
    per_second, of_second = np.add.reduceat(difference, edges), np.add.reduceat(loud, edges)
    second = int(np.argmax(per_second))
    first = max(0, int((second + 0.5 - MOMENT_SECONDS / 2) * SAMPLE_RATE))
    part = slice(first, first + int(MOMENT_SECONDS * SAMPLE_RATE))
    return Compared(
        changed=float(difference.sum()),
        whole=float(loud.sum()),
        worst=float(per_second[second] / max(loud.sum() / len(edges), 1e-12)),
        worst_change=float(per_second[second] / max(of_second[second], 1e-12)),
        worst_second=second,
        excerpt_start_seconds=first / SAMPLE_RATE,
        before=x[None, part],
        after=np.asarray(gain * y[None, part], np.float32),
    )


def fitted_distance(made: Magnitudes, wished: Magnitudes) -> float:
    """Σ | g · made − wished | with the one gain that fits best; [F, T] each."""
    return float(np.abs(best_gain(made, wished) * made - wished).sum())


def best_gain(made: Magnitudes, wished: Magnitudes) -> float:
    """The g for which Σ | g · made − wished | is least: convex in g, found by golden sections around the ratio of sums."""
    a, b = (np.ascontiguousarray(x[:, ::GAIN_EVERY]) for x in (made, wished))
    whole = float(a.sum())
    if whole <= 0 or not b.any():
        return 1.0
    middle, golden = np.log(float(b.sum()) / whole), (np.sqrt(5) - 1) / 2

    def cost(log_gain: float) -> float:
        return float(np.abs(a * np.exp(log_gain) - b).sum())

    low, high = middle - 1.5, middle + 1.5
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = cost(left), cost(right)
    for _ in range(GAIN_SEARCHES):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = cost(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = cost(right)
    return float(np.exp((low + high) / 2))


def stretches(
    given: Iterable[Samples], made: Iterable[Samples], weights: NDArray[np.float32], *, samples: int
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Both soundtracks [C, n] as mono stretches of so many samples, in step; the last one is shorter."""
    waiting: tuple[list[NDArray[np.float32]], ...] = ([], [])
    sources = [iter(given), iter(made)]
    while True:
        for blocks, queue in zip(sources, waiting, strict=True):
            while sum(map(len, queue)) < samples and (block := next(blocks, None)) is not None:
                queue.append(np.asarray(weights @ block, np.float32))
        joined = [np.concatenate(queue) if queue else np.zeros(0, np.float32) for queue in waiting]
        count = min(samples, *map(len, joined))
        if not count:
            return
        yield joined[0][:count], joined[1][:count]
        for queue, whole in zip(waiting, joined, strict=True):
            queue[:] = [whole[count:]]


def _gains(plan: MixPlan) -> dict[str, float]:
    """Mean absolute gain of each stem, less what all share; none of a remix in one step."""
    curves = plan.curves_db
    if not curves.size:
        return {}
    means = np.abs(curves - curves.mean(axis=0)).mean(axis=1)
    return {stem: round(float(mean), 2) for stem, mean in zip(STEMS, means, strict=True)}


def _moment(number: int, found: Compared, plan: MixPlan, clips: Path, clip: str) -> Moment:
    """What was done there, by the plan, and its two clips on the disk."""
    at = number * STRETCH_SECONDS + found.worst_second
    shot = next((one for one in plan.shots if one.start_seconds <= at + 0.5 < one.end_seconds), None)
    gains = plan.at(np.array([at + 0.5]))[:, 0] if plan.has_stems else np.zeros(0)
    for name, sound in (("before", found.before), ("after", found.after)):
        peak = max(1.0, float(np.abs(found.before).max()), float(np.abs(found.after).max()))
        with naming_write_errors(clips):
            data = sound_bytes(np.asarray(sound / peak, np.float32), SAMPLE_RATE, "mono")
            (clips / f"{clip}-{name}.m4a").write_bytes(data)
    return Moment(
        start_seconds=float(at),
        change=round(found.worst_change, 4),
        gains_db={stem: round(float(gain), 2) for stem, gain in zip(STEMS, gains, strict=False)},
        reason="" if shot is None else shot.reason,
        clip=clip,
    )


def _key(path: Path, model: str, mixer: Mixer, controls: Controls) -> str:
    """Of the file as it is and of whoever decides."""
    state = path.stat() if path.is_file() else None
    director = getattr(mixer, "director", None)
    marks: Sequence[object] = (
        path.name,
        state and (state.st_size, state.st_mtime_ns),
        model,
        mixer.card.fingerprint,
        director and director.card.fingerprint,
        asdict(controls),
    )
    return sha256(repr(marks).encode()).hexdigest()
