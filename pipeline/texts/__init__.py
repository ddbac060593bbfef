"""What is read from the texts of notes, mails and tickets: a sentiment and topics. The texts are not kept."""

from pipeline.texts.reading import Reading, read_text
from pipeline.texts.redaction import redact
from pipeline.texts.topics import TOPICS

__all__ = ["TOPICS", "Reading", "read_text", "redact"]
