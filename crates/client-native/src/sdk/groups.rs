//! Users, direct chats, groups and their members, over REST. Their entries come as all others do.

use chinwag_proto::entry::{Encryption, History};
use chinwag_proto::rest::{
    AddMembers, CreateChat, HeadDone, Member, Members, Profile as UserProfile, SetRole, UpdateChat,
};
use chinwag_proto::text::Name;
use chinwag_proto::{ChatId, Role, Seq, UserId};
use hyper::Method;

use super::{Client, fresh_id};
use crate::ClientError;

/// Pages of members that are asked for: 10,000 members, the most that a group may have.
const PAGES_MAX: usize = 200;

impl Client {
    /// The user with exactly this name.
    pub async fn find_user(&self, username: &str) -> Result<UserProfile, ClientError> {
        self.rest().find_user(username).await
    }

    /// The direct chat with the user of this name; it begins with its first message.
    pub async fn direct(&self, username: &str) -> Result<ChatId, ClientError> {
        Ok(self.direct_with(self.find_user(username).await?.user_id))
    }

    /// The direct chat with a user; with oneself, the notes.
    pub fn direct_with(&self, user: UserId) -> ChatId {
        ChatId::direct(self.me(), user)
    }

    /// Makes a group whose owner one is; at most 100 members besides. New members see what comes after them.
    pub async fn create_group(&self, title: &Name, members: &[UserId]) -> Result<ChatId, ClientError> {
        let body = CreateChat {
            title: Some(title.clone()),
            members: members.to_vec(),
            encryption: Encryption::None,
            history: History::Joined,
            client_message_id: fresh_id().ok(),
        };
        let done = self.rest().create_chat(&body).await?;
        done.chat_id.ok_or_else(|| ClientError::Broken("the server named no chat".to_owned()))
    }

    /// Changes a group's title.
    pub async fn set_title(&self, chat: ChatId, title: &Name) -> Result<(), ClientError> {
        let body = UpdateChat { title: Some(title.clone()), history: None, who_may_add: None };
        self.rest().request(Method::PATCH, &format!("/chats/{chat}"), Some(&body)).await.map(drop)
    }

    /// All members of a group, in the order of user ids.
    pub async fn members(&self, chat: ChatId) -> Result<Vec<Member>, ClientError> {
        let mut all = Vec::new();
        let mut path = format!("/chats/{chat}/members");
        for _ in 0..PAGES_MAX {
            let page: Members = self.rest().call::<(), _>(Method::GET, &path, None).await?;
            all.extend(page.members);
            let Some(cursor) = page.cursor else { break };
            path = format!("/chats/{chat}/members?cursor={cursor}");
        }
        Ok(all)
    }

    /// Adds members, at most 100; who is one already is passed over. Answers the chat's head.
    pub async fn add_members(&self, chat: ChatId, users: &[UserId]) -> Result<Seq, ClientError> {
        let body = AddMembers { users: users.to_vec() };
        let path = format!("/chats/{chat}/members");
        let done: HeadDone = self.rest().call(Method::POST, &path, Some(&body)).await?;
        Ok(done.head)
    }

    /// Gives a member a role.
    pub async fn set_role(&self, chat: ChatId, user: UserId, role: Role) -> Result<(), ClientError> {
        let path = format!("/chats/{chat}/members/{user}");
        self.rest().request(Method::PUT, &path, Some(&SetRole { role })).await.map(drop)
    }

    /// Removes a member.
    pub async fn remove_member(&self, chat: ChatId, user: UserId) -> Result<(), ClientError> {
        let path = format!("/chats/{chat}/members/{user}");
        self.rest().request::<()>(Method::DELETE, &path, None).await.map(drop)
    }

    /// Leaves a group; what is held of it stays readable.
    pub async fn leave(&self, chat: ChatId) -> Result<(), ClientError> {
        self.remove_member(chat, self.me()).await
    }
}
