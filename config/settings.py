"""How this installation is set up: the environment, and nothing else. Every setting begins with `JINBANG_`."""

from __future__ import annotations

import secrets
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.errors import UnsafeSetting

_KEY_BYTES = 32


class Settings(BaseSettings):
    """Settings of one installation, with defaults that run on one machine without any."""

    model_config = SettingsConfigDict(env_prefix="JINBANG_", extra="ignore", frozen=True)

    data_dir: Path = Path("data")
    """Folder of everything that is kept: database, files, secret key, mailbox."""
    database_url: str = ""
    """SQLAlchemy URL; SQLite in the data folder if empty."""
    base_url: str = "http://localhost:8000"
    """Address under which people reach the pages; links in mails begin with it."""
    smtp_url: str = ""
    """smtp://user:password@host:587?tls=starttls; the built-in catcher if empty."""
    catcher_port: int = 8025
    """Port of the built-in mail catcher on loopback."""
    mail_from: str = "评审办公室 <review-office@example.org>"
    mails_per_minute: int = Field(default=30, ge=0)
    """Sent through the operator's server at most; 0 = no limit. The catcher knows no limit."""
    mails_per_minute_and_domain: int = Field(default=10, ge=0)
    mail_batch: int = Field(default=50, ge=1)
    """Mails per Prefect task."""
    secret_key_file: Path | None = None
    """File with the key from which links are derived; `secret.key` in the data folder if not given. Keep it out of backups of the data."""
    processes: Path | None = None
    """Folder of the installation's own process files, in place of the four that come along."""
    locale: Literal["zh_CN", "en"] = "zh_CN"
    time_zone: str = "Asia/Shanghai"
    """Zone in which pages without an edition show times."""
    admin_email: str = "admin@example.org"
    """The first admin."""
    more_admins: str = ""
    """Addresses of further admins, parted by commas."""
    two_admins: bool = False
    """Opening signed score sheets again takes effect only when a second admin has confirmed it."""
    prefect_api_url: str = ""
    """Prefect server; one on loopback if empty."""
    sweep_seconds: float = Field(default=60, gt=0)
    relay_seconds: float = Field(default=1, gt=0)
    lease_seconds: float = Field(default=60, gt=0)
    """An engine that shows no sign of life for so long has lost its editions."""
    stage_attempts: int = Field(default=5, ge=1)
    """A stage that fails so often in a row, one sweep after the other, is blocked until somebody retries it."""
    claim_seconds: float = Field(default=120, gt=0)
    """A claim on an outbox row or on a mail that is not fulfilled within this time can be taken by another process."""
    nominator_link_days: int = Field(default=60, ge=0)
    """A nominator's link still opens, for reading, this many days after the submission's deadline."""
    committee_link_days: int = Field(default=30, ge=1)
    """A link of a committee member or signatory opens this many days after its stage's deadline, or from its issue if there is none."""
    rehearsal_entries: int = Field(default=60, ge=1)
    """Made-up entries of a rehearsal without sample spreadsheets, where no number is given."""
    rehearsal_load: int = Field(default=18, ge=1)
    """Entries per made-up reviewer, where no number of reviewers is given."""
    rehearsal_extension_days: int = Field(default=3, ge=1)
    """So much more time the synthetic secretary of a rehearsal gives silent people."""
    visit_idle_hours: float = Field(default=2, gt=0)
    visit_hours: float = Field(default=12, gt=0)
    sign_in_minutes: float = Field(default=30, gt=0)
    """Life of an admin's sign-in link."""
    trusted_proxies: str = ""
    """Addresses of proxies whose X-Forwarded-For is believed, parted by commas; nobody's if empty."""
    wrong_links_per_minute: int = Field(default=20, ge=1)
    """Wrong links from one address before it is told to wait."""
    links_again_per_hour: int = Field(default=3, ge=1)
    """How often a person may have a link mailed again from the page that refuses the old one."""
    code_minutes: float = Field(default=10, gt=0)
    """Life of a mailed code."""
    code_tries: int = Field(default=5, ge=1)
    """Wrong tries after which a mailed code is dead."""
    code_sends: int = Field(default=3, ge=1)
    """Codes mailed to one person at most, within `code_send_minutes`."""
    code_send_minutes: float = Field(default=15, gt=0)
    refusals_kept_per_hour: int = Field(default=50, ge=1)
    """Refused requests of one person that are kept as events; more are only logged."""
    requests_per_minute: int = Field(default=300, ge=1)
    """Requests from one address; a whole university may sit behind it."""
    page_threads: int = Field(default=4, ge=1)
    """Pages that one web process shows at the same time; as many forms are taken and as many slow pages made beside them."""
    picture_megabytes: float = Field(default=30, gt=0)
    """Largest picture of an entry."""
    pdf_megabytes: float = Field(default=50, gt=0)
    """Largest PDF of an entry."""
    pdf_pages: int = Field(default=80, ge=1)
    """Most pages of a PDF of an entry."""
    media_megabytes: float = Field(default=500, gt=0)
    """Largest film or sound of an entry."""
    page_width: int = Field(default=1200, ge=400, le=4000)
    """Pixels in width of the pictures that reviewers see of a PDF's pages."""
    watermark: bool = True
    """Draw the reviewer's code over pages of documents."""
    material_seconds: int = Field(default=60, ge=1)
    """Computing time after which opening one file of an entry is given up."""
    material_megabytes: int = Field(default=1024, ge=256)
    """Memory that opening one file of an entry may take."""
    files_url: str = ""
    """Where entries' files are kept, as an fsspec URL; the folder `files` in the data folder if empty."""
    files_cache_megabytes: float = Field(default=2000, gt=0)
    """Room for copies of files that are kept elsewhere than on this machine; the longest unused ones go first."""
    clamav: str = Field(default="", pattern=r"^$|^unix:/.+$|^tcp:.+:\d{1,5}$")
    """Virus scanner: `unix:/run/clamav/clamd.ctl` or `tcp:host:port`; none if empty."""
    clamav_seconds: float = Field(default=60, gt=0)
    """The scanner counts as down if it says nothing for so long."""
    upload_part_megabytes: float = Field(default=4, gt=0)
    """Browsers send files in parts of this size; after a cut no more than one part is sent again."""
    upload_idle_seconds: float = Field(default=30, gt=0)
    """A sender from whom nothing comes for so long is cut off, and goes on later from where it was."""
    upload_wait_seconds: float = Field(default=2, ge=0)
    """An answer waits so long for a file to be examined; after that the page says that it is being examined."""
    uploads_open: int = Field(default=20, ge=1)
    """Files of one nominating unit that may be on their way in at the same time."""
    uploads_megabytes: float = Field(default=20_000, gt=0)
    """Size of all files of one nominating unit together, on their way in and kept."""
    upload_days: float = Field(default=2, gt=0)
    """A file that stopped arriving so long ago is forgotten."""
    table_rows: int = Field(default=2000, ge=1)
    """Rows of a spreadsheet that a nominator may send at once."""
    table_hours: float = Field(default=24, gt=0)
    """A spreadsheet that was read and not confirmed is forgotten after this time."""
    zip_megabytes: float = Field(default=1000, gt=0)
    """Largest zip of attachments, and the most that it may unpack to."""
    zip_files: int = Field(default=2000, ge=1)
    """Most files in a zip of attachments."""
    ranking_draws: int = Field(default=1000, ge=100, le=100_000)
    """Draws behind the chances on the office's page of a ranking; more are finer and take longer."""
    ranking_clear: Decimal = Field(default=Decimal("0.9"), gt=Decimal("0.5"), le=1)
    """Chance from which that page calls an entry clearly selected; it clearly is not from 1 minus this downwards."""
    signature_length: int = Field(default=8000, ge=100)
    """Characters of a drawn signature at most; it is kept with every sheet that it signs."""
    body_megabytes: float = Field(default=4, gt=0)
    """Largest form that is read."""
    allow_unsafe_database: bool = False
    """For tests only: start on a database that may lose acknowledged work."""

    @property
    def url(self) -> str:
        """URL of the database."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'jinbang.db'}"

    @property
    def files_dir(self) -> Path:
        """Folder of entries' files, by hash, unless `files_url` names another place."""
        return self.data_dir / "files"

    @property
    def arriving_dir(self) -> Path:
        """Folder of files on their way in, and of quarantined ones; web processes on several machines share it."""
        return self.data_dir / "arriving"

    @property
    def tables_dir(self) -> Path:
        """Folder of nominators' spreadsheets between reading and confirming; web processes on several machines share it."""
        return self.data_dir / "tables"

    @property
    def mailbox_dir(self) -> Path:
        """Folder of caught mails."""
        return self.data_dir / "mailbox"

    @property
    def catches_mail(self) -> bool:
        """Whether no mail server is configured, so that everything goes to the catcher."""
        return not self.smtp_url

    @property
    def https(self) -> bool:
        """Whether people come by https; cookies are then bound to it."""
        return urlsplit(self.base_url).scheme == "https"

    @cached_property
    def secret_key(self) -> bytes:
        """The key from which links are derived; made at the first use.

        Raises:
            UnsafeSetting: the file is too short to be a key.
        """
        path = self.secret_key_file or self.data_dir / "secret.key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            made = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            made.touch(mode=0o600)
            made.write_text(secrets.token_hex(_KEY_BYTES), encoding="ascii")
            try:
                path.hardlink_to(made)  # whoever comes first wins; nobody overwrites a key
            except FileExistsError:
                pass
            finally:
                made.unlink()
        key = path.read_bytes().strip()
        if len(key) < _KEY_BYTES:
            raise UnsafeSetting(f"{path} holds {len(key)} bytes; a key needs at least {_KEY_BYTES}. Delete it only if no link is out")
        return key
