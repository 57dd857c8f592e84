"""What administrators decide: accounts, slots, settings, templates, and the log of it all."""
