"""Legitimate workloads carry the facts that set them apart from harvesting."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from simulate_world import Read, made


def _world(tmp_path: Path, name: str, **options: object) -> Read:
    return made(tmp_path / "t", name, exchanges=6_000, **options)


def _of_accounts(read: Read, label: str, column: str) -> list[object]:
    rows = [lab == label for lab in read.accounts["label"].to_pylist()]
    return [v for v, keep in zip(read.accounts[column].to_pylist(), rows, strict=True) if keep]


def test_evaluations_ask_known_items_of_many_models(tmp_path: Path) -> None:
    """L1 sends the same items over and over, to every model there is, from few accounts."""
    read = _world(tmp_path, "L1")
    rows = read.of("L1")
    models: dict[str, set[str]] = defaultdict(set)
    for prompt, model in zip(read.column("prompt")[rows], read.column("model")[rows], strict=True):
        models[prompt].add(model)
    assert np.mean([len(m) for m in models.values()]) > 1.5
    assert len(_of_accounts(read, "L1", "account_id")) <= 12


def test_licences_are_on_file(tmp_path: Path) -> None:
    """Every organisation of L5 has a consent for licensed distillation that covers what it does."""
    read = _world(tmp_path, "L5")
    licensed = {
        r["org_id"]: r["capabilities"] for r in read.consents.to_pylist() if r["kind"] == "licensed_distillation"
    }
    rows = read.of("L5")
    for org, capability in zip(read.column("org_id")[rows], read.column("capability")[rows], strict=True):
        assert licensed[org] is None or capability in licensed[org]


def test_an_agent_client_has_users_with_habits(tmp_path: Path) -> None:
    """L7: few system prompts for hundreds of users, many turns, and hours that depend on the user."""
    read = _world(tmp_path, "L7")
    rows = read.of("L7") & (read.column("tools") > 0)
    assert read.column("turn")[rows].mean() > 1
    systems = Counter(read.column("system")[rows])
    assert sum(n for _, n in systems.most_common(2)) > 0.8 * rows.sum()
    hours: dict[str, list[float]] = defaultdict(list)
    for account, ts in zip(read.column("account_id")[rows], read.exchanges.filter(rows)["ts"].to_pylist(), strict=True):
        hours[account].append(np.exp(1j * np.pi * ts.hour / 12))
    together = [abs(np.mean(h)) for h in hours.values() if len(h) >= 8]
    assert np.mean(together) > 0.45


def test_a_class_sits_together(tmp_path: Path) -> None:
    """L8: institutional mail, few addresses, the same tasks."""
    read = _world(tmp_path, "L8")
    rows = read.of("L8")
    assert len(set(read.column("ip")[rows])) < 30
    assert np.mean([p == "education" for p in _of_accounts(read, "L8", "programme")]) > 0.6
    openings = Counter(p[-60:] for p in read.column("prompt")[rows & (read.column("turn") == 0)])
    assert sum(n for _, n in openings.most_common(60)) > 0.5 * sum(openings.values())


def test_a_gateway_names_its_users(tmp_path: Path) -> None:
    """L10 passes on end users, many for each account, and nobody's exchanges are extraction."""
    read = _world(tmp_path, "L10")
    rows = read.of("L10")
    users = read.column("end_user_id")[rows]
    assert all(u is not None for u, s in zip(users, read.column("status")[rows], strict=True) if s == "ok")
    assert len(set(users)) > 5 * len(_of_accounts(read, "L10", "account_id"))


def test_a_grey_reseller_looks_made_up_but_carries_people(tmp_path: Path) -> None:
    """L11 shares cards and addresses like a pool, while what it carries is as varied as people are."""
    read = _world(tmp_path, "L11")
    rows = read.of("L11")
    cards = Counter(c for c in _of_accounts(read, "L11", "payment_fingerprint") if c)
    assert max(cards.values()) >= 3
    assert len(set(read.column("capability")[rows])) >= 7


def test_tenants_fill_one_template_with_their_own_data(tmp_path: Path) -> None:
    """L14: one wording over many organisations, each with its own name in it, from unrelated cards and addresses."""
    read = _world(tmp_path, "L14")
    template = read.of("L14") & (read.column("capability") == "writing") & (read.column("turn") == 0)
    accounts: dict[str, set[str]] = defaultdict(set)
    for account, prompt in zip(read.column("account_id")[template], read.column("prompt")[template], strict=True):
        found = prompt.split("rite for ")[1:2]
        if found:
            accounts[account].add(found[0].split(".")[0])
    assert len(accounts) > 20
    assert np.mean([len(names) == 1 for names in accounts.values()]) > 0.8
    cards = [c for c in _of_accounts(read, "L14", "payment_fingerprint") if c]
    assert len(set(cards)) == len(cards)


def test_compaction_stays_within_a_conversation(tmp_path: Path) -> None:
    """L22 sends back older reasoning blocks, but only of its own conversation."""
    read = _world(tmp_path, "L22")
    names = ("reasoning_issued", "account_id", "session_id", "reasoning_refs", "label")
    rows = list(zip(*(read.column(name) for name in names), strict=True))
    source = {block: (account, session) for block, account, session, _, _ in rows if block}
    pairs = [(source[ref], (row[1], row[2])) for row in rows if row[4] == "L22" for ref in row[3]]
    assert len(pairs) > 100
    assert all(a == b for a, b in pairs)


def test_red_teams_are_registered(tmp_path: Path) -> None:
    """L18 is refused about half of the time and has a safety research consent."""
    read = _world(tmp_path, "L18")
    own = read.of("L18") & (read.column("capability") == "cot_elicitation")
    assert 0.3 < (read.column("status")[own] == "refused").mean() < 0.7
    assert {r["kind"] for r in read.consents.to_pylist()} == {"safety_research"}


def test_ordinary_volumes_are_heavy_tailed(whole: Read) -> None:
    """A tenth of the ordinary accounts sends more than a third of the ordinary traffic."""
    counts = np.sort(list(Counter(whole.column("account_id")[whole.of("ordinary")]).values()))[::-1]
    assert counts[: len(counts) // 10].sum() > counts.sum() / 3


def test_ordinary_weeks_have_weekends(whole: Read) -> None:
    """Ordinary traffic is lower on weekends than on weekdays."""
    days = np.array([t.weekday() for t in whole.exchanges["ts"].to_pylist()])[whole.of("ordinary")]
    count = np.bincount(days, minlength=7)
    assert count[5:].mean() < 0.8 * count[:5].mean()
