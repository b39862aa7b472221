"""What stands still: found in PostgreSQL, in the engine and on this machine, each with the remedy that helps.

Used by ``hoso stuck`` and by the API alike; reads only. The remedies are in ``remedies.py``.
"""
