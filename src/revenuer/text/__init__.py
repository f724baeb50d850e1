"""Kernels over Arrow buffers: tokens, shingles, sketches, hashed features. No per-row Python."""

from revenuer.text.tokens import HEAD_BYTES, TAIL_BYTES, Tokens, token_hash, tokenize

__all__ = ["HEAD_BYTES", "TAIL_BYTES", "Tokens", "token_hash", "tokenize"]
