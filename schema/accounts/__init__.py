"""People, as clients see them: profiles, sessions, their programs and devices."""
