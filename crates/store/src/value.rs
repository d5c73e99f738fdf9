//! Rows as values: one definition of a table gives its struct, its SQL, its undo image and its part of the hash.

use crate::{Error, Result};
use alloy::primitives::{Address, B256, Bytes, Keccak256, U256};
use serde::{Deserialize, Serialize};
use sqlx::{
    AssertSqlSafe, Row as _, Sqlite, SqliteConnection, TypeInfo as _, ValueRef as _,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use std::marker::PhantomData;

/// What a column can hold, in every database that we speak to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Value {
    #[serde(rename = "n")]
    Null,
    #[serde(rename = "i")]
    Int(i64),
    #[serde(rename = "t")]
    Text(String),
    #[serde(rename = "b")]
    Blob(Bytes),
}

impl Value {
    pub(crate) fn bind<'q>(
        self,
        query: Query<'q, Sqlite, SqliteArguments>,
    ) -> Query<'q, Sqlite, SqliteArguments> {
        match self {
            Self::Null => query.bind(None::<i64>),
            Self::Int(int) => query.bind(int),
            Self::Text(text) => query.bind(text),
            Self::Blob(blob) => query.bind(blob.to_vec()),
        }
    }

    pub(crate) fn read(row: &SqliteRow, index: usize) -> Result<Self> {
        let raw = row.try_get_raw(index)?;
        if raw.is_null() {
            return Ok(Self::Null);
        }
        Ok(match raw.type_info().name() {
            "INTEGER" => Self::Int(row.try_get(index)?),
            "TEXT" => Self::Text(row.try_get(index)?),
            _ => Self::Blob(row.try_get::<Vec<u8>, _>(index)?.into()),
        })
    }

    /// Unambiguous: a tag, a length, the bytes.
    pub(crate) fn hash_into(&self, hasher: &mut Keccak256) {
        let mut field = |tag: u8, bytes: &[u8]| {
            hasher.update([tag]);
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        };
        match self {
            Self::Null => field(0, &[]),
            Self::Int(int) => field(1, &int.to_be_bytes()),
            Self::Text(text) => field(2, text.as_bytes()),
            Self::Blob(blob) => field(3, blob),
        }
    }
}

/// A Rust type that fits a column.
pub(crate) trait Column: Sized {
    fn to_value(&self) -> Value;
    fn from_value(value: Value) -> Option<Self>;
}

macro_rules! blob_column {
    ($($ty:ty: $len:literal),*) => {$(
        impl Column for $ty {
            fn to_value(&self) -> Value {
                Value::Blob(Bytes::copy_from_slice(self.as_slice()))
            }
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::Blob(blob) => <$ty>::try_from(blob.as_ref()).ok(),
                    _ => None,
                }
            }
        }
    )*};
}
blob_column!(Address: 20, B256: 32);

impl Column for U256 {
    fn to_value(&self) -> Value {
        Value::Blob(Bytes::copy_from_slice(&self.to_be_bytes::<32>()))
    }
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Blob(blob) => Some(Self::from_be_bytes(
                <[u8; 32]>::try_from(blob.as_ref()).ok()?,
            )),
            _ => None,
        }
    }
}

impl Column for Bytes {
    fn to_value(&self) -> Value {
        Value::Blob(self.clone())
    }
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Blob(blob) => Some(blob),
            _ => None,
        }
    }
}

macro_rules! int_column {
    ($($ty:ty),*) => {$(
        impl Column for $ty {
            fn to_value(&self) -> Value {
                // Block numbers, times and counts: far below 2^63. What is not saturates rather than wraps.
                Value::Int(i64::try_from(*self).unwrap_or(i64::MAX))
            }
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::Int(int) => Self::try_from(int).ok(),
                    _ => None,
                }
            }
        }
    )*};
}
int_column!(i64, u64, u32, u16);

impl Column for bool {
    fn to_value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Int(0) => Some(false),
            Value::Int(1) => Some(true),
            _ => None,
        }
    }
}

impl Column for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<T: Column> Column for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Column::to_value)
    }
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// A list of amounts, as a JSON array of decimals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Amounts(pub Vec<U256>);

impl Column for Amounts {
    fn to_value(&self) -> Value {
        let words: Vec<_> = self.0.iter().map(U256::to_string).collect();
        Value::Text(serde_json::Value::from(words).to_string())
    }
    fn from_value(value: Value) -> Option<Self> {
        let Value::Text(text) = value else {
            return None;
        };
        let words: Vec<String> = serde_json::from_str(&text).ok()?;
        let amounts: Option<_> = words.iter().map(|word| word.parse().ok()).collect();
        amounts.map(Self)
    }
}

impl Column for serde_json::Value {
    fn to_value(&self) -> Value {
        // serde_json keeps keys sorted, so equal arguments are equal text.
        Value::Text(self.to_string())
    }
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => serde_json::from_str(&text).ok(),
            _ => None,
        }
    }
}

/// An enum that is stored, and shown in JSON, as a word.
macro_rules! words {
    ($($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// The word that the tables and the API use.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::Error;
            fn from_str(word: &str) -> $crate::Result<Self> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err($crate::Error::Corrupt { column: stringify!($name) }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::value::Column for $name {
            fn to_value(&self) -> $crate::value::Value {
                $crate::value::Value::Text(self.as_str().to_owned())
            }
            fn from_value(value: $crate::value::Value) -> Option<Self> {
                match value {
                    $crate::value::Value::Text(word) => word.parse().ok(),
                    _ => None,
                }
            }
        }
    )*};
}
pub(crate) use words;

/// The shape of a table.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) table: &'static str,
    /// The key's columns first.
    pub(crate) columns: &'static [&'static str],
    pub(crate) keys: usize,
}

impl Spec {
    fn key_columns(&self) -> &'static [&'static str] {
        self.columns.get(..self.keys).unwrap_or(self.columns)
    }

    fn where_key(&self) -> String {
        let terms: Vec<_> = self
            .key_columns()
            .iter()
            .zip(1..)
            .map(|(c, i)| format!("{c} = ${i}"))
            .collect();
        terms.join(" AND ")
    }

    pub(crate) fn select(&self) -> String {
        let columns: Vec<_> = self
            .columns
            .iter()
            .map(|c| format!("{}.{c}", self.table))
            .collect();
        format!("SELECT {} FROM {}", columns.join(", "), self.table)
    }

    pub(crate) fn order_by_key(&self) -> String {
        self.key_columns().join(", ")
    }

    /// Any of the static `Spec`s only, so the text is ours.
    async fn execute(
        &self,
        conn: &mut SqliteConnection,
        sql: String,
        values: Vec<Value>,
    ) -> Result<u64> {
        let query = values
            .into_iter()
            .fold(sqlx::query(AssertSqlSafe(sql)), |q, v| v.bind(q));
        Ok(query.execute(conn).await?.rows_affected())
    }

    pub(crate) async fn fetch(
        &self,
        conn: &mut SqliteConnection,
        key: &[Value],
    ) -> Result<Option<Vec<Value>>> {
        let sql = format!("{} WHERE {}", self.select(), self.where_key());
        let query = key
            .iter()
            .cloned()
            .fold(sqlx::query(AssertSqlSafe(sql)), |q, v| v.bind(q));
        query
            .fetch_optional(conn)
            .await?
            .map(|row| self.read(&row))
            .transpose()
    }

    pub(crate) fn read(&self, row: &SqliteRow) -> Result<Vec<Value>> {
        (0..self.columns.len())
            .map(|i| Value::read(row, i))
            .collect()
    }

    fn insert_sql(&self) -> String {
        let marks: Vec<_> = (1..=self.columns.len()).map(|i| format!("${i}")).collect();
        format!(
            "INSERT INTO {} ({}) VALUES ({})",
            self.table,
            self.columns.join(", "),
            marks.join(", ")
        )
    }

    pub(crate) async fn insert(&self, conn: &mut SqliteConnection, row: Vec<Value>) -> Result<()> {
        self.execute(conn, self.insert_sql(), row).await?;
        Ok(())
    }

    pub(crate) async fn upsert(&self, conn: &mut SqliteConnection, row: Vec<Value>) -> Result<()> {
        let sets: Vec<_> = self
            .columns
            .iter()
            .skip(self.keys)
            .map(|c| format!("{c} = excluded.{c}"))
            .collect();
        let action = if sets.is_empty() {
            "NOTHING".to_owned()
        } else {
            format!("UPDATE SET {}", sets.join(", "))
        };
        let sql = format!(
            "{} ON CONFLICT ({}) DO {action}",
            self.insert_sql(),
            self.key_columns().join(", ")
        );
        self.execute(conn, sql, row).await?;
        Ok(())
    }

    pub(crate) async fn delete(&self, conn: &mut SqliteConnection, key: Vec<Value>) -> Result<()> {
        let sql = format!("DELETE FROM {} WHERE {}", self.table, self.where_key());
        self.execute(conn, sql, key).await?;
        Ok(())
    }
}

/// A row of one table.
pub(crate) trait Row: Sized + Send {
    const SPEC: Spec;
    fn to_values(&self) -> Vec<Value>;
    fn from_values(values: Vec<Value>) -> Result<Self>;

    fn read(row: &SqliteRow) -> Result<Self> {
        Self::from_values(Self::SPEC.read(row)?)
    }
}

/// The key of a row of `R`.
pub(crate) struct Key<R>(pub(crate) Vec<Value>, pub(crate) PhantomData<fn() -> R>);

/// Rows that end in `tail`, which is SQL of ours with `values` for its `$n`.
pub(crate) async fn select<R: Row>(
    conn: &mut SqliteConnection,
    tail: &str,
    values: Vec<Value>,
) -> Result<Vec<R>> {
    let sql = format!("{} {tail}", R::SPEC.select());
    let query = values
        .into_iter()
        .fold(sqlx::query(AssertSqlSafe(sql)), |q, v| v.bind(q));
    query.fetch_all(conn).await?.iter().map(R::read).collect()
}

/// Defines a table's row. The columns before `;` are its key.
macro_rules! rows {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $name:ident in $table:literal {
            $($(#[$kmeta:meta])* $key:ident: $kty:ty),+ ;
            $($(#[$cmeta:meta])* $col:ident: $cty:ty),* $(,)?
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        $vis struct $name {
            $($(#[$kmeta])* pub $key: $kty,)+
            $($(#[$cmeta])* pub $col: $cty,)*
        }

        impl $crate::value::Row for $name {
            const SPEC: $crate::value::Spec = $crate::value::Spec {
                table: $table,
                columns: &[$(stringify!($key),)+ $(stringify!($col),)*],
                keys: [$(stringify!($key)),+].len(),
            };

            fn to_values(&self) -> Vec<$crate::value::Value> {
                vec![$($crate::value::Column::to_value(&self.$key),)+ $($crate::value::Column::to_value(&self.$col),)*]
            }

            fn from_values(values: Vec<$crate::value::Value>) -> $crate::Result<Self> {
                let mut values = values.into_iter();
                Ok(Self {
                    $($key: $crate::value::take(&mut values, concat!($table, ".", stringify!($key)))?,)+
                    $($col: $crate::value::take(&mut values, concat!($table, ".", stringify!($col)))?,)*
                })
            }
        }

        #[allow(dead_code, reason = "a key for each table, whether or not its rows are read one by one")]
        impl $name {
            pub(crate) fn key($($key: &$kty),+) -> $crate::value::Key<Self> {
                $crate::value::Key(vec![$($crate::value::Column::to_value($key)),+], std::marker::PhantomData)
            }
        }
    )*};
}
pub(crate) use rows;

pub(crate) fn take<T: Column>(
    values: &mut impl Iterator<Item = Value>,
    column: &'static str,
) -> Result<T> {
    values
        .next()
        .and_then(T::from_value)
        .ok_or(Error::Corrupt { column })
}
