"""A small, valid PDF of a document: one page of plain text.

Belongs here: the file format. Does not belong here: what the page says (`document_paths`).
"""

from __future__ import annotations

from collections.abc import Iterable

# A4 in points, and where the text begins.
WIDTH, HEIGHT, LEFT, TOP, LEADING = 595, 842, 56, 780, 16
LINES_PER_PAGE = (TOP - 56) // LEADING


def render(lines: Iterable[str]) -> bytes:
    """A PDF 1.4 file with these lines in Helvetica, on as many pages as they need."""
    text = list(lines)
    pages = [text[at : at + LINES_PER_PAGE] for at in range(0, len(text), LINES_PER_PAGE)] or [[]]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>".encode()
        )
        objects.append(_stream(page))
    return _file(objects)


def _stream(lines: list[str]) -> bytes:
    shown = b"".join(b"(" + _escaped(line) + b") Tj T*\n" for line in lines)
    content = f"BT /F1 11 Tf {LEADING} TL {LEFT} {TOP} Td\n".encode() + shown + b"ET"
    return f"<< /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream"


def _escaped(line: str) -> bytes:
    raw = line.encode("cp1252", "replace")
    for sign in (b"\\", b"(", b")"):
        raw = raw.replace(sign, b"\\" + sign)
    return raw.replace(b"\r", b" ").replace(b"\n", b" ")


def _file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)
