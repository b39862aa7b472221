"""The one place that knows all: settings, client, activities, workers."""
