"""People: proving who they are, where they are signed in, their programs' tokens, and what they say of themselves."""
