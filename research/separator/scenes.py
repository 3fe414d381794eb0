"""A scene: speech, music and effects of some seconds, in stereo, at levels that belong together, and the mixture of them.

What is what: whoever speaks is speech, near or far, one or many at once; singing is music; crowds, and every noise of
microphones, wind, mains and rooms, are effects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import levels as lv
import numpy as np
import styles as st
from numpy.typing import NDArray
from scipy import fft, ndimage
from sounds import SAMPLE_RATE, Shelf, Sound, SoundLibrary, Source

Stems = NDArray[np.float32]  # [3, 2, N]
PROGRAMME_LUFS = -27.0
PAUSE_SECONDS = (0.15, 0.5, 2.0, 6.0)  # means, between utterances
POOLED = 4  # stems of each kind that wait to be heard a second time


@dataclass(frozen=True)
class Variety:
    """How often what happens. Tests are drawn with `plain` settings: no invented voices, no synthetic noise."""

    levels: dict[str, float] = field(default_factory=lambda: {"film": 0.6, "dnr": 0.3, "wide": 0.1})
    mixes: dict[str, float] = field(
        default_factory=lambda: {"none": 0.25, "paper": 0.35, "released": 0.2, "moving": 0.2}
    )
    whispered: float = 0.06
    shouted: float = 0.08
    telephoned: float = 0.07
    far: float = 0.25
    at_once: float = 0.2
    sung: float = 0.3
    noise: float = 0.3
    crowd: float = 0.08
    mono: float = 0.35
    room_tone: float = 0.5
    colour: bool = True  # equalisers, low-passes, other speeds
    pauses: tuple[float, ...] = (0.3, 0.35, 0.2, 0.15)  # chances of PAUSE_SECONDS


PLAIN = Variety(
    whispered=0, shouted=0, telephoned=0, far=0.15, at_once=0.1, noise=0, crowd=0, room_tone=0, colour=False
)


@dataclass(frozen=True)
class Scene:
    """Stems as the mixture has them; `undo_db` are the static gains that lead back to the good mix."""

    stems: Stems
    undo_db: NDArray[np.float64]  # [3]
    facts: dict[str, Any]

    @property
    def mono(self) -> NDArray[np.float32]:
        """[3, N]: what the ear hears of the stems."""
        return self.stems.mean(1)

    @property
    def side(self) -> NDArray[np.float32]:
        return (self.stems[:, 0] - self.stems[:, 1]).sum(0) / 2


class SceneMaker:
    """Draws scenes out of a library; one seed, one scene, unless stems are used twice."""

    def __init__(
        self, library: SoundLibrary, *, seconds: float = 10.24, variety: Variety | None = None, twice: bool = False
    ) -> None:
        """`twice`: a stem is heard in two scenes, among others and at other levels; drawing costs two thirds."""
        self.library, self.variety, self.twice = library, variety or Variety(), twice
        self.samples = round(seconds * SAMPLE_RATE)
        self.freq = st.hertz(self.samples)
        self._waiting: dict[str, list[tuple[Sound, dict[str, Any]]]] = {}
        self.forget()

    def forget(self) -> None:
        """Nothing waits any more to be heard a second time."""
        self._waiting = {stem: [] for stem in lv.STEMS}

    def draw(self, rng: np.random.Generator) -> Scene:
        v = self.variety
        kind, mix = _one_of(rng, v.levels), _one_of(rng, v.mixes)
        wanted = {"film": lv.film_levels, "dnr": lv.dnr_levels, "wide": lv.wide_levels}[kind](rng)
        facts: dict[str, Any] = {"levels": kind, "mix": mix}
        silence = np.zeros((2, self.samples), np.float32)
        stems = np.stack(
            [
                self._stem(stem, rng, facts) if np.isfinite(level) else silence
                for stem, level in zip(lv.STEMS, wanted, strict=True)
            ]
        )
        if v.colour and rng.random() < 0.25:
            stems = st.filtered(stems, st.low_pass(rng, self.freq, 5_000))
        if rng.random() < v.mono:
            stems[:] = stems.mean(1, keepdims=True)
            facts["mono"] = True
        powers = lv.block_powers(stems.mean(1))
        have = np.array([lv.integrated_lufs(row) for row in powers])
        there = np.isfinite(wanted) & np.isfinite(have)
        gains_db = np.where(there, np.clip(np.where(there, wanted, 0) - np.where(there, have, 0), -90, 60), -np.inf)
        lufs = np.where(np.isfinite(gains_db), wanted, -np.inf)
        if not np.isfinite(lufs).any():
            return self.draw(rng)
        stems *= (10 ** (gains_db / 20)).astype(np.float32)[:, None, None]
        stems, undo_db = self._mixed(rng, mix, stems, lufs)
        facts |= {"good_lufs": [round(float(x), 1) for x in lufs]}
        return self._at_level(rng, stems, undo_db, facts)

    def _stem(self, stem: str, rng: np.random.Generator, facts: dict[str, Any]) -> Sound:
        """A new one, or one that was heard once, its channels perhaps exchanged."""
        waiting = self._waiting[stem]
        if len(waiting) >= POOLED and rng.random() < 0.5:
            sound, told = waiting.pop(int(rng.integers(len(waiting))))
            facts |= told
            return sound[:: 1 if rng.random() < 0.5 else -1]
        told = {}
        made: Sound = getattr(self, stem)(rng, told)
        if self.twice:
            waiting.append((made, told))
        facts |= told
        return made

    def _mixed(
        self, rng: np.random.Generator, mix: str, stems: Stems, lufs: NDArray[np.float64]
    ) -> tuple[Stems, NDArray[np.float64]]:
        if mix == "moving":
            active = speech_activity(stems[0].mean(0))
            return stems * 10 ** (lv.moving_gains_db(rng, self.samples, active)[:, None] / 20), np.zeros(3)
        draw = {"none": lambda *_: np.zeros(3), "paper": lv.paper_gains_db, "released": lv.released_gains_db}[mix]
        gains_db = draw(rng, lufs)
        return stems * (10 ** (gains_db / 20)).astype(np.float32)[:, None, None], -gains_db

    def _at_level(
        self, rng: np.random.Generator, stems: Stems, undo_db: NDArray[np.float64], facts: dict[str, Any]
    ) -> Scene:
        """Near the programme level mostly; at times a film's quiet passage or its loudest."""
        have = lv.integrated_lufs(lv.block_powers(stems.sum(0).mean(0)))
        away = float(rng.normal(0, 4) if rng.random() < 0.65 else rng.uniform(-20, 8))
        gain = 10 ** ((PROGRAMME_LUFS + away - have) / 20) if np.isfinite(have) else 1.0
        return Scene((stems * np.float32(gain)).astype(np.float32), undo_db, facts)

    # ---- speech

    def speech(self, rng: np.random.Generator, facts: dict[str, Any]) -> Sound:
        """One who speaks, or several in turn, or at once; in one room, near or far."""
        v = self.variety
        count = 1 if rng.random() < 0.55 else int(rng.integers(2, 4))
        at_once = rng.random() < v.at_once
        out = np.zeros((2, self.samples), np.float32)
        facts["speech"] = styles = []
        voices = [Voice.draw(rng, self.library.speech, v) for _ in range(count + at_once)]
        styles += [voice.style for voice in voices]
        if at_once:
            for voice in voices:
                self._talk(rng, [voice], out)
        else:
            self._talk(rng, voices, out)
        far = bool(rng.random() < v.far)
        facts["far"] = far
        response: Any = st.room(rng, self.samples, far=far) if far or rng.random() < 0.5 else 1.0
        if v.colour:
            response = response * st.equaliser(rng, self.freq, 3.0)
            if rng.random() < 0.15:
                response = response * st.low_pass(rng, self.freq)
        return st.filtered(out, response)

    def _talk(self, rng: np.random.Generator, voices: list[Voice], out: Sound) -> None:
        """Utterances by turns with pauses, into `out`; sometimes little, sometimes without a breath."""
        pause = float(rng.choice(PAUSE_SECONDS, p=self.variety.pauses))
        place = round(rng.uniform(-4, 1.5) * SAMPLE_RATE)
        turn = 0
        while place < self.samples:
            said = voices[turn % len(voices)].utter(rng)
            turn += int(rng.random() < 0.7)
            _add(out, said, place)
            place += said.shape[1] + round(rng.exponential(pause) * SAMPLE_RATE)

    # ---- music

    def music(self, rng: np.random.Generator, facts: dict[str, Any]) -> Sound:
        """An excerpt, at times two, played or sung; at times out of a radio in a room."""
        v = self.variety
        sung = bool(self.library.sung.sources) and rng.random() < v.sung
        facts["sung"] = sung
        shelf = self.library.sung if sung else self.library.played
        out = self._excerpt(rng, shelf)
        if sung and rng.random() < 0.5:  # a voice alone is given something to sing to
            out = out * np.float32(10 ** (rng.uniform(-6, 6) / 20)) + self._excerpt(rng, self.library.played)
        if rng.random() < 0.08:
            fade = np.clip((np.arange(self.samples) / self.samples - rng.uniform(0.2, 0.8)) * rng.uniform(2, 30), 0, 1)
            out = out * (1 - fade) + self._excerpt(rng, self.library.played) * fade
        if v.colour:
            out = _widened(out, float(rng.choice([0.0, 0.5, 1.0, 1.3], p=[0.15, 0.2, 0.5, 0.15])))
            response: Any = 1.0
            if rng.random() < 0.08:
                out = st.telephoned(rng, out)
                response = st.room(rng, self.samples, far=True)
            elif rng.random() < 0.15:
                response = st.room(rng, self.samples, far=False)
            if rng.random() < 0.5:
                response = response * st.equaliser(rng, self.freq)
            if rng.random() < 0.3:
                response = response * st.low_pass(rng, self.freq)
            out = st.filtered(out.astype(np.float32), response)
        return out.astype(np.float32)

    def _excerpt(self, rng: np.random.Generator, shelf: Shelf) -> Sound:
        speed = float(np.exp(rng.uniform(-0.22, 0.22))) if self.variety.colour and rng.random() < 0.6 else 1.0
        out = np.zeros((2, self.samples), np.float32)
        place = 0
        while place < self.samples:
            source = shelf.draw(rng)
            piece = st.at_speed(source.cut(rng, self.samples / SAMPLE_RATE * speed + 0.1), speed)
            piece = _faded(_even(piece), 0.02)
            _add(out, piece, place)
            place += max(piece.shape[1], SAMPLE_RATE // 10) + round(rng.exponential(0.2) * SAMPLE_RATE)
        return out

    # ---- effects

    def effects(self, rng: np.random.Generator, facts: dict[str, Any]) -> Sound:
        """Events in front, a bed behind, noises that need no recording, crowds; any of them may be missing."""
        v = self.variety
        what = {
            "events": rng.random() < 0.75,
            "bed": rng.random() < 0.5,
            "noise": rng.random() < v.noise,
            "crowd": rng.random() < v.crowd,
        }
        if not any(what.values()):
            what["events"] = True
        facts["effects"] = [name for name, there in what.items() if there]
        out = np.zeros((2, self.samples), np.float32)
        for name, there in what.items():
            if there:
                behind_db = 0.0 if name == "events" else float(rng.normal(-6 if what["events"] else 0, 6))
                out += _even(getattr(self, "_" + name)(rng)) * np.float32(10 ** (behind_db / 20))
        response: Any = 1.0
        if v.colour and rng.random() < 0.4:
            response = response * st.equaliser(rng, self.freq)
        if v.colour and rng.random() < 0.25:
            response = response * st.low_pass(rng, self.freq)
        out = st.filtered(out, response)
        if rng.random() < v.room_tone:
            tone = _even(st.filtered(rng.standard_normal((2, self.samples)).astype(np.float32), st.tilt(self.freq, -5)))
            out += tone * np.float32(10 ** (rng.uniform(-55, -25) / 20))
        return out

    def _events(self, rng: np.random.Generator) -> Sound:
        out = np.zeros((2, self.samples), np.float32)
        pause = float(rng.choice([0.1, 0.7, 2.5]))
        kinds = [self.library.effects.group(rng) for _ in range(int(rng.integers(1, 5)))]
        place = round(rng.uniform(-2, 2) * SAMPLE_RATE)
        while place < self.samples:
            members = kinds[int(rng.integers(len(kinds)))]
            piece = self._effect(rng, members[int(rng.integers(len(members)))], 6.0)
            _add(out, piece, place)
            place += int(piece.shape[1] * rng.uniform(0.5, 1)) + round(rng.exponential(pause) * SAMPLE_RATE)
        if self.variety.colour and rng.random() < 0.4:
            out = fft.irfft(fft.rfft(out) * st.room(rng, self.samples, far=rng.random() < 0.4), self.samples)
        return out.astype(np.float32)

    def _bed(self, rng: np.random.Generator) -> Sound:
        out = np.zeros((2, self.samples), np.float32)
        members = self.library.effects.group(rng)
        place = -round(rng.uniform(0, 1) * SAMPLE_RATE)
        while place < self.samples:
            piece = self._effect(rng, members[int(rng.integers(len(members)))], 12.0)
            piece = _faded(piece, 0.15)
            _add(out, piece, place)
            place += max(1, piece.shape[1] - round(0.15 * SAMPLE_RATE))
        return out

    def _effect(self, rng: np.random.Generator, source: Source, seconds: float) -> Sound:
        colour = self.variety.colour
        speed = float(np.exp(rng.uniform(-0.35, 0.35))) if colour and rng.random() < 0.6 else 1.0
        piece = _even(st.at_speed(source.cut(rng, seconds), speed)) * np.float32(10 ** (rng.normal(0, 4) / 20))
        pan = float(rng.uniform(-1, 1)) * (rng.random() < 0.6)
        return _faded(piece * np.array([[np.sqrt(1 - pan)], [np.sqrt(1 + pan)]], np.float32), 0.005)

    def _noise(self, rng: np.random.Generator) -> Sound:
        return st.noise(rng, self.samples)

    def _crowd(self, rng: np.random.Generator) -> Sound:
        """Many voices that nobody can follow, in a room: babble, from which the single voice is not to be had."""
        out = np.zeros((2, self.samples), np.float32)
        for _ in range(int(rng.integers(7, 16))):
            said = _even(self.library.speech.draw(rng).cut(rng, 8.0)) * np.float32(rng.uniform(0.4, 1.2))
            pan = float(rng.uniform(-1, 1))
            said = said * np.array([[1 - pan], [1 + pan]], np.float32)
            for place in range(-int(rng.integers(said.shape[1] or 1)), self.samples, said.shape[1] or self.samples):
                _add(out, said, place)
        return fft.irfft(fft.rfft(out) * st.room(rng, self.samples, far=True), self.samples).astype(np.float32)


@dataclass(frozen=True)
class Voice:
    """Somebody who speaks in one manner from one place."""

    sources: list[Source]
    style: str
    speed: float
    pan: float
    air: bool
    seed: int

    @classmethod
    def draw(cls, rng: np.random.Generator, shelf: Shelf, v: Variety) -> Voice:
        chance = rng.random()
        names = (("whispered", v.whispered), ("shouted", v.shouted), ("telephoned", v.telephoned))
        style, reach = "plain", 0.0
        for name, share in names:
            if reach <= chance < reach + share:
                style = name
            reach += share
        speed = float(np.exp(rng.uniform(-0.16, 0.16))) if v.colour and rng.random() < 0.6 else 1.0
        pan = float(rng.uniform(-0.7, 0.7)) if rng.random() < 0.15 else 0.0
        return cls(shelf.group(rng), style, speed, pan, rng.random() < 0.8, int(rng.integers(2**31)))

    def utter(self, rng: np.random.Generator) -> Sound:
        """[2, n], dry."""
        source = self.sources[int(rng.integers(len(self.sources)))]
        x = source.cut(rng, float(rng.uniform(2, 8))).mean(0)
        x = st.at_speed(x, self.speed)
        own = np.random.default_rng(self.seed)  # of this voice, every time alike
        if self.air and source.sample_rate < 32_000 and len(x) > 2048:
            x = st.with_air(own, x, min(8_000.0, source.sample_rate / 2))
        if self.style != "plain" and len(x) > 4096:
            x = {"whispered": st.whispered, "shouted": st.shouted, "telephoned": st.telephoned}[self.style](own, x)
        x = _faded(_even(x[None]), 0.01)
        return (
            x
            * np.array([[np.sqrt(1 - self.pan)], [np.sqrt(1 + self.pan)]], np.float32)
            * np.float32(10 ** (rng.normal(0, 1.5) / 20))
        )


def speech_activity(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """0…1 as a ducker would follow it, [N]: power of 50 ms over −30 dB of the loudest, held and smoothed."""
    size = SAMPLE_RATE // 20
    power = np.square(x[: len(x) // size * size]).reshape(-1, size).mean(1)
    on = (power > power.max() * 1e-3).astype(np.float32) if power.max() > 0 else np.zeros(len(power), np.float32)
    held = ndimage.gaussian_filter1d(ndimage.maximum_filter1d(on, 9), 3)
    return np.interp(np.arange(len(x)), (np.arange(len(held)) + 0.5) * size, held).astype(np.float32)


def _one_of(rng: np.random.Generator, shares: dict[str, float]) -> str:
    names = list(shares)
    weights = np.array([shares[name] for name in names])
    return names[int(rng.choice(len(names), p=weights / weights.sum()))]


def _even(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """At −25 dB of mean square, silence left out."""
    if not x.size:
        return x
    square = np.square(x).mean(0)
    loud = square[square > square.max() * 1e-4]
    return x * np.float32(0.056 / np.sqrt(loud.mean() + 1e-12)) if loud.size else x


def _faded(x: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
    n = min(round(seconds * SAMPLE_RATE), x.shape[-1] // 2)
    if n:
        ramp = np.linspace(0, 1, n, dtype=np.float32)
        x = x.copy()
        x[..., :n] *= ramp
        x[..., -n:] *= ramp[::-1]
    return x


def _widened(x: Sound, width: float) -> Sound:
    mid, side = (x[0] + x[1]) / 2, (x[0] - x[1]) / 2 * np.float32(width)
    return np.stack([mid + side, mid - side])


def _add(out: Sound, piece: Sound, place: int) -> None:
    """Adds what of the piece lies within."""
    first, last = max(0, place), min(out.shape[1], place + piece.shape[1])
    if last > first:
        out[:, first:last] += piece[:, first - place : last - place]
