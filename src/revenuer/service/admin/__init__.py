"""What people and programs do besides asking for decisions: look, judge, agree, object, hand in, hand out keys."""

from revenuer.service.admin.endpoint import Answer, Call, Desk, Endpoint
from revenuer.service.admin.mounting import collections, mounted
from revenuer.service.admin.office import administration
from revenuer.service.admin.routes import endpoints, routes

__all__ = ["Answer", "Call", "Desk", "Endpoint", "administration", "collections", "endpoints", "mounted", "routes"]
