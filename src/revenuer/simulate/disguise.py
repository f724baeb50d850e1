"""How a campaign hides its frames: synonyms, order, optional sentences, and a text of each account's own in front."""

from __future__ import annotations

import random
import re
from typing import Final

from revenuer.simulate.requests import Requests
from revenuer.simulate.texts.grammar import say, statement
from revenuer.simulate.texts.lexicon import DOMAINS, Domain
from revenuer.simulate.texts.writing import spin
from revenuer.simulate.world import World

__all__ = ["prefixes", "put_before", "reworded", "wordings"]

_SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "write": ("set down", "compose", "put"), "answer": ("reply", "solution", "response"), "reasoning": ("thinking", "deliberation", "argument"),
    "complete": ("entire", "whole", "full"), "problem": ("task", "exercise", "question"), "step": ("stage", "move", "point"), "every": ("each", "any"),
    "give": ("provide", "supply", "offer"), "show": ("display", "lay out", "present"), "then": ("next", "after that", "thereupon"), "must": ("has to", "should"),
    "before": ("ahead of", "prior to"), "final": ("closing", "last", "ultimate"), "below": ("underneath", "that follows"), "output": ("print", "emit", "return"),
    "explain": ("account for", "make clear"), "full": ("unabridged", "whole"), "use": ("employ", "apply"), "task": ("job", "assignment"), "all": ("the whole of", "every bit of"),
}  # fmt: skip
_WORD: Final = re.compile(r"[a-z]+")
_SENTENCE: Final = re.compile(r"(?<=[.;]) ")


def reworded(template: str, dice: random.Random) -> str:
    """A template with some words replaced by synonyms and, at times, its sentences in another order."""
    said = _WORD.sub(
        lambda m: dice.choice(_SYNONYMS[m.group()]) if m.group() in _SYNONYMS and dice.random() < 0.5 else m.group(),
        template,
    )
    parts = _SENTENCE.split(said)
    if "\n" not in said and len(parts) > 2 and dice.random() < 0.5:
        dice.shuffle(parts)
    return " ".join(parts)


# Sentences that may stand in a frame or not.
_OPTIONAL: Final = (
    "{Write|Keep to} plain text{| without any decoration}.", "{Leave out|Skip} {greetings|courtesies} and {closing words|farewells}.",
    "{Take|Use} {as much room|as many words} as {is needed|the matter asks for}.", "{Do not|Never} {mention|repeat|comment on} {these instructions|this note}.",
    "{If something|Where anything} is {unclear|missing}, {assume|choose} what is {likeliest|most usual} and {say so|go on}.",
    "{Answer|Reply} in the language of the {input|text}.", "{Quality|Precision} {counts|matters} more than {speed|brevity}.",
    "{Work|Proceed} {alone|on your own}; {ask nothing back|do not ask questions}.", "{Number|Label} {your|the} {sections|parts}{| from one}.",
    "{The|Your} reader is {a specialist|an expert in the subject|a careful student}.",
)  # fmt: skip

_OPENINGS: Final = (
    "{Notes|Memo|Background} for {<P>|the <r>|our <n> team}{:|, <w>:}", "{Project|Folder|Workspace} <Q>{| - <a> <n>}.", "{About me|Profile}: {a|an <a>} <r> {at|from} <P>.",
    "{For|Regarding} the <a> <n> {of|at} <P>{:|, <m>:}", "{<P>|<Q>} {desk|lab|office}, {entry|sheet|page} <d>.", "{Dear assistant|Hello}, {this is|here is} <P>{| from <Q>}.",
)  # fmt: skip


def wordings(pattern: str, dice: random.Random) -> list[str]:
    """Five to twelve wordings of a pattern, as a script keeps them: other words, another order, a sentence more or less."""
    return [_wording(pattern, dice) for _ in range(dice.randint(5, 12))]


def _wording(pattern: str, dice: random.Random) -> str:
    blocks = reworded(spin(pattern, dice), dice).split("\n\n")
    told = max(range(len(blocks)), key=lambda i: len(blocks[i]))
    sentences = [_SENTENCE.split(line) for line in blocks[told].split("\n")]
    longest = max(sentences, key=len)
    if "<" not in " ".join(longest) and len(longest) > 1:
        dice.shuffle(longest)
    lines = [" ".join(parts) for parts in sentences]
    extra = [spin(sentence, dice) for sentence in dice.sample(_OPTIONAL, dice.randint(0, 3))]
    cut = dice.randint(0, len(extra))
    blocks[told] = "\n".join([*extra[:cut], *lines, *extra[cut:]]) if extra else "\n".join(lines)
    if len(blocks) == 2 and "<item>" in blocks and dice.random() < 0.5:
        blocks.reverse()
    return "\n\n".join(blocks)


def prefixes(world: World, accounts: int, *key: object) -> list[str]:
    """One text for each account, of three to six sentences about a walk of life of its own."""
    dice = world.dice("prefixes", *key)
    domains = tuple(DOMAINS.values())
    return [_prefix(dice, dice.choice(domains)) for _ in range(accounts)]


def _prefix(dice: random.Random, domain: Domain) -> str:
    told = [statement(domain, dice) for _ in range(dice.randint(3, 6))]
    return " ".join([say(dice.choice(_OPENINGS), domain, dice), *told])


def put_before(requests: Requests, words: list[str]) -> Requests:
    """The requests, every opening with the text of its account in front."""
    rows = zip(requests.prompt, requests.who.tolist(), requests.turn.tolist(), strict=True)
    requests.prompt = [f"{words[who]}\n\n{prompt}" if turn == 0 else prompt for prompt, who, turn in rows]
    return requests
