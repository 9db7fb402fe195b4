"""The yardstick of ``warm-start``: what Django costs a process before anything of ours is loaded.

One page with a session, one query and one template, on a SQLite database of its own
(``BARE_DATABASE``), with the middleware that any product with log-ins has.
"""

from __future__ import annotations

import os

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

settings.configure(
    SECRET_KEY="of a bench",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["BARE_DATABASE"],
        }
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
)

import django  # noqa: E402

django.setup()

if not os.path.exists(os.environ["BARE_DATABASE"]):
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def page(request: HttpRequest) -> HttpResponse:
    from django.contrib.auth.models import User

    request.session["seen"] = True
    text = "<!doctype html><title>bare</title><p>{{ people }}, {{ user }}"
    template = engines["django"].from_string(text)
    return HttpResponse(template.render({"people": User.objects.count(), "user": "nobody"}))


urlpatterns = [path("", page)]
application = ASGIHandler()
