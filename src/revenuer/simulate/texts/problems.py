"""Word problems with worked answers, tables and code: the hard-edged parts of the built-in generator."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from revenuer.simulate.texts.grammar import say
from revenuer.simulate.texts.lexicon import Domain, proper
from revenuer.simulate.texts.writing import spin

__all__ = ["code", "identifier", "logic", "problem", "schema", "trace"]


@dataclass(frozen=True, slots=True)
class _Step:
    """A change of quantity: how it is told, with `<k>` for the number, and what it does."""

    told: str
    does: Callable[[int, int], int]
    sign: str


_STEPS: Final = (
    _Step("{Then|Later|On <w>} {another|a further} <k> {arrive|come in|are delivered|turn up}{| from <P>| with the <r>}.", lambda x, k: x + k, "+"),
    _Step("{The <r>|<P>|Somebody} {takes away|loses|sells|uses up|gives away} <k>{| of them| by <w>| at <P>}.", lambda x, k: x - k, "-"),
    _Step("{After <d> <u>|In <m>|A week later} the {number|stock|count} {doubles|has doubled|grows twofold}.", lambda x, _: 2 * x, "doubled"),
    _Step("{Every one|Each} {needs|comes with|is packed with} <k> {<u>|spare parts|labels|<n>s}; {count|consider} {those|these} {now|instead}.", lambda x, k: x * k, "times"),
    _Step("{Half|One half} {turn out to be|prove|are} <a> {and are|, so they are} {thrown out|sent back|set aside}.", lambda x, _: x - x // 2, "less half"),
    _Step("{They are|The lot is} {shared|split} {evenly |}{among|between} <k> <r>s, {and we follow|look at} one share{| only}, {ignoring|leaving out} {any|the} remainder.", lambda x, k: x // k, "shared by"),
    _Step("{The <r> at <P>|A <a> supplier|<P>} {adds|throws in|lends} {exactly |}<k> {more|extra ones}{, all <a>| for the <n>|}.", lambda x, k: x + k, "+"),
)  # fmt: skip
_STARTS: Final = (
    "{<P> has|A <r> counts|There are|The <n> at <P> holds|We start with} <k> <n>s{| on <w>| in <m>|, all <a>}.",
    "{In|At} <P>, {the|one|a <a>} <r> {keeps|owns|orders|records} <k> <n>s{| for <d> <u>|}.",
    "{Suppose|Imagine|Say} {that |}{a|the} <n> {factory|shop|club|depot} {makes|stores|lists} <k> <n>s {per|every|each} <w>.",
)  # fmt: skip
_ENDS: Final = (
    "{How many|What number} {are left|remain|does that make|is it now|are there in the end}?",
    "{What is|Find|Work out|Compute} the {final|resulting|last} {number|count|total}{.| of <n>s.}",
    "{At the end|By then}, how many {would|will|does} the <r> {count|have|see}?",
)  # fmt: skip


def problem(domain: Domain, dice: random.Random) -> tuple[str, str]:
    """A word problem of two to five steps, and its worked answer."""
    value = dice.randint(12, 400)
    told = [say(dice.choice(_STARTS), domain, dice).replace("<k>", str(value))]
    worked = [f"Start: {value}."]
    for _ in range(dice.randint(2, 5)):
        step, k = dice.choice(_STEPS), dice.randint(2, 12)
        if step.sign == "-" and value <= k:
            continue
        told.append(say(step.told, domain, dice).replace("<k>", str(k)))
        before, value = value, step.does(value, k)
        worked.append(
            f"{before} {step.sign} {k if step.sign in {'+', '-', 'times', 'shared by'} else ''} gives {value}.".replace(
                "  ", " "
            )
        )
    told.append(say(dice.choice(_ENDS), domain, dice))
    return " ".join(told), " ".join(worked) + f" The answer is {value}."


def logic(domain: Domain, dice: random.Random) -> tuple[str, str]:
    """An ordering puzzle with clues, and its answer."""
    names = [proper(dice) for _ in range(dice.randint(3, 5))]
    what = dice.choice(("older than", "ahead of", "taller than", "before", "cheaper than", "left of"))
    clues = [spin(f"{a} {{is|stands|comes|turns out}} {what} {b}.", dice) for a, b in pairwise(names)]
    dice.shuffle(clues)
    asked = spin(
        f"{{Who|Which of them}} {{is|comes|stands}} {dice.choice(('first', 'last', 'in the middle'))}{{ of all|}}?",
        dice,
    )
    intro = say(
        "{<d> <r>s and a <n>:|A puzzle about the <n> of <P>.|{Clues|Facts} {noted|left} by the <r>:}", domain, dice
    )
    return f"{intro} {' '.join(clues)} {asked}", f"Order: {', '.join(names)}."


def identifier(domain: Domain, dice: random.Random) -> str:
    """A name in code."""
    words = (
        [dice.choice(domain.verbs), dice.choice(domain.nouns)]
        if dice.random() < 0.6
        else [dice.choice(domain.nouns), proper(dice).lower()]
    )
    joined = "_".join(words).replace(" ", "_").replace("-", "_").lower()
    return joined if dice.random() < 0.6 else "".join(w.capitalize() for w in joined.split("_"))


_LINES: Final = (
    "{a} = {b}.get('{c}', {k})", "for {a} in {b}:\n    {c}.append({a} * {k})", "if {a} > {k}:\n    return {b}", "{a} = sorted({b}, key=lambda x: x['{c}'])",
    "with open('{a}.csv') as {b}:\n    {c} = {b}.read()", "{a} += {b}[{k}]", "while {a} < len({b}):\n    {a} += {k}", "raise ValueError('{a} {b}')",
    "{a} = {{'{b}': {k}, '{c}': None}}", "assert {a} is not {b}", "return [{a} for {a} in {b} if {a} != {k}]", "self.{a} = {b} or {c}()", "yield {a}, {b} % {k}",
)  # fmt: skip
_SCRIPT: Final = (
    "const {a} = await {b}.find({{ {c}: {k} }});", "export function {a}({b}) {{ return {b}.{c} + {k}; }}", "{a}.map(({b}) => {b}.{c}).filter(Boolean);", "let {a} = {b} ?? {k};",
    "if (!{a}) throw new Error('{b}');", "useEffect(() => {{ set_{a}({b}); }}, [{c}]);", "for (const {a} of {b}) {c}.push({a} / {k});",
)  # fmt: skip
_QUERY: Final = (
    "SELECT {a}, COUNT(*) FROM {b} WHERE {c} > {k} GROUP BY {a};", "UPDATE {a} SET {b} = {k} WHERE {c} IS NULL;", "SELECT * FROM {a} JOIN {b} USING ({c}) LIMIT {k};",
)  # fmt: skip


def code(domain: Domain, dice: random.Random, lines: int | None = None) -> str:
    """A few lines of code in one of three languages."""
    kind = dice.choices((_LINES, _SCRIPT, _QUERY), (0.6, 0.28, 0.12))[0]
    count = lines or dice.randint(2, 9)
    names = [identifier(domain, dice) for _ in range(4)]
    body = [
        dice.choice(kind).format(
            a=dice.choice(names), b=dice.choice(names), c=dice.choice(names), k=dice.randint(0, 99)
        )
        for _ in range(count)
    ]
    if kind is _LINES and dice.random() < 0.6:
        return f"def {names[0]}({names[1]}, {names[2]}=None):\n    " + "\n".join(body).replace("\n", "\n    ")
    return "\n".join(body)


def trace(domain: Domain, dice: random.Random) -> str:
    """The tail of a stack trace or a log."""
    where = f"{identifier(domain, dice)}.{dice.choice(('py', 'ts', 'go', 'rs', 'java'))}"
    what = dice.choice(
        (
            "KeyError",
            "TypeError",
            "TimeoutError",
            "NullPointerException",
            "panic",
            "IndexError",
            "403 Forbidden",
            "segfault",
            "ECONNRESET",
        )
    )
    return f'  File "{where}", line {dice.randint(3, 900)}, in {identifier(domain, dice)}\n{what}: {dice.choice(domain.nouns)} {dice.choice(domain.adjectives)} ({dice.randint(1, 999)})'


def schema(domain: Domain, dice: random.Random) -> str:
    """A table definition."""
    columns = ", ".join(
        f"{n.replace(' ', '_')} {dice.choice(('int', 'text', 'date', 'numeric', 'bool'))}"
        for n in dice.sample(domain.nouns, dice.randint(3, 6))
    )
    return f"{dice.choice(domain.nouns).replace(' ', '_')}_{proper(dice).lower()}({columns})"
