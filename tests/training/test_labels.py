"""Labels of the provider's own: what is taken, what is refused and where it says so."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.errors import InputError, OutputError
from revenuer.schema import CAPABILITIES
from revenuer.training.labels import LABELS, label_rows, read_labels, write_labels
from revenuer.training.measure import folds
from revenuer.training.train import Recipe, fit_model, gather, targets, train

SMALL = Recipe(per_source=20, per_family=6, size=500, iterations=5)
ROWS: Sequence[dict[str, Any]] = (
    {"prompt": "Plan the agents,\nthen code", "capability": ["orchestration", "coding"], "elicitation": True},
    {"prompt": "", "system": "s", "capability": ["other"], "elicitation": None, "source": "desk", "licence": "MIT"},
)


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """The rows in the format that the name of the file says."""
    if path.suffix == ".parquet":
        names = list(dict.fromkeys(name for row in rows for name in row))
        pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        names = list(dict.fromkeys(name for row in rows for name in row))
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, names)
            writer.writeheader()
            writer.writerows(
                {name: "; ".join(value) if isinstance(value, list) else value for name, value in row.items()}
                for row in rows
            )
    return path


@pytest.mark.parametrize("name", ["labels.parquet", "labels.jsonl", "labels.csv"])
def test_all_formats_say_the_same(name: str, tmp_path: Path):
    """Parquet, JSON Lines and CSV with `;` between capabilities give the same labels."""
    table = read_labels(write(tmp_path / name, ROWS))
    assert table["capability"].to_pylist() == [["orchestration", "coding"], ["other"]]
    assert table["elicitation"].to_pylist() == [True, None]
    assert table["prompt"].to_pylist() == [row["prompt"] for row in ROWS]
    assert table["source"].to_pylist() == [None, "desk"]


@pytest.mark.parametrize(
    ("name", "rows", "place"),
    [
        (
            "a.csv",
            [{"prompt": "x\ny", "capability": "coding"}, {"prompt": "y", "capability": "codng"}],
            "line 4, column c",
        ),
        ("a.jsonl", [{"prompt": "x", "capability": "qa"}, {"prompt": 7, "capability": "qa"}], "line 2, column prompt"),
        ("a.parquet", [{"prompt": "x", "capability": []}], "row 0, column capability: names no capability"),
        ("a.csv", [{"prompt": "x", "capability": "qa", "elicitation": "maybe"}], "line 2, column elicitation"),
        ("a.jsonl", [{"capability": "qa"}], "line 1, column prompt: is missing"),
        ("a.csv", [{"prompt": "x"}], "column capability: the column is missing"),
        ("a.parquet", [{"capability": "qa"}], "column prompt: the column is missing"),
        ("a.jsonl", [], "holds no labels"),
        ("a.txt", [{"prompt": "x", "capability": "qa"}], "labels end in one of"),
    ],
)
def test_a_bad_value_is_named_with_file_row_and_column(
    name: str, rows: list[dict[str, Any]], place: str, tmp_path: Path
):
    """What cannot be a label is refused, with the place where it stands."""
    with pytest.raises(InputError, match=place) as caught:
        read_labels(write(tmp_path / name, rows))
    assert str(tmp_path / name) in str(caught.value)


def test_a_slip_of_the_pen_gets_a_hint(tmp_path: Path):
    """A name close to a capability is asked back."""
    with pytest.raises(InputError, match="did you mean coding"):
        read_labels(write(tmp_path / "a.csv", [{"prompt": "x", "capability": "codng"}]))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[1]\n", b"{\n", b'{"prompt": "a"'])
def test_no_json_is_refused(content: bytes, tmp_path: Path):
    """A file of JSON Lines that is none ends in an error that names its first line."""
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(InputError, match="line 1"):
        read_labels(tmp_path / "a.jsonl")


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_file_that_cannot_be_read_is_refused(name: str, tmp_path: Path):
    """Bytes of no such format, and a file that is not there, are errors that name the file."""
    with pytest.raises(InputError, match=name):
        read_labels(tmp_path / name)
    (tmp_path / name).write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match=name):
        read_labels(tmp_path / name)


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_what_is_written_is_read_back(name: str, tmp_path: Path):
    """Labels survive the way through a file."""
    write_labels(ROWS, tmp_path / name)
    assert read_labels(tmp_path / name).to_pylist() == read_labels(write(tmp_path / "b.jsonl", ROWS)).to_pylist()
    with pytest.raises(OutputError):
        write_labels(ROWS, tmp_path / "a.csv")


def test_labels_are_sources_of_their_own(tmp_path: Path):
    """A row belongs to the source it names, or to its file; shares of several capabilities are equal; unknown stays so."""
    rows, asked = label_rows([write(tmp_path / "mine.jsonl", ROWS)])
    assert rows["source"].to_pylist() == ["labels:mine", "labels:desk"]
    assert asked == [True, None]
    data = gather(None, SMALL, 0, labels=[tmp_path / "mine.jsonl"])
    held = targets(data)[-2:]
    assert held[0, CAPABILITIES.index("orchestration")] == held[0, CAPABILITIES.index("coding")] == 0.5
    assert held.sum(axis=1).tolist() == [1, 1]
    assert data.told[-2:].tolist() == [True, False]


def test_labels_shape_the_weights_and_are_left_out_in_turn(tmp_path: Path):
    """The provider's rows teach, under whatever licence, except in the round that leaves them out."""
    path = write(tmp_path / "mine.jsonl", [{"prompt": f"Write code {i}", "capability": "support"} for i in range(9)])
    data = gather(None, SMALL, 0, labels=[path])
    assert sum("labels:mine" in fold for fold in folds(data, 3)) == 1
    full, part = (fit_model(data, SMALL, leave) for leave in (frozenset(), frozenset({"labels:mine"})))
    assert not np.array_equal(full["weights"], part["weights"])


def test_the_columns_of_labels_are_documented():
    """The page on data describes each column, in order, and says which are required."""
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    section = page.split("\n## Labels\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| [^|]{4,} \|$", section, re.MULTILINE)
    assert [name for name, _ in rows] == LABELS.names
    assert [name for name, kind in rows if "required" in kind] == [field.name for field in LABELS if not field.nullable]


def test_the_card_lists_the_labels(tmp_path: Path):
    """Card and page name the provider's sources with their rows."""
    path = write(tmp_path / "mine.jsonl", ROWS)
    card = train(None, tmp_path / "out", 0, SMALL, labels=[path])
    assert card.sources["labels:mine"] == {"licence": "of the provider", "rows": {"orchestration": 1}}
    assert "| `labels:desk` | MIT | other 1 |" in (tmp_path / "out" / "model-card.md").read_text()
