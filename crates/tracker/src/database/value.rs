//! What a parameter of a query may be.

use bytes::BytesMut;
use jiff::Timestamp;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use std::error::Error;

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'v> {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Yes or no.
    Boolean(bool),
    /// A text.
    Text(std::borrow::Cow<'v, str>),
    /// Bytes.
    Bytes(std::borrow::Cow<'v, [u8]>),
}

/// The parameters of a query, in the order of their numbers: `params![name, 3, None::<&str>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::database::Value::from($value)),*] as &[$crate::database::Value<'_>]
    };
}
pub use params;

macro_rules! from {
    ($($type:ty, $value:ident => $made:expr;)*) => {
        $(impl<'v> From<$type> for Value<'v> {
            fn from($value: $type) -> Self {
                $made
            }
        })*
    };
}

from! {
    i64, value => Self::Integer(value);
    i32, value => Self::Integer(value.into());
    u32, value => Self::Integer(value.into());
    f64, value => Self::Real(value);
    f32, value => Self::Real(value.into());
    bool, value => Self::Boolean(value);
    &'v str, value => Self::Text(value.into());
    &'v String, value => Self::Text(value.as_str().into());
    String, value => Self::Text(value.into());
    &'v [u8], value => Self::Bytes(value.into());
    &'v Vec<u8>, value => Self::Bytes(value.as_slice().into());
    Vec<u8>, value => Self::Bytes(value.into());
    Timestamp, value => Self::Integer(value.as_millisecond());
    vulnerability::CveId, value => Self::Text(value.to_string().into());
}

impl<'v, const N: usize> From<&'v [u8; N]> for Value<'v> {
    fn from(value: &'v [u8; N]) -> Self {
        Self::Bytes(value.as_slice().into())
    }
}

impl<'v, T: Into<Value<'v>>> From<Option<T>> for Value<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Boolean(value) => ValueRef::Integer((*value).into()),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, r#type: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            // `integer` and `smallint` are what PostgreSQL calls a literal beside a parameter.
            Self::Integer(value) if *r#type == Type::INT4 => {
                i32::try_from(*value)?.to_sql_checked(r#type, out)
            }
            Self::Integer(value) => value.to_sql_checked(r#type, out),
            Self::Real(value) => value.to_sql_checked(r#type, out),
            Self::Boolean(value) => value.to_sql_checked(r#type, out),
            // PostgreSQL has no zero byte in texts, and outside text may hold one.
            Self::Text(value) if value.contains('\0') => {
                value.replace('\0', "\u{fffd}").to_sql_checked(r#type, out)
            }
            Self::Text(value) => value.to_sql_checked(r#type, out),
            Self::Bytes(value) => value.as_ref().to_sql_checked(r#type, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Each value checks for itself.
        true
    }

    to_sql_checked!();
}
