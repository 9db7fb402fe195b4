"""Rows of hazmat. The fields of a filing and a waybill follow domain 5.4 and 5.5 (defaults [U])."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from jiaoan.hazmat.states import FilingState, TripState
from jiaoan.kernel.plates import display


class Papers(models.Model):
    """What a filing and a waybill both name: carrier, vehicle, tank, people, goods.

    ``goods`` is a list of ``{"un", "name", "class", "packing_group", "quantity", "unit"}``.
    """

    carrier = models.ForeignKey(
        "org.Organisation", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    carrier_name = models.CharField(max_length=120)
    licence_number = models.CharField(max_length=40)
    plate = models.CharField(max_length=12, db_index=True)
    plate_colour = models.PositiveSmallIntegerField()
    transport_certificate = models.CharField(max_length=40, blank=True)
    trailer_plate = models.CharField(max_length=12, blank=True)
    tank_number = models.CharField(max_length=40, blank=True)
    driver_name = models.CharField(max_length=40)
    driver_certificate = models.CharField(max_length=40)
    escort_name = models.CharField(max_length=40)
    escort_certificate = models.CharField(max_length=40)
    goods = models.JSONField(default=list)

    class Meta:
        abstract = True

    @property
    def un_numbers(self) -> tuple[str, ...]:
        return tuple(str(line.get("un", "")) for line in self.goods)

    @property
    def goods_text(self) -> str:
        """UN1203 汽油 28.6 吨、…"""
        return "、".join(
            " ".join(
                part
                for part in (
                    str(line.get("un", "")),
                    str(line.get("name", "")),
                    f"{line.get('quantity', '')} {line.get('unit', '')}".strip(),
                )
                if part
            )
            for line in self.goods
        )


class FilingInvite(models.Model):
    """A link 备案链接 for one plate that an outside carrier opens without an account."""

    token = models.CharField(max_length=64, unique=True)
    plate = models.CharField(max_length=12)
    plate_colour = models.PositiveSmallIntegerField()
    trip = models.ForeignKey(
        "hazmat.Trip", null=True, on_delete=models.PROTECT, related_name="invites"
    )
    made_by = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    filing = models.ForeignKey(
        "hazmat.Filing", null=True, on_delete=models.PROTECT, related_name="invites"
    )

    def __str__(self) -> str:
        return display(self.plate)

    def is_open(self, now: datetime) -> bool:
        return now < self.expires_at


class Period(models.TextChoices):
    SINGLE = "single", _("Single trip")
    DAYS = "days", _("Several days")


class Filing(Papers):
    """外籍车辆备案: a record about an outside vehicle, from ``valid_from`` to ``valid_to``."""

    number = models.CharField(max_length=30, unique=True, null=True)
    state = models.CharField(max_length=20, default=FilingState.APPLIED, db_index=True)
    vehicle = models.ForeignKey(
        "registry.Vehicle", null=True, on_delete=models.PROTECT, related_name="filings"
    )
    credit_code = models.CharField(max_length=18)
    licence_scope = models.CharField(max_length=120, blank=True)
    licence_valid_to = models.DateField()
    home_authority = models.CharField(max_length=80, blank=True)
    contact_name = models.CharField(max_length=40)
    contact_phone = models.CharField(max_length=30)
    inspection_valid_to = models.DateField()
    insurance_valid_to = models.DateField(null=True, blank=True)
    terminal_provider = models.CharField(max_length=80, blank=True)
    tank_inspection_valid_to = models.DateField(null=True, blank=True)
    driver_valid_to = models.DateField()
    escort_valid_to = models.DateField()
    loading_firm = models.CharField(max_length=120, blank=True)
    unloading_firm = models.CharField(max_length=120)
    route = models.CharField(max_length=200, blank=True)
    entry_gate = models.CharField(max_length=80, blank=True)
    exit_gate = models.CharField(max_length=80, blank=True)
    period = models.CharField(max_length=10, choices=Period.choices, default=Period.SINGLE)
    valid_from = models.DateField()
    valid_to = models.DateField()
    promised_at = models.DateTimeField()
    applied_at = models.DateTimeField()
    applied_by = models.CharField(max_length=60)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decision_note = models.CharField(max_length=300, blank=True)
    legal_ground = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number or display(self.plate)

    @property
    def status(self) -> FilingState:
        return FilingState(self.state)


class Waybill(Papers):
    """危险货物电子运单: one vehicle, one trip, one waybill 一车一趟一派."""

    class Source(models.TextChoices):
        PAGE = "page", _("Entered on the page")
        LINK = "link", _("Entered by link")
        IMPORT = "import", _("Imported")

    number = models.CharField(max_length=40, unique=True)
    vehicle = models.ForeignKey(
        "registry.Vehicle", null=True, on_delete=models.PROTECT, related_name="waybills"
    )
    shipper = models.CharField(max_length=120)
    consignee = models.CharField(max_length=120)
    loader = models.CharField(max_length=120, blank=True)
    origin = models.CharField(max_length=120)
    destination = models.CharField(max_length=120)
    start_date = models.DateField()
    dispatcher = models.CharField(max_length=40, blank=True)
    remarks = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.PAGE)
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=60)
    void_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number


class Trip(models.Model):
    """行程: one stay of a hazmat vehicle in the district, from the entry to the exit."""

    vehicle = models.ForeignKey("registry.Vehicle", on_delete=models.PROTECT, related_name="trips")
    place_id_seen = models.PositiveIntegerField()
    place_name = models.CharField(max_length=80)
    state = models.CharField(max_length=20, default=TripState.INSIDE, db_index=True)
    entered_at = models.DateTimeField(db_index=True)
    entered_finding = models.CharField(max_length=40, unique=True)
    left_at = models.DateTimeField(null=True)
    left_finding = models.CharField(max_length=40, blank=True)
    filing = models.ForeignKey(Filing, null=True, on_delete=models.PROTECT, related_name="trips")
    waybill = models.ForeignKey(Waybill, null=True, on_delete=models.PROTECT, related_name="trips")

    class Meta:
        ordering = ["-entered_at", "-id"]
        indexes = [models.Index(fields=["vehicle", "state"])]

    def __str__(self) -> str:
        return f"{self.vehicle} {self.entered_at:%Y-%m-%d %H:%M}"

    @property
    def status(self) -> TripState:
        return TripState(self.state)

    @property
    def subject(self) -> str:
        """How alarms name this stay, without knowing its room."""
        return f"hazmat.trip:{self.pk}"


class Verdict(models.Model):
    """判定: what the papers said about an entry, with all inputs, so that it can be repeated.

    ``key`` is the finding's id for the first verdict, and the finding's id with the paper's name
    for a verdict made again when a paper came in; it is unique, so a replay judges nothing twice.
    """

    key = models.CharField(max_length=100, unique=True)
    trip = models.ForeignKey(Trip, on_delete=models.PROTECT, related_name="verdicts")
    finding_id = models.CharField(max_length=40, db_index=True)
    rule = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    filing_outcome = models.CharField(max_length=20)
    waybill_outcome = models.CharField(max_length=20)
    lead = models.CharField(max_length=30, blank=True)
    record = models.JSONField()
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    judged_at = models.DateTimeField()
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.rule} {self.lead or 'clear'}"
