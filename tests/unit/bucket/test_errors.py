"""Every error of boto3 is told in words, with advice, and as passing or final."""

import pytest
from botocore import exceptions as boto
from botocore.exceptions import ClientError

from headgate.bucket.errors import (
    ConflictError,
    DamagedError,
    ForeignAnswerError,
    PreconditionError,
    TlsError,
    UnsupportedError,
    explain,
)
from headgate.errors import (
    BucketError,
    ClockError,
    CredentialsError,
    DeniedError,
    ExpiredCredentialsError,
    HeadgateError,
    NoSuchBucketError,
    NoSuchObjectError,
    RegionError,
    SettingsError,
    TransientError,
    UnreachableError,
)


def answer(code, status=400, asked="GetObject", **headers):
    return ClientError(
        {
            "Error": {"Code": code, "Message": "said the store"},
            "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},
        },
        asked,
    )


def handshake(said):
    return boto.SSLError(endpoint_url="https://x", error=said)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (answer("InvalidAccessKeyId", 403), CredentialsError),
        (answer("SignatureDoesNotMatch", 403), CredentialsError),
        (answer("ExpiredToken"), ExpiredCredentialsError),
        (answer("AccessDenied", 403), DeniedError),
        (answer("403", 403), DeniedError),
        (answer("NoSuchBucket", 404), NoSuchBucketError),
        (answer("NoSuchKey", 404), NoSuchObjectError),
        (answer("404", 404, "HeadObject"), NoSuchObjectError),
        (answer("404", 404), ForeignAnswerError),
        (answer("301", 301), RegionError),
        (answer("AuthorizationHeaderMalformed"), RegionError),
        (answer("RequestTimeTooSkewed", 403), ClockError),
        (answer("PreconditionFailed", 412), PreconditionError),
        (answer("412", 412), PreconditionError),
        (answer("ConditionalRequestConflict", 409), ConflictError),
        (answer("BadDigest"), DamagedError),
        (answer("SlowDown", 503), TransientError),
        (answer("KMS.ThrottlingException"), TransientError),
        (answer("", 502), TransientError),
        (answer("Whatever", 429), TransientError),
        (answer("RequestTimeout"), TransientError),
        (answer("MethodNotAllowed", 405), BucketError),
        (answer("NotImplemented", 501), UnsupportedError),
        (boto.NoCredentialsError(), CredentialsError),
        (boto.PartialCredentialsError(provider="env", cred_var="x"), CredentialsError),
        (boto.ProfileNotFound(profile="x"), CredentialsError),
        (boto.UnauthorizedSSOTokenError(), ExpiredCredentialsError),
        (boto.NoRegionError(), RegionError),
        (boto.EndpointConnectionError(endpoint_url="http://x"), UnreachableError),
        (handshake("[SSL: WRONG_VERSION_NUMBER] wrong version number"), TlsError),
        (handshake("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"), TlsError),
        (handshake("[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred"), TransientError),
        (handshake("The handshake operation timed out"), TransientError),
        (boto.ConnectTimeoutError(endpoint_url="http://x"), UnreachableError),
        (boto.ReadTimeoutError(endpoint_url="http://x"), TransientError),
        (boto.ConnectionClosedError(endpoint_url="http://x"), TransientError),
        (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), TransientError),
        (boto.ParamValidationError(report="Invalid bucket name"), NoSuchBucketError),
        (ConnectionResetError(104, "reset"), TransientError),
        (ValueError("Invalid endpoint: x"), SettingsError),
    ],
    ids=str,
)
def test_an_error_is_told(error, expected):
    """By its class, with the place; what can be done is said unless a caller decides."""
    told = explain(error, "s3://b/k")
    assert type(told) is expected
    assert told.where == "s3://b/k"
    assert told.todo or isinstance(told, PreconditionError)


def test_the_region_is_named_where_the_store_names_it():
    """So that it can be copied."""
    assert "eu-west-1" in str(
        explain(answer("301", 301, **{"x-amz-bucket-region": "eu-west-1"}), "")
    )


@pytest.mark.parametrize(
    ("bucket", "said"),
    [("tests", "no bucket of this name"), ("My_Bucket", "3 to 63 lower-case"), ("ab", "3 to 63")],
)
def test_a_missing_bucket_is_told_from_a_name_that_none_can_have(bucket, said):
    """Stores may answer both alike."""
    assert said in str(explain(answer("NoSuchBucket", 404), f"s3://{bucket}/uploads/"))


def test_only_what_may_pass_is_transient():
    """Everything else is final: a retry would not help."""
    final = (TlsError, CredentialsError, DeniedError, NoSuchBucketError, RegionError, ClockError)
    assert not any(issubclass(kind, TransientError) for kind in final)
    assert issubclass(UnreachableError, TransientError)


def test_what_is_unknown_is_told_all_the_same():
    """With its own name."""
    assert type(explain(RuntimeError("odd"), "w")) is HeadgateError
    assert "RuntimeError: odd" in str(explain(RuntimeError("odd"), "w"))
