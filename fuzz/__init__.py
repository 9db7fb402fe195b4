"""Sound frames, broken at random and by the million: ``python -m fuzz.jt808 --frames 10000000``.

What is held: no crash, bounded memory, and the next good frame is always found. A run is repeated
by its seed.
"""
