"""What `limelight models` prints, for people."""

from __future__ import annotations

from collections.abc import Iterable

from limelight.runtime.listing import Listed


def models_text(listed: Iterable[Listed]) -> str:
    """One paragraph a model."""
    return "\n\n".join(_paragraph(one) for one in listed)


def _paragraph(one: Listed) -> str:
    parts = ", ".join(f"{part.replace('_', ' ')} {count / 1e6:.2f}" for part, count in one.parts.items())
    lines = [
        f"{one.name} ({one.kind}): {one.parameters / 1e6:.2f} M parameters{f' ({parts})' if parts else ''}, "
        f"{one.sample_rate} Hz",
        f"  backbone: {one.backbone}",
        f"  head: {one.head}",
        f"  context: {one.context}; weights for it: {one.context_weights}",
        f"  licence: {one.licence}",
        *([f"  trained on: {one.card['training_data']}"] if one.card else []),
        f"  weights: {one.weights}",
    ]
    return "\n".join(lines)
