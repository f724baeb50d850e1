"""What `convert` leaves out, fills in, masks and says of it; and that its traffic is whole or not there."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from gateway_logs import (
    Record,
    converted,
    facts,
    langfuse_observation,
    litellm,
    openai_answer,
    openai_request,
    pair,
    put_lines,
    rows_of,
)

from revenuer.cli import main
from revenuer.errors import ConfigError, InputError, OutputError
from revenuer.sources import FORMATS, ConvertSettings, open_traffic
from revenuer.sources.converting.grouping import Groups
from revenuer.sources.converting.masking import masked
from revenuer.sources.converting.reading import Found, Place
from revenuer.sources.converting.writing import SeenIds


def log(folder: Path, count: int = 40, name: str = "a.jsonl") -> Path:
    """A log of LiteLLM."""
    return put_lines(folder / name, map(litellm, facts(count)))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def digest_of(folder: Path) -> dict[str, str]:
    """Every file of a directory with the hash of its bytes."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_log_same_bytes(tmp_path: Path) -> None:
    """Two conversions differ in nothing, joined records and ids made up for exchanges without one included."""
    for number, record in enumerate(records := [pair(f, openai_request(f), {}) for f in facts(9)]):
        del record["request_id"]
        records[number] = record
    put_lines(tmp_path / "pairs.jsonl", records)
    put_lines(tmp_path / "traces.jsonl", map(langfuse_observation, facts(9)))
    for name, form in (("pairs", "openai"), ("traces", "langfuse")):
        both = [tmp_path / f"{name}-{turn}" for turn in (1, 2)]
        for out in both:
            converted(
                tmp_path / f"{name}.jsonl", out, format_name=form, constants={"account_id": "a"}, mask=("emails",)
            )
        assert digest_of(both[0]) == digest_of(both[1])
        assert sorted(digest_of(both[0])) == ["convert.json", "exchanges/part-00000.parquet"]


def test_a_sample_keeps_accounts_whole(tmp_path: Path) -> None:
    """An account is kept with all its exchanges or not at all, and a larger sample keeps what a smaller one does."""
    known = [{**fact, "account_id": f"acct-{number % 50}"} for number, fact in enumerate(facts(200))]
    source = put_lines(tmp_path / "a.jsonl", map(litellm, known))
    kept: list[set[str]] = []
    for share in (0.2, 0.6):
        rows, conversion = converted(source, tmp_path / f"{share}", sample=share)
        kept.append({row["account_id"] for row in rows})
        assert len(rows) == 4 * len(kept[-1])
        assert conversion.rows.written + conversion.rows.sampled_out == 200
        assert conversion.rows.accounts == len(kept[-1])
        assert conversion.sampling is not None
        assert (conversion.sampling.share, conversion.sampling.by) == (share, "account")
    assert kept[0] < kept[1]
    assert 3 <= len(kept[0]) <= 18 < len(kept[1]) <= 42


def test_a_sample_by_conversation_does_not_depend_on_the_cut_into_files(tmp_path: Path) -> None:
    """The same conversations are kept, whole, from one file and from ten."""
    log(tmp_path / "one", 100)
    for number in range(10):
        put_lines(tmp_path / "ten" / f"{number}.jsonl", map(litellm, facts(100)[number * 10 : number * 10 + 10]))
    samples = [
        converted(tmp_path / name, tmp_path / f"{name}-out", sample=0.5, sample_by="conversation")[0]
        for name in ("one", "ten")
    ]
    assert samples[0] == samples[1]
    assert 0 < len(samples[0]) < 100
    assert len(samples[0]) == 2 * len({row["session_id"] for row in samples[0]})


def test_mail_and_secrets_are_masked_where_asked(tmp_path: Path) -> None:
    """Text loses addresses and keys, an id that is an address becomes a hash, and the counts are declared."""
    fact = {
        **facts(1)[0],
        "account_id": "Ada@Example.org",
        "prompt": "Mail ada@example.org; key sk-proj-abcdefghijklmnopqrstuv, AKIAABCDEFGHIJKLMNOP.",
        "system": "Authorization: Bearer abcdefghijklmnop.qrstuv",
    }
    source = put_lines(tmp_path / "a.jsonl", [pair(fact, openai_request(fact), openai_answer(fact))])
    (row,), conversion = converted(source, tmp_path / "out", mask=("emails", "secrets"))
    assert row["prompt"] == "Mail <EMAIL>; key <SECRET>, <SECRET>."
    assert row["system"] == "Authorization: Bearer <SECRET>"
    assert row["account_id"] == hashlib.sha256(b"ada@example.org").hexdigest()[:32]
    assert conversion.masking == {"emails": 2, "secrets": 2}
    assert converted(source, tmp_path / "plain")[1].masking == {}


@pytest.mark.parametrize(
    "secret",
    [
        "sk-ant-api03-abcdefghijklmnopqrstuvwx",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "xoxb-123456789012-abcdefghijkl",
        "AIzaSyA-abcdefghijklmnopqrstuvwxyz01234",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijklmnop",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_secrets_of_common_kinds_are_known(secret: str) -> None:
    """What stands around them stays."""
    values: Record = {"prompt": f"before {secret} after"}
    assert masked(values, ("secrets",)) == {"secrets": 1}
    assert values["prompt"] == "before <SECRET> after"


def test_plain_words_are_no_secrets() -> None:
    """Hyphenated words, hashes in prose and short keys are left alone."""
    text = "A risk-averse monkey-puzzle; key_points: sk-1; the commit deadbeefdeadbeefdeadbeef; a@b"
    values: Record = {"prompt": text, "account_id": "a@b"}
    assert not masked(values, ("emails", "secrets"))
    assert values == {"prompt": text, "account_id": "a@b"}


def test_a_log_without_prompts_says_what_to_do(tmp_path: Path) -> None:
    """With text asked for it is refused with advice; without, it becomes traffic that a scan of no text reads."""
    source = put_lines(tmp_path / "a.jsonl", [{**litellm(fact), "messages": None} for fact in facts()])
    with pytest.raises(InputError, match=r"prompt missing \(4\): a log without prompts .* --content none"):
        converted(source, tmp_path / "full")
    rows, conversion = converted(source, tmp_path / "none", content="none")
    assert len(rows) == 4
    assert {"prompt", "system", "response"} <= {gap.column for gap in conversion.missing} | {"prompt"}


def test_text_is_left_out_where_asked(tmp_path: Path) -> None:
    """No byte of a prompt reaches the disk, although the log has it."""
    converted(log(tmp_path), tmp_path / "out", content="none")
    names = rows_of(tmp_path / "out", ConvertSettings(content="none"))[0].keys()
    assert not {"prompt", "system", "response"} & names
    assert b"spiders" not in b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*.parquet"))


def test_constants_fill_gaps_only(tmp_path: Path) -> None:
    """A value that the log has wins over one that is set."""
    rows, conversion = converted(log(tmp_path, 2), tmp_path / "out", constants={"asn": "64496", "model": "other"})
    assert {(row["asn"], row["model"]) for row in rows} == {(64496, "large-1")}
    assert conversion.constants == {"asn": "64496", "model": "other"}


@pytest.mark.parametrize(
    ("constants", "said"),
    [({"colour": "red"}, "no column colour"), ({"asn": "many"}, "asn cannot be 'many'"), ({"ts": "now"}, "ts cannot")],
)
def test_constants_that_cannot_be_are_refused(constants: dict[str, str], said: str) -> None:
    """Before anything is read."""
    with pytest.raises(ConfigError, match=said):
        ConvertSettings(constants=constants)


def test_repeated_ids_are_counted_once(tmp_path: Path) -> None:
    """A log that was delivered twice gives its exchanges once."""
    log(tmp_path / "logs", name="a.jsonl")
    log(tmp_path / "logs", name="b.jsonl")
    rows, conversion = converted(tmp_path / "logs", tmp_path / "out")
    assert len(rows) == 40
    assert conversion.quarantined == {"exchange_id repeated": 40}


def test_requests_under_one_id_are_told_apart(tmp_path: Path) -> None:
    """A client that names all its requests alike hides none of them; what is logged twice counts once all the same."""
    records = [pair({**fact, "exchange_id": "same"}, openai_request(fact), {}) for fact in facts(5)]
    rows, conversion = converted(put_lines(tmp_path / "a.jsonl", records + records), tmp_path / "out")
    assert sorted(row["prompt"] for row in rows) == sorted(fact["prompt"] for fact in facts(5))
    assert len({row["exchange_id"] for row in rows}) == 5
    assert conversion.quarantined == {"exchange_id repeated": 5}
    assert conversion.notes[-1] == "4 values kept: exchange_id of several requests, which were told apart"


def test_seen_ids_are_remembered_across_any_cut() -> None:
    """Ids in batches of any size are found again, however the runs were merged."""
    names = [f"id-{number % 700}" for number in range(2_000)]
    cuts = [0, 1, 3, 10, 11, 500, 501, 1_400, 2_000]
    seen = SeenIds()
    parts = [seen.repeated(pa.array(names[start:stop])) for start, stop in pairwise(cuts)]
    assert np.concatenate(parts).tolist() == [number >= 700 for number in range(2_000)]


def test_groups_come_back_whole(tmp_path: Path) -> None:
    """Records of one key come together, in the order in which they came, whatever lay between them."""
    groups = Groups(tmp_path / "groups")
    for number in range(5_000):
        groups.add(f"k{number % 1_250}", Found(Place(0, number, f"line {number}"), {"n": number}))
    found = list(groups)
    groups.close()
    assert len(found) == 1_250
    for place, records in found:
        assert [record["n"] - place.number for record in records] == [0, 1_250, 2_500, 3_750]


def test_each_format_is_told_from_all_others() -> None:
    """Names are different, fit on a command line, and each says what it reads."""
    names = [form.name for form in FORMATS]
    assert len(names) == len(set(names))
    assert all(name.replace("-", "").isalnum() and form.about for name, form in zip(names, FORMATS, strict=True))


def test_a_log_of_two_formats_is_not_guessed_at(tmp_path: Path) -> None:
    """Where half of the records speak for one and half for another, the user is asked."""
    mixed = [record for fact in facts(8) for record in (litellm(fact), langfuse_observation(fact))]
    with pytest.raises(InputError, match=r"may be .* or .*: say which with --format"):
        converted(put_lines(tmp_path / "a.jsonl", mixed), tmp_path / "out")


def test_the_command_writes_traffic_and_says_what_it_did(tmp_path: Path) -> None:
    """What it prints is what stands beside the traffic."""
    done = run("convert", log(tmp_path), "--out", tmp_path / "traffic", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said == json.loads((tmp_path / "traffic" / "convert.json").read_text())
    assert (said["format"], said["rows"]["written"], said["quarantined"]) == ("litellm", 40, {})
    assert len(rows_of(tmp_path / "traffic")) == 40


def test_a_scan_is_told_what_was_left_out(tmp_path: Path) -> None:
    """Traffic that is a sample, or masked, says so wherever it is read; a file that is no declaration says nothing."""
    converted(log(tmp_path), tmp_path / "out", sample=0.9, mask=("emails",))
    assert open_traffic(tmp_path / "out").notes[:3] == (
        "exchanges: converted from a log in the format litellm",
        "exchanges: a sample: 0.9 of what was logged, by account",
        "exchanges: masked before they came here: emails",
    )
    (tmp_path / "out" / "convert.json").write_bytes(b"\xff{")
    assert open_traffic(tmp_path / "out").notes == ()


def test_an_earlier_conversion_is_replaced_with_force_only(tmp_path: Path) -> None:
    """And nothing else that stands in the way."""
    source, out = log(tmp_path), tmp_path / "traffic"
    assert run("convert", source, "--out", out).exit_code == 0
    assert run("convert", source, "--out", out).exit_code == 2
    assert run("convert", source, "--out", out, "--force", "--sample", "0.5").exit_code == 0
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "letters").write_text("dear")
    assert run("convert", source, "--out", tmp_path / "precious", "--force").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "nonsense"), "no format is called nonsense: known are litellm"),
        (("--format", "litellm", "--map", "x.toml"), "exclude each other"),
        (("--map", "x.toml"), "x.toml: cannot be read"),
        (("--set", "nonsense"), "--set nonsense: expected COLUMN=VALUE"),
        (("--format", "helicone"), "gives no exchange as helicone"),
        (("--sample", "0.0000001"), "none of its 40 exchanges is in the sample"),
    ],
)
def test_what_cannot_be_done_exits_2_with_one_line(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """And leaves nothing behind, neither traffic nor a trace of the attempt."""
    log(tmp_path)
    done = run("convert", tmp_path / "a.jsonl", "--out", tmp_path / "traffic", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When writing fails half-way the error says so, and no traffic stands there."""

    def fail(*_: object) -> None:
        raise OutputError("cannot be written: no space left", file="x")

    monkeypatch.setattr("revenuer.sources.converting.sink.ExchangeFiles.close", fail)
    done = run("convert", log(tmp_path), "--out", tmp_path / "traffic")
    assert done.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_formats_are_listed() -> None:
    """One line each, the name first."""
    lines = run("formats").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [form.name for form in FORMATS]
