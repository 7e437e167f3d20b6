"""Compressed streams: declared ones, those within other bytes, those without a head."""
