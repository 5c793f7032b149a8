//! The optional CBOR encoding (RFC 8949) of frames: the same objects as in JSON, in binary frames.
//!
//! A frame is translated to and from its JSON form at the edge, so that there is one parser and one
//! printer. Integers, texts, booleans, null, arrays and maps with text keys travel; byte strings,
//! tags and floats that are no JSON numbers do not.

use ciborium::Value as Cbor;
use serde_json::Value as Json;

/// Nesting beyond this is refused, as in the JSON parser.
const DEPTH_MAX: usize = 100;

/// The bytes are no CBOR that has a JSON form.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not CBOR that has a JSON form")]
pub struct CborError;

/// The JSON text of a CBOR frame.
pub fn to_json(bytes: &[u8]) -> Result<String, CborError> {
    let mut rest = bytes;
    let value: Cbor =
        ciborium::de::from_reader_with_recursion_limit(&mut rest, DEPTH_MAX).map_err(|_| CborError)?;
    if !rest.is_empty() {
        return Err(CborError);
    }
    serde_json::to_string(&json_of(value)?).map_err(|_| CborError)
}

/// The CBOR bytes of a JSON frame.
pub fn from_json(json: &str) -> Result<Vec<u8>, CborError> {
    let value: Json = serde_json::from_str(json).map_err(|_| CborError)?;
    let mut bytes = Vec::with_capacity(json.len());
    ciborium::into_writer(&value, &mut bytes).map_err(|_| CborError)?;
    Ok(bytes)
}

fn json_of(value: Cbor) -> Result<Json, CborError> {
    Ok(match value {
        Cbor::Null => Json::Null,
        Cbor::Bool(flag) => Json::Bool(flag),
        Cbor::Text(text) => Json::String(text),
        Cbor::Integer(number) => match (u64::try_from(number), i64::try_from(number)) {
            (Ok(number), _) => number.into(),
            (_, Ok(number)) => number.into(),
            _ => return Err(CborError),
        },
        Cbor::Float(number) => serde_json::Number::from_f64(number).map(Json::Number).ok_or(CborError)?,
        Cbor::Array(items) => Json::Array(items.into_iter().map(json_of).collect::<Result<_, _>>()?),
        Cbor::Map(members) => {
            let mut object = serde_json::Map::with_capacity(members.len());
            for (key, value) in members {
                let Cbor::Text(key) = key else { return Err(CborError) };
                if object.insert(key, json_of(value)?).is_some() {
                    return Err(CborError);
                }
            }
            Json::Object(object)
        }
        _ => return Err(CborError),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_survives_the_way_there_and_back() {
        let json = r#"{"type":"send","id":7,"content":{"type":"a","text":"é","x":[1,-2,1.5,null,true]}}"#;
        assert_eq!(to_json(&from_json(json).unwrap()).unwrap(), json);
    }

    #[test]
    fn what_has_no_json_form_is_refused() {
        for bytes in [&[0x41, 0x00][..], &[0xa1, 0x01, 0x02], &[0xff], &[], &[0x01, 0x01], &[0x81; 4000]] {
            assert_eq!(to_json(bytes), Err(CborError), "{bytes:02x?}");
        }
    }
}
