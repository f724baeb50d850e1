"""A service that follows scan after scan knows what one knows that reads everything anew."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gateway_world import campaign

from revenuer.findings import Campaign
from revenuer.response.tasks import SYSTEM
from revenuer.service.loading import Loader, head_of
from revenuer.service.table import Table
from revenuer.state import AccountFound, State, entries, judge_campaign, open_state, record_scan

AT = "2027-01-15T08:00:00Z"
PEOPLE = [f"acct-{number}" for number in range(60)]
TASKS = [
    f"{SYSTEM if number % 4 == 3 else ''}{verb} the {thing} number {number} and say in a word what is wrong with it: {{…}}"
    for number, (verb, thing) in enumerate((v, t) for v in ("Grade", "Rewrite", "Explain") for t in ("essay", "proof"))
]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """An empty state."""
    opened = open_state(str(tmp_path / "state.db"))
    yield opened
    opened.close()


def drawn(dice: random.Random, number: int) -> list[Campaign]:
    """Two campaigns that may share people and tasks with those of earlier scans, or join them."""
    made = []
    for name in ("a", "b"):
        first = dice.randrange(50)
        one = campaign(PEOPLE[first : first + dice.randrange(3, 25)], dice.sample(TASKS, dice.randrange(1, 4)))
        made.append(replace(one, campaign_id=f"C-{number}-{name}", confidence=round(dice.random(), 3)))
    return made


def scanned(state: State, dice: random.Random, number: int) -> None:
    """Record a scan that flags, frees and leaves alone; now and then a person judges."""
    campaigns = drawn(dice, number)
    of = {account: one.campaign_id for one in campaigns for account in one.account_ids}
    found = [
        AccountFound(one, of.get(one), 0.9, one in of, dice.choice((0.5, 0.8)), dice.choice((None, 0.4)))
        for one in dice.sample(PEOPLE, 40)
    ]
    ids = record_scan(state, campaigns, found, at=AT).ids
    if number % 3 == 2:
        judge_campaign(state, dice.choice(sorted(ids.values())), verdict="dismissed", person="Ada", at=AT)


def told(table: Table) -> list[object]:
    """All that a decision may rest on."""
    columns = [getattr(table.accounts, name).tolist() for name in ("keys", "share", "share_low", "campaign")]
    nobody = np.empty(0, np.int64)
    carried = [
        [book.look(text.removeprefix(SYSTEM).replace("{…}", "x"), 0, nobody)[1] for text in TASKS]
        for book in (table.prompts, table.systems)
    ]
    return [*columns, table.keys.tolist(), table.campaigns, dict(table.by_id), carried]


@pytest.mark.parametrize("seed", range(4))
def test_following_is_reading_anew(state: State, seed: int) -> None:
    """After every scan: standing, campaigns with their numbers and aliases, and whose task each prompt is."""
    dice, loader = random.Random(seed), Loader()  # noqa: S311
    with state.read() as connection:
        table, seen = loader.whole(connection, AT), head_of(connection)
    for number in range(6):
        scanned(state, dice, number)
        with state.read() as connection:
            fresh = [one.subject for one in entries(connection, seen) if one.action == "scan.record"]
            table, seen = loader.after_scans(connection, AT, table, fresh), head_of(connection)
            assert told(table) == told(Loader().whole(connection, AT))
    assert len(table.accounts.keys) > 1
    assert len({number for book in (table.prompts, table.systems) for number in book.owners.tolist()}) > 1
