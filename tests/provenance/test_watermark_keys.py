"""Keys of watermarks: derived, kept, committed to, and never sent."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from revenuer.cli import main
from revenuer.errors import ConfigError, InputError, OutputError
from revenuer.provenance.commitments import commit, committed, head, load_commitments
from revenuer.provenance.keys import Label, MarkKey, MarkRing, _hkdf, load_key, load_master, new_master, save_key
from revenuer.provenance.scheme import GUMBEL, KGW

RING = MarkRing(bytes(range(32)))
PARTS = st.text(max_size=8)


def test_derivation_is_hkdf():
    """The first block of RFC 5869's third test case (no salt, no info), which has SHA-256 and zero-length inputs."""
    expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
    assert _hkdf(b"\x0b" * 22, b"").hex() == expected


@given(PARTS, PARTS, PARTS, PARTS, PARTS, PARTS)
def test_labels_have_keys_of_their_own(a: str, b: str, c: str, d: str, e: str, f: str):
    """Two labels share a key only if all parts are the same, however they would read when put together."""
    left, right = Label(a, b, c), Label(d, e, f)
    assert (RING.derive(left) == RING.derive(right)) == (left == right)


def test_a_token_leads_to_the_key_and_cannot_be_made_without_the_master():
    """Workers find the key of a token; an edited token, one of another ring or a piece of text is none."""
    label = Label("acme", "c-17", "2026-Q1")
    token = RING.token(label)
    assert RING.resolve(token) == RING.derive(label)
    assert "acme" not in token
    assert RING.derive(label).hex() not in token
    edited = ("0" if token[0] != "0" else "1") + token[1:]
    for wrong in (edited, token[:-2], "", "acme", MarkRing(b"x" * 32).token(label)):
        with pytest.raises(ConfigError, match="token"):
            RING.resolve(wrong)


def test_secrets_are_kept_from_others_and_not_overwritten(tmp_path: Path):
    """Files of secrets belong to their owner, come back as they were, and stay when written again."""
    new_master(tmp_path / "master")
    save_key(tmp_path / "key", MarkKey("k", b"s" * 32, KGW))
    for name in ("master", "key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert load_key(tmp_path / "key") == MarkKey("k", b"s" * 32, KGW)
    load_master(tmp_path / "master")
    with pytest.raises(OutputError, match="not overwritten"):
        new_master(tmp_path / "master")


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"kind": "watermark key", "version": 2}', '{"kind": "watermark key", "version": 1, "name": "k"}'],
)
def test_files_that_are_no_keys_are_named(content: str, tmp_path: Path):
    """With the file at fault."""
    (tmp_path / "key").write_text(content)
    with pytest.raises(InputError, match="key"):
        load_key(tmp_path / "key")
    with pytest.raises(InputError, match="master"):
        load_master(tmp_path / "master")


def test_a_commitment_binds_key_and_scheme():
    """Another key or another rule has another commitment; the name is no part of it."""
    held = MarkKey("k", b"s" * 32, GUMBEL)
    assert held.commitment() == MarkKey("other name", b"s" * 32, GUMBEL).commitment()
    assert held.commitment() != MarkKey("k", b"s" * 32, KGW).commitment()
    assert held.commitment() != MarkKey("k", b"t" * 32, GUMBEL).commitment()


def test_the_list_shows_when_a_line_was_changed(tmp_path: Path):
    """The first commitment of a key counts; a changed, dropped or swapped line breaks the chain, and time runs forward."""
    path = tmp_path / "commitments.jsonl"
    commit(path, "aa", "gumbel|window=2", "2026-01-01T00:00:00Z")
    commit(path, "bb", "gumbel|window=2", "2026-01-02T00:00:00Z")
    last = commit(path, "aa", "gumbel|window=2", "2026-01-03T00:00:00Z")
    assert last == head(path)
    known = committed(load_commitments(path))
    assert known == {"aa": "2026-01-01T00:00:00Z", "bb": "2026-01-02T00:00:00Z"}
    with pytest.raises(ConfigError, match="already at"):
        commit(path, "dd", "", "2026-01-02T23:00:00Z")
    with pytest.raises(ConfigError, match="expected one as in"):
        commit(path, "dd", "", "tomorrow")
    lines = path.read_text().splitlines(keepends=True)
    for wrong in (
        [lines[0].replace("aa", "ab"), *lines[1:]],
        [lines[0], lines[2]],
        lines[1:],
        [lines[1], lines[0], lines[2]],
    ):
        path.write_text("".join(wrong))
        with pytest.raises(InputError, match="chain"):
            load_commitments(path)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_commands_make_keys_and_tell_marked_texts(tmp_path: Path):
    """Same master and label, same key; what is printed is token, commitment and head; text without the mark exits 0."""
    master, listed = tmp_path / "master.json", tmp_path / "list.jsonl"
    assert run("watermark", "master", master).exit_code == 0
    made = [
        run(
            "watermark",
            "key",
            master,
            "--tenant",
            "acme",
            "--out",
            tmp_path / f"{name}.json",
            "--commitments",
            listed,
            "--at",
            at,
        )
        for name, at in (("one", "2026-01-01T00:00:00Z"), ("two", "2026-01-02T00:00:00Z"))
    ]
    assert [line.split()[0] for line in made[0].output.splitlines()] == ["token", "commitment", "head"]
    assert made[0].output.splitlines()[:2] == made[1].output.splitlines()[:2]
    assert load_key(tmp_path / "one.json").key == load_key(tmp_path / "two.json").key
    assert len(load_commitments(listed)) == 2
    (tmp_path / "words.txt").write_text("a\nb\nc\n")
    (tmp_path / "answers.jsonl").write_text(json.dumps({"text": "a b c a b b c"}) + "\n")
    rest = ("watermark", "detect", tmp_path / "answers.jsonl", "--key", tmp_path / "one.json")
    plain = run(*rest, "--tokenizer", tmp_path / "words.txt", "--json")
    assert plain.exit_code == 0
    assert json.loads(plain.output)["tokens"] == 5
    refused = run(*rest)
    assert refused.exit_code == 2
    assert "line 1" in refused.output
    assert "give a tokenizer" in refused.output
