"""How the daemon is: health, figures, alerts, readiness, reports."""
