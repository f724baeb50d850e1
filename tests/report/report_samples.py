"""Findings made up for the report's tests: ordinary ones, none at all, bare ones, and hostile ones."""

from __future__ import annotations

import dataclasses
import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from revenuer.findings import Alternative, Campaign, Evidence, Pivot, Succession
from revenuer.summary import (
    BanDay,
    CampaignDetail,
    CampaignSeries,
    Cleared,
    MissingColumn,
    Network,
    NetworkNode,
    Quality,
    Release,
    ScanSummary,
    Signups,
    Traffic,
    TrafficSeries,
)

START = datetime(2026, 5, 1, tzinfo=UTC)
DAYS = 42

FRAMES = (
    (
        "You are a senior analyst. Work through the task below and set out every step of your thinking inside "
        "<steps></steps> before the answer.\n\nTask: ⟨…⟩\nData: ⟨…⟩"
    ),
    (
        "Grade the two answers against this rubric:\n1. correctness (0-5)\n2. completeness (0-5)\n3. style (0-5)\n\n"
        "Question: ⟨…⟩\nAnswer A: ⟨…⟩\nAnswer B: ⟨…⟩\n\nReturn JSON with one score per line."
    ),
    "Below is a finished answer. Imagine the reasoning that led to it and write it out step by step.\n\n⟨…⟩",
    "Write a function in ⟨…⟩ that ⟨…⟩. Explain each decision, then list three edge cases and test them.",
)
FACTS: tuple[tuple[Any, str, float], ...] = (
    ("template", "{n} accounts of {k} organisations send the same 61-word template; no other account does", 6.8),
    ("template", "9 paraphrases of one template, each used by every account in turn", 3.1),
    ("partition", "{m} tasks went out to {n} accounts; 11 were asked twice, 412 expected if drawn apart", 9.4),
    ("timing", "hourly rates rise and fall together after removal of the population's curve (r = 0.81)", 4.2),
    ("infrastructure", "{k} accounts share one TLS fingerprint that 3 other accounts in all traffic use", 2.6),
    ("payment", "{k} accounts paid with 4 cards; the busiest card pays for 41", 3.3),
    ("signup", "{k} accounts were made in two bursts of 35 minutes", 1.9),
    ("content", "what is asked for is open-ended, rarely repeated, and comes with an output contract", 0.6),
    ("infrastructure", "{k} accounts come from addresses of a carrier that 9,000 other accounts share", -0.4),
)
ALTERNATIVES = (
    Alternative(
        "L14 template vendor with many tenants", "the slots hold no tenant's own data, and tasks do not overlap"
    ),
    Alternative("L1 public evaluation", "only 2 % of the tasks belong to a known benchmark, and none is run twice"),
    Alternative("L8 classroom", "use goes on around the clock, for six weeks, from 19 networks"),
    Alternative("L11 reseller of ordinary traffic", "71 % of what the accounts send shares four templates"),
)
CAPABILITY_MIXES = (
    {"reasoning": 0.48, "cot_elicitation": 0.27, "rubric_grading": 0.15, "data_analysis": 0.1},
    {"agentic_coding": 0.55, "tool_use": 0.3, "orchestration": 0.15},
    {"rubric_grading": 0.62, "trace_reconstruction": 0.3, "censorship_rewrite": 0.08},
)


def stamp(at: datetime) -> str:
    """The time as RFC 3339."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def campaign(i: int, rng: random.Random) -> Campaign:
    """A campaign with everything that one can have."""
    accounts = rng.choice((18, 64, 130, 273))
    first = START + timedelta(days=rng.randrange(14), hours=rng.randrange(24))
    ids = tuple(f"acct_{rng.getrandbits(48):012x}" for _ in range(accounts))
    facts = FACTS[: rng.randrange(4, 10)]
    filled = [(c, f.format(n=accounts, k=accounts // 2, m=f"{accounts * 37:,}"), s) for c, f, s in facts]
    middle = first + timedelta(days=15)
    return Campaign(
        campaign_id=f"c-{rng.getrandbits(40):010x}",
        confidence=max(0.62, 0.999 - 0.03 * i),
        accounts=accounts,
        exchanges=accounts * rng.randrange(6, 30),
        first_seen=stamp(first),
        last_seen=stamp(first + timedelta(days=rng.randrange(20, 27))),
        capabilities=CAPABILITY_MIXES[i % 3],
        pathways={"first_party": 0.62, "aggregator": 0.25, "bedrock": 0.13},
        account_ids=ids,
        frames=FRAMES[: 1 + i % 4],
        evidence=tuple(Evidence(c, f, s - 0.3 * i, accounts // (1 + j % 2)) for j, (c, f, s) in enumerate(filled)),
        alternatives=ALTERNATIVES[: 2 + i % 3],
        pivots=(Pivot("harbour-3", stamp(START + timedelta(days=17)), 0.04, 0.51, 19.0),) if i % 2 == 0 else (),
        successions=(Succession(ids[:5], ids[5:11], stamp(middle)),) if i % 3 == 0 else (),
        techniques=("AML.T0024.002", "AML.T0021"),
    )


def network(rng: random.Random, accounts: int) -> Network:
    """Accounts around two templates, a few cards, addresses and sign-up details."""
    things = [
        NetworkNode("frame", "You are a senior analyst. Work …", 60),
        NetworkNode("frame", "Grade the two answers against …", 30),
        *(NetworkNode("payment", f"card …{rng.randrange(9999):04d}", rng.randrange(3, 18)) for _ in range(4)),
        *(NetworkNode("ip", f"198.51.100.{rng.randrange(255)}", rng.randrange(2, 9)) for _ in range(7)),
        *(NetworkNode("signup", f"mail-{k}.example", rng.randrange(4, 22)) for k in range(3)),
    ]
    nodes = [*things, *(NetworkNode("account", f"acct_{k:04d}", rng.random() * 40) for k in range(accounts))]
    edges = []
    for k in range(len(things), len(nodes)):
        edges.append((k, 0 if rng.random() < 0.7 else 1, 3.0))
        edges.extend((k, rng.randrange(2, len(things)), 1.0) for _ in range(rng.randrange(0, 3)))
    return Network(tuple(nodes), tuple(edges), accounts)


def detail(c: Campaign, rng: random.Random) -> CampaignDetail:
    """What the report draws of a campaign."""
    length = 4 * 24
    wave = [max(0.0, 1 + 0.4 * math.sin(k / 2)) for k in range(length)]
    weight = c.exchanges / length
    everybody = [max(0.1, 1 + 0.8 * math.sin((h - 8) / 24 * 2 * math.pi)) for h in range(24)]
    return CampaignDetail(
        series=CampaignSeries(
            c.first_seen,
            6,
            tuple(int(weight * w * (0.4 + rng.random() * 0.6)) for w in wave),
            tuple(int(weight * 0.4 * rng.random()) for _ in wave),
        ),
        hours=tuple(1 / 24 + rng.uniform(-0.006, 0.006) for _ in range(24)),
        population_hours=tuple(x / sum(everybody) for x in everybody),
        models={"harbour-2": 0.46, "harbour-3": 0.5, "skiff-2": 0.04},
        plans={"pro": 0.6, "api": 0.3, "free": 0.1},
        signups=Signups(stamp(START - timedelta(days=21)), 1, tuple(rng.choice((0, 0, 1, 2, 30)) for _ in range(28))),
        share_extraction=0.71,
        frame_counts=tuple(c.exchanges // (2 + k) for k in range(len(c.frames))),
        network=network(rng, min(c.accounts, 120)),
    )


CLEARED = (
    Cleared(
        name="42 accounts on a contract-review template",
        accounts=42,
        exchanges=18_400,
        orgs=39,
        hypothesis="L14 template vendor with many tenants",
        why="each organisation's slots hold its own contracts, payments and hours are independent, no task set is shared out",
        frames=("Review the contract below for a ⟨…⟩ and list every clause that departs from our policy.\n\n⟨…⟩",),
        confidence=0.97,
    ),
    Cleared(
        name="1 organisation, 3 accounts, around the clock",
        accounts=3,
        exchanges=51_000,
        orgs=1,
        hypothesis="L2 nightly regression tests",
        why="the same 1,200 items run every night from one organisation with one payment",
        frames=("Answer with the letter only.\n\n⟨…⟩",),
        confidence=0.99,
    ),
    Cleared(
        name="88 new accounts on one address",
        accounts=88,
        exchanges=2_140,
        orgs=None,
        hypothesis="L8 classroom",
        why="bursts in teaching hours, a dozen exchanges a head, one assignment, institutional mail",
    ),
)


def findings(count: int, seed: int = 5) -> tuple[list[Campaign], ScanSummary]:
    """`count` campaigns in six weeks of traffic, with a summary that has every part."""
    rng = random.Random(seed)  # noqa: S311  (made-up findings, no secret)
    campaigns = [campaign(i, rng) for i in range(count)]
    buckets = DAYS * 24 // 6
    whole = [int(1100 + 500 * math.sin(k / 4 * 2 * math.pi) + rng.random() * 250) for k in range(buckets)]
    share = 0.25 if count else 0.0
    extraction = [int(w * share * (0.3 + 0.7 * k / buckets) * rng.random()) for k, w in enumerate(whole)]
    return campaigns, ScanSummary(
        version="0.1.0",
        traffic=Traffic(
            exchanges=sum(whole),
            accounts=15_020,
            orgs=9_310,
            first_seen=stamp(START),
            last_seen=stamp(START + timedelta(days=DAYS)),
            pathways={"first_party": 160_000, "aggregator": 20_000, "bedrock": 8_000},
            models={"harbour-2": 120_000, "harbour-3": 60_000, "skiff-2": 8_000},
        ),
        quality=Quality(
            quarantined={"time in the future": 12, "no prompt": 310},
            missing=(
                MissingColumn("exchanges", "tls_fingerprint", "a common TLS client cannot link accounts."),
                MissingColumn("consents", "*", "agreements cannot excuse anybody."),
                MissingColumn("exchanges", "reasoning_refs", "replay of reasoning blocks cannot be found."),
            ),
            notes=("4 % of the exchanges carry no organisation",),
        ),
        releases=(
            Release("harbour-3", stamp(START + timedelta(days=17))),
            Release("harbour-3-mini", stamp(START + timedelta(days=18))),
            Release("skiff-2", stamp(START + timedelta(days=30))),
        ),
        enforcement=tuple(
            BanDay((START + timedelta(days=d)).strftime("%Y-%m-%d"), "ban", n) for d, n in ((9, 14), (20, 41), (33, 9))
        ),
        series=TrafficSeries(stamp(START), 6, tuple(whole), tuple(extraction)),
        campaigns={c.campaign_id: detail(c, rng) for c in campaigns},
        cleared=CLEARED,
        flagged_accounts=sum(c.accounts for c in campaigns),
        settings={"false_discovery_rate": 0.01, "seed": 0, "engine": "local"},
    )


def bare() -> tuple[list[Campaign], ScanSummary]:
    """What traffic of four columns gives: one campaign without any of the optional parts, an empty summary."""
    only = Campaign(
        campaign_id="c-bare",
        confidence=0.9,
        accounts=7,
        exchanges=900,
        first_seen="2026-05-01T00:00:00Z",
        last_seen="2026-05-03T12:00:00Z",
        capabilities={"reasoning": 1.0},
        pathways={},
        account_ids=tuple("abcdefg"),
        frames=(FRAMES[0],),
        evidence=(Evidence("partition", "7 accounts share out 900 tasks and repeat none", 4.0, 7),),
        alternatives=(Alternative("L1 public evaluation", "no task is known"),),
    )
    return [only], ScanSummary()


MARK = "zqx"
HOSTILE = (
    f"{MARK}</style></title><script>alert(1)</script>",
    f"{MARK}\"'><img src=x onerror=alert(1)>",
    f"{MARK}</svg></text><svg onload=alert(1)><foreignObject>",
    f'=HYPERLINK("http://{MARK}.example","x")',
    f"@SUM({MARK})|cmd",
    f"-1+{MARK}",
    f"\x1b[31m{MARK}\x1b[0m\x00\x07\x9b\r\x7f",
    f"\u202e{MARK}\u2066\u200b\ufeff\U000e0041",
    f"{MARK}\ud800\udfff\ufffe",
    f"{{{{ 7*7 }}}}{{% raw %}}{MARK}{{# x #}}",
    f"javascript:{MARK}",
    f"url(http://{MARK}.example/x)]]>--><!--",
    f"{MARK} z" + "\u0301" * 500,
    MARK + "A" * 300_000,
    f"\n\t+{MARK}\n",
)


def hostile(count: int) -> tuple[list[Campaign], ScanSummary]:
    """Findings in which every text that traffic can reach is an attack; ids stay unique."""
    campaigns, summary = findings(count)
    word = _Words()
    bad = [_hostile_campaign(c, word) for c in campaigns]
    details = [_hostile_detail(d, word) for d in summary.campaigns.values()]
    return bad, ScanSummary(
        version=word(),
        traffic=Traffic(
            exchanges=10,
            accounts=3,
            first_seen=word(),
            last_seen=word(),
            pathways={word(): 3, word(): 4},
            models={word(): 3, word(): 4},
        ),
        quality=Quality(
            quarantined={word(): 3},
            missing=(MissingColumn(word(), word(), word()),),
            notes=(word(), word()),
        ),
        releases=(*(Release(word(), stamp(START + timedelta(days=d))) for d in range(1, 30)), Release(word(), word())),
        enforcement=(BanDay(word(), word(), 3), BanDay("2026-05-09", word(), 3)),
        series=summary.series,
        campaigns=dict(zip((c.campaign_id for c in bad), details, strict=True)),
        cleared=tuple(
            Cleared(name=word(), hypothesis=word(), why=word(), frames=(word(), word()), accounts=3) for _ in HOSTILE
        ),
        settings={word(): word()},
        stages={word(): word()},
    )


class _Words:
    """Hands out the hostile texts in turn, each with a number, so that keys and ids differ."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self) -> str:
        self._count += 1
        return f"{HOSTILE[self._count % len(HOSTILE)]}{self._count}"


def _hostile_campaign(c: Campaign, word: _Words) -> Campaign:
    return dataclasses.replace(
        c,
        campaign_id=word(),
        capabilities={word(): 0.5, word(): 0.3, "reasoning": 0.2},
        pathways={word(): 0.5},
        account_ids=tuple(word() for _ in range(40)),
        frames=tuple(word() for _ in range(6)),
        evidence=tuple(Evidence(e.channel, word(), e.strength, e.accounts) for e in c.evidence),
        alternatives=tuple(Alternative(word(), word()) for _ in c.alternatives),
        pivots=(Pivot(word(), word(), 0.1, float("nan"), float("inf")),),
        successions=(Succession((word(),), (word(),), word()), Succession((word(),), (word(),), c.first_seen)),
        techniques=(word(), word()),
    )


def _hostile_detail(d: CampaignDetail, word: _Words) -> CampaignDetail:
    nodes = tuple(
        NetworkNode(word() if k % 9 == 0 else node.kind, word(), node.size) for k, node in enumerate(_nodes(d))
    )
    edges = (*(d.network.edges if d.network else ()), (-1, 2, 1.0), (0, 10**6, 1.0), (3, 3, 1.0))
    return msgspec.structs.replace(
        d, models={word(): 0.7}, plans={word(): 0.2}, network=Network(nodes, edges, 40), share_extraction=float("nan")
    )


def _nodes(d: CampaignDetail) -> tuple[NetworkNode, ...]:
    return d.network.nodes if d.network else ()
