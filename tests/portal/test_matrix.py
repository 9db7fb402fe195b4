"""Every address of the product × every kind of person. An address nobody put in a table fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from jiaoan.journal.models import Fact
from jiaoan.org.models import User
from portal.matrix import Row, World, all_rows

ROWS = all_rows()
METHODS = ("GET", "POST")


def _names(patterns: Iterable[URLPattern | URLResolver], space: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _names(pattern.url_patterns, inner)
        else:
            yield f"{space}{pattern.name}" if pattern.name else f"(unnamed) {pattern.pattern}"


@pytest.fixture
def world(db: None) -> World:
    return World()


def _send(row: Row, world: World, person: User | None, method: str = "") -> HttpResponse:
    client = Client(raise_request_exception=True)
    if person is not None:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse(row.name, kwargs=dict(row.kwargs(world))) + row.query
    if (method or row.method) == "POST":
        return client.post(url, dict(row.data(world)))  # type: ignore[return-value]
    return client.get(url)  # type: ignore[return-value]


def _cases() -> Iterator[object]:
    """One case for each row and person: (row, who, role)."""
    for row in ROWS:
        yield pytest.param(row, "anonymous", "", id=f"{row}-anonymous")
        yield pytest.param(row, "nobody", "", id=f"{row}-nobody")
        for role in row.allowed:
            yield pytest.param(row, "allowed", role, id=f"{row}-{role}")
        for role in row.denied:
            yield pytest.param(row, "denied", role, id=f"{row}-not-{role}")
        for role in row.elsewhere:
            yield pytest.param(row, "elsewhere", role, id=f"{row}-{role}-elsewhere")


def test_it_knows_every_address() -> None:
    known = {row.name for row in ROWS}
    unknown = sorted(set(_names(get_resolver().url_patterns)) - known)
    assert not unknown, f"not in tests/portal/matrix: {unknown}"


def test_it_names_no_address_that_is_gone() -> None:
    gone = sorted({row.name for row in ROWS} - set(_names(get_resolver().url_patterns)))
    assert not gone, f"in tests/portal/matrix but not in the product: {gone}"


@pytest.mark.parametrize(("row", "who", "role"), list(_cases()))
def test_it_lets_in_whom_the_table_says(row: Row, who: str, role: str, world: World) -> None:
    person: User | None = None
    if who == "nobody":
        person = world.nobody()
    elif who != "anonymous":
        person = world.person(role, elsewhere=who == "elsewhere")
    row.kwargs(world)
    row.data(world)
    before = set(Fact.objects.exclude(kind="scope.refused").values_list("pk", flat=True))
    answer = _send(row, world, person)
    expected = {
        "anonymous": row.status if row.public else 302,
        "nobody": row.nobody_status,
        "allowed": row.status,
        "denied": 403,
        "elsewhere": row.elsewhere_status,
    }[who]
    assert answer.status_code == expected, answer.content[:600] if not answer.streaming else ""
    if who == "anonymous" and not row.public:
        assert answer.headers["Location"].startswith(reverse("account_login"))
    if expected in (403, 404) or (who == "anonymous" and not row.public):
        after = Fact.objects.exclude(kind="scope.refused").values_list("pk", flat=True)
        assert set(after) == before, "a refused request left a fact"


@pytest.mark.parametrize("name", sorted({row.name for row in ROWS}))
def test_it_answers_405_to_a_method_that_no_row_declares(name: str, world: World) -> None:
    rows = {row.method: row for row in ROWS if row.name == name}
    row = next(iter(rows.values()))
    person = world.person(row.allowed[0]) if row.allowed else None
    for method in METHODS:
        if method not in rows:
            answer = _send(row, world, person, method)
            assert answer.status_code == 405, f"{method} {name} is not in the matrix"
