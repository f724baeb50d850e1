"""The administration and the service that answers gateways as one application."""

from __future__ import annotations

from revenuer.service.access import accessed
from revenuer.service.admin import gateways
from revenuer.service.admin.endpoint import Desk
from revenuer.service.admin.routes import routes
from revenuer.service.app import App, Service, application

__all__ = ["mounted"]


def mounted(service: Service, desk: Desk) -> App:
    """All routes, with figures of both, a log without content, and headers for browsers."""
    metrics = desk.metrics
    metrics.count_decisions(lambda: service.counts)
    metrics.watch("ledger_waiting_lines", lambda: service.ledger.waiting)
    metrics.watch("ledger_waiting_batches", lambda: len(service.ledger.files()))
    metrics.watch("table_age_seconds", lambda: service.refresher.age if service.refresher is not None else float("inf"))
    return accessed(application(service, more=routes(desk, gateways.ENDPOINTS)), metrics)
