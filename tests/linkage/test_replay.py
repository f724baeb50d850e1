"""Reasoning blocks that come back from somebody else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from life_worlds import fingerprints, world
from revenuer.findings import Evidence
from revenuer.linkage.replay import STRONGEST, find_returned, mark_replays, replay_evidence

GROUP, EVERYBODY = 12, 60


def lives(*, to: int = 1, session: bool = True, resume: bool = False, own: bool = False) -> dict[str, Any]:
    """Everybody gets a block and sends it back; members of the group send that of the member `to` places on.

    Args:
        to: 0 for their own.
        session: whether sessions are known.
        resume: everybody outside sends the own block in a new conversation.
        own: members send the foreign block in the very conversation it was given out in.
    """
    who = np.arange(EVERYBODY)
    source = np.where(who < GROUP, (who + to) % GROUP, who)
    later = np.where((source != who) & (not own), who + 1_000, source)
    later = np.where((who >= GROUP) & resume, who + 2_000, later)
    return {
        "accounts": [*who, *who],
        "hours": [*np.zeros(EVERYBODY), *np.full(EVERYBODY, 5.0)],
        "session": np.concatenate([who, later]) + 1 if session else np.zeros(2 * EVERYBODY, np.int64),
        "issued": np.concatenate([who + 1, np.zeros(EVERYBODY, np.int64)]),
        "refs": [[]] * EVERYBODY + [[int(block) + 1] for block in source],
    }


def found(lived: dict[str, Any], **columns: Any) -> Evidence | None:
    with world(fingerprints(**(lived | columns))) as w:
        return replay_evidence(find_returned(w.engine, w.rows, w.profiles), w.profiles, np.arange(GROUP))


@pytest.mark.parametrize("session", [True, False])
def test_blocks_of_other_members_are_a_replay(*, session: bool):
    """Each member sends the next one's block back; whether conversations are known makes no difference."""
    evidence = found(lives(session=session))
    assert evidence is not None
    assert (evidence.channel, evidence.strength, evidence.accounts) == ("replay", STRONGEST, GROUP)
    assert evidence.fact.startswith("12 of the 12 account owners")
    assert "of everybody else 0 of 48" in evidence.fact


def test_the_own_block_is_no_replay():
    """Neither in its conversation nor in another one of the account, as when a session is resumed."""
    assert found(lives(to=0)) is None
    lived = lives(to=0)
    lived["session"] = np.concatenate([np.arange(EVERYBODY), np.arange(EVERYBODY) + 500]) + 1
    assert found(lived) is None


def test_accounts_of_one_owner_may_share_blocks():
    """A router's sessions move among the accounts of its organisation."""
    org = np.where(np.arange(EVERYBODY) < GROUP, 7, 0)
    assert found(lives(), org=np.concatenate([org, org])) is None


def test_a_conversation_carried_to_another_account_is_no_replay():
    """A pool that balances its customers' conversations sends their blocks along."""
    assert found(lives(own=True)) is None


def test_what_everybody_does_is_no_evidence():
    """Where all owners send blocks of others, those of the group are nothing."""
    who = np.arange(EVERYBODY)
    common = np.concatenate([(who[:GROUP] + 1) % GROUP, GROUP + (who[GROUP:] - GROUP + 1) % (EVERYBODY - GROUP)])
    lived = lives() | {"refs": [[]] * EVERYBODY + [[int(block) + 1] for block in common]}
    lived["session"] = np.concatenate([who, who + 1_000]) + 1
    evidence = found(lived)
    assert evidence is None or evidence.strength < 0.2


def test_a_pair_of_owners_is_no_group():
    """Two who pass one block back and forth are friends."""
    lived = lives(to=0)
    lived["refs"][EVERYBODY], lived["refs"][EVERYBODY + 1] = [2], [1]
    lived["session"] = np.arange(2 * EVERYBODY) + 1
    assert found(lived) is None


def test_blocks_from_before_the_traffic_are_unknown():
    """Where a block was given out was not seen, so nothing is said."""
    lived = lives() | {"issued": np.zeros(2 * EVERYBODY, np.int64)}
    assert found(lived) is None


def test_exchanges_with_a_foreign_block_are_marked():
    """Each exchange stays one row; those that send back another owner's block bear the mark, also among other blocks."""
    lived = lives()
    lived["refs"][EVERYBODY] = [1, 2, 99_999]
    with world(fingerprints(**lived)) as w:
        marked = mark_replays(w.rows, find_returned(w.engine, w.rows, w.profiles))
        table = w.engine.collect(marked.select("draw", "replays").order_by("draw"))
        assert marked.columns == (*w.rows.columns, "replays")
    assert table["draw"].to_pylist() == list(range(1, 2 * EVERYBODY + 1))
    assert np.flatnonzero(table["replays"].to_numpy(zero_copy_only=False)).tolist() == list(range(60, 72))
