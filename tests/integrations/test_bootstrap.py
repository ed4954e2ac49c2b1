"""Settings: every name of the documents is understood, everything wrong is said at once, secrets are never shown."""

from __future__ import annotations

import base64
import dataclasses
import itertools
import re
import stat
from pathlib import Path
from uuid import uuid4

import pytest

from bootstrap import build
from domain.errors import NotConfigured, Unavailable
from integrations.environment import names_of
from settings import Settings, SettingsRefused

KEY = base64.b64encode(bytes(32)).decode()
NEEDED = {"JWT_SECRET": "j" * 32, "BACKLINE_KEYS": f"k1:{KEY}"}
EXAMPLE = Path(__file__).parents[2] / ".env.example"


def read(dotenv=None, **given):
    return Settings.from_environment({**NEEDED, **given}, dotenv)


def faults(dotenv=None, /, **given):
    with pytest.raises(SettingsRefused) as refused:
        read(dotenv, **given)
    assert str(refused.value) == "\n".join(refused.value.faults)
    return refused.value.faults


def test_little_is_needed():
    settings = read()
    assert (settings.demo, settings.port, settings.host, settings.data_dir) == (False, 8000, "127.0.0.1", Path(".data"))
    assert settings.database_url is settings.redis_url is settings.queue_url is None
    assert settings.public_url == "http://localhost:8000"
    assert settings.platform_fee_basis_points == 500
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.port = 1


DOCUMENTED = {
    "SERATO_CLIENT_ID": "serato",
    "SERATO_CLIENT_SECRET": "hidden-serato",
    "SERATO_REDIRECT_URI": "http://localhost:3001/api/serato/callback",
    "DATABASE_URL": "postgresql://user:hidden-pw@localhost:5432/backline",
    "FRONTEND_URL": "http://localhost:3000",
    "REDIS_URL": "redis://:hidden-pw@localhost:6379",
    "JWT_SECRET": "hidden-jwt-secret-of-thirty-two-bytes",
    "JWT_REFRESH_SECRET": "hidden-refresh-secret-of-thirty-two",
    "SPOTIFY_CLIENT_ID": "spotify",
    "SPOTIFY_CLIENT_SECRET": "hidden-spotify",
    "SPOTIFY_REDIRECT_URI": "http://127.0.0.1:3000/oauth/spotify/callback",
    "TWILIO_ACCOUNT_SID": "AC1",
    "TWILIO_AUTH_TOKEN": "hidden-twilio",
    "STRIPE_SECRET_KEY": "hidden-stripe",
    "PORT": "3000",
    "CLOUDINARY_CLOUD_NAME": "cloud",
    "CLOUDINARY_API_KEY": "hidden-1",
    "CLOUDINARY_API_SECRET": "hidden-2",
    "STRIPE_WEBHOOK_SECRET": "hidden-3",
    "PLATFORM_FEE_PERCENTAGE": "5",
    "OPENAI_API_KEY": "hidden-4",
    "GROQ_API_KEY": "hidden-5",
    "HUGGINGFACE_API_KEY": "hidden-6",
    "EPSILON_FM_API_KEY": "hidden-7",
    "ISRC_REGISTRANT_CODE": "NCO",
    "UPC_PREFIX": "123456",
    "DREAMSTER_API_KEY": "hidden-8",
    "TAKERECORD_API_KEY": "hidden-9",
    "WAVEWARZ_API_KEY": "hidden-10",
    "PYTHON_WORKER_URL": "http://localhost:8001",
    "DISTRIBUTION_AUTO_PAYOUT_THRESHOLD": "100.00",
    "DISTRIBUTION_MIN_PAYOUT": "50.00",
    "DISTRIBUTION_WEBHOOK_SECRET": "hidden-distribution-secret",
    "DISTRIBUTION_AUDIO_MAX_SIZE": "500",
    "DISTRIBUTION_ARTWORK_MIN_SIZE": "1400",
    "QUEUE_CONNECTION": "redis",
}


def test_every_name_of_the_documents_is_read():
    settings = read(**DOCUMENTED)
    assert settings.database_url == "postgresql+asyncpg://user:hidden-pw@localhost:5432/backline"
    assert settings.redis_url == settings.queue_url == "redis://:hidden-pw@localhost:6379"
    assert settings.allowed_origins == ("http://localhost:3000",)
    assert settings.distribution_auto_payout_minor == 10_000
    assert settings.distribution_min_payout_minor == 5_000
    assert settings.distribution_audio_max_bytes == 500 * 1024 * 1024
    assert (settings.isrc_registrant, settings.upc_prefix) == ("NCO", "123456")
    by_name = {each.metadata["name"]: getattr(settings, each.name) for each in dataclasses.fields(settings)}
    assert all(by_name[name] not in {None, ""} for name in DOCUMENTED)


def test_secrets_are_never_shown():
    settings = read(**DOCUMENTED)
    assert "hidden" not in repr(settings)
    assert KEY not in repr(settings)
    said = "\n".join(
        faults(
            DATABASE_URL="mysql://u:hidden@h/d",
            REDIS_URL="http://:hidden@h",
            SMTP_URL="hidden@h",
            BACKLINE_KEYS="hidden-key",
            JWT_SECRET="hidden",
            DISTRIBUTION_WEBHOOK_SECRET="hidden",
            PROOF_SIGNING_KEY="hidden-key",
        )
    )
    assert "hidden" not in said
    for name in ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "BACKLINE_KEYS", "JWT_SECRET", "DISTRIBUTION_WEBHOOK_SECRET"):
        assert name in said


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "3000x"),
        ("PORT", "٣٠٠٠"),
        ("PORT", "9" * 5000),
        ("BACKLINE_DEMO", "maybe"),
        ("POOL_SIZE", "-1"),
        ("PUBLIC_URL", "api.example.com"),
        ("PUBLIC_URL", "https://[::1"),
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_ORIGINS", "https://a.example/path"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("DATABASE_URL", "sqlite:///x.db"),
        ("DATABASE_URL", "postgresql://localhost"),
        ("REDIS_URL", "localhost:6379"),
        ("QUEUE_URL", "amqp://h"),
        ("QUEUE_CONNECTION", "database"),
        ("REDIS_PORT", "many"),
        ("PLATFORM_FEE_PERCENTAGE", "5.555"),
        ("PLATFORM_FEE_PERCENTAGE", "101"),
        ("PLATFORM_FEE_PERCENTAGE", "nan"),
        ("PLATFORM_FEE_PERCENTAGE", "1e999999999"),
        ("DISTRIBUTION_MIN_PAYOUT", "200"),
        ("UPC_PREFIX", "12"),
        ("ISRC_REGISTRANT_CODE", "nco"),
        ("SMTP_URL", "http://mail"),
        ("JWT_SECRET", "short"),
        ("JWT_REFRESH_SECRET", "short"),
        ("JWT_REFRESH_SECRET", NEEDED["JWT_SECRET"]),
        ("BACKLINE_DEMOO", "1"),
        ("SPOTIFY_REDIRECT_URI", "http://localhost:3000/oauth/spotify/callback"),
        ("APPLE_PRIVATE_KEY", "not a key"),
        ("RETURN_URLS", "javascript://app.example/x"),
        ("RETURN_URLS", "http://app.example/connected"),
        ("RETURN_URLS", "https://app.example@evil.example/"),
        ("RETURN_URLS", "https://app.example/?next="),
        ("SPOTIFY_CALLS_PER_MINUTE", "0"),
        ("PROOF_SIGNING_KEY", KEY[:-4]),
        ("PROOF_FORMER_KEYS", "ab" * 31),
        ("KUBO_URL", "127.0.0.1:5001"),
    ],
)
def test_a_wrong_value_is_refused_with_a_sentence_that_names_it(name, text):
    said = faults(**{name: text})
    assert any(sentence.startswith(name) and sentence.endswith(".") for sentence in said), said


def test_all_faults_are_said_at_once(tmp_path):
    dotenv = tmp_path / ".env"
    dotenv.write_text("PORT=x\nwhat is this\nBACKLINE_TYPO=1\n")
    said = faults(dotenv, POOL_SIZE="none", SMTP_URL="smtp://h", TWILIO_ACCOUNT_SID="AC1")
    assert len(said) == 6
    assert {sentence.split()[0] for sentence in said} >= {"PORT", "Line", "BACKLINE_TYPO", "POOL_SIZE", "MAIL_FROM"}
    assert "Line 2 of .env must look like NAME=value." in said
    assert any(
        sentence.startswith("TWILIO_AUTH_TOKEN must be set as well, because TWILIO_ACCOUNT_SID is") for sentence in said
    )
    assert any("SMTP_URL is" in sentence for sentence in said)


def test_outside_the_demo_secrets_must_be_given():
    with pytest.raises(SettingsRefused) as refused:
        Settings.from_environment({})
    assert [sentence.split()[0] for sentence in refused.value.faults] == ["JWT_SECRET", "BACKLINE_KEYS"]


def test_the_demo_makes_its_secrets_once(tmp_path):
    given = {"BACKLINE_DEMO": "1", "BACKLINE_DATA": str(tmp_path / "data")}
    first, second = Settings.from_environment(given), Settings.from_environment(given)
    assert first == second
    assert len(first.jwt_secret) >= 32
    assert first.jwt_secret != first.jwt_refresh_secret
    kept = sorted((tmp_path / "data").iterdir())
    assert [each.name for each in kept] == ["apple.json", "keys.json", "secrets.json"]
    assert all(stat.S_IMODE(each.stat().st_mode) == 0o600 for each in kept)
    assert Settings.from_environment({**given, "JWT_SECRET": "mine"}).jwt_secret == "mine"


def test_outside_the_demo_nothing_is_written(tmp_path):
    read(BACKLINE_DATA=str(tmp_path / "data"))
    assert list(tmp_path.iterdir()) == []


def test_a_demo_whose_secrets_are_damaged_says_so(tmp_path):
    (tmp_path / "keys.json").write_text("{")
    assert "damaged" in faults(BACKLINE_DEMO="1", BACKLINE_DATA=str(tmp_path), BACKLINE_KEYS="")[0]


def test_aliases():
    assert read(REDIS_HOST="cache").redis_url == "redis://cache:6379"
    assert read(REDIS_HOST="cache", REDIS_PORT="6380").queue_url == "redis://cache:6380"
    assert read(REDIS_PORT="6380").redis_url == "redis://localhost:6380"
    assert read(REDIS_URL="unix:///run/v", REDIS_HOST="cache").redis_url == "unix:///run/v"
    assert read(REDIS_URL="valkeys://h").redis_url == "rediss://h"
    assert read(REDIS_URL="redis://a", QUEUE_URL="redis://b").queue_url == "redis://b"
    assert read(DATABASE_URL="postgres://h/d?sslmode=require").database_url == "postgresql+asyncpg://h/d?ssl=require"
    assert read(DATABASE_URL="postgresql:///d?host=/run/pg").database_url == "postgresql+asyncpg:///d?host=/run/pg"
    origins = read(FRONTEND_URL="https://App.example/home", ALLOWED_ORIGINS="https://b.example/, https://app.example")
    assert origins.allowed_origins == ("https://b.example", "https://app.example")
    assert read(PLATFORM_FEE_PERCENTAGE="2.75").platform_fee_basis_points == 275


def test_the_environment_goes_before_the_file(tmp_path):
    dotenv = tmp_path / ".env"
    dotenv.write_text(
        "# a comment\n\nexport PORT=4000 # and another\nHOST='0.0.0.0'\nMAIL_FROM=\"Backline # <a@b.example>\"\n"
        "SMTP_URL=smtp://u:p%23w@h\nPUBLIC_URL= # none\n"
    )
    settings = read(dotenv, PORT="5000", HOST="")
    assert (settings.port, settings.host) == (5000, "0.0.0.0")
    assert settings.mail_from == "Backline # <a@b.example>"
    assert settings.smtp_url == "smtp://u:p%23w@h"
    assert settings.public_url == "http://localhost:5000"
    assert read(tmp_path / "not there").port == 8000


def test_the_example_explains_every_setting_in_one_line_and_is_valid():
    lines = EXAMPLE.read_text().splitlines()
    explained = {name: before for before, line in itertools.pairwise(lines) for name in re.findall("^([A-Z_]+)=", line)}
    assert set(explained) == names_of(Settings) | {"REDIS_HOST", "REDIS_PORT"}
    assert all(before.startswith("# ") and len(before) > 12 for before in explained.values())
    given = read(EXAMPLE)
    # The example is production's; the demo, which has no file, lets everything through.
    assert given == read(TRUSTED_ONLY="1") != read()


async def test_services_are_built_and_closed(server, tmp_path, key):
    settings = read(REDIS_URL=server.url, BACKLINE_DATA=str(tmp_path))
    async with build(settings) as services:
        assert await services.limiter.spend(key, every_seconds=60) == 0.0
        assert await services.bus.answers()
        await services.bell.ring("normal", uuid4())
        await services.files.write("photos/a.webp", b"x", content_type="image/webp")
        assert await services.files.read("photos/a.webp", limit=10) == b"x"
        assert services.cipher.open(services.cipher.seal("a", bound_to="b"), bound_to="b") == "a"
        with pytest.raises(NotConfigured):
            await services.mailer.send(to="a@b.example", subject="s", text="t")
        with pytest.raises(NotConfigured):
            await services.telephones.send_code("+4915112345678")
        for vendor in services.oauth.values():
            with pytest.raises(NotConfigured):
                vendor.require()
        assert len(services.secret) == 32
        assert not services.demo


def test_proofs_are_signed_with_a_key_of_their_own():
    derived = read().proof_signing_key
    assert len(derived) == 32
    assert read().proof_signing_key == derived != read(JWT_SECRET="k" * 32).proof_signing_key
    assert read(PROOF_SIGNING_KEY=KEY).proof_signing_key == bytes(32)
    former = read(PROOF_FORMER_KEYS=f"{'ab' * 32}, {'cd' * 32}").proof_former_keys
    assert former == (b"\xab" * 32, b"\xcd" * 32)
    # A key that is made of nothing would be everybody's.
    assert Settings.from_environment({}, secrets_needed=False).proof_signing_key == b""


@pytest.mark.parametrize(
    ("given", "word"),
    [({}, "KUBO_URL"), ({"KUBO_URL": "http://127.0.0.1:9"}, "Kubo"), ({"PINATA_JWT": "hidden"}, "Pinata")],
)
async def test_proofs_are_pinned_by_who_is_named(tmp_path, given, word):
    given = {"PINATA_URL": "http://127.0.0.1:9", **given}
    settings = read(REDIS_URL=f"unix://{tmp_path}/none", BACKLINE_DATA=str(tmp_path), **given)
    async with build(settings) as services:
        with pytest.raises((NotConfigured, Unavailable), match=word):
            await services.pins.pin(b"x", "bafk")


async def test_without_valkey_nothing_is_built():
    with pytest.raises(ValueError, match="no address"):
        async with build(read()):
            pass


async def test_a_silent_valkey_stops_no_start(tmp_path, key):
    settings = read(REDIS_URL=f"unix://{tmp_path}/none", BACKLINE_DATA=str(tmp_path))
    async with build(settings) as services:
        assert await services.limiter.spend(key, every_seconds=60) == 0.0
        assert await services.limiter.spend(key, every_seconds=60) > 0.0
        await services.bus.publish("topic", b"x")
        await services.bell.ring("normal", uuid4())
        assert not await services.bus.answers()


def test_callbacks_follow_from_the_public_address():
    here = read(PORT="8123")
    assert here.spotify_redirect_uri == "http://127.0.0.1:8123/oauth/spotify/callback"
    assert here.return_addresses == ("http://localhost:8123/oauth/done",)
    there = read(PUBLIC_URL="https://api.example.com", RETURN_URLS="backline://connected, https://app.example.com/done")
    assert there.apple_redirect_uri == "https://api.example.com/oauth/apple/callback"
    assert there.return_addresses == (
        "https://api.example.com/oauth/done",
        "backline://connected",
        "https://app.example.com/done",
    )


def test_the_demo_never_talks_to_a_real_vendor(tmp_path):
    given = {"SPOTIFY_API_URL": "https://api.spotify.com", "SPOTIFY_CLIENT_ID": "real", "SPOTIFY_CLIENT_SECRET": "real"}
    demo = Settings.from_environment({"BACKLINE_DEMO": "1", "BACKLINE_DATA": str(tmp_path), "PORT": "8100", **given})
    assert (demo.sandbox_port, demo.sandbox_mail_port) == (8101, 8125)
    addresses = [value for name, value in vars(demo).items() if name.endswith("_url") and isinstance(value, str)]
    outside = [value for value in addresses if value != demo.public_url]
    assert len(outside) >= 8
    assert all("//127.0.0.1:81" in value for value in outside), outside
    assert "real" not in {demo.spotify_client_id, demo.spotify_client_secret}
