//! Role × action in a group, as a table.

use chinwag_proto::Code::{self, Forbidden};
use serde_json::json;

use crate::bench::{Answer, Group, Person, Server};

/// Two of each role, so that each can be done to by his like.
struct Scene {
    owners: [Person; 2],
    admins: [Person; 2],
    members: [Person; 2],
    stranger: Person,
    group: Group,
    /// The message of the second of each: owner, admin, member.
    messages: [u64; 3],
}

impl Scene {
    async fn set() -> Self {
        let server = Server::start().await;
        let mut people = Vec::new();
        for name in ["owner1", "owner2", "admin1", "admin2", "member1", "member2"] {
            people.push(server.person(name).await);
        }
        let stranger = server.person("stranger").await;
        let [o1, o2, a1, a2, m1, m2]: [Person; 6] = people.try_into().ok().unwrap();
        let group = o1.makes_a_group("tea", &[&o2, &a1, &a2, &m1, &m2]).await;
        o1.gives_role("owner", &o2, group).await.is(204);
        o1.gives_role("admin", &a1, group).await.is(204);
        o1.gives_role("admin", &a2, group).await.is(204);
        let mut messages = [0; 3];
        for (seq, person) in messages.iter_mut().zip([&o2, &a2, &m2]) {
            *seq = person.sent("mine", group).await.seq.get();
        }
        Self { owners: [o1, o2], admins: [a1, a2], members: [m1, m2], stranger, group, messages }
    }

    fn actor(&self, role: usize) -> &Person {
        &[&self.owners, &self.admins, &self.members][role][0]
    }

    fn other(&self, role: usize) -> &Person {
        &[&self.owners, &self.admins, &self.members][role][1]
    }
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Send,
    React,
    Leave,
    SetTitle,
    SetHistory,
    SetWhoMayAdd,
    Add,
    MakeAdmin,
    MakeOwner,
    Remove(usize),
    Demote(usize),
    DeleteMessageOf(usize),
    EditMessageOf(usize),
    DeleteOwn,
    EditOwn,
}

use Action::*;

const OWNER: usize = 0;
const ADMIN: usize = 1;
const MEMBER: usize = 2;

async fn act(scene: &Scene, who: &Person, action: Action) -> Answer {
    let group = scene.group;
    let chat = format!("/chats/{group}");
    let message = |seq: u64| format!("/messages/{group}/{seq}");
    match action {
        Send => who.sends("hi", group).await,
        React => who.put(&format!("{}/reactions/x", message(scene.messages[OWNER]))).await,
        Leave => who.removes(who, group).await,
        SetTitle => who.patches(&chat, json!({"title": "coffee"})).await,
        SetHistory => who.patches(&chat, json!({"history": "all"})).await,
        SetWhoMayAdd => who.patches(&chat, json!({"whoMayAdd": "members"})).await,
        Add => who.adds(&scene.stranger, group).await,
        MakeAdmin => who.gives_role("admin", scene.other(MEMBER), group).await,
        MakeOwner => who.gives_role("owner", scene.other(MEMBER), group).await,
        Remove(role) => who.removes(scene.other(role), group).await,
        Demote(role) => who.gives_role("member", scene.other(role), group).await,
        DeleteMessageOf(role) => who.delete(&message(scene.messages[role])).await,
        EditMessageOf(role) => who.patches(&message(scene.messages[role]), json!({"content": "x"})).await,
        DeleteOwn | EditOwn => {
            let seq = who.sent("own", group).await.seq.get();
            match action {
                DeleteOwn => who.delete(&message(seq)).await,
                _ => who.patches(&message(seq), json!({"content": "x"})).await,
            }
        }
    }
}

#[tokio::test]
async fn each_role_may_do_what_the_contract_says() {
    let (yes, no): (Option<Code>, _) = (None, Some(Forbidden));
    // Owner, admin, member.
    let table = [
        (Send, [yes, yes, yes]),
        (React, [yes, yes, yes]),
        (Leave, [yes, yes, yes]),
        (EditOwn, [yes, yes, yes]),
        (DeleteOwn, [yes, yes, yes]),
        (SetTitle, [yes, yes, no]),
        (SetHistory, [yes, no, no]),
        (SetWhoMayAdd, [yes, no, no]),
        (Add, [yes, yes, no]),
        (MakeAdmin, [yes, no, no]),
        (MakeOwner, [yes, no, no]),
        (Remove(OWNER), [yes, no, no]),
        (Remove(ADMIN), [yes, no, no]),
        (Remove(MEMBER), [yes, yes, no]),
        (Demote(OWNER), [yes, no, no]),
        (Demote(ADMIN), [yes, no, no]),
        (DeleteMessageOf(OWNER), [yes, yes, no]),
        (DeleteMessageOf(ADMIN), [yes, yes, no]),
        (DeleteMessageOf(MEMBER), [yes, yes, no]),
        (EditMessageOf(OWNER), [no, no, no]),
        (EditMessageOf(MEMBER), [no, no, no]),
    ];
    let mut wrong = Vec::new();
    for (action, expected) in table {
        for (role, expected) in expected.into_iter().enumerate() {
            let scene = Scene::set().await;
            let answer = act(&scene, scene.actor(role), action).await;
            if answer.outcome().err() != expected {
                wrong.push(format!("{action:?} by role {role}: expected {expected:?}: {answer}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
