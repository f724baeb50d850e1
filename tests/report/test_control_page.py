"""What the report says of errors: the alarm, the guarantees that hold, and those that do not."""

from __future__ import annotations

import msgspec

from revenuer.report import render_report
from revenuer.summary import Alarm, Control, ScanSummary, Standing, Stratum

RAISED = Alarm(
    raised=True,
    level=0.01,
    p_value=0.002,
    statistic=7.1,
    size=410.2,
    low=300.4,
    high=520.0,
    threshold=0.08,
    clusters=900,
)
HELD = Control(
    calibration="reference",
    strata=(Stratum("api or pro, 4 to 9 exchanges", 1_200, 999, 0.001),),
    alarm=RAISED,
    holds=("This <holds>",),
    lapsed=("This does not",),
)


def page(control: Control | None) -> str:
    return render_report((), ScanSummary(control=control))


def test_an_alarm_opens_the_report() -> None:
    """A raised alarm is told at the top with its least size, as a conclusion, and explained below."""
    top, _, rest = page(HELD).partition("</header>")
    assert "301 accounts or more too many" in top
    assert 'href="#errors"' in top
    assert "Population alarm: raised. 410 accounts in excess" in rest
    assert "at least 300 at confidence 99" in rest


def test_no_alarm_opens_nothing() -> None:
    """One that was not raised is told below alone."""
    silent = msgspec.structs.replace(HELD, alarm=msgspec.structs.replace(RAISED, raised=False, p_value=0.4))
    top, _, rest = page(silent).partition("</header>")
    assert "harvesting" not in top
    assert "Population alarm: not raised." in rest


def test_guarantees_stand_where_they_hold() -> None:
    """What holds, what does not and what was compared are listed, escaped."""
    shown = page(HELD)
    holds, lapsed = shown.index("This &lt;holds&gt;"), shown.index("This does not")
    assert shown.index("These guarantees hold") < holds < shown.index("taken on trust") < lapsed
    assert "api or pro, 4 to 9 exchanges" in shown


def test_the_page_says_which_campaigns_stand() -> None:
    """What is claimed, what is withheld and each campaign's e-value are shown; what is not known is called that."""
    control = msgspec.structs.replace(
        HELD,
        campaigns={
            "C-1": Standing(log10_e=3.2, log10_calibrated=2.5, stands=True),
            "C-2": Standing(log10_e=1.4, log10_calibrated=1.1, stands=False),
            "C-3": Standing(log10_e=2.0),
        },
        campaign_fdr=0.05,
        withheld=2,
        claimed="Nothing <much>",
        named_by_p_values=7,
        account_fdr=0.05,
    )
    shown = page(control)
    assert "Nothing &lt;much&gt;" in shown
    assert "2 queues more would be named by the odds alone and are withheld" in shown
    assert "7 accounts would be named by p-values alone" in shown
    rows = [row.split("</tr>")[0] for row in shown.partition("Likelihood ratio")[2].split("<tr>")[1:4]]
    assert [row.rpartition("<td>")[2].removesuffix("</td>") for row in rows] == ["yes", "no", "not known"]
    assert ["2.50" in rows[0], "1.10" in rows[1], rows[2].count("not known")] == [True, True, 2]


def test_findings_without_error_control_are_drawn() -> None:
    """Findings of an earlier version have no such part and the page none either."""
    assert 'id="errors"' not in page(None)
    assert "Population alarm" not in page(msgspec.structs.replace(HELD, alarm=None))
