"""What an S3 error means to us: try again, give up on the whole run, or give up on this one object."""

from minio.error import InvalidResponseError, S3Error, ServerError

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


def translated(error: Exception, endpoint: str, bucket: str, key: str) -> Exception:
    """The port's exception for one that the S3 client raised."""
    if isinstance(error, S3Error):
        return _answered(error, endpoint, bucket, key)
    if isinstance(error, ServerError) and error.status_code < 500 and error.status_code != 429:
        return ObjectRefusedError("StoreError", f"the store refused {key!r} in bucket {bucket}: {error}")
    if isinstance(error, InvalidResponseError):
        return StoreUnavailableError(f"{endpoint} does not answer as an S3 store does: {str(error)[:300]}")
    return StoreUnavailableError(f"{endpoint} cannot be reached: {error}")


def _answered(error: S3Error, endpoint: str, bucket: str, key: str) -> Exception:
    code = error.code or "UnknownError"
    if code in DENIED:
        return StoreRefusedError(
            "StorageAccessDenied",
            f"the store at {endpoint} refused access to bucket {bucket} ({code}): check {names.SECRET_ACCESS_KEY} and "
            f"{names.SECRET_SECRET_KEY} in the job's Secret, and what they may do",
        )
    if code == "NoSuchBucket":
        return StoreRefusedError("BucketNotFound", f"there is no bucket {bucket} at {endpoint}")
    if code in TRANSIENT or error.response.status >= 500 or error.response.status == 429:
        return StoreUnavailableError(f"{endpoint} answers {code}: {error.message}")
    if code in MISSING:
        return ObjectMissingError(key)
    if code in KEY_REFUSED:
        return ObjectRefusedError("InvalidKey", f"the store does not take the key {key!r}: {error.message}")
    reason = code if code.isalnum() and code[0].isalpha() else "StoreError"
    return ObjectRefusedError(reason, f"the store refused {key!r} in bucket {bucket}: {error.message}")
