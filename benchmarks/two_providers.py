"""What sharing buys: one operator attacks two providers, and the first tells the second.

Usage: `python benchmarks/two_providers.py [--attacks A5 ...] [--seed N] [--exchanges N]`, and with `--attacks` alone and
`--poison legitimate` a feed that names all that honest people send.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer.campaigns.verdict import ENOUGH
from revenuer.engine import connect
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.pipeline import fingerprint
from revenuer.scanning import scan
from revenuer.sharing import Secret, secret_of
from revenuer.sharing.bundle import Telling, bundle_of
from revenuer.sharing.facts import observe_traffic, prefix_of
from revenuer.sharing.intel_store import IntelStore
from revenuer.sharing.peer_indicators import read_peer_bundle
from revenuer.sharing.sketch import core_bands
from revenuer.sharing.vocabulary import EXTENSION, SKETCH
from revenuer.simulate import simulate
from revenuer.sources import open_traffic
from revenuer.summary import read_findings

# How much of the first provider's part of the campaign has been harvested when it scans and tells.
TOLD_AFTER: Final = 0.4
FIRST_LOOK: Final = 12
STEP: Final = 1.4


@dataclass(frozen=True, slots=True)
class World:
    """A world whose accounts are split over two providers by a hash of their ids: one operator, two customers' books."""

    place: Path
    exchanges: pa.Table
    accounts: pa.Table

    @classmethod
    def of(cls, place: Path) -> World:
        """A world that `simulate` wrote."""
        parts = [pq.read_table(part) for part in sorted((place / "exchanges").glob("*.parquet"))]
        return cls(place, pa.concat_tables(parts).sort_by("ts"), pq.read_table(place / "accounts.parquet"))

    def part(self, provider: int) -> World:
        """The provider's accounts and what they sent."""
        digests = [hashlib.sha256(name.encode()).digest()[0] % 2 for name in self.accounts["account_id"].to_pylist()]
        accounts = self.accounts.filter(pa.array(np.array(digests) == provider))
        held = pc.is_in(self.exchanges["account_id"], value_set=accounts["account_id"].combine_chunks())
        return World(self.place, self.exchanges.filter(held), accounts)

    def harvest(self) -> pa.Table:
        """The exchanges that serve extraction for a campaign, by time."""
        truth = pq.read_table(self.place / "truth" / "exchanges.parquet")
        truth = truth.filter(pc.and_(truth["extraction"], pc.is_valid(truth["campaign"])))
        return self.exchanges.filter(
            pc.is_in(self.exchanges["exchange_id"], value_set=truth["exchange_id"].combine_chunks())
        )

    def honest(self) -> set[str]:
        """The accounts that serve no extraction."""
        truth = pq.read_table(self.place / "truth" / "accounts.parquet")
        return set(truth.filter(pc.invert(truth["extraction"]))["account_id"].to_pylist())

    def without_attack(self) -> World:
        """The same without the accounts that serve extraction."""
        honest = pa.array(sorted(self.honest()), pa.string())
        rest = self.accounts.filter(pc.is_in(self.accounts["account_id"], value_set=honest))
        return World(self.place, self.exchanges.filter(pc.is_in(self.exchanges["account_id"], value_set=honest)), rest)

    def until(self, moment: Any, made: Path) -> Path:
        """The traffic as a scan at a moment would have seen it."""
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        moment = pa.scalar(moment, self.exchanges["ts"].type) if isinstance(moment, datetime) else moment
        pq.write_table(self.exchanges.filter(pc.less_equal(self.exchanges["ts"], moment)), made / "exchanges.parquet")
        pq.write_table(self.accounts, made / "accounts.parquet")
        for name, column in (("enforcement", "ts"), ("releases", "released_at")):
            table = pq.read_table(self.place / f"{name}.parquet")
            pq.write_table(table.filter(pc.less_equal(table[column], moment)), made / f"{name}.parquet")
        return made


@dataclass(frozen=True, slots=True)
class Look:
    """One scan of the second provider, after so many exchanges were harvested from it.

    Attributes:
        harvested: exchanges.
        at: the moment.
        alarm: whether a peer's campaign is seen.
        alone: whether a campaign is called by own evidence alone.
        told: whether one is called with the hint.
        honest: honest accounts flagged with the hint.
    """

    harvested: int
    at: datetime
    alarm: bool
    alone: bool
    told: bool
    honest: int


def scanned(traffic: Path, out: Path, **how: Any) -> dict[str, Any]:
    """The findings of a scan, and what is seen of peers' campaigns."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    scan(traffic, out, threads=1, **how)
    accounts = pq.read_table(out / "accounts.parquet")
    flagged = accounts.filter(accounts["flagged"])["account_id"].to_pylist()
    intel = out / "intel.json"
    seen = json.loads(intel.read_text()) if intel.exists() else {"sightings": [], "campaigns": {}}
    return {
        "campaigns": json.loads((out / "campaigns.json").read_text())["campaigns"],
        "flagged": flagged,
        "intel": seen,
    }


def told_by_first(world: World, work: Path, secret: Secret) -> Path:
    """The store of the second provider after the first has scanned and told."""
    harvest = world.harvest()
    moment = harvest["ts"][int(TOLD_AFTER * len(harvest))]
    traffic = world.until(moment, work / "first")
    found = scanned(traffic, work / "first-found")
    campaigns = read_findings(work / "first-found")[0]
    print(
        f"  first provider: {len(campaigns)} campaigns, {len(found['flagged'])} accounts by {moment.as_py():%d %b %H:%M}"
    )
    file = work / "bundle.json"
    file.write_text(json.dumps(bundle_of(campaigns, observe_traffic(traffic, campaigns), Telling(secret=secret))))
    return stored(file, work / "intel.db")


def stored(bundle: Path, store: Path) -> Path:
    """A fresh store that holds a bundle, from a peer who is fully trusted."""
    store.unlink(missing_ok=True)
    IntelStore(store).keep(read_peer_bundle(bundle), "the first provider", 1.0)
    return store


def looks(world: World, work: Path, store: Path, key: Path, until: int) -> Iterator[Look]:
    """Scans of the second provider, later and later, until a campaign is called without any hint or so much is harvested."""
    harvest, honest = world.harvest(), world.honest()
    count = float(FIRST_LOOK)
    while count <= min(len(harvest), until):
        at = harvest["ts"][int(count) - 1]
        found = scanned(world.until(at, work / "second"), work / "second-found", intel=store, intel_key=key)
        hints = found["intel"]["campaigns"]
        alone = any(own_odds(one, hints) >= ENOUGH for one in found["campaigns"])
        alarm = any(one["alarm"] for one in found["intel"]["sightings"])
        yield Look(int(count), at.as_py(), alarm, alone, bool(found["campaigns"]), len(honest & set(found["flagged"])))
        if alone:
            return
        count *= STEP


def own_odds(campaign: dict[str, Any], hints: dict[str, Any]) -> float:
    """Log10 odds of a campaign without what peers added."""
    p = min(campaign["confidence"], 0.999999)
    return float(np.log10(p / (1.0 - p))) - float(hints.get(campaign["campaign_id"], {"added": 0.0})["added"])


def attack(name: str, seed: int, exchanges: int, work: Path, key: Path, until: int) -> None:
    """Print when the second provider knows, with and without what the first has told."""
    print(f"{name}, seed {seed}, {exchanges:,} exchanges over two providers")
    place = work / "world"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    simulate(name, place, seed=seed, exchanges=exchanges)
    world = World.of(place)
    store = told_by_first(world.part(0), work, secret_of(key))
    second = world.part(1)
    began = second.harvest()["ts"][0].as_py()
    print("  harvested  hours   alarm  called with hint  called alone  honest flagged")
    seen = []
    for look in looks(second, work, store, key, until):
        seen.append(look)
        hours = (look.at - began).total_seconds() / 3600
        print(
            f"  {look.harvested:>9,} {hours:>6.1f} {look.alarm!s:>7} {look.told!s:>17} {look.alone!s:>13} {look.honest:>15}",
            flush=True,
        )
    _ratio(seen, began)
    control = second.without_attack().until(seen[-1].at, work / "control")
    found = scanned(control, work / "control-found", intel=store, intel_key=key)
    alarms = sum(one["alarm"] for one in found["intel"]["sightings"])
    print(
        f"  the same traffic without the attack: {alarms} alarms, {len(found['flagged'])} accounts flagged", flush=True
    )


def _ratio(seen: list[Look], began: datetime) -> None:
    alarm = next((look for look in seen if look.alarm), None)
    alone = next((look for look in seen if look.alone), None)
    if alarm is None:
        print("  no alarm")
        return
    # nothing called by the last look: the last is a lower bound
    last, sign = (seen[-1], ">") if alone is None else (alone, "")
    hours = [(look.at - began).total_seconds() / 3600 for look in (alarm, last)]
    print(
        f"  {sign}{last.harvested / alarm.harvested:.1f} times fewer exchanges at the alarm than at the verdict alone"
        f" ({alarm.harvested:,} and {sign}{last.harvested:,}; {hours[0]:.0f} and {sign}{hours[1]:.0f} hours)",
        flush=True,
    )


def poison(name: str, seed: int, exchanges: int, work: Path, key: Path) -> None:
    """Print what a feed does that names every template, network and mail domain of a world as one campaign's."""
    print(f"poisoned feed in {name}, seed {seed}, {exchanges:,} exchanges")
    place = work / "honest"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    simulate(name, place, seed=seed, exchanges=exchanges)
    store = poisoned_store(place, work, key)
    without = scanned(place, work / "clean-found")
    found = scanned(place, work / "poison-found", intel=store, intel_key=key)
    honest = World.of(place).honest()
    alarms = sum(one["alarm"] for one in found["intel"]["sightings"])
    print(
        f"  {len(IntelStore(store).held()):,} indicators; flagged without it {_counted(without, honest)}, with it "
        f"{_counted(found, honest)}; {alarms} alarms of {len(found['intel']['sightings'])} sightings; odds of campaigns "
        f"raised by {[one['added'] for one in found['intel']['campaigns'].values()]}",
        flush=True,
    )


def _counted(found: dict[str, Any], honest: set[str]) -> str:
    flagged = set(found["flagged"])
    return f"{len(flagged)} accounts, {len(flagged & honest)} of them honest"


def poisoned_store(place: Path, work: Path, key: Path) -> Path:
    """A store of indicators of a peer who is trusted wholly, and names all of a world's traffic as one campaign's."""
    told = list(poisoned(place, secret_of(key)))
    # all of one campaign, so that its channels add up
    one = "campaign--00000000-0000-4000-8000-000000000000"
    ends = [{"relationship_type": "indicates", "source_ref": each["id"], "target_ref": one} for each in told]
    bundle = work / "poison.json"
    bundle.write_text(json.dumps({"type": "bundle", "objects": told + ends}))
    return stored(bundle, work / "poison.db")


def poisoned(place: Path, secret: Secret) -> Iterator[dict[str, Any]]:
    """The worst that a peer could send who knows the secret and everything about us."""
    with connect("local", memory="4GB", threads=1) as engine:
        prints = fingerprint(engine, open_traffic(place), CapabilityModel.load(None), lambda *_: None)
        bands = [row for library in prints.libraries.values() for row in core_bands(library.cores, secret)]
    told = {"sketch": SKETCH, "key_name": secret.name}
    for number, row in enumerate(bands):
        words = ", ".join(f"'{band}'" for band in row)
        yield _indicator(number, f"[llm-prompt-template:bands[*] IN ({words})]", extensions={EXTENSION: told})
    world = World.of(place)
    networks = sorted({net for ip in pc.unique(world.exchanges["ip"]).to_pylist() if (net := prefix_of(ip))})
    domains = sorted(pc.unique(world.accounts["email_domain"]).drop_null().to_pylist())
    terms = [f"ipv4-addr:value ISSUBSET '{net}'" for net in networks if ":" not in net]
    terms_of_mail = [f"domain-name:value = '{domain}'" for domain in domains]
    for number, some in enumerate([*_packed(terms), *_packed(terms_of_mail)], len(bands)):
        yield _indicator(number, f"[{' OR '.join(some)}]")


def _packed(terms: list[str], size: int = 1_000) -> list[list[str]]:
    return [terms[start : start + size] for start in range(0, len(terms), size)]


def _indicator(number: int, pattern: str, **more: Any) -> dict[str, Any]:
    name = f"indicator--00000000-0000-4000-8000-{number:012d}"
    times = {"modified": "2026-09-01T00:00:00Z", "valid_from": "2026-09-20T00:00:00Z"}
    return {
        "type": "indicator",
        "id": name,
        "pattern_type": "stix",
        "pattern": pattern,
        "confidence": 100,
        **times,
        **more,
    }


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attacks", nargs="*", default=["A3", "A5", "A10", "A12"])
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--exchanges", type=int, default=40_000)
    parser.add_argument("--until", type=int, default=1_000_000, help="stop looking after so many harvested exchanges")
    parser.add_argument("--poison", nargs="*", default=["legitimate"])
    parser.add_argument("--poison-exchanges", type=int, default=20_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        key = work / "key"
        key.write_bytes(b"the secret of this benchmark")
        for name in args.attacks:
            attack(name, args.seed, args.exchanges, work, key, args.until)
        for name in args.poison:
            poison(name, args.seed, args.poison_exchanges, work, key)


if __name__ == "__main__":
    main()
