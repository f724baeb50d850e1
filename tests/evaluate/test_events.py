"""Pivots and successions, from traffic whose moves are known."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_worlds import Asked, Someone, Tiny, found_campaign

from revenuer.evaluate import Evaluation, Events, evaluate
from revenuer.findings import Pivot, Succession

RELEASE = 200.0


def moving(share: float, from_hour: float, *named: str, campaign: str = "K1") -> Tiny:
    """A campaign of one exchange an hour for 300 h, of which `share` moves to "new" `from_hour` after its release."""
    exchanges = []
    for hour in range(300):
        moved = hour >= RELEASE + from_hour and (hour * share) % 1 < share
        exchanges.append(Asked("a1", hour + 0.5, model="new" if moved else "old", true="coding"))
    pivots = [Pivot(model, "2026-03-09T08:00:00Z", 0.0, share, 24.0) for model in named]
    people = [Someone("a1", "A1", "A1-1", campaign, flagged=True, risk=1.0)]
    return Tiny(
        people, exchanges, [found_campaign(campaign, ["a1"], pivots=pivots)], releases={"new": RELEASE, "never": 100}
    )


def pivots(world: Tiny, root: Path) -> tuple[int, int, int]:
    """Pivots found, true pivots, spurious ones."""
    events = evaluate(*world.write(root)).campaigns.pivots
    assert events is not None
    return events.found.hits, events.found.total, events.spurious


@pytest.mark.parametrize(
    ("share", "from_hour", "true"),
    [(1.0, 0, 1), (0.5, 2, 1), (1.0, 21, 1), (0.5, 12, 1), (0.1, 0, 0), (1.0, 30, 0), (0.0, 0, 0)],
)
def test_a_move_within_a_day_by_a_fifth_is_a_pivot(share: float, from_hour: float, true: int, tmp_path: Path) -> None:
    """A large move that begins within 24 h of the release is a pivot; a small or a late one is not."""
    assert pivots(moving(share, from_hour), tmp_path) == (0, true, 0)


def test_a_pivot_is_found_when_its_model_is_named(tmp_path: Path) -> None:
    """The right model counts as found, another one as spurious."""
    assert pivots(moving(1.0, 2, "new", "never"), tmp_path) == (1, 1, 1)


def test_a_pivot_of_a_campaign_that_is_no_piece_of_a_true_one_is_spurious(tmp_path: Path) -> None:
    """Naming a pivot for a campaign of innocents does not find the pivot of another."""
    people = [Someone("a1", "A1", "A1-1"), Someone("o1", found="K9", flagged=True)]
    world = moving(1.0, 2)
    innocents = found_campaign("K9", ["o1"], pivots=[Pivot("new", "2026-03-09T08:00:00Z", 0.0, 1.0, 2.0)])
    moved = Tiny(people, [*world.asked, Asked("o1")], [innocents], releases=world.releases)
    assert pivots(moved, tmp_path) == (0, 1, 1)


def pools(first_pool: int, second_pool: int, gap_hours: float, banned: tuple[str, ...] = ()) -> Tiny:
    """A pool that is banned at hour 100 and a second one that begins `gap_hours` later; `banned` is reported."""
    old = [f"a{i}" for i in range(first_pool)]
    new = [f"b{i}" for i in range(second_pool)]
    people = [Someone(name, "A5", "A5-1", "K1", flagged=True, risk=1.0) for name in [*old, *new]]
    exchanges = [Asked(name, 10.0, true="coding") for name in old]
    exchanges += [Asked(name, 100.5 + gap_hours, true="coding") for name in new]
    reported = [Succession(banned, tuple(new), "2026-03-05T04:00:00Z")] if banned else []
    campaign = found_campaign("K1", [*old, *new], successions=reported)
    return Tiny(people, exchanges, [campaign], bans=[(name, 100.0 + i / 100) for i, name in enumerate(old)])


def successions(evaluation: Evaluation) -> tuple[int, int, int]:
    events = evaluation.campaigns.successions
    assert isinstance(events, Events)
    return events.found.hits, events.found.total, events.spurious


@pytest.mark.parametrize(
    ("first", "second", "gap", "true"),
    [(3, 3, 24, 1), (3, 3, 24 * 6, 1), (2, 3, 24, 0), (3, 2, 24, 0), (3, 3, 24 * 8, 0)],
)
def test_three_banned_and_three_new_within_a_week_are_a_succession(
    first: int, second: int, gap: float, true: int, tmp_path: Path
) -> None:
    """Fewer bans, fewer successors or a longer wait are none."""
    assert successions(evaluate(*pools(first, second, gap).write(tmp_path))) == (0, true, 0)


def test_a_succession_is_found_when_a_banned_account_is_named(tmp_path: Path) -> None:
    """Naming one account of the wave finds the succession; the true campaign shows it too."""
    evaluation = evaluate(*pools(3, 3, 24, ("a0",)).write(tmp_path))
    assert successions(evaluation) == (1, 1, 0)
    found = evaluation.campaigns.true_campaigns[0].successions
    assert found is not None
    assert (found.hits, found.total) == (1, 1)


def test_a_succession_of_accounts_that_were_not_banned_is_spurious(tmp_path: Path) -> None:
    """Naming successors as the banned does not find the wave."""
    assert successions(evaluate(*pools(3, 3, 24, ("b0",)).write(tmp_path))) == (0, 1, 1)


def test_bans_days_apart_are_two_waves(tmp_path: Path) -> None:
    """Two waves of three, each with three accounts that begin after it, are two successions."""
    world = pools(3, 3, 24)
    third = [Someone(f"c{i}", "A5", "A5-1") for i in range(3)]
    bans = [*world.bans, *((f"b{i}", 200.0) for i in range(3))]
    exchanges = [*world.asked, *(Asked(p.account, 220.0, true="coding") for p in third)]
    campaigns = [found_campaign("K1", [f"{c}{i}" for c in "ab" for i in range(3)])]
    evaluation = evaluate(*Tiny([*world.people, *third], exchanges, campaigns, bans=bans).write(tmp_path))
    assert successions(evaluation) == (0, 2, 0)


def test_without_a_record_events_are_not_judged(tmp_path: Path) -> None:
    """Traffic without releases and enforcement leaves both unjudged and says so."""
    findings, truth = pools(3, 3, 24).write(tmp_path)
    for name in ("releases", "enforcement"):
        (truth.parent / f"{name}.parquet").unlink()
    evaluation = evaluate(findings, truth)
    assert (evaluation.campaigns.pivots, evaluation.campaigns.successions) == (None, None)
    assert len(evaluation.inputs.notes) == 2
