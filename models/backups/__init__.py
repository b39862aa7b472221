"""Backups of a whole installation: taken, sealed, opened, restored, compared. See README.md."""
