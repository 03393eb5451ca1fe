"""An invented city to try the platform on: 13 courts, their people, and a small trial register.

No person, telephone number or case here is real. ``directory.csv`` is also the model for a court's own directory.
"""

from importlib.resources import files

from liaison.gateways.trial_system.embedded import EmbeddedTrialSystem


def sample_trial_register() -> EmbeddedTrialSystem:
    """The invented cases, for the local profile, the demo and tests."""
    return EmbeddedTrialSystem((files("liaison.sample_city") / "trial_register.csv").read_text(encoding="utf-8"))
