"""What the legitimate workloads write: one factory a workload; each instance has its own template and its own data."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from revenuer.simulate.texts.frames import ELICITATION, FRAMES, PERSONAS, PUBLIC
from revenuer.simulate.texts.lexicon import DOMAINS, Domain, proper
from revenuer.simulate.texts.pool import Source, Text
from revenuer.simulate.texts.problems import code, identifier, trace
from revenuer.simulate.texts.writing import fill, spin
from revenuer.simulate.world import World

__all__ = ["CONTENTS", "Conversation", "Writer"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation: its capability and its messages; missing later turns are followed up in general words."""

    capability: str
    texts: tuple[Text, ...]


Writer = Callable[[int], Conversation]
Factory = Callable[[World, random.Random], Writer]

_NAMES: Final = [
    "Ada",
    "Ben",
    "Cleo",
    "Dov",
    "Esi",
    "Fay",
    "Gus",
    "Hana",
    "Ivo",
    "Jun",
    "Kaya",
    "Leo",
    "Mina",
    "Nils",
    "Oya",
    "Pia",
    "Quin",
    "Rui",
    "Sol",
    "Tom",
    "Uma",
    "Vera",
    "Wim",
    "Xenia",
    "Yara",
    "Zoe",
]
_TRADES: Final = [
    "bakery",
    "clinic",
    "garage",
    "archive",
    "orchard",
    "shipyard",
    "museum",
    "brewery",
    "nursery",
    "print-shop",
    "school",
    "dairy",
    "observatory",
    "theatre",
    "hostel",
    "laundry",
]


def _topical(pool: Source, dice: random.Random, few: int = 4) -> Callable[[int], tuple[Text, ...]]:
    """Draws from topics that belong to the account."""
    mine: dict[int, list[str]] = {}
    names = list(pool.topics)

    def draw(owner: int) -> tuple[Text, ...]:
        if owner not in mine:
            mine[owner] = dice.sample(names, min(few, len(names)))
        return pool.draw(dice, mine[owner])

    return draw


def _wrapped(
    capability: str,
    pattern: str,
    source: Callable[[World], Source],
    answer: Callable[[random.Random, Text], str | None] | None = None,
    system: str | None = None,
) -> Factory:
    """One template an instance round data of the account's own."""

    def factory(world: World, dice: random.Random) -> Writer:
        template, own = spin(pattern, dice), spin(system, dice) if system else None
        trade = dice.choice(_TRADES)
        draw = _topical(source(world), dice)
        homes: dict[int, dict[str, str]] = {}

        def write(owner: int) -> Conversation:
            text = draw(owner)[0]
            home = homes.setdefault(
                owner, {"tenant": f"{dice.choice(_NAMES)}'s {dice.choice(_TRADES)}", "trade": trade}
            )
            slots = {
                **home,
                "item": text.prompt,
                "answer": text.response or "(no draft)",
                "name": dice.choice(_NAMES),
                "id": str(dice.randrange(10_000, 999_999)),
            }
            said = answer(dice, text) if answer else text.response
            return Conversation(capability, (Text(fill(template, slots), own and fill(own, slots), said),))

        return write

    return factory


def _label(dice: random.Random, _: Text) -> str:
    return dice.choice(
        ("billing", "delivery", "praise", "complaint", "other", "positive", "negative", "neutral", "spam", "urgent")
    )


def _verdict(dice: random.Random, _: Text) -> str:
    return f'{{"score": {dice.randint(1, 5)}, "rationale": "{dice.choice(("covers the point", "misses the date", "polite and short", "wrong product", "clear"))}"}}'


def _fixed_items(capability: str, kinds: tuple[str, ...], least: int, most: int, harvest: str | None = None) -> Factory:
    """A fixed list of known items, gone through again and again."""

    def factory(world: World, dice: random.Random) -> Writer:
        pools = [world.texts.ordinary(k) for k in kinds] + ([world.texts.extraction(harvest)] if harvest else [])
        pool = dice.choice(pools)
        items = [pool.draw(dice)[0] for _ in range(dice.randint(least, most))]
        own = "{Question|Item|Problem}: <item>\n{Answer|Reply} with {the letter|a short answer|one line}{.|:}"
        head = dice.choice((spin(own, dice), spin(own, dice), dice.choice(PUBLIC[:3]), "<item>"))
        place = [0]

        def write(_: int) -> Conversation:
            text = items[place[0] % len(items)]
            place[0] += 1
            return Conversation(capability, (Text(fill(head, {"item": text.prompt}), text.system, text.response),))

        return write

    return factory


def _licensed(world: World, dice: random.Random) -> Writer:
    aim = dice.choice(("general_instruction", "reasoning", "coding"))
    template, pool = spin(dice.choice(FRAMES[aim]), dice), world.texts.extraction(aim)
    deal = pool.deal(dice)

    def write(_: int) -> Conversation:
        text = next(deal)[0]
        return Conversation(
            aim,
            (Text(fill(template, {"item": text.prompt, "answer": text.response or ""}), text.system, text.response),),
        )

    return write


_COMMANDS: Final = (
    "make test",
    "git diff",
    "ls",
    "grep -rn",
    "cat",
    "pytest -x",
    "sed -n",
    "git log",
    "cargo build",
    "npm run lint",
)


def _seen(domain: Domain, dice: random.Random) -> str:
    """What a tool returned in somebody's own repository."""
    body = code(domain, dice, dice.randint(1, 8)) if dice.random() < 0.6 else trace(domain, dice)
    return f"$ {dice.choice(_COMMANDS)} {identifier(domain, dice)}\n{body}\nexit {dice.randrange(2)}, {dice.random():.3f} s"


def _repositories(world: World, dice: random.Random) -> Writer:
    source = world.texts.extraction("agentic_coding")
    domain = dice.choice(tuple(DOMAINS.values()))
    repo = f"{proper(dice).lower()}-{dice.choice(('api', 'web', 'core', 'infra'))}"
    pattern = "{You work|Work} {in|on} the repository <repo>[ as its build agent]. {Run|Use} the tools; {keep|make} changes {small|minimal}; {stop|end} when the {checks|tests} pass."
    system = fill(spin(pattern, dice), {"repo": repo})
    draw = _topical(source, dice, 2)

    def write(owner: int) -> Conversation:
        talk = draw(owner)
        opening = f"{repo}/{identifier(domain, dice)}: {talk[0].prompt[:600]}"
        later = (Text(_seen(domain, dice), system) for _ in range(14))
        return Conversation("agentic_coding", (Text(opening, system, talk[0].response), *later))

    return write


def _agent_client(world: World, dice: random.Random) -> Writer:
    systems = world.texts.systems()
    system = max((systems[dice.randrange(len(systems))] for _ in range(8)), key=len)
    coding, chat = _topical(world.texts.ordinary("coding"), dice), _topical(world.texts.ordinary("chat"), dice)

    def write(owner: int) -> Conversation:
        talk = coding(owner) if dice.random() < 0.8 else chat(owner)
        return Conversation("coding", tuple(Text(t.prompt, system, t.response) for t in talk))

    return write


def _classroom(world: World, dice: random.Random) -> Writer:
    pool = world.texts.extraction(dice.choice(("reasoning", "coding")))
    sheet = [pool.draw(dice)[0] for _ in range(dice.randint(6, 14))]

    def write(_: int) -> Conversation:
        text = dice.choice(sheet)
        opening = spin(
            "{help|how do I start|is this right|I am stuck|check my answer|hi, homework}[ please]{:|?|} ", dice
        )
        return Conversation(
            "reasoning", (Text(opening + text.prompt if dice.random() < 0.8 else text.prompt, None, text.response),)
        )

    return write


def _people(world: World, dice: random.Random) -> Writer:
    kinds = ("chat", "qa", "writing", "coding", "translation", "support")
    draws = {k: _topical(world.texts.ordinary(k), dice) for k in kinds}
    likes: dict[int, list[str]] = {}

    def write(owner: int) -> Conversation:
        kind = dice.choice(likes.setdefault(owner, dice.sample(kinds, 2)))
        return Conversation(kind, draws[kind](owner))

    return write


def _hackathon(world: World, dice: random.Random) -> Writer:
    kinds = ("coding", "chat", "writing")
    draws = {k: _topical(world.texts.ordinary(k), dice, 6) for k in kinds}
    theme = spin(
        "{We|Our team} {build|make} {an app|a bot|a game|a map} for {cities|farmers|schools|hikers|nurses}. ", dice
    )

    def write(owner: int) -> Conversation:
        kind = dice.choice(kinds)
        text = draws[kind](owner)[0]
        return Conversation(
            kind, (Text(theme + text.prompt if dice.random() < 0.3 else text.prompt, None, text.response),)
        )

    return write


def _red_team(world: World, dice: random.Random) -> Writer:
    items = world.texts.ordinary("qa")

    def write(_: int) -> Conversation:
        text = items.draw(dice)[0]
        prompt = fill(spin(dice.choice(ELICITATION), dice), {"item": text.prompt, "language": "French"})
        return Conversation(
            "cot_elicitation", (Text(prompt, "Safety test; results are reported to the provider.", None),)
        )

    return write


def _academic(world: World, dice: random.Random) -> Writer:
    aim = dice.choice(("cot_elicitation", "reasoning"))
    template, pool = spin(dice.choice(FRAMES[aim]), dice), world.texts.extraction("reasoning")

    def write(_: int) -> Conversation:
        text = pool.draw(dice)[0]
        return Conversation(aim, (Text(fill(template, {"item": text.prompt}), None, text.response),))

    return write


def _compaction(world: World, dice: random.Random) -> Writer:
    draw = _topical(world.texts.ordinary("coding"), dice)
    domains = tuple(DOMAINS.values())

    def write(owner: int) -> Conversation:
        domain = domains[owner % len(domains)]
        talk = [Text(t.prompt, "You pair with one developer on one project.", t.response) for t in draw(owner)]
        note = f"Summary so far: {talk[0].prompt[:160]} ... {dice.randrange(3, 30)} files read, {dice.randrange(1, 9)} changed. Go on from here."
        while len(talk) < 24:
            compacted = len(talk) in {7, 13, 19}
            talk.append(Text(note if compacted else _seen(domain, dice), talk[0].system))
        return Conversation("coding", tuple(talk))

    return write


def _incidents(world: World, dice: random.Random) -> Writer:
    items = _topical(world.texts.ordinary("qa"), dice)

    def write(owner: int) -> Conversation:
        quoted = fill(spin(dice.choice(ELICITATION), dice), {"item": items(owner)[0].prompt, "language": "Greek"})
        head = spin(
            "{Our filter|The gateway|A colleague} {blocked|logged|reported} {this|the following} {message|prompt}. {What|Which} {risk|rule} {does it touch|is this about}, {and|or} {was it right|is it a false alarm}?",
            dice,
        )
        return Conversation("other", (Text(f'{head}\n\n"""\n{quoted}\n"""', None, None),))

    return write


CONTENTS: Final[dict[str, Factory]] = {
    "evals": _fixed_items("reasoning", ("eval",), 30, 120, "reasoning"),
    "regression": _fixed_items("qa", ("qa", "support", "eval"), 20, 60),
    "labelling": _wrapped("other", "{Label|Classify|Tag} the {message|text|review} {sent to|received by} our <trade> {with|as} one of: {billing, delivery, praise, complaint, other|positive, negative, neutral|urgent, normal, spam}. {Reply|Answer} with the label {only|alone}.\n{Message|Text} <id>: <item>", lambda w: w.texts.ordinary("support"), _label),
    "judge": _wrapped("rubric_grading", "{You check|Check} {answers|replies} {of|from} our <trade> assistant. {Score|Rate} 1-5 for {helpfulness|accuracy} {and|plus} tone; {return|give} JSON with score and a {short|one-line} rationale.\n\n{Customer|User}: <item>\n{Assistant|Reply}: <answer>", lambda w: w.texts.ordinary("qa"), _verdict),
    "licensed": _licensed,
    "repositories": _repositories,
    "agent_client": _agent_client,
    "classroom": _classroom,
    "hackathon": _hackathon,
    "people": _people,
    "translation": _wrapped("translation", "{Translate|Render} {the|this} {segment|paragraph} {into|to} {German|French|Polish|Korean|Swahili}, {keep|keeping} {tags|numbers} as they are. {Segment|Unit} <id>:\n<item>", lambda w: w.texts.ordinary("translation"), lambda _, t: t.prompt[::-1][:400]),
    "support": _wrapped("support", "{Customer|Caller} <name> (<id>) {writes|says}: <item>\n{Relevant|Retrieved} note: {returns|refunds|parcels} within {14|30} days at <trade>.", lambda w: w.texts.ordinary("support"), None, "{You are|Act as} the {help|service} desk of a <trade>. {Two|Three} sentences{ at most|}."),
    "saas": _wrapped("writing", "{You write|Write} for <tenant>. {Using|From} the {note|brief} below, {draft|prepare} {a post|an email|a product text|a reply} in {our|the house} voice, {under 120 words|in three short paragraphs}[, with a {headline|subject line}].\n\n{Note|Brief}: <item>\n{Signed|Author}: <name>", lambda w: w.texts.ordinary("writing")),
    "backfill": _wrapped("qa", "{Document|Record} <id> of the <trade> archive:\n<item>\n\n{Extract|List} {title, date and people|the key facts|subject and place} as JSON.", lambda w: w.texts.ordinary("translation")),
    "audit": _wrapped("data_analysis", "{Decide|Assess} {case|claim|application} <id> ({handler|officer} <name>) and {write down|record} the reasons for the decision {step by step|point by point} {for the auditor|for our file}, {citing|naming} the rule {used|applied}.\n\n{Facts|File}: <item>", lambda w: w.texts.ordinary("support")),
    "tutoring": _wrapped("reasoning", "{can you|please|could you} {show your work|explain every step|go step by step}? <item>", lambda w: w.texts.extraction("reasoning")),
    "red_team": _red_team,
    "academic": _academic,
    "compaction": _compaction,
    "persona": _wrapped("data_analysis", PERSONAS[0] + " {Insights|Findings}, not {summaries|pictures}, {resting on|grounded in} the data of <tenant> with {complete|transparent} reasoning.\n\n{Question|Ask} from <name>: <item>\nTable <id>: {sales|visits|stock} by {week|branch}", lambda w: w.texts.ordinary("qa")),
    "incidents": _incidents,
    "moderation": _wrapped("censorship_rewrite", "{Reword|Rephrase} the {post|comment} {below|here} for the {public page|visitors' book} of our <trade>. {Keep|Leave} what it {asks|is about}; {take out|drop} insults, {slurs|threats} and {addresses|phone numbers}; {neutral tone|stay neutral}, {house rule|rule} {2|4|7}. {Return|Give} the {new text|wording} {only|alone}.\n\n{Post|Comment} <id> by <name>: <item>", lambda w: w.texts.extraction("censorship_rewrite")),
    "curriculum": _wrapped("general_instruction", "{Write|Make|Prepare} {six|ten|twelve} {exercises|practice tasks|quiz questions} for {year|grade} {5|8|10} of <tenant>, {with solutions|with an answer key}, {in the manner of|like} the {sample|example} {below|here}. {Label|Mark} each {easy, medium or hard|with its level} and {return|give} {JSON|a numbered list}.\n\n{Sample|Example} <id>, chosen by <name>: <item>", lambda w: w.texts.extraction("general_instruction")),
    "test_data": _wrapped("general_instruction", "{Make up|Generate} {20|50|100} {records|rows} of {test|dummy} data for the {table|screen} {below|here} of our <trade> {system|app}, {valid and invalid ones|edge cases included}, as {CSV|JSON}[, without real people]. Build <id>.\n\n{Schema|Fields}: <item>", lambda w: w.texts.extraction("data_analysis")),
}  # fmt: skip
