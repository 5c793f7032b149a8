//! What a server hands a client as its user's backup: records, and what is sealed in them.

use chinwag_e2ee::backup::{BackupChain, Entry, Record};
use chinwag_e2ee::identity::Certificate;

use super::{E2EE_KEYS, golden_hex, kind_of, way};
use crate::Target;

pub(super) const RECORD: Target = Target { name: "backup_record", check: record, seeds: || seeds("record ") };
pub(super) const ENTRY: Target = Target { name: "backup_entry", check: entry, seeds: || seeds("entry ") };

fn seeds(prefix: &str) -> Vec<Vec<u8>> {
    let golden = golden_hex(E2EE_KEYS).into_iter().filter(|(name, _)| name.starts_with(prefix));
    golden.map(|(_, bytes)| bytes).collect()
}

fn record(input: &[u8]) -> u64 {
    match Record::decode(input) {
        Ok(record) => {
            assert_eq!(record.encode(), input);
            let certificate = golden_hex(E2EE_KEYS);
            let certificate = certificate.iter().find(|(name, _)| name == "certificate");
            let Some(Ok(certificate)) = certificate.map(|(_, bytes)| Certificate::decode(bytes)) else {
                return way("no certificate");
            };
            let chain = BackupChain::verify(&certificate, &[input]);
            let fault = chain.map(|chain| chain.head().index).map_err(|error| kind_of(&error));
            way((fault, record.heads.len(), std::mem::discriminant(&record.body)))
        }
        Err(error) => way(kind_of(&error)),
    }
}

fn entry(input: &[u8]) -> u64 {
    match Entry::decode(input) {
        Ok(entry) => {
            assert_eq!(*entry.encode(), input);
            way(std::mem::discriminant(&entry))
        }
        Err(error) => way(kind_of(&error)),
    }
}
