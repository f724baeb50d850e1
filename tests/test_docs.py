"""The documentation: what the program has is in the pages, and data formats are described as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click
import msgspec
import pyarrow as pa
import pytest

from revenuer import errors, schema
from revenuer.cli import main
from revenuer.findings import Alternative, Campaign, Evidence, Pivot, Succession
from revenuer.sources import FORMATS, Conversion
from revenuer.summary import ScanSummary

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))}

TABLES: Mapping[str, pa.Schema] = {
    **schema.TABLES,
    "found accounts": schema.FOUND_ACCOUNTS,
    "found exchanges": schema.FOUND_EXCHANGES,
    "true accounts": schema.TRUTH_ACCOUNTS,
    "true exchanges": schema.TRUTH_EXCHANGES,
}


def sections(text: str) -> dict[str, str]:
    """Heading to what stands between it and the next heading of any level."""
    parts = re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(section: str) -> list[list[str]]:
    """Cells of the rows of a section's tables that begin with a name in code."""
    return [
        [cell.strip() for cell in row.strip("|").split(" | ")]
        for row in re.findall(r"^\| `.+ \|$", section, re.MULTILINE)
    ]


def first_names(section: str) -> list[str]:
    return [row[0].strip("| `") for row in rows(section)]


DATA = sections(PAGES["data.md"])


def commands(group: click.Group, path: str = "revenuer") -> Iterator[tuple[str, click.Command]]:
    """All commands with their full names, the root among them."""
    yield path, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(commands(main))


def about(command: str) -> str:
    """Sections of the commands page whose heading is this command, with its arguments or without."""
    return "\n".join(
        text
        for heading, text in sections(PAGES["commands.md"]).items()
        if re.match(rf"`{command}(?! [a-z])\b", heading)
    )


@pytest.mark.parametrize("name", [name for name in COMMANDS if " " in name])
def test_every_command_and_option_is_documented(name: str) -> None:
    """A command has a section of its own, and its options are the rows of that section's table."""
    options = {opt for p in COMMANDS[name].params if isinstance(p, click.Option) for opt in p.opts if opt[:2] == "--"}
    assert about(name).strip(), f"{name} has no section in commands.md"
    assert set(first_names(about(name))) == options - {"--help"}


def test_every_argument_stands_in_the_heading_of_its_command() -> None:
    """The heading of a command shows its arguments and required options."""
    headings = "\n".join(sections(PAGES["commands.md"]))
    for name, command in COMMANDS.items():
        arguments = [p.make_metavar(click.Context(command)) for p in command.params if isinstance(p, click.Argument)]
        if arguments:
            assert f"`{name} {' '.join(arguments)}" in headings


def test_options_of_all_commands_are_documented() -> None:
    """Options that stand before the command are explained at the top of the page."""
    for option in main.params:
        assert f"--{option.name}" in sections(PAGES["commands.md"])["Commands"]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_described_as_it_is(table: str) -> None:
    """Names, order, types and what is required agree with the schema, and each column has a meaning."""
    described = [(row[0].strip("| `"), row[1]) for row in rows(DATA[table])]
    assert described == [(field.name, _type(field)) for field in TABLES[table]]
    assert all(len(row[2]) > 3 for row in rows(DATA[table]))


def _type(field: pa.Field) -> str:
    words = {"timestamp[us, tz=UTC]": "timestamp", "float": "float32", "list<item: string>": "list of strings"}
    name = words.get(str(field.type), str(field.type))
    return name if field.nullable else f"{name}, required"


def test_the_words_that_columns_may_hold_are_listed() -> None:
    """Each known word of a column stands in its row, and no other does."""
    found: dict[str, tuple[str, ...]] = {}
    for table in schema.TABLES:
        for row in rows(DATA[table]):
            if words := tuple(re.findall(r"`(\w+)`", row[2])):
                found[row[0].strip("| `")] = words
    assert found == dict(schema.VALUES)


def test_every_capability_is_explained() -> None:
    """The capabilities of the schema, in its order, each with a meaning."""
    assert first_names(DATA["Capabilities"]) == list(schema.CAPABILITIES)


def test_every_evidence_channel_is_explained() -> None:
    """The channels of the schema, in its order, each with the fact it observes."""
    assert first_names(DATA["Evidence channels"]) == list(schema.CHANNELS)


def test_every_exception_is_explained() -> None:
    """The exceptions of the errors module, and no other."""
    exceptions = [name for name in errors.__all__ if isinstance(getattr(errors, name), type)]
    assert sorted(first_names(DATA["What can go wrong"])) == sorted(exceptions)


def test_every_field_of_a_campaign_is_explained() -> None:
    """Fields in their order; those of evidence, alternatives, pivots and successions stand in their rows."""
    assert first_names(DATA["campaigns.json"]) == [field.name for field in fields(Campaign)]
    meaning = {row[0].strip("| `"): row[1] for row in rows(DATA["campaigns.json"])}
    parts = {"evidence": Evidence, "alternatives": Alternative, "pivots": Pivot, "successions": Succession}
    for name, part in parts.items():
        assert {field.name for field in fields(part)} <= set(re.findall(r"`(\w+)`", meaning[name]))


def _inner(hint: Any) -> list[type]:
    """Structs within a type."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return [hint]
    return [struct for arg in get_args(hint) for struct in _inner(arg)]


def _paths(struct: type, prefix: str = "") -> Iterator[str]:
    for name, hint in get_type_hints(struct).items():
        inner = _inner(hint)
        yield from (f"{prefix}{name}",) if not inner else ()
        for one in inner:
            yield from _paths(one, f"{prefix}{name}.")


def test_every_field_of_the_scan_summary_is_explained() -> None:
    """All fields of scan.json by their path, in their order; `campaigns` itself is explained too."""
    described = first_names(DATA["scan.json"])
    assert [path for path in described if path != "campaigns"] == list(_paths(ScanSummary))


def test_every_log_format_is_described() -> None:
    """Each format has a paragraph that opens with the option that names it, and no other format has."""
    described = re.findall(r"^`--format ([a-z-]+)`\.", PAGES["sources.md"], re.MULTILINE)
    assert sorted(described) == sorted(form.name for form in FORMATS)


def test_every_field_of_a_conversion_is_explained() -> None:
    """All fields of convert.json by their path, in their order."""
    assert first_names(sections(PAGES["sources.md"])["convert.json"]) == list(_paths(Conversion))


def anchors(text: str) -> set[str]:
    """What a link may name after `#`: headings in lower case, hyphens for blanks, other marks left out."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title) for title in re.findall(r"^#+ (.+)$", prose, re.MULTILINE)]
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize(
    "page", [*sorted(DOCS.glob("*.md")), *sorted(DOCS.parent.glob("*.md"))], ids=lambda path: path.name
)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """A link to a file names one that is there, and a link to a heading names a heading."""
    for target, heading in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text(encoding="utf-8")):
        there = page.parent / target if target else page
        assert there.exists(), f"{page.name} links to {target}"
        if heading:
            assert heading in anchors(there.read_text(encoding="utf-8")), f"{page.name} links to {target}#{heading}"
