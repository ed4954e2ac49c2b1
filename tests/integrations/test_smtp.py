"""Mail through real SMTP servers: plain, with STARTTLS, with TLS from the start, and ones that refuse."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import socket
import ssl

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from domain.errors import InvalidInput, NotConfigured, Unavailable
from integrations.smtp import SmtpMailer

SENDER = "Backline <hello@backline.example>"


class Letterbox:
    """What a server does with mail: keeps it, or refuses some."""

    def __init__(self):
        self.letters = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 -- aiosmtpd calls it so
        if address.startswith("nobody"):
            return "550 no such person"
        if address.startswith("later"):
            return "451 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 -- as above
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.letters.append((envelope.rcpt_tos, letter, session.ssl is not None))
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost that signs itself; gives the two files."""
    home = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (home / "cert").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8
    (home / "key").write_bytes(key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()))
    return home


@pytest.fixture
def server_tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert", certificate / "key")
    return context


@pytest.fixture
def client_tls(certificate):
    return ssl.create_default_context(cafile=str(certificate / "cert"))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as door:
        return door.getsockname()[1]


@pytest.fixture
def serve():
    running = []

    def start(**options):
        letterbox = Letterbox()
        controller = Controller(letterbox, hostname="localhost", port=free_port(), **options)
        controller.start()
        running.append(controller)
        return letterbox, controller.port

    yield start
    for controller in running:
        controller.stop(no_assert=True)


def check_password(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"us er", b"p@ss"), handled=False)


async def test_a_mail_arrives_whole(serve):
    letterbox, port = serve()
    mailer = SmtpMailer(f"smtp://localhost:{port}", sender=SENDER)
    await mailer.send(to="mina@demo.example", subject="Dein Anmeldecode: 123456 🎧", text="Grüße,\n.\nZeile drei\n")
    [(recipients, letter, encrypted)] = letterbox.letters
    assert recipients == ["mina@demo.example"]
    assert letter["Subject"] == "Dein Anmeldecode: 123456 🎧"
    assert letter.get_content().splitlines() == ["Grüße,", ".", "Zeile drei"]
    assert letter["From"] == SENDER
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"].endswith("@backline.example>")
    assert letter["Date"]
    assert not encrypted


async def test_starttls_before_the_password(serve, server_tls, client_tls):
    letterbox, port = serve(tls_context=server_tls, authenticator=check_password, auth_required=True)
    url = f"smtp://us%20er:p%40ss@localhost:{port}"
    await SmtpMailer(url, sender=SENDER, tls=client_tls).send(to="a@b.example", subject="s", text="t")
    assert [encrypted for _, _, encrypted in letterbox.letters] == [True]
    wrong = SmtpMailer(url.replace("p%40ss", "wrong"), sender=SENDER, tls=client_tls)
    with pytest.raises(Unavailable):
        await wrong.send(to="a@b.example", subject="s", text="t")


async def test_no_password_without_tls(serve):
    letterbox, port = serve(authenticator=check_password, auth_require_tls=False)
    mailer = SmtpMailer(f"smtp://us%20er:p%40ss@localhost:{port}", sender=SENDER)
    with pytest.raises(Unavailable):
        await mailer.send(to="a@b.example", subject="s", text="t")
    assert letterbox.letters == []


async def test_a_certificate_that_nobody_knows_is_not_trusted(serve, server_tls):
    letterbox, port = serve(tls_context=server_tls)
    with pytest.raises(Unavailable):
        await SmtpMailer(f"smtp://u:p@localhost:{port}", sender=SENDER).send(to="a@b.example", subject="s", text="t")
    assert letterbox.letters == []


async def test_tls_from_the_start(serve, server_tls, client_tls):
    letterbox, port = serve(ssl_context=server_tls)
    await SmtpMailer(f"smtps://localhost:{port}", sender=SENDER, tls=client_tls).send(
        to="a@b.example", subject="s", text="t"
    )
    assert len(letterbox.letters) == 1, "and this server speaks nothing but TLS"


async def test_refusals_for_good_and_for_now(serve):
    letterbox, port = serve()
    mailer = SmtpMailer(f"smtp://localhost:{port}", sender=SENDER)
    with pytest.raises(InvalidInput):
        await mailer.send(to="nobody@demo.example", subject="s", text="t")
    with pytest.raises(Unavailable):
        await mailer.send(to="later@demo.example", subject="s", text="t")
    assert letterbox.letters == []


@pytest.mark.parametrize(
    "to", ["", "nobody", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "A <a@b.example>", "@b", "a@"]
)
async def test_what_is_no_address_reaches_no_server(serve, to):
    letterbox, port = serve()
    with pytest.raises(InvalidInput):
        await SmtpMailer(f"smtp://localhost:{port}", sender=SENDER).send(to=to, subject="s", text="t")
    assert letterbox.letters == []


async def test_a_server_that_is_not_there_is_unavailable_and_no_secret_is_said(caplog):
    mailer = SmtpMailer(f"smtp://user:hidden@localhost:{free_port()}", sender=SENDER)
    with pytest.raises(Unavailable) as refusal:
        await mailer.send(to="a@b.example", subject="s", text="t")
    assert "hidden" not in caplog.text + str(refusal.value)


@pytest.mark.parametrize(("url", "sender"), [(None, SENDER), ("smtp://h", None), (None, None)])
async def test_without_settings_it_says_so(url, sender):
    with pytest.raises(NotConfigured, match="SMTP_URL"):
        await SmtpMailer(url, sender=sender).send(to="a@b.example", subject="s", text="t")
