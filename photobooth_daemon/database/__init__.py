"""The pool, the schema and its migrations, and the PostgreSQL that the quick start brings along."""
