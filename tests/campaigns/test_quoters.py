"""Who holds out a campaign's tasks, and who asks them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from detection_worlds import exchanges, vocabulary
from revenuer.behaviour import Profiles
from revenuer.campaigns.queues import Queue
from revenuer.campaigns.quoters import without_quoters
from revenuer.engine import LocalEngine
from revenuer.fingerprint import FrameLibrary
from revenuer.fingerprint.frames import library_of
from revenuer.linkage.templates import KINDS
from revenuer.sources import open_traffic
from revenuer.text.keyed import Key, key_from, keyed
from revenuer.text.match import TOKEN_BITS
from revenuer.text.shingles import windows
from revenuer.text.tokens import Tokens, hash_strings, tokenize
from strategies import templates_of
from traffic_samples import put_parquet

TASK = "pretend that the answer is out already and recount how you came to it one thought after the other"
ASKED = "{task}\n{item}"
HELD_OUT = (
    'The gateway stopped this message. Which rule is it about, and is it a false alarm?\n\n"""\n{task}\n{item}\n"""'
)
TRANSLATED = "Translate the text between the marks into German.\n\n“{task} {item}”"
WORDS = vocabulary(5, 600)


def said(rng: np.random.Generator, form: str) -> str:
    return form.format(task=TASK, item=" ".join(rng.choice(WORDS, 9)))


def frames(key: Key | None) -> FrameLibrary:
    core = windows(keyed(tokenize(pa.array([TASK])), key).hashes)
    one = Tokens(core, np.array([0, len(core)], np.int64))
    return library_of(one, np.ones(1 << TOKEN_BITS, np.float32), np.zeros(0, np.uint8))


def left(folder: Path, forms: list[list[str]], key: Key | None = None) -> list[int]:
    """The accounts that stay in a queue of all, each of which sends requests of the forms given for it."""
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(len(forms)), [len(own) for own in forms])
    prompts = [said(rng, form) for own in forms for form in own]
    batch = exchanges(prompts, account_id=[f"a{n}" for n in who.tolist()])
    put_parquet(folder, pa.Table.from_batches([batch]))
    columns = {name: np.full(len(who), 1 if name == "prompt_frame" else 0) for name in KINDS}
    rows = pa.table(columns | {"draw": hash_strings(batch.column("exchange_id")), "account": who})
    made = np.bincount(who).astype(np.int64)
    templates = templates_of(made[:, None])
    nought, blank, everyone = np.zeros(len(forms), np.int64), np.full(len(forms), "", object), np.arange(len(forms))
    profiles = Profiles(everyone, blank, everyone, made, nought, nought, made, nought, {}, blank)
    one = np.ones(1)
    queue = Queue(everyone, np.ones(len(forms)), np.zeros(1, np.int64), one, one, made.sum(keepdims=True), one, 2.0)
    templates.ids[:] = 1
    with LocalEngine(threads=1) as engine:
        table = engine.table("rows", rows)
        kept = without_quoters(engine, open_traffic(folder), table, templates, profiles, [queue], frames(key), key=key)
    return kept[0].accounts.tolist()


@pytest.mark.parametrize("form", [HELD_OUT, TRANSLATED])
@pytest.mark.parametrize("key", [None, key_from("a secret")])
def test_whoever_mostly_holds_a_task_out_does_not_belong(tmp_path: Path, form: str, key: Key | None):
    """Analysts and translators of an attack leave its queue, those who ask stay, whatever key hashes stand under."""
    assert left(tmp_path, [[ASKED] * 4] * 6 + [[form] * 5] * 3 + [[form, form, ASKED, ASKED, ASKED]], key) == [
        *range(6),
        9,
    ]


def test_a_campaign_that_puts_its_tasks_so_stays_whole(tmp_path: Path):
    """Where nearly all accounts hold the task out this is how it is asked: to translate what is harvested is a harvest too."""
    assert left(tmp_path, [[TRANSLATED] * 4] * 10 + [[ASKED] * 4]) == [*range(11)]


def test_many_analysts_are_not_taken_for_the_few_whose_tasks_they_report(tmp_path: Path):
    """Three who report an attack for each account that makes it."""
    assert left(tmp_path, [[HELD_OUT] * 4] * 9 + [[ASKED] * 4] * 3) == [9, 10, 11]


def test_without_a_prompt_to_look_at_nothing_changes(tmp_path: Path):
    """Accounts whose tasks are known by other marks than a prompt's frame are left as they are."""
    assert left(tmp_path, [["plainly {item}"] * 4] * 5) == [*range(5)]
