"""What goes on without a photo: expiry, recovery, backups."""
