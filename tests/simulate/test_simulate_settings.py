"""Settings of campaigns: how many accounts at what rate for how long, how their frames are hidden, what covers them."""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from simulate_world import Read, made

from revenuer.errors import ConfigError
from revenuer.simulate import simulate
from revenuer.simulate.archetypes import ARCHETYPES
from revenuer.simulate.disguise import wordings
from revenuer.simulate.framing import Framing
from revenuer.simulate.pools import Pool
from revenuer.simulate.texts.frames import FRAMES
from revenuer.simulate.texts.pool import Text


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Two campaigns of 60 accounts at six requests a day for five days, four fifths of them lived, behind prefixes."""
    return made(
        tmp_path_factory.mktemp("asked") / "t",
        "A2+A12+L7",
        exchanges=12_000,
        campaign_accounts=60,
        rate=6,
        campaign_days=5,
        benign_mix=0.8,
        cover="lived",
        account_prefix=True,
        infrastructure="disjoint",
    )


def test_worlds_without_the_settings_are_what_they_were(tmp_path: Path) -> None:
    """Measurements on worlds of earlier versions can be repeated: options added since take no random step of the others."""
    read = made(tmp_path / "t", "A12", exchanges=2_000, seed=3)
    told = "\n".join(f"{a}|{p}" for a, p in zip(read.column("account_id"), read.column("prompt"), strict=True))
    assert hashlib.sha256(told.encode()).hexdigest()[:16] == "4db418898b73cb70"


@pytest.mark.parametrize("kind", ["A2", "A12"])
def test_a_campaign_has_the_size_that_was_asked_for(asked: Read, kind: str) -> None:
    """Accounts are met exactly, days and requests within a few percent, the mix as well."""
    rows = asked.of(kind)
    assert asked.summary.label_accounts[kind] == 60
    assert rows.sum() == pytest.approx(60 * 6 * 5, rel=0.06)
    when = asked.seconds()[rows]
    assert (when.max() - when.min()) / 86_400 == pytest.approx(5, abs=0.15)
    assert 1 - asked.column("extraction")[rows].mean() == pytest.approx(0.8, abs=0.03)


def test_campaigns_of_a_given_size_come_beside_the_other_accounts(asked: Read) -> None:
    """One account for seventeen exchanges of everybody else's, whatever the campaigns have."""
    others = len(asked.accounts) - 120
    assert others == pytest.approx((12_000 - 3_600) / 17, rel=0.1)


def test_names_of_scenarios_join(asked: Read) -> None:
    """Two archetypes and a workload stand in one world."""
    assert set(asked.summary.labels) == {"A2", "A12", "L7", "ordinary"}


def test_every_account_has_a_prefix_of_its_own(asked: Read) -> None:
    """All harvested openings of an account begin alike, those of two accounts do not."""
    rows = asked.column("extraction").astype(bool) & (asked.column("turn") == 0) & (asked.column("status") == "ok")
    begun: dict[str, set[str]] = defaultdict(set)
    for account, prompt in zip(asked.column("account_id")[rows], asked.column("prompt")[rows], strict=True):
        begun[account].add(prompt.split("\n\n")[0])
    assert all(len(beginnings) == 1 for beginnings in begun.values())
    assert len(set.union(*begun.values())) == len(begun)


def test_lived_cover_has_conversations_and_tastes(asked: Read) -> None:
    """Half of it or more goes on a conversation, and most of an account's is of few kinds."""
    rows = asked.of("A12") & ~asked.column("extraction").astype(bool)
    assert (asked.column("turn")[rows] > 0).mean() > 0.4
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for account, kind in zip(asked.column("account_id")[rows], asked.column("capability")[rows], strict=True):
        kinds[account][kind] += 1
    assert np.mean([c.most_common(1)[0][1] / c.total() for c in kinds.values() if c.total() > 9]) > 0.5


def test_cover_keeps_to_the_terms_of_its_accounts(tmp_path: Path) -> None:
    """Accounts that are banned stop living, and their successors have not lived before."""
    read = made(tmp_path / "t", "A5", exchanges=6_000, cover="lived", benign_mix=0.5)
    bans = {r["account_id"]: r["ts"] for r in read.enforcement.to_pylist() if r["action"] == "ban"}
    pool = set(read.column("account_id")[read.of("A5")])
    when: dict[str, list[object]] = defaultdict(list)
    for account, ts in zip(read.column("account_id"), read.exchanges["ts"].to_pylist(), strict=True):
        when[account].append(ts)
    banned = pool & set(bans)
    assert len(banned) > 10
    assert all(max(when[a]) <= bans[a] for a in banned if when[a])
    first_ban = min(bans[a] for a in banned)
    late = [a for a in pool - set(bans) if when[a] and min(when[a]) >= first_ban]
    assert len(late) > 10


def test_terms_are_those_of_service() -> None:
    """No account of a pool that slides is handed a task outside the term that is told for it."""
    kind = ARCHETYPES["A12"]
    pool = Pool.of(kind, 40, 14 * 86_400.0)
    rng = np.random.default_rng(3)
    at = np.sort(rng.uniform(*pool.span, 5_000))
    who = pool.serve(rng, at)
    come, go = pool.terms()
    slack = 0.03 * (pool.span[1] - pool.span[0])
    assert (at >= come[who] - slack).all()
    assert (at <= go[who] + slack).all()
    assert (go - come).mean() == pytest.approx(kind.rolling * (pool.span[1] - pool.span[0]), rel=0.1)


def test_a_rate_alone_decides_the_accounts(tmp_path: Path) -> None:
    """Twice the rate, half of the accounts, the same traffic."""
    slow = simulate("A6", tmp_path / "slow", exchanges=5_000, rate=2)
    fast = simulate("A6", tmp_path / "fast", exchanges=5_000, rate=4)
    assert slow.label_accounts["A6"] == pytest.approx(2 * fast.label_accounts["A6"], abs=1)
    assert slow.labels["A6"] == pytest.approx(fast.labels["A6"], rel=0.03)


def test_much_cover_thins_the_harvest_before_it_costs_accounts(tmp_path: Path) -> None:
    """At a mix of 95 percent a third of the world at most is attack traffic, of accounts that harvest eight times each."""
    read = made(tmp_path / "t", "A2", exchanges=12_000, benign_mix=0.95)
    rows = read.of("A2")
    assert rows.mean() == pytest.approx(1 / 3, abs=0.02)
    accounts = read.summary.label_accounts["A2"]
    assert read.column("extraction")[rows].sum() / accounts == pytest.approx(8, rel=0.05)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"campaign_accounts": 3_000, "rate": 60}, "ask for [0-9,]+ exchanges"),
        ({"campaign_accounts": 3_000}, "too few for 3,000 accounts"),
        ({"rate": 600}, "not enough for 6 accounts"),
        ({"campaign_accounts": 50, "rate": 3, "campaign_days": 2, "benign_mix": 0.98}, "less than one each"),
        ({"campaign_accounts": 1}, "at least 2"),
        ({"rate": 0.0}, "above 0"),
        ({"campaign_days": 14.0}, "13.9"),
        ({"paraphrase_frames": 2.0}, "between 0 and 1"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, options: dict[str, float], told: str) -> None:
    """Campaigns too large or too thin for their world are refused with a plain reason, and nothing is written."""
    with pytest.raises(ConfigError, match=told):
        simulate("A2", tmp_path / "t", exchanges=5_000, **options)
    assert not list(tmp_path.iterdir())


def test_the_world_that_a_refusal_names_is_large_enough(tmp_path: Path) -> None:
    """Following the advice of the message leads to a world."""
    with pytest.raises(ConfigError, match="ask for 9,000 exchanges"):
        simulate("A2", tmp_path / "t", exchanges=5_000, campaign_accounts=100, rate=6, campaign_days=5)
    made_it = simulate("A2", tmp_path / "t", exchanges=9_000, campaign_accounts=100, rate=6, campaign_days=5)
    assert made_it.label_accounts["A2"] == 100


def test_wordings_differ_and_keep_the_item() -> None:
    """Every wording of a frame has its slot, and a frame has several."""
    for capability, patterns in FRAMES.items():
        for pattern in patterns:
            said = wordings(pattern, random.Random(capability))  # noqa: S311
            assert len(set(said)) >= 4
            assert all(one.count("<item>") == 1 for one in said)


@pytest.mark.parametrize(("share", "several"), [(0.0, 0), (0.5, 6), (1.0, 12)])
def test_the_share_of_frames_in_several_wordings_is_met(share: float, several: int) -> None:
    """Of two frames for each of six capabilities just that share is said in more than one way."""
    aims = ("reasoning", "cot_elicitation", "trace_reconstruction", "tool_use", "coding", "data_analysis")
    kind = replace(ARCHETYPES["A1"], aims=dict.fromkeys(aims, 1 / 6), framing="around", paraphrase=0.0, wordings=share)
    framing = Framing(kind, random.Random(4), ["You help."])  # noqa: S311
    assert sum(bool(voice._wordings) for voices in framing._frames.values() for voice in voices) == several
    said = {framing.write(aim, Text("ITEM"), 0)[1] for aim in aims for _ in range(300)}
    assert 12 - several + 4 * several <= len(said) <= 12 - several + 12 * several
