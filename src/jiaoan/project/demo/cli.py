"""``jiaoan demo make``: the whole demonstration in one data directory, safe to repeat.

``jiaoan demo passwords`` invents new passwords for the printed log-ins, at every later start.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from django.db import transaction

from jiaoan.journal.actions import Json
from jiaoan.journal.chain import seal
from jiaoan.kernel.clock import Clock, clock_from_environment
from jiaoan.ledger.errors import FieldErrors
from jiaoan.ledger.models import Plan
from jiaoan.org.models import Organisation, User
from jiaoan.project.demo import cast, geography
from jiaoan.project.demo.district import make_district, new_password
from jiaoan.project.demo.fleet import DRIVING, fleet_config
from jiaoan.project.demo.notice import live_a_while, publish_notice
from jiaoan.project.demo.papers import file_outside_vehicles, write_local_waybills
from jiaoan.project.demo.passenger import make_passenger_fleet

OWN_NOTICE = Path(__file__).resolve().parent.parent / "data" / "demo_notice.txt"


def main(argv: Sequence[str]) -> int:
    """Make the district once and publish each notice once, or renew the printed passwords."""
    parser = argparse.ArgumentParser(prog="jiaoan demo")
    parser.add_argument("act", choices=["make", "passwords"])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--notice", type=Path, metavar="FILE")
    parser.add_argument("--today", type=date.fromisoformat, help="taken from the clock's offset")
    parser.add_argument("--gateway-port", type=int, default=7808)
    options = parser.parse_args(argv)
    clock = clock_from_environment()
    if options.act == "passwords":
        _write(options.data / "credentials.json", _credentials(_renewed()), private=True)
        return 0
    if not Organisation.objects.exists():
        _make(options.data, options.gateway_port, clock)
    notice: Path = options.notice or OWN_NOTICE
    try:
        _publish(notice, clock)
    except FieldErrors as refused:
        print(f"{notice}: {refused.errors['file']}", file=sys.stderr)
        return 1
    seal(options.data / "journal.head", clock, limit=100_000)
    return 0


def _make(data: Path, gateway_port: int, clock: Clock) -> None:
    with transaction.atomic():
        district = make_district(clock)
        make_passenger_fleet(district, clock)
        file_outside_vehicles(district, clock)
        write_local_waybills(district, clock, DRIVING)
        fleet = fleet_config(district.local, district.outside, host="127.0.0.1", port=gateway_port)
    _write(data / "simulate.json", fleet, private=True)
    _write(data / "map" / "base.geojson", geography.base_map(), private=False)
    _write(data / "credentials.json", _credentials(district.passwords), private=True)


def _publish(notice: Path, clock: Clock) -> None:
    octets = notice.read_bytes()
    digest = hashlib.sha256(octets).hexdigest()
    if Plan.objects.filter(original__sha256=digest).exists():
        return
    users = {user.username: user for user in User.objects.all()}
    plan = publish_notice(users["clerk"], clock, octets, notice.name)
    live_a_while(users, clock, plan)


def _renewed() -> dict[str, str]:
    """New passwords for the printed log-ins: those of the last start are good no longer."""
    passwords: dict[str, str] = {}
    names = [account.username for account in cast.ACCOUNTS]
    for user in User.objects.filter(username__in=names):
        passwords[user.username] = new_password()
        user.set_password(passwords[user.username])
        user.save(update_fields=["password"])
    return passwords


def _credentials(passwords: dict[str, str]) -> Json:
    return [
        {
            "role": account.role,
            "username": account.username,
            "password": passwords[account.username],
        }
        for account in cast.ACCOUNTS
    ]


def _write(path: Path, value: Json, *, private: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o600 if private else 0o644
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as out:
        json.dump(value, out, ensure_ascii=False, indent=1)
