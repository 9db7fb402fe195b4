from django.apps import AppConfig


class OrgConfig(AppConfig):
    name = "jiaoan.org"
    label = "org"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jiaoan import scope
        from jiaoan.org.grants import grants_of
        from jiaoan.org.models import Organisation, User

        scope.register_grants(grants_of)
        scope.register(Organisation, organisations=["id"])
        scope.register(User, organisations=["posts__organisation_id"], person="id")
