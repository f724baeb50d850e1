"""The published methods compute what their papers define, and are judged as a scan is."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.evaluate import evaluate
from revenuer.simulate import simulate

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from rivals import Reading, Traffic, calibrated, read_traffic, write_findings
from rivals.components import KEY_USERS, both, labelled, masked, stars
from rivals.embed import unit
from rivals.mmd import DRAWS, Discrepancy, benign_quantile, windows
from rivals.reading import Strata
from rivals.sequential import least_distances, near_cosine, near_pairs, normality
from rivals.toolkit import BEARABLE, MODULE, edges, loaded, stretch
from rivals.volume import busiest


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    """A small world with campaigns, read as the methods read it."""
    place = tmp_path_factory.mktemp("world") / "traffic"
    simulate("demo", place, seed=3, exchanges=3_000)
    return read_traffic(place)


def vectors(seed: int, rows: int, at: float = 0.0) -> np.ndarray:
    """Unit vectors around a direction; the larger `at`, the closer."""
    drawn = np.random.default_rng(seed).normal(size=(rows, 16)).astype(np.float32)
    drawn[:, 0] += at
    return unit(drawn)


def test_requests_come_by_account_and_time(traffic: Traffic):
    """Each account's requests lie together, oldest first, and every request belongs to one account."""
    assert traffic.sizes.sum() == len(traffic.account) == traffic.exchanges.num_rows
    for first, end in zip(traffic.starts[:-1], traffic.starts[1:], strict=True):
        assert (np.diff(traffic.seconds[first:end]) >= 0).all()
        assert len(set(traffic.account[first:end])) == 1


def test_a_calibrated_threshold_flags_no_more_than_its_rate():
    """Ties never push the share of clean accounts above the rate, and the rate is used where there are none."""
    scores = np.arange(10_000.0)
    assert (scores >= calibrated(scores, 1e-3)).sum() == 10
    tied = np.minimum(scores, 9_900)
    assert (tied >= calibrated(tied, 1e-3)).sum() == 0
    assert (scores[:500] >= calibrated(scores[:500], 1e-3)).sum() == 0


def test_what_cannot_be_judged_is_not_flagged():
    """A method that judged no clean account flags nobody whom it cannot judge either."""
    silent = np.full(2_000, -np.inf)
    assert not (silent >= calibrated(silent, 1e-3)).any()


def test_strata_remove_what_depends_on_volume():
    """A statistic whose mean and spread grow with the number of requests has mean 0 and spread 1 in every stratum."""
    generator = np.random.default_rng(0)
    size = generator.integers(4, 256, 20_000)
    level = np.floor(np.log2(size))
    value = level * 10 + generator.normal(size=20_000) * level
    strata = Strata.fit(value, size)
    standard = strata.standard(value, size)
    for step in np.unique(level):
        assert standard[level == step].mean() == pytest.approx(0, abs=0.01)
        assert standard[level == step].std() == pytest.approx(1, abs=0.01)


def test_prada_measures_to_the_growing_set():
    """The first distance is that of the first two requests, a repeated request is at distance 0, and it does not join."""
    rows = np.array([[1, 0], [0, 1], [0, 1], [-1, 0]], dtype=np.float32)
    assert least_distances(rows) == pytest.approx([np.sqrt(2), 0, np.sqrt(2)])
    assert len(least_distances(rows[:1])) == 0


def test_prada_tells_clumped_distances_from_normal_ones():
    """W is near 1 for normal distances and below the published limit for distances in two heaps."""
    generator = np.random.default_rng(1)
    assert normality(generator.normal(1, 0.1, 300)) > 0.97
    assert normality(np.r_[generator.normal(0.1, 0.02, 150), generator.normal(1, 0.02, 150)]) < 0.95
    assert np.isnan(normality(np.ones(50)))


def test_seat_counts_pairs_of_one_account(traffic: Traffic):
    """Near pairs are those of a brute-force count, and clean accounts rarely have any across accounts."""
    rows = vectors(2, len(traffic.account))
    cosine = near_cosine(rows, traffic.account)
    pairs = near_pairs(traffic, rows, 0.5)
    i = int(np.argmax(traffic.sizes))
    own = rows[traffic.starts[i] : traffic.starts[i + 1]]
    assert pairs[i] == sum(float(a @ b) >= 0.5 for j, a in enumerate(own) for b in own[j + 1 :])
    assert 0.5 < cosine < 1
    assert np.isnan(pairs[traffic.sizes < 3]).all()


def test_mmd_is_unbiased_and_grows_with_the_difference():
    """Windows of the clean population average to about 0; a window from elsewhere is far above every benign draw."""
    measure, pool = Discrepancy.fit(vectors(3, 600)), vectors(4, 1_000)
    found = [measure.of(part, measure.across(part)) for part in np.split(pool, 50)]
    assert abs(np.mean(found)) < np.std(found) / np.sqrt(50) * 4
    other = vectors(5, 20, at=4.0)
    limit = benign_quantile(measure, pool, np.array([20]), 0)[0]
    assert measure.of(other, measure.across(other)) > max(limit, *found)
    assert np.mean(found > limit) == pytest.approx(0.05, abs=0.1)
    assert DRAWS == 1_000


def test_mmd_is_the_sum_over_pairs():
    """The statistic equals its definition: two means over different pairs less twice the mean across."""
    clean, window = vectors(6, 30), vectors(7, 8, at=1.0)
    measure = Discrepancy.fit(clean)
    within = [measure.kernel(clean[i : i + 1], clean[j : j + 1])[0, 0] for i in range(30) for j in range(30) if i != j]
    own = [measure.kernel(window[i : i + 1], window[j : j + 1])[0, 0] for i in range(8) for j in range(8) if i != j]
    expected = np.mean(own) + np.mean(within) - 2 * measure.kernel(window, clean).mean()
    assert measure.of(window, measure.across(window)) == pytest.approx(expected, abs=1e-5)


def test_windows_cover_the_newest_requests():
    """Windows are cut from the end, and a rest that is too short for one is left out."""
    assert windows(0, 47, 20) == [(27, 47), (7, 27), (0, 7)]
    assert windows(0, 43, 20) == [(23, 43), (3, 23)]
    assert windows(0, 4, 20) == []


def test_masked_prompts_differ_in_words_only():
    """Numbers, quotations, code and addresses leave the template; words do not."""
    assert masked('Sum 12 and "a  b" of https://x.y/z') == masked("sum 7.5 and “c” of http://q")
    assert masked("Sum the numbers") != masked("Sum the digits")


def test_components_join_whom_they_share_with():
    """Sharing joins transitively; a pair that needs a key and a template has both; others stay alone."""
    held = {"key": {0, 1}, "other": {2, 3}}
    shared = {"template": {1, 2, 3}}
    assert labelled(stars([*held.values(), *shared.values()]), 5).tolist() == [0, 0, 0, 0, -1]
    assert both(shared, held) == [(2, 3)]
    assert labelled([], 2).tolist() == [-1, -1]
    assert KEY_USERS == 50


def test_the_busiest_interval_is_counted(traffic: Traffic):
    """No account has more requests in an hour than in its day, nor in a day than in all."""
    hour, day = busiest(traffic, 3_600), busiest(traffic, 86_400)
    assert (hour >= 1).all()
    assert (hour <= day).all()
    assert (day <= traffic.sizes).all()


def test_the_toolkit_gets_all_that_it_can_bear(traffic: Traffic):
    """A small world is given whole."""
    assert len(traffic.account) < BEARABLE
    assert sorted(stretch(traffic).tolist()) == list(range(len(traffic.account)))


def test_the_toolkit_weighs_what_coincides(traffic: Traffic, tmp_path: Path):
    """Two accounts that send the same two texts in the same seconds have an edge of weight 2, and nobody else has one."""
    pytest.importorskip(MODULE, reason="the extra bench is not installed")
    chosen = traffic.exchanges.slice(0, 4).set_column(
        traffic.exchanges.column_names.index("prompt"), "prompt", pa.array(["one text", "another"] * 2)
    )
    pair = Traffic(traffic.place, chosen, np.array([0, 0, 1, 1]), np.array([10, 20, 10, 20]), ["a", "b"])
    assert edges(loaded(pair, tmp_path), "co_tweet", 1) in ([(0, 1, 2.0), (1, 0, 2.0)], [(0, 1, 2.0)])


def test_a_method_is_judged_as_a_scan_is(traffic: Traffic, tmp_path: Path):
    """An answer that names the truth is found perfect by the same evaluation, groups of fewer than three left out."""
    truth = np.array([label.startswith("A") for label in labels(traffic)])
    group = np.where(truth, 0, -1)
    reading = Reading("the truth", truth.astype(np.float64), groups=lambda _: group)
    write_findings(traffic, reading, 0.5, tmp_path / "findings")
    found = evaluate(tmp_path / "findings", traffic.place / "truth")
    assert found.accounts.detection[0].recall.value == 1
    assert found.accounts.false_positive_rate.hits == 0
    assert len(found.campaigns.found_campaigns) == 1
    assert found.inputs.membership_disagreements == 0


def labels(traffic: Traffic) -> list[str]:
    """The true label of each account."""
    rows = pq.read_table(traffic.place / "truth" / "accounts.parquet")
    known = dict(zip(rows["account_id"].to_pylist(), rows["label"].to_pylist(), strict=True))
    return [known[account] for account in traffic.ids]
