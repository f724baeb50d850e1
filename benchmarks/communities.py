"""Grouping templates by common use: agglomeration on the queue that accounts draw from, against Leiden.

Usage: `revenuer simulate all --out TRAFFIC --seed 1 --exchanges 40000 --accounts 2700`, then
`python benchmarks/communities.py TRAFFIC`. Reads `TRAFFIC/truth` to judge, never to group.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
from scipy import sparse
from sknetwork.clustering import Leiden

from revenuer.behaviour import Profiles, profile
from revenuer.campaigns.communities import communities
from revenuer.campaigns.queues import LEAST_ENTITIES
from revenuer.engine import LocalEngine
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.pipeline import fingerprint
from revenuer.linkage.templates import Templates, find_templates
from revenuer.sources import open_traffic

I64 = npt.NDArray[np.int64]
RESOLUTIONS = (0.5, 1.0, 2.0, 5.0)
LEAST_TEMPLATES = 3
LEAST_SHARE = 0.1


@dataclass(frozen=True)
class Row:
    """How one grouping of templates fares."""

    method: str
    seconds: float
    groups: int
    glued: int
    largest: str
    ordinary: int


def world(traffic: Path) -> tuple[Templates, Profiles]:
    """Templates and profiles of a traffic directory, as a scan makes them."""
    with LocalEngine(memory="2GB") as engine:
        opened = open_traffic(traffic)
        prints = fingerprint(engine, opened, CapabilityModel.load(), lambda *_: None)
        profiles = profile(engine, prints.rows, opened.accounts())
        return find_templates(engine, prints.rows, profiles), profiles


def campaigns_of(traffic: Path, profiles: Profiles) -> list[str]:
    """The true campaign of each account, "" for none."""
    truth = pq.read_table(traffic / "truth" / "accounts.parquet")
    known = dict(zip(truth["account_id"].to_pylist(), truth["campaign"].to_pylist(), strict=True))
    return [known.get(account) or "" for account in profiles.ids.tolist()]


def leiden(templates: Templates, chosen: I64, accounts: int, resolution: float) -> list[I64]:
    """Leiden on the biadjacency matrix of accounts and templates; the groups of its columns."""
    held = np.isin(templates.edge_template, chosen)
    weight = np.minimum(templates.edge_exchanges[held], 10).astype(np.float64)
    matrix = sparse.csr_matrix(
        (weight, (templates.edge_account[held], np.searchsorted(chosen, templates.edge_template[held]))),
        shape=(accounts, len(chosen)),
    )
    fitted = Leiden(resolution=resolution, random_state=0)
    fitted.fit(matrix, force_bipartite=True)
    return [chosen[fitted.labels_col_ == label] for label in np.unique(fitted.labels_col_)]


def held_by(templates: Templates, group: I64, campaign: list[str]) -> Counter[str]:
    """Requests of the group's templates by true campaign, "" for everybody else; an account speaks ten times a template."""
    inside = np.isin(templates.edge_template, group)
    counts: Counter[str] = Counter()
    for account, n in zip(templates.edge_account[inside], templates.edge_exchanges[inside], strict=True):
        counts[campaign[account]] += min(int(n), 10)
    return counts


def judged(method: str, seconds: float, groups: list[I64], templates: Templates, campaign: list[str]) -> Row:
    """Groups of some size: how many hold several campaigns, and how many ordinary accounts sit with campaigns."""
    glued, ordinary, largest = 0, 0, (0, "")
    for group in (group for group in groups if len(group) >= LEAST_TEMPLATES):
        counts = held_by(templates, group, campaign)
        total = counts.total()
        several = sorted(name for name, n in counts.items() if name and n >= LEAST_SHARE * total)
        if not several:
            continue
        glued += len(several) > 1
        users = np.unique(templates.edge_account[np.isin(templates.edge_template, group)])
        ordinary += sum(not campaign[account] for account in users)
        largest = max(largest, (len(group), "+".join(several)))
    return Row(method, seconds, len(groups), glued, f"{largest[0]} templates: {largest[1]}", ordinary)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traffic", type=Path, help="traffic directory with truth")
    traffic = parser.parse_args().traffic
    templates, profiles = world(traffic)
    campaign = campaigns_of(traffic, profiles)
    chosen = np.flatnonzero(templates.entities >= LEAST_ENTITIES)
    communities(templates, chosen[:2], len(profiles))  # compiled before it is timed
    print(f"{traffic}: {len(profiles)} accounts, {len(chosen)} templates, {len(templates.edge_account)} edges")
    print(f"{'method':18} {'s':>5} {'groups':>6} {'glued':>5} {'ordinary':>8}  largest group with a campaign in it")
    started = time.perf_counter()
    groups = communities(templates, chosen, len(profiles))
    rows = [judged("agglomeration", time.perf_counter() - started, groups, templates, campaign)]
    for resolution in RESOLUTIONS:
        started = time.perf_counter()
        groups = leiden(templates, chosen, len(profiles), resolution)
        rows.append(judged(f"Leiden {resolution:g}", time.perf_counter() - started, groups, templates, campaign))
    for row in rows:
        print(f"{row.method:18} {row.seconds:5.1f} {row.groups:6} {row.glued:5} {row.ordinary:8}  {row.largest}")


if __name__ == "__main__":
    main()
