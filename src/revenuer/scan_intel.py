"""Peers' indicators held against a scan's templates, networks and mail domains: hints for verdicts, and sightings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.behaviour import Profiles
from revenuer.campaigns.queues import LEAST_ENTITIES, Queue
from revenuer.campaigns.tasks import tasklike
from revenuer.campaigns.verdict import Verdict
from revenuer.errors import ConfigError
from revenuer.fingerprint.frames import FrameLibrary
from revenuer.linkage.infrastructure import Traces
from revenuer.linkage.templates import KINDS, Templates
from revenuer.sharing import Secret, secret_of
from revenuer.sharing.intel_prior import Hit, intel_prior, weight
from revenuer.sharing.intel_store import Held, IntelStore
from revenuer.sharing.sketch import alike, core_bands
from revenuer.text.networks import hash_networks
from revenuer.text.tokens import hash_strings

__all__ = ["INTEL_FILE", "Hints", "Intel", "Sighting", "open_intel"]

I64 = npt.NDArray[np.int64]

# Members of a queue that must be seen on a peer's networks, or with its mail domains, for that to say anything of it.
LEAST_MEMBERS: Final = 3
LEAST_SHARE: Final = 0.1
INTEL_FILE: Final = "intel.json"


class Sighting(msgspec.Struct, frozen=True):
    """A peer's campaign of which something is seen here.

    Attributes:
        source: the peer.
        campaign: its id of the campaign.
        indicators: ids of those that match.
        templates, accounts, owners, exchanges: what matches here, by its templates.
        alarm: whether four owners or more send templates of it that read like tasks: a reason to look, no verdict.
    """

    source: str
    campaign: str
    indicators: tuple[str, ...]
    templates: int
    accounts: int
    owners: int
    exchanges: int
    alarm: bool


@dataclass(frozen=True, slots=True)
class Intel:
    """Peers' indicators, and the secret by which their templates can be told."""

    held: list[Held]
    secret: Secret | None

    def look_up(
        self, libraries: Mapping[str, FrameLibrary], templates: Templates, profiles: Profiles, found: Traces
    ) -> Hints:
        """Hold them against a scan.

        Args:
            libraries: frames of `prompt` and `system`, none where they are under a secret of their own.
            templates: of the traffic.
            profiles: of all accounts; the last exchange is the time at which indicators are weighed.
            found: the traces that accounts leave.
        """
        at = datetime.fromtimestamp(int(profiles.last.max(initial=0)) / 1e6, UTC)
        worth = [(one, weight(one, at)) for one in self.held]
        live = [(one, value) for one, value in worth if value > 0.0]
        by_template: dict[int, list[Hit]] = {}
        for one, number in _template_matches(live, self.secret, libraries, templates):
            by_template.setdefault(number, []).append(one)
        return Hints(templates, profiles, by_template, list(_place_matches(live, profiles, found)))


@dataclass(frozen=True, slots=True)
class Hints:
    """What of peers' indicators is seen in a scan.

    Attributes:
        by_template: the indicators that each template matches, by its index.
        places: the accounts that were seen on networks, or with mail domains, of an indicator.
    """

    templates: Templates
    profiles: Profiles
    by_template: Mapping[int, list[Hit]]
    places: list[tuple[Hit, I64]]

    def prior(self, queue: Queue) -> float:
        """What peers' indicators add to the log10 odds of a queue, before its verdict bounds it."""
        return intel_prior(self.hits(queue))

    def hits(self, queue: Queue) -> list[Hit]:
        """The indicators that a queue's tasks or members match."""
        tasks = queue.templates[queue.tasks].tolist()
        hits = [hit for task in tasks for hit in self.by_template.get(task, ())]
        least = max(LEAST_MEMBERS, LEAST_SHARE * len(queue.accounts))
        return hits + [hit for hit, users in self.places if np.isin(users, queue.accounts).sum() >= least]

    def write(self, out: Path, queues: list[Queue], verdicts: list[Verdict], ids: Mapping[str, int]) -> None:
        """Write `intel.json`: what is seen, and which campaigns owe peers something.

        Args:
            out: the findings directory.
            queues: all of them, with their `verdicts`.
            verdicts: of the queues.
            ids: number of the queue of each campaign.
        """
        held = {name: sorted({hit.indicator for hit in self.hits(queues[number])}) for name, number in ids.items()}
        added = {
            name: {"added": verdicts[ids[name]].hint, "indicators": found} for name, found in held.items() if found
        }
        document = {"schema": 1, "sightings": self.sightings(), "campaigns": added}
        (out / INTEL_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")

    def sightings(self) -> list[Sighting]:
        """What is seen of each peer's campaign, by peer and campaign."""
        seen: dict[tuple[str, str], tuple[set[str], set[int]]] = {}
        for number, hits in self.by_template.items():
            for hit in hits:
                ids, numbers = seen.setdefault((hit.source, hit.campaign), (set(), set()))
                ids.add(hit.indicator)
                numbers.add(number)
        for hit, users in self.places:
            if len(users) >= LEAST_MEMBERS:
                seen.setdefault((hit.source, hit.campaign), (set(), set()))[0].add(hit.indicator)
        return [self._sighting(*key, *seen[key]) for key in sorted(seen)]

    def _sighting(self, source: str, campaign: str, ids: set[str], numbers: set[int]) -> Sighting:
        wanted = np.array(sorted(numbers), np.int64)
        accounts, owners, exchanges = self._users(wanted)
        like = wanted[tasklike(self.templates)[wanted]]
        return Sighting(
            source=source,
            campaign=campaign,
            indicators=tuple(sorted(ids)),
            templates=len(wanted),
            accounts=accounts,
            owners=owners,
            exchanges=exchanges,
            alarm=self._users(like)[1] >= LEAST_ENTITIES,
        )

    def _users(self, wanted: I64) -> tuple[int, int, int]:
        edges = np.isin(self.templates.edge_template, wanted)
        accounts = np.unique(self.templates.edge_account[edges])
        owners = np.unique(self.profiles.entity[accounts])
        return len(accounts), len(owners), int(self.templates.exchanges[wanted].sum())


def open_intel(store: Path | None, key: Path | None) -> Intel | None:
    """The indicators of a store; None without one.

    Raises:
        InputError: no such store.
        ConfigError: a secret that cannot be read, or that is not the one of any template held, or without a store.
    """
    if store is None:
        if key is not None:
            raise ConfigError("--intel-key is of use with --intel only")
        return None
    held = IntelStore(store).held()
    secret = None if key is None else secret_of(key)
    names = {one.indicator.key_name for one in held if one.indicator.channel == "template"}
    if secret is not None and names and secret.name not in names:
        raise ConfigError(f"--intel-key {key}: none of the templates in {store} is under this secret")
    return Intel(held, secret)


def _template_matches(
    live: list[tuple[Held, float]], secret: Secret | None, libraries: Mapping[str, FrameLibrary], templates: Templates
) -> Iterator[tuple[Hit, int]]:
    """Indicators and the indices of the templates that they match."""
    wanted = [
        (_hit(one, value), one.indicator.values)
        for one, value in live
        if secret is not None and one.indicator.channel == "template" and one.indicator.key_name == secret.name
    ]
    if secret is None or not wanted:
        return
    for kind, name in (("prompt_frame", "prompt"), ("system_frame", "system")):
        if (library := libraries.get(name)) is None:
            continue
        known = dict(zip(library.ids.tolist(), core_bands(library.cores, secret), strict=True))
        for number in np.flatnonzero(templates.kind == KINDS.index(kind)).tolist():
            own = known.get(int(templates.ids[number]), ())
            yield from ((hit, number) for hit, bands in wanted if alike(own, bands))


def _place_matches(live: list[tuple[Held, float]], profiles: Profiles, found: Traces) -> Iterator[tuple[Hit, I64]]:
    """Indicators of networks and mail domains, and the accounts that were seen there."""
    for one, value in live:
        values = pa.array([text.split("/")[0] for text in one.indicator.values if ":" not in text], pa.string())
        if one.indicator.channel == "network":
            nets = hash_networks(values)
            users = [found.account["net"][np.isin(found.value["net"], nets)], _signed_up(profiles, "signup_net", nets)]
        elif one.indicator.channel == "domain":
            users = [_signed_up(profiles, "email_domain", hash_strings(values))]
        else:
            continue
        seen = np.unique(np.concatenate(users))
        if len(seen):
            yield _hit(one, value), seen


def _signed_up(profiles: Profiles, column: str, values: I64) -> I64:
    known = profiles.signup[column]
    return np.flatnonzero(np.isin(known, values) & (known != 0))


def _hit(one: Held, value: float) -> Hit:
    return Hit(one.source, one.indicator.campaign, one.indicator.channel, one.indicator.id, value)
