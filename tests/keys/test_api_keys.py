"""API keys: shape, splitting, hashing."""

import hashlib

import pytest

from liaison.keys import BadApiKey, hash_secret, matches, new_api_key, split_api_key


@pytest.mark.parametrize("key_id", ["channel", "judge-0104-01", "A", "0", "x" * 64])
def test_a_key_carries_its_id(key_id: str) -> None:
    api_key = new_api_key(key_id)
    parts = split_api_key(api_key)
    assert api_key == f"jl_{parts.key_id}_{parts.secret}"
    assert parts.key_id == key_id
    assert len(bytes.fromhex(parts.secret)) == 32


@pytest.mark.parametrize("key_id", ["", "-a", "a_b", "a b", "a\n", "法官", "x" * 65])
def test_an_id_that_would_break_the_shape_is_refused(key_id: str) -> None:
    with pytest.raises(BadApiKey):
        new_api_key(key_id)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jl_a_",
        "jl__" + "0" * 64,
        "jl_a_" + "0" * 63,
        "jl_a_" + "0" * 65,
        "jl_a_" + "A" * 64,
        "jl_a_b_" + "0" * 64,
        "xx_a_" + "0" * 64,
        "jl_a_" + "0" * 64 + "\n",
        "jl_a_" + "０" * 64,
    ],
)
def test_other_shapes_are_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(BadApiKey) as caught:
        split_api_key(text)
    assert "0000" not in str(caught.value)


def test_only_the_hash_is_kept_and_only_the_secret_matches_it() -> None:
    secret = split_api_key(new_api_key("channel")).secret
    stored = hash_secret(secret)
    assert stored == hashlib.sha256(secret.encode()).hexdigest()
    assert matches(secret, stored)
    assert not matches(split_api_key(new_api_key("channel")).secret, stored)
    assert not matches(secret, "")


def test_keys_do_not_repeat() -> None:
    assert len({new_api_key("channel") for _ in range(100)}) == 100
