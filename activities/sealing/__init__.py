"""The sealer: events into the log, a head a day sealed, what is sealed carried to the second place."""
