"""The project's own texts and the corpora that replace them."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulate_world import made

from revenuer.errors import ConfigError, InputError
from revenuer.schema import CAPABILITIES
from revenuer.simulate import elicitation_text, generate_text
from revenuer.simulate.texts import Corpora, Generated
from revenuer.simulate.texts.languages import LANGUAGES, foreign
from revenuer.simulate.texts.pool import Stored, Text
from revenuer.simulate.texts.writing import fill, spin


def _dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311


def test_spin_chooses_and_leaves_out() -> None:
    """Braces choose, brackets stand or fall, both nest, and everything possible comes up."""
    dice = _dice(0)
    said = {spin("{a|b{c|d}}[ e]", dice) for _ in range(200)}
    assert said == {"a", "bc", "bd", "a e", "bc e", "bd e"}


@given(st.text(alphabet="abc <>n", max_size=40))
def test_spin_leaves_plain_text_alone(text: str) -> None:
    """Text without marks comes out as it went in."""
    assert spin(text, _dice(0)) == text


def test_fill_keeps_what_it_does_not_know() -> None:
    """Slots are replaced once, others stay, and what is filled in is not read again."""
    assert fill("<item> <think> <name>", {"item": "<name>", "name": "x"}) == "<name> <think> x"


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_every_capability_has_text(capability: str) -> None:
    """Each capability of the contract gives prompts of several families, none with an open slot, the same each time."""
    rows = generate_text(capability, 120, 7)
    assert rows == generate_text(capability, 120, 7)
    assert rows != generate_text(capability, 120, 8)
    assert all(r.prompt.strip() and r.family.startswith(f"{capability}/") for r in rows)
    assert not any(slot in r.prompt for r in rows for slot in ("<item>", "<answer>", "<n>", "<v>", "<r>", "<P>"))
    assert len({r.prompt for r in rows}) > 100


def test_unknown_capabilities_are_refused() -> None:
    """A capability that is not in the contract is refused by name."""
    with pytest.raises(ConfigError, match="juggling"):
        generate_text("juggling", 1, 0)


def test_elicitation_comes_with_honest_doubles() -> None:
    """Half of the rows ask for hidden reasoning, half only look like it, each from eight families or more."""
    rows = elicitation_text(2_000, 3)
    assert rows == elicitation_text(2_000, 3)
    assert sum(r.elicits for r in rows) == 1_000
    for side in (False, True):
        assert len({r.family for r in rows if r.elicits is side}) >= 8
    assert len({r.family: r.elicits for r in rows}) == len({(r.family, r.elicits) for r in rows})


def test_ordinary_people_do_not_share_frames_by_accident() -> None:
    """In generated chat few prompts hold a run of words that a hundredth of all prompts hold too."""
    rows = [r.prompt.lower().split() for r in generate_text("chat", 3_000, 1)]
    grams = [{tuple(words[i : i + 6]) for i in range(len(words) - 5)} for words in rows]
    spread = Counter(g for bag in grams for g in bag)
    common = np.mean([any(spread[g] > 30 for g in bag) for bag in grams])
    assert common < 0.05


@pytest.mark.parametrize("name", sorted(LANGUAGES))
def test_languages_fill_their_slots(name: str) -> None:
    """Sentences of every language come without open slots."""
    text = foreign(_dice(1), 40, name)
    assert not any(mark in text for mark in "<>{}|[]")


def test_stored_texts_wear_out() -> None:
    """A stored conversation is used a few times at most, then generated ones take its place."""
    units = [(Text(f"Only number {i} of these prompts exists. Truly. Really. So it is."),) for i in range(10)]
    stored = Stored(units, {"t": list(range(10))}, Generated(0).ordinary("chat"), uses=4)
    dice = _dice(0)
    drawn = Counter(stored.draw(dice, ["t"])[0].prompt for _ in range(200))
    assert max(drawn.values()) <= 4
    assert sum(n for p, n in drawn.items() if p.startswith("Only number")) <= 40


def test_dealing_goes_through_everything_first() -> None:
    """A queue takes every stored item once before any comes again."""
    units = [(Text(f"Item {i}"),) for i in range(50)]
    deal = Stored(units, {"t": list(range(50))}, Generated(0).ordinary("chat")).deal(_dice(2))
    assert {next(deal)[0].prompt for _ in range(50)} == {f"Item {i}" for i in range(50)}


def _corpus(capability: str, n: int, **more: list[object]) -> pa.Table:
    prompts = [f"{capability} corpus line {i} about {'tin' if i % 2 else 'tea'}" for i in range(n)]
    return pa.table(
        {"source": ["s"] * n, "capability": [capability] * n, "prompt": prompts, "response": ["fine"] * n, **more}
    )


def _corpora(path: Path) -> Path:
    path.mkdir()
    pq.write_table(pa.concat_tables([_corpus("reasoning", 400), _corpus("juggling", 30)]), path / "extraction.parquet")
    pq.write_table(
        pa.concat_tables([_corpus("qa", 300), _corpus("chat", 30), _corpus("eval", 60)]),
        path / "ordinary.parquet",
    )
    (path / "traces").mkdir()
    slots = np.arange(0, 1_209_600, 600)
    rates = pa.table(
        {"user_id": ["u"] * len(slots), "window_start": slots, "rate": np.where(slots % 86_400 < 3_600, 5.0, 0.0)}
    )
    pq.write_table(rates, path / "traces" / "rates.parquet")
    pq.write_table(pa.table({"other": [1]}), path / "traces" / "else.parquet")
    return path


def test_corpora_fill_the_texts(tmp_path: Path) -> None:
    """Texts of the corpora appear in harvest and ordinary traffic, what they lack is generated, bare trace files are passed over."""
    read = made(tmp_path / "t", "A6", exchanges=3_000, corpora=_corpora(tmp_path / "corpora"))
    harvest = read.column("extraction").astype(bool)
    asked = read.column("prompt")
    assert (
        np.mean(["reasoning corpus line" in p for p in asked[harvest & (read.column("capability") == "reasoning")]])
        > 0.5
    )
    assert any("qa corpus line" in p for p in asked[~harvest])
    assert any("corpus line" not in p for p in asked[~harvest])


def test_measured_rates_become_curves(tmp_path: Path) -> None:
    """A client's measured rates are read as one curve over the time its population was watched."""
    (curve,) = Corpora(_corpora(tmp_path / "corpora"), Generated(0)).curves()
    assert len(curve) == 14 * 144
    assert np.count_nonzero(curve) == 14 * 6


def test_days_of_measurement_are_repeated(tmp_path: Path) -> None:
    """A client that was watched for a day only keeps its day through the fortnight; measured lengths are read too."""
    (tmp_path / "traces").mkdir()
    slots = np.arange(0, 86_400, 600)
    day = {"user_id": ["u"] * len(slots), "window_start": slots, "rate": np.where(slots < 7_200, 1.0, 0.0)}
    pq.write_table(pa.table(day), tmp_path / "traces" / "day.parquet")
    pq.write_table(pa.table({"output_tokens": [12, None, 30]}), tmp_path / "traces" / "sizes.parquet")
    corpora = Corpora(tmp_path, Generated(0))
    (curve,) = corpora.curves()
    assert len(curve) == 14 * 144
    assert curve.reshape(14, 144).std(axis=0).max() == 0
    assert sorted(corpora.lengths()) == [12, 30]


def test_rows_without_text_are_passed_over(tmp_path: Path) -> None:
    """Rows of a corpus that have no prompt or no capability are left out."""
    rows = {"capability": ["qa", None, "qa", "qa"], "prompt": ["one?", "two?", None, ""]}
    pq.write_table(pa.table(rows), tmp_path / "ordinary.parquet")
    source = Corpora(tmp_path, Generated(0)).ordinary("qa")
    assert next(source.deal(_dice(0)))[0].prompt == "one?"
    assert list(source.topics) == ["None"]


def test_broken_corpora_are_named(tmp_path: Path) -> None:
    """A corpus that cannot be read, or lacks its columns, is named in the error."""
    (tmp_path / "extraction.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match=r"extraction\.parquet"):
        Corpora(tmp_path, Generated(0))
    pq.write_table(pa.table({"text": ["x"]}), tmp_path / "extraction.parquet")
    with pytest.raises(InputError, match="no prompt"):
        Corpora(tmp_path, Generated(0))
