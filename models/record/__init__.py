"""The record: the one place where facts are decided and written (``act``), and what surrounds it."""
