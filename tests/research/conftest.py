"""Scripts of `research` are imported from the checkout's root; they are not part of the package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
