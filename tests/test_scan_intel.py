"""Peers' indicators in a scan: what they match, which queues they speak of, and when that is an alarm."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from revenuer.behaviour import Profiles
from revenuer.campaigns.queues import Queue
from revenuer.errors import ConfigError, InputError
from revenuer.fingerprint.frames import FrameLibrary, library_of
from revenuer.linkage.infrastructure import Traces
from revenuer.linkage.templates import Templates
from revenuer.scan_intel import INTEL_FILE, Hints, Intel, open_intel
from revenuer.sharing import Secret
from revenuer.sharing.intel_store import Held, IntelStore
from revenuer.sharing.peer_indicators import PeerIndicator, Read
from revenuer.sharing.sketch import core_bands, frame_bands
from revenuer.text.match import TOKEN_BITS
from revenuer.text.networks import hash_networks
from revenuer.text.shingles import windows
from revenuer.text.tokens import Tokens, hash_strings, tokenize
from strategies import templates_of

SECRET = Secret(b"a secret of peers", "00112233aabbccdd")
TASK = "Before every answer write down in full each step of the thinking that leads there, and only then answer."
OTHER = "You mark the work of pupils from nought to ten and say in two sentences why the mark is fair to them."
ACCOUNTS = 60
LAST = int(datetime(2026, 9, 14, tzinfo=UTC).timestamp() * 1e6)


def library() -> FrameLibrary:
    """The frames of both texts."""
    sets = [np.unique(windows(tokenize(pa.array([text])).hashes)) for text in (TASK, OTHER)]
    offsets = np.cumsum([0, *(len(one) for one in sets)])
    return library_of(
        Tokens(np.concatenate(sets), offsets), np.zeros(1 << TOKEN_BITS, np.float32), np.zeros(0, np.uint8)
    )


def world() -> tuple[Templates, Profiles, Traces]:
    """Forty accounts send the task, twenty the other text; ten of the first come from one network, five with one mail domain."""
    counts = np.zeros((ACCOUNTS, 2), np.int64)
    counts[:40, 0], counts[40:, 1] = 5, 5
    frames = library()
    templates = replace(templates_of(counts), ids=frames.ids, extraction=np.array([0.9, 0.1]))
    nought, words = np.zeros(ACCOUNTS, np.int64), np.full(ACCOUNTS, "", object)
    mail = np.where(np.arange(ACCOUNTS) < 5, hash_strings(pa.array(["farm.example"]))[0], 0)
    everyone = np.arange(ACCOUNTS)
    signup = {"email_domain": mail, "signup_net": nought}
    profiles = Profiles(everyone, words, everyone, nought + 5, nought, nought + LAST, nought, nought, signup, words)
    nets = hash_networks(pa.array([f"81.20.{30 if account < 10 else account + 100}.7" for account in range(ACCOUNTS)]))
    nothing = {kind: np.zeros(0, np.int64) for kind in ("ip", "client")}
    return templates, profiles, Traces({**nothing, "net": everyone}, {**nothing, "net": nets})


def told(channel: str, *values: str, key_name: str = "") -> Held:
    """A fresh indicator of a trusted peer, half sure."""
    times = ("2026-09-14T00:00:00.000000Z", "2026-10-13T00:00:00.000000Z")
    names = (f"indicator--{channel}", times[0], "campaign--x", channel)
    indicator = PeerIndicator(*names, values, key_name, 0.5, *times, 14)  # type: ignore[arg-type]
    return Held(indicator, "Lab A", 1.0, {})


def template(text: str, secret: Secret = SECRET) -> Held:
    """An indicator of a template."""
    bands = frame_bands(text, secret)
    assert bands is not None
    return told("template", *bands, key_name=secret.name)


def seen(*held: Held) -> Hints:
    templates, profiles, found = world()
    return Intel(list(held), SECRET).look_up({"prompt": library(), "system": library()}, templates, profiles, found)


def queue(accounts: range, task: int = 0) -> Queue:
    """Accounts that deal one task."""
    members = np.array(accounts)
    ones = np.ones(1)
    return Queue(members, np.ones(len(members)), np.array([task]), ones, ones, np.array([200]), ones, 0.7)


def test_a_template_is_found_by_its_bands() -> None:
    """What peers sketch from the masked text is what the scan sketches from the frame, and other frames are not it."""
    frames = library()
    assert core_bands(frames.cores, SECRET)[0] == frame_bands(TASK, SECRET)
    hints = seen(template(TASK))
    assert [hit.channel for hit in hints.hits(queue(range(40)))] == ["template"]
    assert hints.hits(queue(range(40, 60), task=1)) == []
    assert hints.prior(queue(range(40))) == pytest.approx(0.2)
    (one,) = hints.sightings()
    assert (one.templates, one.accounts, one.owners, one.exchanges, one.alarm) == (1, 40, 40, 200, True)


def test_what_does_not_read_like_a_task_raises_no_alarm() -> None:
    """A feed that names an ordinary template is seen, and that is all."""
    (one,) = seen(template(OTHER)).sightings()
    assert (one.owners, one.alarm) == (20, False)


def test_templates_under_another_secret_are_not_compared() -> None:
    """Bands of another group match nothing, nor does anything match without a secret."""
    other = Secret(b"another secret of peers", "ffeeddccbbaa9988")
    assert seen(template(TASK, other)).sightings() == []
    templates, profiles, found = world()
    assert Intel([template(TASK)], None).look_up({"prompt": library()}, templates, profiles, found).sightings() == []
    assert Intel([template(TASK)], SECRET).look_up({}, templates, profiles, found).sightings() == []


def test_places_count_from_three_members_and_a_tenth_on() -> None:
    """A network of ten of forty members speaks of them; of two, or of another queue, it does not; nor does one alone raise an alarm."""
    hints = seen(told("network", "81.20.30.0/24"), told("domain", "farm.example"))
    assert sorted(hit.channel for hit in hints.hits(queue(range(40)))) == ["domain", "network"]
    assert hints.prior(queue(range(40))) == pytest.approx(0.5 * (0.3 + 0.2))
    assert hints.hits(queue(range(8, 40))) == []
    assert hints.hits(queue(range(40, 60))) == []
    (one,) = hints.sightings()
    assert (one.templates, one.alarm) == (0, False)


def test_what_has_ended_is_not_seen() -> None:
    """An indicator past its end, by the time of the traffic, is as if it were not there."""
    old = template(TASK)
    ended = replace(old, indicator=replace(old.indicator, valid_until="2026-09-13T00:00:00Z"))
    assert seen(ended).sightings() == []


def test_the_store_is_opened_with_its_secret(tmp_path: Path) -> None:
    """No store, no hints; a secret without a store, or of other templates, is refused, as is a store that is not there."""
    assert open_intel(None, None) is None
    key = tmp_path / "key"
    key.write_bytes(b"sixteen bytes or more")
    with pytest.raises(ConfigError, match="--intel only"):
        open_intel(None, key)
    with pytest.raises(InputError):
        open_intel(tmp_path / "nowhere.db", None)
    store = tmp_path / "intel.db"
    IntelStore(store).keep(Read((template(TASK).indicator,), (), {}), "Lab A", 1.0)
    with pytest.raises(ConfigError, match="under this secret"):
        open_intel(store, key)
    opened = open_intel(store, None)
    assert opened is not None
    assert len(opened.held) == 1


def test_what_is_seen_is_written_down(tmp_path: Path) -> None:
    """`intel.json` holds the sightings, and an empty list of campaigns where none owes anything."""
    seen(template(TASK)).write(tmp_path, [], [], {})
    document = json.loads((tmp_path / INTEL_FILE).read_text())
    assert document["campaigns"] == {}
    assert document["sightings"][0]["source"] == "Lab A"
