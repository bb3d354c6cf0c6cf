"""What people name an object by, a key or an address, and the key that is meant."""

from headgate.bucket.keys import UPLOADS
from headgate.bucket.store import SPACE_AROUND, Store
from headgate.errors import OptionsError


def key_of(store: Store, place: str) -> str:
    """Return the key that an address such as `s3://bucket/key` names; a key stands for itself.

    Raises:
        OptionsError: It is empty, a link, or not the address of an object in this store.
    """
    if not place:
        raise OptionsError(
            "No key is named.", todo="Name one, such as uploads/sales.csv, or its address."
        )
    if place.startswith(("http://", "https://")):
        raise OptionsError(
            "This is a link, and neither a key nor an address.",
            todo="Name the upload instead, such as uploads/sales.csv.",
        )
    if not place.startswith("s3://"):
        return place
    key = place.removeprefix(store.where())
    if key in ("", place):
        raise OptionsError(
            f"This is no address of an object in {store.where()}.",
            where=place,
            todo="Name one there, or set AWS_BUCKET_NAME and HEADGATE_FOLDER to another place.",
        )
    return key


def uploads_prefix_of(store: Store, place: str) -> str:
    """Return the beginning of keys that a data set, a key, a part of one or an address names.

    Raises:
        OptionsError: It is a link, or no address in this store.
    """
    everywhere = place.rstrip("/") in ("", store.where().rstrip("/"))
    key = UPLOADS if everywhere else key_of(store, place)
    if key.startswith(UPLOADS):
        return key
    return UPLOADS if key == UPLOADS.rstrip("/") else f"{UPLOADS}{key.rstrip('/')}/"


def upload_key_of(store: Store, place: str) -> str:
    """Return the key of the upload that an address or a key names.

    Raises:
        OptionsError: It is that of a folder, or of an object elsewhere in the bucket.
    """
    key = key_of(store, place)
    if key.endswith("/"):
        raise OptionsError(
            "This is a folder, and no upload.", where=store.where(key), todo="Name a file in it."
        )
    if not key.startswith(UPLOADS):
        todo = f"Keys of uploads begin with {UPLOADS}; `headgate upload` sends a file there."
        todo = todo if key == key.strip() else SPACE_AROUND
        raise OptionsError("This is no upload.", where=store.where(key), todo=todo)
    return key
