"""Backups: the database and the media as of one moment, and the way back from nothing."""
