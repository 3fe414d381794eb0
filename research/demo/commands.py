"""The three commands that the script needs beside the house's own Python packages, and where Debian keeps them."""

import shutil
import subprocess
from pathlib import Path

PACKAGES = {"flite": "flite", "fluidsynth": "fluidsynth"}


class ToolMissingError(RuntimeError):
    """A command that the demo is made with is not installed."""


def run(command: list[str]) -> str:
    """Run a command and return what it printed; name the Debian package if the command is missing."""
    if shutil.which(command[0]) is None:
        package = PACKAGES[command[0]]
        raise ToolMissingError(f"the demo is made with {command[0]}, which is not here: apt-get install {package}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def sound_font() -> Path | None:
    """The FluidR3 General MIDI sound font (MIT licence), where Debian's fluid-soundfont-gm puts it."""
    path = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
    return path if path.exists() else None
