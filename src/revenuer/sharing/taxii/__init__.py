"""TAXII 2.1: a server over a store of its own, and a client with checkpoints.

The server's parts load with the server alone, so that a client needs neither a database nor a web framework.
"""

from revenuer.sharing.taxii.client import Access, Client, Received, connected
from revenuer.sharing.taxii.serving import Tls, serve
from revenuer.sharing.taxii.transfer import Pulled, Pushed, bundle_objects, discovered, pull, push

__all__ = [
    "Access",
    "Client",
    "Pulled",
    "Pushed",
    "Received",
    "Tls",
    "bundle_objects",
    "connected",
    "discovered",
    "pull",
    "push",
    "serve",
]
