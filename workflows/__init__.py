"""Durable processes, one file each; deterministic: they wait and decide, and never touch the world."""
