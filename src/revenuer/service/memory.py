"""What the service itself has seen: tasks that accounts sent, requests of the day, and what of it was met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from revenuer.response.policy import Rung

__all__ = ["MET", "Line", "Memory", "summed"]

# Action of the audit entries by which the state keeps it.
MET: Final = "serve.met"
DAY: Final = 86_400
# Below this many requests a day is too young for a share of it to mean anything; as in `revenuer replay`.
LEAST_OF_DAY: Final = 1_000


class Line(msgspec.Struct, frozen=True, array_like=True):
    """A request that was met, or carried a task, as the journal keeps it.

    Attributes:
        at: second since 1970.
        account: that asked.
        rung, rule, reason: of the decision.
        decision: its id, "" for none.
        task: campaign of which it carried a task, "" for none.
        above: whether it met more than observe, for the budget.
        since: requests since the last line, this one among them.
        request: the gateway's name for it.
        made: the decision itself, where this request is its first: the columns of the table of decisions.
    """

    at: int
    account: str
    rung: Rung
    rule: str
    reason: str
    decision: str
    task: str
    above: bool
    since: int
    request: str = ""
    made: dict[str, Any] | None = None


@dataclass(slots=True)
class Memory:
    """Counts that decisions rest on; owned by one thread.

    Attributes:
        hits: of an account, the campaign of the first task that it carried, and how many it carried.
        passed: exchanges of an account under `shape_rate` on the day.
        day: since 1970, in UTC; `requests` and `above`, those that met more than observe, are of it.
        unwritten: requests that no line of the journal counts yet.
    """

    hits: dict[str, tuple[str, int]] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)
    day: int = 0
    requests: int = 0
    above: int = 0
    unwritten: int = 0

    def came(self, now: int) -> None:
        """Count a request."""
        self._turn(now // DAY)
        self.requests += 1
        self.unwritten += 1

    def hit(self, account: str, campaign_id: str, times: int = 1) -> None:
        """Count tasks of an account."""
        first, number = self.hits.get(account, (campaign_id, 0))
        self.hits[account] = first, number + times

    def spent(self, share: float) -> bool:
        """Whether so large a share of the day's requests has met more than observe."""
        return self.above >= share * max(self.requests, LEAST_OF_DAY)

    def learn(self, told: Mapping[str, Any], today: int) -> None:
        """Take in what an entry of the audit log tells of a batch, of another process or of an earlier run."""
        self._turn(today)
        self.requests += told["requests"].get(str(self.day), 0)
        for day, account, rung, _rule, _reason, _decision, task, times, above in told["rows"]:
            if task:
                self.hit(account, task, times)
            if day == self.day:
                self.above += above
                if rung == "shape_rate":
                    self.passed[account] = self.passed.get(account, 0) + times

    def _turn(self, day: int) -> None:
        if day > self.day:
            self.day, self.requests, self.above = day, 0, 0
            self.passed.clear()


def summed(lines: Sequence[Line]) -> dict[str, Any]:
    """A batch as the audit log keeps it: who was met by what, how often, in the order in which it first happened."""
    rows: dict[tuple[int, str, str, str, str, str, str], list[int]] = {}
    requests: dict[str, int] = {}
    for one in lines:
        day = one.at // DAY
        requests[str(day)] = requests.get(str(day), 0) + one.since
        of = (day, one.account, one.rung, one.rule, one.reason, one.decision, one.task)
        counted = rows.setdefault(of, [0, 0])
        counted[0] += 1
        counted[1] += one.above
    return {"requests": requests, "rows": [[*of, *counted] for of, counted in rows.items()], **_span(lines)}


def _span(lines: Iterable[Line]) -> dict[str, int]:
    times = [one.at for one in lines]
    return {"first": min(times), "last": max(times), "met": len(times)}
