"""The order of the files."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files with a test that may take longer than others come first: mostly they wait, and at the end for nothing."""
    usual = float(config.getini("timeout"))
    long = {item.path for item in items for mark in item.iter_markers("timeout") if mark.args[0] > usual}
    items.sort(key=lambda item: item.path not in long)
