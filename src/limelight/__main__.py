"""`python -m limelight` is `limelight`."""

from limelight.app.cli import main

main()
