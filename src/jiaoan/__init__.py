"""Jiaoan 交安: a district transport bureau's yearly safety notice, running as supervision."""

__version__ = "0.1.0"
