"""The ordinary majority: people, the firms they work for, and developers' programs."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from revenuer.simulate.habits import browse, heavy_counts
from revenuer.simulate.identity import Cohort, Identity, enrol
from revenuer.simulate.requests import Group, Requests, joined, retried
from revenuer.simulate.rhythm import habit_times, replayed_times
from revenuer.simulate.texts.frames import PUBLIC
from revenuer.simulate.texts.grammar import say
from revenuer.simulate.texts.lexicon import DOMAINS
from revenuer.simulate.texts.writing import fill
from revenuer.simulate.world import World, hex_ids

__all__ = ["Batch", "batches", "late_signups", "majority"]

Ints = NDArray[np.int64]

_PROGRAM: Final = Identity(
    clients={"sdk": 1.0}, plan={"api": 0.85, "enterprise": 0.15}, networks={"hosting": 0.7, "office": 0.3}
)
# One prompt of a developer's program, which it sends all day.
_TEMPLATES: Final = (
    "{You receive|Here is|Given} {a|one} {record|entry|message} from {our|the} <n> {shop|clinic|school|depot|agency|studio|forum|club}. {Reply|Answer} {in|with} {one|two|three} {sentence|sentences|lines}{| for <r>s}{.|, naming the <n>.}\n\n<item>",
    "{Task|Job}: {tidy|sort|tag|shorten|answer|route} {the|this} {text|note|query|ticket} for {the|our} <a> <n> {newsletter|dashboard|helpdesk|archive|app}. {Keep|Use} {a warm|a plain|our usual|a brief} tone{.| and mention <P>.}\n<item>",
    "<item>\n\n{Respond|Answer} as {JSON|plain text|markdown|HTML} {suited to|for} {our|the} <P> {mobile|web|internal|partner} {page|screen|tool}{; fields: <n>, <n>, <n>|, {no|max.} <d> {words|lines}|}.",
    "{Context|Background}: {user|visitor|<r>} {asked|wrote} {today|just now} {about|near} {the|a} <n>.\n{Message|Text}: <item>\n{Write|Draft} {the|a} {reply|summary|label|title} {that|which} {<v>s|names} the <n>.",
    "{<P>|<Q>} {assistant|bot|pipeline} v<d>.<d>: {read|take} the {input|payload} and {return|produce} {<n>, <n> and <n>|the <a> <n>|a <n> for <r>s}.\n{input|payload|text}: <item>",
    "{As|For} {the|a} <r>, {decide|say} {whether|if} {this|the text} {concerns|mentions} {a <n>|the <a> <n>|<n> or <n>}{. Answer yes or no.|, with a reason.|; quote the part.}\n'<item>'",
)  # fmt: skip


def late_signups(group: Group, rng: np.random.Generator, share: float) -> None:
    """Some accounts signed up within the window, shortly before their first request."""
    first = np.full(group.cohort.size, np.inf)
    np.minimum.at(first, group.requests.who, group.requests.at)
    chosen = np.flatnonzero((rng.random(group.cohort.size) < share) & np.isfinite(first))
    created = group.cohort.table["created_at"]
    for row, ago in zip(chosen.tolist(), rng.exponential(3_600, len(chosen)).tolist(), strict=True):
        created[row] = first[row] - ago - 30


def _firms(cohort: Cohort, world: World, rng: np.random.Generator) -> None:
    """A fifth of the people are colleagues: one organisation, mail domain, bill and office network for each firm."""
    people = rng.permutation(cohort.size)[: cohort.size // 5]
    at = 0
    while at < len(people):
        rows = people[at : at + 2 + int(min(rng.pareto(1.1) * 3, 60))]
        at += len(rows)
        org, card = hex_ids(rng, 1, "org_", 12)[0], hex_ids(rng, 1, "pay_", 16)[0]
        office = world.addresses(rng, "office", 1 + len(rows) // 20)
        device = rng.random() < 0.15
        for row in rows.tolist():
            cohort.table["org_id"][row] = org
            cohort.table["email_domain"][row] = f"{org[-8:]}.example"
            cohort.table["payment_fingerprint"][row] = card
            cohort.table["payment_kind"][row] = "invoice" if len(rows) > 5 else "card"
            cohort.addresses[row, :4] = office[rng.integers(0, len(office), 4)]
            cohort.table["signup_ip"][row] = cohort.addresses[row, 0]
            if device:
                # A shared workstation.
                cohort.table["device_fingerprint"][row] = cohort.table["device_fingerprint"][int(rows[0])]


def _households(cohort: Cohort, rng: np.random.Generator) -> None:
    """A tenth of the people live together: one card, one home, at times one device."""
    people = rng.permutation(cohort.size)[: cohort.size // 10]
    at = 0
    while at < len(people):
        home, *others = people[at : at + int(rng.integers(2, 5))].tolist()
        at += 1 + len(others)
        for row in others:
            for name in ("payment_fingerprint", "payment_kind", "signup_ip"):
                cohort.table[name][row] = cohort.table[name][home]
            cohort.addresses[row, :3] = cohort.addresses[home, :3]
            if rng.random() < 0.5:
                cohort.table["device_fingerprint"][row] = cohort.table["device_fingerprint"][home]


def _units(n: int, rng: np.random.Generator) -> Ints:
    """The program that each account runs: mostly one each, some run by two to five accounts of an organisation."""
    sizes = np.where(rng.random(n) < 0.12, rng.integers(2, 6, n), 1)
    return np.repeat(np.arange(n), sizes)[:n]


def _share_firm(cohort: Cohort, unit: Ints) -> None:
    """Accounts of one program belong to one organisation, with one bill and one egress."""
    for row in np.flatnonzero(np.diff(unit, prepend=-1) == 0).tolist():
        for name in ("org_id", "email_domain", "payment_fingerprint", "payment_kind"):
            cohort.table[name][row] = cohort.table[name][row - 1]
        cohort.addresses[row], cohort.clients[row] = cohort.addresses[row - 1], cohort.clients[row - 1]
        cohort.table["signup_ip"][row] = cohort.addresses[row, 0]


class _Program:
    """A developer's program: a template, a system prompt, a few topics, an hour of day or a measured rhythm."""

    def __init__(self, world: World, dice: random.Random) -> None:
        domain = dice.choice(tuple(DOMAINS.values()))
        self.kind = dice.choice(("support", "qa", "translation", "writing", "chat", "coding"))
        draw = dice.random()
        self.template = "<item>"
        if draw < 0.18:
            self.template = dice.choice(PUBLIC)
        elif draw < 0.7:
            self.template = say(dice.choice(_TEMPLATES), domain, dice)
        self.users = dice.randint(5, 400) if dice.random() < 0.2 else 0
        systems = world.texts.systems()
        self.system = systems[dice.randrange(len(systems))] if dice.random() < 0.7 else None
        self.source = world.texts.ordinary(self.kind)
        self.topics = dice.sample(list(self.source.topics), min(3, len(self.source.topics)))
        curves = world.texts.curves()
        self.curve = curves[dice.randrange(len(curves))] if curves and dice.random() < 0.7 else None
        self.habit = dice.choice(("office", "day", "service", "flat"))


def _runs(
    world: World, program: _Program, zone: float, count: int, streams: tuple[np.random.Generator, random.Random]
) -> Requests:
    """The requests of one account that runs a program; the account is filled in by the caller."""
    rng, dice = streams
    if program.curve is not None:
        at = replayed_times(rng, world, count, program.curve)
    else:
        whole = np.zeros(count), np.full(count, world.length - 1)
        at = habit_times(rng, world, np.repeat(program.habit, count), np.full(count, zone), whole)
    texts = [program.source.draw(dice, program.topics)[0] for _ in range(count)]
    zeros = np.zeros(count, dtype=np.int64)
    requests = Requests(
        zeros.copy(), np.sort(at), np.arange(count), zeros, [program.kind] * count, zeros.astype(bool),
        [fill(program.template, {"item": t.prompt}) for t in texts], [program.system] * count, [t.response for t in texts],
    )  # fmt: skip
    if program.users:
        names = hex_ids(rng, program.users, "eu_", 12)
        requests.end_user = [dice.choice(names) for _ in range(count)]
    return requests


def _programs(world: World, n: int, counts: Ints, *key: object) -> Group:
    """Developers' programs."""
    rng, dice = world.rng("programs", *key), world.dice("programs", *key)
    cohort = enrol(world, _PROGRAM, n, "programs", *key)
    unit = _units(n, rng)
    _share_firm(cohort, unit)
    parts, program = [], _Program(world, dice)
    for owner, count in enumerate(counts.tolist()):
        if owner and unit[owner] != unit[owner - 1]:
            program = _Program(world, dice)
        parts.append(_runs(world, program, float(cohort.zone[owner]), count, (rng, dice)))
        parts[-1].who[:] = owner
    whole = joined(parts)
    group = Group("ordinary", None, cohort, joined([whole, *retried(whole, rng, 0.004)]))
    late_signups(group, rng, 0.04)
    return group


def _people(world: World, n: int, exchanges: int, batch: int) -> Group:
    """People with habits; some are colleagues, some signed up just now, some fell foul of other rules."""
    rng = world.rng("people", batch)
    cohort = enrol(world, replace(Identity()), n, "people", batch)
    _households(cohort, rng)
    _firms(cohort, world, rng)
    group = Group("ordinary", None, cohort, browse(world, cohort, heavy_counts(rng, n, exchanges), "people", batch))
    late_signups(group, rng, 0.07)
    for row in rng.choice(n, int(n * 0.006), replace=False).tolist():
        group.enforcement.append(
            (row, float(rng.uniform(0, world.length)), str(rng.choice(["ban", "limit", "verify"])))
        )
    return group


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of the majority of bounded size: its number, accounts and exchanges."""

    number: int
    accounts: int
    exchanges: int


def batches(accounts: int, exchanges: int) -> list[Batch]:
    """The majority in parts of five to ten thousand accounts, or of fewer that send more."""
    count = max(1, accounts // 5_000, exchanges // 400_000)
    return [
        Batch(n, accounts // count + (n < accounts % count), exchanges // count + (n < exchanges % count))
        for n in range(count)
    ]


def majority(world: World, batch: Batch) -> list[Group]:
    """Developers' programs (6 % of the batch's accounts, 25 % of its traffic), and people."""
    programs = max(1, int(batch.accounts * 0.06))
    counts = heavy_counts(world.rng("ordinary", batch.number), programs, batch.exchanges // 4, sigma=1.3)
    machines = _programs(world, programs, counts, batch.number)
    left = batch.exchanges - len(machines.requests.who)
    return [machines, _people(world, max(batch.accounts - programs, 10), left, batch.number)]
