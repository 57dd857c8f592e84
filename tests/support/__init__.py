"""What tests are built with: booths, daemons, fakes, pictures."""
