"""Terminals that are not there: ordinary JT/T 808 clients over TCP, with the faults of real ones.

The octets are made by an encoder of its own (:mod:`.octets`); nothing of ``jiaoan.wire`` is
imported, so that a mistake in one is not repeated in the other.
"""
