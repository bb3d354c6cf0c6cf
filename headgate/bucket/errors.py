"""The one place where errors of boto3 and of the network become errors with advice.

It also decides what may pass by itself (`TransientError`) and what will not.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from boto3.exceptions import Boto3Error
from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

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


class PreconditionError(HeadgateError):
    """A conditional request met another content, or a key that exists; callers decide on it."""


class ConflictError(TransientError):
    """Two conditional requests met; S3 asks to send this one again."""


class DamagedError(TransientError):
    """The content changed on its way, as a checksum shows; to be sent again."""


class UnsupportedError(BucketError):
    """The store does not know what was asked of it."""


class ForeignAnswerError(BucketError):
    """What answers at the endpoint's address is no S3 API."""


class TlsError(BucketError):
    """The store cannot be spoken to by TLS, now or later."""


_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""What S3 allows as the name of a bucket."""

_FOREIGN = (
    "What answers at this address does not speak S3.",
    "Check the endpoint URL; a web console often has another port than the S3 API.",
)

_FINAL: dict[str, tuple[type[HeadgateError], str, str]] = {
    "InvalidAccessKeyId": (
        CredentialsError,
        "The store does not know this access key.",
        "Check AWS_ACCESS_KEY_ID, and that it belongs to this store.",
    ),
    "SignatureDoesNotMatch": (
        CredentialsError,
        "The secret key does not fit the access key.",
        "Check AWS_SECRET_ACCESS_KEY for a missing or extra character.",
    ),
    "InvalidToken": (
        CredentialsError,
        "The session token is not valid for this access key.",
        "Set all three of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew.",
    ),
    "ExpiredToken": (
        ExpiredCredentialsError,
        "The temporary credentials have expired.",
        "Get new ones (for instance `aws sso login`) and start again.",
    ),
    "AccessDenied": (
        DeniedError,
        "The credentials are known but not allowed to do this.",
        "Give them the permissions of the least IAM policy in docs/bucket.md.",
    ),
    "NoSuchBucket": (
        NoSuchBucketError,
        "There is no bucket of this name.",
        "Check AWS_BUCKET_NAME and the endpoint URL, or create the bucket.",
    ),
    "QueueDoesNotExist": (
        BucketError,
        "There is no queue of this address.",
        "Check HEADGATE_QUEUE_URL and AWS_REGION, or create the queue.",
    ),
    "InvalidBucketName": (
        NoSuchBucketError,
        "This cannot be the name of a bucket.",
        "Check AWS_BUCKET_NAME: 3 to 63 lower-case letters, digits, dots and hyphens.",
    ),
    "PermanentRedirect": (
        RegionError,
        "The bucket is in another region.",
        "Set AWS_REGION to the bucket's region.",
    ),
    "RequestTimeTooSkewed": (
        ClockError,
        "This machine's clock is more than 15 minutes off the store's.",
        "Set the clock (for instance `timedatectl set-ntp true`).",
    ),
    "NoSuchKey": (
        NoSuchObjectError,
        "There is no object under this key.",
        "It may have been moved, deleted or renamed.",
    ),
    "NotImplemented": (
        UnsupportedError,
        "The store does not support this request.",
        "Headgate needs conditional writes and ranged reads; try `headgate check --full`.",
    ),
    "KeyTooLongError": (
        BucketError,
        "The store refuses a key of this length.",
        "Shorten the folder or the file's name.",
    ),
}

_ALIASES = {
    "NotSignedUp": "InvalidAccessKeyId",
    "InvalidClientTokenId": "InvalidAccessKeyId",
    "UnrecognizedClientException": "InvalidAccessKeyId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "ExpiredTokenException": "ExpiredToken",
    "TokenRefreshRequired": "ExpiredToken",
    "RequestExpired": "ExpiredToken",
    "AccessDeniedException": "AccessDenied",
    "AllAccessDisabled": "AccessDenied",
    "AccountProblem": "AccessDenied",
    "Forbidden": "AccessDenied",
    "403": "AccessDenied",
    "301": "PermanentRedirect",
    "TemporaryRedirect": "PermanentRedirect",
    "AuthorizationHeaderMalformed": "PermanentRedirect",
    "IllegalLocationConstraintException": "PermanentRedirect",
    "AWS.SimpleQueueService.NonExistentQueue": "QueueDoesNotExist",
    "404": "NoSuchKey",
    "NotFound": "NoSuchKey",
    "NoSuchVersion": "NoSuchKey",
    "501": "NotImplemented",
}

_PRECONDITION = {"PreconditionFailed", "412", "NotModified", "304"}

_PASSING: dict[str, type[TransientError]] = {
    "BadDigest": DamagedError,
    "InvalidDigest": DamagedError,
    "XAmzContentSHA256Mismatch": DamagedError,
    "ConditionalRequestConflict": ConflictError,
} | dict.fromkeys(
    (
        "IncompleteBody",
        "InternalError",
        "KMS.ThrottlingException",
        "NoSuchUpload",
        "OperationAborted",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
    ),
    TransientError,
)

_NO_TLS = (
    "What answers at the address does not speak TLS.",
    "Check the endpoint URL: http:// where the store has no TLS, else the port where it has.",
)

_TLS = {
    "CERTIFICATE_VERIFY_FAILED": (
        "The store's certificate is not trusted.",
        "Set AWS_CA_BUNDLE to its authority's, and call the store by the name that it is for.",
    ),
} | dict.fromkeys(
    (
        "HTTP_REQUEST",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
        "UNKNOWN_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    ),
    _NO_TLS,
)
"""By the name that OpenSSL gives to what is the same at each try."""

_RAISED_BY_BOTO = (
    BotoCoreError,
    ClientError,
    HTTPError,
    ResponseParserError,
    ConnectionError,
    TimeoutError,
)

_Case = tuple[tuple[type[BaseException], ...], type[HeadgateError], str, str]

_LOCAL: tuple[_Case, ...] = (
    (
        (
            boto.EndpointConnectionError,
            boto.ConnectTimeoutError,
            boto.ProxyConnectionError,
        ),
        UnreachableError,
        "Nothing answers at the store's address.",
        "Check the endpoint URL, the network and the proxy, and that the server runs.",
    ),
    (
        (boto.UnauthorizedSSOTokenError, boto.SSOTokenLoadError),
        ExpiredCredentialsError,
        "The single sign-on has expired.",
        "Sign in again, with `aws sso login`.",
    ),
    (
        (
            boto.NoCredentialsError,
            boto.PartialCredentialsError,
            boto.CredentialRetrievalError,
            boto.ProfileNotFound,
            boto.SSOError,
        ),
        CredentialsError,
        "There are no usable credentials.",
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role.",
    ),
    (
        (boto.NoRegionError,),
        RegionError,
        "No region is set.",
        "Set AWS_REGION to the bucket's region.",
    ),
    (
        (boto.FlexibleChecksumError,),
        DamagedError,
        "The content changed on its way.",
        "If this comes again, something between here and the store damages it; use https.",
    ),
    (
        (ResponseParserError,),
        ForeignAnswerError,
        *_FOREIGN,
    ),
    (
        (ValueError,),
        SettingsError,
        "The endpoint URL cannot be used.",
        "Write it like https://s3.example.com, with http:// or https:// in front.",
    ),
    (
        (BotoCoreError, HTTPError, OSError),
        TransientError,
        "The connection to the store broke.",
        "It may pass by itself: try again.",
    ),
)


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn every error of boto3 within the block into one of `headgate.errors`."""
    try:
        yield
    except Boto3Error as error:  # of a managed transfer, around what really happened
        raise explain(error.__context__ or error, where) from error
    except _RAISED_BY_BOTO as error:
        raise explain(error, where) from error


def explain(error: BaseException, where: str) -> HeadgateError:
    """Return what an error of boto3 means, where it happened, and what to do."""
    if isinstance(error, ClientError):
        return _explain_answer(error, where)
    if isinstance(error, boto.ParamValidationError):
        return _final("InvalidBucketName", where, "")
    if isinstance(error, boto.SSLError) and (found := _TLS.get(_reason(error))):
        return TlsError(f"{found[0]} ({error})", where=where, todo=found[1])
    for kinds, meant, what, todo in _LOCAL:
        if isinstance(error, kinds):
            return meant(f"{what} ({error})", where=where, todo=todo)
    return HeadgateError(f"{type(error).__name__}: {error}", where=where)


def _reason(error: boto.SSLError) -> str:
    found = re.search(r"\[SSL: (\w+)\]", str(error))
    return found[1] if found else ""


def _explain_answer(error: ClientError, where: str) -> HeadgateError:
    answer, meta = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code, said = str(answer.get("Code", "")), str(answer.get("Message", ""))
    status, headers = meta.get("HTTPStatusCode", 0), meta.get("HTTPHeaders", {})
    if code == "404" and not error.operation_name.startswith("Head"):  # S3 gives a reason in XML
        return ForeignAnswerError(_FOREIGN[0], where=where, todo=_FOREIGN[1])
    code = _ALIASES.get(code, code)
    if code in _PRECONDITION or status == 412:
        return PreconditionError("The object is not the expected one.", where=where)
    if code == "NoSuchBucket" and not _BUCKET.fullmatch(urlsplit(where).netloc):
        code, said = "InvalidBucketName", ""
    if code in _FINAL:
        region = headers.get("x-amz-bucket-region")
        return _final(code, where, f"it is in {region}" if region else said)
    what = f"The store answered {code or status}: {said}"
    if code in _PASSING or status >= 500 or status == 429:
        return _PASSING.get(code, TransientError)(
            what,
            where=where,
            todo="It may pass by itself; if not, check that the endpoint URL is an S3 API's.",
        )
    return BucketError(what, where=where, todo="The store will answer the same again.")


def _final(code: str, where: str, said: str) -> HeadgateError:
    kind, what, todo = _FINAL[code]
    return kind(f"{what} ({said})" if said else what, where=where, todo=todo)
