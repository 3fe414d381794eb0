from __future__ import annotations

from pathlib import Path

import pytest
from fakes import separator_file

from limelight.errors import ModelError
from limelight.runtime import devices, open_session


def test_threads_that_have_nothing_to_do_sleep(tmp_path: Path) -> None:
    options = open_session(separator_file(tmp_path / "tiny.onnx"), threads=2).get_session_options()
    assert options.intra_op_num_threads == 2
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "separator.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(ModelError, match=r"separator\.onnx cannot be run"):
        open_session(path)


def test_a_device_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    path = separator_file(tmp_path / "tiny.onnx")
    assert open_session(path, device="cpu").get_providers() == ["CPUExecutionProvider"]
    assert devices()[-1] == "cpu"
    for device in {"cuda", "coreml", "directml", "abacus"} - set(devices()):
        with pytest.raises(ModelError, match="cpu; install another build"):
            open_session(path, device=device)
