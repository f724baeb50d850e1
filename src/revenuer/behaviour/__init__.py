"""Fingerprints to account profiles."""

from revenuer.behaviour.profiles import Profiles, profile

__all__ = ["Profiles", "profile"]
