//! `chinwag admin chats`.

use chinwag_proto::ChatId;
use chinwag_server::node::admin::bodies::{ChatInfo, ChatPage, ChatShown, MemberRow};
use clap::Subcommand;
use serde::Serialize;

use super::Operator;
use super::table::{or_dash, table};
use super::users::UserArg;
use crate::exit::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum ChatsCommand {
    /// List the chats of a user
    List {
        #[command(flatten)]
        user: UserArg,
        /// Begin after this chat
        #[arg(long, value_name = "CHAT")]
        after: Option<ChatId>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=200))]
        limit: u16,
    },
    /// Show a chat's settings and members
    Show {
        /// d.LOW.HIGH, g.ID or u.USERID
        chat: ChatId,
    },
}

pub(super) async fn run(operator: &Operator, command: ChatsCommand) -> Result<(), Failure> {
    match command {
        ChatsCommand::List { user, after, limit } => {
            let after = after.map_or_else(String::new, |after| format!("&after={after}"));
            let page: ChatPage = operator.get(&user.path(&format!("/chats?limit={limit}{after}"))).await?;
            operator.print(&page, list)
        }
        ChatsCommand::Show { chat } => {
            operator.print(&operator.get::<ChatShown>(&format!("/chats/{chat}")).await?, show)
        }
    }
}

fn list(page: &ChatPage) -> String {
    let row = |chat: &ChatInfo| {
        [
            chat.chat_id.to_string(),
            or_dash(chat.title.as_ref()),
            chat.members.to_string(),
            chat.messages.to_string(),
            word(&chat.encryption),
            chat.last_at.to_string(),
        ]
    };
    let rows = page.chats.iter().map(row).collect();
    let more = page.after.map_or_else(String::new, |after| format!("more with --after {after}\n"));
    table(["ID", "TITLE", "MEMBERS", "MESSAGES", "ENCRYPTION", "LAST"], rows) + &more
}

fn show(shown: &ChatShown) -> String {
    let chat = &shown.chat;
    let head = format!(
        "id           {}\ntitle        {}\nhead         {}\nmessages     {}\nencryption   {}\nhistory      {}\nwho may add  {}\nlast         {}\n\n",
        chat.chat_id,
        or_dash(chat.title.as_ref()),
        chat.head,
        chat.messages,
        word(&chat.encryption),
        word(&shown.history),
        word(&shown.who_may_add),
        chat.last_at,
    );
    let row = |member: &MemberRow| {
        let name = or_dash(member.username.as_ref());
        [member.user_id.to_string(), name, word(&member.role), member.since.to_string()]
    };
    head + &table(["MEMBER", "NAME", "ROLE", "SINCE"], shown.members.iter().map(row).collect())
}

/// A value of a fixed set as it travels.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
