"""What the administrator types: ``init``, ``notice read``, ``verify``, ``reference publish``."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import secrets
import sys
import uuid
from pathlib import Path

from jiaoan.kernel.clock import OffsetClock
from jiaoan.project.installation import Installation, Kind
from jiaoan.project.refusal import Refusal


def init(folder: Path, bureau: str | None, admin: str | None) -> int:
    """Set up ``folder`` for real data and print the first administrator's password, once.

    Secrets are invented; names are asked for when they are not given. A set-up that was
    interrupted before the administrator existed is taken up where it stopped.
    """
    installation = Installation(folder)
    if installation.kind is Kind.DEMO:
        raise Refusal(f"{installation.folder} holds demonstration data: name another directory.")
    bureau = bureau or _ask("Name of the bureau: ", "--bureau")
    admin = admin or _ask("Log-in name of the first administrator: ", "--admin")
    with installation.held():
        if installation.kind is None:
            installation.make(Kind.REAL)
        from jiaoan.project import cli, system

        cli.prepare_django(installation.folder)
        system.migrate(installation, system.environment_for(installation, None))
        password = _first_administrator(bureau, admin)
    print(f"{installation.folder} is ready for real data.")
    print(f"administrator: {admin} / {password}")
    print("This password is shown once and kept nowhere. Start with:")
    print(f"  jiaoan serve --data {installation.folder}")
    return 0


def _ask(question: str, option: str) -> str:
    if not sys.stdin.isatty():
        raise Refusal(f"{question.rstrip(': ')} is missing: give it with {option}.")
    while not (answer := input(question).strip()):
        pass
    return answer


def _first_administrator(bureau: str, admin: str) -> str:
    from django.db import transaction

    from jiaoan.org.actions import add_organisation, add_person
    from jiaoan.org.models import OrganisationKind, User
    from jiaoan.scope import SystemActor

    if User.objects.exists():
        raise Refusal("This directory has an administrator already; nothing was changed.")
    actor, clock = SystemActor("init", frozenset({"org.manage"})), OffsetClock()
    password = secrets.token_urlsafe(15)
    with transaction.atomic():
        top = add_organisation(actor, clock, name=bureau, kind=OrganisationKind.BUREAU, parent=None)
        add_person(
            actor,
            clock,
            username=admin,
            password=password,
            display_name=admin,
            organisation=top,
            role="administrator",
        )
    return password


def read_notice(file: Path, *, as_json: bool) -> int:
    """Read an official notice and say what is in it; nothing is stored."""
    from jiaoan.notices.cli import read_file
    from jiaoan.notices.model import SourceRefused

    try:
        result = read_file(str(file))
    except SourceRefused as refused:
        raise Refusal(str(refused)) from refused
    if as_json:
        print(json.dumps(result, ensure_ascii=False, indent=1))
        return 0
    for key, value in result.items():
        print(f"{key}: {len(value) if isinstance(value, list) else value}")
    return 0


def verify(*, as_json: bool) -> int:
    """Compare the journal with its own hashes and with the heads kept outside the database."""
    from django.conf import settings

    from jiaoan.journal import chain

    problems = chain.verify(settings.JOURNAL_HEAD)
    head = chain.head()
    if as_json:
        found = [dataclasses.asdict(problem) for problem in problems]
        last = dataclasses.asdict(head) if head else None
        print(json.dumps({"head": last, "problems": found}, ensure_ascii=False))
    else:
        for problem in problems:
            print(f"{problem.kind}: fact {problem.seq} ({problem.detail})")
        print(f"{head.seq} facts, head {head.short}" if head else "no sealed facts")
        print("the journal is sound" if not problems else f"{len(problems)} breaks")
    return 1 if problems else 0


def publish_references(bus_url: str | None) -> int:
    """Put every vehicle, terminal, place and rule on the bus, as the business database has them."""
    from jiaoan.registry.reference import everything
    from jiaoan.watch.rules.actions import SUBJECT
    from jiaoan.watch.rules.queries import standing

    url = bus_url or running_bus()
    if url is None:
        raise Refusal("No running system was found for this directory: name a bus with --bus.")
    values = [(subject, json.dumps(value).encode()) for subject, value in everything()]
    rules = standing()
    if rules.version:
        values.append((SUBJECT, json.dumps(rules.document()).encode()))
    count = asyncio.run(_publish(url, values))
    print(f"{count} references published")
    return 0


def running_bus() -> str | None:
    """The bus of the system that runs (or ran last) on this directory, or the one named for it."""
    from django.conf import settings

    named = os.environ.get("JIAOAN_BUS_URL")
    path = Path(settings.DATA_DIR) / "addresses.json"
    if named or not path.is_file():
        return named or None
    return str(json.loads(path.read_text())["bus"])


async def _publish(url: str, values: list[tuple[str, bytes]]) -> int:
    from jiaoan.stores.bus import Bus, BusUnavailable

    # A run of its own: the bus drops a message id that it saw in the last minutes.
    run = uuid.uuid4().hex
    try:
        bus = await Bus.connect(url, name="reference-publish")
        try:
            for subject, data in values:
                await bus.publish(subject, data, message_id=f"{run}:{subject}")
        finally:
            await bus.close()
    except BusUnavailable as error:
        raise Refusal(f"The bus did not take the references: {error}") from error
    return len(values)
