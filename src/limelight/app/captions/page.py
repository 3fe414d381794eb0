"""The check of captions as one page that opens offline: what was found, and captions beside their pictures.

Everything that a file or a model says is escaped; there is no script, and the page's own policy forbids fetching.
"""

from __future__ import annotations

from limelight.app.captions.check import Checked, Sample
from limelight.app.captions.effect import NO_CHANGE_DB, Effect
from limelight.app.report.lanes import data_url
from limelight.app.report.style import STYLE
from limelight.app.report.thumbnails import jpeg
from limelight.app.report.words import clock_time, escaped, number, plain
from limelight.cues.pretrained.grounding import Consistency, Grounding

WIDEST = 480  # pixels of a picture
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_MORE_STYLE = """
.sample { display: grid; grid-template-columns: minmax(0, 20rem) 1fr; gap: .5rem 1.4rem; padding: 1rem 0;
  border-top: 1px solid var(--line); } .sample img { width: 100%; border-radius: 4px; display: block; }
.sample dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .4rem 0 0; }
@media (max-width: 640px) { .sample, .sample dl { grid-template-columns: 1fr; } }
"""


def captions_page(checked: Checked) -> str:
    """The page as HTML."""
    name, captions = escaped(checked.info.path.name), checked.story.captions
    facts = (f"{len(captions.captions)} captions", captions.model, captions.style, f"{len(checked.samples)} shown here")
    told = " · ".join(escaped(fact) for fact in dict.fromkeys(facts))  # by hand is said once
    samples = "".join(_sample(sample, k, checked.grounding) for k, sample in enumerate(checked.samples))
    body = (
        f'<header><div class="over">Check of captions</div><h1>{name}</h1><p class="quiet">{told}</p></header>'
        f"<h2>What was found</h2>{_found(checked)}<h2>Captions beside their pictures</h2>"
        '<p class="quiet">Read some: does each speak of what is seen, and of nothing else?</p>'
        f"{samples or '<p>There are no captions.</p>'}"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Captions of {name} · Limelight</title><style>{STYLE}{_MORE_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def said_of_grounding(found: Grounding) -> str:
    """One sentence."""
    verdict = "captions speak of their pictures" if found.is_grounded else "captions would suit other pictures as well"
    return (
        f"similarity with the own picture {number(float(found.own.mean()), 3)}, with others "
        f"{number(float(found.others.mean()), 3)}; own is nearest for {100 * found.found:.0f} % (by chance "
        f"{100 / len(found.own):.0f} %): {verdict}"
    )


def said_of_embeddings(found: Consistency) -> str:
    """One sentence."""
    scaled = "all of length 1" if found.is_unit else f"of lengths {found.shortest:.3f} to {found.longest:.3f}, not 1"
    return f"{found.rows} embeddings, {found.width} wide, {scaled}; {found.empty} empty"


def said_of_effect(found: Effect) -> str:
    """One sentence."""
    if not found.listens:
        return "the result is the same whatever the model is told: it does not listen to captions"
    shuffled, emptied = (_decibels(value) for value in (found.shuffled_db, found.emptied_db))
    return (
        f"the model changes the sound by {_decibels(found.change_db)}; of that change, {shuffled} differs with shuffled "
        f"captions and {emptied} with none"
    )


def _decibels(value: float) -> str:
    return "nothing" if value <= NO_CHANGE_DB else f"{number(value)} dB"


def sentences(checked: Checked) -> dict[str, str]:
    """All that was found, and what was not, each in a sentence."""
    said = {
        "Grounding": checked.grounding and said_of_grounding(checked.grounding),
        "Embeddings": checked.consistency and said_of_embeddings(checked.consistency),
        "Effect": checked.effect and said_of_effect(checked.effect),
        "Not measured": "; ".join(checked.left_out),
    }
    return {term: plain(words, limit=2000) for term, words in said.items() if words}


def _found(checked: Checked) -> str:
    rows = "".join(f"<dt>{term}</dt><dd>{escaped(said, limit=2000)}</dd>" for term, said in sentences(checked).items())
    return f'<dl class="made">{rows}</dl>'


def _sample(sample: Sample, k: int, found: Grounding | None) -> str:
    caption = sample.caption
    when = f"{clock_time(caption.start_seconds)} to {clock_time(caption.end_seconds)}"
    alike = ""
    if found is not None:
        alike = f" · similarity {number(float(found.own[k]), 3)}, others {number(float(found.others[k]), 3)}"
    words = "".join(
        f"<dt>{escaped(kind, limit=60)}</dt><dd>{escaped(said)}</dd>" for kind, said in caption.words.items()
    )
    image = data_url("image/jpeg", jpeg(sample.picture.image, widest=WIDEST))
    alt = f"Picture at {clock_time(sample.picture.time_seconds)}"
    return (
        f'<div class="sample"><img alt="{alt}" src="{image}"><div><p class="quiet">{when}{alike}</p>'
        f"<dl>{words}</dl></div></div>"
    )
