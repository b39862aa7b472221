"""Backups taken, checked and recorded; those past their time removed."""
