//! `chinwag admin users`.

use chinwag_proto::UserId;
use chinwag_proto::text::{Email, Name, Username};
use chinwag_server::node::admin::bodies::{
    CreateUser, PasswordReset, Provision, Provisioned, ResetPassword, UserCreated, UserInfo, UserPage,
};
use chinwag_server::node::admin::door::segment;
use clap::{Args, Subcommand};

use super::table::{or_dash, table};
use super::{Operator, password};
use crate::exit::Failure;

/// Accounts asked for at once.
const PROVISIONED_AT_ONCE: usize = 1_000;

/// A user that is meant.
#[derive(Args, Debug)]
pub(super) struct UserArg {
    /// A user name, or id:NUMBER
    pub(super) user: String,
}

impl UserArg {
    /// `/users/USER` and what follows.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/users/{}{rest}", segment(&self.user))
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum UsersCommand {
    /// List accounts in the order in which they were made; erased ones have no name
    List {
        /// Begin after this id
        #[arg(long, value_name = "ID")]
        after: Option<UserId>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        limit: u16,
    },
    /// Show one account
    Show(UserArg),
    /// Make an account, whoever may register; without --password-stdin a password is made and printed
    Create {
        /// 3-32 of a-z 0-9 _ . -
        name: Username,
        /// The name shown to others [default: the user name]
        #[arg(long, value_name = "NAME")]
        display_name: Option<Name>,
        /// An address, for log-in
        #[arg(long)]
        email: Option<Email>,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Make many accounts without passwords, each with a device that is logged in, for load tests and bots
    Provision {
        /// How many
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        count: u32,
        /// How their names begin; their ids follow
        #[arg(long, default_value = "bot-")]
        prefix: String,
        /// What their devices are called
        #[arg(long, value_name = "NAME", default_value = "bot")]
        device: Name,
    },
    /// Suspend: the user's connections close and he cannot log in
    Suspend(UserArg),
    /// End a suspension; the user logs in anew
    Restore(UserArg),
    /// Erase for ever: the log-in dies, personal data goes, messages stay as from a deleted user
    Erase {
        #[command(flatten)]
        user: UserArg,
        /// Say that it is meant: it cannot be undone
        #[arg(long)]
        yes: bool,
    },
    /// Set another password and log all devices out; without --password-stdin one is made and printed
    ResetPassword {
        #[command(flatten)]
        user: UserArg,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
}

pub(super) async fn run(operator: &Operator, command: UsersCommand) -> Result<(), Failure> {
    match command {
        UsersCommand::List { after, limit } => {
            let after = after.map_or_else(String::new, |after| format!("&after={after}"));
            let page: UserPage = operator.get(&format!("/users?limit={limit}{after}")).await?;
            operator.print(&page, list)
        }
        UsersCommand::Show(user) => operator.print(&operator.get::<UserInfo>(&user.path("")).await?, show),
        UsersCommand::Create { name, display_name, email, password_stdin } => {
            let password = password(password_stdin)?;
            let body = CreateUser { username: name, display_name, email, password };
            let made: UserCreated = operator.post("/users", &body).await?;
            operator.print(&made, |made| {
                let password =
                    made.password.as_ref().map_or_else(String::new, |made| format!("\npassword {made}"));
                format!("user {} {}{password}", made.user_id, made.username)
            })
        }
        UsersCommand::Provision { count, prefix, device } => provision(operator, count, prefix, device).await,
        UsersCommand::Suspend(user) => {
            operator.put::<()>(&user.path("/suspended"), &serde_json::json!({})).await?;
            operator.done("suspended")
        }
        UsersCommand::Restore(user) => {
            operator.delete(&user.path("/suspended")).await?;
            operator.done("restored")
        }
        UsersCommand::Erase { yes: false, .. } => {
            Err(Failure::usage("an erasure cannot be undone: add --yes to say that it is meant"))
        }
        UsersCommand::Erase { user, yes: true } => {
            operator.delete(&user.path("")).await?;
            operator.done("erased")
        }
        UsersCommand::ResetPassword { user, password_stdin } => {
            let body = ResetPassword { password: password(password_stdin)? };
            let reset: PasswordReset = operator.put(&user.path("/password"), &body).await?;
            operator.print(&reset, |reset| {
                reset
                    .password
                    .as_ref()
                    .map_or_else(|| "password set".to_owned(), |made| format!("password {made}"))
            })
        }
    }
}

/// Prints each account as it is made, so that no answer grows with the number.
async fn provision(operator: &Operator, count: u32, prefix: String, device: Name) -> Result<(), Failure> {
    let mut left = usize::try_from(count).unwrap_or(usize::MAX);
    while left > 0 {
        let body = Provision {
            count: left.min(PROVISIONED_AT_ONCE),
            prefix: prefix.clone(),
            device: device.clone(),
        };
        let made: Provisioned = operator.post("/provisioned-users", &body).await?;
        for user in &made.users {
            operator.print(user, |user| {
                format!("user {} device {} token {}", user.user_id, user.device_id, user.token)
            })?;
        }
        left = left.saturating_sub(made.users.len().max(1));
    }
    Ok(())
}

fn list(page: &UserPage) -> String {
    let row = |user: &UserInfo| {
        [
            user.user_id.to_string(),
            or_dash(user.username.as_ref()),
            or_dash(user.display_name.as_ref()),
            or_dash(user.email.as_ref()),
            user.created_at.to_string(),
            state(user).to_owned(),
        ]
    };
    let rows = page.users.iter().map(row).collect();
    let more = page.after.map_or_else(String::new, |after| format!("more with --after {after}\n"));
    table(["ID", "NAME", "SHOWN AS", "EMAIL", "SINCE", "STATE"], rows) + &more
}

fn show(user: &UserInfo) -> String {
    format!(
        "id        {}\nname      {}\nshown as  {}\nemail     {}\nsince     {}\nstate     {}",
        user.user_id,
        or_dash(user.username.as_ref()),
        or_dash(user.display_name.as_ref()),
        or_dash(user.email.as_ref()),
        user.created_at,
        state(user),
    )
}

const fn state(user: &UserInfo) -> &'static str {
    match (&user.username, user.suspended) {
        (None, _) => "erased",
        (_, true) => "suspended",
        (_, false) => "active",
    }
}
