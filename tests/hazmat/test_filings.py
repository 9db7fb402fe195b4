"""Filings and waybills: by link and by account, refused field by field, decided by an officer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hazmat.factory import (
    SYSTEM,
    World,
    approved_filing,
    make_world,
    typed_filing,
    typed_waybill,
)
from jiaoan.hazmat import actions, queries
from jiaoan.hazmat.actions.filings import INVITE_HOURS, link_holder
from jiaoan.hazmat.models import Filing, Waybill
from jiaoan.hazmat.states import FilingState
from jiaoan.journal.models import Fact, Outgoing
from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.scope import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def test_it_takes_a_filing_by_link_for_the_plate_of_the_link(world: World) -> None:
    link = actions.invite(world.clerk, world.clock, plate="鄂B·9K307", plate_colour=2)
    filing = actions.apply(
        link_holder(link), world.clock, typed_filing(plate="湘F30001"), invite=link
    )
    assert (filing.plate, filing.vehicle, filing.carrier) == ("鄂B9K307", world.tanker, None)
    assert filing.number == f"BA-2024-{filing.pk:05d}"
    assert filing.goods_text == "UN1203 汽油 28.6 吨"
    with pytest.raises(Blocked):
        actions.apply(link_holder(link), world.clock, typed_filing(), invite=link)
    assert Filing.objects.count() == 1


def test_it_closes_the_link_when_its_time_is_over(world: World) -> None:
    link = actions.invite(world.clerk, world.clock, plate="鄂B9K307", plate_colour=2)
    assert len(link.token) >= 43
    world.clock.advance(timedelta(hours=INVITE_HOURS))
    with pytest.raises(Blocked):
        actions.apply(link_holder(link), world.clock, typed_filing(), invite=link)


def test_it_lets_only_the_bureau_make_links(world: World) -> None:
    for person in (world.firm_user, world.carrier_user):
        with pytest.raises(Refused):
            actions.invite(person, world.clock, plate="鄂B9K307", plate_colour=2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("carrier_name", ""),
        ("carrier_name", "长" * 121),
        ("plate", "鄂B·1"),
        ("plate_colour", "77"),
        ("credit_code", "9142020OMA12345678"),
        ("licence_valid_to", "31.12.2024"),
        ("un", "1203"),
        ("quantity", "很多"),
        ("quantity", "0"),
        ("quantity", "NaN"),
        ("goods_class", "10"),
        ("contact_phone", "无"),
        ("escort_certificate", "D4202001"),
        ("valid_to", "2024-04-07"),
        ("valid_to", "2024-06-30"),
        ("period", "for ever"),
        ("promise", ""),
    ],
)
def test_it_names_the_bad_field_and_keeps_nothing(world: World, name: str, value: str) -> None:
    with pytest.raises(FieldErrors) as refused:
        actions.apply(
            world.carrier_user, world.clock, typed_filing(**{name: value}), carrier=world.carrier
        )
    assert set(refused.value.errors) == {name}
    assert str(refused.value.errors[name]).strip()
    assert not Filing.objects.exists()


def test_it_names_all_bad_fields_at_once(world: World) -> None:
    with pytest.raises(FieldErrors) as refused:
        actions.apply(world.carrier_user, world.clock, {}, carrier=world.carrier)
    assert {"plate", "un", "driver_name", "valid_from", "promise"} <= set(refused.value.errors)


def test_it_lets_a_carrier_file_for_itself_only(world: World) -> None:
    with pytest.raises(Refused):
        actions.apply(world.carrier_user, world.clock, typed_filing(), carrier=world.firm)
    with pytest.raises(Refused):
        actions.apply(world.clerk, world.clock, typed_filing(), carrier=world.carrier)


def test_it_returns_supplements_and_approves(world: World) -> None:
    filing = actions.apply(world.carrier_user, world.clock, typed_filing(), carrier=world.carrier)
    with pytest.raises(FieldErrors):
        actions.return_(world.clerk, world.clock, filing, reason=" ")
    actions.return_(world.clerk, world.clock, filing, reason="请补罐检报告")
    with pytest.raises(TransitionRefused):
        actions.approve(world.clerk, world.clock, filing)
    actions.resubmit(
        world.carrier_user, world.clock, filing, typed_filing(tank_inspection_valid_to="2025-01-01")
    )
    actions.approve(world.clerk, world.clock, filing)
    filing.refresh_from_db()
    assert filing.status is FilingState.APPROVED
    assert str(filing.tank_inspection_valid_to) == "2025-01-01"
    kinds = list(
        Fact.objects.filter(obj=f"hazmat.filing:{filing.pk}").values_list("kind", flat=True)
    )
    assert kinds == [
        "hazmat.filing_applied",
        "hazmat.filing_returned",
        "hazmat.filing_resubmitted",
        "hazmat.filing_approved",
    ]


def test_it_refuses_a_filing_only_with_a_legal_ground(world: World) -> None:
    filing = actions.apply(world.carrier_user, world.clock, typed_filing(), carrier=world.carrier)
    with pytest.raises(FieldErrors) as refused:
        actions.refuse(world.clerk, world.clock, filing, reason="罐检过期", legal_ground="")
    assert set(refused.value.errors) == {"legal_ground"}


@pytest.mark.parametrize("verb", ["approve", "return_", "refuse"])
def test_it_lets_only_the_bureau_decide(world: World, verb: str) -> None:
    filing = actions.apply(world.carrier_user, world.clock, typed_filing(), carrier=world.carrier)
    more = {"approve": {}, "return_": {"reason": "x"}}.get(
        verb, {"reason": "x", "legal_ground": "y"}
    )
    for person in (world.carrier_user, world.firm_user):
        with pytest.raises(Refused):
            getattr(actions, verb)(person, world.clock, filing, **more)


def test_it_decides_once_when_two_press_together(world: World) -> None:
    filing = actions.apply(world.carrier_user, world.clock, typed_filing(), carrier=world.carrier)
    stale = Filing.objects.get(pk=filing.pk)
    actions.approve(world.clerk, world.clock, filing)
    with pytest.raises(Blocked):
        actions.return_(world.second_clerk, world.clock, stale, reason="x")
    filing.refresh_from_db()
    assert filing.status is FilingState.APPROVED


def test_it_expires_filings_after_their_last_day(world: World) -> None:
    filing = approved_filing(world, valid_to="2024-04-08")
    assert actions.expire_filings(SYSTEM, world.clock) == 0
    world.clock.advance(timedelta(days=1))
    assert actions.expire_filings(SYSTEM, world.clock) == 1
    assert actions.expire_filings(SYSTEM, world.clock) == 0
    filing.refresh_from_db()
    assert filing.status is FilingState.EXPIRED


def test_it_shows_a_carrier_its_own_filings_only(world: World) -> None:
    filing = actions.apply(world.carrier_user, world.clock, typed_filing(), carrier=world.carrier)
    assert list(queries.filings(world.carrier_user)) == [filing]
    assert list(queries.filings(world.firm_user)) == []
    assert sum(queries.filing_counts(world.clerk).values()) == 1


def test_it_tells_the_officer_what_does_not_cover_the_period(world: World) -> None:
    filing = actions.apply(
        world.carrier_user,
        world.clock,
        typed_filing(licence_valid_to="2024-04-08", tank_number="WG007", insurance_valid_to=""),
        carrier=world.carrier,
    )
    failed = [check.code for check in queries.checks_of(filing) if not check.ok]
    assert failed == ["licence", "insurance", "tank"]


def test_it_takes_a_waybill_number_once(world: World) -> None:
    actions.enter_waybill(world.carrier_user, world.clock, typed_waybill(), carrier=world.carrier)
    with pytest.raises(FieldErrors) as refused:
        actions.enter_waybill(
            world.carrier_user, world.clock, typed_waybill(), carrier=world.carrier
        )
    assert set(refused.value.errors) == {"number"}
    assert Waybill.objects.count() == 1
    assert not queries.waybills(world.firm_user).exists()


def test_it_puts_no_personal_data_into_facts_or_messages(world: World) -> None:
    approved_filing(world)
    actions.enter_waybill(world.carrier_user, world.clock, typed_waybill(), carrier=world.carrier)
    said = [*Fact.objects.values_list("payload", flat=True)]
    said += Outgoing.objects.filter(topic="events.alarm").values_list("payload", flat=True)
    for name in ("孙建平", "李海波", "0714", "D4202001", "鄂B9K307"):
        assert name not in str(said)
