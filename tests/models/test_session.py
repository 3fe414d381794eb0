from __future__ import annotations

from pathlib import Path

import pytest

from limelight.errors import ModelError
from limelight.runtime import open_session


def test_threads_that_have_nothing_to_do_sleep(tiny_folder: Path) -> None:
    options = open_session(tiny_folder / "separator.onnx", threads=2).get_session_options()
    assert options.intra_op_num_threads == 2
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "separator.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(ModelError, match=r"separator\.onnx cannot be run"):
        open_session(path)
