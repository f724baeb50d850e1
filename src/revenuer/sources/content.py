"""How much of the text of requests a scan may read."""

from __future__ import annotations

from typing import Final, Literal, get_args

from revenuer.schema import TableName

__all__ = ["CONTENTS", "TEXTS", "Content", "unread"]

# full: text is read, and masked templates are shown; sketch: text is read, and nothing of it can be read afterwards;
# none: text is not read.
Content = Literal["full", "sketch", "none"]
CONTENTS: Final[tuple[Content, ...]] = get_args(Content)

TEXTS: Final = frozenset({"system", "prompt", "response"})


def unread(table: TableName, content: Content) -> frozenset[str]:
    """The columns of a table that are never read in a mode, required ones included."""
    return TEXTS if table == "exchanges" and content == "none" else frozenset()
