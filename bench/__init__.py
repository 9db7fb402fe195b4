"""Measurements of the whole system. Each is a module of ``bench`` with ``measure(runs)``."""
