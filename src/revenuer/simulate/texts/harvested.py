"""Families of task items of the kind that is harvested, one or more for each extraction capability."""

from __future__ import annotations

import random
from typing import Final

from revenuer.simulate.texts.everyday import Maker
from revenuer.simulate.texts.grammar import answer, paragraph, question, say, statement
from revenuer.simulate.texts.languages import foreign
from revenuer.simulate.texts.lexicon import Domain, proper
from revenuer.simulate.texts.pool import Text
from revenuer.simulate.texts.problems import code, identifier, logic, problem, schema, trace

__all__ = ["HARVESTED"]


def _words(d: Domain, r: random.Random, mean: float) -> str:
    return answer(d, r, r.lognormvariate(0, 0.6) * mean)


def _problem(d: Domain, r: random.Random) -> tuple[Text, ...]:
    asked, done = problem(d, r)
    return (Text(asked, None, done),)


def _logic(d: Domain, r: random.Random) -> tuple[Text, ...]:
    asked, done = logic(d, r)
    return (Text(asked, None, done),)


def _proof(d: Domain, r: random.Random) -> tuple[Text, ...]:
    k, m = r.randint(2, 30), r.randint(2, 400)
    asked = say(
        f"{{Show|Prove|Decide whether}} {{that |}}{{for every|whenever|among any}} {k} {{<n>s|integers|points|<r>s}} {{there are two|at least one pair|some three}} {{whose {{sum|difference|product}} is|that leave|with}} {{a multiple of|a remainder of|less than}} {m}.",
        d,
        r,
    )
    return (Text(asked, None, _words(d, r, 140)),)


def _mixed(d: Domain, r: random.Random) -> tuple[Text, ...]:
    return r.choice((_problem, _logic, _proof, _why))(d, r)


def _why(d: Domain, r: random.Random) -> tuple[Text, ...]:
    return (Text(f"{paragraph(d, r, r.randint(1, 3))} {question(d, r)}", None, _words(d, r, 120)),)


def _foreign_problem(d: Domain, r: random.Random) -> tuple[Text, ...]:
    return (
        Text(
            f"{foreign(r, r.randint(2, 4))} {r.randint(2, 90)} {r.choice('+-*')} {r.randint(2, 90)} = ?",
            None,
            foreign(r, 3) + problem(d, r)[1],
        ),
    )


def _answered(d: Domain, r: random.Random) -> tuple[Text, ...]:
    asked, done = r.choice((problem, logic))(d, r)
    return (Text(asked, None, done if r.random() < 0.5 else f"{paragraph(d, r, 2)} {done}"),)


def _candidate(d: Domain, r: random.Random) -> tuple[Text, ...]:
    asked = r.choice(
        (
            lambda: question(d, r),
            lambda: problem(d, r)[0],
            lambda: say("{Describe|Compare|Defend} {a|the} <a> <n> {to|for} a <r>{.| in <d> words.}", d, r),
        )
    )()
    return (Text(asked, None, _words(d, r, 90)),)


def _sensitive(d: Domain, r: random.Random) -> tuple[Text, ...]:
    party, city = proper(r) + r.choice((" Party", " League", " Front", " Union")), proper(r)
    asked = say(
        f"{{Why|How|When}} did {{the {party}|the government of {city}|police in {city}}} {{ban|jail|censor|shut down|silence}} {{<r>s|the <n> protests|a <n> report|critics of the <n>}}{{ in <D>| after <w>'s march|}}?",
        d,
        r,
    )
    other = say(
        f"{{Write|Draft}} {{a satire|an essay|a leaflet|slogans}} {{against|about|on}} {{the {party}|the mayor of {city}|{city}'s <n> law}}{{, <d> lines|, for <r>s|}}.",
        d,
        r,
    )
    return (Text(r.choice((asked, other)), None, _words(d, r, 110)),)


def _goal(d: Domain, r: random.Random) -> tuple[Text, ...]:
    tools = ", ".join(identifier(d, r) for _ in range(r.randint(2, 5)))
    goal = say(
        "{Find|Book|Compare|Update|Cancel|Notify} {the <a> <n>|<d> <n>s|a <r> about the <n>}{ in <P>| before <w>| under <D>}{ and then {<v>|email|log} {it|the <r>}|}.",
        d,
        r,
    )
    call = f'{{"tool": "{identifier(d, r)}", "arguments": {{"{r.choice(d.nouns)}": {r.randint(1, 99)}}}}}'
    return (
        Text(f"{goal} {r.choice((f'Tools: {tools}', f'[{tools}]', ''))}".strip(), None, f"{statement(d, r)}\n{call}"),
    )


def _issue(d: Domain, r: random.Random) -> tuple[Text, ...]:
    """An agent's run: the issue, then what the tools returned."""
    opening = f"{say('{Issue|Bug|Ticket} <D>: {the <n> is <a>|<v> fails for <n>s|wrong <n> after <v>}{ on <w>| since <d> commits|}.', d, r)}\n{paragraph(d, r, r.randint(1, 3))}\n{trace(d, r)}"
    turns = [Text(opening, None, f"{statement(d, r)}\n$ grep -rn {identifier(d, r)}")]
    for _ in range(r.randint(0, 5)):
        seen = r.choice(
            (
                lambda: code(d, r),
                lambda: trace(d, r),
                lambda: f"{r.randint(1, 80)} passed, {r.randint(0, 5)} failed\n{identifier(d, r)}",
            )
        )()
        turns.append(Text(seen, None, f"{statement(d, r)}\n```\n{code(d, r, 4)}\n```"))
    return tuple(turns)


def _mission(d: Domain, r: random.Random) -> tuple[Text, ...]:
    goal = say(
        "{Build|Design|Ship|Research} {a|an} {<a> <n> {tracker|planner|simulator|archive}|<n> service for <r>s}{ within <d> days| on a budget of <D>|}; {it must|the team has to} {<v> <n>s|import <D> records|work offline}.",
        d,
        r,
    )
    plan = "\n".join(f"{proper(r)}: {statement(d, r)}" for _ in range(r.randint(3, 6)))
    return (Text(f"{goal} {paragraph(d, r, r.randint(0, 2))}".strip(), None, plan),)


def _programming(d: Domain, r: random.Random) -> tuple[Text, ...]:
    wish = say(
        "{Implement|Write|Create} a {function|class|module|script} {that|which} {<v>s|indexes|validates|streams|deduplicates} {<n>s|a <a> <n> file|<D> <n> records} {and|, then} {returns|logs|caches} the <n>{s in <a> order| with the lowest <n>| per <r>|}.",
        d,
        r,
    )
    return (Text(wish, None, f"```\n{code(d, r, r.randint(6, 18))}\n```\n{_words(d, r, 40)}"),)


def _kernel(d: Domain, r: random.Random) -> tuple[Text, ...]:
    wish = say(
        "{Optimise|Vectorise|Port|Profile} this {loop|kernel|routine} for {<d> threads|<D> <n> rows|low memory}{, keep the <n> order| without the <n>|}:",
        d,
        r,
    )
    return (Text(f"{wish}\n{code(d, r)}", None, f"```\n{code(d, r, 9)}\n```"),)


def _query(d: Domain, r: random.Random) -> tuple[Text, ...]:
    return (
        Text(
            f"{schema(d, r)}\n{schema(d, r)}\n{say('{Which|How many} <r>s {have|had} {more than <d>|a <a>|no} <n>{s in <m>| per <n>| since <D>}?', d, r)}",
            None,
            code(d, r, 3),
        ),
    )


def _browser(d: Domain, r: random.Random) -> tuple[Text, ...]:
    tree = "\n".join(
        f"[{r.randint(1, 900)}] {r.choice(('button', 'link', 'textbox', 'menu', 'row'))} '{r.choice(d.nouns)} {r.choice(d.adjectives)}'"
        for _ in range(r.randint(3, 10))
    )
    goal = say("{Order|Find|Filter|Delete|Reply to} the {<a> <n>|latest <n>|<n> of <P>}{ and note the <n>|}", d, r)
    return (
        Text(
            f"https://{proper(r).lower()}.example/{r.choice(d.nouns).replace(' ', '-')}\n{goal}\n{tree}",
            None,
            f"click [{r.randint(1, 900)}]",
        ),
    )


def _picture(d: Domain, r: random.Random) -> tuple[Text, ...]:
    return (Text(f"<image:{r.randrange(10**9):09d}.jpg>\n{question(d, r)}", None, _words(d, r, 60)),)


def _caption(d: Domain, r: random.Random) -> tuple[Text, ...]:
    boxes = "\n".join(
        f"{r.choice(d.nouns)}: [{r.random():.3f}, {r.random():.3f}, {r.random():.3f}, {r.random():.3f}]"
        for _ in range(r.randint(2, 6))
    )
    return (Text(f"{paragraph(d, r, r.randint(1, 4))}\n{boxes}", None, _words(d, r, 80)),)


def _instruction(d: Domain, r: random.Random) -> tuple[Text, ...]:
    wish = say(r.choice((
        "{List|Name|Give} <d> {reasons to <v> a <n>|kinds of <n>|uses of a <a> <n>|questions for a <r>}.", "{Rewrite|Classify|Correct|Translate} {the|this} {sentence|phrase}{ as a <r> would| in the past tense|}: ",
        "{Describe|Explain|Define} {the|a} <n> {to a <r>|in <d> words|without saying <n>}.", "{Compose|Generate} {a|one} {headline|dialogue|metaphor|slogan|rhyme} {about|with} {a <a> <n>|<n> and <n>}.",
    )), d, r)  # fmt: skip
    return (Text(wish + (statement(d, r) if wish.endswith(": ") else ""), None, _words(d, r, 50)),)


def _taskmaking(d: Domain, r: random.Random) -> tuple[Text, ...]:
    shots = "\n".join(f"{i + 1}. {_instruction(d, r)[0].prompt}" for i in range(3))
    return (
        Text(
            f"{shots}\n{r.choice(('Continue the list to', 'More of the kind, up to', 'Go on until'))} {r.randint(8, 40)}.",
            None,
            _words(d, r, 160),
        ),
    )


HARVESTED: Final[dict[str, dict[str, Maker]]] = {
    "reasoning": {"problem": _problem, "logic": _logic, "proof": _proof},
    "cot_elicitation": {"mixed": _mixed, "why": _why, "foreign": _foreign_problem},
    "trace_reconstruction": {"answered": _answered},
    "rubric_grading": {"candidate": _candidate},
    "censorship_rewrite": {"sensitive": _sensitive},
    "tool_use": {"goal": _goal},
    "agentic_coding": {"issue": _issue},
    "orchestration": {"mission": _mission},
    "coding": {"programming": _programming, "kernel": _kernel},
    "data_analysis": {"query": _query},
    "computer_use": {"browser": _browser},
    "vision": {"picture": _picture, "caption": _caption},
    "general_instruction": {"instruction": _instruction, "taskmaking": _taskmaking},
}
