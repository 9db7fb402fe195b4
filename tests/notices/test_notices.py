"""Six notices are read as a person reads them; the expected values were written first."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from jiaoan.notices import Draft, NotANotice, Reading, SentenceKind, extract, read, to_json
from jiaoan.notices.cli import read_file
from notice_support import DATA, OWN, data_of, expected, facts

DEMO = Path(__file__).parents[2] / "src/jiaoan/project/data/demo_notice.txt"


def reading_of(name: str) -> tuple[str, Reading]:
    data, filename = data_of(name)
    text = extract(data, filename).text
    return text, read(text)


@pytest.mark.parametrize("name", ["yunxi", *OWN])
def test_it_reads_a_notice_as_a_person_does(name: str) -> None:
    wanted = expected(name)
    wanted.pop("duties", None)
    assert facts(reading_of(name)[1]) == wanted


@pytest.mark.parametrize("name", ["yunxi", *OWN])
def test_it_gives_every_character_to_one_sentence(name: str) -> None:
    text, reading = reading_of(name)
    sentences = reading.sentences
    assert sentences[0].start == 0
    assert sentences[-1].end == len(text)
    assert all(one.end == two.start for one, two in pairwise(sentences))
    assert [sentence.index for sentence in sentences] == list(range(len(sentences)))


@pytest.mark.parametrize("name", ["yunxi", *OWN])
def test_it_points_to_the_words_it_read(name: str) -> None:
    text, reading = reading_of(name)

    def squeezed(words: str) -> str:
        return "".join(words.replace("*", "").split())

    for item in reading.items:
        said = [(one.span, one.phrase) for one in item.deadlines]
        said += [(one.span, one.phrase) for one in item.recurrences]
        said += [(one.span, one.phrase) for one in item.relative_deadlines]
        said += [(one.span, one.phrase) for one in item.targets]
        for span, phrase in said:
            assert squeezed(text[span.start : span.end]) == squeezed(phrase)
    for draft in reading.drafts:
        sentence = reading.sentences[draft.sentence]
        assert sentence.start <= draft.start < draft.end <= sentence.end
        assert sentence.path == draft.path
        assert sentence.kind is not SentenceKind.STATEMENT


def matching(reading: Reading, duty: dict[str, object]) -> list[Draft]:
    def fits(draft: Draft) -> bool:
        said = reading.sentences[draft.sentence].text
        every = draft.recurrence.every.value if draft.recurrence else None
        day = draft.deadline.day.isoformat() if draft.deadline else None
        return (
            list(draft.path) == duty["path"]
            and (str(duty["words"]) in draft.title or str(duty["words"]) in said)
            and draft.subject.value == duty["subject"]
            and draft.enterprise_class == duty["enterprise_class"]
            and every == duty["every"]
            and (duty["deadline"] is None or day == duty["deadline"])
            and (duty["ongoing"] is None or draft.ongoing == duty["ongoing"])
        )

    return [draft for draft in reading.drafts if fits(draft)]


@pytest.mark.parametrize("duty", expected("yunxi")["duties"], ids=lambda d: f"{d['words']}")
def test_it_drafts_every_duty_of_the_handbook(duty: dict[str, object]) -> None:
    reading = reading_of("yunxi")[1]
    found = matching(reading, duty)
    assert found, duty
    if duty["replaces"] is None:
        assert any(draft.replaces is None for draft in found)
        return
    general = [reading.drafts[d.replaces] for d in found if d.replaces is not None]
    assert general
    assert general[0].enterprise_class == "all"
    every = general[0].recurrence.every.value if general[0].recurrence else "none"
    assert every == duty["replaces"]


def test_it_drafts_one_report_for_each_report_date() -> None:
    reading = reading_of("yunxi")[1]
    reports = [d for d in reading.drafts if not d.path]
    assert [d.deadline.day for d in reports if d.deadline] == list(reading.report_dates)


def test_it_asks_what_the_text_leaves_open() -> None:
    reading = reading_of("yunxi")[1]
    asked = {str(doubt.code) for item in reading.items for doubt in item.doubts}
    assert {
        "year_end_day", "per_head", "who_are_they", "no_lead", "group_name", "same_body",
        "undefined_class", "no_figure",
    } <= asked  # fmt: skip
    body = [d.question for item in reading.items for d in item.doubts if d.code == "same_body"]
    assert any("交通工程质量监督站" in q and "区交通质量和安全监督站" in q for q in body)
    assert len(set(body)) <= 2, body
    for item in reading.items:
        assert all(len(doubt.alternatives) >= 2 for doubt in item.doubts)


def test_it_is_surer_of_what_stands_on_a_figure() -> None:
    drafts = reading_of("yunxi")[1].drafts
    figured = [d.confidence for d in drafts if d.recurrence and not d.doubts]
    vague = [d.confidence for d in drafts if d.ongoing]
    assert min(figured) > max(vague)
    assert all(0 < d.confidence <= 1 for d in drafts)


def test_it_writes_the_json_form_of_the_command() -> None:
    written = read_file(str(DATA / "2024-yunxi.txt"))
    assert json.loads(json.dumps(written, ensure_ascii=False)) == to_json(reading_of("yunxi")[1])
    assert list(written) == ["title", "doc_number", "issuer", "year", "report_dates", "items"]
    items = written["items"]
    assert isinstance(items, list)
    assert isinstance(items[2], dict)
    assert set(items[2]) == {
        "path", "title", "lead_units", "coop_units", "joint", "deadlines", "relative_deadlines",
        "recurrences", "targets", "spans", "doubts",
    }  # fmt: skip
    assert items[2]["recurrences"] == [
        {"every": "quarter", "min_count": 1, "condition": None,
         "phrase": "每季度至少带队开展1次"},
        {"every": "month", "min_count": 1, "condition": "事故多发、危货运输企业",
         "phrase": "每月至少1次"},
        {"every": "half_year", "min_count": 1, "condition": "事故多发、危货运输企业",
         "phrase": "每半年组织一次"},
    ]  # fmt: skip


def test_it_reads_the_demonstration_notice_well() -> None:
    reading = read(DEMO.read_text("utf-8"))
    assert len(reading.items) == 11
    assert [day.isoformat() for day in reading.report_dates] == [
        "2024-04-10", "2024-06-10", "2024-09-10", "2024-12-10",
    ]  # fmt: skip
    assert all(item.lead_units for item in reading.items)
    titles = {draft.title: draft for draft in reading.drafts}
    fence = titles["建成危货运输车辆电子围栏系统"]
    assert fence.deadline is not None
    assert fence.deadline.day.isoformat() == "2024-12-31"
    assert titles["对区外进入辖区的危货车辆实行电子备案"].ongoing
    monthly = [d for d in reading.drafts if d.replaces is not None]
    assert [d.enterprise_class for d in monthly] == ["hazmat"]
    assert not [d.title for d in reading.drafts if len(d.title) < 4 or d.title.endswith("前")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        ("今天天气很好，我们去江边散步。", "no_items"),
        ("购物清单\n1. 西红柿\n2. 鸡蛋\n3. 面条", "no_demands"),
    ],
)
def test_it_sends_back_what_is_no_notice(text: str, reason: str) -> None:
    with pytest.raises(NotANotice) as refused:
        read(text)
    assert refused.value.reason == reason
    assert refused.value.english
    assert str(refused.value).endswith("。")
