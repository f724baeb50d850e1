"""The example world, figure by figure, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sklearn.metrics import adjusted_rand_score
from tiny_worlds import Someone, Tiny, asked, example, found_campaign

from revenuer.evaluate import AccusedGroup, Evaluation, Proportion, evaluate


def hits(rate: Proportion) -> tuple[int, int]:
    return rate.hits, rate.total


def all_hits(rates: dict[str, Proportion] | None) -> dict[str, tuple[int, int]]:
    return {name: hits(rate) for name, rate in (rates or {}).items()}


def test_recall_counts_accounts_from_five_and_from_one_extraction_exchange(evaluated: Evaluation) -> None:
    """An account with a single extraction exchange counts at one and not at five."""
    five, one = evaluated.accounts.detection
    assert (five.at_least, hits(five.recall)) == (5, (3, 4))
    assert (one.at_least, hits(one.recall)) == (1, (3, 5))
    assert all_hits(one.by_archetype) == {"A1": (2, 3), "A4": (1, 2)}
    assert all_hits(one.by_campaign) == {"A1-1": (2, 3), "A4-1": (1, 2)}
    assert five.campaign_mean.mean == pytest.approx(0.75)


def test_false_positives_are_counted_over_legitimate_accounts_by_label(evaluated: Evaluation) -> None:
    """Ordinary accounts and workloads each have their own rate, and attackers are in none."""
    assert hits(evaluated.accounts.false_positive_rate) == (1, 5)
    assert all_hits(evaluated.accounts.false_positives) == {"L3": (1, 3), "ordinary": (0, 2)}
    assert hits(evaluated.accounts.precision) == (3, 4)


def test_a_legitimate_group_inside_a_campaign_is_named(evaluated: Evaluation) -> None:
    """Three accounts of one workload in one campaign accuse the workload, flagged or not."""
    assert evaluated.accounts.groups_flagged == {"L3": 1}
    assert evaluated.accounts.groups_accused == (AccusedGroup("L3", "K2", 3, 0.75),)


def test_two_accounts_do_not_make_a_group(tmp_path: Path) -> None:
    """Two legitimate accounts in a campaign are false positives, not an accused group."""
    world = example()
    people = [replace(p, found=None) if p.account == "l3" else p for p in world.people]
    campaigns = [world.campaigns[0], found_campaign("K2", ["b2", "l1", "l2"])]
    assert evaluate(*replace(world, people=people, campaigns=campaigns).write(tmp_path)).accounts.groups_accused == ()


def test_share_error_is_the_mean_distance_to_the_true_share(evaluated: Evaluation) -> None:
    """An account absent from the findings has a found share of zero."""
    attackers, legitimate = evaluated.accounts.share_error, evaluated.accounts.share_error_legitimate
    assert attackers is not None
    assert attackers.mean == pytest.approx((0 + 0 + 1 + 0.2 + 0.5) / 5)
    assert legitimate is not None
    assert legitimate.mean == pytest.approx(0.2 / 5)


def test_ranking_compares_the_risk_of_attackers_and_the_legitimate(evaluated: Evaluation) -> None:
    """Of 20 pairs of attacker and legitimate account, 18 stand in the right order."""
    ranking = evaluated.accounts.detection[0].ranking
    assert (ranking.positives, ranking.negatives) == (4, 5)
    assert ranking.roc_auc == pytest.approx(18 / 20)
    assert ranking.tpr_at_fpr_001 == pytest.approx(2 / 4)


def test_exchanges_are_counted_one_by_one(evaluated: Evaluation) -> None:
    """Fifteen of 21 extraction exchanges are marked, and six others."""
    level = evaluated.exchanges
    assert (hits(level.precision), hits(level.recall)) == ((15, 21), (15, 21))
    assert level.f1.value == pytest.approx(30 / 42)
    assert hits(level.false_positive_rate) == (6, 40)
    assert all_hits(level.by_archetype) == {"A1": (10, 11), "A4": (5, 10)}
    assert level.campaign_mean.mean == pytest.approx((10 / 11 + 5 / 10) / 2)


def test_ordinary_exchanges_of_an_attacker_that_are_marked_count_against_its_archetype(evaluated: Evaluation) -> None:
    """A reseller's genuine customer wrongly marked shows in the false positives of that archetype."""
    assert all_hits(evaluated.exchanges.false_positives) == {"A4": (1, 5), "L3": (5, 15), "ordinary": (0, 20)}


def test_capability_confusion_is_over_true_extraction_exchanges(evaluated: Evaluation) -> None:
    """F1 is averaged over the capabilities in the truth; exchanges not in the findings have a column of their own."""
    level = evaluated.exchanges.capability
    assert level.confusion == {
        "coding": {"chat": 5, "coding": 5},
        "reasoning": {"(absent)": 1, "coding": 5, "reasoning": 5},
    }
    assert hits(level.accuracy) == (10, 21)
    assert level.f1 == {"coding": pytest.approx(0.5), "reasoning": pytest.approx(0.625)}
    assert level.macro_f1 == pytest.approx(0.5625)


def test_campaigns_are_matched_by_accounts(evaluated: Evaluation) -> None:
    """One campaign in two pieces, one found campaign merging two, one mostly legitimate."""
    level = evaluated.campaigns
    assert (hits(level.recall), hits(level.precision)) == ((2, 2), (1, 2))
    assert (level.fragmented, level.merges) == (1, 1)
    assert hits(level.weighted_purity) == (3, 7)
    assert [(c.campaign, c.fragments, c.best_match, c.jaccard) for c in level.true_campaigns] == [
        ("A1-1", 1, "K1", 0.5),
        ("A4-1", 2, "K1", 0.25),
    ]
    assert [(c.campaign_id, c.accounts, c.legitimate, c.main_campaign, c.merged) for c in level.found_campaigns] == [
        ("K1", 3, 0, "A1-1", 2),
        ("K2", 4, 3, "A4-1", 1),
    ]
    assert level.mean_jaccard == pytest.approx(0.375)
    assert level.adjusted_rand == pytest.approx(adjusted_rand_score([0, 0, 0, 1, 1], [0, 0, 1, 0, 2]))


def test_profile_error_is_against_the_best_match(evaluated: Evaluation) -> None:
    """A campaign all of reasoning that is said to be half reasoning, half coding is off by one half."""
    assert [c.capability_error for c in evaluated.campaigns.true_campaigns] == [0.5, 0.5]
    assert evaluated.campaigns.capability_error.mean == 0.5


def test_harvest_is_counted_with_the_share_that_was_attributed(evaluated: Evaluation) -> None:
    """Every extraction exchange counts as harvested; those marked and put in a campaign as attributed."""
    assert hits(evaluated.campaigns.attributed) == (15, 21)
    assert [(c.exchanges, hits(c.attributed)) for c in evaluated.campaigns.true_campaigns] == [
        (11, (10, 11)),
        (10, (5, 10)),
    ]


def test_accounts_missing_from_the_findings_count_as_not_flagged(evaluated: Evaluation) -> None:
    """An account that the findings do not list is a miss and is reported as absent, with its exchanges."""
    assert (evaluated.inputs.accounts_absent, evaluated.inputs.exchanges_absent) == (1, 1)


def test_members_that_two_files_disagree_on_are_counted(tmp_path: Path) -> None:
    """One member too many and one too few in campaigns.json are two disagreements."""
    world = example()
    campaigns = [found_campaign("K1", ["a1", "a2", "o1"]), world.campaigns[1]]
    assert evaluate(*replace(world, campaigns=campaigns).write(tmp_path)).inputs.membership_disagreements == 2


def test_an_attacker_that_did_not_extract_yet_is_neither_hit_nor_false_alarm(tmp_path: Path) -> None:
    """Flagging an idle account of a campaign changes neither precision nor the false-positive rate."""
    world = example()
    idle = Someone("a9", "A1", "A1-1", "K1", flagged=True, risk=1.0)
    level = evaluate(*replace(world, people=[*world.people, idle]).write(tmp_path))
    assert level.accounts.idle_flagged == 1
    assert (hits(level.accounts.precision), hits(level.accounts.false_positive_rate)) == ((3, 4), (1, 5))
    assert level.campaigns.found_campaigns[0].accounts == 3


def test_without_traffic_what_is_left_is_judged(tmp_path: Path) -> None:
    """Findings and truth alone give recall from one exchange on, and a note names what could not be judged."""
    findings, truth = example().write(tmp_path)
    (truth.parent / "exchanges.parquet").unlink()
    evaluation = evaluate(findings, truth)
    assert [d.at_least for d in evaluation.accounts.detection] == [1]
    assert hits(evaluation.accounts.detection[0].recall) == (3, 5)
    assert evaluation.exchanges.false_positives is None
    assert evaluation.accounts.share_error is None
    assert (evaluation.campaigns.pivots, evaluation.campaigns.successions) == (None, None)
    assert "no traffic beside the truth" in evaluation.inputs.notes[0]


def test_traffic_may_lie_elsewhere_and_in_parts(tmp_path: Path) -> None:
    """Traffic named by hand gives the same evaluation as traffic around the truth."""
    findings, truth = example().write(tmp_path)
    expected = evaluate(findings, truth).to_json()
    parts = tmp_path / "elsewhere" / "exchanges"
    parts.mkdir(parents=True)
    for name in ("releases", "enforcement"):
        (truth.parent / f"{name}.parquet").rename(tmp_path / "elsewhere" / f"{name}.parquet")
    (truth.parent / "exchanges.parquet").rename(parts / "0.parquet")
    assert evaluate(findings, truth, traffic=tmp_path / "elsewhere").to_json() == expected


def test_no_findings_at_all_is_a_recall_of_zero(tmp_path: Path) -> None:
    """A scan that flags nothing finds nothing and harms nobody."""
    people = [replace(p, flagged=False, found=None) for p in example().people]
    world = Tiny(people, [replace(a, found=None, campaign=None) for a in example().asked])
    evaluation = evaluate(*world.write(tmp_path))
    assert hits(evaluation.accounts.detection[1].recall) == (0, 5)
    assert hits(evaluation.accounts.precision) == (0, 0)
    assert hits(evaluation.campaigns.recall) == (0, 2)
    assert [c.best_match for c in evaluation.campaigns.true_campaigns] == [None, None]
    assert evaluation.campaigns.adjusted_rand == 0.0


def test_findings_without_rows_are_a_miss_of_everything(tmp_path: Path) -> None:
    """Findings that list no account and no exchange are valid; all is reported as absent."""
    people = [replace(p, risk=None, found=None) for p in example().people]
    evaluation = evaluate(*Tiny(people, example().asked).write(tmp_path))
    assert (evaluation.inputs.accounts_absent, evaluation.inputs.exchanges_absent) == (10, 61)
    assert hits(evaluation.exchanges.recall) == (0, 21)
    assert hits(evaluation.accounts.false_positive_rate) == (0, 5)


def test_a_world_without_attacks_still_has_false_positive_rates(tmp_path: Path) -> None:
    """Legitimate traffic alone gives rates per label and no recall."""
    world = Tiny([Someone("o1"), Someone("l1", "L1")], [*asked("o1", 3), *asked("l1", 2)])
    evaluation = evaluate(*world.write(tmp_path))
    assert all_hits(evaluation.accounts.false_positives) == {"L1": (0, 1), "ordinary": (0, 1)}
    assert evaluation.accounts.detection[0].recall.value is None
    assert (evaluation.campaigns.true_campaigns, evaluation.campaigns.mean_jaccard) == ((), None)


def test_perfect_findings_have_perfect_figures(tmp_path: Path) -> None:
    """Findings equal to the truth score one wherever one is the best, and zero wherever zero is."""
    people = [
        Someone(p.account, p.label, p.campaign, p.campaign, p.campaign is not None, float(p.campaign is not None))
        for p in example().people
    ]
    owner = {p.account: p.campaign for p in people}
    exchanges = [replace(a, found=a.true, campaign=owner[a.account] if a.true else None) for a in example().asked]
    campaigns = [
        found_campaign("A1-1", ["a1", "a2", "a3"], {"reasoning": 1.0}),
        found_campaign("A4-1", ["b1", "b2"], {"coding": 1.0}),
    ]
    e = evaluate(*Tiny(people, exchanges, campaigns).write(tmp_path))
    ranking = e.accounts.detection[0].ranking
    best = [
        e.accounts.detection[1].recall.value,
        e.accounts.precision.value,
        ranking.roc_auc,
        ranking.average_precision,
        ranking.tpr_at_fpr_001,
        e.exchanges.f1.value,
        e.exchanges.capability.macro_f1,
        e.campaigns.recall.value,
        e.campaigns.precision.value,
        e.campaigns.weighted_purity.value,
        e.campaigns.mean_jaccard,
        e.campaigns.adjusted_rand,
        e.campaigns.attributed.value,
    ]
    assert best == [1.0] * len(best)
    worst = [
        e.accounts.false_positive_rate.hits,
        e.exchanges.false_positive_rate.hits,
        e.campaigns.fragmented,
        e.campaigns.merges,
        e.campaigns.capability_error.mean,
        e.inputs.membership_disagreements,
    ]
    assert worst == [0] * len(worst)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """Row order in the truth does not show in the JSON."""
    world = example()
    turned = replace(world, people=[*reversed(world.people)])
    first = evaluate(*world.write(tmp_path / "a")).to_json()
    assert evaluate(*world.write(tmp_path / "b")).to_json() == first
    assert evaluate(*turned.write(tmp_path / "c")).to_json() == first
