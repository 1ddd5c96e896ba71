"""A one-page PDF of an invoice: enough to be opened and read."""

from server.embedded.standins.stripe.pages import day_text, money_text
from server.embedded.standins.stripe.store import Object


def invoice_pdf(invoice: Object) -> bytes:
    """Lines of plain Helvetica."""
    currency = invoice["currency"]
    texts = [f"Invoice {invoice['number']} (local stand-in)", day_text(invoice["created"]), ""]
    texts += [f"{each['description']}: {money_text(each['amount'], currency)}" for each in invoice["lines"]["data"]]
    texts += ["", f"Total {money_text(invoice['total'], currency)}, {invoice['status']}"]
    return _document("\n".join(f"({_escaped(text)}) Tj T*" for text in texts))


def _escaped(text: str) -> str:
    return text.replace("×", "x").replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _document(drawn: str) -> bytes:
    stream = f"BT /F1 12 Tf 16 TL 60 780 Td\n{drawn}\nET".encode("cp1252", "replace")
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << "
        b"/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    made, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size, start = len(parts) + 1, len(made)
    return made + b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        size,
        table,
        size,
        start,
    )
