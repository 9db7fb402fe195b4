"""What ``./run`` and ``./test`` prepare before they start anything.

Standard library only, and nothing of ``jiaoan`` beside it: this package runs under whatever
Python 3.11 to 3.14 the machine has, before there is a ``.venv``. Every step is skipped when the
hash of what it reads is the one in ``.venv/jiaoan-stamps.json``, so that a second start pays only
for reading a few small files.
"""
