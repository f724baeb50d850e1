"""Elicitation scored on what is asked of the model: quoted, fenced and tool-returned text is somebody else's words."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.cues import addresses, handles, mentions, minded, requests, submits
from revenuer.fingerprint.spans import HEAD_CHARACTERS, TAIL_CHARACTERS, foreign_spans, without
from revenuer.text.tokens import Tokens, take, tokenize

__all__ = ["ASKS", "DOUBTFUL", "asked_elicitation", "asked_words", "own_words"]

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
_SENTENCE: Final = re.compile(r"(?:[^.!?。！？؟।\n]|[.!?](?=\S))*[.!?。！？؟।\n]*\s*")  # noqa: RUF001 - of other scripts


def own_words(text: str) -> str:
    """The text without what its writer holds out in other words.

    A quotation is left aside if the rest works on it (sums up, classifies, reports, translates, repairs), and what a tool
    or a log returned if the rest asks for anything at all. Nothing is left aside where the rest says to do what the
    quotation says, or asks for nothing: then the quotation is the request.
    """
    spans = foreign_spans(text)
    rest = without(text, spans)
    if submits(rest):
        return text
    if handles(rest):
        return rest
    rest = without(text, [span for span in spans if span.returned])
    return rest if requests(rest) else text


def asked_words(text: str) -> tuple[str, str]:
    """What the text asks, and what it only holds out or speaks about.

    The second is what stands in other words (`own_words`), and sentences that speak about reasoning and mean nobody's
    in particular: "Draft a rule against requests for hidden reasoning" asks for none. Each sentence stands for itself.
    """
    text = _ends(text)
    own = own_words(text)
    sentences = _SENTENCE.findall(own)
    asks = [addresses(said) or not mentions(said) for said in (" ".join(sentence.split()) for sentence in sentences)]
    kept = "".join(sentence for sentence, does in zip(sentences, asks, strict=True) if does)
    beside = "".join(sentence for sentence, does in zip(sentences, asks, strict=True) if not does)
    quoted = "" if own is text else " ".join(text[span.start : span.end] for span in foreign_spans(text))
    return kept, f"{beside} {quoted}"


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
    texts = prompts.take(pa.array(doubtful))
    parts = [asked_words(text or "") for text in texts.to_pylist()]
    asked = tokenize(pa.array([asked if minded(asked) else "" for asked, _ in parts], pa.string()))
    asked = take(asked, np.where(np.diff(asked.offsets) >= _LEAST_TOKENS, np.arange(len(doubtful)), -1))
    rest = tokenize(pa.array([rest for _, rest in parts], pa.string()))
    nothing = tokenize(pa.nulls(len(doubtful), pa.string()))
    of_asked = model.score(asked, nothing if systems is None else take(systems, doubtful)).elicitation
    whole, of_rest = (model.score(tokens, nothing).elicitation for tokens in (tokenize(texts), rest))
    silent = np.diff(asked.offsets) == 0
    lower = (whole >= DOUBTFUL) & (silent | ((of_rest >= DOUBTFUL) & (of_rest > of_asked)))
    result = elicitation.copy()
    result[doubtful] = np.where(lower, np.minimum(elicitation[doubtful], of_asked), elicitation[doubtful])
    return result
