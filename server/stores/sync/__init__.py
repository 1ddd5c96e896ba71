"""Reading connected stores: the job, one pass over a store, and the SQL of both."""
