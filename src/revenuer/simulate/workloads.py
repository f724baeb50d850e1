"""The confusable legitimate workloads L1-L27 as data: who runs them, how many, when, under what consent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from revenuer.simulate.archetypes import SHARED
from revenuer.simulate.identity import Identity

__all__ = ["WORKLOADS", "Workload"]

# A firm with few accounts of its own: invoice or company card, company mail, office and hosting addresses.
FIRM: Final = Identity(
    org=1, mail={"company": 1.0}, payment={"invoice": 0.5, "card": 0.5}, cards=50, devices=1, networks={"hosting": 0.7, "office": 0.3},
    plan={"api": 0.6, "enterprise": 0.4}, verified=0.9, clients={"sdk": 1.0}, shared_addresses=6,
    pathway={"first_party": 0.6, "bedrock": 0.2, "vertex": 0.1, "azure": 0.1},
)  # fmt: skip
# Many unrelated firms.
FIRMS: Final = replace(FIRM, org="own", cards=1, shared_addresses=0)
PEOPLE: Final = Identity()
CLASS: Final = Identity(
    created="burst", mail={"institution": 0.9, "popular": 0.1}, payment={"none": 0.8, "card": 0.2}, networks={"campus": 1.0}, shared_addresses=3,
    plan={"free": 0.6, "pro": 0.2, "api": 0.2}, programme={"education": 0.9, "none": 0.1}, verified=0.7, clients={"web": 0.7, "sdk": 0.3},
    pathway={"first_party": 0.8, "subscription": 0.2},
)  # fmt: skip
HACKERS: Final = Identity(
    created="burst", programme={"startup": 0.7, "none": 0.3}, payment={"none": 0.6, "card": 0.3, "virtual_card": 0.1}, networks={"office": 0.6, "residential": 0.4},
    plan={"api": 0.9, "pro": 0.1}, verified=0.4, clients={"sdk": 0.9, "web": 0.1}, pathway={"first_party": 1.0},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of legitimate traffic that resembles harvesting.

    Args:
        id, title: of the workload.
        share: of the traffic of all workloads in the scenario `all`.
        instances: independent groups at that size.
        per_account: mean requests of an account.
        identity: of the accounts.
        rhythm: `own` (each account's habit), `flat`, `class`, `nightly`, `once`, `short`, `service`.
        writer: name of the content.
        length: mean length of a conversation.
        sigma: heaviness of the accounts' volumes.
        side: other, ordinary traffic of the same accounts, as a share of the workload's own.
        resale: the traffic is that of the group's own customers.
        least: accounts of the smallest instance.
        one_client: all accounts run the same client with the same settings.
        consent: kind of the consent that may be on file; `consented`: how likely it is.
        troubled: share of accounts that met enforcement.
        upgrade: how likely a vendor moves all users to a new model at once, within two days of its release.
        agent: tools are offered.
        thinking: 1 always, 0 never, -1 by habit.
        common: part of the scenarios `all` and `legitimate`; the others came later, and worlds keep their bytes.
    """

    id: str
    title: str
    share: float
    instances: int
    per_account: float
    identity: Identity
    rhythm: str
    writer: str
    length: float = 1.0
    sigma: float = 0.8
    side: float = 0.0
    resale: bool = False
    least: int = 1
    one_client: bool = False
    consent: str | None = None
    consented: float = 1.0
    troubled: float = 0.0
    upgrade: float = 0.0
    agent: bool = False
    thinking: int = -1
    common: bool = True


_ALL: Final = (
    Workload("L1", "public evaluations and leaderboards", 0.05, 5, 300, replace(FIRM, created="recent", programme={"research": 0.5, "none": 0.5}), "short", "evals", consent="evaluation", consented=0.4),
    Workload("L2", "nightly regression and drift monitors", 0.03, 5, 200, FIRM, "nightly", "regression"),
    Workload("L3", "batch labelling", 0.06, 5, 300, FIRM, "flat", "labelling", upgrade=0.5),
    Workload("L4", "LLM judge for an own product", 0.05, 5, 250, FIRM, "service", "judge"),
    Workload("L5", "licensed distillation and consented synthetic data", 0.05, 2, 120, replace(FIRM, created="recent"), "flat", "licensed", consent="licensed_distillation", least=3),
    Workload("L6", "coding agents at scale and continuous integration", 0.08, 4, 120, replace(FIRM, shared_addresses=0, addresses=8.0, networks={"hosting": 1.0}, clients={"agent": 0.7, "sdk": 0.3}), "flat", "repositories", length=9.0, agent=True, least=2),
    Workload("L7", "popular agent client", 0.13, 2, 18, replace(PEOPLE, clients={"agent": 1.0}, plan={"pro": 0.4, "max": 0.2, "api": 0.4}), "own", "agent_client", length=5.0, agent=True, sigma=1.3, side=0.12, upgrade=0.5),
    Workload("L8", "classroom", 0.03, 5, 14, CLASS, "class", "classroom", length=2.2, sigma=0.5, side=0.15),
    Workload("L9", "hackathon or startup programme", 0.02, 3, 18, HACKERS, "short", "hackathon", length=2.5),
    Workload("L10", "aggregator or gateway", 0.06, 2, 600, replace(FIRM, pathway={"aggregator": 1.0}), "own", "people", resale=True, least=2, consent="gateway", consented=0.6),
    Workload("L11", "grey reseller with ordinary users", 0.06, 3, 16, replace(SHARED, cards=4), "own", "people", resale=True, least=5, troubled=0.08),
    Workload("L12", "translation batch", 0.03, 4, 220, FIRM, "once", "translation"),
    Workload("L13", "support or process bot", 0.04, 5, 250, FIRM, "service", "support", length=2.0),
    Workload("L14", "multi-tenant SaaS on the tenants' own keys", 0.08, 3, 16, FIRMS, "own", "saas", sigma=1.3, side=0.08, one_client=True, upgrade=0.5),
    Workload("L15", "document backfill or migration", 0.03, 4, 260, FIRM, "once", "backfill"),
    Workload("L16", "reasoning capture for audit", 0.03, 4, 150, FIRM, "own", "audit", thinking=1),
    Workload("L17", "tutoring, show your work", 0.04, 3, 12, replace(PEOPLE, clients={"web": 0.9, "sdk": 0.1}), "own", "tutoring", length=3.0, side=0.3),
    Workload("L18", "red team and interpretability research", 0.02, 3, 120, replace(FIRM, programme={"research": 0.8, "none": 0.2}), "own", "red_team", consent="safety_research", troubled=0.1, side=0.2),
    Workload("L19", "small academic distillation by one identity", 0.02, 4, 260, replace(FIRM, mail={"institution": 1.0}, programme={"research": 0.7, "education": 0.3}, networks={"campus": 1.0}), "once", "academic", side=0.05),
    Workload("L20", "multi-provider router", 0.03, 3, 280, FIRM, "service", "people", length=2.0, upgrade=0.5),
    Workload("L21", "shared addresses: corporate NAT, VPN, mobile carrier", 0.05, 4, 14, replace(PEOPLE, networks={"office": 0.5, "vpn": 0.2, "mobile": 0.3}, shared_addresses=2), "own", "people", length=2.5, sigma=1.2),
    Workload("L22", "compaction and tool changes in long agent conversations", 0.03, 2, 40, replace(PEOPLE, clients={"agent": 1.0}), "own", "compaction", length=14.0, agent=True, thinking=1),
    Workload("L23", "analysis product with an expert persona", 0.05, 4, 40, FIRMS, "own", "persona", sigma=1.1, side=0.1, one_client=True),
    Workload("L24", "incident reports and searches in transcripts", 0.02, 4, 25, replace(PEOPLE, clients={"sdk": 0.5, "web": 0.5}), "own", "incidents", length=2.0, side=0.5),
    Workload("L25", "moderation that rewords sensitive posts", 0.03, 3, 90, FIRM, "flat", "moderation", least=3, common=False),
    Workload("L26", "exercises for many schools from one vendor", 0.05, 3, 20, FIRMS, "own", "curriculum", sigma=1.1, side=0.1, one_client=True, upgrade=0.5, common=False),
    Workload("L27", "made-up records to test own software", 0.03, 4, 120, FIRM, "nightly", "test_data", least=2, common=False),
)  # fmt: skip

WORKLOADS: Final[dict[str, Workload]] = {w.id: w for w in _ALL}
