"""`limelight` for networks of `toy_models`: `python -m research.runs.toy_limelight …` loads their PE-AV as it was saved."""

from limelight.cli.main import main
from research.runs.toy_models import plain_pictures

plain_pictures()
main()
