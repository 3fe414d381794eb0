"""Where logs, summaries and progress go: stderr. Apart, so that `--help` starts without rich."""

from rich.console import Console

console = Console(stderr=True, highlight=False, soft_wrap=True)
