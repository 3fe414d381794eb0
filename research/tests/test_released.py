"""The comparison with the published network's vectors, on vectors of the slow second writing of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from networks.published_oracle import random_weights, run

from research.released import NEAR, differences


def test_vectors_are_compared_over_both_axes(tmp_path: Path) -> None:
    torch.manual_seed(1)
    weights = random_weights(7, channels=4, width=32, context=12)
    mixture, context = 0.1 * torch.randn(2, 5_000), torch.randn(2, 3, 12)
    outputs = {f"{axis}_output": run(weights, mixture, context, heads=2, over=axis) for axis in ("batch", "time")}
    np.savez(tmp_path / "weights.npz", **{name: value.numpy() for name, value in weights.items()})
    vectors = {"mixture": mixture, "context": context, "time_output": outputs["time_output"][:, None]}
    np.savez(tmp_path / "vectors.npz", **vectors | {"batch_output": outputs["batch_output"]})
    found = differences(tmp_path, heads=2)
    assert found.keys() == outputs.keys()
    assert max(found.values()) < 3e-6
    np.savez(tmp_path / "vectors.npz", **vectors | {"batch_output": outputs["time_output"]})  # over the other axis
    assert differences(tmp_path, heads=2)["batch_output"] > NEAR
