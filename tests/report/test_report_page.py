"""The page: complete, honest about what is missing, self-contained, harmless, the same each time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import report_samples as samples

from revenuer.report import render_report
from revenuer.report.inert import LONGEST
from revenuer.summary import ScanSummary

STYLE = (Path(render_report.__code__.co_filename).parent / "templates" / "style.css").read_text()
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e0fff]"
)
BAR = re.compile(r"--v:[01](\.\d+)?|--tone:var\(--[a-z]+\)|max-width:44rem|margin:1\.1rem 0|margin-top:(2|1\.8)rem")


class Page(HTMLParser):
    """Tags, attributes and texts of a page, and the texts of table cells and list items apart."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.style = ""
        self.cells: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(  # noqa: D102
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in {"meta", "path", "line", "rect", "circle", "br"}:
            self._open.append(tag)
        if tag in {"td", "th", "li"}:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:  # noqa: D102
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:  # noqa: D102
        if "style" in self._open:
            self.style += data
            return
        self.texts.append(data)
        if {"td", "th", "li"} & set(self._open) and "pre" not in self._open:
            self.cells[-1] += data

    @property
    def text(self) -> str:
        """All text but the style, with one space for any white space."""
        return " ".join(" ".join(self.texts).split())


def shown(text: str) -> str:
    """The text as a reader sees it: one space for any white space."""
    return " ".join(text.split())


@pytest.fixture(scope="module")
def three() -> str:
    return render_report(*samples.findings(3))


@pytest.fixture(scope="module")
def attacked() -> str:
    return render_report(*samples.hostile(3))


def test_every_evidence_and_alternative_is_shown(three: str) -> None:
    """Each fact, each innocent explanation and why it lost stand on the page."""
    text = Page(three).text
    campaigns, _ = samples.findings(3)
    for campaign in campaigns:
        assert all(shown(fact.fact)[1:] in text for fact in campaign.evidence)
        assert all(shown(other.hypothesis) in text for other in campaign.alternatives)
        assert all(shown(other.why_rejected)[1:] in text for other in campaign.alternatives)
        assert all(shown(frame) in text for frame in campaign.frames)
        assert campaign.campaign_id in text


def test_why_an_explanation_lost_is_shown_to_its_end() -> None:
    """What would change a verdict stands at the end of a reason of a thousand characters, and on the page."""
    (campaign, *_), summary = samples.findings(1)
    reason = "Not explained: " + "five of six share an address, and " * 30 + "the verdict would change at the end"
    other = replace(campaign.alternatives[0], why_rejected=reason)
    page = Page(render_report([replace(campaign, alternatives=(other,))], summary))
    assert shown(reason) in page.text


def test_cleared_groups_and_gaps_are_shown(three: str) -> None:
    """Honest customers that were looked at, missing columns and rows set aside are named."""
    text = Page(three).text
    _, summary = samples.findings(3)
    assert all(shown(group.name) in text and shown(group.why)[1:] in text for group in summary.cleared)
    assert "nothing should be done to them" in text
    assert all(gap.consequence[1:] in text for gap in summary.quality.missing)
    assert "consents the whole table" in text
    assert "322 rows" in text
    assert summary.quality.notes[0] in text


def test_whatever_scrolls_can_be_reached_by_keyboard(three: str) -> None:
    """Wide tables, charts and long templates take the focus; all but templates say what they are."""
    named = re.findall(r"<div class=\"(?:scroll|tall|chart wide)\"[^>]*>", three)
    templates = re.findall(r"<pre [^>]*>", three)
    assert {'tabindex="0"' in tag and "aria-label=" in tag for tag in named} == {True}
    assert {'tabindex="0"' in tag for tag in templates} == {True}


def test_observed_and_concluded_stand_apart(three: str) -> None:
    """Evidence lies in panels marked observed, verdicts in panels marked concluded, never in one."""
    panels = re.findall(r'<section class="panel (observed|concluded)"[^>]*>(.*?)</section>', three, re.DOTALL)
    kinds = {"Evidence": "observed", "Verdict": "concluded", "Banned and replaced": "concluded"}
    for heading, kind in kinds.items():
        found = [which for which, body in panels if re.search(rf"<h3[^>]*>{heading} ", body)]
        assert found
        assert set(found) == {kind}


def test_no_campaign_is_a_page_too() -> None:
    """With nothing found, the page says what was read, what was cleared, and that absence is no proof."""
    text = Page(render_report(*samples.findings(0))).text
    assert "No campaign found" in text
    assert "15,020 accounts" in text
    assert "L8 classroom" in text
    assert "does not prove that nothing is there" in text


def test_missing_parts_are_stated() -> None:
    """A bare campaign and an empty summary give a page that names what is not known."""
    text = Page(render_report(*samples.bare())).text
    for part in ("activity over time", "hours of the day", "sign-ups", "the network", "models", "plans"):
        assert part in text
    assert "left no summary of the traffic" in text
    assert "scan.json" in text
    assert "No model releases are known" in text
    assert "No enforcement is known" in text
    assert "exchanges read \u2013" in text


def test_an_empty_summary_without_campaigns_renders() -> None:
    """Nothing at all is still a page."""
    assert "No campaign found" in Page(render_report([], ScanSummary())).text


def test_hostile_text_adds_no_tag_and_no_attribute(three: str, attacked: str) -> None:
    """Attacks in every text field bring no element, no attribute and no attribute value into the page."""
    tame, wild = Page(three), Page(attacked)
    assert wild.tags <= tame.tags
    assert {(tag, name) for tag, name, _ in wild.attributes} <= {(tag, name) for tag, name, _ in tame.attributes}
    assert not [value for _, _, value in wild.attributes if samples.MARK in value]
    assert wild.style.strip() == STYLE.strip()
    assert wild.text.count(samples.MARK) > 500
    assert "<script>alert(1)</script>" in wild.text


def test_hostile_text_shows_its_hidden_characters(attacked: str) -> None:
    """Terminal escapes, direction overrides, invisible characters and stacked accents do not reach the page."""
    assert not HIDDEN.search(attacked)
    assert "⟨U+001B⟩[31m" in attacked
    assert "⟨U+202E⟩" in attacked
    assert "\u0301" * 5 not in attacked
    attacked.encode("utf-8")


def test_templates_are_not_evaluated(attacked: str) -> None:
    """Template syntax in traffic is text."""
    assert "{{ 7*7 }}" in Page(attacked).text


def test_endless_text_is_cut(attacked: str) -> None:
    """A string of 300,000 letters is cut and its length told."""
    assert "A" * (LONGEST + 1) not in attacked
    assert "more characters]" in attacked


def test_no_cell_is_a_formula(attacked: str) -> None:
    """No cell or item begins as a spreadsheet formula would; strengths such as `+4.2` are numbers."""
    cells = [cell.strip() for cell in Page(attacked).cells]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@", "|"} and not re.match(r"\+\d+\.\d", cell)]


@pytest.mark.parametrize("page", ["three", "attacked"])
def test_the_page_loads_nothing(page: str, request: pytest.FixtureRequest) -> None:
    """No script, no source, no link but to a place in the page; the policy forbids the rest."""
    found = Page(request.getfixturevalue(page))
    assert not found.tags & {
        "script",
        "img",
        "iframe",
        "link",
        "object",
        "embed",
        "form",
        "base",
        "audio",
        "video",
        "image",
        "use",
    }
    assert not [name for _, name, _ in found.attributes if name == "src" or name.startswith("on") or "xlink" in name]
    assert all(value.startswith("#") for _, name, value in found.attributes if name == "href")
    assert all(BAR.fullmatch(value) for _, name, value in found.attributes if name == "style")
    assert not re.search(r"@import|https?:|url\((?!#)", found.style)
    assert not [value for _, name, value in found.attributes if "http" in value and name != "xmlns"]
    policy = next(value for _, name, value in found.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy


@pytest.mark.parametrize("page", ["three", "attacked"])
def test_ids_are_unique_and_links_lead_somewhere(page: str, request: pytest.FixtureRequest) -> None:
    """Several pictures in one page share no id, and every link and label has its target."""
    found = Page(request.getfixturevalue(page)).attributes
    ids = [value for _, name, value in found if name == "id"]
    assert len(ids) == len(set(ids))
    targets = {value.removeprefix("#") for _, name, value in found if name == "href"}
    assert targets | {value for _, name, value in found if name == "aria-labelledby"} <= set(ids)
    clips = {match for _, _, value in found for match in re.findall(r"url\(#([^)]+)\)", value)}
    assert clips <= set(ids)


def test_each_picture_has_a_name_and_a_table(three: str) -> None:
    """Every chart carries a label for readers who do not see it, and the figures as a table beside it."""
    figures = re.findall(r"<figure.*?</figure>", three, re.DOTALL)
    assert len(figures) == 1 + 4 * 3
    assert all('role="img" aria-label="' in figure and "<table>" in figure for figure in figures)


def test_same_findings_same_bytes(three: str) -> None:
    """A second run in another process, with other hash seeds, writes the same bytes."""
    code = "import report_samples as s, sys; from revenuer.report import render_report as r; sys.stdout.write(r(*s.findings(3)))"
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    env = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "77", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True)  # noqa: S603
    assert done.stdout.decode() == three


def test_many_campaigns_stay_readable_and_small() -> None:
    """Past twenty campaigns the page lists the rest, tells so, and stays under 5 MB, hostile text and all."""
    campaigns, summary = samples.hostile(26)
    page = render_report(campaigns, summary)
    assert len(page.encode()) < 5_000_000
    assert page.count("<article") == 20
    assert "The first 20 are described in full" in Page(page).text


def test_long_lists_are_counted_not_printed() -> None:
    """Of 20,000 accounts the page lists a few and says where the others are."""
    (only,), summary = samples.bare()
    many = samples.dataclasses.replace(only, accounts=20_000, account_ids=tuple(f"a{i}" for i in range(20_000)))
    page = render_report([many], summary)
    assert len(page) < 60_000
    assert "19,940 more accounts, in accounts.parquet" in Page(page).text


def test_what_is_not_decided_is_not_called_cleared() -> None:
    """A group whose innocent explanation is unlikely stands apart, is counted apart, and is not said to be explained."""
    campaigns, summary = samples.findings(1)
    doubtful = samples.msgspec.structs.replace
    groups = (*summary.cleared[1:], doubtful(summary.cleared[0], name="the open one", confidence=0.26))
    page = render_report(campaigns, doubtful(summary, cleared=groups))
    cleared, undecided = (page.split(f'id="{part}"')[1].split("</section>")[0] for part in ("cleared", "undecided"))
    assert "the open one" in undecided
    assert "the open one" not in cleared
    assert 'class="tag cleared"' not in undecided
    text = Page(page).text
    assert "examined and cleared; 1 more not decided 2" in text


def test_explanations_that_lost_for_one_reason_stand_together(three: str) -> None:
    """A reason that holds for several innocent explanations is told once."""
    (only,), summary = samples.bare()
    lost = tuple(samples.Alternative(f"L{i} workload {i}", "the same reason") for i in (14, 23))
    text = Page(render_report([samples.dataclasses.replace(only, alternatives=lost)], summary)).text
    assert "L14 workload 14 L23 workload 23 The same reason." in text
    assert Page(three).text.count("L numbers are those of the threat model") == 3


def test_requests_without_a_template_are_explained() -> None:
    """Bare tasks have no text to show; the page says how many there are and what ties them."""
    (only,), summary = samples.bare()
    detail = samples.CampaignDetail(bare_tasks=618)
    page = render_report([only], samples.msgspec.structs.replace(summary, campaigns={only.campaign_id: detail}))
    text = Page(page).text
    assert "618 requests of these accounts carry no template" in text
    assert "No prompt template is recorded" not in text
