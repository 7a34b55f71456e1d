"""The warehouse's steps: dbt's models and tests as assets and checks, and the published snapshot."""
