"""Evidence to tested campaigns: queues, verdicts, scores, findings."""
