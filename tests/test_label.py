"""Samples for review and their way back: balanced, inert in spreadsheets, checked, and held against findings and model."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hypothesis import example, given
from hypothesis import strategies as st

from revenuer.agreement import agreement, labels
from revenuer.cli import main
from revenuer.errors import ConfigError, InputError
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.labelling import draw_sample
from revenuer.labels_sheet import COLUMNS, Reviewed, SheetRow, read_sheet, write_sheet
from revenuer.schema import CAPABILITIES, EXCHANGES, FOUND_EXCHANGES
from revenuer.training.labels import read_labels

ROW = SheetRow("e1", "sys", "Write code", "coding", 0.5, "coding", 0.75, ("coding", "qa"), 0.25, 2.0)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Traffic of 300 exchanges, every tenth text a repetition, and findings with a rare capability and a campaign."""
    place = tmp_path_factory.mktemp("world")
    (place / "traffic").mkdir()
    (place / "findings").mkdir()
    n = range(300)
    columns = {
        "exchange_id": [f"e{i}" for i in n],
        "ts": pa.array([1_700_000_000_000_000 + i for i in n], pa.timestamp("us", tz="UTC")),
        "account_id": [f"a{i % 7}" for i in n],
        "prompt": ["the same" if i % 10 == 0 else f'=cmd|"{i}", please' for i in n],
    }
    empty = {field.name: pa.nulls(300, field.type) for field in EXCHANGES}
    pq.write_table(pa.table(empty | columns, schema=EXCHANGES), place / "traffic" / "exchanges.parquet")
    found = {
        "exchange_id": columns["exchange_id"],
        "score": [0.9 if i % 3 else 0.1 for i in n],
        "extraction": [bool(i % 3) for i in n],
        "capability": ["vision" if i < 4 else "coding" if i % 2 else "chat" for i in n],
        "campaign_id": ["C-1" if i % 3 else None for i in n],
    }
    table = pa.table({field.name: found.get(field.name, pa.nulls(300, field.type)) for field in FOUND_EXCHANGES})
    pq.write_table(table.cast(FOUND_EXCHANGES), place / "findings" / "exchanges.parquet")
    return place


def sample(world: Path, n: int, seed: int = 0) -> list[SheetRow]:
    return draw_sample(world / "traffic", world / "findings", n, seed=seed, model=CapabilityModel.load())


def test_a_sample_is_spread_over_what_was_found(world: Path):
    """Rare strata are shown whole, common ones alike, no text twice, and the weights stand for all exchanges."""
    rows = sample(world, 40)
    shown = Counter((row.found_capability, row.found_score > 0.5) for row in rows)
    assert shown["vision", True] == 2
    common = [n for (name, _), n in shown.items() if name != "vision"]
    assert max(common) - min(common) <= 1
    assert sum(shown.values()) == 40
    assert len({row.prompt for row in rows}) == 40
    assert sum(row.weight for row in rows) == pytest.approx(300)


def test_the_seed_draws_the_sample(world: Path):
    """Same input and same seed, same rows; another seed, others."""
    assert sample(world, 30) == sample(world, 30)
    assert sample(world, 30) != sample(world, 30, seed=1)


def test_a_sample_larger_than_the_traffic_is_all_of_it(world: Path):
    """Asked for more than there is, each different text comes once."""
    assert len(sample(world, 5000)) == 271


def test_findings_of_other_traffic_are_refused(world: Path, tmp_path: Path):
    """Findings none of whose exchanges stand in the traffic, or that cannot be read, are errors that name the file."""
    table = pq.read_table(world / "findings" / "exchanges.parquet")
    others = pa.array([f"x{i}" for i in range(len(table))])
    pq.write_table(table.set_column(0, "exchange_id", others), tmp_path / "exchanges.parquet")
    with pytest.raises(InputError, match="another traffic"):
        draw_sample(world / "traffic", tmp_path, 5, seed=0, model=CapabilityModel.load())
    pq.write_table(table.drop_columns("score"), tmp_path / "exchanges.parquet")
    with pytest.raises(InputError, match="column score"):
        draw_sample(world / "traffic", tmp_path, 5, seed=0, model=CapabilityModel.load())
    with pytest.raises(InputError, match="cannot be read"):
        draw_sample(world / "traffic", tmp_path / "none", 5, seed=0, model=CapabilityModel.load())
    with pytest.raises(ConfigError):
        sample(world, 0)


def filled(sheet: Path, text: str) -> Path:
    sheet.write_text(text, encoding="utf-8", newline="")
    return sheet


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.text(st.sampled_from("=+-@|'\t\r\n x\uff1d"), max_size=6),
)
@example("' =1", "'=")
def test_no_cell_is_a_formula_and_texts_come_back(tmp_path_factory: pytest.TempPathFactory, text: str, odd: str):
    """Whatever a prompt holds, no spreadsheet calculates its cell, and reading gives the text that was written."""
    path = tmp_path_factory.getbasetemp() / "inert.csv"
    write_sheet([ROW._replace(prompt=odd + text, system=text + odd)], path)
    cells = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))[1]
    assert not any(cell.lstrip(" ")[:1] in {"=", "+", "-", "@", "|", "\t", "\r", "\n", "\uff1d"} for cell in cells)
    back = read_sheet(path)[0].row
    assert (back.prompt, back.system) == (odd + text, text + odd)


def test_a_long_text_keeps_both_ends(tmp_path: Path):
    """A cell stays under what spreadsheets hold, and both ends of its text are there."""
    write_sheet([ROW._replace(prompt="a" * 50_000 + "b" * 50_000)], tmp_path / "s.csv")
    prompt = read_sheet(tmp_path / "s.csv")[0].row.prompt
    assert len(prompt) < 32_767
    assert prompt.startswith("aaa")
    assert prompt.endswith("bbb")


def sheet_text(delimiter: str = ",", **cells: str) -> str:
    """A sheet with one row, as another program may save it."""
    row = dict.fromkeys(COLUMNS, "") | {name: str(value) for name, value in ROW._asdict().items()}
    row |= {"model_capabilities": "coding;qa", "capability": "coding"} | cells
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, sorted(row), delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerow(row)
    return stream.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_sheet_is_read_however_it_was_saved(delimiter: str, tmp_path: Path):
    """Columns in another order, other delimiters, decimal commas: the same row."""
    path = filled(tmp_path / "s.csv", sheet_text(delimiter, found_score="0,5", elicitation="Yes"))
    assert read_sheet(path) == [Reviewed(ROW, ("coding",), True)]


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        ({"capability": "codng"}, "line 2, column capability: 'codng' is no capability: did you mean coding"),
        ({"elicitation": "perhaps"}, "line 2, column elicitation"),
        ({"model_probability": "1.5"}, "line 2, column model_probability"),
        ({"weight": "-1"}, "line 2, column weight"),
        ({"weight": "many"}, "line 2, column weight"),
        ({"found_capability": "?"}, "line 2, column found_capability"),
        ({"model_capabilities": ""}, "line 2, column model_capabilities"),
    ],
)
def test_a_cell_that_cannot_be_is_named(cells: dict[str, str], place: str, tmp_path: Path):
    """A bad cell ends the reading with its line and column."""
    with pytest.raises(InputError, match=place):
        read_sheet(filled(tmp_path / "s.csv", sheet_text(**cells)))


def test_a_file_that_is_no_sheet_is_refused(tmp_path: Path):
    """A missing column, other bytes, and no file at all are errors that name the file."""
    for content, message in ((b"a,b\n1,2\n", "column exchange_id"), (b"\xff\xfe\xff", "cannot be read")):
        (tmp_path / "s.csv").write_bytes(content)
        with pytest.raises(InputError, match=message):
            read_sheet(tmp_path / "s.csv")
    with pytest.raises(InputError, match=r"none\.csv: cannot be read: No such file or directory$"):
        read_sheet(tmp_path / "none.csv")


def test_agreement_counts_rows_by_their_weight():
    """Shares are weighted, intervals hold them, rows without a verdict are left aside, sets are held against sets."""
    light = ROW._replace(weight=1.0, found_capability="qa", model_capability="chat", model_capabilities=("chat",))
    sheet = [
        Reviewed(ROW._replace(weight=3.0), ("coding",), False),
        Reviewed(light, ("coding", "writing"), True),
        Reviewed(ROW._replace(weight=96.0), (), None),
    ]
    found = agreement(sheet)
    assert (found.rows, found.reviewed) == (3, 2)
    assert found.found.share == found.model.share == found.missed_none.share == 0.75
    assert found.named.share == round(3 / 7, 3)
    assert {name: share.share for name, share in found.by_capability.items()} == {"coding": 1, "qa": 0}
    assert found.elicitation is not None
    assert found.elicitation.share == 0.75
    assert found.found.low < 0.75 < found.found.high
    assert found.reliability["error"] == 0.0
    assert [label["capability"] for label in labels(sheet, "x")] == [["coding"], ["coding", "writing"]]


def test_a_sheet_without_a_verdict_is_refused():
    """Nothing reviewed is not the same as nothing agreed."""
    with pytest.raises(InputError, match="no row names"):
        agreement([Reviewed(ROW, (), True)])


def test_a_sample_goes_out_and_comes_back(world: Path, tmp_path: Path):
    """Drawn, filled in, read: the agreement is printed and the labels can be trained on."""
    sheet, out = tmp_path / "sheet.csv", tmp_path / "labels.jsonl"
    drawn = run("label", world / "traffic", "--findings", world / "findings", "--out", sheet, "--n", "20")
    assert drawn.exit_code == 0, drawn.stderr
    with sheet.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows[:15]:
        row["capability"] = row["found_capability"]
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    told = run("label", "--read", sheet, "--out", out, "--json")
    assert told.exit_code == 0, told.stderr
    assert json.loads(told.stdout)["found"]["share"] == 1.0
    table = read_labels(out)
    assert len(table) == 15
    assert set(table["source"].to_pylist()) == {"sheet"}
    assert {name for names in table["capability"].to_pylist() for name in names} <= set(CAPABILITIES)
    assert all(text == "the same" or text.startswith("=cmd") for text in table["prompt"].to_pylist())
    assert "found capability is right" in run("label", "--read", sheet).stdout


@pytest.mark.parametrize(
    "arguments",
    [("label",), ("label", "t", "--out", "s.csv"), ("label", "t", "--read", "s.csv"), ("label", "--read", "no")],
)
def test_options_that_do_not_go_together_are_refused(arguments: tuple[str, ...]):
    """A call that is neither a drawing nor a reading ends with exit code 2 and one line."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_nothing_is_overwritten_unasked(world: Path, tmp_path: Path):
    """A sheet somebody may have filled in is replaced with --force only."""
    sheet = filled(tmp_path / "s.csv", "mine")
    assert run("label", world / "traffic", "--findings", world / "findings", "--out", sheet).exit_code == 2
    assert sheet.read_text() == "mine"
    assert run("label", world / "traffic", "--findings", world / "findings", "--out", sheet, "--force").exit_code == 0
