"""Accounts and fingerprints to weighted evidence, one file a channel."""
