"""Pictures that shoppers send: read apart from everything else, encoded anew, kept with their conversation."""
