"""`limelight` for networks of `toy_models`: `python -m research.runs.toy_limelight …` loads their PE-AV as it was saved."""

from limelight.cli.main import main
from research.runs.toy_models import plain_pictures

plain_pictures()  # in processes that are started from this one, too
if __name__ == "__main__":
    main()
