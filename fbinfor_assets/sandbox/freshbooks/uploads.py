"""Uploaded images and attachments (uploads family).

Belongs here: taking a file out of a multipart request, keeping it, giving it back.
Does not belong here: what refers to a file (an expense's attachment, an invoice's logo); paths (`families`).

Facts (freshbooks-api 3, 9; the vendor's published captures): the file is the multipart field `content`; without it
400 "Content is required"; the answer names jwt, public_id (the same) and filename ("upload-" and a hash), and the
whole has a `link`; a file is read by its jwt, which tells account, original name, length and key.
Assumed: everything may be uploaded, up to 30 MB; the same file uploaded twice has two jwts.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import orjson

from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError, not_found
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.kernel import secret
from fbinfor_assets.sandbox.state import Row

OBJECT = "upload"
SCOPE = "uploads"

# Path segment -> the key of the answer.
KINDS = {"images": "image", "attachments": "attachment"}

LARGEST = 30 * 1024 * 1024


class Uploads:
    """Table `upload` by jwt: {kind, filename, original, media_type, content (base64)}."""

    def __init__(self, world: World) -> None:
        self.world = world

    def store(self, kind: str, content_type: str, body: bytes) -> dict[str, Any]:
        """Keep the file of a multipart request; give it as the API reads it. 400 without a file."""
        part = multipart_file(content_type, body, "content")
        if part is None:
            raise FreshBooksError(400, None, "Content is required", OBJECT, "content")
        original, media_type, content = part
        if len(content) > LARGEST:
            raise FreshBooksError(413, 1020, "Content is too large", OBJECT, "content")
        number = self.world.state.next_number("id:upload", 1)
        filename = (
            "upload-" + hashlib.sha1(content + str(number).encode()).hexdigest()
        )  # a name, no protection
        jwt = self._jwt(original, filename, len(content))
        row: Row = {
            "kind": kind,
            "filename": filename,
            "original": original,
            "media_type": media_type,
            "content": base64.b64encode(content).decode(),
        }
        self.world.state.put(OBJECT, jwt, row)
        told = {"original_filename": original, "length": len(content)}
        self.world.state.log("api.create", KINDS[kind], filename, {"given": told, "result": {"jwt": jwt}})
        return {
            "jwt": jwt,
            "public_id": jwt,
            "filename": filename,
            "media_type": media_type,
            "uuid": self.world.uuid(OBJECT, number),
        }

    def _jwt(self, original: str, filename: str, length: int) -> str:
        claims = {
            "account": self.world.system_id,
            "original_filename": original,
            "bucket": "uploads",
            "filename": filename,
            "length": length,
            "key": f"docs-{self.world.system_id}/{filename}",
        }
        head, body = _encoded({"typ": "JWT", "alg": "HS256"}), _encoded(claims)
        return f"{head}.{body}.{secret(self.world.seed, 'upload', body, length=43)}"

    def get(self, kind: str, jwt: str) -> tuple[Row, bytes]:
        """The file with this jwt: what is known of it, and its bytes. 404 else."""
        row = self.world.state.get(OBJECT, jwt)
        if row is None or row["kind"] != kind:
            raise not_found(OBJECT, "File", "jwt", jwt)
        return row, base64.b64decode(row["content"])


def _encoded(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(claims)).decode().rstrip("=")


def multipart_file(content_type: str, body: bytes, field: str) -> tuple[str, str, bytes] | None:
    """(file name, media type, bytes) of a field of a multipart/form-data body, None if it is not there."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if not content_type.startswith("multipart/form-data") or found is None:
        return None
    # Each part stands between two boundaries: CRLF, head, blank line, content, CRLF.
    for part in (b"\r\n" + body).split(b"\r\n--" + found[1].encode("latin-1"))[1:]:
        head, blank, content = part.partition(b"\r\n\r\n")
        text = head.decode("utf-8", "replace")
        if blank and re.search(rf'(?i)content-disposition:[^\r\n]*;\s*name="?{field}"?(;|\s|$)', text):
            name = re.search(r'(?i);\s*filename="?([^"\r\n;]*)"?', text)
            media_type = re.search(r"(?i)content-type:\s*([^\r\n]+)", text)
            kind = media_type[1].strip() if media_type else "application/octet-stream"
            return (name[1] if name else "", kind, content)
    return None
