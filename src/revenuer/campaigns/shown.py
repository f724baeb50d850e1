"""The templates of a campaign as a reader sees them: masked texts, each wording once, and names for the picture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from revenuer.campaigns.queues import Queue
from revenuer.linkage.templates import KINDS, Templates

__all__ = ["Shown", "bare_tasks", "folded", "names", "shown_frames"]

# Share of words in common from which two masked texts are one wording with another slot.
ALIKE: Final = 0.75
_WORD: Final = re.compile(r"[^\W_]+")
_MANNER: Final = KINDS.index("manner")


class Shown(NamedTuple):
    """A masked text, its requests, and the templates (indices) that it stands for."""

    text: str
    requests: int
    templates: tuple[int, ...]


def shown_frames(queue: Queue, templates: Templates, masks: Mapping[int, str], most: int) -> list[Shown]:
    """At most `most` wordings of a queue's templates, most used first; templates without a text are passed over."""
    pairs = zip(queue.templates.tolist(), queue.requests.tolist(), strict=True)
    known = [(masks.get(int(templates.ids[template]), ""), requests, template) for template, requests in pairs]
    return folded([Shown(text, int(requests), (template,)) for text, requests, template in known if text])[:most]


def folded(frames: Sequence[Shown]) -> list[Shown]:
    """Wordings that differ by little more than a slot as one, under the text of the most used; most used first."""
    kept: list[tuple[Shown, Counter[str]]] = []
    for frame in sorted(frames, key=lambda one: (-one.requests, one.text)):
        words = Counter(_WORD.findall(frame.text.casefold()))
        same = next((i for i, (one, theirs) in enumerate(kept) if _alike(words, theirs, frame.text, one.text)), None)
        if same is None:
            kept.append((frame, words))
            continue
        one, theirs = kept[same]
        joined = Shown(one.text, one.requests + frame.requests, (*one.templates, *frame.templates))
        kept[same] = (joined, theirs)
    return sorted((one for one, _words in kept), key=lambda one: (-one.requests, one.text))


def names(queue: Queue, templates: Templates, shown: Sequence[Shown]) -> dict[int, str]:
    """What the picture calls each template: by its place in the list, or by what it is where it has no text there."""
    listed = {template: f"template {place}" for place, one in enumerate(shown, start=1) for template in one.templates}
    kinds = templates.kind[queue.templates].tolist()
    rest = {
        template: "a manner of asking" if kind == _MANNER else "a template not listed"
        for template, kind in zip(queue.templates.tolist(), kinds, strict=True)
    }
    return rest | listed


def bare_tasks(queue: Queue, templates: Templates) -> int:
    """Requests that have no template and are tied to the queue by the manner in which they are put."""
    return int(queue.requests[templates.kind[queue.templates] == _MANNER].sum())


def _alike(words: Counter[str], theirs: Counter[str], text: str, other: str) -> bool:
    either = (words | theirs).total()
    return (words & theirs).total() >= ALIKE * either if either else text == other
