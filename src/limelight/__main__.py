"""`python -m limelight` is `limelight`."""

from limelight.cli.main import main

main()
