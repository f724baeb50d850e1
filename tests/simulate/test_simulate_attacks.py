"""Campaigns behave as their archetypes say."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from simulate_world import Read, made


def _single(tmp_path: Path, name: str, **options: object) -> Read:
    return made(tmp_path / "t", name, exchanges=6_000, **options)


def test_banned_accounts_fall_silent(banned: Read) -> None:
    """No account sends anything after its ban."""
    bans = {r["account_id"]: r["ts"] for r in banned.enforcement.to_pylist() if r["action"] == "ban"}
    pool = set(banned.column("account_id")[banned.of("A5")])
    late = [
        ts > bans[a]
        for a, ts in zip(banned.column("account_id"), banned.exchanges["ts"].to_pylist(), strict=True)
        if a in bans and a in pool
    ]
    assert len(late) > 50
    assert not any(late)


def test_a_second_pool_takes_over_at_the_same_rate(banned: Read) -> None:
    """After the ban of the first pool others carry on with the same frames at about the same volume."""
    bans = [
        r["ts"]
        for r in banned.enforcement.to_pylist()
        if r["action"] == "ban" and r["account_id"] in set(banned.column("account_id")[banned.of("A5")])
    ]
    when = np.array(banned.exchanges["ts"].to_pylist())
    harvest = banned.column("extraction").astype(bool)
    before, after = harvest & (when < min(bans)), harvest & (when > max(bans))
    accounts = banned.column("account_id")
    assert len(set(accounts[before]) & set(accounts[after])) <= 0.1 * len(set(accounts[before]))
    days = [(max(when[rows]) - min(when[rows])).total_seconds() / 86_400 for rows in (before, after)]
    rates = [rows.sum() / d for rows, d in zip((before, after), days, strict=True)]
    assert rates[1] == pytest.approx(rates[0], rel=0.35)


def test_items_of_a_campaign_hardly_repeat(banned: Read) -> None:
    """A queue hands an item out once: fewer than one in twenty openings stands twice."""
    rows = banned.column("extraction").astype(bool) & (banned.column("turn") == 0) & (banned.column("status") == "ok")
    prompts = banned.column("prompt")[rows]
    assert len(set(prompts)) > 0.95 * len(prompts)


def test_campaigns_run_around_the_clock(banned: Read) -> None:
    """A queue knows no night: every hour of the day holds between a half and twice its even share."""
    hours = np.array([t.hour for t in banned.exchanges["ts"].to_pylist()])[banned.column("extraction").astype(bool)]
    share = np.bincount(hours, minlength=24) / len(hours) * 24
    assert share.min() > 0.4
    assert share.max() < 2


def test_a_fixed_prefix_stands_on_every_opening(banned: Read) -> None:
    """A5 puts one and the same text on every item."""
    rows = banned.column("extraction").astype(bool) & (banned.column("turn") == 0)
    prompts = banned.column("prompt")[rows]
    lines = Counter(line for p in prompts for line in set(p.splitlines()))
    assert lines.most_common(1)[0][1] > 0.8 * len(prompts)


def test_a_pivot_follows_a_release_within_a_day(tmp_path: Path) -> None:
    """Most of A3's traffic is on the new model a day after its release, while other people take their time."""
    read = _single(tmp_path, "A3")
    when = read.exchanges["ts"].cast(pa.int64()).to_numpy() / 1e6
    new = read.column("model") == "meridian-large-4"
    release = when[new].min()
    day = (when > release + 86_400) & (when < release + 3 * 86_400)
    large = np.array([str(m).startswith("meridian-large") for m in read.column("model")])
    harvest, others = read.column("extraction").astype(bool), read.of("ordinary") & large
    assert new[day & harvest].mean() > 0.6
    # Heavy users weigh much in the traffic: of people, fewer than a half have moved.
    accounts = read.column("account_id")
    moved, all_of_them = set(accounts[day & others & new]), set(accounts[day & others])
    assert len(moved) < 0.5 * len(all_of_them)


def test_blocks_are_replayed_across_accounts(tmp_path: Path) -> None:
    """A9 sends back reasoning blocks that were given out to other accounts; ordinary people never do."""
    read = _single(tmp_path, "A9")
    owner = {b: a for b, a in zip(read.column("reasoning_issued"), read.column("account_id"), strict=True) if b}
    crossed: dict[str, list[bool]] = defaultdict(list)
    for refs, account, label in zip(
        read.column("reasoning_refs"), read.column("account_id"), read.column("label"), strict=True
    ):
        crossed[label] += [owner[ref] != account for ref in refs]
    assert sum(crossed["A9"]) > 50
    assert len(crossed["ordinary"]) > 50
    assert not any(crossed["ordinary"])


def test_probing_is_refused_and_then_scaled(tmp_path: Path) -> None:
    """A8 tries many wordings that are mostly refused, before it harvests with the one that works."""
    read = _single(tmp_path, "A8")
    rows = np.flatnonzero(read.column("extraction").astype(bool))
    refused = (read.column("status") == "refused")[rows]
    third = len(rows) // 4
    assert refused[:third].mean() > 0.5
    assert refused[-third:].mean() < 0.1


def test_failover_goes_to_another_account(tmp_path: Path) -> None:
    """A12 sends what was turned away again at once, from another account; an ordinary router waits on its own."""
    read = _single(tmp_path, "A12")
    first = {
        p: a
        for p, a, s in zip(read.column("prompt"), read.column("account_id"), read.column("status"), strict=True)
        if s == "rate_limited"
    }
    again = [
        a != first[p]
        for p, a, s, e in zip(
            read.column("prompt"),
            read.column("account_id"),
            read.column("status"),
            read.column("extraction"),
            strict=True,
        )
        if s == "ok" and e and p in first
    ]
    assert len(again) > 10
    assert np.mean(again) > 0.8


def _openings(read: Read) -> int:
    rows = read.column("extraction").astype(bool) & (read.column("turn") == 0)
    return len({p[:40] for p in read.column("prompt")[rows]})


def test_paraphrase_multiplies_the_wordings(tmp_path: Path) -> None:
    """With paraphrase the same campaign opens its prompts in many more ways."""
    plain = made(tmp_path / "plain", "A5", exchanges=3_000, paraphrase=0.0)
    varied = made(tmp_path / "varied", "A5", exchanges=3_000, paraphrase=1.0)
    lines = [
        Counter(
            line
            for p, e in zip(r.column("prompt"), r.column("extraction"), strict=True)
            if e
            for line in set(p.splitlines())
        )
        for r in (plain, varied)
    ]
    assert lines[0].most_common(1)[0][1] > 3 * lines[1].most_common(1)[0][1]
    assert _openings(plain) > 0


@pytest.mark.parametrize("mix", [0.0, 0.5, 0.8])
def test_the_benign_mix_is_kept(tmp_path: Path, mix: float) -> None:
    """The share of other traffic on attack accounts is what was asked for."""
    read = made(tmp_path / "t", "A4", exchanges=4_000, benign_mix=mix)
    assert 1 - read.column("extraction")[read.of("A4")].mean() == pytest.approx(mix, abs=0.04)


def test_infrastructure_is_shared_or_not(tmp_path: Path) -> None:
    """Shared infrastructure puts many accounts on one address and card, disjoint infrastructure hardly any."""
    most = {}
    for kind in ("shared", "disjoint"):
        read = made(tmp_path / kind, "A4", exchanges=6_000, infrastructure=kind)
        pairs = {
            (ip, a)
            for ip, a, e in zip(read.column("ip"), read.column("account_id"), read.column("extraction"), strict=True)
            if e
        }
        most[kind] = np.mean(list(Counter(ip for ip, _ in pairs).values()))
    assert most["shared"] > 4
    assert most["disjoint"] < 2


def test_the_accounts_of_a_queue_are_exchangeable(whole: Read) -> None:
    """Which account asks says little about a campaign's topics, and much about those of ordinary people."""

    def repeated(label: str) -> float:
        words: dict[str, list[set[str]]] = defaultdict(list)
        rows = (
            whole.of(label)
            & (whole.column("turn") == 0)
            & (whole.column("extraction").astype(bool) == (label != "ordinary"))
        )
        for account, prompt in zip(whole.column("account_id")[rows], whole.column("prompt")[rows], strict=True):
            words[account].append({w for w in prompt.lower().split() if len(w) > 5})
        same = [len(a & b) / max(len(a | b), 1) for bags in words.values() for a, b in pairwise(bags)]
        everyone = [bag for bags in words.values() for bag in bags]
        order = np.random.default_rng(1).permutation(len(everyone))
        other = [len(a & everyone[o]) / max(len(a | everyone[o]), 1) for a, o in zip(everyone, order, strict=True)]
        return float(np.mean(same) / np.mean(other))

    assert repeated("ordinary") > 2.5
    assert repeated("A6") < 1.5
