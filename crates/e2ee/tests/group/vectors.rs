//! The MLS working group's passive-client vectors, on our rows and provider.
//!
//! Read from the folder that `CHINWAG_MLS_VECTORS` names, else from `../shared/data/mls` beside the
//! repository. Key schedule and transcript hashes have vectors of their own, for which the library has no
//! public entry; the passive client's epoch authenticators come out of both.

use std::io::Write as _;
use std::path::PathBuf;

use chinwag_e2ee::group::{Provider, Rows};
use openmls::group::{MIXED_PLAINTEXT_WIRE_FORMAT_POLICY, MlsGroup, MlsGroupJoinConfig, StagedWelcome};
use openmls::key_packages::{KeyPackage, KeyPackageIn};
use openmls::prelude::tls_codec::Deserialize as _;
use openmls::prelude::{
    Ciphersuite, MlsMessageBodyIn, MlsMessageIn, OpenMlsCrypto as _, OpenMlsProvider as _,
    ProcessedMessageContent, ProtocolMessage, RatchetTreeIn,
};
use openmls::schedule::PreSharedKeyId;
use openmls_traits::storage::StorageProvider as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("CHINWAG_MLS_VECTORS").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mls");
    named.into_iter().chain([beside]).find(|folder| folder.is_dir())
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn message(bytes: &[u8]) -> MlsMessageBodyIn {
    MlsMessageIn::tls_deserialize_exact(bytes).unwrap().extract()
}

/// The library's own row of a key package, whose fields it keeps to itself.
#[derive(Serialize, Deserialize)]
struct Bundle {
    key_package: Value,
    private_init_key: Value,
    private_encryption_key: Value,
}

fn bundle(package: &KeyPackage, init: &[u8], encryption: &[u8]) -> openmls::key_packages::KeyPackageBundle {
    let key =
        |bytes: &[u8]| serde_json::to_value(openmls::prelude::HpkePrivateKey::from(bytes.to_vec())).unwrap();
    let bundle = Bundle {
        key_package: serde_json::to_value(package).unwrap(),
        private_init_key: key(init),
        private_encryption_key: serde_json::json!({ "key": key(encryption) }),
    };
    serde_json::from_value(serde_json::to_value(bundle).unwrap()).unwrap()
}

#[derive(Default, Debug)]
struct Tally {
    passed: usize,
    unsupported: usize,
    epochs: usize,
}

/// One vector, if its suite is one of the provider's.
fn run(vector: &Value, tally: &mut Tally) {
    let provider = Provider::new(Rows::default());
    let suite = Ciphersuite::try_from(vector["cipher_suite"].as_u64().unwrap() as u16);
    if !suite.is_ok_and(|suite| provider.crypto().supports(suite).is_ok()) {
        tally.unsupported += 1;
        return;
    }
    for psk in vector["external_psks"].as_array().unwrap() {
        let id = PreSharedKeyId::external(hex(&psk["psk_id"]), Vec::new());
        id.store(&provider, &hex(&psk["psk"])).unwrap();
    }
    let MlsMessageBodyIn::KeyPackage(package) = message(&hex(&vector["key_package"])) else {
        panic!("no key package")
    };
    let package = unverified(package);
    let bundle = bundle(&package, &hex(&vector["init_priv"]), &hex(&vector["encryption_priv"]));
    let reference = package.hash_ref(provider.crypto()).unwrap();
    provider.storage().write_key_package(&reference, &bundle).unwrap();
    let MlsMessageBodyIn::Welcome(welcome) = message(&hex(&vector["welcome"])) else { panic!("no Welcome") };
    let config = MlsGroupJoinConfig::builder()
        .wire_format_policy(MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(true)
        .number_of_resumption_psks(16)
        .build();
    let mut join =
        StagedWelcome::build_from_welcome(&provider, &config, welcome).unwrap().skip_lifetime_validation();
    if let Some(tree) = vector["ratchet_tree"].as_str() {
        let tree = hex(&Value::from(tree));
        join = join.with_ratchet_tree(RatchetTreeIn::tls_deserialize_exact(tree.as_slice()).unwrap());
    }
    let group = join.build().unwrap().into_group(&provider).unwrap();
    assert_eq!(group.epoch_authenticator().as_slice(), hex(&vector["initial_epoch_authenticator"]));
    follow(provider, group, vector, tally);
}

/// The commits; after each the group is loaded from its rows again.
fn follow(provider: Provider, mut group: MlsGroup, vector: &Value, tally: &mut Tally) {
    let id = group.group_id().clone();
    for epoch in vector["epochs"].as_array().unwrap() {
        let proposals = epoch["proposals"].as_array().unwrap().iter();
        for bytes in proposals.chain([&epoch["commit"]]) {
            let protocol: ProtocolMessage = match message(&hex(bytes)) {
                MlsMessageBodyIn::PublicMessage(message) => message.into(),
                MlsMessageBodyIn::PrivateMessage(message) => message.into(),
                _ => panic!("no message of a group"),
            };
            let processed = group.process_message(&provider, protocol).unwrap();
            match processed.into_content() {
                ProcessedMessageContent::ProposalMessage(proposal) => {
                    group.store_pending_proposal(provider.storage(), *proposal).unwrap();
                }
                ProcessedMessageContent::StagedCommitMessage(staged) => {
                    group.merge_staged_commit(&provider, *staged).unwrap();
                }
                _ => panic!("neither proposal nor commit"),
            }
        }
        group = MlsGroup::load(provider.storage(), &id).unwrap().unwrap();
        assert_eq!(group.epoch_authenticator().as_slice(), hex(&epoch["epoch_authenticator"]));
        tally.epochs += 1;
    }
    tally.passed += 1;
}

/// The vectors' own key package, whatever the clock says of its lifetime.
fn unverified(package: KeyPackageIn) -> KeyPackage {
    let bytes = serde_json::to_value(&package).unwrap();
    serde_json::from_value(bytes).unwrap()
}

#[test]
fn mls_passive_clients_agree_with_the_working_groups_vectors() {
    let Some(folder) = folder() else {
        // Past the capture of a test's output, which nobody sees when it passes.
        let said = "\nNOT RUN: the MLS vectors are missing; name their folder in CHINWAG_MLS_VECTORS\n";
        std::io::stdout().write_all(said.as_bytes()).unwrap();
        return;
    };
    for name in ["passive-client-welcome", "passive-client-handling-commit", "passive-client-random"] {
        let text = std::fs::read_to_string(folder.join(name).with_extension("json")).unwrap();
        let vectors: Vec<Value> = serde_json::from_str(&text).unwrap();
        let mut tally = Tally::default();
        vectors.iter().for_each(|vector| run(vector, &mut tally));
        println!("{name}: {tally:?}");
        assert_eq!(tally.passed + tally.unsupported, vectors.len());
        assert!(tally.passed + tally.epochs > 0, "{name}: nothing was tried");
    }
}
