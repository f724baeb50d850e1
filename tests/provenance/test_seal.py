"""The reasoning seal: what it opens, and all that it does not."""

from __future__ import annotations

import base64
import dataclasses
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revenuer.errors import ConfigError
from revenuer.provenance import (
    ALARMS,
    Binding,
    KeyRing,
    Sealer,
    inspected,
    new_ring,
    padded_size,
    public_id,
    ring_revoked,
    ring_rotated,
)
from revenuer.provenance.seal import LARGEST, PREFIX

RING = new_ring("2026-01-01T00:00:00Z")
RANKS = {"big": 2, "small": 1}
SEALER = Sealer(lambda: RING, RANKS)
BOUND = Binding("tenant", "account", "session", "big", "prefix", "tools")
FIELDS = [field.name for field in dataclasses.fields(Binding)]
NOW, LATER = 1_000_000, 1_000_600
PAYLOAD = b"first I add, then I divide"
BLOCK = SEALER.seal(PAYLOAD, BOUND, expires=LATER)

texts = st.text(max_size=40)
bindings = st.builds(Binding, *[texts] * len(FIELDS))


def kind(block: str, binding: Binding = BOUND, now: int = NOW, sealer: Sealer = SEALER) -> str:
    opening = sealer.open(block, binding, now=now)
    assert (opening.payload is None) == (opening.kind != "opened")
    return opening.kind


def changed(**fields: str) -> Binding:
    return dataclasses.replace(BOUND, **fields)


@given(st.binary(max_size=5_000), bindings)
def test_a_block_opens_where_it_was_given_out(payload: bytes, binding: Binding):
    """Whatever the payload and the binding, until it expires."""
    block = SEALER.seal(payload, binding, expires=LATER)
    assert SEALER.open(block, binding, now=LATER - 1).payload == payload
    assert kind(block, binding, LATER) == "expired"


@given(bindings, st.data())
def test_no_block_opens_for_another_binding(binding: Binding, data: st.DataObject):
    """One field or several that differ, by whatever text, are enough."""
    other = data.draw(bindings.filter(lambda one: one != binding))
    assert kind(SEALER.seal(PAYLOAD, binding, expires=LATER), other) != "opened"


@given(bindings)
def test_bindings_that_read_alike_are_told_apart(binding: Binding):
    """Text that moves from one field to the next makes another binding."""
    block = SEALER.seal(PAYLOAD, binding, expires=LATER)
    for left, right in itertools.pairwise(FIELDS):
        moved = {left: getattr(binding, left) + getattr(binding, right), right: ""}
        other = dataclasses.replace(binding, **moved)
        assert other == binding or kind(block, other) != "opened"


@pytest.mark.parametrize(
    ("binding", "expected"),
    [
        (changed(tenant="x"), "cross_account"),
        (changed(account="x"), "cross_account"),
        (changed(session="x"), "replay"),
        (changed(session=""), "session_unknown"),
        (changed(model="small"), "downgrade"),
        (changed(model="other"), "model_changed"),
        (changed(prefix="x"), "history_changed"),
        (changed(tools="x"), "tools_changed"),
        (changed(prefix="x", account="x"), "cross_account"),
        (changed(prefix="x", session="x"), "replay"),
    ],
)
def test_the_gravest_reason_is_told(binding: Binding, expected: str):
    """Another party comes before another conversation, and that before an edited one."""
    assert kind(BLOCK, binding) == expected


def test_an_upgrade_is_no_alarm():
    """A block of a weaker model sent to a stronger one is dropped without a word; the issuer is named."""
    block = SEALER.seal(PAYLOAD, changed(model="small"), expires=LATER)
    opening = SEALER.open(block, BOUND, now=NOW)
    assert (opening.kind, opening.issuer_model, opening.alarm) == ("model_changed", "small", False)


def test_a_session_that_nobody_named_is_no_replay():
    """A client that begins to name its session loses the block, and is not accused."""
    block = SEALER.seal(PAYLOAD, changed(session=""), expires=LATER)
    assert kind(block) == "session_unknown"
    assert "session_unknown" not in ALARMS


def test_every_single_character_counts():
    """Each character of a block, changed to another of the alphabet, keeps it shut."""
    for at in range(len(BLOCK)):
        for new in ("A", "/"):
            edited = BLOCK[:at] + new + BLOCK[at + 1 :]
            assert edited == BLOCK or kind(edited) != "opened"


def test_every_truncation_and_extension_stays_shut():
    """Cut at any place, or with anything behind it."""
    assert {kind(BLOCK[:at]) for at in range(len(BLOCK))} <= {"foreign", "edited"}
    for tail in ("A", "AAAA", "=", "==", "\n", " ", BLOCK):
        assert kind(BLOCK + tail) in {"foreign", "edited"}


@settings(max_examples=300)
@given(st.integers(0, 90), st.integers(0, 255), st.integers(0, 2_000))
def test_every_byte_counts(at: int, flip: int, far: int):
    """Bits flipped in the front or anywhere else, alone or together, keep it shut."""
    raw = bytearray(base64.b64decode(BLOCK.removeprefix(PREFIX)))
    before = bytes(raw)
    raw[at] ^= flip
    raw[far % len(raw)] ^= flip ^ 1
    if bytes(raw) != before:
        assert kind(PREFIX + base64.b64encode(raw).decode()) != "opened"


def spliced(one: str, other: str, at: int) -> str:
    left, right = (base64.b64decode(block.removeprefix(PREFIX)) for block in (one, other))
    return PREFIX + base64.b64encode(left[:at] + right[at:]).decode()


@given(st.integers(1, 1_000))
def test_parts_of_two_blocks_make_none(at: int):
    """Fronts and contents of blocks of one account, or of two, cannot be put together."""
    for binding in (BOUND, changed(account="x")):
        other = SEALER.seal(b"something else", binding, expires=LATER)
        mixed = spliced(BLOCK, other, at)
        assert mixed in {BLOCK, other} or kind(mixed) != "opened"


@given(st.one_of(st.text(), st.text().map(lambda text: PREFIX + text), st.binary().map(lambda raw: PREFIX + raw.hex())))
def test_any_text_at_all_is_answered(text: str):
    """Whatever a client sends, nothing opens and nothing is raised."""
    assert kind(text) != "opened"
    assert kind(text + "\ud800") == "foreign"


def test_an_expiry_cannot_be_moved():
    """The time at which a block ends is part of what is checked."""
    raw = bytearray(base64.b64decode(BLOCK.removeprefix(PREFIX)))
    raw[29:37] = (LATER * 2).to_bytes(8, "big")
    assert kind(PREFIX + base64.b64encode(raw).decode(), now=LATER + 1) == "edited"


def rings() -> tuple[KeyRing, KeyRing, KeyRing]:
    rotated = ring_rotated(RING, "2026-02-01T00:00:00Z")
    return RING, rotated, ring_revoked(rotated, RING.active.id)


def test_blocks_outlive_a_rotation_and_not_a_revocation():
    """A retired key opens what it sealed, a revoked one does not, and a ring without it knows nothing."""
    _, rotated, revoked = rings()
    assert kind(BLOCK, sealer=Sealer(lambda: rotated)) == "opened"
    assert kind(BLOCK, sealer=Sealer(lambda: revoked)) == "revoked"
    assert kind(BLOCK, sealer=Sealer(lambda: new_ring("x"))) == "unknown_key"
    fresh = Sealer(lambda: rotated).seal(PAYLOAD, BOUND, expires=LATER)
    assert inspected(fresh, rotated)["key"] == rotated.active.id  # type: ignore[index]


def test_another_ring_with_the_same_key_id_opens_nothing():
    """The id of a key is a name, not a proof."""
    impostor = new_ring("x")
    key = impostor.active
    twin = KeyRing(1, (type(key)(RING.active.id, key.secret, "active", "x"),))
    assert kind(BLOCK, sealer=Sealer(lambda: twin)) == "edited"


def test_length_tells_little():
    """All payloads of a size make blocks of one length; sizes grow by at most an eighth, and all are whole triples."""
    sizes = {len(SEALER.seal(bytes(length), BOUND, expires=LATER)) for length in range(0, 765, 51)}
    assert len(sizes) == 1
    assert [padded_size(length) for length in (0, 764, 765, 796, 797, 32_000)] == [768, 768, 801, 801, 834, 32_769]
    taken = {length: padded_size(length) for length in range(764, 70_000)}
    assert all(length + 4 <= size <= (length + 4) * 9 / 8 and size % 3 == 0 for length, size in taken.items())
    assert len(set(taken.values())) < 150
    assert padded_size(LARGEST - 4) == LARGEST
    with pytest.raises(ConfigError, match="too large"):
        padded_size(LARGEST)


def test_two_blocks_of_one_payload_share_nothing():
    """No part of the text beyond version and key id tells that account or payload are the same."""
    raws = [base64.b64decode(SEALER.seal(PAYLOAD, BOUND, expires=LATER).removeprefix(PREFIX)) for _ in range(2)]
    tags = [{raw[at : at + 8] for at in range(37, 85, 8)} for raw in raws]
    assert not tags[0] & tags[1]
    assert raws[0][:5] == raws[1][:5]
    assert raws[0][101:133] != raws[1][101:133]


def test_a_block_says_nothing_of_its_owner():
    """Inspection shows key, expiry and size alone."""
    told: dict[str, Any] = inspected(BLOCK, RING) or {}
    assert told["id"] == public_id(BLOCK)
    assert told["genuine_header"]
    assert told["expires"] == LATER
    assert not any(name in str(told) for name in ("account", "session", "prefix'"))
    assert inspected("rv1.nothing", RING) is None
