"""What the user may choose of a film, as the command line has it: of an analysis its style and soundtracks, of a render how
the new soundtrack joins the film. Files of the user's own (styles, stems) are chosen on the command line alone: the page
opens films and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from limelight.errors import UsageError
from limelight.media.formats import CODECS, NewTrack
from limelight.media.probe import choose_soundtrack
from limelight.mixing.controls import LOUDNESS_TARGETS
from limelight.mixing.plan import MixPlan
from limelight.mixing.track_roles import AUTO, find_tracks
from limelight.models.directors.style import Style, load_style, style_names, style_text
from limelight.types import SoundtrackInfo, SourceInfo

Name = Annotated[str, Field(max_length=30)]
_OF = {"analyse": ("style", "tracks", "audio_stream"), "render": ("add_track", "default_track", "codec", "bit_rate")}


@dataclass(frozen=True)
class Choices:
    """One value each; what is left out is as usual."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    style: Name = ""  # of the package
    tracks: Annotated[str, Field(max_length=1000)] = ""  # roles of soundtracks, as --tracks takes them
    audio_stream: Annotated[int | None, Field(ge=0, le=999)] = None  # which soundtrack, from 0
    add_track: bool = False  # keep the original soundtrack; of known tracks, all of them
    default_track: Literal["original", "mix"] = "original"  # which one players choose, where both are there
    codec: Name = ""
    bit_rate: Annotated[int | None, Field(ge=0, le=100_000_000)] = None  # bit/s

    def check(self, kind: str, film: SourceInfo) -> None:
        """Before a job waits for it. Raises UsageError, StyleError, TracksUnclear, NoSoundtrack."""
        for field in fields(self):
            if getattr(self, field.name) != field.default and field.name not in _OF.get(kind, ()):
                raise UsageError(f"{field.name} is nothing to choose for {kind}; leave it out")
        self.the_style()
        if self.tracks and self.audio_stream is not None:
            raise UsageError("tracks say what all soundtracks are; leave audio_stream out")
        if self.tracks and self.tracks != AUTO:
            find_tracks(film, tracks=self.tracks)
        if self.audio_stream is not None:
            choose_soundtrack(film, self.audio_stream)
        if self.default_track == "mix" and not self.add_track:
            raise UsageError("default_track has a use with add_track alone: else there is one new soundtrack")
        self.new_track(None)

    def the_style(self) -> Style | None:
        """Raises StyleError."""
        if not self.style:
            return None
        style_text(self.style)  # a name of the package's, never a path
        return load_style(self.style)

    def new_track(self, plan: MixPlan | None) -> NewTrack:
        """How a render's soundtrack joins the film. Raises UsageError."""
        usual = NewTrack(codec=self.codec.lower() or None, bit_rate=self.bit_rate)
        if not self.add_track:
            return usual
        style = plan.style.get("name") if plan is not None and plan.style else None
        title = None if plan is not None and plan.source.tracks else f"Rebalanced ({style})" if style else "Rebalanced"
        return replace(usual, place="behind", is_default=self.default_track == "mix", title=title)


AS_USUAL = Choices()


def what_there_is() -> dict[str, Any]:
    """Styles, loudness targets and codecs, for the page to offer."""
    styles = [load_style(name) for name in style_names()]
    return {
        "styles": [{"name": style.name, "about": style.about} for style in styles],
        "targets": [
            {
                "name": name,
                "lufs": target.lufs,
                "true_peak_dbtp": target.true_peak_dbtp,
                "dialogue_gated": target.dialogue_gated,
                "programme_lufs": target.programme_lufs,
                "source": target.source,
            }
            for name, target in LOUDNESS_TARGETS.items()
        ],
        "codecs": list(CODECS),
    }


def told(track: SoundtrackInfo) -> dict[str, Any]:
    """What the page says of a soundtrack before it is heard."""
    return {"title": track.title, "language": track.language or "", "codec": track.codec, "layout": track.layout}
