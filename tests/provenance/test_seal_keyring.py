"""Key rings: files that hold secrets, and the life of a key."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from revenuer.cli_seal import seal
from revenuer.errors import ConfigError, InputError
from revenuer.provenance import Binding, KeyFile, Sealer, load_ring, new_ring, ring_revoked, ring_rotated, save_ring

BOUND = Binding("t", "a", "s", "m", "p", "l")


def run(*arguments: str | Path, given: str = "") -> Result:
    return CliRunner().invoke(seal, [str(argument) for argument in arguments], input=given)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "keys.json"
    assert run("keygen", place).exit_code == 0
    return place


def test_a_ring_is_its_owners_alone(file: Path):
    """The file is made 0600, stays so when it is rotated, and is refused when others may read it."""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run("rotate", file).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        load_ring(file)


def test_a_ring_is_never_overwritten(file: Path):
    """Making a ring where one stands fails, and leaves nothing behind."""
    before = file.read_bytes()
    assert run("keygen", file).exit_code != 0
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_keys_are_shown_without_secrets(file: Path):
    """Ids and states, newest first; the secret is in no output and in no repr."""
    run("rotate", file)
    ring = load_ring(file)
    told = run("inspect", file, "--json").output
    assert [row["state"] for row in json.loads(told)] == ["active", "retired"]
    for key in ring.keys:
        assert key.secret not in told + run("inspect", file).output + repr(ring)


def test_a_block_is_inspected(file: Path):
    """As an argument or from standard input; what is no block is said to be none."""
    block = Sealer(KeyFile(file).ring).seal(b"x", BOUND, expires=5)
    for result in (run("inspect", file, block, "--json"), run("inspect", file, "-", "--json", given=block + "\n")):
        assert json.loads(result.output)[0]["expires"] == 5
    assert isinstance(run("inspect", file, "nonsense").exception, ConfigError)


def test_the_active_key_is_not_revoked(file: Path):
    """It is rotated out first; afterwards it opens nothing, and one that is not there cannot be revoked."""
    ring = load_ring(file)
    assert isinstance(run("revoke", file, ring.active.id).exception, ConfigError)
    assert isinstance(run("revoke", file, "00000000").exception, ConfigError)
    run("rotate", file)
    assert run("revoke", file, ring.active.id).exit_code == 0
    assert [key.state for key in load_ring(file).keys] == ["active", "revoked"]


def test_a_rotation_takes_effect_without_a_restart(file: Path):
    """A file that changes is read again; one that becomes unusable leaves the last good ring in force."""
    keys = KeyFile(file)
    sealer = Sealer(keys.ring)
    old = sealer.seal(b"x", BOUND, expires=5)
    save_ring(ring_rotated(load_ring(file), "later"), file, fresh=False)
    assert keys.ring().keys[0].created == "later"
    assert sealer.open(old, BOUND, now=1).kind == "opened"
    file.write_text("{")
    assert keys.ring().keys[0].created == "later"
    file.unlink()
    assert keys.ring().keys[0].created == "later"


@pytest.mark.parametrize(
    "damage",
    [
        {"schema": 2},
        {"keys": []},
        {"more": 1},
        {"keys": [{"id": "0" * 8, "secret": "AAAA", "state": "active", "created": ""}]},
        {"keys": [{"id": "zz", "secret": "A" * 43 + "=", "state": "active", "created": ""}]},
        {"keys": [{"id": "0" * 8, "secret": "A" * 43 + "=", "state": "lost", "created": ""}]},
    ],
)
def test_a_damaged_ring_is_refused(file: Path, damage: dict[str, object]):
    """Whatever is wrong, the error names the file."""
    file.write_text(json.dumps(json.loads(file.read_text()) | damage))
    with pytest.raises(InputError, match=r"keys\.json: is no key ring"):
        load_ring(file)


def test_two_active_keys_are_refused(tmp_path: Path):
    """Which of them seals must not depend on their order."""
    one, two = new_ring("a"), new_ring("b")
    place = tmp_path / "keys.json"
    save_ring(type(one)(1, one.keys + two.keys), place, fresh=True)
    with pytest.raises(InputError, match="exactly one"):
        load_ring(place)


def test_a_missing_ring_is_told(tmp_path: Path):
    """With the name of the file."""
    with pytest.raises(InputError, match="nowhere"):
        load_ring(tmp_path / "nowhere")


def test_revoking_and_rotating_leave_the_given_ring_alone():
    """Rings are values."""
    ring = new_ring("a")
    rotated = ring_rotated(ring, "b")
    ring_revoked(rotated, ring.active.id)
    assert ring.active.state == "active"
    assert [key.state for key in rotated.keys] == ["active", "retired"]
