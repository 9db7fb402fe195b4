from django.apps import AppConfig


class HazmatConfig(AppConfig):
    name = "jiaoan.hazmat"
    label = "hazmat"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jiaoan import scope
        from jiaoan.hazmat import models as m

        vehicle_owner = "vehicle__enterprise__organisation_id"
        scope.register(m.Filing, organisations=["carrier_id", vehicle_owner])
        scope.register(m.FilingInvite, organisations=["filing__carrier_id"])
        scope.register(m.Waybill, organisations=["carrier_id", vehicle_owner])
        scope.register(m.Trip, organisations=[vehicle_owner, "filing__carrier_id"])
        scope.register(m.Verdict, organisations=[f"trip__{vehicle_owner}"])
