"""The key ring: sealing, binding, rotation, failing closed, and keyed hashes that stay."""

import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from liaison.keys import BadKeyRing, DamagedCiphertext, DataKey, KeyRing, KeysError, UnknownKey, new_data_key
from liaison.keys.cipher import bind

RING = KeyRing.generate()
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS, TEXTS)
def test_a_sealed_text_comes_back(text: str, context: str) -> None:
    assert RING.open(RING.seal(text, context), context) == text
    key = new_data_key()
    assert key.open(key.seal(text, context), context) == text


def test_astral_han_and_nul_survive() -> None:
    text = "\U00020bb7野家\x00𪚥 １２"
    assert RING.open(RING.seal(text, "c"), "c") == text


def test_ciphertext_holds_no_text_and_never_repeats() -> None:
    first, second = RING.seal("13800138000", "contact"), RING.seal("13800138000", "contact")
    assert b"13800138000" not in first
    assert first != second


@pytest.mark.parametrize("context", ["7K3M-9QXF-2T4W-Z|phone", "7K3M-9QXF-2T4W-Z|text ", ""])
def test_a_ciphertext_moved_to_another_place_fails(context: str) -> None:
    place, key = "7K3M-9QXF-2T4W-Z|text", new_data_key()
    with pytest.raises(DamagedCiphertext):
        key.open(key.seal("secret", place), context)
    with pytest.raises(DamagedCiphertext):
        RING.open(RING.seal("secret", place), context)
    with pytest.raises(DamagedCiphertext):
        RING.unwrap(RING.wrap(key, place.encode()), context.encode())


def test_every_single_byte_counts() -> None:
    sealed = RING.seal("secret", "c")
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises((DamagedCiphertext, UnknownKey)):
            RING.open(bytes(altered), "c")
    for length in range(len(sealed)):
        with pytest.raises((DamagedCiphertext, UnknownKey)):
            RING.open(sealed[:length], "c")


def test_a_text_cannot_pose_as_a_data_key() -> None:
    with pytest.raises(DamagedCiphertext):
        RING.unwrap(RING.seal("x" * 32, "c"), b"c")


def test_a_wrapped_data_key_still_opens_its_texts() -> None:
    key = new_data_key()
    sealed = key.seal("答复", "place")
    assert RING.unwrap(RING.wrap(key, b"row"), b"row").open(sealed, "place") == "答复"


def test_without_its_data_key_a_text_is_lost() -> None:
    with pytest.raises(DamagedCiphertext):
        new_data_key().open(new_data_key().seal("secret", "c"), "c")


def test_a_data_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        DataKey(b"short")


def test_rotation_writes_with_the_new_key_and_reads_the_old() -> None:
    rotated = RING.rotated()
    old, new = RING.seal("secret", "c"), rotated.seal("secret", "c")
    assert rotated.current != RING.current
    assert rotated.current.encode() in new
    assert rotated.open(old, "c") == rotated.open(new, "c") == "secret"
    with pytest.raises(UnknownKey, match=rotated.current):
        RING.open(new, "c")


def test_another_secret_under_the_same_id_fails_closed() -> None:
    impostor = KeyRing(RING.current, {RING.current: bytes(32)}, RING.mac_root)
    with pytest.raises(DamagedCiphertext):
        impostor.open(RING.seal("secret", "c"), "c")


def test_it_is_plain_aes_gcm() -> None:
    """An independent reader of the format: header, key id, 12-byte nonce, ciphertext and tag."""
    sealed = RING.seal("secret", "c")
    end = 2 + sealed[1]
    bound_to = bind(RING.current, bind("text", "c"))
    plain = AESGCM(RING.keys[RING.current]).decrypt(sealed[end : end + 12], sealed[end + 12 :], bound_to)
    assert plain == b"secret"


@given(st.lists(TEXTS, max_size=4), st.lists(TEXTS, max_size=4))
def test_binding_tells_any_two_lists_apart(first: list[str], second: list[str]) -> None:
    assert (bind(*first) == bind(*second)) == (first == second)


def test_mac_is_hmac_sha256_under_a_derived_key_and_outlives_rotation() -> None:
    key = HKDF(SHA256(), 32, salt=None, info=bind("mac", "phone")).derive(RING.mac_root)
    expected = hmac.new(key, b"13800138000", hashlib.sha256).hexdigest()
    assert RING.mac("phone", "13800138000") == expected
    assert RING.rotated().mac("phone", "13800138000") == expected


def test_mac_depends_on_purpose_text_and_ring() -> None:
    values = {
        RING.mac("phone", "1"),
        RING.mac("case", "1"),
        RING.mac("phone", "2"),
        KeyRing.generate().mac("phone", "1"),
    }
    assert len(values) == 4


def test_json_round_trip() -> None:
    ring = RING.rotated()
    assert KeyRing.from_json(ring.to_json()) == ring


def _with(**changes: object) -> str:
    return json.dumps({**json.loads(RING.to_json()), **changes})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        _with(version=2),
        _with(current="k-gone"),
        _with(current=None),
        _with(current=["k"]),
        _with(keys=[]),
        _with(keys={RING.current: "!!!"}),
        _with(keys={RING.current: "c2hvcnQ="}),
        _with(keys={RING.current: 7}),
        _with(keys={**json.loads(RING.to_json())["keys"], "Bad_Id": json.loads(RING.to_json())["mac_root"]}),
        _with(mac_root="c2hvcnQ="),
        _with(mac_root=None),
    ],
)
def test_what_is_not_a_key_ring_is_refused(text: str) -> None:
    with pytest.raises(BadKeyRing):
        KeyRing.from_json(text)


def test_no_key_material_in_repr_and_errors() -> None:
    secret, key = RING.keys[RING.current], new_data_key()
    shown = repr(RING) + repr(key) + str(RING)
    for form in (secret.hex(), repr(secret)[2:-1], repr(key.secret)[2:-1], json.loads(RING.to_json())["mac_root"]):
        assert form not in shown
    with pytest.raises(KeysError) as caught:
        KeyRing.from_json(RING.to_json()[:-4])
    assert json.loads(RING.to_json())["mac_root"][:10] not in str(caught.value)
    assert caught.value.__suppress_context__
