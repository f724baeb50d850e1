"""Matching under keys: what is equal after normalisation matches, and nothing else is told."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from revenuer.cli import main
from revenuer.errors import ConfigError, InputError
from revenuer.sharing.matching import common, keyed, read_list, write_list
from revenuer.sharing.matching_items import KINDS, canonical, read_items, template_of, write_items
from revenuer.sharing.matching_keys import GroupKey, add_key, key_at, read_keys
from revenuer.sharing.matching_transcript import Allowance, Exhausted, Transcript, verify

AT = "2026-11-20T12:00:00Z"


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("network", "203.0.113.7", "203.0.113.200"),
        ("network", "203.0.113.7", "203.0.113.0/24"),
        ("network", "203.0.113.7", "::ffff:203.0.113.9"),
        ("network", "2001:db8:1:2:3::1", "2001:0DB8:0001:0002:ffff::/80"),
        ("mail", "A.Lab+run7@Gmail.com", "alab@googlemail.com"),
        ("mail", "a.lab@example.org", " A.LAB@EXAMPLE.ORG "),
        ("mail", "lab@bücher.example", "lab@xn--bcher-kva.example"),
        ("domain", "Example.ORG.", "example.org"),
        ("template", template_of("Solve  <TEXT>\nnow"), template_of("solve <text> NOW")),
        ("tls", "t13d1516h2_8daaf6152771_b186095e22b6 ", "t13d1516h2_8daaf6152771_b186095e22b6"),
    ],
)
def test_what_means_the_same_has_one_form(kind: str, one: str, other: str):
    """Addresses of a network, mail of one box, spellings of a domain, wordings that differ in case and space."""
    assert canonical(kind, one) == canonical(kind, other)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("network", "203.0.113.7", "203.0.114.7"),
        ("network", "2001:db8:1:2::", "2001:db8:1:3::"),
        ("mail", "a.lab@example.org", "alab@example.org"),
        ("payment", "card-1", "CARD-1"),
    ],
)
def test_what_differs_stays_apart(kind: str, one: str, other: str):
    """Dots in a mail address mean something where the provider says so; opaque identifiers are taken as they are."""
    assert canonical(kind, one) != canonical(kind, other)


def test_kinds_do_not_mix():
    """The same text as a card and as a device is two items."""
    assert canonical("payment", "x") != canonical("device", "x")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("network", "203.0.113.256"), ("network", "10.0.0.0/8"), ("network", "2001:db8::/32"), ("network", "x"),
        ("network", "01.2.3.4"), ("mail", "nobody"), ("mail", "@example.org"), ("mail", "a b@example.org"),
        ("domain", "localhost"), ("domain", "a..b"), ("template", "deadbeef"), ("template", "t2:" + "0" * 64),
        ("payment", ""), ("payment", "x" * 513), ("payment", "a\nb"), ("country", "XX"), ("language", "xx"),
    ],
)  # fmt: skip
def test_what_is_none_of_a_kind_is_refused(kind: str, value: str):
    """Also what would say where a person is from: there is no such kind."""
    with pytest.raises(ValueError, match=r"is |expected|not|does"):
        canonical(kind, value)


@given(st.sampled_from(sorted(KINDS)), st.text(max_size=60))
def test_normalising_is_final(kind: str, text: str):
    """A canonical value is its own canonical form, and no text makes normalising fail in another way."""
    try:
        item = canonical(kind, text)
    except ValueError:
        return
    assert canonical(*item.split(" ", 1)) == item


@given(st.lists(st.integers(0, 2**32 - 1), unique=True, max_size=30), st.data())
def test_what_is_in_common_is_found_exactly(numbers: list[int], data: st.DataObject):
    """Under one key the hashes in common are those of the items in common; under another key none are."""
    items = sorted({canonical("network", ".".join(map(str, n.to_bytes(4)))) for n in numbers})
    theirs = set(data.draw(st.lists(st.sampled_from(items), unique=True))) if items else set()
    more = [canonical("payment", f"card {n}") for n in numbers]
    key, other = (GroupKey("g", "2026-11-01", "2026-12-01", bytes([n]) * 32) for n in (1, 2))
    assert common(keyed(items, key), keyed([*theirs, *more], key)) == tuple(sorted(theirs))
    assert common(keyed(items, key), keyed(theirs, other)) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("network,203.0.113.7\n", "first row"),
        ("kind,value\nnetwork,x\n", "line 2, column value"),
        ("kind,value\n\ncountry,x\n", "line 3, column kind"),
        ("kind,value\nnetwork\n", "has 1 values"),
        ('kind,value\nnetwork,"a\n', "line"),
        ("\0", "first row"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, text: str, said: str):
    """By file, line and column."""
    file = tmp_path / "items.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=said):
        read_items(file)


def test_items_come_back_as_they_went(tmp_path: Path):
    """Each once, sorted, whatever is in them; more than the most are refused."""
    items = sorted([canonical("payment", 'a,"b"'), canonical("device", "=1+1"), canonical("network", "203.0.113.1")])
    write_items(tmp_path / "items.csv", items)
    assert read_items(tmp_path / "items.csv") == tuple(items)
    with pytest.raises(InputError, match="is the most"):
        read_items(tmp_path / "items.csv", most=2)


def key_file(folder: Path) -> Path:
    file = folder / "keys.json"
    add_key(file, group="labs", begins="2026-11-01", ends="2026-12-01")
    return file


def test_a_key_names_its_group_and_period_and_rotates(tmp_path: Path):
    """The next period's key hashes everything anew; a day without a key has none, and periods do not meet."""
    file = key_file(tmp_path)
    add_key(file, group="labs", begins="2026-12-01", ends="2027-01-01")
    first, second = read_keys(file)
    assert first.key_id.startswith("labs.2026-11-01.2026-12-01.")
    assert key_at((first, second), "2026-12-01") == second
    assert not keyed(["network 203.0.113.0/24"], first).keys() & keyed(["network 203.0.113.0/24"], second).keys()
    assert file.stat().st_mode & 0o077 == 0
    assert first.secret.hex() not in repr(first)
    with pytest.raises(ConfigError, match="no key is for"):
        key_at((first, second), "2027-01-01")
    for begins, ends in (("2026-11-30", "2026-12-02"), ("2027-01-01", "2028-01-01"), ("2027-1-1", "2027-02-01")):
        with pytest.raises(ConfigError):
            add_key(file, group="labs", begins=begins, ends=ends)
    with pytest.raises(ConfigError, match="one group"):
        add_key(file, group="others", begins="2027-01-01", ends="2027-02-01")


def test_a_list_shows_neither_items_nor_their_order(tmp_path: Path):
    """Every line carries the id of the key; nothing of what was hashed stands in the file."""
    key = read_keys(key_file(tmp_path))[0]
    items = [f"network 203.0.{n}.0/24" for n in range(200)]
    file = tmp_path / "hashes"
    assert write_list(file, keyed(items, key), key) == 200
    lines = file.read_text().splitlines()[1:]
    assert all(line.startswith(f"{key.key_id}:") for line in lines)
    assert lines == sorted(lines)
    assert "203.0" not in file.read_text()
    assert read_list(file).hashes == keyed(items, key).keys()
    with pytest.raises(InputError, match="more than 100"):
        read_list(file, most=100)
    file.write_text(file.read_text().replace(lines[0], "other.key:" + "0" * 32))
    with pytest.raises(InputError, match="several keys"):
        read_list(file)
    file.write_text(file.read_text() + "x\n")
    with pytest.raises(InputError, match="no keyed hash"):
        read_list(file)


def test_two_providers_compare_over_files(tmp_path: Path):
    """One writes hashes, the other learns what is in common and has it written down; another day's list is refused."""
    keys = str(key_file(tmp_path))
    write_items(tmp_path / "a.csv", [canonical("network", f"198.51.{n}.1") for n in range(50)])
    write_items(tmp_path / "b.csv", [canonical("network", f"198.51.{n}.9") for n in range(40, 90)])
    day = ("--key", keys, "--on", "2026-11-20")
    done = run("hash", tmp_path / "a.csv", *day, "--out", tmp_path / "hashes")
    assert done.output.startswith("50 hashes under labs.")
    log = tmp_path / "log"
    to = ("--peer", "lab a", "--transcript", log, "--out", tmp_path / "both.csv")
    done = run("compare", tmp_path / "b.csv", tmp_path / "hashes", *day, *to)
    assert done.output == "10 of 50 items in common\n"
    both = read_items(tmp_path / "both.csv")
    assert both == tuple(sorted(canonical("network", f"198.51.{n}.1") for n in range(40, 50)))
    entry = json.loads(log.read_text())
    assert (entry["peer"], entry["mine"], entry["theirs"], entry["learnt"]) == ("lab a", 50, 50, 10)
    assert entry["learnt_digest"] == hashlib.sha256("\n".join(both).encode()).hexdigest()
    assert "198.51" not in log.read_text()
    add_key(Path(keys), group="labs", begins="2026-12-01", ends="2027-01-01")
    late = run("compare", tmp_path / "b.csv", tmp_path / "hashes", "--key", keys, "--on", "2026-12-05", *to)
    assert late.exit_code == 2
    assert "the list is under labs.2026-11-01" in late.stderr
    greedy = run("compare", tmp_path / "b.csv", tmp_path / "hashes", *day, *to, "--most", "49")
    assert greedy.exit_code == 2
    assert "asks for more than it may" in greedy.stderr
    assert run("transcript", log).output.startswith("2 entries, whole. Head: ")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["match", *map(str, arguments)])


def noted(file: Path, *, at: str = AT, theirs: int = 10, peer: str = "lab", most: Allowance | None = None) -> str:
    told = {"at": at, "peer": peer, "key_id": "k", "mine": 5, "theirs": theirs, "learnt": ("network 203.0.113.0/24",)}
    return Transcript(file).add(role="answered", how="keyed", allowance=most or Allowance(), **told)  # type: ignore[arg-type]


def test_a_transcript_shows_what_was_changed(tmp_path: Path):
    """A changed, removed or moved line breaks the chain; a lost end is seen by the head that was kept elsewhere."""
    file = tmp_path / "log"
    heads = [noted(file, at=f"2026-11-{day}T00:00:00Z") for day in range(10, 14)]
    assert verify(file).fault is None
    assert (verify(file, heads[1]).fault, verify(file).head) == (None, heads[-1])
    whole = file.read_text()
    lines = whole.splitlines(keepends=True)
    broken = {
        "changed": whole.replace('"theirs":10', '"theirs":11', 1),
        "missing": "".join(lines[:1] + lines[2:]),
        "its place": "".join([lines[1], lines[0], *lines[2:]]),
        "no transcript": whole + "{}\n",
    }
    for said, text in broken.items():
        file.write_text(text)
        assert said in (verify(file).fault or ""), said
        assert run("transcript", file).exit_code == 1
        with pytest.raises(InputError):
            noted(file)
    file.write_text("".join(lines[:2]))
    assert verify(file).fault is None
    assert "cut off" in (verify(file, heads[-1]).fault or "")


def test_what_may_be_asked_is_rationed(tmp_path: Path):
    """At once, an hour and a day, each peer for itself; refusals are written down, and time gives anew."""
    file, most = tmp_path / "log", Allowance(most=100, per_day=150, per_hour=3)
    with pytest.raises(Exhausted, match="may be asked at once"):
        noted(file, theirs=101, most=most)
    noted(file, theirs=100, most=most)
    with pytest.raises(Exhausted, match="a day are allowed") as refusal:
        noted(file, theirs=51, most=most)
    assert refusal.value.after == 86_400
    with pytest.raises(Exhausted, match="requests an hour"):
        noted(file, theirs=1, most=most)
    noted(file, theirs=100, most=most, peer="other")
    noted(file, theirs=50, most=most, at="2026-11-20T13:00:01Z")
    noted(file, theirs=100, most=most, at="2026-11-21T13:00:02Z")
    roles = [json.loads(line)["role"] for line in file.read_text().splitlines()]
    assert roles == ["refused", "answered", "refused", "refused", "answered", "answered", "answered"]


def test_many_at_one_transcript_lose_nothing(tmp_path: Path):
    """Writers go one by one, and nobody gets more than the day allows."""
    file = tmp_path / "log"
    most = Allowance(most=10, per_day=100, per_hour=1_000)

    def spend(_: int) -> bool:
        try:
            noted(file, theirs=10, most=most)
        except Exhausted:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, range(24))) == 10
    assert (verify(file).entries, verify(file).fault) == (24, None)


@pytest.mark.parametrize("text", ["{}", "[", '{"group":"g","keys":[{"begins":"a"}]}', '{"group":"g","keys":[],"x":1}'])
def test_a_file_that_is_none_of_keys_is_left_alone(tmp_path: Path, text: str):
    """It is named, and not overwritten."""
    file = tmp_path / "keys.json"
    file.write_text(text)
    with pytest.raises(InputError, match="is no file of keys"):
        add_key(file, group="g", begins="2026-11-01", ends="2026-12-01")
    assert file.read_text() == text
