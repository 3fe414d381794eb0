"""Synthesised speech: what is said, and who says it, by eSpeak NG or Flite called as programs.

Texts are English sentences from a small grammar, and numbers and invented words in other languages. A synthesiser reads
digits as true words of its language, which gives every language its real sounds without a dictionary. Invented words,
spelt in the language's own script, add what numbers lack.

A speaker is drawn as a plain record. eSpeak NG brings a hundred languages and many voices by formant synthesis, Flite
four recorded English speakers. A speaker's size stretches the spectrum, pitch and formants together, as a longer or
shorter throat would.
"""

from __future__ import annotations

import subprocess
import tempfile
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import resample
from limelight.errors import InputError

_WORDS = {
    "name": "Anna Peter Maria Thomas Julia Henry Olga Simon Clara Victor Nora Felix Ruth Hassan Yuki Diego Priya Leon",
    "person": "teacher neighbour doctor sailor gardener child queen driver stranger farmer captain nurse judge singer thief "
    "uncle sister baker pilot soldier painter clerk mother engineer guard cousin hunter priest student boy girl",
    "thing": "letter window bridge river lantern engine garden bottle mountain key book ship photograph kitchen candle wall "
    "train coat map bell wheel tower table door horse street shadow storm box machine field ladder song knife church",
    "stuff": "water bread silver paper smoke sugar glass sand iron coffee snow music cloth money wood light dust salt",
    "place": "house harbour forest station village office cellar market island valley hospital theatre school castle desert "
    "bakery factory museum attic square farm border airport library",
    "quality": "old small quiet broken yellow heavy strange empty bright careful frozen narrow famous angry gentle hungry "
    "wooden distant sudden huge clever dirty smooth green simple lonely bitter dark warm nervous cheap royal ugly wild",
    "did": "found opened carried forgot painted followed watched repaired sold lifted hid remembered touched bought broke "
    "cleaned missed pushed dropped described washed chose threw feared measured shook borrowed covered loved",
    "went": "walked slept waited laughed arrived disappeared shouted fell worked danced listened cried turned stopped swam "
    "whispered returned jumped sat coughed dreamed vanished shivered",
    "do": "find open carry forget paint follow watch repair sell lift hide remember touch buy break clean push drop choose",
    "how": "slowly quickly again twice together quietly badly gladly early alone somehow at_once for_hours without_a_word "
    "in_the_dark before_dawn after_lunch with_both_hands every_evening on_foot",
    "when": "yesterday tomorrow last_winter this_morning on_Sunday in_the_end at_midnight long_ago next_week after_the_war "
    "in_the_afternoon some_years_later just_now for_once",
    "where": "near behind above under beside inside beyond across opposite around",
    "call": "listen look wait please hello well no yes of_course never_mind I_see good_evening thank_you excuse_me oh_dear "
    "come_on hold_on sorry right",
    "modal": "could should might must would will can",
    "asking": "where why when how",
}
WORDS = {kind: [word.replace("_", " ") for word in words.split()] for kind, words in _WORDS.items()}

SENTENCES = (
    "The {quality} {person} {did} the {thing} {where} the {place}.",
    "{when} {name} {went} {how}, and nobody {did} the {thing}.",
    "{call}, {name}! Who {did} my {quality} {thing}?",
    "{asking} {modal} we {do} the {stuff}?",
    "I {did} a {thing} of {stuff} {when}, but the {person} {went} {how}.",
    "{name} and {name} {went} {where} the {place}.",
    "You {modal} {do} the {quality} {thing}, if the {person} {went} {when}.",
    "There were {number} {thing}s {where} the {quality} {place}.",
    "{call}. {call}, I never {did} it.",
    "It is {hour} o'clock, and the {quality} {thing} is still {where} the {place}.",
    "In {year} the {person} of the {place} {did} {number} {thing}s.",
    "{name}, {do} the {thing}. {do} it {how}!",
    "She said that the {stuff} was {quality}, and that he {modal} {do} it {how}.",
    "No {person} {modal} {do} this {thing} without {stuff}; not even {name}.",
    "{asking} {modal} a {quality} {person} {do} {stuff}, {thing} and {thing} {when}?",
    "The {thing} {went}. The {place} {went} too. {when}, only {stuff} was left.",
)

# Alphabets by language, of which invented words are made: consonants, then vowels. Everyone else writes Latin letters.
_LATIN = ("bdfgklmnprstvzhj", "aeiou")
_CYRILLIC = ("бвгджзклмнпрстфхцчш", "аеиоуя")
_ARABIC = ("بتجدرزسشعفقكلمن", "اوي")
_SCRIPTS = {
    **dict.fromkeys(["ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "tt", "ba", "cv", "nog", "ru-lv"], _CYRILLIC),
    **dict.fromkeys(["ar", "fa", "ur", "ug", "sd"], _ARABIC),
    "el": ("βγδζθκλμνπρστφχ", "αειου"),
    "grc": ("βγδζθκλμνπρστφχ", "αειου"),
    "he": ("בגדזטכלמנספרשת", "אוי"),
    "ka": ("ბგდვზთკლმნპრსტფქღშ", "აეიოუ"),
    "hy": ("բգդզթլխկմնպսվտրք", "աեիու"),
    "hyw": ("բգդզթլխկմնպսվտրք", "աեիու"),
    "ko": ("가나다라마바사아자차카타파하", "고도미수지구리인은을"),
    "ja": ("かさたなはまやらきしちにひみり", "あいうえおくすつぬふむゆる"),
}
# The Indic scripts of Unicode are laid out alike, one block each: consonants from +0x15, vowel signs from +0x3E.
_INDIC = {"hi": 0x900, "mr": 0x900, "ne": 0x900, "kok": 0x900, "bn": 0x980, "as": 0x980, "pa": 0xA00, "gu": 0xA80,
          "or": 0xB00, "ta": 0xB80, "te": 0xC00, "kn": 0xC80, "ml": 0xD00}  # fmt: skip
_INDIC_CONSONANTS = (0x15, 0x1A, 0x1F, 0x24, 0x28, 0x2A, 0x2E, 0x2F, 0x30, 0x32, 0x38)  # those that all of them have
_INDIC_VOWELS = (0x3E, 0x3F, 0x40, 0x41, 0x47)


def draw_text(rng: np.random.Generator, language: str) -> str:
    """One to four sentences for a voice of a language (a code such as `en-us`, `pt-br`, `hi`)."""
    sentence = english_sentence if language.split("-")[0] == "en" else _foreign_sentence
    count = int(rng.choice((1, 2, 3, 4), p=(0.35, 0.4, 0.17, 0.08)))
    return " ".join(sentence(rng, language) for _ in range(count))


def english_sentence(rng: np.random.Generator, _language: str = "en") -> str:
    """One sentence of the grammar."""
    text, place = SENTENCES[rng.integers(len(SENTENCES))], 0
    while (place := text.find("{")) >= 0:
        kind, _, rest = text[place + 1 :].partition("}")
        text = text[:place] + _word(rng, kind) + rest
    return text[0].upper() + text[1:]


def invented_word(rng: np.random.Generator, language: str) -> str:
    """One to four syllables in the language's script."""
    consonants, vowels = _letters(language)
    syllables = int(rng.integers(1, 5))
    word = "".join(str(rng.choice(list(consonants))) + str(rng.choice(list(vowels))) for _ in range(syllables))
    return word + (str(rng.choice(list(consonants))) if rng.random() < 0.35 else "")


def _letters(language: str) -> tuple[str, str]:
    if block := _INDIC.get(language):
        consonants, vowels = (
            "".join(chr(block + k) for k in offsets) for offsets in (_INDIC_CONSONANTS, _INDIC_VOWELS)
        )
        return consonants, vowels
    return _SCRIPTS.get(language, _LATIN)


def _foreign_sentence(rng: np.random.Generator, language: str) -> str:
    """Numbers, dates and times among invented words, with a comma here and there."""
    words = []
    for _ in range(int(rng.integers(3, 7))):
        word = invented_word(rng, language) if rng.random() < 0.5 else _figure(rng)
        words.append(word + ("," if rng.random() < 0.2 else ""))
    return " ".join(words).rstrip(",") + str(rng.choice((".", ".", "?", "!")))


def _figure(rng: np.random.Generator) -> str:
    """A number, a year, a date, a time or a decimal, in digits."""
    day, month, hour, minute = (int(rng.integers(low, high)) for low, high in ((1, 29), (1, 13), (0, 24), (10, 60)))
    forms = (str(rng.integers(1, 100)), str(rng.integers(1, 100)), str(rng.integers(100, 10_000)), _word(rng, "year"),
             f"{hour}:{minute}", f"{day}.{month}.{_word(rng, 'year')}", f"{day},{minute}")  # fmt: skip
    return forms[rng.integers(len(forms))]


def _word(rng: np.random.Generator, kind: str) -> str:
    match kind:
        case "number":
            return str(rng.integers(2, 400))
        case "hour":
            return str(rng.integers(1, 13))
        case "year":
            return str(rng.integers(1400, 2050))
        case _:
            return WORDS[kind][rng.integers(len(WORDS[kind]))]


ESPEAK_RATE, FLITE_RATE = 22_050, 16_000  # Hz
FLITE_VOICES = ("kal16", "awb", "rms", "slt")
FLITE_SHARE, ENGLISH_SHARE = 0.35, 0.3
FALLBACK_VARIANTS = (*(f"m{k}" for k in range(1, 8)), *(f"f{k}" for k in range(1, 6)), "croak", "whisper")
MUTE = {"chr-US-Qaaa-x-west", "kl"}  # eSpeak NG 1.51 lists them, and says nothing or stops
SILENCE_DB, FRAME_SECONDS, MARGIN_SECONDS = -45.0, 0.01, 0.03
SPEAK_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Speaker:
    """Who speaks, and how."""

    program: str  # espeak-ng or flite
    voice: str
    language: str
    pitch: float  # eSpeak: 20–90; Flite: mean fundamental in Hz
    pace: float  # eSpeak: words per minute; Flite: how much longer all sounds are
    liveliness_percent: int  # range of the pitch; 100 is the voice's own
    size: float  # how much longer the throat; 1 is the voice's own

    @property
    def sample_rate(self) -> int:
        """Hz, of what the program gives."""
        return ESPEAK_RATE if self.program == "espeak-ng" else FLITE_RATE

    def command(self, text: str, into: Path) -> list[str]:
        """The command that writes a text as a WAV file."""
        if self.program == "flite":
            settings = ["--setf", f"duration_stretch={self.pace:.3f}", "--setf", f"int_f0_target_mean={self.pitch:.1f}"]
            return ["flite", "-voice", self.voice, *settings, "-t", text, "-o", str(into)]
        marked = f'<prosody range="{self.liveliness_percent}%">{text}</prosody>'
        how = ["-p", f"{self.pitch:.0f}", "-s", f"{self.pace:.0f}"]
        return ["espeak-ng", "-v", self.voice, *how, "-m", "-w", str(into), marked]


def draw_speaker(rng: np.random.Generator, languages: tuple[str, ...], variants: tuple[str, ...]) -> Speaker:
    """A third are Flite's; of eSpeak's speakers nearly a third speak English and the others any language."""
    size = float(np.exp(rng.normal(0, 0.06)))
    if rng.random() < FLITE_SHARE:
        pitch, pace = float(rng.uniform(80, 240)), float(rng.uniform(0.75, 1.4))
        size = float(np.exp(rng.normal(0, 0.1)))
        return Speaker("flite", FLITE_VOICES[rng.integers(len(FLITE_VOICES))], "en", pitch, pace, 100, size)
    english = [language for language in languages if language.split("-")[0] == "en"]
    others = [language for language in languages if language not in english]
    pool = (english or others) if rng.random() < ENGLISH_SHARE else (others or english)
    language, variant = pool[rng.integers(len(pool))], variants[rng.integers(len(variants))]
    pitch, pace = float(rng.uniform(20, 90)), float(rng.uniform(110, 220))
    return Speaker("espeak-ng", f"{language}+{variant}", language, pitch, pace, int(rng.integers(50, 200)), size)


def speak(speaker: Speaker, text: str) -> NDArray[np.float32]:
    """The text spoken, full scale ±1, without silence at its ends, [N]. Raises InputError where the program fails."""
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder, "speech.wav")
        done = subprocess.run(
            speaker.command(text, into), capture_output=True, check=False, timeout=SPEAK_TIMEOUT_SECONDS
        )
        if done.returncode or not into.is_file():
            said = " ".join(done.stderr.decode(errors="replace").split())[-200:]
            raise InputError(f"{speaker.program} could not speak as {speaker.voice}: {said or 'it wrote nothing'}.")
        samples = _read_wave(into)
    if speaker.size != 1 and samples.size:
        samples = resample(samples[None], speaker.sample_rate, round(speaker.sample_rate * speaker.size))[0]
    return trimmed(samples, speaker.sample_rate)


def trimmed(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """A sound [N] from its first to its last frame within 45 dB of the loudest, with 30 ms on either side."""
    frame = round(FRAME_SECONDS * sample_rate)
    framed = samples[: len(samples) // frame * frame].reshape(-1, frame)
    power = np.mean(np.square(framed, dtype=np.float64), axis=1)
    heard = np.flatnonzero(power > power.max(initial=0.0) * 10 ** (SILENCE_DB / 10))
    if len(heard) == 0:
        return samples[:0]
    margin = round(MARGIN_SECONDS * sample_rate)
    return samples[max(0, heard[0] * frame - margin) : (heard[-1] + 1) * frame + margin]


@cache
def espeak_languages() -> tuple[str, ...]:
    """Codes of the languages that are installed, in order."""
    return tuple(sorted({line.split()[1] for line in _listing("--voices")} - MUTE))


@cache
def espeak_variants() -> tuple[str, ...]:
    """Names of the voice variants that are installed, in order."""
    names = {word[3:] for line in _listing("--voices=variant") for word in line.split() if word.startswith("!v/")}
    return tuple(sorted(names)) or FALLBACK_VARIANTS


def _listing(option: str) -> list[str]:
    done = subprocess.run(["espeak-ng", option], capture_output=True, check=True, timeout=SPEAK_TIMEOUT_SECONDS)
    return done.stdout.decode(errors="replace").splitlines()[1:]


def _read_wave(path: Path) -> NDArray[np.float32]:
    """A mono WAV file of 16 bits, [N]. The standard module is enough here: both programs write nothing else."""
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return samples.astype(np.float32) / np.float32(32768)
