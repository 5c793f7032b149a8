//! `chinwag admin invites`.

use chinwag_server::node::admin::bodies::{CreateInvite, InviteCreated, InviteRow, InviteRows};
use clap::Subcommand;

use super::Operator;
use super::table::table;
use crate::exit::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum InvitesCommand {
    /// Make an invitation and print its secret, which a newcomer gives as `invite`
    Create {
        /// How many may use it
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        uses: u32,
        /// For how many days
        #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=3_650))]
        days: u32,
        /// What it is for
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
    /// List the invitations that are not used up, the newest first
    List,
    /// Take an invitation back
    Revoke {
        /// Its number
        id: u64,
    },
}

pub(super) async fn run(operator: &Operator, command: InvitesCommand) -> Result<(), Failure> {
    match command {
        InvitesCommand::Create { uses, days, note } => {
            let made: InviteCreated =
                operator.post("/invites", &CreateInvite { note, uses, hours: days * 24 }).await?;
            operator.print(&made, |made| {
                format!("invite {}\nnumber {}\nuntil {}", made.invite, made.id, made.expires_at)
            })
        }
        InvitesCommand::List => operator.print(&operator.get::<InviteRows>("/invites").await?, list),
        InvitesCommand::Revoke { id } => {
            operator.delete(&format!("/invites/{id}")).await?;
            operator.done("revoked")
        }
    }
}

fn list(rows: &InviteRows) -> String {
    let row = |invite: &InviteRow| {
        [
            invite.id.to_string(),
            invite.uses_left.to_string(),
            invite.expires_at.to_string(),
            invite.created_at.to_string(),
            invite.note.clone(),
        ]
    };
    table(["NUMBER", "USES LEFT", "UNTIL", "SINCE", "NOTE"], rows.invites.iter().map(row).collect())
}
