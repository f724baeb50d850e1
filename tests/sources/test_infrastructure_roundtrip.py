"""Simulated traffic, written down as each gateway logs it and converted back, is the traffic that it was."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from click.testing import CliRunner

from revenuer.cli import main
from revenuer.simulate import simulate
from revenuer.sources import open_traffic, read_part

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from logs import encoded, names

Exchange = dict[str, Any]


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> list[Exchange]:
    """A small world; answers where there was one, and text that JSON has to escape."""
    folder = tmp_path_factory.mktemp("world")
    simulate("demo", folder, seed=5, exchanges=1_000)
    rows = ds.dataset(folder / "exchanges").to_table().to_pylist()[:400]
    odd = ('<b>&"\\', "=1+1", "\x1b[31m\x00", "שלום 好 🙂", "line\r\nline\u2028")
    for number, row in enumerate(rows):
        row["response"] = row["response"] or "no"
        row["prompt"] += odd[number % len(odd)]
    return rows


def converted(log: dict[str, bytes], folder: Path, *options: str) -> tuple[list[Exchange], str]:
    """Exchanges that `convert` makes of these files, and what it says."""
    for name, content in log.items():
        (folder / "log" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "log" / name).write_bytes(content)
    out = folder / "out"
    done = CliRunner().invoke(main, ["convert", str(folder / "log"), "--out", str(out), *options])
    assert done.exit_code == 0, done.output
    return ds.dataset(out / "exchanges").to_table().to_pylist(), done.output


def ordered(rows: Sequence[Exchange], columns: Sequence[str]) -> list[list[Any]]:
    """The rows' values in these columns, in an order that the columns give; sizes as they are rounded on the way."""
    return sorted(([row.get(name) for name in columns] for row in rows), key=repr)


@pytest.mark.parametrize("name", names())
def test_traffic_comes_back_from_each_log(traffic: list[Exchange], tmp_path: Path, name: str) -> None:
    """The format is recognised, every exchange comes back, and every column that the log can hold says the same."""
    log = encoded(name, traffic)
    content = ("--content", "none") if name == "envoy" else ()
    rows, said = converted(log.files, tmp_path, *content)
    if name == "envoy":  # an access log knows the code of the answer, not why the model ended it
        traffic = [{**row, "status": "ok" if row["status"] == "refused" else row["status"]} for row in traffic]
    assert ordered(rows, log.columns) == ordered(traffic, log.columns)
    assert f"records of {name}" in said


def test_a_log_without_text_says_what_to_do(traffic: list[Exchange], tmp_path: Path) -> None:
    """Converted as if it held prompts, an access log is refused with the way out, and leaves nothing behind."""
    (tmp_path / "access.log").write_bytes(encoded("envoy", traffic).files["access.log"])
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["convert", str(tmp_path / "access.log"), "--out", str(out)])
    assert done.exit_code == 2
    assert "--content none" in done.stderr
    assert not out.exists()


def test_traffic_of_a_log_without_text_can_be_opened(traffic: list[Exchange], tmp_path: Path) -> None:
    """What `convert --content none` writes is traffic for a scan that reads no text."""
    converted(encoded("kong", traffic).files, tmp_path, "--content", "none")
    found = open_traffic(tmp_path / "out", content="none")
    assert sum(len(batch) for part in found.exchange_parts() for batch in read_part(part, found.quarantine)) == 400


@pytest.mark.parametrize("name", ["vertex", "kong", "envoy"])
def test_a_log_that_breaks_off_gives_what_came_before(traffic: list[Exchange], tmp_path: Path, name: str) -> None:
    """The last line of a file that is still being written costs one exchange, and is counted."""
    ((file, content),) = encoded(name, traffic[:50]).files.items()
    rows, said = converted({file: content[:-20]}, tmp_path, *(("--content", "none") if name == "envoy" else ()))
    assert len(rows) == 49
    assert "cut off" in said
