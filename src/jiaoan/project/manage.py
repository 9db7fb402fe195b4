"""``jiaoan manage …``: Django's own commands on an installation."""

from __future__ import annotations

from django.core.management import ManagementUtility
from django.core.management.base import CommandError

from jiaoan.project.refusal import Refusal


def main(words: list[str]) -> int:
    try:
        ManagementUtility(["jiaoan manage", *words]).execute()
    except CommandError as error:
        raise Refusal(str(error)) from error
    return 0
