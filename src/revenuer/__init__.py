"""Find and counter illicit large-scale distillation of LLMs behind an API."""

__version__ = "0.1.0"
__all__ = ["__version__"]
