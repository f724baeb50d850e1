"""Elicitation scored on what is asked of the model: quoted, fenced and tool-returned text is somebody else's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.cues import Heard
from revenuer.fingerprint.spans import HEAD_CHARACTERS, TAIL_CHARACTERS, Span, foreign_spans, without
from revenuer.text.sentences import put_together, sentences
from revenuer.text.spelling import spelt
from revenuer.text.tokens import I64, Tokens, take, tokenize

__all__ = ["ASKS", "DOUBTFUL", "Parts", "asked_elicitation", "asked_words", "own_words"]

F32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

DOUBTFUL: Final = 0.2  # a lower score is not worth a second look
# A text that scores above this asks for hidden reasoning. It flags no one: it says which requests to count.
ASKS: Final = 0.25


def _ends(texts: pa.Array) -> pa.Array:
    """What the scorer reads of long texts; null is an empty text."""
    texts = pc.fill_null(texts, "").cast(pa.large_string())
    # no text has more characters than bytes
    if (pc.max(pc.binary_length(texts)).as_py() or 0) <= HEAD_CHARACTERS + TAIL_CHARACTERS:
        return texts
    long = pc.greater(pc.utf8_length(texts), HEAD_CHARACTERS + TAIL_CHARACTERS)
    head = pc.utf8_slice_codeunits(texts, 0, HEAD_CHARACTERS)
    tail = pc.utf8_slice_codeunits(texts, -TAIL_CHARACTERS, None)
    return pc.if_else(long, pc.binary_join_element_wise(head, tail, pa.scalar("\n\n", pa.large_string())), texts)


_LEAST_TOKENS: Final = 6  # fewer words ask for nothing of their own


def _heard(texts: list[str]) -> Heard:
    return Heard(spelt(pa.array(texts, pa.large_string())))


def _own(texts: list[str], spans: list[list[Span]]) -> list[str]:
    """Each text without what its writer holds out in other words; a text without spans is all its writer's."""
    own = list(texts)
    quoting = np.array([at for at, found in enumerate(spans) if found], np.int64)
    rests = [without(texts[at], spans[at]) for at in quoting]
    heard = _heard(rests)
    aside, handled = ~heard.submits(), heard.handles()
    for place in np.flatnonzero(aside & handled):
        own[quoting[place]] = rests[place]
    for at, rest in _without_returned(texts, spans, quoting[aside & ~handled]):
        own[at] = rest
    return own


def _without_returned(texts: list[str], spans: list[list[Span]], chosen: I64) -> Iterator[tuple[int, str]]:
    """Those of the chosen texts that ask for anything beside what machines returned, without that."""
    rests = [without(texts[at], [span for span in spans[at] if span.returned]) for at in chosen]
    return ((chosen[place], rests[place]) for place in np.flatnonzero(_heard(rests).requests()))


def own_words(texts: list[str]) -> list[str]:
    """The texts without what their writers hold out in other words.

    A quotation is left aside if the rest works on it (sums up, classifies, reports, translates, repairs), and what a tool
    or a log returned if the rest asks for anything at all. Nothing is left aside where the rest says to do what the
    quotation says, or asks for nothing: then the quotation is the request.
    """
    return _own(texts, foreign_spans(pa.array(texts, pa.large_string())))


class Parts(NamedTuple):
    """A text in two parts.

    Attributes:
        asked: what it asks; empty where no word of it stands for thinking.
        beside: what it only holds out or speaks about; empty where no word of the writer's own stands for thinking, since
            then it does not matter.
    """

    asked: str
    beside: str


def asked_words(texts: list[str]) -> list[Parts]:
    """What each text asks, and what it only holds out or speaks about.

    The second is what stands in other words (`own_words`), and sentences that speak about reasoning and mean nobody's
    in particular: "Draft a rule against requests for hidden reasoning" asks for none. Each sentence stands for itself.
    """
    return [
        Parts(*both) for both in zip(*(part.to_pylist() for part in _parts(pa.array(texts, pa.string()))), strict=True)
    ]


def _parts(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Both `Parts` of each text, as arrays of strings."""
    ends = _ends(texts)
    heard = Heard(spelt(ends))
    minded = np.flatnonzero(heard.minded())
    ends = ends.take(pa.array(minded))
    spans = foreign_spans(ends, heard.among(minded))
    said = ends.to_pylist()
    owned = _own(said, spans)
    own = pa.array(owned, pa.large_string())
    pieces, counts = sentences(own)
    asks = _asking(pieces)
    kept, beside = put_together(pieces, counts, asks), put_together(pieces, counts, ~asks)
    still, asked = _still_minded(said, owned), _still_asked(own, kept, counts, asks)
    quoted = [
        " ".join(text[span.start : span.end] for span in found) if mine is not text else ""
        for text, mine, found in zip(said, owned, spans, strict=True)
    ]
    beside = pc.binary_join_element_wise(beside, pa.array(quoted, pa.large_string()), pa.scalar(" ", pa.large_string()))
    return _spread(kept, minded, still & asked, len(texts)), _spread(beside, minded, still, len(texts))


def _spread(found: pa.Array, rows: I64, chosen: Bools, size: int) -> pa.Array:
    """The chosen of the texts, each in its row of `size`; empty texts in all others."""
    place = np.full(size, len(found))
    place[rows[chosen]] = np.flatnonzero(chosen)
    return pa.concat_arrays([found, pa.array([""], pa.large_string())]).take(pa.array(place))


def _still_minded(texts: list[str], rests: list[str]) -> Bools:
    """Whether a word for thinking is left in each of the rests, of texts that have one."""
    less = np.array([rest is not text for text, rest in zip(texts, rests, strict=True)], np.bool_)
    still = ~less
    still[less] = _heard([rests[at] for at in np.flatnonzero(less)]).minded()
    return still


def _still_asked(own: pa.Array, kept: pa.Array, counts: I64, asks: Bools) -> Bools:
    """Whether a word for thinking is left in what each text asks, where that is less than the text."""
    total = np.concatenate([[0], np.cumsum(~asks)])
    less = np.flatnonzero(total[counts[1:]] > total[counts[:-1]])
    still = np.ones(len(own), np.bool_)
    still[less] = Heard(spelt(kept.take(pa.array(less)))).minded()
    return still


def _asking(pieces: pa.Array) -> Bools:
    """Which of the sentences may ask for reasoning; those of a template are many times the same."""
    said = spelt(pieces, squeezed=True).dictionary_encode()
    heard = Heard(said.dictionary)
    asks = ~heard.keeps_back()
    rows = np.flatnonzero(asks)
    about = rows[heard.among(rows).mentions()]
    asks[about] = heard.among(about).addresses()
    of_each: Bools = asks[said.indices.to_numpy()]
    return of_each


def asked_elicitation(
    model: CapabilityModel, prompts: pa.Array, elicitation: F32, systems: Tokens | None = None
) -> F32:
    """Lower `elicitation` where it came from a quotation, or from speaking about reasoning.

    Texts that score at least `DOUBTFUL` are scored again in two parts, what they ask and the rest (`asked_words`); where
    the rest scores higher, or no word of what they ask stands for thinking, the score of what they ask counts. Quoting
    one's own request would therefore hide it only if something else is asked about the quotation. What only the system
    prompt asks for stands.

    Args:
        model: scores the texts again.
        prompts: shape (n,), the newest user messages.
        elicitation: shape (n,), as `CapabilityModel.score` gave it.
        systems: the system prompts that were scored with them, which may ask whatever the user quotes; None: there are none.
    """
    if systems is None:
        systems = tokenize(pa.nulls(len(prompts), pa.string()))
    doubtful = _doubtful(model, prompts, elicitation, systems)
    if len(doubtful) == 0:
        return elicitation
    texts, beside = _parts(prompts.take(pa.array(doubtful)))
    asked = tokenize(texts)
    asked = take(asked, np.where(np.diff(asked.offsets) >= _LEAST_TOKENS, np.arange(len(doubtful)), -1))
    of_beside = _alone(model, beside)
    # of others it does not matter what they ask
    rows = np.flatnonzero((np.diff(asked.offsets) == 0) | (of_beside >= DOUBTFUL))
    silent = np.diff(asked.offsets)[rows] == 0
    _, of_asked = model.judge(take(asked, rows), take(systems, doubtful[rows]))
    lower = silent | (of_beside[rows] > of_asked)
    result = elicitation.copy()
    result[doubtful[rows[lower]]] = np.minimum(result[doubtful[rows[lower]]], of_asked[lower])
    return result


def _doubtful(model: CapabilityModel, prompts: pa.Array, elicitation: F32, systems: Tokens) -> I64:
    """The rows whose prompt is doubtful without its system prompt; where there is none it was scored so."""
    doubtful = np.flatnonzero(elicitation >= DOUBTFUL)
    led = np.diff(systems.offsets)[doubtful] > 0
    alone = elicitation[doubtful]
    alone[led] = _alone(model, prompts.take(pa.array(doubtful[led])))
    return doubtful[alone >= DOUBTFUL]


def _alone(model: CapabilityModel, texts: pa.Array) -> F32:
    """The score of each text without a system prompt."""
    return model.judge(tokenize(texts), tokenize(pa.nulls(len(texts), pa.string())))[1]
