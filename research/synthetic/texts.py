"""What the synthesised voices say: English sentences from a small grammar, and numbers and invented words elsewhere.

A synthesiser reads digits as true words of its language, which gives every language its real sounds without a dictionary;
invented words, spelt in the language's own script, add what numbers lack.
"""

from __future__ import annotations

import numpy as np

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
