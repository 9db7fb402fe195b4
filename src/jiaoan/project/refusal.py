"""The one error of the command line: a sentence for the person at the terminal."""

from __future__ import annotations


class Refusal(Exception):
    """Why a command does not go on, and what to do; printed as it is, exit code 1."""
