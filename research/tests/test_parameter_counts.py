import json

from limelight.models.registry import COUNTS
from limelight.networks.visah import VisahConfig
from research.parameter_counts import count_all, visah_counts


def test_the_table_in_the_package_is_what_the_networks_are() -> None:
    """Else: python -m research.parameter_counts"""
    table, counted = json.loads(COUNTS.read_text(encoding="utf-8")), count_all()
    assert {name: table[name] for name in counted} == counted  # separators stand there too


def test_without_a_context_there_is_no_encoder_to_count() -> None:
    counts = visah_counts(VisahConfig(context_width=0))
    assert set(counts) == {"backbone", "highlighter"}
    assert counts["backbone"] == visah_counts(VisahConfig())["backbone"]
