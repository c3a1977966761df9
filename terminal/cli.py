"""The command line for installers; ``web/cli.py`` adds ``serve`` to it.

Each mistake gives one line on standard error: exit code 2 for the configuration, 1 for the rest.
"""

from __future__ import annotations

import json
import secrets
import string
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from eligibility.errors import EligibilityError
from face_auth import FaceAuthError
from terminal import __version__
from terminal.access.accounts import TERMINAL, Role, StaffAccount
from terminal.access.kiosk import KioskAccess
from terminal.access.passwords import LONGEST, SHORTEST
from terminal.access.staff import StaffAccess
from terminal.command_parts import config_option, opened_store, utc_now
from terminal.config import load_config
from terminal.config_keys import documented_keys
from terminal.doctor import examine
from terminal.errors import (
    AccountReason,
    AccountRefusedError,
    ConfigError,
    StoreDamagedError,
    TerminalError,
)
from terminal.expected.command import appointments
from terminal.face.command import face
from terminal.health import HealthCheck, HealthState, worst
from terminal.payer.command import payer
from terminal.register.command import records
from terminal.report.command import print_report
from terminal.retention.command import retention
from terminal.store import Store
from terminal.store.keys import new_key, write_key_file

GENERATED_PASSWORD_LETTERS = 24

ACCOUNT_REFUSED = {
    AccountReason.NAME_FORM: "a log-in name has small letters, digits, dots and hyphens",
    AccountReason.NAME_TAKEN: "there is an account of this name",
    AccountReason.PASSWORD_TOO_SHORT: f"a password has at least {SHORTEST} characters",
    AccountReason.PASSWORD_TOO_LONG: f"a password has at most {LONGEST} characters",
    AccountReason.PASSWORD_GUESSABLE: "this password is too easy to guess",
    AccountReason.INDIVIDUAL_NUMBER: "a name that looks like an Individual Number is not taken",
    AccountReason.LAST_ADMINISTRATOR: "the last administrator stays",
    AccountReason.UNKNOWN_ACCOUNT: "there is no account of this name",
}


class OneLineErrors(click.Group):
    """A group that turns our errors into one line and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(2)
        except AccountRefusedError as error:
            click.echo(f"Error: {ACCOUNT_REFUSED[error.reason]} ({error.reason})", err=True)
            ctx.exit(1)
        except (TerminalError, EligibilityError, FaceAuthError) as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(1)


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="eligibility-terminal")
def cli() -> None:
    """Online eligibility confirmation terminal (オンライン資格確認端末)."""


cli.add_command(face)
cli.add_command(records)
cli.add_command(appointments)
cli.add_command(payer)
cli.add_command(retention)


@contextmanager
def opened_access(config_file: Path) -> Iterator[StaffAccess]:
    """Open the accounts of the terminal whose configuration this is."""
    config = load_config(config_file, trust=False)
    with opened_store(config) as store:
        yield StaffAccess(store, utc_now)


@cli.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
def doctor(config_file: Path, *, as_json: bool) -> None:
    """Check configuration, reader, payer, store, disk and clock.

    Exit code: 0 if nothing fails (warnings are none), 1 if a check fails.
    """
    checks = examine(config_file, utc_now)
    if as_json:
        click.echo(json.dumps([check.as_dict() for check in checks], ensure_ascii=False, indent=2))
    else:
        for check in checks:
            click.echo(_line(check))
    sys.exit(1 if worst(checks) is HealthState.FAIL else 0)


def _line(check: HealthCheck) -> str:
    colour = {HealthState.PASS: "green", HealthState.WARN: "yellow", HealthState.FAIL: "red"}
    mark = click.style(f"{check.state.upper():4}", fg=colour[check.state])
    remedy = f"\n{'':20}→ {check.remedy}" if check.remedy else ""
    return f"{mark}  {check.name:13} {check.reason}{remedy}"


@cli.group()
def config() -> None:
    """Check, show and explain the configuration."""


@config.command("check")
@config_option
def config_check(config_file: Path) -> None:
    """Say whether the file can be used, certificates included."""
    loaded = load_config(config_file)
    click.echo(f"{loaded.file}: valid ({loaded.terminal.environment})")
    if not loaded.institution.check_digit_fits:
        click.echo("Warning: institution.code does not end in its check digit.", err=True)


@config.command("show")
@config_option
def config_show(config_file: Path) -> None:
    """Print every key with the value that is in force, defaults included."""
    loaded = load_config(config_file, trust=False)
    for key in documented_keys():
        # a section that is not there has no values
        value = getattr(getattr(loaded, key.section), key.key, None)
        click.echo(
            f"{key.section}.{key.key} = {json.dumps(value, default=str, ensure_ascii=False)}"
        )


@config.command("keys")
def config_keys() -> None:
    """Print all keys with type, default and meaning, as a Markdown table."""
    click.echo("| key | value | default | meaning |\n| --- | --- | --- | --- |")
    for key in documented_keys():
        default = f"`{key.default}`" if key.default is not None else "must be given"
        click.echo(f"| `{key.section}.{key.key}` | {key.kind} | {default} | {key.description} |")


@cli.group()
def account() -> None:
    """Accounts of staff."""


@account.command("add")
@click.argument("login_name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="What the account may see: reception has coverage, clinicians also consented history.",
)
@click.option("--display-name", help="The name that colleagues see; by default the log-in name.")
@click.option("--generate", is_flag=True, help="Make a random password and print it once.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@config_option
def account_add(  # one option, one parameter
    login_name: str,
    role: str,
    display_name: str | None,
    config_file: Path,
    *,
    generate: bool,
    password_stdin: bool,
) -> None:
    """Make the account LOGIN_NAME; its password is asked for, unless an option says otherwise."""
    with opened_access(config_file) as access:
        if generate:
            password = generated_password()
        elif password_stdin:
            password = sys.stdin.readline().rstrip("\n")
        else:
            password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        made = access.create_account(
            TERMINAL, login_name, display_name or login_name, Role(role), password
        )
    click.echo(f"Account {made.login_name} ({made.role}) is made.")
    if generate:
        click.echo(f"Password, shown this once: {password}")


def generated_password() -> str:
    """Return a random password of 24 letters and digits in groups of 6."""
    letters = string.ascii_lowercase + string.digits
    drawn = [secrets.choice(letters) for _ in range(GENERATED_PASSWORD_LETTERS)]
    return "-".join("".join(drawn[start : start + 6]) for start in range(0, len(drawn), 6))


@account.command("list")
@config_option
def account_list(config_file: Path) -> None:
    """Print all accounts: log-in name, role, display name, whether disabled."""
    with opened_access(config_file) as access:
        for found in access.accounts(TERMINAL):
            state = f"disabled {found.disabled_at:%Y-%m-%d}" if found.disabled_at else "active"
            click.echo("\t".join((found.login_name, found.role, found.display_name, state)))


@account.command("disable")
@click.argument("login_name")
@config_option
def account_disable(login_name: str, config_file: Path) -> None:
    """Close the account LOGIN_NAME and end its log-ins at once."""
    with opened_access(config_file) as access:
        access.disable_account(TERMINAL, _by_login(access, login_name).id)
    click.echo(f"Account {login_name} is disabled and logged out.")


def _by_login(access: StaffAccess, login_name: str) -> StaffAccount:
    for found in access.accounts(TERMINAL):
        if found.login_name == login_name:
            return found
    raise AccountRefusedError(AccountReason.UNKNOWN_ACCOUNT)


@cli.group()
def kiosk() -> None:
    """Browsers that stand in front of patients."""


@kiosk.command("code")
@config_option
def kiosk_code(config_file: Path) -> None:
    """Print a one-time code that makes a browser this desk's kiosk; it holds for 10 minutes."""
    config = load_config(config_file, trust=False)
    with opened_store(config) as store:
        kiosks = KioskAccess(store, utc_now, desk_id=config.terminal.desk_id)
        click.echo(kiosks.make_code(TERMINAL))


@cli.group()
def store() -> None:
    """The encrypted database."""


@store.command("create")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    required=True,
    help="Where to write the new key; keep a copy of it in a safe, never beside the database.",
)
def store_create(path: Path, key_file: Path) -> None:
    """Make a new, empty database at PATH and print the [store] section for the configuration."""
    path, key_file, store_id = path.absolute(), key_file.absolute(), str(uuid.uuid4())
    key = new_key()
    write_key_file(key_file, key)
    try:
        Store.create(path, key, store_id)
    except BaseException:
        key_file.unlink()
        raise
    click.echo("[store]")
    for name, value in (("path", path), ("key_file", key_file), ("store_id", store_id)):
        click.echo(f"{name} = {json.dumps(str(value), ensure_ascii=False)}")


@cli.group()
def audit() -> None:
    """The audit log (アクセスログ)."""


@audit.command("verify")
@config_option
def audit_verify(config_file: Path) -> None:
    """Check the chain of the audit log from its first record to its last."""
    with opened_store(load_config(config_file, trust=False)) as opened:
        verdict = opened.read(lambda tx: tx.audit.verify())
    if not verdict.ok:
        where = f"{verdict.kind} at record {verdict.first_bad_seq} of {verdict.rows}"
        msg = f"the audit chain is broken: {where}"
        raise StoreDamagedError(msg)
    click.echo(f"The chain is whole: {verdict.rows} records.")


@cli.command()
@click.argument("month", required=False)
@click.option("--csv", "form", flag_value="csv", help="Print a table, one figure a line.")
@click.option("--json", "form", flag_value="json", help="Print the same figures as JSON.")
@config_option
def report(month: str | None, form: str | None, config_file: Path) -> None:
    """Print the figures of MONTH (2026-11), by default of the running month.

    Counts and times of the questions to the payer; no name and no number of anybody.
    """
    config = load_config(config_file, trust=False)
    print_report(lambda: opened_store(config), utc_now, month, form or "text")
