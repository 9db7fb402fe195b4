from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "jiaoan.portal"
    label = "portal"
