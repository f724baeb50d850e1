"""Who was allowed to do what, until when, and how much of it: exchange by exchange."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from revenuer.behaviour import Profiles, profile
from revenuer.campaigns.consents import (
    Consented,
    consent_notes,
    covered,
    named_accounts,
    part_consented,
    profiles_of_rest,
)
from revenuer.campaigns.scoring import TEXT_ONLY
from revenuer.engine import LocalEngine
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.pipeline import fingerprint
from revenuer.schema import ACCOUNTS, CAPABILITIES, CONSENTS
from revenuer.simulate import simulate
from revenuer.sources import open_traffic
from revenuer.text.tokens import hash_strings

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
CODING, REASONING, COT, CHAT, TRANSLATION = (
    CAPABILITIES.index(name) for name in ("coding", "reasoning", "cot_elicitation", "chat", "translation")
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    with LocalEngine(threads=1, scratch=tmp_path_factory.mktemp("scratch")) as local:
        yield local


def asked(name: str, account: str, hour: float = 0.0, **columns: Any) -> dict[str, Any]:
    """One exchange: a bare coding task of an account without an organisation, unless said otherwise."""
    kept = {"org": None, "served": CODING, "frame": 0, "extraction": 0.8} | columns
    return {"id": name, "account": account, "at": MIDNIGHT + hour * HOUR, "capability": kept["served"]} | kept


def fingerprints(*exchanges: dict[str, Any]) -> pa.Table:
    """The columns of fingerprints that consents and profiles read."""

    def of(name: str) -> list[Any]:
        return [one[name] for one in exchanges]

    return pa.table(
        {
            "exchange_id": of("id"),
            "draw": hash_strings(pa.array(of("id"))),
            "ts": pa.array(of("at"), pa.timestamp("us", tz="UTC")),
            "account_id": of("account"),
            "account": hash_strings(pa.array(of("account"))),
            "org": hash_strings(pa.array(of("org"), pa.string())),
            "turn": pa.array([0] * len(exchanges), pa.int32()),
            "prompt_frame": pa.array(of("frame"), pa.int64()),
            "capability": pa.array(of("capability"), pa.int8()),
            "served": pa.array(of("served"), pa.int8()),
            "extraction": pa.array(of("extraction"), pa.float32()),
        }
    )


def consents(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist([{"kind": "licensed_distillation", **row} for row in rows], CONSENTS)


class Judged:
    """Exchanges judged under consents."""

    def __init__(self, engine: LocalEngine, exchanges: list[dict[str, Any]], *rows: dict[str, Any]) -> None:
        self.engine, self.table = engine, consents(*rows)
        self.prints = engine.table("prints", fingerprints(*exchanges))
        signed = [{"account_id": "late", "org_id": "org-late"}]
        self.profiles: Profiles = profile(engine, self.prints, pa.Table.from_pylist(signed, ACCOUNTS))
        self.rows = covered(engine, self.prints, self.table, self.profiles)

    def held(self) -> set[str]:
        """Ids of the exchanges that are covered."""
        found = self.engine.collect(self.rows.filter(self.rows.covered))
        return set(found["exchange_id"].to_pylist())

    def notes(self) -> tuple[str, ...]:
        """What is said of consents that name nobody."""
        return consent_notes(self.engine, self.prints, self.table, self.profiles)


PARTIES = [
    asked("a1", "a", org="org-1"),
    asked("b1", "b", org="org-1"),
    asked("c1", "c"),
    asked("d1", "d", org="org-2"),
    asked("l1", "late"),
]


def test_a_consent_covers_an_organisation_or_an_account(engine: LocalEngine):
    """All exchanges of the organisation that is named, be it named at sign-up alone, or of the account; no others."""
    assert Judged(engine, PARTIES, {"org_id": "org-1"}).held() == {"a1", "b1"}
    assert Judged(engine, PARTIES, {"org_id": "org-late"}).held() == {"l1"}
    assert Judged(engine, PARTIES, {"account_id": "c"}).held() == {"c1"}
    assert Judged(engine, PARTIES, {"account_id": "a"}, {"org_id": "org-2"}).held() == {"a1", "d1"}
    assert Judged(engine, PARTIES, {"org_id": "org-1", "account_id": "c"}).held() == {"a1", "b1", "c1"}


def test_without_a_consent_nothing_is_covered(engine: LocalEngine):
    """No row, a row that names nobody, and a row that names strangers: the column is there and false."""
    for rows in ((), ({},), ({"org_id": "org-9"}, {"account_id": "x"})):
        judged = Judged(engine, PARTIES, *rows)
        assert judged.held() == set()
        assert engine.collect(judged.rows).num_rows == len(PARTIES)


@pytest.mark.parametrize("kind", ["licensed_distillation", "evaluation", "safety_research"])
def test_some_kinds_allow(engine: LocalEngine, kind: str):
    """Licences, evaluations and research are harvests that were agreed to."""
    assert Judged(engine, PARTIES, {"org_id": "org-1", "kind": kind}).held() == {"a1", "b1"}


@pytest.mark.parametrize("kind", ["reseller", "gateway", "something_new"])
def test_a_known_reseller_is_not_allowed_to_harvest(engine: LocalEngine, kind: str):
    """That somebody resells explains the shape of the traffic, not what is done with the answers; it is known all the same."""
    judged = Judged(engine, PARTIES, {"org_id": "org-1", "kind": kind}, {"account_id": "c", "kind": kind})
    assert judged.held() == set()
    assert not named_accounts(judged.table, judged.profiles).any()
    known = named_accounts(judged.table, judged.profiles, (kind,))
    assert sorted(judged.profiles.ids[known]) == ["a", "b", "c"]


def test_a_consent_covers_until_it_expires(engine: LocalEngine):
    """Exchange by exchange: what came before is covered, what comes after is not."""
    exchanges = [asked(f"x{hour}", "a", hour) for hour in range(4)]
    assert Judged(engine, exchanges, {"account_id": "a", "expires_at": MIDNIGHT + 2 * HOUR}).held() == {
        "x0",
        "x1",
        "x2",
    }
    assert Judged(engine, exchanges, {"account_id": "a", "expires_at": MIDNIGHT - HOUR}).held() == set()


def test_a_consent_covers_the_first_exchanges_of_each_day(engine: LocalEngine):
    """In order of time over all accounts that it names, ties by id; the next day in UTC counts anew."""
    exchanges = [
        asked("z", "a", 23.0, org="org-1"),
        asked("y", "b", 23.0, org="org-1"),
        asked("x", "a", 23.9999, org="org-1"),
        asked("w", "b", 1.0, org="org-1"),
        asked("v", "a", 24.0, org="org-1"),
        asked("other", "c", 0.0, org="org-2"),
    ]
    assert Judged(engine, exchanges, {"org_id": "org-1", "max_exchanges_per_day": 2}).held() == {"w", "y", "v"}
    assert Judged(engine, exchanges, {"org_id": "org-1", "max_exchanges_per_day": 0}).held() == set()
    each = ({"account_id": "a", "max_exchanges_per_day": 1}, {"account_id": "b", "max_exchanges_per_day": 1})
    assert Judged(engine, exchanges, *each).held() == {"z", "w", "v"}


def test_a_consent_covers_its_capabilities(engine: LocalEngine):
    """What it lists, and what reads alike, but not the reasoning itself; what it does not cover takes no volume."""
    exchanges = [
        asked("program", "a", 3.0),
        asked("agent", "a", 2.0, served=CAPABILITIES.index("agentic_coding")),
        asked("thoughts", "a", 1.0, served=COT),
        asked("sum", "a", 0.0, served=REASONING),
    ]
    assert Judged(engine, exchanges, {"account_id": "a", "capabilities": ["coding"]}).held() == {"program", "agent"}
    assert Judged(engine, exchanges, {"account_id": "a", "capabilities": ["reasoning"]}).held() == {"sum"}
    assert Judged(engine, exchanges, {"account_id": "a", "capabilities": []}).held() == set()
    assert Judged(engine, exchanges, {"account_id": "a", "capabilities": ["poetry"]}).held() == set()
    small = {"account_id": "a", "capabilities": ["coding"], "max_exchanges_per_day": 1}
    assert Judged(engine, exchanges, small).held() == {"agent"}


def test_ordinary_words_do_not_lead_out_of_a_consent(engine: LocalEngine):
    """A coding task that reads as conversation is still coding if it trains anything; ordinary work may be listed too."""
    exchanges = [
        asked("wrapped", "a", capability=CHAT),
        asked("prose", "a", served=REASONING, capability=TRANSLATION),
    ]
    assert Judged(engine, exchanges, {"account_id": "a", "capabilities": ["coding"]}).held() == {"wrapped"}
    assert Judged(engine, exchanges, {"account_id": "a", "capabilities": ["translation"]}).held() == {"prose"}


@pytest.mark.parametrize(("allowed", "of", "inside"), [(7, 10, 10), (6, 10, 6), (4, 10, 4), (3, 10, 0)])
def test_a_template_is_judged_as_a_whole(engine: LocalEngine, allowed: int, of: int, inside: int):
    """Misread exchanges of a template go with the others; where it is divided each stands for itself."""
    exchanges = [asked(f"x{n}", "a", n / 10, frame=5, served=CODING if n < allowed else COT) for n in range(of)]
    # what others make of the template is not the partner's
    exchanges += [asked(f"other{n}", "b", frame=5, served=COT) for n in range(30)]
    assert len(Judged(engine, exchanges, {"account_id": "a", "capabilities": ["coding"]}).held()) == inside


def test_what_cannot_be_read_is_not_held_to_be_outside(engine: LocalEngine):
    """Where texts are not read a consent that lists capabilities covers by time and volume alone."""
    other = CAPABILITIES.index("other")
    exchanges = [asked(f"x{n}", "a", n, served=other, extraction=None) for n in range(3)]
    terms = {"account_id": "a", "capabilities": ["coding"], "max_exchanges_per_day": 2}
    assert Judged(engine, exchanges, terms).held() == {"x0", "x1"}


def test_one_that_holds_is_enough(engine: LocalEngine):
    """Beside consents that do not."""
    dead = {"org_id": "org-1", "expires_at": MIDNIGHT - HOUR}
    reseller = {"org_id": "org-1", "kind": "reseller"}
    assert Judged(engine, PARTIES, dead, reseller, {"org_id": "org-1"}).held() == {"a1", "b1"}


def test_profiles_of_the_rest_keep_everybody(engine: LocalEngine):
    """Every account stays at its place, with the exchanges that no consent covers."""
    exchanges = [asked(f"x{hour}", "a", hour) for hour in range(5)] + PARTIES[2:4]
    judged = Judged(engine, exchanges, {"account_id": "a", "max_exchanges_per_day": 3}, {"account_id": "c"})
    rest = profiles_of_rest(engine, judged.rows, judged.profiles)
    assert dict(zip(rest.ids, rest.exchanges, strict=True)) == {"a": 2, "c": 0, "d": 1}
    assert np.array_equal(rest.openings, rest.exchanges)
    assert np.array_equal(rest.keys, judged.profiles.keys)


def test_consents_with_strangers_are_told_of(engine: LocalEngine):
    """A consent whose account or organisation is not in the traffic is likely a mistake in the registry."""
    known = ({"org_id": "org-1"}, {"org_id": "org-late"}, {"account_id": "c"})
    assert Judged(engine, PARTIES, *known).notes() == ()
    assert Judged(engine, PARTIES).notes() == ()
    (note,) = Judged(engine, PARTIES, *known, {"org_id": "org-9"}, {"account_id": "x", "kind": "gateway"}).notes()
    assert "2 of 5" in note


def test_covered_exchanges_come_back_innocent(engine: LocalEngine):
    """What was set apart is scored by its text alone and belongs to no campaign; the rest keeps its scores."""
    exchanges = [asked(f"x{hour}", "a", hour) for hour in range(5)]
    judged = Judged(engine, exchanges, {"account_id": "a", "max_exchanges_per_day": 3})
    parted = part_consented(engine, judged.prints, judged.table, judged.profiles)
    assert parted.share.tolist() == pytest.approx([0.6])
    called = {"campaign": 0, "score": 0.9, "extracts": True, "named": REASONING}
    scored = parted.rest.mutate(**{name: ibis.literal(value) for name, value in called.items()})
    found = {row["exchange_id"]: row for row in engine.collect(parted.rejoin(scored)).to_pylist()}
    assert len(found) == 5
    for name in ("x3", "x4"):
        assert {key: found[name][key] for key in called} == called
    for name in ("x0", "x1", "x2"):
        assert (found[name]["campaign"], found[name]["extracts"], found[name]["named"]) == (-1, False, CODING)
        assert found[name]["score"] == pytest.approx(TEXT_ONLY * 0.8)


def test_without_consents_nothing_is_parted(engine: LocalEngine):
    """The rest is the very table that came in, and so is what comes back."""
    judged = Judged(engine, PARTIES, {"org_id": "org-1", "kind": "reseller"})
    parted = part_consented(engine, judged.prints, judged.table, judged.profiles)
    assert parted.rest is judged.prints
    assert parted.profiles is judged.profiles
    assert parted.rejoin(judged.prints) is judged.prints


class Licensed:
    """Simulated licensed distillation, and what of it narrower consents cover."""

    def __init__(self, engine: LocalEngine, place: Path) -> None:
        simulate("L5", place, seed=7, exchanges=3_000)
        traffic = open_traffic(place)
        self.engine, self.consents = engine, traffic.consents()
        self.rows = fingerprint(engine, traffic, CapabilityModel.load(), lambda *_stage: None).rows
        self.profiles = profile(engine, self.rows, traffic.accounts())
        truth = pq.read_table(place / "truth" / "exchanges.parquet")
        seen = engine.collect(self.rows.select("exchange_id", "account_id", "ts"))
        self.table = seen.join(truth.select(["exchange_id", "capability"]), "exchange_id")
        labels = pq.read_table(place / "truth" / "accounts.parquet").select(["account_id", "label"])
        self.table = self.table.join(labels, "account_id").filter(pc.field("label") == "L5")

    def covered(self, **terms: Any) -> tuple[Consented, pa.Table]:
        """What is covered under its consents with these terms instead, and the covered exchanges of L5."""
        rows = [{**row, **terms} for row in self.consents.to_pylist()]
        parted = part_consented(self.engine, self.rows, pa.Table.from_pylist(rows, CONSENTS), self.profiles)
        ids = self.engine.collect(parted.rows.filter(parted.rows.covered).select("exchange_id"))
        return parted, self.table.join(ids, "exchange_id", join_type="inner")


@pytest.fixture(scope="module")
def licensed(engine: LocalEngine, tmp_path_factory: pytest.TempPathFactory) -> Licensed:
    return Licensed(engine, tmp_path_factory.mktemp("licensed") / "traffic")


def test_a_simulated_partner_within_its_licence_leaves_nothing_behind(licensed: Licensed):
    """All its exchanges are covered, under a licence for everything or for what it does; nobody else's are."""
    aims = sorted(set(licensed.table["capability"].to_pylist()))
    for terms in ({}, {"capabilities": None}, {"capabilities": aims}):
        parted, inside = licensed.covered(**terms)
        assert len(inside) >= 0.98 * len(licensed.table)
        partners = set(licensed.table["account_id"].to_pylist())
        assert set(licensed.profiles.ids[parted.share > 0]) == partners
        assert (parted.profiles.exchanges[parted.share == 0] == licensed.profiles.exchanges[parted.share == 0]).all()


def test_a_simulated_partner_beyond_its_licence_is_not_covered(licensed: Licensed):
    """Other work, more of it a day, or later than agreed, stays in the traffic to be judged like everybody's."""
    assert len(licensed.covered(capabilities=["censorship_rewrite"])[1]) <= 0.02 * len(licensed.table)
    days = pc.strftime(licensed.table["ts"], "%Y-%m-%d")
    _parted, inside = licensed.covered(max_exchanges_per_day=5)
    assert len(inside) <= 5 * len(licensed.consents) * len(pc.unique(days))
    assert 0 < len(inside) < len(licensed.table)
    middle = sorted(licensed.table["ts"].to_pylist())[len(licensed.table) // 2]
    _parted, before = licensed.covered(expires_at=middle)
    assert pc.max(before["ts"]).as_py() <= middle
    assert len(before) == pytest.approx(len(licensed.table) / 2, rel=0.1)
