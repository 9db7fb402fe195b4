from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "jiaoan.registry"
    label = "registry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from auditlog.registry import auditlog

        from jiaoan import scope
        from jiaoan.registry import models as m

        scope.register(m.Enterprise, organisations=["organisation_id"])
        scope.register(m.AccidentProne, organisations=["enterprise__organisation_id"])
        scope.register(m.Vehicle, organisations=["enterprise__organisation_id"])
        scope.register(m.Terminal, organisations=["vehicle__enterprise__organisation_id"])
        scope.register(m.Practitioner, organisations=["enterprise__organisation_id"])
        scope.register(m.Permit, organisations=["enterprise__organisation_id"])
        scope.register(m.Place, public=True)
        for model in (m.Enterprise, m.Vehicle, m.Practitioner, m.Permit, m.Place):
            auditlog.register(model)
        auditlog.register(m.Terminal, exclude_fields=["auth_code"])
