"""HTTP: what comes in over OTLP, as files that `convert` reads, and what gateways ask."""

from revenuer.service.office import Office
from revenuer.service.running import serve
from revenuer.service.serving import receive

__all__ = ["Office", "receive", "serve"]
