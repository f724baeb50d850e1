"""What a scan says of real and measured traces that carry users and times: nobody in them is known to be an attacker.

Usage: `python benchmarks/traces.py --corpora DIR [--markdown]`. Each trace is mapped into a traffic directory in the cache
and scanned by the command line. What a trace lacks stays null; what was put in its place is said in `TRACES`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer.schema import EXCHANGES
from running import checked, measured, table, world

FOUND = 1
# The drawn day has seconds since its begin only; any Monday will do.
MONDAY = 1_767_571_200
TASK = (
    "Solve the following problem. Write out your complete reasoning step by step inside <thinking> tags, check every "
    "step, and only then give the final answer. Problem: "
)
# A syllable for each hexadecimal digit: an id of a shared object becomes words that are the same wherever it is shared.
SYLLABLES = ["ba", "de", "fi", "go", "hu", "ja", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu", "za"]


@dataclass(frozen=True)
class Trace:
    """A trace: how it is read, what stands for the prompt, and whether simulated ordinary users are put beside it."""

    read: Callable[[Path], pa.Table]
    prompt: str
    people: bool = False


def exchanges(name: str, columns: dict[str, Any]) -> pa.Table:
    """A table of `schema.EXCHANGES` columns from epoch seconds, accounts and whatever else the source has."""
    rows = len(columns["ts"])
    micros = pc.multiply(pa.array(columns["ts"], pa.float64()), 1e6)
    columns |= {
        "exchange_id": [f"{name}-{i}" for i in range(rows)],
        "ts": pc.round(micros).cast(pa.int64()).cast(pa.timestamp("us", tz="UTC")),
    }
    return pa.table(
        {field.name: pa.array(columns[field.name]).cast(field.type) for field in EXCHANGES if field.name in columns}
    )


def lists(table: pa.Table, **names: str) -> dict[str, list[Any]]:
    """Columns of a table under other names."""
    return {name: table[column].to_pylist() for name, column in names.items()}


def texts(corpora: Path, file: str, source: str) -> pa.Table:
    """Rows of one source of a corpus."""
    return pq.read_table(corpora / file, filters=[("source", "=", source)])


def trace(corpora: Path, name: str) -> pa.Table:
    """One file of traces."""
    return pq.read_table(corpora / "traces" / f"{name}.parquet")


def arena(corpora: Path) -> pa.Table:
    """Users of a public chat arena, their own words."""
    rows = texts(corpora, "ordinary.parquet", "fastchat_arena_1k")
    known = trace(corpora, "arena_users")
    model = dict(zip(known["session_id"].to_pylist(), known["model"].to_pylist(), strict=True))
    columns = lists(rows, ts="ts", account_id="user_id", session_id="conv_id", turn="turn", prompt="prompt")
    columns["model"] = [model.get(session) for session in columns["session_id"]]
    return exchanges("arena", columns)


def chatdev(corpora: Path) -> pa.Table:
    """Published runs of one framework of cooperating agents; the account is the run's organisation tag."""
    rows = texts(corpora, "extraction.parquet", "chatdev")
    names = {"ts": "ts", "account_id": "user_id", "session_id": "conv_id"}
    same = {name: name for name in ("turn", "system", "prompt", "response", "model")}
    return exchanges("chatdev", lists(rows, **names, **same))


def both(corpora: Path) -> pa.Table:
    """Arena and runs in one traffic, so that either has a population beside it."""
    return pa.concat_tables([arena(corpora), chatdev(corpora)], promote_options="default")


def harness(corpora: Path) -> pa.Table:
    """One automated harness that puts fixed question lists to hundreds of models."""
    rows = trace(corpora, "llm_compliance_runs").sort_by("ts")
    questions = texts(corpora, "extraction.parquet", "llm_compliance")
    asked: dict[str, list[str]] = {}
    for category, prompt in zip(questions["conv_id"].to_pylist(), questions["prompt"].to_pylist(), strict=True):
        asked.setdefault(category, []).append(prompt)
    columns = lists(rows, ts="request_created", account_id="user_id", session_id="session_id", model="model")
    columns |= lists(rows, input_tokens="input_tokens", output_tokens="output_tokens")
    columns["ts"] = pc.coalesce(rows["request_created"], rows["ts"]).to_pylist()
    place: dict[str, int] = {}
    columns["prompt"] = []
    for session, category in zip(columns["session_id"], rows["category"].to_pylist(), strict=True):
        place[session] = place.get(session, -1) + 1
        columns["prompt"].append(asked[category][place[session] % len(asked[category])])
    return exchanges("harness", columns)


def shares(corpora: Path) -> pa.Table:
    """Accounts of a social network that share the same objects; research data on coordinated behaviour."""
    rows = trace(corpora, "coordinated_tweets_ru")
    columns = lists(rows, ts="ts", account_id="user_id")
    columns["prompt"] = [spelled(name) for name in rows["object_id"].to_pylist()]
    return exchanges("shares", columns)


def spelled(name: str) -> str:
    """An id of 32 hexadecimal digits as sixteen words."""
    syllables = [SYLLABLES[int(digit, 16)] for digit in name]
    return "share " + " ".join(map("".join, zip(syllables[::2], syllables[1::2], strict=True)))


def platform(corpora: Path) -> pa.Table:
    """A day of clients of a model platform, drawn from measured rates; without text."""
    rows = trace(corpora, "servegen_sampled_day")
    same = {name: name for name in ("input_tokens", "output_tokens", "model")}
    columns = lists(rows, ts="ts", account_id="user_id", **same)
    columns["ts"] = [second + MONDAY for second in columns["ts"]]
    columns["prompt"] = [""] * rows.num_rows
    return exchanges("platform", columns)


def shared_tasks(corpora: Path) -> pa.Table:
    """The same accounts and times as if each shared object were a task to be solved by one template."""
    return tasked(shares(corpora))


def dealt_tasks(corpora: Path) -> pa.Table:
    """The clients' measured rhythms as if all sent new tasks in one template: only their hours tell them from a pool."""
    rows = platform(corpora)
    names = [hashlib.sha256(name.encode()).hexdigest()[:32] for name in rows["exchange_id"].to_pylist()]
    return tasked(rows.set_column(rows.schema.get_field_index("prompt"), "prompt", [[spelled(name) for name in names]]))


def peopled(rows: pa.Table, cache: Path) -> pa.Table:
    """The rows beside simulated ordinary users, moved in time so that both end on the same day."""
    people = pq.read_table(world(cache, "people", ("ordinary", "--seed", "1")) / "exchanges")
    days = (pc.max(people["ts"]).as_py().date() - pc.max(rows["ts"]).as_py().date()).days
    moved = pc.add(rows["ts"], pa.scalar(days * 86_400_000_000, pa.duration("us")))
    rows = rows.set_column(rows.schema.get_field_index("ts"), "ts", moved)
    return pa.concat_tables(
        [rows, people.select([name for name in people.column_names if name in rows.column_names])],
        promote_options="default",
    )


def tasked(rows: pa.Table) -> pa.Table:
    """Put every prompt into one template that reads like a harvest."""
    prompts = pa.array([TASK + prompt.removeprefix("share ") for prompt in rows["prompt"].to_pylist()])
    return rows.set_column(rows.schema.get_field_index("prompt"), "prompt", prompts)


TRACES = {
    "arena_users": Trace(arena, "the users' words"),
    "chatdev_runs": Trace(chatdev, "the calls' words, with their role as system prompt"),
    "arena_users and chatdev_runs": Trace(both, "as above"),
    "llm_compliance_runs": Trace(harness, "the question lists, dealt in order within a run"),
    "coordinated_tweets_ru": Trace(shares, "'share' and the object's id spelled as sixteen words"),
    "coordinated_tweets_ru as tasks": Trace(
        shared_tasks, "one made-up harvest template around the spelled id", people=True
    ),
    "servegen_sampled_day": Trace(platform, "empty: the trace has no text"),
    "servegen_sampled_day as tasks": Trace(
        dealt_tasks, "one made-up harvest template around words that never recur", people=True
    ),
}


def scanned(corpora: Path, cache: Path, name: str) -> dict[str, Any]:
    """Map and scan one trace; `scan.json` and the campaigns of its findings."""
    traffic, findings = cache / name.replace(" ", "-"), cache / f"{name.replace(' ', '-')}.findings"
    shutil.rmtree(traffic, ignore_errors=True)
    shutil.rmtree(findings, ignore_errors=True)
    traffic.mkdir(parents=True)
    rows = TRACES[name].read(corpora)
    if TRACES[name].people:
        rows = peopled(rows, cache)
    pq.write_table(rows, traffic / "exchanges.parquet")
    run = checked(measured("scan", traffic, "--out", findings, "--quiet"), 0, FOUND)
    summary: dict[str, Any] = json.loads((findings / "scan.json").read_text(encoding="utf-8"))
    campaigns = json.loads((findings / "campaigns.json").read_text(encoding="utf-8"))["campaigns"]
    return summary | {"named": campaigns, "wall": run.wall}


def line(name: str, found: dict[str, Any]) -> list[str]:
    """The row of one trace."""
    looked = found["traffic"]
    return [
        name,
        f"{looked['exchanges']:,}",
        f"{looked['accounts']:,}",
        str(len(found["named"])),
        str(found["flagged_accounts"]),
        str(len(found["cleared"])),
        f"{found['wall']:.0f}",
    ]


def details(name: str, found: dict[str, Any]) -> list[str]:
    """Campaigns and cleared groups of one trace, one line each."""
    told = [f"{name}: prompt is {TRACES[name].prompt}; set aside: {found['quality']['quarantined'] or 'nothing'}"]
    for one in found["named"]:
        strongest = ", ".join(f"{fact['channel']} {fact['strength']:+.1f}" for fact in one["evidence"])
        against = one["alternatives"][0]["hypothesis"]
        told.append(
            f"  campaign: {one['accounts']} accounts, confidence {one['confidence']}, {strongest}; against {against}"
        )
    for one in found["cleared"]:
        why = f"{one['hypothesis']} ({one['why']}), {one['confidence']:.3f}"
        told.append(f"  cleared: {one['name']}, {one['exchanges']} exchanges: {why}")
    return told


def main() -> None:
    """Map, scan, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("work/traces"))
    parser.add_argument("--traces", nargs="+", default=list(TRACES), choices=list(TRACES), metavar="TRACE")
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    found = {name: scanned(arguments.corpora, arguments.cache, name) for name in arguments.traces}
    head = ["trace", "exchanges", "accounts", "campaigns", "flagged", "groups cleared", "wall s"]
    print(table(head, [line(name, one) for name, one in found.items()], markdown=arguments.markdown), end="\n\n")
    for name, one in found.items():
        print("\n".join(details(name, one)))


if __name__ == "__main__":
    main()
