"""The embedded S3 and Prefect servers behind `make demo`, `make up` and the tests."""
