"""HTTP: what comes in over OTLP, as files that `convert` reads."""

from revenuer.service.serving import receive

__all__ = ["receive"]
