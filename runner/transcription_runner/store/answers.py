"""What an S3 error means to us: try again, give up on the whole run, or give up on this one object.

An endpoint may be anything, and whatever it sends may be somebody's secret. So nothing of an answer goes into a message but its
HTTP status, and an S3 error code if it is one of those that S3 defines. What went wrong on the way is said in our own words.
"""

import socket
import ssl
from urllib.parse import urlsplit

from minio.error import InvalidResponseError, S3Error, ServerError
from urllib3 import exceptions

from transcription_api import names
from transcription_runner.store.port import ObjectMissingError, ObjectRefusedError, StoreRefusedError, StoreUnavailableError

DENIED = frozenset(
    {"AccessDenied", "AllAccessDisabled", "ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch"}
)
TRANSIENT = frozenset(
    {"InternalError", "OperationAborted", "RequestTimeout", "ServiceUnavailable", "SlowDown", "SlowDownRead", "SlowDownWrite"}
)
MISSING = frozenset({"NoSuchKey", "NoSuchVersion"})
KEY_REFUSED = frozenset({"InvalidArgument", "InvalidObjectName", "InvalidURI", "KeyTooLongError", "XMinioInvalidObjectName"})
OTHERS = frozenset(
    """
    AuthorizationHeaderMalformed BadDigest ConditionalRequestConflict EntityTooLarge EntityTooSmall IncompleteBody
    IllegalLocationConstraintException InvalidBucketName InvalidBucketState InvalidDigest InvalidObjectState InvalidPart
    InvalidPartOrder InvalidRange InvalidRequest InvalidStorageClass MalformedXML MaxMessageLengthExceeded MetadataTooLarge
    MethodNotAllowed MissingContentLength
    NoSuchBucket NoSuchUpload NotImplemented PermanentRedirect PreconditionFailed QuotaExceeded Redirect RequestTimeTooSkewed
    TemporaryRedirect TooManyRequests UnexpectedContent XAmzContentSHA256Mismatch XMinioAdminBucketQuotaExceeded
    XMinioObjectExistsAsDirectory XMinioParentIsObject XMinioServerNotInitialized XMinioStorageFull
    """.split()
)
"""Further codes of S3, MinIO and versitygw that a message may name."""
CODES = DENIED | TRANSIENT | MISSING | KEY_REFUSED | OTHERS
MOST_ADDRESSES = 4
_UNKNOWN_AUTHORITY = frozenset({18, 19, 20, 21})
"""OpenSSL's X509_V_ERR codes for a certificate whose authority nobody vouches for."""
_PRIVATE = f"; a private authority's certificate belongs in the Secret that storage.caSecret names, or in {names.ENV_S3_CA_FILE}"


def translated(error: Exception, endpoint: str, bucket: str, key: str) -> Exception:
    """The port's exception for one that the S3 client raised."""
    if isinstance(error, S3Error):
        return _answered(error, endpoint, bucket, key)
    if isinstance(error, ServerError) and error.status_code < 500 and error.status_code != 429:
        return ObjectRefusedError("StoreError", f"the store refused {key!r} in bucket {bucket} (HTTP {error.status_code})")
    if isinstance(error, ServerError):
        return StoreUnavailableError(f"{endpoint} answers with HTTP {error.status_code}")
    if isinstance(error, InvalidResponseError):
        return StoreUnavailableError(f"{endpoint} does not answer as an S3 store does (HTTP {error._code})")
    if isinstance(error, exceptions.HTTPError | OSError):
        return StoreUnavailableError(f"{endpoint} cannot be reached{_resolved(endpoint)}: {_fault(error)}")
    return StoreUnavailableError(f"{endpoint} does not answer as an S3 store does ({type(error).__name__})")


def _answered(error: S3Error, endpoint: str, bucket: str, key: str) -> Exception:
    status = error.response.status
    code = error.code if error.code in CODES else f"HTTP {status}"
    if code in DENIED:
        return StoreRefusedError(
            "StorageAccessDenied",
            f"the store at {endpoint} refused access to bucket {bucket} ({code}): check {names.SECRET_ACCESS_KEY} and "
            f"{names.SECRET_SECRET_KEY} in the job's Secret, and what they may do",
        )
    if code == "NoSuchBucket":
        return StoreRefusedError("BucketNotFound", f"there is no bucket {bucket} at {endpoint}")
    if code in TRANSIENT or status >= 500 or status == 429:
        return StoreUnavailableError(f"{endpoint} answers {code}", reached=code in CODES)
    if code in MISSING:
        return ObjectMissingError(key)
    if code in KEY_REFUSED:
        return ObjectRefusedError("InvalidKey", f"the store does not take the key {key!r} ({code})")
    reason = code if code in CODES else "StoreError"
    return ObjectRefusedError(reason, f"the store refused {key!r} in bucket {bucket} ({code})")


def _resolved(endpoint: str) -> str:
    """To what the endpoint's name resolves, in brackets; nothing for an address, or for a name that does not resolve."""
    host = urlsplit(endpoint).hostname or ""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)} - {host}
    except (OSError, UnicodeError):
        return ""
    return f" ({host} is {', '.join(sorted(found)[:MOST_ADDRESSES])})" if found else ""


def _fault(error: BaseException) -> str:
    """What went wrong on the way. Of the errors' own texts, some quote what was received."""
    match error:
        case exceptions.NameResolutionError():
            return "the name does not resolve"
        case exceptions.ReadTimeoutError():
            return "connected, but there was no answer in time"
        case exceptions.SSLError():
            return f"TLS: {_tls_fault(error)}"
        case exceptions.NewConnectionError() if isinstance(error.__cause__, OSError) and error.__cause__.strerror:
            return error.__cause__.strerror
        case exceptions.ConnectTimeoutError():
            return "no connection in time; is the port right?"
        case exceptions.ProtocolError() | exceptions.DecodeError():
            return "the connection broke off, or what answers there does not speak HTTP"
    return type(error).__name__


def _tls_fault(error: BaseException) -> str:
    for inner in (error.__cause__, *error.args):
        if isinstance(inner, ssl.SSLCertVerificationError):
            return inner.verify_message[:200] + (_PRIVATE if inner.verify_code in _UNKNOWN_AUTHORITY else "")
        if isinstance(inner, ssl.SSLError) and inner.reason:
            return f"{inner.reason}; is it https there?"
    return "no secure connection"
