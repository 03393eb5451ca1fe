"""Messages through gateways that misbehave (issue lines M03, M10, M11, M20, M42)."""
