"""Notifications of a breach of personal data, as files under a seal."""
