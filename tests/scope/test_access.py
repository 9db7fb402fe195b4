"""Scope: grants become row filters, and a model nobody registered cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jiaoan.kernel.clock import FixedClock
from jiaoan.org.actions import add_organisation, add_person
from jiaoan.org.models import Organisation, OrganisationKind, User
from jiaoan.scope import Refused, SystemActor, can, require, restrict

CLOCK = FixedClock(datetime(2024, 4, 8, 1, 0, tzinfo=UTC))
SYSTEM = SystemActor("test", frozenset({"org.manage"}))

pytestmark = pytest.mark.django_db


def organisation(name: str, kind: OrganisationKind, parent: Organisation | None) -> Organisation:
    return add_organisation(SYSTEM, CLOCK, name=name, kind=kind, parent=parent)


@pytest.fixture
def bureau() -> Organisation:
    return organisation("局", OrganisationKind.BUREAU, None)


def person(name: str, role: str, at: Organisation) -> User:
    return add_person(
        SYSTEM,
        CLOCK,
        username=name,
        password="Zx9-quiet",
        display_name=name,
        organisation=at,
        role=role,
    )


def test_it_shows_an_enterprise_only_itself(bureau: Organisation) -> None:
    firm = organisation("甲公司", OrganisationKind.ENTERPRISE, bureau)
    organisation("乙公司", OrganisationKind.ENTERPRISE, bureau)
    manager = person("manager", "enterprise", firm)
    assert list(restrict(Organisation.objects.all(), manager, "org.view")) == [firm]


def test_it_lets_a_leader_see_all_and_write_nothing(bureau: Organisation) -> None:
    leader = person("leader", "leader", bureau)
    assert restrict(Organisation.objects.all(), leader, "org.view").count() == 1
    assert not can(leader, "ledger.close")


def test_it_refuses_a_row_outside_the_reach(bureau: Organisation) -> None:
    firm = organisation("甲公司", OrganisationKind.ENTERPRISE, bureau)
    other = organisation("乙公司", OrganisationKind.ENTERPRISE, bureau)
    manager = person("manager", "enterprise", firm)
    require(manager, "org.view", firm)
    with pytest.raises(Refused) as refused:
        require(manager, "org.view", other)
    assert refused.value.obj == f"org.organisation:{other.pk}"


def test_it_reaches_below_for_a_section_head(bureau: Organisation) -> None:
    section = organisation("安全监督股", OrganisationKind.SECTION, bureau)
    team = organisation("一组", OrganisationKind.UNIT, section)
    head = person("head", "section_head", section)
    head_reach = head.assignments.get()
    assert head_reach.organisation == section
    from jiaoan.scope import organisations_in_reach

    assert organisations_in_reach(head, "ledger.view") == frozenset({section.pk, team.pk})


def test_it_gives_a_disabled_person_nothing(bureau: Organisation) -> None:
    leader = person("leader", "leader", bureau)
    leader.is_active = False
    assert not can(User(pk=leader.pk, is_active=False), "ledger.view")


def test_it_will_not_read_a_model_that_never_registered(bureau: Organisation) -> None:
    from jiaoan.org.models import Post

    with pytest.raises(LookupError, match="Post"):
        restrict(Post.objects.all(), SYSTEM, "org.manage")
