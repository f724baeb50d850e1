"""The administration, the service that answers gateways and the TAXII server as one application."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from starlette.routing import BaseRoute

from revenuer.service.access import accessed
from revenuer.service.admin import gateways
from revenuer.service.admin.endpoint import Desk
from revenuer.service.admin.routes import routes
from revenuer.service.app import App, Service, application
from revenuer.sharing.taxii.routes import taxii_mount
from revenuer.sharing.taxii.store import open_store

__all__ = ["collections", "mounted"]


@contextmanager
def collections(url: str | None) -> Iterator[list[BaseRoute]]:
    """The TAXII server over a store, as routes that work as long as the block runs; none without a store.

    Peers are told apart by the store, errors are worded as TAXII has them, and requests wait in threads of their own:
    the doors, the problems and the threads of the administration have nothing to do with them.

    Raises:
        ConfigError: the URL is of no database that can be used.
        InputError: there is no such store.
        OutputError: it cannot be reached.
    """
    if url is None:
        yield []
        return
    with closing(open_store(url, make=False)) as store:
        yield [taxii_mount(store)]


def mounted(service: Service, desk: Desk, beside: Sequence[BaseRoute] = ()) -> App:
    """All routes, with figures of all, a log without content, and headers for browsers.

    Args:
        service: that answers gateways.
        desk: of the administration.
        beside: routes of others, which the description of the API does not name.
    """
    metrics = desk.metrics
    metrics.count_decisions(lambda: service.counts)
    metrics.watch("ledger_waiting_lines", lambda: service.ledger.waiting)
    metrics.watch("ledger_waiting_batches", lambda: len(service.ledger.files()))
    metrics.watch("table_age_seconds", lambda: service.refresher.age if service.refresher is not None else float("inf"))
    return accessed(application(service, more=[*routes(desk, gateways.ENDPOINTS), *beside]), metrics)
