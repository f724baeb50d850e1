"""The resources of TAXII 2.1, as JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from revenuer.sharing.taxii.media import TAXII, stix_media
from revenuer.sharing.taxii.peers import Collection
from revenuer.sharing.taxii.reading import Page

__all__ = ["api_root", "collection", "discovery", "manifest", "objects", "versions"]


def discovery(title: str, places: Sequence[str]) -> dict[str, Any]:
    """What a server has: URLs of API roots without a host, so that it need not know by which name it is called."""
    told: dict[str, Any] = {"title": title, "description": "Indicators of illicit large-scale distillation of LLMs"}
    return told | ({"default": places[0], "api_roots": list(places)} if places else {})


def api_root(name: str, most_bytes: int) -> dict[str, Any]:
    """An API root."""
    return {"title": name, "versions": [TAXII], "max_content_length": most_bytes}


def collection(one: Collection) -> dict[str, Any]:
    """A collection, with the rights of who asks."""
    told = {"id": one.collection_id, "title": one.title, "can_read": one.can_read, "can_write": one.can_write}
    extra = {"description": one.description, "alias": one.alias}
    media = {"media_types": [stix_media("2.1"), stix_media("2.0")]}
    return told | {name: text for name, text in extra.items() if text} | media


def objects(page: Page) -> dict[str, Any]:
    """An envelope; an empty one has no objects at all, as the standard asks."""
    return {"objects": [msgspec.Raw(one.document.encode()) for one in page.objects]} if page.objects else {}


def manifest(page: Page) -> dict[str, Any]:
    """What there is, without the objects themselves."""
    told = [
        {
            "id": one.object_id,
            "date_added": one.added,
            "version": one.version,
            "media_type": stix_media(one.spec_version),
        }
        for one in page.objects
    ]
    return {"objects": told} if told else {}


def versions(page: Page) -> dict[str, Any]:
    """The versions of an object, in the order in which they were added."""
    return {"versions": [one.version for one in page.objects]} if page.objects else {}
