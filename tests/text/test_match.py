"""Finding frames in texts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from text_oracles import as_lists, of, random_texts, slow_mix

from revenuer.text.match import SKETCH_WIDTH, TOKEN_BITS, Index, build_index, count_tokens, match, token_weights
from revenuer.text.shingles import count_documents, empty_table, frequent_shingles
from revenuer.text.tokens import Tokens
from strategies import prompts

FRAMES = (
    "you are a careful tutor explain every single step of your reasoning before you answer",
    "translate the sentence below into formal written language and keep all names as they stand",
    "rate both of these answers from one to ten against our rubric and justify the score",
)
FLAT = np.ones(1 << TOKEN_BITS, np.float32)


def cores(*frames: str) -> Tokens:
    """All shingles of each text."""
    tokens = of(*frames)
    table = empty_table(16)
    count_documents(tokens, table)
    return frequent_shingles(tokens, table, least=1, run=1)


def index(*frames: str) -> Index:
    return build_index(cores(*frames))


def signature(text: str) -> int:
    return sum(slow_mix(h) for h in as_lists(of(text))[0]) & 2**64 - 1


def test_a_frame_is_found_inside_a_longer_prompt():
    """What stands before, after or inside a frame does not hide it; what is no frame gets none."""
    found = match(
        of(
            FRAMES[1],
            f"hello there. {FRAMES[0]}: what is seven times eight",
            "before " * 300 + FRAMES[2] + " after" * 300,
            "what is seven times eight",
            "",
        ),
        index(*FRAMES),
        FLAT,
    )
    assert found.frame.tolist() == [1, 0, 2, -1, -1]
    assert found.hits.tolist()[:2] == [12, 12]


def test_the_slot_is_what_stands_outside_the_frame():
    """Item and count speak of the tokens outside the frame, in any order; a bare frame has none."""
    one, other = "which rivers cross the old town", "town old the cross rivers which"
    found = match(of(f"{FRAMES[0]} {one}", f"{other}. {FRAMES[0]}", FRAMES[0], one), index(*FRAMES), FLAT)
    assert found.free.tolist() == [6, 6, 0, 6]
    assert found.item.tolist() == [signature(one), signature(one), 0, signature(one)]
    np.testing.assert_array_equal(found.sketch[0], found.sketch[3])


def test_half_a_frame_is_no_instance():
    """Less than the asked share of a core does not count, more does."""
    words = FRAMES[0].split()
    texts = [" ".join(words[:count]) for count in range(4, len(words) + 1)]
    found = match(of(*texts), index(FRAMES[0]), FLAT, contained=0.6)
    shingles = len(words) - 3
    assert found.frame.tolist() == [0 if hits >= 0.6 * shingles else -1 for hits in range(1, shingles + 1)]


def test_of_two_frames_the_one_with_more_found_wins():
    """A frame that contains another wins where all of it is there, the smaller elsewhere; ties go to the first."""
    longer = FRAMES[0] + " and close with the final result on a line of its own"
    frames = index(FRAMES[0], longer, longer)
    assert match(of(longer, FRAMES[0] + " why is ice slippery"), frames, FLAT).frame.tolist() == [1, 0]


def test_a_shingle_of_many_frames_stays_searchable():
    """More frames than a posting holds may share a beginning; each is found by what is its own."""
    frames = [
        f"as an expert please {' '.join(f'w{n}{chr(97 + i)}' for i in range(10))}" for n in "abcdefghijklmnopqrst"
    ]
    assert match(of(*frames), index(*frames), FLAT, contained=0.6).frame.tolist() == list(range(len(frames)))


def test_no_frames_and_no_texts_are_no_errors():
    """An empty library matches nothing."""
    empty = index()
    found = match(of("some text", ""), empty, FLAT)
    assert found.frame.tolist() == [-1, -1]
    assert found.free.tolist() == [2, 0]
    assert match(of(), index(*FRAMES), FLAT).frame.shape == (0,)


@given(st.lists(prompts(), max_size=6), st.permutations(range(3)))
def test_each_text_is_matched_by_itself(texts: list[str], order: list[int]):
    """Neighbours in the batch make no difference, and frames are named by index whatever their order."""
    mixed = [text + " " + FRAMES[i % 3] for i, text in enumerate(texts)] + texts
    tokens = of(*mixed)
    together = match(tokens, index(*FRAMES), FLAT)
    for i, text in enumerate(mixed):
        alone = match(of(text), index(*FRAMES), FLAT)
        for whole, part in zip(together[:-1], alone[:-1], strict=True):
            np.testing.assert_array_equal(whole[i], part[0])
        np.testing.assert_array_equal(together.inside[tokens.offsets[i] : tokens.offsets[i + 1]], alone.inside)
    shuffled = match(of(*mixed), index(*[FRAMES[i] for i in order]), FLAT)
    named = np.array([*order, -1])[shuffled.frame]
    np.testing.assert_array_equal(named, together.frame)


def test_sketches_are_unit_vectors_that_follow_content():
    """Texts with the same words point the same way, texts without shared words hardly do, empty ones nowhere."""
    rng = np.random.default_rng(3)
    words = ["".join(rng.choice(list("abcdefghij"), 7)) for _ in range(400)]
    topics = [[" ".join(rng.choice(words[t * 20 : t * 20 + 20], 30)) for _ in range(8)] for t in range(20)]
    sketch = match(of(*[text for topic in topics for text in topic], ""), index(), FLAT).sketch.astype(float) / 127
    assert sketch.shape == (161, SKETCH_WIDTH)
    np.testing.assert_allclose(np.linalg.norm(sketch[:-1], axis=1), 1, atol=0.02)
    assert not sketch[-1].any()
    cosine = sketch[:-1] @ sketch[:-1].T
    same = np.kron(np.eye(20), np.ones((8, 8))).astype(bool)
    assert cosine[same].mean() > 0.6
    assert abs(cosine[~same].mean()) < 0.1


def test_every_text_counts_for_each_of_its_tokens():
    """Long texts, whose tokens crowd what remembers them, leave out none of theirs; repeats count once where there is room."""
    tokens = random_texts(1, 5, 20_000, 10_000)
    table = np.zeros(1 << TOKEN_BITS, np.uint32)
    count_tokens(tokens, table)
    truth = np.zeros(1 << TOKEN_BITS, np.uint32)
    for text in as_lists(tokens):
        np.add.at(truth, np.array(sorted(set(text)), np.uint64) & np.uint64(len(table) - 1), 1)
    assert (table >= truth).all()
    table[:] = 0
    count_tokens(of("a b a b a", "a"), table)
    assert sorted(table[table > 0].tolist()) == [1, 2]


def test_common_tokens_weigh_nothing():
    """A token in over a twentieth of the texts says nothing of an item; the rarer one is, the more it says."""
    texts = [f"the item{chr(97 + i % 26)}{chr(97 + i // 26)} is" for i in range(400)]
    table = np.zeros(1 << TOKEN_BITS, np.uint32)
    count_tokens(of(*texts, "the the the"), table)
    weights = token_weights(table, 401)
    (the, rare, absent), mask = as_lists(of("the itemaa unseen"))[0], (1 << TOKEN_BITS) - 1
    assert table[the & mask] == 401
    assert weights[the & mask] == 0
    assert 3.0 >= weights[absent & mask] > weights[rare & mask] > 2.0
    blank = match(of("the is the is"), index(), weights)
    assert not blank.sketch.any()
    assert blank.free.tolist() == [4]
