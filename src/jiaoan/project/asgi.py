"""The web process: Django, with the live broadcaster started by the portal on first use."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiaoan.project.settings")
application = get_asgi_application()
