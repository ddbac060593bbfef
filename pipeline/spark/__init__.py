"""Apache Spark: the only place that knows it. The functions that it runs are those of the embedded engine."""
