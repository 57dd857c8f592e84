"""The series, and how they are told."""
