"""What is remembered of one terminal between its messages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jiaoan.wire.jt808.forms import Dialect, Edition, Form
from jiaoan.wire.jt808.header import Header, Version


def edition_of(version: Version) -> Edition:
    """The edition that a header alone tells; that of 2011 looks like that of 2013."""
    return Edition.V2019 if version is Version.V2019 else Edition.V2013


@dataclass(frozen=True, slots=True)
class Profile:
    """One terminal: its header (width of the phone, digits as sent) and the form of its bodies.

    Made from the first header (:meth:`of`), corrected by the edition that its registration shows
    (:meth:`learn`) and by what is known of its vendor.
    """

    header: Header
    edition: Edition = Edition.V2013
    dialect: Dialect = Dialect.JIANGSU

    @classmethod
    def of(cls, header: Header, dialect: Dialect = Dialect.JIANGSU) -> Profile:
        return cls(header, edition_of(header.version), dialect)

    @property
    def form(self) -> Form:
        return Form(self.edition, self.dialect)

    def learn(self, edition: Edition) -> Profile:
        """The same terminal after its registration has shown its edition."""
        return replace(self, edition=edition)

    def form_of(self, header: Header) -> Form:
        """The form of a body under ``header``: what was learnt holds while the header looks as it
        did then; a terminal that changed its header changed its edition."""
        if header.version is self.header.version:
            return self.form
        return Form(edition_of(header.version), self.dialect)

    def down(self, message_id: int, serial: int) -> Header:
        """The header of a message to this terminal: its version, its phone octets, its bit 14."""
        return self.header.answer(message_id, serial)
