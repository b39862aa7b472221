"""The other side, as far as it can be known from a desk: a process of its own that nobody imports.

It shares no code with the adapter, not even a model: what they have in common is the contract test.
"""
