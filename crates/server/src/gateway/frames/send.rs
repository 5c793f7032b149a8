//! `{type:"send", id, chatId | to, clientMessageId, content, replyTo?, resend?, after?}` → `ack`.
//!
//! Errors: those of every record (see `record`); `not_found` for an unknown receiver, chat or `replyTo`;
//! `forbidden` where the other side of a direct chat blocks the sender.

use chinwag_chat::Ask;
use chinwag_proto::UserId;
use chinwag_proto::frame::Send;

use crate::service::Failure;
use crate::service::sending::Request;

/// What the frame asks of which chat.
pub(super) fn request(sender: UserId, send: Send) -> Result<Request, Failure> {
    // The parser lets through exactly one of the two.
    let chat = send.chat_id.or(send.to.map(|to| to.chat(sender)));
    Ok(Request {
        chat: chat.ok_or_else(|| Failure::Invalid("give either `chatId` or `to`".to_owned()))?,
        id: Some(send.client_message_id),
        resend: send.resend,
        after: send.after,
        ask: Ask::Message { content: send.content, reply_to: send.reply_to },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use chinwag_proto::{ChatId, ClientFrame, Limits};

    use super::*;

    fn asked(receiver: &str) -> Request {
        let json = format!(
            r#"{{"type":"send","id":1,{receiver},"clientMessageId":"m","content":"hi","replyTo":3,"resend":true,"after":2}}"#
        );
        match ClientFrame::parse(&json, &Limits::default()) {
            Ok(ClientFrame::Send(send)) => request("5".parse().unwrap(), send).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_receiver_is_a_user_or_a_chat() {
        let chat = |text: &str| text.parse::<ChatId>().unwrap();
        assert_eq!(asked(r#""chatId":"g.9""#).chat, chat("g.9"));
        assert_eq!(asked(r#""to":"g.9""#).chat, chat("g.9"));
        assert_eq!(asked(r#""to":"3""#).chat, chat("d.3.5"));
        assert_eq!(asked(r#""to":"5""#).chat, chat("d.5.5"));
    }

    #[test]
    fn everything_that_is_asked_is_passed_on() {
        let asked = asked(r#""to":"3""#);
        assert_eq!((asked.id.unwrap().as_str(), asked.resend, asked.after.unwrap().get()), ("m", true, 2));
        assert!(matches!(asked.ask, Ask::Message { reply_to: Some(seq), .. } if seq.get() == 3));
    }
}
