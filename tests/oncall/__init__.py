"""What the person on call needs: figures, alerts and their runbook, the clock, today's rungs."""
