//! The users of a run: made through the server's admin socket, without a password for each.

use chinwag_proto::text::Name;
use chinwag_server::node::admin::bodies::{Provision, Provisioned, ProvisionedRow};
use chinwag_server::node::admin::door::Door;

use super::subject::Server;
use crate::client::status;
use crate::exit::Failure;
use crate::settings::SettingsArgs;

const AT_ONCE: usize = 1_000;

/// Makes so many users, each with a device that is logged in.
pub(super) async fn provision(server: &Server, count: usize) -> Result<Vec<ProvisionedRow>, Failure> {
    let settings = SettingsArgs { data: Some(server.data().clone()), ..SettingsArgs::default() };
    let loaded = settings.load(Vec::new())?;
    let door = Door::running(&loaded.config).await.ok_or_else(|| {
        Failure::runtime("the server's admin socket does not answer; is --data its folder?")
    })?;
    let device: Name = "bench".parse().map_err(Failure::runtime)?;
    let mut users = Vec::with_capacity(count);
    while users.len() < count {
        let body = Provision {
            count: (count - users.len()).min(AT_ONCE),
            prefix: "bench-".to_owned(),
            device: device.clone(),
        };
        let made: Provisioned =
            door.ask("POST", "/provisioned-users", Some(&body)).await.map_err(Failure::runtime)?;
        users.extend(made.users);
        if count > AT_ONCE {
            status(format_args!("{} of {count} users made", users.len()));
        }
    }
    Ok(users)
}
