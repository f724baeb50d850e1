"""Where tables live and run: a protocol of few verbs, and the engines behind it."""

from revenuer.engine.base import Engine, Kernel, Reader
from revenuer.engine.choosing import check_engine, connect
from revenuer.engine.local import LocalEngine

__all__ = ["Engine", "Kernel", "LocalEngine", "Reader", "check_engine", "connect"]
