"""Text down to the driver, and what 808-2019 dropped: events, questions, menus, services, phones.

The layouts of the dropped messages are those of 808-2013 clauses 8.26-8.33.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from jiaoan.wire.jt808.columns import Text, Text8, Text16
from jiaoan.wire.jt808.table import BYTE, SINCE_2019, U8, U16, IfMore, Items, Row, Table


@dataclass(frozen=True, slots=True)
class TextMessage(Table):
    """0x8300 文本信息下发.

    Bits of ``flag`` before 2019: 0 urgent, 2 show, 3 speak, 4 advert screen, 5 0 = navigation,
    1 = CAN fault. 2019: bits 0-1 01 service, 10 urgent, 11 notice; bit 4 unused; ``kind``
    1 notice, 2 service.
    """

    flag: U8
    kind: Annotated[U8 | None, SINCE_2019] = None
    text: Text = ""


@dataclass(frozen=True, slots=True)
class Event(Table):
    """One event of 0x8301."""

    event_id: U8
    content: Text8


@dataclass(frozen=True, slots=True)
class SetEvents(Table):
    """0x8301 (before 2019) 事件设置: 0 delete all, 1 update, 2 add, 3 change, 4 delete these."""

    setting: U8
    events: Annotated[tuple[Event, ...] | None, Items(BYTE, Row(Event), most=255), IfMore()] = None


@dataclass(frozen=True, slots=True)
class EventReport(Table):
    """0x0301 (before 2019) 事件报告."""

    event_id: U8


@dataclass(frozen=True, slots=True)
class Choice(Table):
    """One answer to choose from in 0x8302."""

    answer_id: U8
    content: Text16


@dataclass(frozen=True, slots=True)
class Question(Table):
    """0x8302 (before 2019) 提问下发: bits of ``flag`` 0 urgent, 3 speak, 4 advert screen."""

    flag: U8
    question: Text8
    choices: Annotated[tuple[Choice, ...], Items(None, Row(Choice))]


@dataclass(frozen=True, slots=True)
class QuestionAnswer(Table):
    """0x0302 (before 2019) 提问应答."""

    reply_serial: U16
    answer_id: U8


@dataclass(frozen=True, slots=True)
class MenuItem(Table):
    """One kind of information of 0x8303."""

    info_type: U8
    name: Text16


@dataclass(frozen=True, slots=True)
class SetMenu(Table):
    """0x8303 (before 2019) 信息点播菜单设置: 0 delete all, 1 update, 2 add, 3 change."""

    setting: U8
    items: Annotated[
        tuple[MenuItem, ...] | None, Items(BYTE, Row(MenuItem), most=255), IfMore()
    ] = None


@dataclass(frozen=True, slots=True)
class Subscribe(Table):
    """0x0303 (before 2019) 信息点播/取消: flag 1 order, 0 cancel."""

    info_type: U8
    flag: U8


@dataclass(frozen=True, slots=True)
class Service(Table):
    """0x8304 (before 2019) 信息服务."""

    info_type: U8
    content: Text16


@dataclass(frozen=True, slots=True)
class Contact(Table):
    """One entry of 0x8401: flag 1 may call in, 2 may be called, 3 both."""

    flag: U8
    phone: Text8
    name: Text8


@dataclass(frozen=True, slots=True)
class SetPhoneBook(Table):
    """0x8401 设置电话本: 0 delete all (nothing follows), 1 update, 2 add, 3 change."""

    setting: U8
    contacts: Annotated[
        tuple[Contact, ...] | None, Items(BYTE, Row(Contact), most=255), IfMore()
    ] = None
