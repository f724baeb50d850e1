"""Families of ordinary requests: what people write when they chat, ask, complain, translate, write and code."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from revenuer.simulate.texts.grammar import answer, paragraph, question, say, search, statement, styled
from revenuer.simulate.texts.languages import foreign, translations
from revenuer.simulate.texts.lexicon import Domain, proper
from revenuer.simulate.texts.pool import Text
from revenuer.simulate.texts.problems import code, identifier, logic, problem, schema, trace

__all__ = ["EVERYDAY", "Maker"]

Maker = Callable[[Domain, random.Random], tuple[Text, ...]]


def _one(prompt: str, response: str | None, dice: random.Random) -> tuple[Text, ...]:
    return (Text(styled(prompt, dice), None, response),)


def _said(domain: Domain, dice: random.Random, mean: float = 90) -> str:
    return answer(domain, dice, dice.lognormvariate(0, 0.7) * mean)


def _chat_question(d: Domain, r: random.Random) -> tuple[Text, ...]:
    return _one(" ".join([paragraph(d, r, r.randint(0, 3)), question(d, r)]).strip(), _said(d, r), r)


def _chat_dilemma(d: Domain, r: random.Random) -> tuple[Text, ...]:
    told = paragraph(d, r, r.randint(2, 5))
    asked = say(
        r.choice(
            (
                "{What would you do|Am I wrong|Was that fair|How do I tell the <r>}?",
                "{I feel|My <r> is} <a> about {it|this}. {Opinions|Thoughts|Help}?",
                "Which {option|<n>} {would you|should a <r>} pick?",
            )
        ),
        d,
        r,
    )
    return _one(f"{told} {asked}", _said(d, r), r)


def _chat_banter(d: Domain, r: random.Random) -> tuple[Text, ...]:
    opening = say(
        "{Tell me|Make up|Invent} {a joke|a riddle|something odd|a fun fact|a dream} about {a <a> <n>|<n>s and <n>s|a <r> called <P>}.",
        d,
        r,
    )
    later = [Text(styled(question(d, r), r), None, _said(d, r, 60)) for _ in range(r.randint(0, 3))]
    return (*_one(opening, _said(d, r, 50), r), *later)


def _chat_foreign(_: Domain, r: random.Random) -> tuple[Text, ...]:
    return (Text(foreign(r, r.randint(1, 3)), None, foreign(r, r.randint(2, 6))),)


def _chat_plan(d: Domain, r: random.Random) -> tuple[Text, ...]:
    wish = say(
        "{Plan|Outline|Suggest|Map out} {<d> days|a week|an afternoon|a first month} {around|with|for} {a <n>|my <n> and the <n>|a <a> <r>}{, {budget|limit} <D>| near <P>|}{; no <n>| and some <n>|}.",
        d,
        r,
    )
    return _one(wish + " " + paragraph(d, r, r.randint(0, 2)), _said(d, r, 160), r)


def _search(d: Domain, r: random.Random) -> tuple[Text, ...]:
    return (Text(search(d, r), None, _said(d, r, 40)),)


def _question(d: Domain, r: random.Random) -> tuple[Text, ...]:
    return (Text(question(d, r), None, _said(d, r, 45)),)


def _grounded(d: Domain, r: random.Random) -> tuple[Text, ...]:
    body = paragraph(d, r, r.randint(3, 9))
    asked = question(d, r)
    order = r.random()
    return (Text(f"{asked}\n\n{body}" if order < 0.5 else f"{body}\n\n{asked}", None, statement(d, r)),)


def _trivia(d: Domain, r: random.Random) -> tuple[Text, ...]:
    asked = say(
        r.choice(
            (
                "{Who|Which <r>} from <P> {first|once} {sold|drew|lost|won} the <a> <n>{| in <D>}?",
                "{In which|What} year did {the <n> of <P>|<Q>} {open|burn down|change hands}?",
                "{What|Which} <n> is {named after|made in|kept at} <P>?",
            )
        ),
        d,
        r,
    )
    return (Text(asked, None, proper(r) + "."),)


def _complaint(d: Domain, r: random.Random) -> tuple[Text, ...]:
    number = f"{r.choice(('order', 'ticket', 'no.', '#', 'ref'))} {r.choice('ABCDEFGHK')}{r.randint(1000, 999_999)}"
    told = say(
        r.choice(
            (
                "{My|The} <n> {came|is|arrived} <a>{| after <d> <u>| and the <n> is missing}.",
                "{Still no|Where is my|You sent the wrong} <n>{, it has been <d> days| to <P>|}.",
                "{I was|They} charged <D> {twice|for a <n>|by mistake}.",
            )
        ),
        d,
        r,
    )
    return _one(
        f"{told} {r.choice((number, '', number + '.'))} {statement(d, r) if r.random() < 0.4 else ''}".strip(),
        _said(d, r, 40),
        r,
    )


def _errand(d: Domain, r: random.Random) -> tuple[Text, ...]:
    return _one(
        say(
            "{set|cancel|move|check|change|find|freeze|show} {my|the|a} {<n>|<n> for <w>|<a> <n>|reminder to <v> the <n>|<n> at <P>}{| please| by <w>| for <d> <u>}",
            d,
            r,
        ).lower(),
        _said(d, r, 18),
        r,
    )


def _account_help(d: Domain, r: random.Random) -> tuple[Text, ...]:
    asked = say(
        "{How do I|Can I|I can't|Help me} {reset|export|upgrade|close|share|recover|rename} {my|the|our} {<n> {list|plan|page|account}|login for <P>|<n>}{| since <w>| on {my phone|two devices}}{?|.}",
        d,
        r,
    )
    return _one(asked, _said(d, r, 45), r)


def _translate(d: Domain, r: random.Random) -> tuple[Text, ...]:
    source, target = translations(r)
    body = paragraph(d, r, r.randint(1, 4)) if source == "English" else foreign(r, r.randint(1, 4), source)
    done = paragraph(d, r, r.randint(1, 4)) if target == "English" else foreign(r, r.randint(1, 4), target)
    head = say(
        r.choice(
            (
                f"{{Translate|Put|Render}} {{this|it|the text|my {r.choice(d.nouns)} note}} {{into|in|to}} {target}{{:|.|,}}",
                f"{{In {target}|{target}}}{{ please|}}:",
                f"{{How do you say|What is}} this in {target}?",
                f"{source} -> {target}",
            )
        ),
        d,
        r,
    )
    return (Text(f"{head}\n{body}" if r.random() < 0.7 else f'"{body}" {head}', None, done),)


def _rewrite(d: Domain, r: random.Random) -> tuple[Text, ...]:
    head = say(
        "{Make|Rewrite|Edit|Polish} {this|my {text|note|mail|paragraph} {to|for} {a|the} <r>}{ shorter| kinder| {so that|because} <P> {gets|misses} it|, {less|more} <a>|}{:|.}",
        d,
        r,
    )
    return (Text(f"{head}\n\n{paragraph(d, r, r.randint(2, 7))}", None, paragraph(d, r, r.randint(2, 6))),)


def _compose(d: Domain, r: random.Random) -> tuple[Text, ...]:
    kind = r.choice(
        (
            "email",
            "poem",
            "toast",
            "speech",
            "letter",
            "review",
            "advert",
            "eulogy",
            "haiku",
            "story",
            "blurb",
            "cover letter",
            "apology",
            "post",
        )
    )
    wish = say(
        f"{{Write|Draft|I need|Can you do}} {{a|one|a short|a <a>}} {kind} {{about|for|to|from}} {{a <r>|the <n>|<P>, {{our|my|a}} <r>|<n>s}}{{ who|, whose <n>|: the <n>}} {{is <a>|broke|wants to <v> it}}{{| in <d> lines| for <w>}}.",
        d,
        r,
    )
    return _one(f"{wish} {paragraph(d, r, r.randint(0, 3))}".strip(), _said(d, r, 170), r)


def _summarise(d: Domain, r: random.Random) -> tuple[Text, ...]:
    body = "\n".join(
        f"{proper(r)}: {statement(d, r)} {question(d, r) if r.random() < 0.3 else ''}".strip()
        for _ in range(r.randint(5, 16))
    )
    head = r.choice(
        ("Summarise", "Minutes please", "What was decided about", "Key points on", "tl;dr", "Who has to act on")
    ) + r.choice((f" the {r.choice(d.nouns)}", "", f" {r.choice(d.nouns)} and {r.choice(d.nouns)}"))
    return (Text(f"{head}\n\n{body}", None, paragraph(d, r, r.randint(2, 5))),)


def _bug(d: Domain, r: random.Random) -> tuple[Text, ...]:
    told = say(
        r.choice(
            (
                "{Why does|How come} {this|my <n> code} {crash|hang|return nothing|print <d>}{| when the <n> is <a>| on <w>s}?",
                "{This|The <n> loop|My test} {fails|broke} {after|since} {I renamed the <n>|the upgrade|<d> {rows|calls}}.",
                "{Getting|I see|We hit} {an|this} error {with|in} the <a> <n>{, any clue| for <D> rows|}:",
            )
        ),
        d,
        r,
    )
    parts = [told, code(d, r), trace(d, r) if r.random() < 0.6 else ""]
    return _one("\n".join(p for p in parts if p), f"{statement(d, r)}\n```\n{code(d, r)}\n```\n{_said(d, r, 40)}", r)


def _write_code(d: Domain, r: random.Random) -> tuple[Text, ...]:
    language = r.choice(
        ("python", "js", "typescript", "go", "sql", "bash", "rust", "c#", "java", "regex", "excel", "kotlin")
    )
    wish = say(
        f"{{{language}|in {language}|need {language} code}}{{:| to|,}} {{read|sort|group|merge|match|parse|plot|validate}} {{<n>s by <n>|the <n> file|a list of <a> <n>s|<D> <n> rows}}{{ and {{drop|count|flag}} the <a> ones| without {{a loop|pandas|recursion}}| then <v> them|}}",
        d,
        r,
    )
    return _one(wish, f"```\n{code(d, r, r.randint(4, 16))}\n```\n{_said(d, r, 35)}", r)


def _explain_code(d: Domain, r: random.Random) -> tuple[Text, ...]:
    asked = say(
        "{what does|can you explain|refactor|review|is it ok to ship|add types to|write a test for} {this|it|the <n> part}{?|:|}",
        d,
        r,
    )
    return (Text(f"{asked.lower()}\n{code(d, r, r.randint(4, 14))}", None, _said(d, r, 80)),)


def _tooling(d: Domain, r: random.Random) -> tuple[Text, ...]:
    tool = r.choice(
        ("git", "docker", "pip", "npm", "vim", "ssh", "kubectl", "nginx", "postgres", "make", "cron", "terraform")
    )
    asked = say(
        f"{tool}{{:| -| question:|}} {{how to|can't|best way to|why would it}} {{undo|list|mount|pin|skip|retry|cache}} {{the|a|every}} {{<n>|<a> <n>|last <d> <n>s}}{{| on {{mac|ubuntu|windows}}| behind a proxy}}",
        d,
        r,
    )
    later = [Text(trace(d, r), None, _said(d, r, 50)) for _ in range(r.randint(0, 2))]
    return (*_one(asked.lower(), _said(d, r, 60), r), *later)


def _homework(d: Domain, r: random.Random) -> tuple[Text, ...]:
    asked, done = problem(d, r) if r.random() < 0.7 else logic(d, r)
    return _one(asked, done, r)


def _tables(d: Domain, r: random.Random) -> tuple[Text, ...]:
    rows = "\n".join(f"{r.choice(d.nouns)};{r.randint(1, 900)};{r.randint(1, 90)}%" for _ in range(r.randint(3, 12)))
    return _one(f"{question(d, r)}\n{rows}", _said(d, r, 60), r)


def _choice(d: Domain, r: random.Random) -> tuple[Text, ...]:
    asked, done = r.choice(((question(d, r), r.choice("ABCD")), problem(d, r)))
    options = "\n".join(f"({letter}) {statement(d, r)}" for letter in "ABCD")
    return (Text(f"{paragraph(d, r, r.randint(0, 3))}\n{asked}\n{options}".strip(), None, done),)


def _other(d: Domain, r: random.Random) -> tuple[Text, ...]:
    draws = (
        lambda: (
            f"{r.choice(d.nouns)}, {r.choice(d.nouns)}, {r.choice(d.nouns)}: {r.choice(('which is the odd one out', 'rhymes', 'synonyms', 'sort by size', 'emoji for each'))}"
        ),
        lambda: f"convert {r.randint(2, 9000)} {r.choice(d.units)} to {r.choice(d.units)}",
        lambda: f"name ideas for {say('a <a> <n> {shop|app|band|club} {in|near} <P>', d, r).lower()}",
        lambda: f"{schema(d, r)} {r.choice(('as json', 'sample rows', 'as yaml', 'mermaid diagram'))}",
        lambda: f"{identifier(d, r)} {r.choice(('better name', 'meaning', 'typo?'))}",
    )
    return _one(r.choice(draws)(), _said(d, r, 30), r)


# capability -> family -> maker; `eval` holds public test items.
EVERYDAY: Final[dict[str, dict[str, Maker]]] = {
    "chat": {"question": _chat_question, "dilemma": _chat_dilemma, "banter": _chat_banter, "foreign": _chat_foreign, "plan": _chat_plan},
    "qa": {"search": _search, "question": _question, "grounded": _grounded, "trivia": _trivia},
    "support": {"complaint": _complaint, "errand": _errand, "account": _account_help},
    "translation": {"wrapped": _translate},
    "writing": {"rewrite": _rewrite, "compose": _compose, "summarise": _summarise},
    "coding": {"bug": _bug, "write": _write_code, "explain": _explain_code, "tooling": _tooling},
    "reasoning": {"homework": _homework},
    "data_analysis": {"tables": _tables},
    "eval": {"choice": _choice, "problem": lambda d, r: (Text(*_swap(problem(d, r))),)},
    "other": {"other": _other},
}  # fmt: skip


def _swap(pair: tuple[str, str]) -> tuple[str, None, str]:
    return pair[0], None, pair[1]
