//! `chinwag admin devices`.

use chinwag_proto::DeviceId;
use chinwag_proto::text::Name;
use chinwag_server::node::admin::bodies::{CreateDevice, DeviceCreated, DeviceRow, DeviceRows};
use clap::Subcommand;

use super::Operator;
use super::table::{or_dash, table};
use super::users::UserArg;
use crate::exit::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum DevicesCommand {
    /// List the devices of a user, the oldest first
    List(UserArg),
    /// Log a new device of a user in, without his password (for bots), and print its token
    Create {
        #[command(flatten)]
        user: UserArg,
        /// What the device is called
        name: Name,
    },
    /// Remove a device of a user; its connections close
    Revoke {
        #[command(flatten)]
        user: UserArg,
        /// The device's id
        device: DeviceId,
    },
}

pub(super) async fn run(operator: &Operator, command: DevicesCommand) -> Result<(), Failure> {
    match command {
        DevicesCommand::List(user) => {
            operator.print(&operator.get::<DeviceRows>(&user.path("/devices")).await?, list)
        }
        DevicesCommand::Create { user, name } => {
            let made: DeviceCreated = operator.post(&user.path("/devices"), &CreateDevice { name }).await?;
            operator.print(&made, |made| {
                format!("device {}\ntoken {}\nuntil {}", made.device_id, made.token, made.expires_at)
            })
        }
        DevicesCommand::Revoke { user, device } => {
            operator.delete(&user.path(&format!("/devices/{device}"))).await?;
            operator.done("revoked")
        }
    }
}

fn list(rows: &DeviceRows) -> String {
    let row = |device: &DeviceRow| {
        let state = if device.logged_in { "logged in" } else { "logged out" };
        [
            device.device_id.to_string(),
            device.name.to_string(),
            device.created_at.to_string(),
            or_dash(device.last_seen),
            state.to_owned(),
        ]
    };
    table(["ID", "NAME", "SINCE", "LAST SEEN", "STATE"], rows.devices.iter().map(row).collect())
}
