"""Which of a member's exchanges serve the extraction: its own traffic is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from revenuer.behaviour import Profiles
from revenuer.campaigns.queues import Queue
from revenuer.campaigns.scoring import AGREEMENT, EXTRACTION, TEXT_ONLY, score_exchanges
from revenuer.engine import LocalEngine
from revenuer.linkage.templates import KINDS, Templates
from revenuer.schema import CAPABILITIES
from strategies import templates_of

I64 = npt.NDArray[np.int64]

MEMBERS, ACCOUNTS = 30, 300
REASONING, CODING, CHAT, QA, WRITING = (
    CAPABILITIES.index(name) for name in ("reasoning", "coding", "chat", "qa", "writing")
)
AGREED, DIVIDED, COPIED, PUBLIC = 101, 102, 103, 200


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    with LocalEngine(threads=1, scratch=tmp_path_factory.mktemp("scratch")) as local:
        yield local


def some(what: str, account: I64, each: int, **columns: Any) -> pa.Table:
    """`each` exchanges of each account, of one kind."""
    n = len(account) * each
    values = {"frame": 0, "system": 0, "capability": CHAT, "served": REASONING, "turn": 0, "extraction": 0.1} | columns
    whole = {name: np.resize(np.asarray(values[name]), n) for name in values}
    return pa.table(
        {
            "what": pa.array([what] * n),
            "account": np.repeat(account, each).astype(np.int64),
            "prompt_frame": whole["frame"].astype(np.int64),
            "system_frame": whole["system"].astype(np.int64),
            "system_text": np.zeros(n, np.int64),
            "manner": np.zeros(n, np.int64),
            "capability": whole["capability"].astype(np.int8),
            "served": whole["served"].astype(np.int8),
            "turn": whole["turn"].astype(np.int32),
            "extraction": whole["extraction"].astype(np.float32),
        }
    )


def everyday(account: I64) -> pa.Table:
    """What everybody asks: conversation, questions, letters, now and then a program, a public template."""
    return pa.concat_tables(
        [
            some("everyday", account, 24, capability=[CHAT, QA, WRITING], turn=[0, 0, 0, 1, 1, 1]),
            some("program", account, 2, capability=CODING, extraction=0.7),
            some("public", account, 4, frame=PUBLIC, capability=QA, extraction=0.5),
        ]
    )


def world() -> pa.Table:
    """Thirty members with a campaign and their own traffic, and 270 others."""
    members, everyone = np.arange(MEMBERS), np.arange(ACCOUNTS)
    return pa.concat_tables(
        [
            everyday(everyone),
            some("agreed", members, 10, frame=AGREED, served=[CODING] * 9 + [REASONING], extraction=0.9),
            some("divided", members, 10, frame=DIVIDED, served=[CODING, REASONING], extraction=0.9),
            some("copied", members, 4, frame=COPIED, extraction=0.6),
            some("bare", members, 8, capability=REASONING, extraction=0.9),
            some("stray", everyone[-3:], 2, frame=AGREED, extraction=0.9),
        ]
    ).append_column("exchange_id", pa.array([f"x{number}" for number in range(9_000 + 960 + 6)]))


def templates() -> Templates:
    """The three templates of the campaign; one is sent word for word."""
    counts = np.zeros((ACCOUNTS, 3), np.int64)
    counts[:MEMBERS] = 10
    return replace(
        templates_of(counts),
        kind=np.zeros(3, np.int64),
        ids=np.array([AGREED, DIVIDED, COPIED]),
        extraction=np.array([0.9, 0.9, 0.6]),
        novelty=np.array([1.0, 1.0, 0.01]),
    )


def profiles() -> Profiles:
    nought, words = np.zeros(ACCOUNTS, np.int64), np.full(ACCOUNTS, "", object)
    everyone = np.arange(ACCOUNTS)
    return Profiles(everyone, words, everyone, nought + 50, nought, nought, nought, nought, {}, words)


def queue(purity: float = 0.999, posterior: float = 1.0) -> Queue:
    members = np.arange(MEMBERS)
    sure, pure = np.full(MEMBERS, posterior), np.full(3, purity)
    return Queue(members, sure, np.arange(3), pure, np.full(3, 300), np.ones(3), 1.5)


def scored(engine: LocalEngine, queues: list[Queue]) -> pa.Table:
    rows = engine.table("rows", world())
    return engine.collect(score_exchanges(engine, rows, templates(), profiles(), queues).rows).sort_by("exchange_id")


@pytest.fixture(scope="module")
def found(engine: LocalEngine) -> pa.Table:
    return scored(engine, [queue()])


def share(found: pa.Table, what: str, *, members: bool = True) -> float:
    """The share of exchanges of one kind that are called extraction."""
    of = found.filter(pc.equal(found["what"], what))
    inside = pc.less(of["account"], MEMBERS)
    return float(pc.mean(of.filter(inside if members else pc.invert(inside))["extracts"].cast("float64")).as_py() or 0)


def test_every_exchange_is_scored_once(found: pa.Table):
    """Between nought and one; called extraction from a half on, and only in a campaign."""
    assert found["exchange_id"].to_pylist() == sorted(world()["exchange_id"].to_pylist())
    assert 0 <= pc.min(found["score"]).as_py() <= pc.max(found["score"]).as_py() <= 1
    score, campaign = found["score"].to_numpy(), found["campaign"].to_numpy()
    np.testing.assert_array_equal(found["extracts"].to_numpy(), (score >= EXTRACTION) & (campaign >= 0))


@pytest.mark.parametrize("what", ["agreed", "divided"])
def test_exchanges_of_the_campaigns_templates_are_found(found: pa.Table, what: str):
    """All that members send of them."""
    assert share(found, what) == 1


def test_members_own_traffic_is_left_alone(found: pa.Table):
    """Conversation, questions, letters, programs and public templates on the very same accounts."""
    assert share(found, "everyday") == 0
    assert share(found, "public") == 0
    assert share(found, "program") <= 0.05


def test_bare_tasks_beyond_what_others_make_are_found(found: pa.Table):
    """Members ask for a kind of thing, without any template, that hardly anybody else asks for."""
    assert share(found, "bare") == 1


def test_no_exchange_outside_every_campaign_is_extraction(found: pa.Table):
    """Whatever its text and template: an outsider's text ranks it, and accuses nobody."""
    outside = found.filter(pc.equal(found["campaign"], -1))
    assert not pc.any(outside["extracts"]).as_py()
    assert pc.max(outside["score"]).as_py() <= TEXT_ONLY
    assert share(found, "stray", members=False) == 0
    assert set(outside["account"].to_pylist()) == set(range(MEMBERS, ACCOUNTS))


def test_a_text_sent_word_for_word_has_its_words_alone_to_speak_for_it(found: pa.Table):
    """Tasks of a queue differ; a prompt that never does may be anything."""
    assert share(found, "copied") == 0


def test_capabilities_are_named_by_the_agreement_of_a_template(found: pa.Table):
    """Where most exchanges of a template read as one thing all are named so; where they do not, each by itself."""

    def named(what: str) -> list[int]:
        return found.filter(pc.equal(found["what"], what))["named"].to_pylist()

    assert AGREEMENT < 0.9
    assert set(named("agreed")) == {CODING}
    assert named("divided").count(CODING) == named("divided").count(REASONING) == 5 * MEMBERS
    assert set(named("everyday")) == {CHAT, QA, WRITING}


def test_a_template_that_everybody_uses_serves_nobody(engine: LocalEngine):
    """Where members use it hardly more than others do, an exchange of it is as likely a customer's."""
    common = scored(engine, [queue(purity=0.5)])
    assert share(common, "agreed") == share(common, "divided") == 0


def test_a_doubtful_member_makes_doubtful_exchanges(engine: LocalEngine):
    """Scores are weighed by the probability that the account belongs to the campaign."""
    sure, unsure = scored(engine, [queue()]), scored(engine, [queue(posterior=0.6)])
    inside = pc.greater_equal(sure["campaign"], 0).to_numpy(zero_copy_only=False)
    np.testing.assert_allclose(
        unsure["score"].to_numpy()[inside], 0.6 * sure["score"].to_numpy()[inside], rtol=1e-9, atol=1e-12
    )


def test_without_campaigns_nothing_is_extraction(engine: LocalEngine):
    """And capabilities are what the text says."""
    nothing = scored(engine, [])
    assert not pc.any(nothing["extracts"]).as_py()
    assert set(nothing["campaign"].to_pylist()) == {-1}
    assert nothing["named"].to_pylist() == nothing["capability"].to_pylist()


def test_a_system_prompt_can_carry_the_template(engine: LocalEngine):
    """Frames of the system prompt are looked up as such, not as frames of the prompt."""
    system = replace(templates(), kind=np.full(3, KINDS.index("system_frame")))
    moved = world().rename_columns({"prompt_frame": "system_frame", "system_frame": "prompt_frame"})
    for table, expected in ((moved, 1), (world(), 0)):
        rows = engine.table("rows", table)
        found = engine.collect(score_exchanges(engine, rows, system, profiles(), [queue()]).rows)
        assert (share(found, "divided") == 1) == bool(expected)
