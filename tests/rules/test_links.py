"""Tokens of personal links: rebuilt from key and grant, never stored, dead with their grant."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.edition import Grant
from rules import links
from tests.builders import NOW

KEY = b"k" * 32
GRANT = Grant("0a", "sample-2026", "reviewer", "sample-2026/r/R01", NOW, NOW + timedelta(days=1), 1, "0b")


def test_a_token_is_the_same_each_time_and_has_256_bits() -> None:
    token = links.derive_token(KEY, GRANT)
    assert links.derive_token(KEY, GRANT) == token
    assert len(base64.urlsafe_b64decode(token.removeprefix("k1_") + "=")) == 32
    assert links.looks_like_token(token)


@pytest.mark.parametrize("change", [{"id": "0c"}, {"version": 2}, {"nonce": "0c"}])
def test_another_id_version_or_nonce_is_another_token(change: dict[str, object]) -> None:
    assert links.derive_token(KEY, replace(GRANT, **change)) != links.derive_token(KEY, GRANT)


def test_another_key_is_another_token() -> None:
    assert links.derive_token(b"l" * 32, GRANT) != links.derive_token(KEY, GRANT)


def test_a_later_end_keeps_the_token() -> None:
    assert links.derive_token(KEY, replace(GRANT, expires_at=NOW + timedelta(days=9))) == links.derive_token(KEY, GRANT)


@pytest.mark.parametrize(
    "text", ["", "k1_", "k1_" + "a" * 42, "k1_" + "a" * 44, "k2_" + "a" * 43, "k1_" + "é" * 43, "k1_" + "a" * 43 + "\n"]
)
def test_what_is_no_token_is_told_before_the_store_is_asked(text: str) -> None:
    assert not links.looks_like_token(text)


def test_a_fingerprint_is_a_plain_sha256() -> None:
    assert links.fingerprint("k1_密钥") == hashlib.sha256("k1_密钥".encode()).hexdigest()


@given(st.text(st.characters(codec=None)))
def test_any_text_has_a_fingerprint(text: str) -> None:
    assert len(links.fingerprint(text)) == 64


def test_a_grant_holds_from_its_first_to_before_its_last_moment() -> None:
    tick = timedelta(microseconds=1)
    moments = (NOW - tick, NOW, GRANT.expires_at - tick, GRANT.expires_at)
    assert [links.holds(GRANT, moment) for moment in moments] == [False, True, True, False]
    assert not links.holds(replace(GRANT, revoked_at=NOW), NOW)


WECHAT = (
    "Mozilla/5.0 (Linux; Android {android}; V2055A) AppleWebKit/537.36 (KHTML) Version/4.0 Chrome/{chrome} Mobile Safari/537.36 "
    "XWEB/{build} MMWEBSDK/20230805 MMWEBID/{id} MicroMessenger/{version} WeChat/arm64 Weixin NetType/{net} Language/{said} ABI/arm64"
)


def test_a_phone_stays_the_same_device_whatever_its_network_and_version() -> None:
    at_home = {
        "android": "12",
        "chrome": "116.0.0.0",
        "build": "1160043",
        "id": "2308",
        "version": "8.0.42.2460(0x28002A3B)",
        "net": "WIFI",
    }
    outside = {"android": "13", "chrome": "122.0.1", "build": "1220089", "id": "97", "version": "8.0.44.2502(0x28002C3d)", "net": "5G"}
    devices = {links.device_of(WECHAT.format(**one, said=said)) for one, said in ((at_home, "zh_CN"), (outside, "zh"))}
    assert len(devices) == 1
    assert links.device_of(WECHAT.format(**at_home, said="zh_CN").replace("V2055A", "ALN-AL00")) not in devices
    assert links.device_of(" ") == ""
