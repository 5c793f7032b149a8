//! What the screen asks of the server and of what is held here, and the answers.

use chinwag_client_native::{Client, ClientError, Rest};
use chinwag_proto::rest::{BlockInfo, Blocks, Contacts, Devices, Profile, RenameDevice};
use chinwag_proto::text::Name as Title;
use chinwag_proto::{ChatId, UserId};
use hyper::Method;

use super::data::Name;
use super::model::{Answer, Ask, Hit};

/// Results of a search that are shown.
const HITS_MAX: usize = 50;

/// Carries a question out. It always answers.
pub(super) async fn answer(client: &Client, ask: Ask) -> Answer {
    let done = match ask {
        Ask::Search { ticket, query } => Ok(Answer::Hits { ticket, hits: search(client, &query).await }),
        Ask::Look { chat, seq } => {
            let lines = client.look(chat, seq, seq).await.unwrap_or_default();
            Ok(Answer::Looked { chat, seq, line: lines.into_iter().next().map(Box::new) })
        }
        ask @ (Ask::User(_) | Ask::NewGroup { .. }) => new_chat(client, ask).await,
        ask @ (Ask::Devices | Ask::RenameDevice { .. } | Ask::Revoke(_)) => devices(client, ask).await,
        ask @ (Ask::Contacts | Ask::AddContact(_) | Ask::RemoveContact(_) | Ask::Block { .. }) => {
            contacts(client, ask).await
        }
        Ask::Leave(chat) => client.leave(chat).await.map(|()| Answer::Left(chat)).map_err(told),
        ask => group(client, ask).await,
    };
    done.unwrap_or_else(Answer::Failed)
}

/// A refusal in words for the user.
fn told(error: ClientError) -> String {
    match error {
        ClientError::Refused { detail, .. } => detail,
        other => other.to_string(),
    }
}

async fn search(client: &Client, query: &str) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (chat, seq) in client.search(query).await.unwrap_or_default().into_iter().take(HITS_MAX) {
        let lines = client.look(chat, seq, seq).await.unwrap_or_default();
        hits.extend(lines.into_iter().map(|line| Hit { chat, line }));
    }
    hits
}

async fn find(client: &Client, name: &str) -> Result<UserId, String> {
    use chinwag_proto::Code;
    match client.find_user(name).await {
        Ok(profile) => Ok(profile.user_id),
        Err(ClientError::Refused { code: Code::NotFound, .. }) => Err(format!("There is no user {name}")),
        Err(error) => Err(told(error)),
    }
}

async fn find_all(client: &Client, names: &[String]) -> Result<Vec<UserId>, String> {
    let mut users = Vec::with_capacity(names.len());
    for name in names {
        users.push(find(client, name).await?);
    }
    Ok(users)
}

fn title(text: &str) -> Result<Title, String> {
    text.parse().map_err(|why: chinwag_proto::text::TextError| why.to_string())
}

async fn new_chat(client: &Client, ask: Ask) -> Result<Answer, String> {
    match ask {
        Ask::User(name) => find(client, &name).await.map(Answer::User),
        Ask::NewGroup { title: text, members } => {
            let mut users = find_all(client, &members).await?;
            users.retain(|user| *user != client.me());
            client.create_group(&title(&text)?, &users).await.map(Answer::Group).map_err(told)
        }
        _ => Err(String::new()),
    }
}

/// Changes a group where that was asked, and answers its members.
async fn group(client: &Client, ask: Ask) -> Result<Answer, String> {
    let chat: ChatId = match ask {
        Ask::Members(chat) => chat,
        Ask::Add { chat, names } => {
            let users = find_all(client, &names).await?;
            client.add_members(chat, &users).await.map_err(told)?;
            chat
        }
        Ask::Remove { chat, user } => {
            client.remove_member(chat, user).await.map_err(told)?;
            chat
        }
        Ask::Role { chat, user, role } => {
            client.set_role(chat, user, role).await.map_err(told)?;
            chat
        }
        Ask::Title { chat, title: text } => {
            client.set_title(chat, &title(&text)?).await.map_err(told)?;
            chat
        }
        _ => return Err(String::new()),
    };
    let members = client.members(chat).await.map_err(told)?;
    Ok(Answer::Members { chat, members })
}

async fn call(rest: &Rest, method: Method, path: &str) -> Result<(), String> {
    rest.request::<()>(method, path, None).await.map(drop).map_err(told)
}

/// Changes a device where that was asked, and answers all of them.
async fn devices(client: &Client, ask: Ask) -> Result<Answer, String> {
    let (rest, me) = (client.rest(), client.me());
    match ask {
        Ask::RenameDevice { device, name } => {
            let body = RenameDevice { name: title(&name)? };
            let path = format!("/users/{me}/devices/{device}");
            rest.request(Method::PATCH, &path, Some(&body)).await.map_err(told)?;
        }
        Ask::Revoke(device) => call(rest, Method::DELETE, &format!("/users/{me}/devices/{device}")).await?,
        _ => {}
    }
    let path = format!("/users/{me}/devices");
    let all: Devices = rest.call::<(), _>(Method::GET, &path, None).await.map_err(told)?;
    Ok(Answer::Devices(all.devices))
}

/// Changes contacts or blocks where that was asked, and answers all of them.
async fn contacts(client: &Client, ask: Ask) -> Result<Answer, String> {
    let (rest, me) = (client.rest(), client.me());
    match ask {
        Ask::AddContact(name) => {
            let user = find(client, &name).await?;
            call(rest, Method::PUT, &format!("/users/{me}/contacts/{user}")).await?;
        }
        Ask::RemoveContact(user) => {
            call(rest, Method::DELETE, &format!("/users/{me}/contacts/{user}")).await?
        }
        Ask::Block { user, on } => {
            let method = if on { Method::PUT } else { Method::DELETE };
            call(rest, method, &format!("/users/{me}/blocks/{user}")).await?;
        }
        _ => {}
    }
    let path = format!("/users/{me}/contacts");
    let contacts: Contacts = rest.call::<(), _>(Method::GET, &path, None).await.map_err(told)?;
    let path = format!("/users/{me}/blocks");
    let blocks: Blocks = rest.call::<(), _>(Method::GET, &path, None).await.map_err(told)?;
    let blocks: Vec<BlockInfo> = blocks.blocks;
    Ok(Answer::Contacts { contacts: contacts.contacts, blocks })
}

/// How a user is called; the error says how long to leave the server alone, in milliseconds.
pub(super) async fn name(rest: Rest, user: UserId) -> (UserId, Result<Name, u64>) {
    use chinwag_proto::Code;
    const LATER_MS: u64 = 10_000;
    let found: Result<Profile, ClientError> =
        rest.call::<(), _>(Method::GET, &format!("/users/{user}"), None).await;
    let named = match found {
        Ok(profile) => Ok(Name {
            username: profile.username.map(|name| name.to_string()),
            shown: profile.display_name.map(|name| name.to_string()),
        }),
        Err(ClientError::Refused { code: Code::NotFound, .. }) => Ok(Name::default()),
        Err(ClientError::Refused { retry_after_ms, .. }) => Err(retry_after_ms.unwrap_or(LATER_MS)),
        Err(_) => Err(LATER_MS),
    };
    (user, named)
}
