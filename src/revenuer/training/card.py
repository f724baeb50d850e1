"""The model card as a page that people read, made from the same figures as `card.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

__all__ = ["card_page"]

Card = Mapping[str, Any]

_OPENING: Final = """\
A linear model over hashed features, made by `revenuer train`. Its scores are evidence about a text; nothing is flagged on
them."""
_UNMEASURED: Final = "It was not measured: `--measured` was not asked for."
_HOW: Final = """\
Every figure is of texts whose source (or whose template) the model of that round had not seen. Intervals are 95 % over which
sources there happen to be. Balanced: every text cut to a random 150 to 400 characters, in lower case, without punctuation, line
breaks and markup. Genuine: made by prompting a model so as to train another. Proxy: of that shape, not made for it."""
_CALIBRATION: Final = """\
Of the likeliest capability, ten bins, sources left out; each round is calibrated by the temperature of the other rounds, so no
row has a part in its own. The picture: `reliability.svg`."""
_NOTHING: Final = """\
Texts of no capability, made at random and of kinds that the model of the round had not seen (of logs it had seen other styles).
What holds no words is taken for `other` by a fixed rule, the rest by what was learned.
Random letters read like a language that the model does not know, and nothing is concluded from either."""
_LANGUAGES: Final = "Accuracy by language, where a source states it. Intervals take rows for independent."
_SOURCES: Final = """\
Sources left out, one by one: `said` is the mean probability of the likeliest capability; far above the accuracy, the model is
too sure of such texts. The project's own families are in `card.json`."""

_ROWS: Final = {
    "public": "public rows",
    "genuine": "genuine and ordinary rows, over genuine capabilities",
    "proxy": "proxy and ordinary rows, over proxy capabilities",
    "own": "families of the project's own rules",
    "labels": "labels of your own",
}
_AGAINST: Final = {
    "public": "public extraction rows against ordinary",
    "genuine": "genuine rows against ordinary",
    "proxy": "proxy rows against ordinary",
    "against_evaluation": "extraction rows against public evaluations",
}
_RUNS: Final = (
    ("by_source", "natural"),
    ("by_source", "balanced"),
    ("by_template", "natural"),
    ("by_template", "balanced"),
)


def card_page(card: Card) -> str:
    """Markdown of a model card, from the content of `card.json`."""
    measured = _measured(card["metrics"]) if card["metrics"] else [_UNMEASURED]
    return "\n\n".join(["# Model card", _OPENING, *_made(card), *measured, *_sources(card["sources"])]) + "\n"


def _made(card: Card) -> list[str]:
    recipe = ", ".join(
        f"{name} {value:g}" for name, value in sorted(card["recipe"].items()) if not isinstance(value, dict)
    )
    made = f"{card['rows']:,} rows of {len(card['sources']):,} sources, seed {card['seed']}; {recipe}."
    return ["## How it was made", made]


def _measured(metrics: Card) -> list[str]:
    head = ("", "sources left out", "the same, balanced", "templates left out", "the same, balanced")
    return [
        "## How good it is on what it has not seen",
        _HOW,
        "Macro-F1 over capabilities:",
        _table(head, _compared(metrics, "macro_f1", _ROWS)),
        *_frames(metrics["by_source"]["frames"]),
        "AUC of `extraction`:",
        _table(head, _compared(metrics, "extraction", _AGAINST)),
        "## Calibration",
        _CALIBRATION,
        _table(("rows", "calibration error"), _errors(metrics["reliability"])),
        "## Several capabilities",
        *_several(metrics["several"]),
        "## Nothing asked",
        _NOTHING,
        _table(("text", "probability of `other`", "likeliest", "`extraction`"), _nothing(metrics["nothing"])),
        "## Elicitation",
        *_elicitation(metrics["elicitation"]),
        *_languages(metrics["languages"]),
        "## Where it is weak",
        _SOURCES,
        _table(("source", "capability", "accuracy", "said", "mostly found"), _by_source(metrics["sources"])),
    ]


def _compared(metrics: Card, figure: str, names: Mapping[str, str]) -> Iterable[Sequence[str]]:
    """One row for each group that has the figure in any run."""
    runs = [metrics[left_out][texts][figure] for left_out, texts in _RUNS]
    return [
        (words, *(_figure(run.get(name)) for run in runs))
        for name, words in names.items()
        if any(name in run for run in runs)
    ]


def _figure(figure: Card | None) -> str:
    if figure is None:
        return ""
    low, high = figure["interval"]
    return f"{figure['value']:.3f} [{low:.2f}, {high:.2f}]"


def _frames(frames: Card) -> list[str]:
    named = [f"{_ROWS[name]} {f['macro_f1']:.3f} ({f['frames']:,} frames)" for name, f in frames.items()]
    return [f"Per frame, the logits of its rows averaged, sources left out: {'; '.join(named)}."] if named else []


def _errors(reliability: Card) -> Iterable[Sequence[str]]:
    names = {"all": "all", "public": "public alone"}
    return [(names[name], _figure({"value": f["error"], "interval": f["interval"]})) for name, f in reliability.items()]


def _several(several: Card) -> list[str]:
    pairs, single = several["pairs"], several["single"]
    said = (
        f"Of {pairs['pairs']:,} pairs of requests in one text, of families not seen, both are said to hold in "
        f"{pairs['both']:.2f} and at least one in {pairs['one']:.2f} (the likeliest alone: {pairs['one_by_the_likeliest_alone']:.2f}); "
        f"{pairs['said_to_hold']:.2f} are said to hold on average."
    )
    if not single:
        return [said]
    of_one = (
        f"Of public rows, labelled with one each, {single['said_to_hold']:.2f} are said to hold on average, at a "
        f"probability of {single['threshold']:.2f} or more, and the one is among them in {single['true_one_among_them']:.2f}."
    )
    return [said, of_one]


def _nothing(nothing: Card) -> Iterable[Sequence[str]]:
    return [
        (kind, f"{f['other']:.2f}", f"{f['likeliest']:.2f}", f"{f['extraction_mean']:.2f}")
        for kind, f in nothing.items()
    ]


def _elicitation(figures: Card) -> list[str]:
    said = [
        f"AUC of families that ask against honest ones with the same words: {figures['auc_asked_against_honest']:.3f}."
    ]
    if "at_half_a_percent_of_ordinary_rows" in figures:
        caught = figures["at_half_a_percent_of_ordinary_rows"]
        said.append(
            f"At the score that 0.5 % of ordinary public rows exceed ({caught['threshold']:.2f}), {caught['caught']:.3f} of "
            "texts of unseen families that ask are above it."
        )
    return [" ".join(said)]


def _languages(languages: Card) -> list[str]:
    rows = [
        (
            language,
            f"`{source}`",
            f"{f['rows']:,}",
            f"{f['accuracy']:.2f} [{f['interval'][0]:.2f}, {f['interval'][1]:.2f}]",
        )
        for language, sources in languages.items()
        for source, f in sources.items()
    ]
    return ["## By language", _LANGUAGES, _table(("language", "source", "rows", "accuracy"), rows)] if rows else []


def _by_source(sources: Card) -> Iterable[Sequence[str]]:
    return [
        (f"`{name}`", f["capability"], f"{f['accuracy']:.2f}", f"{f['said']:.2f}", ", ".join(f["most_found"]))
        for name, f in sources.items()
        if not name.startswith("own:")
    ]


def _sources(sources: Card) -> list[str]:
    """Sources of others one by one; the project's own families by capability."""
    others = {name: source for name, source in sources.items() if not name.startswith("own:")}
    rows = [(f"`{name}`", source["licence"], _counted(source["rows"])) for name, source in others.items()]
    own = Counter(
        capability for name, source in sources.items() if name.startswith("own:") for capability in source["rows"]
    )
    families = ", ".join(f"{capability} {n}" for capability, n in sorted(own.items()))
    return [
        "## What it learned from",
        f"Families of texts that the project makes from its own rules: {families}.",
        *([_table(("source", "licence", "rows"), rows)] if rows else []),
    ]


def _counted(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{capability} {n:,}" for capability, n in sorted(rows.items()))


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |" for line in lines)
