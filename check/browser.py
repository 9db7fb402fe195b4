"""A very small browser: cookies, forms with their CSRF token, links. Standard library only."""

from __future__ import annotations

import http.cookiejar
import json
import re
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from html.parser import HTMLParser

Fields = dict[str, str | list[str]]  # a list for a field that is sent several times
TOKEN = "csrfmiddlewaretoken"
File = tuple[str, bytes, str]  # name, octets, content type


@dataclass(frozen=True)
class Page:
    """What came back, where from (after redirects), and in how many seconds."""

    status: int
    url: str
    body: bytes
    kind: str
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def words(self) -> str:
        """The text a person sees, in one line."""
        reader = _Words()
        reader.feed(self.text)
        return re.sub(r"\s+", " ", " ".join(reader.seen)).strip()

    def forms(self) -> list[Form]:
        reader = _Forms()
        reader.feed(self.text)
        return reader.forms

    def form(self, action: str) -> Form:
        """The first form whose address contains ``action``; :class:`LookupError` when none does."""
        for form in self.forms():
            if action in (form.action or urllib.parse.urlsplit(self.url).path):
                return form
        raise LookupError(f"{self.url} has no form to {action!r}")

    def links(self) -> list[str]:
        return re.findall(r'<a\b[^>]*\bhref="([^"]+)"', self.text)

    def json(self) -> object:
        return json.loads(self.body)


@dataclass
class Form:
    """A form's address and the values it would send as it stands."""

    action: str
    fields: Fields


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style", "title")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "title")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.seen.append(data)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        name = values.get("name", "")
        if tag == "form":
            self.forms.append(Form(values.get("action", ""), {}))
        if not self.forms:
            return
        fields = self.forms[-1].fields
        if tag == "input" and name:
            silent = values.get("type") in ("checkbox", "radio") and "checked" not in values
            if values.get("type") == "checkbox" and not silent and name in fields:
                fields[name] = [*_several(fields[name]), values.get("value", "on")]
            elif not silent and values.get("type") not in ("submit", "file", "image"):
                fields[name] = values.get("value", "")
        elif tag == "select":
            self._select = name
        elif (
            tag == "option"
            and self._select
            and ("selected" in values or self._select not in fields)
        ):
            fields[self._select] = values.get("value", "")
        elif tag == "textarea":
            self._area = name
            fields[name] = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1].fields[self._area] = str(self.forms[-1].fields[self._area]) + data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""


class Browser:
    """One person's browser. Every page that is an error of the server is returned, not raised."""

    def __init__(self, address: str, *, language: str = "zh-hans") -> None:
        self.address = address.rstrip("/")
        self._cookies = http.cookiejar.CookieJar()
        # No proxy of the environment may stand between us and loopback.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._cookies)
        )
        self._opener.addheaders = [("Accept-Language", language)]

    def get(self, path: str) -> Page:
        return self._send(urllib.request.Request(self._full(path)))

    def submit(
        self, page: Page, action: str, fields: Fields, files: dict[str, File] | None = None
    ) -> Page:
        """Fill in the form of ``page`` that goes to ``action`` and send it."""
        return self.send(page, page.form(action), fields, files)

    def press(self, page: Page, fields: Fields, files: dict[str, File] | None = None) -> Page:
        """Send the page's own form with only these fields, e.g. the verb of one button."""
        token = next(form.fields[TOKEN] for form in page.forms() if TOKEN in form.fields)
        return self.send(page, Form("", {TOKEN: token}), fields, files)

    def send(
        self, page: Page, form: Form, fields: Fields, files: dict[str, File] | None = None
    ) -> Page:
        """Send ``form`` of ``page`` with some fields changed."""
        sent = {**form.fields, **fields}
        target = urllib.parse.urljoin(page.url, form.action or page.url)
        if files:
            data, kind = _multipart(sent, files)
        else:
            data = urllib.parse.urlencode(sent, doseq=True).encode()
            kind = "application/x-www-form-urlencoded"
        request = urllib.request.Request(target, data=data, method="POST")
        request.add_header("Content-Type", kind)
        request.add_header("Referer", page.url)
        return self._send(request)

    def _full(self, path: str) -> str:
        return urllib.parse.urljoin(self.address + "/", path)

    def _send(self, request: urllib.request.Request) -> Page:
        began = time.monotonic()
        try:
            answer = self._opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            body = answer.read()
            kind = answer.headers.get("Content-Type", "")
            return Page(answer.status or 0, answer.url, body, kind, time.monotonic() - began)


def _several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _multipart(fields: Fields, files: dict[str, File]) -> tuple[bytes, str]:
    edge = secrets.token_hex(16)
    parts = []
    for name, values in fields.items():
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        parts += [head.encode() + value.encode() + b"\r\n" for value in _several(values)]
    for name, (filename, data, kind) in files.items():
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        )
        parts.append(head.encode() + data + b"\r\n")
    return b"".join(parts) + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"
