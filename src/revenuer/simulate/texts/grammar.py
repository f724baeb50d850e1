"""Sentences, questions and paragraphs about a walk of life, from patterns whose words are drawn anew each time."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from revenuer.simulate.texts.lexicon import DOMAINS, Domain, proper
from revenuer.simulate.texts.writing import Steps, realised, steps

__all__ = ["answer", "paragraph", "question", "say", "search", "statement", "styled"]

_SLOT = re.compile(r"<(n|v|a|r|u|P|Q|d|D|m|w)>")
_ARTICLE: Final = re.compile(r"\b([Aa])\b(?= [aeiou])")
_KEPT: Final = 4_096  # patterns made ready; some hold names and never come again
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Filler = Callable[[Domain, random.Random], str]

_FILLERS: Final[dict[str, Filler]] = {
    "n": lambda d, r: r.choice(d.nouns),
    "v": lambda d, r: r.choice(d.verbs),
    "a": lambda d, r: r.choice(d.adjectives),
    "r": lambda d, r: r.choice(d.roles),
    "u": lambda d, r: r.choice(d.units),
    "P": lambda _, r: proper(r),
    "Q": lambda _, r: proper(r, 3),
    "d": lambda _, r: str(r.randint(2, 60)),
    "D": lambda _, r: str(r.randint(100, 98_000)),
    "m": lambda _, r: r.choice(_MONTHS),
    "w": lambda _, r: r.choice(_DAYS),
}

_STATEMENTS: Final = (
    "{The|Our|My|This|That} <a> <n> {broke|failed|arrived|disappeared|changed|came back} {on <w>|in <m>|twice|after <d> <u>|overnight}.",
    "{I|We} {have|bought|inherited|found|lost|ordered} {a|an old|one more|the last} <n> {from|through|thanks to} {a|the|my} <r>{| in <P>| last <m>}.",
    "{A|The|My} <r> {told me to|said we should|never wants to|tried to|forgot to} <v> the <n> {before|after|without|instead of} the <n>.",
    "{It|This} takes {about|almost|more than|only} <d> <u> {to <v> the <n>|for each <n>|per <n>|when the <n> is <a>}.",
    "{Usually|Normally|In <m>|At <P>|Since <w>|By law} {the <n> is|every <n> stays|our <n> gets|no <n> remains} <a>{| and the <n> <a>|, unlike the <n>}.",
    "{There are|We counted|I noticed|They promised} <d> <n>s {and|but only|against|next to} <d> <n>s{| at <P>|, all <a>| this <m>}.",
    "{Between|Comparing|Given} the <n> and the <n>, {the <r> prefers|I would rather take|most people choose} the <a> one.",
    "{Nobody|Everyone|Hardly any <r>|Each <r>} {at <P>|here|in <P>|I know} {can|wants to|has to|refuses to} <v> {a <n>|the <a> <n>|such <n>s}.",
    "{When|Whenever|If} {I|we|you} <v> the <n>, the <n> {turns|looks|becomes|feels} <a>.",
    "{Our budget|The quote|The limit|The target} {is|was|went to} <D>{, for <d> <u>| for the <n>| including the <n>}.",
    "<P> {is|runs|wrote about|sells} {a|the} <a> <n> {that|which} {helps to|can|should} <v> <n>s.",
    "{Last|Next|Every other} <w> {the|our} <r> {will|would|may} <v> {it|the <n>|<d> <n>s} {with|near|because of} {the|a} <n>.",
    "{One|The first|A <a>} {problem|step|rule|idea} {is|concerns|starts with} the <n>{; another is the <n>| rather than the <n>|, said <P>}.",
    "{Without|Despite|Thanks to|Apart from} {a|the|any} <a> <n>, {<d> <u> are|the <n> is|we are} {enough|too {late|much|little}|<a>}.",
)  # fmt: skip

_QUESTIONS: Final = (
    "{How|Why|When|Where} {do|would|can|should} {I|you|we|people|<r>s} <v> {a|the|an <a>|my|their} <n>{| with a <n>| without the <n>| for <d> <u>| in <m>| near <P>}?",
    "{What|Which} {kind of|sort of|other} <n> {goes with|replaces|helps|spoils|follows} {a|an <a>|the} <n>?",
    "{Is|Was|Would} {it|a <n>|the <n>|<P>} {safe|normal|wise|allowed|cheaper|too late} {to <v> the <n>|with <d> <u>|for a <a> <n>|after the <n>}?",
    "{How many|How much|Roughly how many} <u> {does|for} {the|one|a <a>} <n> {take|need|cost|last}{| at <P>| if the <n> is <a>}?",
    "{Who|What} {invented|introduced|regulates|first described|owns} {the|modern} <n>{| in <P>| and the <n>}?",
    "{What is|What's|Can you explain|Tell me} the difference between {a|the} <n> and {a|the} <a> <n>?",
    "{Could|Can|May} {a|the|my} <r> <v> {the|another|two} <n>{|s} {while|after|before} the <n> is <a>?",
    "{Does|Did|Will} {the|a|my|our} <a> <n> {affect|change|ruin|improve|cover} {the|a} <n>{| in <m>| over <d> <u>}?",
    "{Any|Some} {ideas|advice|tips|sources} {on|for|about} {a|an} <a> <n>{ for a <r>| under <D>| near <P>|}?",
    "{What happens|What follows|What next} {if|when|once} {the|a|nobody's} <n> {is|gets|becomes} <a>{| before <w>| at <d> <u>}?",
    "{Should|Must} {we|I|a <r>} {first <v> the <n> or <v> the <n>|tell the <r> about the <n>|wait <d> <u>}?",
    "{Where|When} {was|did} {the|this} {<n> of <P>|<P> <n>|<a> <n>} {begin|first appear|get its name|end}?",
)  # fmt: skip


def _cut(part: str) -> tuple[str | Filler, ...]:
    """A literal as its constant parts and the fillers of its slots, by turns."""
    return tuple(_FILLERS[piece] if at % 2 else piece for at, piece in enumerate(_SLOT.split(part)) if piece)


@lru_cache(_KEPT)
def _ready(pattern: str) -> Steps:
    return steps(pattern, _cut)


def say(pattern: str, domain: Domain, dice: random.Random) -> str:
    """A pattern realised with words of the domain, each slot drawn on its own."""
    pieces: list[str | Filler] = []
    realised(_ready(pattern), dice.random, pieces)
    said = "".join([piece if isinstance(piece, str) else piece(domain, dice) for piece in pieces])
    if "a " in said or "A " in said:  # most have none, and looking is cheaper than matching
        said = _ARTICLE.sub(r"\1n", said)
    return said[0].upper() + said[1:]


def statement(domain: Domain, dice: random.Random) -> str:
    """One sentence that claims something."""
    return say(dice.choice(_STATEMENTS), domain, dice)


def question(domain: Domain, dice: random.Random) -> str:
    """One sentence that asks something."""
    return say(dice.choice(_QUESTIONS), domain, dice)


def search(domain: Domain, dice: random.Random) -> str:
    """A few words, as typed into a search box."""
    words = question(domain, dice).rstrip("?").lower().split()
    return " ".join(w for w in words if w not in {"the", "a", "an", "do", "of", "to"} or dice.random() < 0.5)


def paragraph(domain: Domain, dice: random.Random, sentences: int) -> str:
    """Some statements in a row."""
    return " ".join(statement(domain, dice) for _ in range(sentences))


def answer(domain: Domain, dice: random.Random, words: float) -> str:
    """An answer of about so many words: paragraphs, at times as a list."""
    count = max(1, round(words / 13))
    said = [statement(domain, dice) for _ in range(count)]
    if count > 5 and dice.random() < 0.4:
        return said[0] + "\n" + "\n".join(f"- {s}" for s in said[1:])
    return "\n\n".join(" ".join(said[i : i + 4]) for i in range(0, count, 4))


def styled(text: str, dice: random.Random) -> str:
    """The text as a hurried, a polite or a plain person might send it."""
    draw = dice.random()
    if draw < 0.16:
        return text.lower().rstrip(".?")
    if draw < 0.22:
        return dice.choice(("hi", "hello", "hey", "ok so", "quick one:", "morning,")) + " " + text[0].lower() + text[1:]
    if draw < 0.27:
        return text + dice.choice((" thanks", " Thank you!", " pls", " cheers", " Asap.", " (for work)"))
    if draw < 0.33 and len(text) > 20:
        at = dice.randrange(5, len(text) - 2)
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text


def pick(dice: random.Random, topic: str | None = None) -> Domain:
    """The domain of that name, or any."""
    return DOMAINS[topic] if topic else dice.choice(tuple(DOMAINS.values()))
