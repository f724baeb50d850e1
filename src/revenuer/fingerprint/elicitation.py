"""Elicitation scored on what is asked of the model: quoted, fenced and tool-returned text is somebody else's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.cues import Heard
from revenuer.fingerprint.spans import HEAD_CHARACTERS, TAIL_CHARACTERS, Span, foreign_spans, without
from revenuer.text.tokens import I64, Tokens, take, tokenize

__all__ = ["ASKS", "DOUBTFUL", "Parts", "asked_elicitation", "asked_words", "own_words"]

F32 = npt.NDArray[np.float32]

DOUBTFUL: Final = 0.2  # a lower score is not worth a second look
# A text that scores above this asks for hidden reasoning. It flags no one: it says which requests to count.
ASKS: Final = 0.25


def _ends(text: str) -> str:
    """What the scorer reads of a long text."""
    if len(text) <= HEAD_CHARACTERS + TAIL_CHARACTERS:
        return text
    return text[:HEAD_CHARACTERS] + "\n\n" + text[-TAIL_CHARACTERS:]


_LEAST_TOKENS: Final = 6  # fewer words ask for nothing of their own
# A full stop within a word ends nothing.
_SENTENCE: Final = re.compile(r"(?:[^.!?。！？؟।\n]++|[.!?](?=\S))*+[.!?。！？؟।\n]*+\s*+")  # noqa: RUF001 - of other scripts


def _own(texts: list[str], spans: list[list[Span]]) -> list[str]:
    """Each text without what its writer holds out in other words; a text without spans is all its writer's."""
    own = list(texts)
    quoting = np.array([at for at, found in enumerate(spans) if found], np.int64)
    rests = [without(texts[at], spans[at]) for at in quoting]
    heard = Heard(rests)
    aside, handled = ~heard.submits(), heard.handles()
    for place in np.flatnonzero(aside & handled):
        own[quoting[place]] = rests[place]
    for at, rest in _without_returned(texts, spans, quoting[aside & ~handled]):
        own[at] = rest
    return own


def _without_returned(texts: list[str], spans: list[list[Span]], chosen: I64) -> Iterator[tuple[int, str]]:
    """Those of the chosen texts that ask for anything beside what machines returned, without that."""
    rests = [without(texts[at], [span for span in spans[at] if span.returned]) for at in chosen]
    return ((chosen[place], rests[place]) for place in np.flatnonzero(Heard(rests).requests()))


def own_words(texts: list[str]) -> list[str]:
    """The texts without what their writers hold out in other words.

    A quotation is left aside if the rest works on it (sums up, classifies, reports, translates, repairs), and what a tool
    or a log returned if the rest asks for anything at all. Nothing is left aside where the rest says to do what the
    quotation says, or asks for nothing: then the quotation is the request.
    """
    return _own(texts, foreign_spans(texts))


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
    parts = [Parts("", "")] * len(texts)
    ends = [_ends(text) for text in texts]
    minded = np.flatnonzero(Heard(ends).minded())
    ends = [ends[at] for at in minded]
    spans = foreign_spans(ends)
    own = _own(ends, spans)
    sentences = [_SENTENCE.findall(text) for text in own]
    asks = _asking(sentence for said in sentences for sentence in said)
    kept = ["".join(sentence for sentence in said if sentence in asks) for said in sentences]
    still, asked = _still_minded(ends, own), _still_minded(own, kept)
    for at in np.flatnonzero(still):
        beside = "".join(sentence for sentence in sentences[at] if sentence not in asks)
        quoted = "" if own[at] is ends[at] else " ".join(ends[at][span.start : span.end] for span in spans[at])
        parts[minded[at]] = Parts(kept[at] if asked[at] else "", f"{beside} {quoted}")
    return parts


def _still_minded(texts: list[str], rests: list[str]) -> npt.NDArray[np.bool_]:
    """Whether a word for thinking is left in each of the rests, of texts that have one."""
    less = np.array([rest != text for text, rest in zip(texts, rests, strict=True)], np.bool_)
    still = ~less
    still[less] = Heard(rests[at] for at in np.flatnonzero(less)).minded()
    return still


def _asking(sentences: Iterable[str]) -> set[str]:
    """Which of the sentences may ask for reasoning; those of a template are many times the same."""
    distinct = list(dict.fromkeys(sentences))
    heard = Heard(" ".join(sentence.split()) for sentence in distinct)
    asks = ~heard.keeps_back()
    about = np.flatnonzero(asks & heard.mentions())
    asks[about] = heard.among(about).addresses()
    return {distinct[at] for at in np.flatnonzero(asks)}


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
    doubtful = np.flatnonzero(elicitation >= DOUBTFUL)
    if len(doubtful) == 0:
        return elicitation
    whole = _alone(model, prompts.take(pa.array(doubtful)))
    doubtful = doubtful[whole >= DOUBTFUL]
    parts = asked_words([text or "" for text in prompts.take(pa.array(doubtful)).to_pylist()])
    asked = tokenize(pa.array([part.asked for part in parts], pa.string()))
    asked = take(asked, np.where(np.diff(asked.offsets) >= _LEAST_TOKENS, np.arange(len(doubtful)), -1))
    nothing = tokenize(pa.nulls(len(doubtful), pa.string()))
    of_asked = model.score(asked, nothing if systems is None else take(systems, doubtful)).elicitation
    beside = _alone(model, pa.array([part.beside for part in parts], pa.string()))
    silent = np.diff(asked.offsets) == 0
    lower = silent | ((beside >= DOUBTFUL) & (beside > of_asked))
    result = elicitation.copy()
    result[doubtful] = np.where(lower, np.minimum(elicitation[doubtful], of_asked), elicitation[doubtful])
    return result


def _alone(model: CapabilityModel, texts: pa.Array) -> F32:
    """The score of each text without a system prompt."""
    return model.score(tokenize(texts), tokenize(pa.nulls(len(texts), pa.string()))).elicitation
