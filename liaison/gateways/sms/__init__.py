"""Short messages: one port, several gateways."""
