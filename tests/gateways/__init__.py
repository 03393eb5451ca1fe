"""Adapters to gateways for short messages, against what stands in for the providers."""
