//! The look-ups on the way of every connection and request go by an index, whatever the tables hold.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rusqlite::Connection;

use super::{SCHEMA, book, chains, contacts, devices, keys, memberships, profiles};

/// What SQLite reads for a statement, step by step.
fn plan(db: &Connection, sql: &str) -> Vec<String> {
    let mut explained = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // What the parameters are does not matter to the plan.
    explained.raw_query().mapped(|row| row.get(3)).map(Result::unwrap).collect()
}

/// Lists that were handed in, and the few groups of one user, are read whole; tables never.
fn reads_a_table(step: &str) -> bool {
    let of_the_call = ["VIRTUAL TABLE", "CONSTANT ROW", "SCAN small"];
    step.starts_with("SCAN") && !of_the_call.iter().any(|name| step.contains(name))
}

#[test]
fn no_look_up_reads_a_whole_table_or_sorts_one() {
    let db = Connection::open_in_memory().unwrap();
    SCHEMA.migrations.iter().for_each(|step| db.execute_batch(step).unwrap());
    let statements = [
        memberships::CHATS_OF.to_owned(),
        memberships::ACQUAINTED.to_owned(),
        contacts::pairs_with("contact"),
        contacts::pairs_with("block"),
        devices::TOKEN_OWNER.to_owned(),
        profiles::users_sql(),
        keys::STOCK.to_owned(),
        keys::OLDEST.to_owned(),
        keys::FORGOTTEN.to_owned(),
        chains::ABOVE.to_owned(),
        book::PUT_LATELY.to_owned(),
        book::ENTRIES_OF.to_owned(),
        book::NAMED_ELSEWHERE.to_owned(),
    ];
    for sql in statements {
        let plan = plan(&db, &sql);
        assert!(plan.iter().any(|step| step.starts_with("SEARCH")), "{sql}: {plan:#?}");
        assert!(!plan.iter().any(|step| reads_a_table(step)), "{sql}: {plan:#?}");
    }
    for sorted in [memberships::CHATS_OF, devices::DEVICES, keys::OLDEST, chains::ABOVE] {
        let plan = plan(&db, sorted);
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{sorted}: {plan:#?}");
    }
    assert!(reads_a_table(&plan(&db, "SELECT * FROM user WHERE display_name = 'x'")[0]), "a scan is told");
}
