"""The command `saif`: what an operator does, and what starts the processes."""

from app.cli import data, devices, forms, keys, missions, processes, users
from app.cli.frame import Commands

main = Commands(
    "saif",
    help="SAIF carries an interview from a spreadsheet to a case.\n\n"
    "Settings come from the environment (SAIF_HOME, DATABASE_URL, …). Every --help has an example.",
)
for group in (users.group, missions.group, devices.group, forms.group, data.ledger, keys.group, processes.db):
    main.add_command(group)
for command in (data.replay, data.export, data.demo, processes.worker, processes.serve):
    main.add_command(command)
