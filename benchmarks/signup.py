"""Sign-ups judged on simulated worlds: how much of each campaign is met, and whom among honest people.

    python benchmarks/signup.py --cache FOLDER [--seeds 590 591] [--markdown]

Each world is judged four ways: as sign-ups come; asked again when all have come; with a feed of hosting and VPN networks; and with
half of each campaign's accounts, drawn by a hash, known from the beginning (`known`: as a scan would have found them, `confirmed`: by
people), the other half being judged. Universities and throw-away mail of the simulator count as listed, since real ones are.
"""

from __future__ import annotations

import argparse
import ipaddress
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec
import pyarrow.parquet as pq

from revenuer.control.intervals import clopper_pearson
from revenuer.response.verification import (
    Applicant,
    Confirmed,
    Desk,
    Feed,
    Outcome,
    Place,
    VerificationPolicy,
    ask_again,
    default_verification_policy,
    read_signups,
    verify_all,
)
from revenuer.simulate.catalogue import DOMAINS
from revenuer.simulate.texts.generator import Generated
from revenuer.simulate.world import World
from running import conditions, table, world

OPTIONS = ("--exchanges", "40000", "--accounts", "12000", "--campaign-accounts", "60")
MET = ("approve_with_limits", "step_up", "review", "deny")
# Of what is met for its score, not for the proof that a programme waits for.
WAITING = {"PROGRAMME-PROOF", "ACADEMIC-SECOND-PROOF"}


@dataclass
class Truth:
    """A world: sign-ups in the order of time, label of each account, campaign where it has one."""

    seed: int
    applicants: tuple[Applicant, ...]
    label: dict[str, str]
    campaign: dict[str, str]


@dataclass
class Counts:
    """Outcomes by kind of account, of one way of judging, over all worlds."""

    by: dict[str, Counter[str]] = field(default_factory=dict)
    programme: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    reached: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, truth: Truth, one: Applicant, outcome: Outcome) -> None:
        """Count one account."""
        campaign = truth.campaign.get(one.account_id)
        kind = campaign.partition("-")[0] if campaign else truth.label[one.account_id]
        self.by.setdefault(kind, Counter())[scored(outcome)] += 1
        if one.programme not in {None, "none"}:
            side = "campaigns" if campaign else "honest"
            self.programme.setdefault((str(one.programme), side), Counter())[outcome.outcome] += 1
        if not campaign:
            self.reached["all"] += 1
            self.reached.update(
                name for name, least in (("5 %", 1.301), ("1 %", 2.0), ("0.1 %", 3.0)) if outcome.score >= least
            )


def scored(outcome: Outcome) -> str:
    """The outcome, `approve` where nothing but the proof of a programme is missing."""
    only_waits = {reason.code for reason in outcome.reasons if not reason.group} & WAITING and outcome.score < 1.301
    return "approve" if only_waits else outcome.outcome


def read_truth(place: Path, seed: int) -> Truth:
    """The sign-ups of a world with what is true of them."""
    rows = pq.read_table(place / "truth" / "accounts.parquet").to_pylist()
    label = {row["account_id"]: row["label"] for row in rows}
    campaign = {row["account_id"]: row["campaign"] for row in rows if row["campaign"]}
    return Truth(seed, read_signups(place / "accounts.parquet").applicants, label, campaign)


def policy_for(truth: Truth) -> VerificationPolicy:
    """The policy that is shipped, with the simulator's universities and throw-away mail on its lists."""
    academic = sorted({name for one in truth.applicants if (name := one.email_domain or "").startswith("uni-")})
    own = {"academic": academic, "disposable": DOMAINS["disposable"], "public": DOMAINS["popular"]}
    fields = msgspec.to_builtins(default_verification_policy()) | {"domains": own}
    return msgspec.convert(fields, VerificationPolicy)


def feed_of(seed: int) -> Feed:
    """The hosting and VPN networks of a world, as an operator's feed would have them."""
    networks = World(seed, Generated(seed)).networks
    return Feed(
        (str(ipaddress.ip_network((int(prefix) << 16, 16))), Place(kind))
        for kind in ("hosting", "vpn")
        for prefix in networks[kind]
    )


def known_half(account: str) -> bool:
    """Whether an account of a campaign is in the half that is known."""
    return zlib.crc32(account.encode()) % 2 == 0


def confirmed_of(truth: Truth, *, by_people: bool) -> list[Confirmed]:
    """Each campaign, with the half of its accounts that is known, from the beginning."""
    members: dict[str, set[str]] = {}
    for account, campaign in truth.campaign.items():
        if known_half(account):
            members.setdefault(campaign, set()).add(account)
    return [Confirmed(name, frozenset(found), 0, by_people) for name, found in sorted(members.items())]


def ways(truth: Truth) -> dict[str, tuple[Callable[[], list[Outcome]], bool]]:
    """How a world is judged, and whether only the unknown half of campaigns counts."""
    policy, people = policy_for(truth), truth.applicants

    def once(**how: object) -> list[Outcome]:
        return list(verify_all(Desk(policy, **how), people))  # type: ignore[arg-type]

    return {
        "sign-up": (once, False),
        "again": (partial(ask_again, partial(Desk, policy), people), False),
        "feed": (partial(once, feed=feed_of(truth.seed)), False),
        "known": (partial(once, confirmed=confirmed_of(truth, by_people=False)), True),
        "confirmed": (partial(once, confirmed=confirmed_of(truth, by_people=True)), True),
    }


def judged(truths: Iterable[Truth]) -> dict[str, Counts]:
    """Outcomes of all worlds by way of judging."""
    counts: dict[str, Counts] = {}
    for truth in truths:
        for name, (run, half) in ways(truth).items():
            found = counts.setdefault(name, Counts())
            begun = time.process_time()
            outcomes = run()
            found.seconds += time.process_time() - begun
            for one, outcome in zip(truth.applicants, outcomes, strict=True):
                if not (half and one.account_id in truth.campaign and known_half(one.account_id)):
                    found.add(truth, one, outcome)
    return counts


def share(hits: int, total: int) -> str:
    """A share with its exact 95 % interval, in per cent."""
    low, high = clopper_pearson(hits, total)
    return f"{hits / max(total, 1):.1%} ({low:.1%}-{high:.1%})"


def of_kind(counts: Counts, kinds: Iterable[str], names: Iterable[str]) -> str:
    """Share of some kinds of account that met one of some outcomes."""
    rows = [counts.by.get(kind, Counter()) for kind in kinds]
    return share(sum(row[name] for row in rows for name in names), sum(row.total() for row in rows))


def number(kind: str) -> tuple[str, int]:
    """Order of archetypes and workloads."""
    return kind[0], int(kind[1:]) if kind[1:].isdigit() else 0


def tables(counts: dict[str, Counts], *, markdown: bool) -> list[str]:
    """Campaigns, honest people, programmes, and how often honest people reach what the policy promises."""
    kinds = sorted({kind for one in counts.values() for kind in one.by}, key=number)
    attacks, honest = [kind for kind in kinds if kind[0] == "A"], [kind for kind in kinds if kind[0] != "A"]
    shown = [name for name in counts if name != "confirmed"]
    # what people confirmed is met like what a scan has found, and partly denied
    places = [*((names, way) for names in (MET, MET[1:]) for way in shown), (("deny",), "confirmed")]
    heads = [*(f"{word} {way}" for word in ("met", "held") for way in shown), "denied confirmed"]
    told = {
        "campaign": {**{kind: [kind] for kind in attacks}, "all": attacks},
        "honest": {**{kind: [kind] for kind in honest}, "all": honest},
    }
    parts = [
        table(
            [side, "accounts", *heads],
            [
                [name, str(sum(counts["sign-up"].by[kind].total() for kind in group)),
                 *(of_kind(counts[way], group, names) for names, way in places)]
                for name, group in groups.items()
            ],
            markdown=markdown,
        )
        for side, groups in told.items()
    ]  # fmt: skip
    return [
        *parts,
        table(["programme", *counts], programmes(counts), markdown=markdown),
        table(["score reached, honest", *counts], promised(counts), markdown=markdown),
    ]


def programmes(counts: dict[str, Counts]) -> list[list[str]]:
    """Share of applicants for programmes whose grant waits or who are held, by side."""
    names = sorted({key for one in counts.values() for key in one.programme})
    return [
        [f"{programme}, {side}", *(_programme(one, (programme, side)) for one in counts.values())]
        for programme, side in names
    ]


def _programme(counts: Counts, key: tuple[str, str]) -> str:
    row = counts.programme.get(key, Counter())
    held = sum(row[name] for name in MET[1:])
    return f"waits {share(row[MET[0]], row.total())}, held {share(held, row.total())}"


def promised(counts: dict[str, Counts]) -> list[list[str]]:
    """How many honest people reach the score of each bound, against what the policy allows."""
    return [
        [bound, *(share(one.reached[bound], one.reached["all"]) for one in counts.values())]
        for bound in ("5 %", "1 %", "0.1 %")
    ]


def main() -> None:
    """Make or find the worlds, judge them, print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cache", type=Path, required=True, help="folder that keeps the worlds")
    options.add_argument("--seeds", type=int, nargs="+", default=[590, 591])
    options.add_argument("--disjoint", action="store_true", help="campaigns whose accounts share nothing")
    options.add_argument("--markdown", action="store_true")
    chosen = options.parse_args()
    extra = ("--infrastructure", "disjoint") if chosen.disjoint else ()
    kind = "signup-disjoint" if chosen.disjoint else "signup"
    places = {
        seed: world(chosen.cache, f"{kind}-{seed}", ("all", "--seed", str(seed), *OPTIONS, *extra))
        for seed in chosen.seeds
    }
    counts = judged(read_truth(place, seed) for seed, place in places.items())
    print(f"seeds {chosen.seeds}, {' '.join((*OPTIONS, *extra))}, {conditions()}", file=sys.stderr)
    print("\n\n".join(tables(counts, markdown=chosen.markdown)))
    signups = counts["sign-up"].reached["all"] + sum(
        row.total() for kind, row in counts["sign-up"].by.items() if kind[0] == "A"
    )
    print(f"\n{counts['sign-up'].seconds / signups * 1e6:.0f} µs of processor time a sign-up")


if __name__ == "__main__":
    main()
