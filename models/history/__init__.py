"""The history that cannot be changed unseen: chained, logged, sealed, kept in a second place."""
