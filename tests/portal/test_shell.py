"""The frame around every page: log-in, lock-out, language, theme, rail, search, refusal."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from jiaoan.journal.models import Fact
from jiaoan.portal import navigation
from portal.matrix import PASSWORD, World


@pytest.fixture
def world(db: None) -> World:
    return World()


def _log_in(client: Client, username: str, password: str) -> int:
    answer = client.post(reverse("account_login"), {"login": username, "password": password})
    return answer.status_code


def test_it_logs_in_with_the_right_password_only(client: Client, world: World) -> None:
    clerk = world.person("safety_clerk")
    assert _log_in(client, clerk.username, "wrong-one") == 200
    assert "_auth_user_id" not in client.session
    assert _log_in(client, clerk.username, PASSWORD) == 302
    assert client.session["_auth_user_id"] == str(clerk.pk)


def test_it_locks_after_five_wrong_passwords(client: Client, world: World) -> None:
    clerk = world.person("safety_clerk")
    for _ in range(5):
        last = _log_in(client, clerk.username, "wrong-one")
    assert last == 429
    assert _log_in(client, clerk.username, PASSWORD) == 429
    other = world.person("leader")
    assert _log_in(client, other.username, PASSWORD) == 302


@pytest.mark.parametrize("name", ["account_signup", "account_reset_password", "account_email"])
def test_it_has_no_page_to_sign_up_or_to_ask_for_mail(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_it_speaks_chinese_until_the_person_chooses(client: Client, db: None) -> None:
    url = reverse("account_login")
    page = client.get(url, headers={"accept-language": "en-US,en"})
    assert 'lang="zh-CN"' in page.content.decode()
    client.post(reverse("set_language"), {"language": "en", "next": url})
    page = client.get(url, headers={"accept-language": "zh-CN"})
    assert 'lang="en"' in page.content.decode()
    assert "Log in" in page.content.decode()


def test_it_keeps_the_theme_and_goes_only_to_our_own_pages(client: Client, db: None) -> None:
    answer = client.post(reverse("theme"), {"theme": "dark", "next": "//elsewhere.example/x"})
    assert answer.headers["Location"] == "/"
    assert 'data-bs-theme="dark"' in client.get(reverse("account_login")).content.decode()
    client.post(reverse("theme"), {"theme": 'x" onload="'})
    assert 'data-bs-theme="dark"' in client.get(reverse("account_login")).content.decode()


def test_it_allows_no_inline_script_or_style(client: Client, db: None) -> None:
    page = client.get(reverse("account_login"))
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    text = page.content.decode()
    assert "<style" not in text
    assert "style=" not in text
    assert "<script>" not in text


def test_it_shows_on_the_rail_only_what_exists_and_what_the_person_may_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rail = (
        navigation.Entry("desk", "here", "search", "desk.view"),
        navigation.Entry("map", "not built", "no-such-page", "desk.view"),
        navigation.Entry("journal", "journal", "search", "journal.view"),
    )
    monkeypatch.setattr(navigation, "RAIL", rail)
    carrier = world.person("outside_carrier")
    assert [entry.label for entry in navigation.entries(carrier)] == ["here"]
    leader = world.person("leader")
    assert [entry.label for entry in navigation.entries(leader)] == ["here", "journal"]


def test_it_counts_what_waits_beside_the_word(world: World) -> None:
    navigation.register_badge("made-up", lambda actor, clock: 16)
    try:
        assert navigation.badge("made-up", world.person("leader"), world.clock) == 16
    finally:
        navigation._counts.pop("made-up")
    assert navigation.badge("made-up", world.person("leader"), world.clock) == 0


def test_it_finds_a_plate_without_its_province_and_nothing_outside_the_scope(
    client: Client, world: World
) -> None:
    world.vehicle("湘F32718", "firm")
    world.vehicle("湘F32719", "other_firm")
    backend = "django.contrib.auth.backends.ModelBackend"
    client.force_login(world.person("enterprise"), backend=backend)
    page = client.get(reverse("search"), {"q": "f·327"}).content.decode()
    assert "湘F·32718" in page
    assert "湘F·32719" not in page
    client.force_login(world.person("leader"), backend=backend)
    assert "湘F·32719" in client.get(reverse("search"), {"q": "f·327"}).content.decode()


def test_it_writes_a_refusal_into_the_journal(client: Client, world: World) -> None:
    client.force_login(world.nobody(), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("search")).status_code == 403
    fact = Fact.objects.get(kind="scope.refused")
    assert (fact.actor, fact.obj) == (f"user:{world.nobody().pk}", "desk.view")
