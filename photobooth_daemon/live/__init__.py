"""Tells every process and every viewer what changed."""
