"""Master data 基础档案. Each row says from when to when it holds, each figure its source."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jiaoan.kernel.plates import PlateColour, display
from jiaoan.rules.shapes import drawn


class Dated(models.Model):
    """Validity in local days, both inclusive; ``None`` is open."""

    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        abstract = True

    def holds_on(self, day: date) -> bool:
        after = self.valid_from is None or self.valid_from <= day
        return after and (self.valid_to is None or day <= self.valid_to)


def holding_on(day: date) -> Q:
    """The same question as a filter."""
    started = Q(valid_from__isnull=True) | Q(valid_from__lte=day)
    return started & (Q(valid_to__isnull=True) | Q(valid_to__gte=day))


class Enterprise(Dated):
    """A supervised firm 企业. Its duties depend on its lines of business."""

    organisation = models.OneToOneField(
        "org.Organisation", on_delete=models.PROTECT, related_name="enterprise"
    )
    credit_code = models.CharField(max_length=18, unique=True)
    hazmat = models.BooleanField(default=False)
    passenger = models.BooleanField(default=False)
    works = models.BooleanField(default=False)
    contact_name = models.CharField(max_length=40, blank=True)
    contact_phone = models.CharField(max_length=30, blank=True)
    licence_number = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.organisation)

    @property
    def name(self) -> str:
        return self.organisation.name


class AccidentProne(Dated):
    """事故多发: set by an official with a reason; the notice gives no definition of its own."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="prone")
    reason = models.CharField(max_length=300)


class VehicleKind(models.TextChoices):
    HAZMAT = "hazmat", _("Hazmat vehicle")
    COACH = "coach", _("Coach")
    TRUCK = "truck", _("Truck")
    ENFORCEMENT = "enforcement", _("Enforcement vehicle")


class Vehicle(Dated):
    """A vehicle 车辆; ``outside`` ones 外籍 belong to carriers beyond the district."""

    plate = models.CharField(max_length=12, db_index=True)
    plate_colour = models.PositiveSmallIntegerField(default=PlateColour.YELLOW)
    kind = models.CharField(max_length=20, choices=VehicleKind.choices)
    enterprise = models.ForeignKey(
        Enterprise, null=True, blank=True, on_delete=models.PROTECT, related_name="vehicles"
    )
    outside = models.BooleanField(default=False)
    carrier_name = models.CharField(max_length=120, blank=True)
    carrier_phone = models.CharField(max_length=30, blank=True)
    tank_number = models.CharField(max_length=40, blank=True)
    tank_volume_m3 = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    transport_certificate = models.CharField(max_length=40, blank=True)
    certificate_valid_to = models.DateField(null=True, blank=True)
    inspection_valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["plate", "plate_colour"], name="plate_once"),
        ]

    def __str__(self) -> str:
        return display(self.plate)

    @property
    def owner_name(self) -> str:
        return self.enterprise.name if self.enterprise else self.carrier_name


class Terminal(Dated):
    """A satellite terminal 卫星定位终端. ``phone`` is kept without leading zeros."""

    phone = models.CharField(max_length=20, unique=True)
    auth_code = models.CharField(max_length=64)
    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="terminals")
    protocol = models.CharField(max_length=8, blank=True)
    maker = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return self.phone


class Practitioner(Dated):
    """A driver 驾驶员, escort 押运员 or safety manager with a certificate."""

    class Kind(models.TextChoices):
        DRIVER = "driver", _("Driver")
        ESCORT = "escort", _("Escort")
        SAFETY = "safety", _("Safety manager")

    name = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    certificate = models.CharField(max_length=40)
    certificate_valid_to = models.DateField(null=True, blank=True)
    enterprise = models.ForeignKey(
        Enterprise, null=True, blank=True, on_delete=models.PROTECT, related_name="practitioners"
    )

    def __str__(self) -> str:
        return self.name


class Permit(Dated):
    """A licence of a firm 许可证 with the goods classes in its scope."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.CASCADE, related_name="permits")
    number = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    goods_classes = models.JSONField(default=list, blank=True)


class PlaceKind(models.TextChoices):
    DISTRICT = "district", _("District line")
    PARK = "park", _("Hazmat car park")
    GATE = "gate", _("Gate")
    PLANT = "plant", _("Plant")
    FORBIDDEN = "forbidden", _("Forbidden zone")


class PlaceRole(models.TextChoices):
    """What a place is there for; the values are those of :class:`jiaoan.rules.fences.Role`."""

    AREA = "area", _("Record who enters, leaves and stays")
    FORBIDDEN = "forbidden", _("Forbid to be inside")
    ROUTE = "route", _("Keep vehicles on a route")
    GATE = "gate", _("Record who crosses a line")


class PlaceShape(models.TextChoices):
    """How it is drawn; the values are those of :func:`jiaoan.rules.shapes.drawn`."""

    POLYGON = "polygon", _("Polygon")
    CIRCLE = "circle", _("Circle")
    CORRIDOR = "corridor", _("Corridor")
    LINE = "line", _("Line")


class GateDirection(models.TextChoices):
    BOTH = "", _("Both directions")
    RIGHT = "right", _("From left to right")
    LEFT = "left", _("From right to left")


class Place(Dated):
    """A fence 电子围栏 or a named place; the geometry is GeoJSON in WGS-84, as it was drawn.

    ``size_m`` is the radius of a circle or the width of a corridor. ``hours`` (see
    :class:`jiaoan.rules.hours.Hours`) say when a ban, route or limit is in force, empty = always.
    ``buffer_m``, ``consecutive`` and ``dwell_s`` are unverified settings 未核实 until
    ``figures_confirmed_by`` names who confirmed them.
    """

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, choices=PlaceKind.choices)
    role = models.CharField(max_length=10, choices=PlaceRole.choices, default=PlaceRole.AREA)
    shape = models.CharField(max_length=10, choices=PlaceShape.choices, default=PlaceShape.POLYGON)
    geometry = models.JSONField()
    size_m = models.FloatField(null=True, blank=True)
    buffer_m = models.PositiveIntegerField(default=50)
    consecutive = models.PositiveSmallIntegerField(default=2)
    dwell_s = models.PositiveIntegerField(null=True, blank=True)
    vehicle_kinds = models.JSONField(default=list, blank=True)
    hours = models.JSONField(default=list, blank=True)
    limits_kmh = models.JSONField(default=dict, blank=True)
    bound = models.ManyToManyField(Vehicle, blank=True, related_name="routes")
    direction = models.CharField(
        max_length=5, choices=GateDirection.choices, default=GateDirection.BOTH, blank=True
    )
    law = models.CharField(max_length=200, blank=True)
    figures_confirmed_by = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=120, blank=True)
    source_file = models.ForeignKey(
        "journal.Attachment", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    def ground(self) -> dict[str, object]:
        """GeoJSON of what is judged: the area of a circle or corridor, the line of a gate."""
        if self.shape == PlaceShape.POLYGON:
            found: dict[str, object] = self.geometry
            return found
        return drawn(self.shape, self.geometry, self.size_m).geojson()
