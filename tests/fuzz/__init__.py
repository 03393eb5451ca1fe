"""The API against what nobody would send, and against its own description of yesterday."""
