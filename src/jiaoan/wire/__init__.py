"""Protocols of the field as pure functions: octets in, frozen values out.

No socket, clock or thread lives here. One folder per protocol; today that is :mod:`.jt808`.
"""
