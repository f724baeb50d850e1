"""coordination-network-toolkit 1.5.2, run as its command line: accounts that send the same or similar text close in time."""

from __future__ import annotations

import csv
import importlib.util
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from rivals.components import labelled
from rivals.reading import Background, Ints, Judge, Reading
from rivals.traffic import Traffic

MODULE = "coordination_network_toolkit"
HEAD = ("message_id", "user_id", "username", "repost_id", "reply_id", "message", "timestamp", "urls")
BEARABLE = 30_000  # requests of the busiest stretch of time that it is given
TIME = 150  # seconds that one network may take
# Seconds within which two requests count as together, and the weight an edge needs: its own, and wider ones.
DEFAULT = (1, 2.0)
WIDE = {"co_tweet": 86_400, "co_similar_tweet": 600}

Edges = list[tuple[int, int, float]]


def stretch(traffic: Traffic) -> Ints:
    """The requests of the shortest stretch of time that holds as many as the toolkit can bear."""
    order = np.argsort(traffic.seconds, kind="stable")
    if len(order) <= BEARABLE:
        return order
    times = traffic.seconds[order]
    first = int(np.argmin(times[BEARABLE - 1 :] - times[: len(times) - BEARABLE + 1]))
    return order[first : first + BEARABLE]


def called(database: Path, *arguments: str, limit: float = TIME) -> bool:
    """Run the toolkit; False where it does not end in time. Its workers end with it.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [sys.executable, "-W", "ignore", "-m", MODULE, str(database), *arguments]
    silent = subprocess.DEVNULL
    child = subprocess.Popen(command, stdout=silent, stderr=silent, start_new_session=True)  # noqa: S603
    try:
        code = child.wait(limit)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return False
    if code:
        raise subprocess.CalledProcessError(code, command)
    return True


def loaded(traffic: Traffic, folder: Path, limit: float = TIME) -> Path:
    """The toolkit's database of the requests it is given."""
    source = folder / "messages.csv"
    prompts = traffic.prompts
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEAD)
        for row in stretch(traffic).tolist():
            account, text = str(traffic.account[row]), prompts[row].replace("\0", " ")
            writer.writerow([str(row), account, account, "", "", text, int(traffic.seconds[row]), ""])
    called(folder / "toolkit.db", "preprocess", str(source), limit=limit)
    return folder / "toolkit.db"


def edges(database: Path, network: str, window: int, limit: float = TIME) -> Edges | None:
    """Pairs of different accounts and how often they coincide; null where the toolkit does not end in time."""
    options = ("--time_window", str(window), "--min_edge_weight", "1", "--n_cpus", "1")
    if not called(database, "compute", network, *options, limit=limit):
        return None
    with sqlite3.connect(database) as opened:
        rows = opened.execute(f"select user_1, user_2, weight from {network}_network").fetchall()
    return [(int(a), int(b), float(weight)) for a, b, weight in rows if a != b]


def reading(name: str, found: Edges, n: int, published: float | None) -> Reading:
    """Accounts by their heaviest edge; groups are the components of edges that reach the threshold."""
    score = np.full(n, -np.inf)
    for a, b, weight in found:
        score[a], score[b] = max(score[a], weight), max(score[b], weight)

    def groups(threshold: float) -> Ints:
        return labelled([(a, b) for a, b, weight in found if weight >= threshold], n)

    return Reading(name, score, published, groups)


def network(traffic: Traffic, name: str) -> list[Reading]:
    """One kind of network within the toolkit's own window and within a wide one; those that end in time."""
    if importlib.util.find_spec(MODULE) is None:
        sys.exit(f"{MODULE} is not installed: pip install -e '.[bench]', or name other --methods")
    with tempfile.TemporaryDirectory() as folder:
        database = loaded(traffic, Path(folder))
        n, told = len(traffic.ids), []
        for window, least in (DEFAULT, (WIDE[name], None)):
            found = edges(database, name, window)
            if found is not None:
                told.append(reading(f"{name} within {window} s", found, n, least))
    return told


def co_tweet(_background: Background) -> Judge:
    """The same text."""
    return lambda traffic: network(traffic, "co_tweet")


def co_similar(_background: Background) -> Judge:
    """Texts whose words overlap by .8 (Jaccard)."""
    return lambda traffic: network(traffic, "co_similar_tweet")
