"""What a field takes: each limit of DOMAIN's works of art, with the sentence that says so."""

from __future__ import annotations

from typing import Any

import pytest

from models.asking import Media
from rules import media


def limits(**values: Any) -> Media:
    return Media.model_validate(values)


PICTURE = limits(types=["jpg", "png"], min_mb="3", max_mb="30", min_width=1920, min_height=1080)
FILM = limits(types=["mp4"], max_mb="300", max_minutes="10", captions=True)


@pytest.mark.parametrize(
    ("size", "zh"),
    [
        (3_000_000, []),
        (30_000_000, []),
        (2_999_999, ["文件只有 2.99 MB，不足 3 MB，请上传原始文件，不要压缩"]),
        (1_540_000, ["文件只有 1.54 MB，不足 3 MB，请上传原始文件，不要压缩"]),
        (30_000_001, ["文件有 30.01 MB，超过 30 MB，请压缩后重新上传"]),
    ],
)
def test_size_counts_in_megabytes_of_a_million_bytes(size: int, zh: list[str]) -> None:
    assert [one.zh for one in media.unfit_as_sent(PICTURE, "image/jpeg", size)] == zh


def test_the_type_is_that_of_the_content_and_nothing_else_is_said_beside_it() -> None:
    (fault,) = media.unfit_as_sent(PICTURE, "application/pdf", 10)
    assert (fault.what, fault.zh) == (
        "the file is PDF inside; this field takes JPG, PNG",
        "文件内容是 PDF，此处只收 JPG、PNG，请转换后重新上传",
    )


def test_captions_go_with_films_and_sound_and_with_nothing_else() -> None:
    assert list(media.unfit_as_sent(FILM, "text/vtt", 10)) == []
    assert len(list(media.unfit_as_sent(PICTURE, "text/vtt", 10))) == 1
    assert (media.needs_captions(FILM, "video/mp4"), media.needs_captions(FILM, "text/vtt")) == (True, False)
    assert media.needs_captions(limits(types=["mp4"]), "video/mp4") is False


@pytest.mark.parametrize(
    ("width", "height", "fits"), [(1920, 1080, True), (1080, 1920, True), (1919, 1080, False), (1920, 1079, False), (1500, 1500, False)]
)
def test_pixels_count_by_the_longer_and_the_shorter_side(width: int, height: int, fits: bool) -> None:
    found = list(media.unfit_inside(PICTURE, "image/png", pages=0, facts={"width": width, "height": height}))
    assert (found == []) is fits
    if not fits:
        assert found[0].zh.endswith("像素，要求长边至少 1920 像素，短边至少 1080 像素，请上传更清晰的文件")


@pytest.mark.parametrize(
    ("facts", "zh"),
    [
        ({"seconds": 600.0}, []),
        ({"seconds": 600.5}, ["时长 10:00，最长 10 分钟，请剪辑后重新上传"]),
        ({"seconds": 754.0}, ["时长 12:34，最长 10 分钟，请剪辑后重新上传"]),
        ({}, ["无法读出时长，请重新导出"]),
    ],
)
def test_a_film_is_at_most_so_long(facts: dict[str, float], zh: list[str]) -> None:
    assert [one.zh for one in media.unfit_inside(FILM, "video/mp4", pages=0, facts=facts)] == zh


def test_a_document_has_at_most_so_many_pages() -> None:
    paper = limits(types=["pdf"], max_pages=12)
    assert list(media.unfit_inside(paper, "application/pdf", pages=12, facts={})) == []
    assert [one.zh for one in media.unfit_inside(paper, "application/pdf", pages=13, facts={})] == ["共 13 页，最多 12 页，请删减"]


def test_browsers_are_told_the_endings() -> None:
    assert media.accepted(PICTURE) == (".jpg", ".jpeg", ".png")
    assert media.accepted(FILM) == (".mp4", ".vtt")
