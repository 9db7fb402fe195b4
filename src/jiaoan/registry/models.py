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
    SCHOOL_BUS = "school_bus", _("School bus")
    ENFORCEMENT = "enforcement", _("Enforcement vehicle")


class CoachService(models.TextChoices):
    """What a coach is licensed to run 客运经营类型; the values are those of
    :data:`jiaoan.rules.driving.book.Service`, and which of them the stop from 02:00 to 05:00
    spares is said there.
    """

    UNKNOWN = "", _("Not registered")
    LONG_DISTANCE = "long-distance", _("Scheduled line")
    RELAY = "relay", _("Relay line")
    AIRPORT_RAIL = "airport-rail", _("Airport or high-speed-rail line")
    COMMUTER = "commuter", _("Commuter charter")
    CUSTOMISED = "customised", _("Customised coach")
    SHUTTLE = "shuttle", _("Short shuttle")


class RoadClass(models.TextChoices):
    """Classes of roads 公路技术等级 (JTG B01) and 城市道路; only the first is 高速公路 in law."""

    UNKNOWN = "", _("Not known")
    EXPRESSWAY = "expressway", _("Expressway")
    CLASS_1 = "class_1", _("Class 1 road")
    CLASS_2 = "class_2", _("Class 2 road")
    CLASS_3 = "class_3", _("Class 3 road")
    CLASS_4 = "class_4", _("Class 4 road")
    UNCLASSED = "unclassed", _("Road below class")
    URBAN_EXPRESS = "urban_express", _("Urban expressway")
    URBAN = "urban", _("Urban road")


SCHOOL_WEEK = (1, 2, 3, 4, 5)


def school_week() -> list[int]:
    return list(SCHOOL_WEEK)


class Vehicle(Dated):
    """A vehicle 车辆; ``outside`` ones 外籍 belong to carriers beyond the district.

    Its profile for the driving rules: ``speed_limit_kmh`` 企业限速 is what the firm set for it,
    ``service`` 客运经营类型 and ``one_way_km`` 单程里程 of a coach, ``school_hours`` 开行时间 of a
    school bus as at most two pairs of minutes of the local day, on the weekdays ``school_days``
    (1 = Monday). The routes 线路 it is bound to are places (:attr:`Place.bound`).

    ``terminal_limit_kmh`` is the highest speed 最高速度 that its terminal told last (JT/T 808
    parameter 0x0055), ``None`` = not known, at ``terminal_limit_told_at``; nobody types it.
    """

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
    speed_limit_kmh = models.PositiveSmallIntegerField(null=True, blank=True)
    service = models.CharField(
        max_length=16, choices=CoachService.choices, default=CoachService.UNKNOWN, blank=True
    )
    one_way_km = models.PositiveSmallIntegerField(null=True, blank=True)
    school_hours = models.JSONField(default=list, blank=True)
    school_days = models.JSONField(default=school_week, blank=True)
    terminal_limit_kmh = models.PositiveSmallIntegerField(null=True, blank=True)
    terminal_limit_told_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

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


class VehicleProfile(models.Model):
    """What a vehicle was for the driving rules from ``since`` on, up to the next of its rows.

    ``since`` is the moment of the change; ``None`` = for as long as anybody knows. ``profile`` is
    :func:`jiaoan.registry.profiles.profile_value`. Rows are written by ``add_vehicle``,
    ``change_vehicle`` and ``take_terminal_limit`` alone; none is changed or removed behind them.
    """

    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="profiles")
    since = models.DateTimeField(null=True)
    kind = models.CharField(max_length=20, choices=VehicleKind.choices)
    profile = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]


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
    ROAD = "road", _("Road section")


class PlaceRole(models.TextChoices):
    """What a place is there for; the values are those of :class:`jiaoan.rules.fences.Role`."""

    AREA = "area", _("Record who enters, leaves and stays")
    FORBIDDEN = "forbidden", _("Forbid to be inside")
    ROUTE = "route", _("Keep vehicles on a route")
    GATE = "gate", _("Record who crosses a line")
    ROAD = "road", _("Say which road it is, and its limits")


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
    """A fence 电子围栏, a road section 路段 or a named place; the geometry is GeoJSON in WGS-84, as
    it was drawn. ``road_class`` belongs to a road section alone.

    ``size_m`` is the radius of a circle or the width of a corridor. ``hours`` (see
    :class:`jiaoan.rules.hours.Hours`) say when a ban, route or limit is in force, empty = always.
    ``buffer_m``, ``consecutive`` and ``dwell_s`` are unverified settings 未核实 until
    ``figures_confirmed_by`` names who confirmed them.
    """

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, choices=PlaceKind.choices)
    road_class = models.CharField(
        max_length=16, choices=RoadClass.choices, default=RoadClass.UNKNOWN, blank=True
    )
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
