"""What a simulated world writes: corpora from disk, and the project's own generator."""

from revenuer.simulate.texts.corpora import Corpora
from revenuer.simulate.texts.generator import Elicitation, Generated, Row, elicitation_text, generate_text
from revenuer.simulate.texts.pool import Source, Text, Texts

__all__ = ["Corpora", "Elicitation", "Generated", "Row", "Source", "Text", "Texts", "elicitation_text", "generate_text"]
