"""What is said of errors that others raise."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.errors import reason


def test_the_system_speaks_for_itself(tmp_path: Path):
    """A library's words around those of the system are left out: the file is named already."""
    with pytest.raises(FileNotFoundError) as wrapped:
        pq.ParquetFile(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError) as bare:
        pq.read_table(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError) as plain:
        (tmp_path / "nowhere").read_bytes()
    assert [reason(one.value) for one in (wrapped, bare, plain)] == [plain.value.strerror] * 3


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (pa.ArrowInvalid("no footer\nat offset 3"), "no footer"),
        (OSError("no number"), "no number"),
        (ValueError(), "ValueError"),
    ],
)
def test_the_rest_is_one_line(error: Exception, said: str):
    """The first line of what a library says, or the kind of error where it says nothing."""
    assert reason(error) == said
