"""What can go wrong, as a tree. Only the doors (command line, web) catch these and print one line.

LimelightError                 code            exit   also a
├── UsageError                 E_USAGE            2   ValueError    a flag out of its range, or flags that do not go together
├── InputError                 E_INPUT            3   ValueError    missing, not a regular file, unreadable
│   ├── NotMedia               E_NOT_MEDIA        3                 empty, cut off before its index, text, a script
│   ├── Unsupported            E_UNSUPPORTED      3                 a codec or container we cannot read or keep
│   ├── Damaged                E_DAMAGED          3                 too much of it cannot be decoded
│   ├── TooLarge               E_LIMIT            3                 beyond a declared limit
│   ├── PlanError              E_PLAN             3                 a mix plan that is not one
│   ├── TracksUnclear          E_TRACKS           3                 tracks or stems whose part in the mix is not clear
│   ├── StyleError             E_STYLE            3                 a style that is not one
│   └── Leakage                E_LEAKAGE          3                 a data set whose splits share a sound or film
├── NoSoundtrack               E_NO_AUDIO         4   ValueError
├── ModelError                 E_MODEL            5   ValueError    missing, damaged, of another format
├── OutputError                E_OUTPUT           6   OSError       cannot be written, or failed its own check
│   └── TargetExists           E_EXISTS           6
├── SomeFailed                 E_SOME_FAILED      7                 part of a batch could not be done; the rest is
└── Interrupted                E_INTERRUPTED    130                 Ctrl-C (SIGTERM: 143)

Anything else, a plain ValueError too, is a bug of ours: E_INTERNAL, which leaves with 1.
Every message says what was wished, what was found, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterator


class LimelightError(Exception):
    """Base of every error that Limelight raises on purpose."""

    code = "E_LIMELIGHT"
    exit_code = 1


class UsageError(LimelightError, ValueError):
    """A flag is out of its range, unknown, or has no use beside another."""

    code = "E_USAGE"
    exit_code = 2


class InputError(LimelightError, ValueError):
    """The input cannot be used."""

    code = "E_INPUT"
    exit_code = 3


class NotMedia(InputError):
    """The file is not a film or sound file that we read."""

    code = "E_NOT_MEDIA"


class Unsupported(InputError):
    """The file is media, of a kind that we cannot read or keep."""

    code = "E_UNSUPPORTED"


class Damaged(InputError):
    """Too much of the file cannot be decoded."""

    code = "E_DAMAGED"


class TooLarge(InputError):
    """The file is beyond a declared limit."""

    code = "E_LIMIT"


class PlanError(InputError):
    """The mix plan cannot be read, or does not fit the film."""

    code = "E_PLAN"


class TracksUnclear(InputError):
    """It is not clear, or cannot be, what the tracks or stems of a film are in its mix."""

    code = "E_TRACKS"


class StyleError(InputError):
    """The style is unknown, cannot be read, or has keys or values that no style has."""

    code = "E_STYLE"


class Leakage(InputError):
    """A film, speaker, track or sound of a data set stands in two splits."""

    code = "E_LEAKAGE"


class NoSoundtrack(LimelightError, ValueError):
    """The film has no sound to rebalance."""

    code = "E_NO_AUDIO"
    exit_code = 4


class ModelError(LimelightError, ValueError):
    """The model is missing, damaged, or of another format."""

    code = "E_MODEL"
    exit_code = 5


class OutputError(LimelightError, OSError):
    """The result cannot be written, or failed its own check after writing."""

    code = "E_OUTPUT"
    exit_code = 6


class TargetExists(OutputError):
    """The target is there already and may not be replaced without being told so."""

    code = "E_EXISTS"


class SomeFailed(LimelightError):
    """Part of a batch could not be done; the rest is done."""

    code = "E_SOME_FAILED"
    exit_code = 7


class Interrupted(LimelightError):
    """The user, or the system, asked us to stop."""

    code = "E_INTERRUPTED"
    exit_code = 130


def kinds(of: type[LimelightError] = LimelightError) -> Iterator[type[LimelightError]]:
    """Every error below one, each before those that are special cases of it."""
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)
