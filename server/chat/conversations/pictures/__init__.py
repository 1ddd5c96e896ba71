"""Pictures that shoppers send: decoded in a child process, encoded anew and stored with their conversation."""
