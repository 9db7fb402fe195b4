"""The administrator's page: people get one password, bad input is named and kept."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from jiaoan.org.models import Organisation, User
from portal.matrix import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    world = World()
    world.place("section")
    client.force_login(
        world.person("administrator"), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def person(**changes: object) -> dict[str, object]:
    section = Organisation.objects.get(name="section")
    return {
        "username": "zhou",
        "display_name": "周敏",
        "organisation": section.pk,
        "role": "section_head",
        **changes,
    }


def test_it_shows_a_new_persons_password_once(admin: Client) -> None:
    answer = admin.post("/system/people/add", person())
    shown = re.search(r"data-password>([^<]+)<", answer.content.decode())
    assert shown
    assert User.objects.get(username="zhou").check_password(shown[1])
    assert "data-password" not in admin.get("/system/").content.decode()


def test_it_refuses_a_log_in_name_that_is_taken_and_keeps_what_was_typed(admin: Client) -> None:
    admin.post("/system/people/add", person())
    answer = admin.post("/system/people/add", person(username="ZHOU", title="股长"))
    assert answer.status_code == 422
    assert "股长" in answer.content.decode()
    assert "id_username-error" in answer.content.decode()
    assert User.objects.filter(username__iexact="zhou").count() == 1


def test_it_puts_a_section_below_the_bureau_and_a_firm_beside_it(admin: Client) -> None:
    admin.post("/system/organisations/add", {"name": "法制股", "kind": "section"})
    admin.post("/system/organisations/add", {"name": "甲公司", "kind": "enterprise"})
    section, firm = (Organisation.objects.get(name=name) for name in ("法制股", "甲公司"))
    assert section.parent is not None
    assert section.parent.kind == "bureau"
    assert firm.parent is None
