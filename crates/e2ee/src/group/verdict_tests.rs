//! A test for each variant of the library's errors that the table tells apart; its own internal error cannot be
//! made from outside.

#![allow(clippy::unwrap_used, clippy::panic)]

use openmls::group::{
    MlsGroupStateError, ProcessMessageError as Error, StageCommitError as Stage, ValidationError as Invalid,
};
use openmls::prelude::ApplyUpdatePathError as Path;

use super::*;

fn of(error: Error<()>) -> Meaning {
    meaning(&error)
}

#[test]
fn what_the_public_part_refuses_is_void() {
    for error in [
        Invalid::WrongGroupId,
        Invalid::WrongEpoch,
        Invalid::NotACommit,
        Invalid::NotAnExternalAddProposal,
        Invalid::NoPath,
        Invalid::UnencryptedApplicationMessage,
        Invalid::UnknownMember,
        Invalid::MissingMembershipTag,
        Invalid::InvalidMembershipTag,
        Invalid::MissingConfirmationTag,
        Invalid::WrongWireFormat,
        Invalid::InvalidSignature,
        Invalid::NonMemberApplicationMessage,
        Invalid::NoPastEpochData,
        Invalid::UnauthorizedExternalSender,
        Invalid::NoExternalSendersExtension,
        Invalid::InvalidLeafNodeSignature,
        Invalid::InvalidLeafNodeSourceType,
        Invalid::InvalidSenderType,
        Invalid::CommitterIncludedOwnUpdate,
        Invalid::InvalidAddProposalCiphersuite,
    ] {
        assert_eq!(of(Error::ValidationError(error.clone())), Meaning::Void, "{error}");
    }
    for error in [
        Error::IncompatibleWireFormat,
        Error::UnauthorizedExternalApplicationMessage,
        Error::UnauthorizedExternalCommitMessage,
        Error::UnsupportedProposalType,
    ] {
        assert_eq!(of(error), Meaning::Void);
    }
}

#[test]
fn what_needs_own_secrets_is_out_of_step_if_the_public_part_holds() {
    for error in [
        Path::PathLengthMismatch,
        Path::PathMismatch,
        Path::ParentHashMismatch,
        Path::MissingParentHash,
        Path::UnableToDecrypt,
        Path::MissingSender,
        Path::TreeFull,
        Path::InconsistentSenderIndex,
        Path::MissingOwnLeaf,
        Path::MissingCiphertext,
    ] {
        let error = Error::InvalidCommit(Stage::UpdatePathError(error));
        assert_eq!(of(error), Meaning::Private(OutOfStep::Path));
    }
    for (error, why) in [
        (Stage::ConfirmationTagMismatch, OutOfStep::ConfirmationTag),
        (Stage::OwnCommitMismatch, OutOfStep::OwnCommit),
        (Stage::MissingDecryptionKey, OutOfStep::LostState),
        (Stage::OwnKeyNotFound, OutOfStep::LostState),
        (Stage::EpochMismatch, OutOfStep::LostState),
        (Stage::WrongPlaintextContentType, OutOfStep::LostState),
        (Stage::PathLeafNodeVerificationFailure, OutOfStep::LostState),
        (Stage::RequiredPathNotFound, OutOfStep::LostState),
        (Stage::ConfirmationTagMissing, OutOfStep::LostState),
        (Stage::AttemptedSelfRemoval, OutOfStep::LostState),
        (Stage::MissingProposal, OutOfStep::LostState),
        (Stage::InconsistentSenderIndex, OutOfStep::LostState),
        (Stage::SenderTypeExternal, OutOfStep::LostState),
        (Stage::SenderTypeNewMemberProposal, OutOfStep::LostState),
        (Stage::TooManyNewMembers, OutOfStep::LostState),
    ] {
        assert_eq!(of(Error::InvalidCommit(error)), Meaning::Private(why));
    }
}

#[test]
fn an_evicted_device_and_a_failing_store_decide_nothing() {
    assert_eq!(of(Error::GroupStateError(MlsGroupStateError::UseAfterEviction)), Meaning::Evicted);
    assert_eq!(of(Error::StorageError(())), Meaning::Store);
}

#[test]
fn words_are_stable_and_different() {
    let words: std::collections::BTreeSet<_> = Void::ALL.iter().map(|void| void.as_str()).collect();
    assert_eq!(words.len(), Void::ALL.len());
    assert_eq!(OutOfStep::Path.to_string(), "path");
}
