//! Single values of OTLP's JSON, in whatever form a sender writes them.
//! It never fails on a value of another kind: that is read over, and counts as absent.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::ingest::otlp::span::Side;

/// A text or a number: OTLP writes long numbers as texts, and some senders do not. Anything else
/// is read over.
#[derive(Default)]
pub(super) enum Scalar {
    #[default]
    None,
    Text(String),
    Number(i128),
}

impl Scalar {
    pub(super) fn number(&self) -> Option<i128> {
        match self {
            Self::None => None,
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }

    pub(super) fn ns(&self) -> u64 {
        self.number().and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
    }

    pub(super) fn side(&self) -> Side {
        match self {
            Self::Text(name) if name == "SPAN_KIND_SERVER" => Side::Server,
            Self::Text(name) if name == "SPAN_KIND_CLIENT" => Side::Client,
            other => Side::of(other.number().and_then(|n| n.try_into().ok()).unwrap_or(0)),
        }
    }

    pub(super) fn is_error(&self) -> bool {
        matches!(self, Self::Text(name) if name == "STATUS_CODE_ERROR") || self.number() == Some(2)
    }

    /// The bytes of hexadecimal digits; none when it is anything else.
    pub(super) fn hex(&self) -> Vec<u8> {
        let Self::Text(text) = self else {
            return Vec::new();
        };
        crate::ingest::hex(text).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar::None)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number as i128))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::None)
    }
}
