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
from revenuer.campaigns.scoring import (
    EXTRACTION,
    LEAST_USERS,
    OWN_TASK,
    SAME_TALK,
    SHARED_LIFT,
    SHARED_NOVELTY,
    SHARED_TEXT,
    TEXT_ONLY,
    Heard,
    score_exchanges,
)
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
    values = {"frame": 0, "system": 0, "capability": CHAT, "served": REASONING, "turn": 0, "extraction": 0.1}
    values = values | {"session": 0} | columns
    whole = {name: np.resize(np.asarray(values[name]), n) for name in values}
    return pa.table(
        {
            # where it came from is told on, and stands here for what it is
            "pathway": pa.array([what] * n),
            "model": pa.array(["m"] * n),
            "ts": pa.array(np.zeros(n, np.int64), pa.timestamp("us", tz="UTC")),
            "account": np.repeat(account, each).astype(np.int64),
            "prompt_frame": whole["frame"].astype(np.int64),
            "system_frame": whole["system"].astype(np.int64),
            "system_text": np.zeros(n, np.int64),
            "manner": np.zeros(n, np.int64),
            "capability": whole["capability"].astype(np.int8),
            "served": whole["served"].astype(np.int8),
            "holds": np.ones(n, np.int32),
            "served_votes": np.full(n, 12, np.int8),
            "second": whole["served"].astype(np.int8),
            "second_votes": np.zeros(n, np.int8),
            "session": whole["session"].astype(np.int64),
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
    return numbered(
        [
            everyday(everyone),
            some("agreed", members, 10, frame=AGREED, served=[CODING] * 9 + [REASONING], extraction=0.9),
            some("divided", members, 10, frame=DIVIDED, served=[CODING, REASONING], extraction=0.9),
            some("copied", members, 4, frame=COPIED, extraction=0.6),
            some("bare", members, 8, capability=REASONING, extraction=0.9),
            some("stray", everyone[-3:], 2, frame=AGREED, extraction=0.9),
        ]
    )


def numbered(parts: list[pa.Table]) -> pa.Table:
    """All of them, with names."""
    table = pa.concat_tables(parts)
    number = np.arange(1, len(table) + 1)
    return table.append_column("draw", pa.array(number)).append_column(
        "exchange_id", pa.array([f"x{n}" for n in number])
    )


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


def queue(posterior: float = 1.0, worth: tuple[float, float, float] = (1.0, 1.0, 0.3)) -> Queue:
    """The campaign, with what its templates are worth; the text that is sent word for word is no task."""
    members, whole = np.arange(MEMBERS), np.ones(3)
    return Queue(
        members, np.full(MEMBERS, posterior), np.arange(3), whole, whole, np.full(3, 300), np.array(worth), 1.5
    )


def scored(
    engine: LocalEngine, queues: list[Queue], known: Templates | None = None, heard: Heard | None = None
) -> pa.Table:
    rows = engine.table("rows", world())
    found = score_exchanges(engine, rows, known or templates(), profiles(), queues, heard).rows
    return engine.collect(found).sort_by("exchange_id")


@pytest.fixture(scope="module")
def found(engine: LocalEngine) -> pa.Table:
    return scored(engine, [queue()])


def share(found: pa.Table, what: str, *, members: bool = True) -> float:
    """The share of exchanges of one kind that are called extraction."""
    of = found.filter(pc.equal(found["pathway"], what))
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


def test_an_own_template_that_is_no_task_is_left_alone(found: pa.Table):
    """What a queue's customers send through its accounts is the queue's own, and theirs."""
    assert share(found, "copied") == 0


def test_extraction_is_named_for_what_it_serves_and_the_rest_for_what_it_is(found: pa.Table):
    """By the votes of its text; an exchange that serves no campaign keeps its capability."""

    def named(what: str) -> set[int]:
        return set(found.filter(pc.equal(found["pathway"], what))["named"].to_pylist())

    assert named("agreed") == named("divided") == {CODING, REASONING}
    assert named("bare") == {REASONING}
    assert named("everyday") == {CHAT, QA, WRITING}


def test_a_template_that_everybody_uses_serves_nobody(engine: LocalEngine):
    """Where members use it no more than others do, an exchange of it is as likely a customer's."""
    everybody = replace(templates(), exchanges=np.full(3, 10 * ACCOUNTS))
    common = scored(engine, [queue()], everybody)
    assert share(common, "agreed") == share(common, "divided") == 0


def score(found: pa.Table, what: str) -> list[float]:
    """The scores of members' exchanges of one kind, each once."""
    of = found.filter(pc.and_(pc.equal(found["pathway"], what), pc.less(found["account"], MEMBERS)))
    return sorted(set(np.round(of["score"].to_numpy(), 3).tolist()))


@pytest.mark.parametrize("worth", [(0.6, 0.6, 0.3), (0.2, 0.2, 0.2)])
def test_a_task_is_worth_no_less_than_three_in_four(engine: LocalEngine, worth: tuple[float, float, float]):
    """Without its tasks there is no campaign: where none reads like one, all templates are what it was called for."""
    floor = scored(engine, [queue(worth=worth)])
    assert score(floor, "agreed") == pytest.approx([OWN_TASK], abs=0.002)
    assert score(floor, "copied") == pytest.approx([0.3 if worth[0] > 0.5 else OWN_TASK], abs=0.002)


def shared(*, text: float = 0.9, novelty: float = 1.0, users: int = MEMBERS, lift: float = 10.0) -> Templates:
    """A fourth template, the public one, of which others send a share as well: members so many times as often."""
    counts = np.zeros((ACCOUNTS, 4), np.int64)
    counts[:MEMBERS, :3] = 10
    counts[:users, 3] = 4 * MEMBERS // users
    known = templates()
    made = int(counts[:, 3].sum())
    others = round(made / 1_500 / lift * 13_500)
    return replace(
        templates_of(counts),
        kind=np.zeros(4, np.int64),
        ids=np.append(known.ids, PUBLIC),
        exchanges=np.append(known.exchanges, made + others),
        extraction=np.append(known.extraction, text),
        novelty=np.append(known.novelty, novelty),
    )


def test_a_task_set_that_members_share_with_others_is_theirs_by_what_exceeds_others_use(engine: LocalEngine):
    """A published task set, ten times as often as everybody: nine in ten of the members' exchanges, as its text says."""
    found = scored(engine, [queue()], shared())
    assert score(found, "public") == pytest.approx([0.9 * 0.9], abs=0.005)
    assert share(found, "public", members=False) == 0


@pytest.mark.parametrize(
    "facts",
    [
        {"text": SHARED_TEXT - 0.01},
        {"novelty": SHARED_NOVELTY - 0.01},
        {"users": LEAST_USERS - 1},
        {"lift": SHARED_LIFT * 0.9},
    ],
)
def test_what_members_share_with_others_has_to_be_plainly_a_task(engine: LocalEngine, facts: dict[str, Any]):
    """By its text, new each time, used by several members and far more than by others; else it is left alone."""
    found = scored(engine, [queue()], shared(**facts))
    assert score(found, "public") == [0]


def heard(engine: LocalEngine, what: list[str], voice: int = 0, level: int = 1) -> Heard:
    """Exchanges of these kinds, whoever sends them, are heard at a level of a voice; one level is worth something."""
    table = world()
    spoken = table.filter(pc.is_in(table["pathway"], pa.array(what, pa.string())))["draw"].to_numpy()
    rows = {"spoken": spoken, "voice": np.full(len(spoken), voice), "level": np.full(len(spoken), level)}
    worth = {"of_voice": [0], "at_level": [1], "worth_voice": [0.8]}
    return Heard(engine.table("heard", pa.table(rows)), pa.table(worth), (0,))


def test_what_sounds_like_the_campaign_of_its_account_is_worth_what_its_level_is(engine: LocalEngine):
    """Of members; an outsider who sounds like it is left alone, and a task by its template stays what it was."""
    found = scored(engine, [queue()], heard=heard(engine, ["program", "agreed"]))
    assert score(found, "program") == [0.8]
    assert share(found, "program") == 1
    assert share(found, "program", members=False) == 0
    assert score(found, "agreed") == score(scored(engine, [queue()]), "agreed")


@pytest.mark.parametrize(("voice", "level"), [(1, 1), (0, 0)])
def test_another_voice_and_a_level_that_is_worth_nothing_count_for_nothing(engine: LocalEngine, voice: int, level: int):
    """Only the voice of the account's own campaign speaks, and only at levels that exceed what outsiders reach."""
    assert score(scored(engine, [queue()], heard=heard(engine, ["program"], voice, level)), "program") == [0]


def test_the_kind_of_an_exchange_counts_only_where_a_campaign_has_no_voice(engine: LocalEngine):
    """A campaign that can be heard is not also guessed at from what its exchanges ask for."""
    assert share(scored(engine, [queue()]), "bare") == 1
    assert share(scored(engine, [queue()], heard=heard(engine, [])), "bare") == 0
    silent = replace(heard(engine, []), voices=())
    assert share(scored(engine, [queue()], heard=silent), "bare") == 1


def test_a_conversation_goes_on_with_what_it_began_with(engine: LocalEngine):
    """A follow-up is worth nearly as much as the surest of its conversation; another opening, or another account's, not."""
    one, two = np.array([0]), np.array([1])
    talk = numbered(
        [
            everyday(np.arange(ACCOUNTS)),
            some("task", one, 1, frame=AGREED, session=7, extraction=0.9),
            some("followup", one, 3, session=7, turn=[1, 2, 3]),
            some("opening", one, 1, session=7),
            some("elsewhere", one, 2, session=8, turn=1),
            some("stranger", two, 2, session=7, turn=1),
            some("lone", one, 2, session=0, turn=1),
        ]
    )
    made = engine.collect(score_exchanges(engine, engine.table("rows", talk), templates(), profiles(), [queue()]).rows)
    (task,) = score(made, "task")
    assert task > 0.99
    assert score(made, "followup") == pytest.approx([SAME_TALK * task], abs=0.001)
    assert share(made, "followup") == 1
    for other in ("opening", "elsewhere", "stranger", "lone"):
        assert score(made, other) == [0]


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
