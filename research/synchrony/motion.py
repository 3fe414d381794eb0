"""Does motion come with effects, do cuts fall on music?   python -m research.synchrony.motion CACHE

Own: a window of a film's picture and its sound. Other: the same picture with the sound of another group's film, or of the
same film at least half a minute away. Groups are those of the data's manifest. Of each film: onset strength of the sound (of
what is not speech, where there is talk), change of the picture, flashes, cuts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from research.synchrony.corpus import TALKERS, Vector, over_groups, read

RATE = 25  # Hz
WINDOWS_SECONDS = (3.0, 5.0, 10.0, 30.0)
OTHERS = 4
CUT = 0.09  # mean change of a picture
GROUPS = {
    "bbb": "bbb",
    "google": "google",
    "gopro": "gopro",
    "home": "home",
    "nasa": "nasa",
    "london": "london",
    "bike": "bike",
    "mozilla": "mozilla",
}


@dataclass(frozen=True)
class Film:
    """Curves at 25 Hz."""

    name: str
    change: Vector  # of the picture, smoothed over 80 ms, as a logarithm
    flash: Vector  # rise of light
    onset: Vector
    cuts: Vector  # indices

    @property
    def group(self) -> str:
        return GROUPS[self.name.split("_")[0]]


def films(cache: Path) -> list[Film]:
    return [_film(path) for path in sorted(cache.glob("*.npz")) if not path.stem.startswith(TALKERS)]


def _film(path: Path) -> Film:
    arrays = read(path)
    times, change, luma = arrays["time_seconds"], arrays["change"], arrays["luma"]
    length = int(min(times[-1], len(arrays["rest_onset"]) / 100 - 0.05) * RATE)
    at = np.arange(length) / RATE
    # A picture that is shown twice has no change: the sum over 80 ms is what moved, whatever the frame rate.
    total = np.interp(at + 0.04, times, np.cumsum(change)) - np.interp(at - 0.04, times, np.cumsum(change))
    light = np.interp(at + 0.04, times, luma) - np.interp(at - 0.04, times, luma)
    sharp = np.maximum.reduce(
        [
            np.interp(at + k / 100, np.arange(len(arrays["rest_onset"])) / 100, arrays["rest_onset"])
            for k in range(-2, 3)
        ]
    )
    cuts = np.flatnonzero(change > np.maximum(CUT, 3 * _median_around(change)))
    return Film(path.stem, np.log(total + 0.003), np.maximum(light, 0), sharp, times[cuts] * RATE)


def _median_around(values: Vector, reach: int = 8) -> Vector:
    padded = np.pad(values, reach, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1)


def smooth(values: Vector, taps: int) -> Vector:
    return np.convolve(np.pad(values, taps // 2, mode="edge"), np.ones(taps) / taps, mode="valid")[: len(values)]


def detrended(values: Vector, seconds: float = 2.0) -> Vector:
    return values - smooth(values, int(seconds * RATE) | 1)


def correlation(one: Vector, other: Vector) -> float:
    one, other = one - one.mean(), other - other.mean()
    return float((one * other).sum() / np.sqrt((one * one).sum() * (other * other).sum() + 1e-12))


def onsets_of_motion(film: Film) -> Vector:
    """Where motion begins or a flash comes: rises within a tenth of a second."""
    rise = np.maximum(film.change - np.concatenate([film.change[:2], film.change[:-2]]), 0)
    return rise / (rise.std() + 1e-9) + film.flash / (film.flash.std() + 0.003)


SCORES: dict[str, tuple[Callable[[Film], Vector], Callable[[Film], Vector]]] = {
    "motion with onsets": (lambda f: detrended(f.change), lambda f: detrended(f.onset)),
    "beginnings of motion with onsets": (lambda f: detrended(onsets_of_motion(f)), lambda f: detrended(f.onset)),
    "flashes with onsets": (lambda f: detrended(f.flash), lambda f: detrended(f.onset)),
    "activity (1 s) of motion and sound": (lambda f: smooth(f.change, RATE), lambda f: smooth(f.onset, RATE)),
}


def compared(
    all_films: list[Film], seconds: float, name: str, lags: tuple[int, ...]
) -> dict[str, tuple[list[float], list[float]]]:
    random, length = np.random.default_rng(1), round(seconds * RATE)
    seen, heard = SCORES[name]
    pictures, sounds = {f.name: seen(f) for f in all_films}, {f.name: heard(f) for f in all_films}
    found: dict[str, tuple[list[float], list[float]]] = {}

    def score(picture: Vector, sound: Vector, at: int, place: int) -> float:
        part = picture[at : at + length]
        return float(
            np.mean(
                [
                    correlation(part, sound[np.clip(np.arange(place, place + length) + lag, 0, len(sound) - 1)])
                    for lag in lags
                ]
            )
        )

    for film in all_films:
        picture = pictures[film.name]
        for at in range(0, len(picture) - length + 1, max(length, 5 * RATE)):
            pair = found.setdefault(film.group, ([], []))
            pair[0].append(score(picture, sounds[film.name], at, at))
            groups = sorted({f.group for f in all_films if f.group != film.group and len(sounds[f.name]) >= length})
            for _ in range(OTHERS):
                group = groups[random.integers(len(groups))]
                choice = [f for f in all_films if f.group == group and len(sounds[f.name]) >= length]
                sound = sounds[choice[random.integers(len(choice))].name]
                pair[1].append(score(picture, sound, at, int(random.integers(0, len(sound) - length + 1))))
            if len(picture) > 90 * RATE:
                place = (at + int(random.integers(30 * RATE, len(picture) - 30 * RATE))) % (len(picture) - length)
                pair[1].append(score(picture, sounds[film.name], at, place))
    return found


def cuts_with_onsets(all_films: list[Film]) -> None:
    """Share of a film's sound that is weaker than what is heard at its cuts (0.5: cuts know nothing of it)."""
    for film in all_films:
        if len(film.cuts) < 3:
            continue
        peak = np.array([film.onset[max(0, i - 2) : i + 4].max() for i in range(len(film.onset))])
        ranks = peak.argsort().argsort() / max(len(peak) - 1, 1)
        at = np.clip(film.cuts.astype(int), 0, len(ranks) - 1)
        random = np.random.default_rng(0)
        means = ranks[at][random.integers(0, len(at), (2000, len(at)))].mean(axis=1)
        low, high = np.percentile(means, [2.5, 97.5])
        sys.stdout.write(f"| {film.name} | {len(at)} cuts | {ranks[at].mean():.2f} ({low:.2f}–{high:.2f}) |\n")


def main() -> None:
    all_films = films(Path(sys.argv[1]))
    cuts_with_onsets(all_films)
    for seconds in WINDOWS_SECONDS:
        for name in SCORES:
            for lags in ((0, 1), (-1, 0, 1, 2, 3)):
                found = compared(all_films, seconds, name, lags)
                sys.stdout.write(f"| {seconds:g} s | {name}, lags {lags} | {over_groups(found)} |\n")
                sys.stdout.flush()
    found = compared(all_films, 10.0, "beginnings of motion with onsets", (0, 1))
    for group, (own, other) in found.items():
        sys.stdout.write(f"| {group} | own r {np.mean(own):+.3f} | other {np.mean(other):+.3f} | {len(own)} |\n")


if __name__ == "__main__":
    main()
